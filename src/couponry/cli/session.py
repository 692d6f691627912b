"""What commands on the database itself work with: its schema must be this version's, and one of its stores."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from couponry.cli.database import database_url
from couponry.cli.errors import UserError

if TYPE_CHECKING:
    from couponry.services.context import Context
    from couponry.storage.database import Database
    from couponry.storage.stores import Store

T = TypeVar("T")

ACTOR = "cli"
"""Who made what the command line makes."""


def run(work: "Callable[[Database], Awaitable[T]]") -> T:
    """Run *work* on the database of this installation and return what it returns."""
    import asyncio

    require_here()
    with database_url() as url:
        return asyncio.run(_run(url, work))


def require_here() -> None:
    """End with a sentence where a server is meant, on which the command cannot work."""
    from couponry.settings import settings

    if settings().url is not None:
        raise UserError(
            "This command works on a database itself, not on a server; unset COUPONRY_URL to use the one here."
        )


async def _run(url: str, work: "Callable[[Database], Awaitable[T]]") -> T:
    from couponry.storage.database import Database, ensure_usable

    ensure_usable(url)
    database = Database(url, connections=4)
    await database.open()
    try:
        await require_schema(database)
        return await work(database)
    finally:
        await database.close()


async def require_schema(database: "Database") -> None:
    """End with a sentence unless the database has this version's schema."""
    from psycopg.errors import UndefinedTable

    from couponry.storage import stores
    from couponry.storage.revisions import newest_revision

    try:
        async with database.connection() as connection:
            revision = await stores.revision(connection)
    except UndefinedTable:
        revision = None
    if revision != newest_revision():
        raise UserError(
            "The database does not have this version's schema; start `couponry serve` once, or run `couponry migrate`."
        )


async def store_named(database: "Database", name: str) -> "Store":
    """Return the store with that name or id, or end with a sentence."""
    from couponry.storage import stores

    async with database.connection() as connection:
        store = await stores.store_named(connection, name)
    if store is None:
        raise UserError(f"There is no store {name}; `couponry store list` shows those that exist.")
    return store


@asynccontextmanager
async def context(database: "Database", store: "Store") -> "AsyncGenerator[Context]":
    """Open a transaction in which services work for the operator."""
    from couponry.domain.audit import Via
    from couponry.services.context import Context

    async with database.transaction() as connection:
        yield Context(connection, store.store_id, ACTOR, via=Via.COMMAND_LINE)
