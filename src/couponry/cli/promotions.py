"""`couponry promotions`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.session import StoreOption, context, run, show, store_named

if TYPE_CHECKING:
    from couponry.storage.database import Database
    from couponry.storage.stores import Store

app = typer.Typer(no_args_is_help=True, help="Promotions of a store.")

PAGE = 100


@app.callback()
def _group() -> None:
    pass


@app.command("list")
def list_promotions(
    store: StoreOption = "default",
    limit: Annotated[int, typer.Option(min=1, help="How many to show, newest first.")] = 1000,
) -> None:
    """List promotions, newest first: their status, their codes, when they run."""

    async def work(database: "Database") -> list[list[Any]]:
        owner = await store_named(database, store)
        rows: list[list[Any]] = []
        while len(rows) < limit:
            page = await _page(database, owner, min(PAGE, limit - len(rows)), len(rows))
            rows += page
            if len(page) < PAGE:
                break
        return rows

    show(["id", "name", "status", "codes", "start", "end"], run(work))


async def _page(database: "Database", owner: "Store", size: int, offset: int) -> list[list[Any]]:
    from couponry.domain.listing import EVERYTHING, Page
    from couponry.services import promotions
    from couponry.storage import codes

    async with context(database, owner) as now:
        listed = await promotions.list_promotions(now, EVERYTHING, Page(size, offset))
        return [
            [
                found.id,
                found.name,
                found.status(now.now),
                "automatic" if found.automatic else await codes.count(now.connection, owner.store_id, found.id),
                f"{found.start:%Y-%m-%d %H:%M}",
                f"{found.end:%Y-%m-%d %H:%M}",
            ]
            for found in listed.rows
        ]
