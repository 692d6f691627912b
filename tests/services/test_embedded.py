"""The embedded PostgreSQL, with real processes that are really killed."""

import gc
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path

import psutil
import psycopg
import pytest

from couponry.embedded import DataDirectoryInUse, EmbeddedPostgres, PostgresUnusable, attach_or_start
from couponry.leftovers import processes_of

pytestmark = pytest.mark.timeout(60)

OWNER = """
import sys, time
from pathlib import Path
from couponry.embedded import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
postgres.start()
print(postgres.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def cluster() -> Generator[Path]:
    """A data directory with a cluster that does not run."""
    directory = Path(tempfile.mkdtemp(prefix="emb-", dir="/tmp"))
    postgres = EmbeddedPostgres(directory / "data")
    postgres.start()
    postgres.stop()
    yield directory / "data"
    shutil.rmtree(directory)


@pytest.fixture
def postgres(cluster: Path) -> Generator[EmbeddedPostgres]:
    made = EmbeddedPostgres(cluster)
    yield made
    made.stop()


def kill(*processes: psutil.Process) -> None:
    for process in processes:
        process.kill()


def owner_of(directory: Path) -> "tuple[subprocess.Popen[str], int]":
    """Start PostgreSQL from another process; return that process and the postmaster's id."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, directory], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout:
        return owner, int(owner.stdout.readline())


def sleep_until_cut_off(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.Error):
        connection.execute("SELECT pg_sleep(50)")


def test_it_is_durable_and_not_on_the_network(postgres):
    with psycopg.connect(postgres.start()) as connection:
        settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())

    assert (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) == ("on",) * 3
    assert settings["listen_addresses"] == ""
    assert settings["data_checksums"] == "on"


def test_only_its_owner_sees_the_data(postgres, cluster):
    postgres.start()

    assert stat.S_IMODE(postgres.cluster.stat().st_mode) == 0o700
    assert not stat.S_IMODE(cluster.stat().st_mode) & 0o066
    assert not stat.S_IMODE(cluster.parent.stat().st_mode) & 0o066


def test_what_was_committed_survives_kill_9_of_everything(postgres):
    with psycopg.connect(postgres.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    kill(*processes_of(postgres.cluster))
    postgres.stop()

    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_it_can_be_spawned_again_while_orphans_of_a_killed_postmaster_work(postgres):
    connection = psycopg.connect(postgres.start())
    busy = threading.Thread(target=sleep_until_cut_off, args=[connection])
    busy.start()
    assert postgres.process is not None
    postgres.process.kill()
    postgres.process.wait(10)

    postgres.spawn()
    deadline = time.monotonic() + 20
    while postgres.url() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    busy.join(10)
    connection.close()
    assert not busy.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start replaces it")
def test_it_is_stopped_when_its_supervisor_is_killed(cluster):
    owner, postmaster = owner_of(cluster)
    owner.kill()
    owner.wait(10)

    psutil.wait_procs(processes_of(cluster / "postgres"), timeout=20)
    assert not psutil.pid_exists(postmaster) or psutil.Process(postmaster).status() == psutil.STATUS_ZOMBIE


def test_a_leftover_postmaster_is_replaced_at_once(postgres, cluster):
    owner, postmaster = owner_of(cluster)
    owner.kill()
    owner.wait(10)

    postgres.start()

    assert postgres.process is not None
    assert postgres.process.pid != postmaster
    assert [p.pid for p in processes_of(postgres.cluster) if p.ppid() == os.getpid()] == [postgres.process.pid]


def test_a_second_owner_is_refused(postgres, cluster):
    postgres.start()

    with pytest.raises(DataDirectoryInUse, match=rf"process {os.getpid()}.*stop it, or set COUPONRY_DATA_DIR"):
        EmbeddedPostgres(cluster).start()
    assert postgres.url() is not None


def test_a_command_attaches_to_what_runs_and_leaves_it_running(postgres, cluster):
    url = postgres.start()

    with attach_or_start(cluster) as attached:
        assert attached == url
    assert postgres.url() == url


def test_a_command_starts_what_does_not_run_and_stops_it_again(cluster):
    with attach_or_start(cluster) as url:
        psycopg.connect(url).close()
    assert EmbeddedPostgres(cluster).url() is None


def test_the_command_that_started_it_waits_for_those_that_attached(cluster):
    first = attach_or_start(cluster)
    first.__enter__()
    second = attach_or_start(cluster)
    url = second.__enter__()
    leaving = threading.Timer(0.5, second.__exit__, (None, None, None))
    leaving.start()

    first.__exit__(None, None, None)

    assert not leaving.is_alive() or leaving.finished.is_set()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_stale_pid_file_with_a_reused_process_id_is_no_obstacle(postgres):
    stale = f"{os.getpid()}\n{postgres.cluster}\n1700000000\n5432\n{postgres.cluster}\n\n1 1\nready\n"
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (postgres.cluster / name).write_text(stale)

    postgres.start()


# The standard library kills an interrupted initdb without waiting for it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_an_interrupted_first_start_is_begun_again(short_dir):
    def interrupt(*_):
        raise KeyboardInterrupt

    fresh = EmbeddedPostgres(short_dir)
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with pytest.raises(KeyboardInterrupt):
        fresh.start()
    signal.signal(signal.SIGALRM, before)
    assert list(short_dir.glob("*.unfinished"))

    fresh.start()
    fresh.stop()

    assert (short_dir / "postgres" / "PG_VERSION").exists()
    gc.collect()


def test_a_path_too_long_for_a_socket_is_fine(short_dir):
    fresh = EmbeddedPostgres(short_dir / ("long" * 30))
    url = fresh.start()
    fresh.stop()

    sockets = Path(psycopg.conninfo.conninfo_to_dict(url)["host"])
    assert len(str(sockets)) < 80
    assert not sockets.exists()


def test_an_unusable_directory_is_one_sentence(short_dir):
    (short_dir / "file").touch()

    with pytest.raises(PostgresUnusable, match=r"^Couponry cannot keep .* set COUPONRY_DATA_DIR to [^.]*\.$"):
        EmbeddedPostgres(short_dir / "file" / "data").start()


def test_a_cluster_of_another_version_is_one_sentence_with_the_reason(short_dir):
    (short_dir / "postgres").mkdir(mode=0o700)
    (short_dir / "postgres" / "PG_VERSION").write_text("14\n")

    with pytest.raises(PostgresUnusable, match=r"^PostgreSQL did not start: .+; see .*postgres\.log\.$"):
        EmbeddedPostgres(short_dir).start()


@pytest.fixture
def short_dir() -> Generator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="emb-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)
