"""One PostgreSQL for the test session, one API and one worker per test process, one store per test."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from commands import run_command
from couponry.embedded import DATABASE, EmbeddedPostgres
from couponry.services import access, clients
from couponry.services.context import Context
from couponry.storage.database import Connection, Database
from couponry.storage.migrate import migrate
from support import DATABASE_URL, Couponry, Shop, environment, running_api, running_worker
from visitor import Visitor

TEMPLATE = "couponry_template"
"""A migrated database that nobody works in, to be copied."""

_session: list[tuple[EmbeddedPostgres, Path]] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start the database that every test process shares, in the process that starts them."""
    if hasattr(config, "workerinput") or DATABASE_URL in os.environ or config.option.collectonly:
        return
    directory = Path(tempfile.mkdtemp(prefix="couponry-test-", dir="/tmp"))
    postgres = EmbeddedPostgres(directory, options={"fsync": "off", "full_page_writes": "off"})
    _session.append((postgres, directory))
    os.environ[DATABASE_URL] = postgres.start()
    migrate(os.environ[DATABASE_URL])
    with psycopg.connect(postgres.url("postgres") or "", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{TEMPLATE}" TEMPLATE "{DATABASE}"')


def pytest_unconfigure() -> None:
    """Stop it again."""
    while _session:
        postgres, directory = _session.pop()
        postgres.stop()
        del os.environ[DATABASE_URL]
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def database_url() -> str:
    return os.environ[DATABASE_URL]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all test processes: they share the queue, so that each one's worker exports for the others too."""
    folder = tmp_path_factory.getbasetemp()
    data = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "data"
    data.mkdir(exist_ok=True)
    return data


@pytest.fixture(scope="module")
def own_database_url(database_url: str) -> Generator[str]:
    """A migrated database for a module, that no worker looks at."""
    name = f"own_{os.urandom(4).hex()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        yield make_conninfo(database_url, dbname=name)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def connection(database: Database) -> AsyncGenerator[Connection]:
    async with database.connection() as lent:
        yield lent


@pytest.fixture(scope="session")
def api(database_url: str, data_dir: Path) -> Generator[str]:
    """The URL of an API process, with a worker beside it."""
    with running_worker(database_url, data_dir), running_api(database_url, data_dir) as url:
        yield url


@pytest.fixture(scope="session")
def another_api(database_url: str, data_dir: Path) -> Generator[str]:
    """The URL of a second API process on the same database."""
    with running_api(database_url, data_dir) as url:
        yield url


@pytest.fixture
def elsewhere(shop: Shop, another_api: str) -> Generator[httpx.Client]:
    """The merchant of `shop`, at the second process."""
    with httpx.Client(base_url=another_api, headers=shop.http.headers, timeout=60) as client:
        yield client


@pytest.fixture
def new_shop(api: str, database_url: str) -> Generator[Callable[..., Shop]]:
    """Makes stores, each with a merchant and a shopper signed in; limits as `stores.LIMITS`."""

    async def create(max_codes_per_job: int | None, max_automatic_promotions: int) -> Shop:
        opened = Database(database_url, connections=1)
        await opened.open()
        async with opened.transaction() as connection:
            store = access.new_store(os.urandom(8).hex(), max_codes_per_job, max_automatic_promotions)
            await access.create_store(connection, store)
            credentials = await clients.create_client(Context(connection, store.store_id, "test"), "test")
        await opened.close()
        return Shop(api, str(store.store_id), credentials.client_id, credentials.client_secret)

    made: list[Shop] = []

    def make(max_codes_per_job: int | None = None, max_automatic_promotions: int = 50) -> Shop:
        # In a thread of its own: beside a browser, this one has a loop already.
        with ThreadPoolExecutor(1) as thread:
            made.append(thread.submit(asyncio.run, create(max_codes_per_job, max_automatic_promotions)).result())
        return made[-1]

    yield make
    for shop in made:
        shop.close()


@pytest.fixture
def shop(new_shop: Callable[..., Shop]) -> Shop:
    return new_shop()


@pytest.fixture
def couponry(database_url: str, data_dir: Path) -> Couponry:
    """Runs a command on the database of the tests."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return run_command(arguments, environment(database_url, data_dir))

    return run


@pytest.fixture
def new_visitor() -> Generator[Callable[[Shop], Visitor]]:
    """Makes visitors of the console of a shop."""
    made: list[Visitor] = []

    def make(shop: Shop) -> Visitor:
        made.append(Visitor(shop))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()


@pytest.fixture
def visitor(shop: Shop, new_visitor: Callable[[Shop], Visitor]) -> Visitor:
    """Somebody at the door of the console."""
    return new_visitor(shop)


@pytest.fixture
def guest(visitor: Visitor) -> Visitor:
    """Somebody who is signed in."""
    assert visitor.sign_in().status_code == 303
    return visitor
