"""The PostgreSQL that comes with Couponry, run as a child process in a directory of its own."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from couponry.account import (
    BINARIES,
    Account,
    PostgresUnusable,
    account_for,
    environment,
    make_reachable,
    stop_with_parent,
)
from couponry.leftovers import end_leftovers, mark_of
from couponry.supervisor import tell

DATABASE = "couponry"
SOCKET_DIR_BYTES = 103 - len("/.s.PGSQL.5432.lock")
"""The longest socket directory: macOS ends a socket's path at 103 bytes, Linux at 107."""
LOG_BYTES = 16 * 1024 * 1024

OPTIONS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than our short statements
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A refused duplicate is an answer, not an incident: one line of it, without the shopper's data.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class DataDirectoryInUse(PostgresUnusable):
    """Another process owns the data directory."""


class EmbeddedPostgres:
    """One PostgreSQL in `data_dir`/postgres; a lock and PostgreSQL's own keep a second one out.

    Call `start` in a thread that outlives it: on Linux it is stopped when that thread ends.
    """

    def __init__(self, data_dir: Path, *, options: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.cluster = self.data_dir / "postgres"
        self.log = self.data_dir / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._options = OPTIONS | dict(options or {})
        self._lock: IO[str] | None = None
        self._temporary_socket_dir: Path | None = None

    def start(self) -> str:
        """Return the URL of a PostgreSQL that answers, however long its recovery takes."""
        try:
            self._lock = _own(self.data_dir)
            self._prepare()
            self.spawn()
            return self._await_answer()
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise PostgresUnusable(_about(error, self.data_dir)) from error
            raise

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the process without waiting for an answer, once what a dead supervisor left has ended."""
        end_leftovers(self.cluster)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        arguments = [f"--{name}={value}" for name, value in self._options.items()]
        sockets = f'--unix_socket_directories="{self._socket_dir()}"'
        name = f"--cluster_name={mark_of(self.cluster)}"
        command = [BINARIES / "postgres", "-D", self.cluster, name, sockets, *arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                command,
                cwd="/",
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the terminal is for us to pass on, in good order
                preexec_fn=stop_with_parent,  # noqa: PLW1509 - it makes one system call
                **account_for(self.cluster),
            )
        return self.process

    def stop(self, patience: float = 60) -> None:
        """End the process and let go of the directory; a KeyboardInterrupt meanwhile hurries."""
        for number, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if self.process is None or self.process.poll() is not None:
                break
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                self.process.wait(seconds)
        if self._temporary_socket_dir is not None:
            shutil.rmtree(self._temporary_socket_dir, ignore_errors=True)
            self._temporary_socket_dir = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def url(self, database: str = DATABASE) -> str | None:
        """Return the URL of the PostgreSQL that runs in the directory, whoever started it, if it answers."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        url = f"postgresql://postgres@/{database}?host={quote(lines[4], safe='')}&port={lines[3]}"
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return None
        return url

    def _create_database(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
            if not found.rowcount:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _await_answer(self) -> str:
        begun, told = time.monotonic(), False
        while (url := self.url("postgres")) is None:
            if self.process is None or self.process.poll() is not None:
                raise PostgresUnusable(f"PostgreSQL did not start: {self._last_words()}; see {self.log}.")
            if not told and time.monotonic() - begun > 3:
                tell("PostgreSQL is recovering from an unclean stop; it answers when it has read its log.")
                told = True
            time.sleep(0.02)
        self._create_database(url)
        return self.url() or self._await_answer()

    def _last_words(self) -> str:
        """Return the last complaint in the log, without its timestamp."""
        lines = self.log.read_text(errors="replace")[-8192:].splitlines()
        for word in ("PANIC: ", "FATAL: ", "error: "):
            for line in reversed(lines):
                if word in line:
                    return line.partition(word)[2].strip()
        return lines[-1].strip() if lines else "it said nothing"

    def _prepare(self) -> None:
        """Make sure that a complete cluster exists, which the account may reach."""
        account = account_for(self.cluster)
        make_reachable(self.cluster, account)
        if not self.cluster.exists():
            self._create_cluster(account)

    def _create_cluster(self, account: Account) -> None:
        """Run initdb beside the final place, so that an interrupted one never passes for a cluster.

        Each attempt has a place of its own: what a killed initdb started may write for a moment longer.
        """
        for forsaken in self.data_dir.glob("*.unfinished"):
            shutil.rmtree(forsaken, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix="postgres.", suffix=".unfinished", dir=self.data_dir))
        if "user" in account and "group" in account:
            os.chown(unfinished, account["user"], account["group"])
        options = "--username=postgres --auth-local=trust --auth-host=reject --encoding=UTF8 --locale=C"
        provider = "--locale-provider=builtin --builtin-locale=C.UTF-8"  # sorts alike on every system
        command = [BINARIES / "initdb", "-D", unfinished, *options.split(), *provider.split()]
        with self.log.open("ab") as log:
            done = subprocess.run(  # noqa: S603
                command, cwd="/", env=environment(), stdout=log, stderr=log, check=False, **account
            )
        if done.returncode:
            raise PostgresUnusable(f"PostgreSQL could not begin: {self._last_words()}; see {self.log}.")
        unfinished.rename(self.cluster)
        _make_durable(self.data_dir)

    def _socket_dir(self) -> Path:
        """Return where the socket goes: among the data if that path is short enough, else a private place."""
        if len(os.fsencode(self.cluster)) <= SOCKET_DIR_BYTES:
            return self.cluster
        if self._temporary_socket_dir is None:
            shortest = min(tempfile.gettempdir(), "/tmp", key=len)  # noqa: S108 - mkdtemp makes it ours alone
            self._temporary_socket_dir = Path(tempfile.mkdtemp(prefix="couponry-", dir=shortest))
            account = account_for(self.cluster)
            if "user" in account and "group" in account:
                os.chown(self._temporary_socket_dir, account["user"], account["group"])
        return self._temporary_socket_dir


@contextmanager
def attach_or_start(data_dir: Path) -> Generator[str]:
    """Lend the URL of the directory's PostgreSQL, run for the block's sake if nobody runs it yet."""
    postgres = EmbeddedPostgres(data_dir)
    url = _attach_or_start(postgres)
    with (postgres.data_dir / "attached.lock").open("a") as attached:
        fcntl.flock(attached, fcntl.LOCK_SH)
        try:
            yield url
        finally:
            if postgres.process is not None:
                fcntl.flock(attached, fcntl.LOCK_EX)  # others may have attached to ours meanwhile
            postgres.stop()


def _attach_or_start(postgres: EmbeddedPostgres, patience: float = 60) -> str:
    deadline = time.monotonic() + patience
    while True:
        try:
            return postgres.start()
        except DataDirectoryInUse as owner:
            if url := postgres.url():
                return url
            if time.monotonic() > deadline:
                raise PostgresUnusable(f"{owner} Its PostgreSQL does not answer.") from owner
            time.sleep(0.1)


def _own(data_dir: Path) -> IO[str]:
    """Return the directory's lock, held until it is closed or this process ends."""
    mode = 0o711 if os.geteuid() == 0 else 0o700  # PostgreSQL never runs as root, and must pass through
    data_dir.mkdir(mode=mode, parents=True, exist_ok=True)
    lock = (data_dir / "serve.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip() or "?"
        lock.close()
        raise DataDirectoryInUse(
            f"Another Couponry (process {owner}) uses {data_dir}; stop it, "
            "or set COUPONRY_DATA_DIR to another directory."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _about(error: OSError, data_dir: Path) -> str:
    remedy = "free some" if error.errno == errno.ENOSPC else "set COUPONRY_DATA_DIR to a directory that you own"
    return f"Couponry cannot keep its data in {data_dir} ({error.strerror}: {error.filename}); {remedy}."


def _make_durable(directory: Path) -> None:
    """Return when the directory's entries are on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
