"""`couponry verify`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.session import run, show, store_named

if TYPE_CHECKING:
    from couponry.services.invariants import Invariants
    from couponry.storage.database import Database
    from couponry.storage.stores import Store


def verify(
    store: Annotated[str | None, typer.Option("--store", help="The store's name or id; else all of them.")] = None,
) -> None:
    """Recompute every counter of uses from the ledger, and list those that have drifted."""
    from couponry.services import invariants

    async def work(database: "Database") -> "list[tuple[Store, Invariants]]":
        chosen = await _stores(database, store)
        return [(one, await invariants.verify(database, one.store_id)) for one in chosen]

    found = run(work)
    drift: list[list[Any]] = [
        [owner.name, wrong.promotion_id, wrong.code_id, wrong.code, wrong.counter, wrong.ledger]
        for owner, verified in found
        for wrong in verified.drift
    ]
    checked = sum(verified.checked for _, verified in found)
    if drift:
        show(["store", "promotion id", "code id", "code", "counter", "ledger"], drift)
    typer.echo(f"{checked} counters checked, {len(drift)} drifted.", err=True)
    if drift:
        raise typer.Exit(1)


async def _stores(database: "Database", name: str | None) -> "list[Store]":
    from couponry.storage import stores

    if name is not None:
        return [await store_named(database, name)]
    async with database.connection() as connection:
        return await stores.stores(connection)
