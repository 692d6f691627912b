"""What `couponry serve` starts: PostgreSQL unless one is given, the schema, API processes and a worker."""

import asyncio
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from couponry.embedded import EmbeddedPostgres
from couponry.services.first_start import begin
from couponry.settings import Settings
from couponry.storage.migrate import migrate
from couponry.supervisor import Child, Supervisor, tell

DRAIN_SECONDS = 30
"""How long open requests and the worker's batch may take when we stop."""
HOPELESS_DEATHS = 3
"""A process that dies so often before the first answer will not come up."""


class CannotServe(Exception):
    """Why `couponry serve` cannot start, in one sentence that says what to do."""


@dataclass(frozen=True)
class Programs:
    """The modules that the child processes run."""

    api: str = "couponry.api.process"
    worker: str = "couponry.worker"


def serve(settings: Settings, programs: Programs | None = None) -> None:
    """Run Couponry until SIGTERM or SIGINT; a second signal hurries.

    Raises:
        CannotServe, PostgresUnusable, DatabaseUnusable: with a sentence for the operator.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        with listen(settings.host, settings.port) as listener, database(settings) as (url, postgres):
            migrate(url)
            bootstrap(url, settings)
            _supervise(listener, postgres, _Python(settings, url), programs or Programs())
    except KeyboardInterrupt:
        tell("Couponry was stopped before it was ready.")


def bootstrap(database_url: str, settings: Settings) -> None:
    """Make the store `default` and the first client at the first start, and tell where its credentials are."""
    kept = asyncio.run(begin(database_url, settings))
    if kept is not None:
        sys.stdout.write(f"The first client of the store `default` (kept in {kept}):\n{kept.read_text()}")
        sys.stdout.flush()


def listen(host: str, port: int) -> socket.socket:
    """Return the socket that every API process accepts from.

    Raises:
        CannotServe: the address is not ours, the port is taken or not for us.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotServe(f"Couponry cannot listen on {host} ({error.strerror}); set COUPONRY_HOST.") from error
    deadline = time.monotonic() + 2  # processes whose supervisor was killed let go of the port this soon
    while True:
        try:
            return socket.create_server(address, family=family, backlog=2048)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise CannotServe(_refused(error, host, port)) from error


def _refused(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop what uses it, or set COUPONRY_PORT to another."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} is not for this user; set COUPONRY_PORT to one above 1023."
    return f"Couponry cannot listen on {host} ({os.strerror(error.errno or 0)}); set COUPONRY_HOST."


@contextmanager
def database(settings: Settings) -> Generator[tuple[str, EmbeddedPostgres | None]]:
    """Lend the URL of the operator's PostgreSQL, or of an embedded one for the length of the block."""
    if settings.database_url is not None:
        yield settings.database_url, None
        return
    postgres = EmbeddedPostgres(settings.data_dir)
    try:
        yield postgres.start(), postgres
    finally:
        postgres.stop()


class _Python:
    """Starts Python modules as processes that know the settings and end when we do."""

    def __init__(self, settings: Settings, url: str) -> None:
        # The writing end stays open in this process and in no other: its end is our end.
        self._lifeline, self._held = os.pipe()
        self._metrics = tempfile.TemporaryDirectory(prefix="couponry-metrics-")
        self._environment = os.environ | {
            "PROMETHEUS_MULTIPROC_DIR": self._metrics.name,  # where API processes add up what they count
            "COUPONRY_DATABASE_URL": url,
            "COUPONRY_DATA_DIR": str(settings.data_dir.expanduser().absolute()),
            "COUPONRY_HOST": settings.host,
            "COUPONRY_PORT": str(settings.port),
        }
        self.settings = settings

    def run(self, module: str, *arguments: str, descriptors: tuple[int, ...] = ()) -> "subprocess.Popen[bytes]":
        """Start a module; `-P` keeps the working directory from lending it other modules."""
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "couponry.child", str(self._lifeline), module, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=(self._lifeline, *descriptors),
            process_group=0,  # a Ctrl-C in the terminal is for us to pass on, in good order
        )


def _supervise(listener: socket.socket, postgres: EmbeddedPostgres | None, python: _Python, programs: Programs) -> None:
    """Start everything, heal it until told to stop, then stop it in order: API and worker before PostgreSQL."""
    number = listener.fileno()
    ours = [Child("worker", lambda: python.run(programs.worker))]
    for i in range(python.settings.api_processes):
        name = f"API process {i + 1}"
        ours.append(Child(name, lambda: python.run(programs.api, str(number), descriptors=(number,))))
    theirs = [Child("embedded PostgreSQL", postgres.spawn, postgres.process)] if postgres else []
    with Supervisor([*theirs, *ours]) as supervisor:
        try:
            supervisor.run(lambda: _announce(ours, listener, python.settings))
        finally:
            listener.close()
            supervisor.drain(ours, DRAIN_SECONDS)


def _announce(children: list[Child], listener: socket.socket, settings: Settings) -> bool:
    """Say that we are ready once an API process says so.

    Raises:
        CannotServe: a process dies again and again before that.
    """
    for child in children:
        if child.deaths >= HOPELESS_DEATHS:
            raise CannotServe(f"The {child.name} ends as soon as it starts; its last words are above.")
    host, port = str(listener.getsockname()[0]), int(listener.getsockname()[1])
    if not _is_ready({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port):  # noqa: S104
        return False
    address = f"[{host}]" if ":" in host else host
    url = settings.public_url or f"http://{address}:{port}"
    sys.stdout.write(f"Couponry is ready at {url} (API documentation: {url}/docs)\n{_ways_in(url, settings)}")
    sys.stdout.flush()
    return True


def _ways_in(url: str, settings: Settings) -> str:
    """Say where the console is, who gets in, and how there is something to see."""
    kept = settings.data_dir.expanduser() / "credentials"
    who = f"the id and secret in {kept}" if kept.exists() else "a client's id and secret"
    # In a checkout the command is not on the path of a newcomer's terminal.
    command, here = Path(sys.executable).with_name("couponry"), Path.cwd()
    called = command.relative_to(here) if command.is_relative_to(here) else command.name
    return (
        f"Console: {url}/console (sign in with {who})\n"
        f"`{called} demo`, in another terminal, fills it with a season of promotions to look at.\n"
    )


def _is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
