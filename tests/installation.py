"""An installation to do violence to: PostgreSQL that keeps its promises, workers and an API of its own."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx
import psycopg

from couponry.embedded import EmbeddedPostgres
from couponry.services import access, clients
from couponry.services.context import Context
from couponry.storage.database import Database
from couponry.storage.migrate import migrate
from support import Shop, end, environment

Found = TypeVar("Found")
Process = subprocess.Popen[bytes]


def until(look: Callable[[], Found], seconds: float = 60) -> Found:
    """Look again and again until there is something to see, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing after {seconds} s"
        time.sleep(0.01)
    return found


class Records:
    """What a database has on record about promotions and jobs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def change(self, query: str, parameters: Sequence[Any] = ()) -> int:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query, parameters).rowcount  # type: ignore[arg-type]

    def codes(self, promotion: str) -> tuple[int, int, int]:
        """Return how many codes a promotion has, how many of them differ, and how many are counted."""
        return self.rows(
            """
            SELECT count(*), count(DISTINCT code_key),
                (SELECT codes FROM code_counts WHERE promotion_id = %s)
            FROM promotion_codes WHERE promotion_id = %s
            """,
            [promotion, promotion],
        )[0]

    def job(self, job: str) -> tuple[str, int, int]:
        """Return the status of a job, how many codes it has done and how many it has deleted again."""
        return self.rows("SELECT status, done, coalesce(deleted, 0) FROM promotion_jobs WHERE id = %s", [job])[0]

    def done(self, job: str) -> int:
        return self.job(job)[1]

    def deliveries(self) -> int:
        return self.rows("SELECT count(*) FROM procrastinate_jobs")[0][0]

    def waiting(self, statement: str) -> bool:
        """Tell whether somebody executes such a *statement* and waits for a lock."""
        found = self.rows(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE %s", [f"%{statement}%"]
        )
        return bool(found)

    @contextmanager
    def locked(self, job: str) -> Generator[None]:
        """Keep a job's row locked, so that no worker can commit a step of it."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SELECT FROM promotion_jobs WHERE id = %s FOR UPDATE", [job])
            yield

    def assert_exact(self, promotion: str, number_of_codes: int) -> None:
        assert self.codes(promotion) == (number_of_codes,) * 3


class Installation(Records):
    """A durable PostgreSQL that we may kill, and the processes that work on it."""

    def __init__(self, directory: Path) -> None:
        self.data_dir = directory
        self.exports = directory / "exports"
        self.postgres = EmbeddedPostgres(directory)
        super().__init__(self.postgres.start())
        migrate(self.url)

    def kill_postgres(self) -> None:
        assert self.postgres.process is not None
        self.postgres.process.kill()
        self.postgres.process.wait(10)

    def restart_postgres(self) -> None:
        self.postgres.spawn()
        until(self.postgres.url)

    @contextmanager
    def worker(self, stderr: IO[str] | None = None, **settings: str) -> Generator[Process]:
        """Run a worker for the block; it may end before."""
        env = environment(self.url, self.data_dir, **settings)
        process = subprocess.Popen([sys.executable, "-m", "couponry.worker"], env=env, stderr=stderr)
        try:
            yield process
        finally:
            end(process)

    def shop(self, api: str) -> Shop:
        """Return a new store without limits, with a merchant signed in."""
        return Shop(api, *asyncio.run(_new_store(self.url)))

    def files(self) -> list[str]:
        """Return the names of the export files, the unfinished ones too."""
        return sorted(path.name for path in self.exports.rglob("*") if path.is_file())


async def _new_store(url: str) -> tuple[str, str, str]:
    database = Database(url, connections=1)
    await database.open()
    async with database.transaction() as connection:
        store = await access.create_store(connection, access.new_store(os.urandom(8).hex(), None, 50))
        credentials = await clients.create_client(Context(connection, store.store_id, "test"), "test")
    await database.close()
    return str(store.store_id), credentials.client_id, credentials.client_secret


@contextmanager
def installed() -> Generator[Installation]:
    """Install in a temporary directory for the block."""
    directory = Path(tempfile.mkdtemp(prefix="couponry-crash-", dir="/tmp"))
    installation = Installation(directory)
    try:
        yield installation
    finally:
        if installation.postgres.process is not None:
            installation.postgres.process.send_signal(signal.SIGQUIT)  # nobody needs its last checkpoint
        installation.postgres.stop()
        shutil.rmtree(directory)


def kill(process: Process) -> None:
    """Kill a process that we started, so that it can do nothing more, and bury it."""
    process.kill()
    process.wait(10)


def persistent(shop: Shop) -> Shop:
    """Let the shop's client ask again when the connection breaks or the database is away."""
    shop.http = httpx.Client(base_url=shop.http.base_url, timeout=60, headers=shop.http.headers, transport=_Patient())
    return shop


class _Patient(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + 60
        while True:
            try:
                response = super().handle_request(request)
                if response.status_code != 503 or time.monotonic() > deadline:
                    return response
                response.close()
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)
