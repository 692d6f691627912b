"""`couponry products`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.errors import UserError
from couponry.cli.options import DoneJsonOption, JsonOption, LocalStoreOption, StoreOption, UrlOption, Where, examples
from couponry.cli.output import show, tell
from couponry.cli.session import context, run, store_named

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document
    from couponry.services.product_imports import Imported
    from couponry.storage.database import Database

app = typer.Typer(no_args_is_help=True, help="Products of a store.")


@app.command(
    "import", epilog=examples("products import products.csv", "products import products.ndjson --skip-invalid")
)
def import_products(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .ndjson file.")],
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Store the others if lines are wrong.")] = False,
    store: StoreOption = "default",
    as_json: DoneJsonOption = False,
) -> None:
    """Store the products of a file, all or none, each in place of the one with its id.

    An .ndjson file has one product a line, as the API takes it. A .csv file begins with the names of its columns:
    id, sku, name, price_EUR (in cents; one for each currency), catalog_id, category_ids (between |), attributes
    (as JSON), description.
    """
    from couponry.cli.product_files import reader_for
    from couponry.services import product_imports as imports
    from couponry.storage.product_imports import analyze

    lines = reader_for(file)
    with file.open("rb"):
        pass  # what cannot be read is told before any database is started

    async def work(database: "Database") -> "Imported":
        owner = await store_named(database, store)
        async with context(database, owner) as now:
            imported = await imports.import_products(now, lines(), skip_invalid=skip_invalid)
        async with database.connection() as connection:
            await analyze(connection)
        return imported

    imported = run(work)
    if as_json:
        told = [{"line": one.line, "reason": one.reason} for one in imported.told]
        tell({"data": {"stored": imported.stored, "wrong": imported.wrong, "told": told}})
    _tell(imported, skip_invalid=skip_invalid)


def _tell(imported: "Imported", *, skip_invalid: bool) -> None:
    for wrong in imported.told:
        typer.echo(f"line {wrong.line}: {wrong.reason}", err=True)
    if imported.wrong > len(imported.told):
        typer.echo(f"and {imported.wrong - len(imported.told)} more wrong lines", err=True)
    if imported.wrong and not skip_invalid:
        raise UserError("Nothing was stored; mend these lines, or leave them out with --skip-invalid.")
    if imported.wrong and not imported.stored:
        raise UserError(f"Nothing was stored: every line is wrong, all {imported.wrong} of them.")
    skipped = f", {imported.wrong} lines skipped" if imported.wrong else ""
    typer.echo(f"{imported.stored} products stored{skipped}.", err=True)


@app.command("list", epilog=examples("products list", "products list --json"))
def list_products(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show, by id.")] = 1000,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List products by id: their skus, names and prices."""
    from couponry.cli import client

    async def work(asked: "Client") -> None:
        found = await asked.every("/v2/products", limit)
        if as_json:
            tell({"data": found})
        else:
            show(["id", "sku", "name", "prices"], [_row(one) for one in found])

    client.run(Where(url, store), work)


def _row(product: "Document") -> list[Any]:
    prices = ", ".join(f"{price} {currency}" for currency, price in sorted(product["prices"].items()))
    return [product["id"], product.get("sku"), product["name"], prices]
