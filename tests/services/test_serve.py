"""`couponry serve`, as a newcomer and a power cut meet it: real processes, signals and ports."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import psycopg
import pytest

from couponry.account import Account
from couponry.leftovers import processes_of
from couponry.storage.database import DatabaseUnusable, ensure_usable
from postgres15 import needs_postgres15, postgres15

pytestmark = pytest.mark.timeout(90)

COUPONRY = Path(sys.executable).with_name("couponry")
OURS = {name: value for name, value in os.environ.items() if not name.startswith("COUPONRY_")}


PROGRAM = "from couponry.cli import main; main()"
HOPELESS = """
from couponry.cli.errors import told
from couponry.server import Programs, serve
from couponry.settings import settings
with told():
    serve(settings(), Programs(api="couponry.no_such_module"))
"""
LIBRARIES = [path for path in sys.path if path.endswith(("/src", "/site-packages"))]
NOBODY: Account = {"user": 65534, "group": 65534, "extra_groups": []}


class Serve:
    """A running `couponry serve`, ended with all its processes when the block ends."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        defaults = {"DATA_DIR": str(data_dir), "PORT": "0", "API_PROCESSES": "1"}
        self.environment = OURS | {f"COUPONRY_{name}": str(value) for name, value in (defaults | settings).items()}

    def __enter__(self) -> Self:
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [COUPONRY, "serve"], env=self.environment, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        assert self.process.stdout is not None
        self.ready_line = next((line for line in self.process.stdout if "ready at" in line), None)
        if self.ready_line is None:
            said = self.said()
            self.__exit__()
            pytest.fail(f"it did not become ready: {said}")
        self.url = self.ready_line.split()[4]
        self.ways_in = self.process.stdout.readline() + self.process.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_everything()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.errors.close()

    def said(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def processes(self) -> list[psutil.Process]:
        """Return the supervisor and all that it started."""
        with_us = psutil.Process(self.process.pid) if self.process.poll() is None else None
        return [with_us, *with_us.children(recursive=True)] if with_us else []

    def child(self, word: str) -> psutil.Process:
        """Return the child with that word in its command line, once there is one that was not killed before."""
        return eventually(lambda: next((p for p in self.processes()[1:] if word in " ".join(command_of(p))), None))

    def kill_everything(self) -> None:
        processes = self.processes()
        if (self.data_dir / "postgres").exists():
            processes += processes_of(self.data_dir / "postgres")
        for process in processes:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait(10)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    except psutil.NoSuchProcess:
        return []


def eventually(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while not (seen := look()):
        assert time.monotonic() < deadline, "it did not happen in 30 s"
        time.sleep(0.05)
    return seen


def run(command: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([COUPONRY, command], env=environment, capture_output=True, text=True, timeout=60, check=False)


def refusal(data_dir: Path, command: str = "serve", **settings: str) -> str:
    """Run a command that fails; return the one sentence it says."""
    environment = Serve(data_dir, **settings).environment
    done = run(command, environment)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr.strip()


@pytest.fixture
def data_dir() -> Generator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="srv-", dir="/tmp"))
    yield directory / "data"
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def server() -> Generator[Serve]:
    """One `couponry serve` with two API processes."""
    directory = Path(tempfile.mkdtemp(prefix="srv-", dir="/tmp"))
    with Serve(directory / "data", API_PROCESSES="2") as running:
        yield running
    shutil.rmtree(directory)


def test_the_ready_line_says_where_to_go(server):
    assert server.ready_line.startswith(f"Couponry is ready at {server.url} ")
    assert f"{server.url}/docs" in server.ready_line
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert httpx.get(f"{server.url}/readyz").status_code == 200


def test_it_says_where_the_console_is_who_gets_in_and_how_there_is_something_to_see(server):
    console, kept = re.search(r"Console: (\S+) \(sign in with the id and secret in (\S+)\)", server.ways_in).groups()
    assert httpx.get(f"{console}/sign-in").status_code == 200
    assert Path(kept).read_text().startswith("COUPONRY_CLIENT_ID=")
    command = re.search(r"`(\S+) demo`", server.ways_in)[1]
    assert Path(command).is_file() or command == "couponry"


def test_a_head_without_end_is_refused(server):
    address = httpx.URL(server.url)
    with socket.create_connection((address.host, address.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(b"x" * 100_000_000)


@pytest.mark.parametrize("word", ["couponry.api.process", "couponry.worker", "-D"])
def test_a_killed_child_comes_back(server, word):
    killed = server.child(word)
    killed.kill()

    assert eventually(lambda: server.child(word).pid != killed.pid)
    assert eventually(server.is_ready)


def test_a_second_serve_on_the_same_data_is_refused(server):
    assert refusal(server.data_dir) == (
        f"Another Couponry (process {server.process.pid}) uses {server.data_dir}; stop it, "
        "or set COUPONRY_DATA_DIR to another directory."
    )


def test_a_command_uses_the_database_of_the_running_serve(server):
    done = run("migrate", server.environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert server.is_ready()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_in_good_order(data_dir, number):
    with Serve(data_dir) as running:
        processes = running.processes()
        assert len(processes) > 3
        running.process.send_signal(number)

        assert running.process.wait(30) == 0
        assert psutil.wait_procs(processes, timeout=5)[1] == []
        assert running.said() == ""
        assert "database system is shut down" in (data_dir / "postgres.log").read_text()


def test_it_starts_again_on_the_same_port_after_kill_9(data_dir):
    with Serve(data_dir) as running:
        port = str(httpx.URL(running.url).port)
        running.kill_everything()
    with Serve(data_dir, PORT=port) as running:
        processes = running.processes()
        running.process.kill()  # the supervisor alone
        running.process.wait(10)

        with Serve(data_dir, PORT=port) as again:
            assert again.is_ready()
            assert psutil.wait_procs(processes, timeout=30)[1] == []


def python_for_everyone(environment: dict[str, str]) -> str:
    """Return a Python that an ordinary user may run; ours may be installed in root's home."""
    for python in (sys.executable, "/usr/bin/python3"):
        command = [python, "-c", "import couponry, msgspec"]
        with suppress(PermissionError, FileNotFoundError):
            if subprocess.run(command, env=environment, cwd="/", check=False, **NOBODY).returncode == 0:
                return python
    pytest.skip("no Python that other users may run")


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user already")
def test_an_ordinary_user_can_run_it(data_dir):
    data_dir.parent.chmod(0o777)
    environment = Serve(data_dir).environment | {"HOME": "/nonexistent", "PYTHONPATH": os.pathsep.join(LIBRARIES)}
    command = [python_for_everyone(environment), "-c", PROGRAM, "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd="/", **NOBODY) as process:
        assert process.stdout is not None
        assert any("Couponry is ready" in line for line in process.stdout)
        process.terminate()
    assert process.returncode == 0


def test_a_busy_port_is_one_sentence(data_dir):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refusal(data_dir, PORT=str(port)) == (
            f"Port {port} on 127.0.0.1 is in use; stop what uses it, or set COUPONRY_PORT to another."
        )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PORT": "http"}, r"COUPONRY_PORT cannot be 'http': .*\."),
        ({"API_PROCESSES": "0"}, r"COUPONRY_API_PROCESSES cannot be '0': .* greater than or equal to 1\."),
        ({"HOST": "198.51.100.1"}, r"Couponry cannot listen on 198\.51\.100\.1 \(.*\); set COUPONRY_HOST\."),
        ({"HOST": "no.such.host.invalid"}, r"Couponry cannot listen on no.* \(.*\); set COUPONRY_HOST\."),
        ({"DATA_DIR": "/dev/null/data"}, r"Couponry cannot keep its data in /dev/null/data .*COUPONRY_DATA_DIR.*\."),
        ({"DATABASE_URL": "postgresql://no.such.host.invalid/x"}, r"Cannot connect .*check COUPONRY_DATABASE_URL.*\."),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, r"Cannot connect .*check COUPONRY_DATABASE_URL.*\."),
        ({"DATABASE_URL": "nonsense"}, r"Cannot connect .*check COUPONRY_DATABASE_URL.*\."),
    ],
)
def test_what_an_operator_can_put_right_is_one_sentence(data_dir, settings, sentence):
    assert re.fullmatch(sentence, refusal(data_dir, **settings))


def test_a_process_that_cannot_come_up_ends_the_start(data_dir):
    done = subprocess.run(
        [sys.executable, "-c", HOPELESS],
        env=Serve(data_dir).environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert re.fullmatch(
        r"The API process 1 ends as soon as it starts; its last words are above\.", done.stderr.splitlines()[-1]
    )


@needs_postgres15
def test_it_serves_on_an_operators_postgresql_15(data_dir):
    with postgres15() as url:
        with Serve(data_dir, DATABASE_URL=url) as running:
            assert httpx.get(f"{running.url}/readyz").status_code == 200
            assert not (data_dir / "postgres").exists()
            running.process.terminate()
            assert running.process.wait(30) == 0
        wrong = url.replace("secret", "guess")
        assert re.fullmatch(
            r"Cannot connect .*password authentication failed.*COUPONRY_DATABASE_URL.*\.",
            refusal(data_dir, DATABASE_URL=wrong),
        )


def test_a_server_that_is_too_old_is_refused(database_url):
    with psycopg.connect(database_url) as connection:
        version = connection.info.server_version // 10_000

    ensure_usable(database_url, oldest=version)
    with pytest.raises(DatabaseUnusable, match=rf"version {version}, but Couponry needs {version + 1} or newer"):
        ensure_usable(database_url, oldest=version + 1)
