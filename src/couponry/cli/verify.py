"""`couponry verify`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.options import JsonOption, UrlOption, Where
from couponry.cli.output import note, show, tell
from couponry.cli.session import run, store_named

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document
    from couponry.storage.database import Database
    from couponry.storage.stores import Store

HEADINGS = ["store", "promotion id", "code id", "code", "counter", "ledger"]


def verify(
    store: Annotated[str | None, typer.Option("--store", help="The store's name or id; else all of them.")] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute every counter of uses from the ledger, and list those that have drifted; then it ends with 1."""
    from couponry.settings import settings

    remote = url is not None or settings().url is not None
    found = _of_server(Where(url, store)) if remote else _of_database(store)
    checked = sum(one["checked"] for _, one in found)
    rows: list[list[Any]] = [
        [owner, *(wrong.get(member) for member in ("promotion_id", "code_id", "code", "counter", "ledger"))]
        for owner, one in found
        for wrong in one["drift"]
    ]
    if as_json:
        tell({"data": [{"store": owner, **one} for owner, one in found]})
    elif rows:
        show(HEADINGS, rows)
    note(f"{checked} counters checked, {len(rows)} drifted.")
    if rows:
        raise typer.Exit(1)


def _of_server(where: Where) -> "list[tuple[str, Document]]":
    from couponry.cli import client

    async def work(asked: "Client") -> "Document":
        return await asked.one("GET", f"{client.PROMOTIONS}/invariants")

    return [("", client.run(where, work))]


def _of_database(store: str | None) -> "list[tuple[str, Document]]":
    import msgspec

    from couponry.services import invariants

    async def work(database: "Database") -> "list[tuple[str, Document]]":
        return [
            (one.name, msgspec.to_builtins(await invariants.verify(database, one.store_id)))
            for one in await _stores(database, store)
        ]

    return run(work)


async def _stores(database: "Database", name: str | None) -> "list[Store]":
    from couponry.storage import stores

    if name is not None:
        return [await store_named(database, name)]
    async with database.connection() as connection:
        return await stores.stores(connection)
