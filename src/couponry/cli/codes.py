"""`couponry codes`: generating, importing, exporting and looking codes up."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.code_imports import import_codes
from couponry.cli.files import ForceOption, OutOption, require_one_output, written
from couponry.cli.lookup import lookup
from couponry.cli.options import (
    DoneJsonOption,
    JsonOption,
    LocalStoreOption,
    PromotionArgument,
    UrlOption,
    Where,
    examples,
)
from couponry.cli.output import note, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document

app = typer.Typer(no_args_is_help=True, help="Codes of a promotion.")


@app.command(
    "generate",
    epilog=examples(
        "codes generate $PROMOTION --count 1000 --prefix summer- --out summer.csv",
        "codes generate $PROMOTION --count 500 --max-uses 1 --max-uses-per-shopper 1",
    ),
)
def generate(
    promotion: PromotionArgument,
    count: Annotated[int, typer.Option(min=1, help="How many codes; here, a store's limit on jobs does not bind you.")],
    prefix: Annotated[str, typer.Option(help="What every code begins with.")] = "",
    length: Annotated[int, typer.Option(min=8, max=16, help="How many drawn characters follow.")] = 8,
    max_uses: Annotated[
        int | None, typer.Option(min=0, help="How often each code can be used; else without end.")
    ] = None,
    max_uses_per_shopper: Annotated[int | None, typer.Option(min=0, help="How often one shopper can use each.")] = None,
    include_guests: Annotated[bool, typer.Option("--include-guests", help="Let guests use them as well.")] = False,
    new_shoppers: Annotated[bool, typer.Option("--new-shoppers", help="Only for a shopper's first order.")] = False,
    consume_unit: Annotated[str | None, typer.Option(help="per_checkout (the default) or per_application.")] = None,
    out: OutOption = None,
    force: ForceOption = False,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Generate codes, and write them into a CSV file if asked to. With --json the job is printed at the end.

    Ctrl-C asks what is to become of the job; without a terminal it goes on without you.
    """
    from couponry.cli.client import id_given, run
    from couponry.cli.code_jobs import generated, write_codes

    parameters = {
        "number_of_codes": count,
        "code_prefix": prefix,
        "code_length": length,
        "max_uses_per_code": max_uses,
        "max_uses_per_shopper": _per_shopper(max_uses_per_shopper, include_guests=include_guests),
        "is_for_new_shopper": new_shoppers or None,
        "consume_unit": consume_unit,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    id_ = id_given(promotion, "promotion")
    require_one_output(out, as_json=as_json)

    async def work(client: "Client") -> None:
        if out is None:
            job = await generated(client, id_, given)
        else:
            with written(out, force=force) as file:
                job = await generated(client, id_, given)
                count = await write_codes(client, id_, file, job)
            note(f"{count} codes written to {out}.")
        if as_json:
            tell({"data": job})

    run(Where(url, store), work)


def _per_shopper(max_uses: int | None, *, include_guests: bool) -> "Document | None":
    said: dict[str, Any] = {"max_uses": max_uses, "includes_guests": include_guests or None}
    return {name: value for name, value in said.items() if value is not None} or None


@app.command(
    "export",
    epilog=examples("codes export $PROMOTION --out codes.csv", "codes export $PROMOTION --out - | gzip > codes.csv.gz"),
)
def export(
    promotion: PromotionArgument,
    out: Annotated[Path, typer.Option(help="The CSV file to write; `-` is standard output.")],
    force: ForceOption = False,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: DoneJsonOption = False,
) -> None:
    """Write all codes of a promotion into a CSV file."""
    from couponry.cli.client import PROMOTIONS, id_given, run
    from couponry.cli.code_jobs import write_codes

    id_ = id_given(promotion, "promotion")
    require_one_output(out, as_json=as_json)

    async def work(client: "Client") -> None:
        with written(out, force=force) as file:
            await client.one("GET", f"{PROMOTIONS}/{id_}")
            count = await write_codes(client, id_, file)
        if as_json:
            tell({"data": {"promotion_id": id_, "codes": count, "file": str(out)}})
        note(f"{count} codes written to {out}.")

    run(Where(url, store), work)


app.command(
    "import",
    epilog=examples("codes import $PROMOTION partners.csv --dry-run", "codes import $PROMOTION partners.csv"),
)(import_codes)
app.command(
    "lookup", epilog=examples("codes lookup SUMMER10", "codes lookup SUMMER10 --shopper ann@example.com --json")
)(lookup)
