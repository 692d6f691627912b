"""Connections: the pool, transactions, rows as Structs, and which PostgreSQL will do."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec
import psycopg
from psycopg import AsyncCursor
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import PoolTimeout

from couponry.storage.lending import Connection, Lender

OLDEST_POSTGRESQL = 15
"""The oldest major version of PostgreSQL that Couponry runs on."""

Row = TypeVar("Row")

set_json_loads(msgspec.json.decode)
set_json_dumps(msgspec.json.encode)


class DatabaseUnusable(Exception):
    """The database cannot be reached or is not one that Couponry can use; the message says what to do."""


def rows_of(type_: type[Row]) -> Callable[[AsyncCursor[Any]], Callable[[Sequence[Any]], Row]]:
    """Return a psycopg row factory: each row becomes a *type_*, columns by field name, NULL as unset."""

    def factory(cursor: AsyncCursor[Any]) -> Callable[[Sequence[Any]], Row]:
        names = [column.name for column in cursor.description or ()]

        def row(values: Sequence[Any]) -> Row:
            members = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            return msgspec.convert(members, type_)

        return row

    return factory


def json_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """Return *rows* as `json_to_recordset` reads them: many at once cost a tenth of a parameter for each value."""
    return msgspec.json.encode(rows).decode()


def hexadecimal(values: Sequence[bytes]) -> list[str]:
    """Return *values* as PostgreSQL reads a `bytea[]` in JSON."""
    return [f"\\x{value.hex()}" for value in values]


async def configure(connection: Connection) -> None:
    """Make a new connection one of ours."""
    await connection.execute("SET TimeZone = 'UTC'")


_endings: "WeakKeyDictionary[Connection, AsyncExitStack]" = WeakKeyDictionary()
"""What is left when the transaction of a connection that `Database.transaction` lent has ended."""


async def end_with_commit(connection: Connection) -> None:
    """Send what is executed from now on together with the commit, without waiting for its results.

    A round trip less; what goes wrong is raised where the transaction ends. Without effect in other transactions
    than those of `Database.transaction`.
    """
    if (ending := _endings.get(connection)) is not None:
        await ending.enter_async_context(connection.pipeline())


@asynccontextmanager
async def by_index(connection: Connection) -> AsyncGenerator[None]:
    """Let PostgreSQL read tables by their indexes within the block, also where it knows nothing of them yet.

    Of an index on arrays it believes that so much is found that it may as well read the whole table.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        yield
        await connection.execute("SET LOCAL enable_seqscan TO DEFAULT")


class Database:
    """The connections of one process."""

    def __init__(self, url: str, connections: int = 8) -> None:
        self.url = url
        self._lender = Lender(url, connections, configure)

    async def open(self) -> None:
        """Begin connecting; connections are made as they are needed."""
        await self._lender.open()

    async def close(self) -> None:
        """Give every connection back to PostgreSQL."""
        await self._lender.close()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Lend a connection outside any transaction.

        Raises:
            DatabaseUnusable: when none can be had in time.
        """
        try:
            async with self._lender.lent() as connection:
                yield connection
        except PoolTimeout as error:
            raise DatabaseUnusable("PostgreSQL did not answer in time.") from error

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """Lend a connection inside a transaction that commits unless the block raises."""
        async with self.connection() as connection, AsyncExitStack() as ending:
            _endings[connection] = ending
            async with connection.transaction():
                yield connection


def ensure_usable(url: str, oldest: int = OLDEST_POSTGRESQL) -> None:
    """Connect once and look.

    Raises:
        DatabaseUnusable: unreachable, refused, or older than *oldest*; one sentence that says what to do.
    """
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10_000
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1].strip().rstrip(".")
        raise DatabaseUnusable(
            f"Cannot connect to PostgreSQL ({reason}); check COUPONRY_DATABASE_URL and that the server is running."
        ) from error
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"This database has the encoding {encoding}, but Couponry needs UTF8; "
            "create one with `createdb --encoding=UTF8 --template=template0`."
        )
    if version < oldest:
        raise DatabaseUnusable(
            f"This PostgreSQL is version {version}, but Couponry needs {oldest} or newer; upgrade the server "
            "or point COUPONRY_DATABASE_URL at another."
        )
