"""What a command works with: the database, whose schema must be this version's, and one of its stores."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

from couponry.cli.database import database_url
from couponry.cli.errors import UserError

if TYPE_CHECKING:
    from couponry.services.context import Context
    from couponry.storage.database import Database
    from couponry.storage.stores import Store

T = TypeVar("T")

StoreOption = Annotated[str, typer.Option("--store", help="The store's name or id.")]
ACTOR = "cli"
"""Who made what the command line makes."""


def run(work: "Callable[[Database], Awaitable[T]]") -> T:
    """Run *work* on the database of this installation and return what it returns."""
    with database_url() as url:
        return asyncio.run(_run(url, work))


async def _run(url: str, work: "Callable[[Database], Awaitable[T]]") -> T:
    from couponry.storage.database import Database, ensure_usable

    ensure_usable(url)
    database = Database(url, connections=4)
    await database.open()
    try:
        await _require_schema(database)
        return await work(database)
    finally:
        await database.close()


async def _require_schema(database: "Database") -> None:
    from psycopg.errors import UndefinedTable

    from couponry.storage import stores
    from couponry.storage.migrate import newest_revision

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
    from couponry.services.context import Context

    async with database.transaction() as connection:
        yield Context(connection, store.store_id, ACTOR)


def id_given(text: str, what: str) -> UUID:
    """Return the id that *text* is, or end with a sentence."""
    try:
        return UUID(text)
    except ValueError:
        raise UserError(f"{text} is not the id of a {what}.") from None


def show(headings: list[str], rows: list[list[Any]]) -> None:
    """Print a table on a terminal, and lines of cells between tabs into a pipe."""
    from rich.console import Console
    from rich.table import Table

    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    console = Console()
    if not console.is_terminal:
        for row in [headings, *cells]:
            typer.echo("\t".join(row))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading.endswith("id"))
    for row in cells:
        table.add_row(*row)
    console.print(table)
