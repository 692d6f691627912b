"""`couponry usages`."""

from typing import TYPE_CHECKING, Annotated

import typer

from couponry.cli.lookup import usage_row
from couponry.cli.options import JsonOption, LocalStoreOption, PromotionArgument, UrlOption, Where, examples
from couponry.cli.output import show, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client

app = typer.Typer(no_args_is_help=True, help="Uses of codes that are on record.")


@app.callback()
def _group() -> None:
    pass


@app.command(
    "list",
    epilog=examples(
        "usages list $PROMOTION --code SUMMER10", "usages list $PROMOTION --since 2026-06-01 --until 2026-07-01 --json"
    ),
)
def list_usages(
    promotion: PromotionArgument,
    code: Annotated[str | None, typer.Option(help="Only those of this code.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this moment on: 2026-06-01, or with a time.")] = None,
    until: Annotated[str | None, typer.Option(help="Only before this moment.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show, newest first.")] = 100,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the uses of a promotion's codes, newest first."""
    from couponry.cli.client import PROMOTIONS, filter_of, id_given, quoted, run

    path = f"{PROMOTIONS}/{id_given(promotion, 'promotion')}/usages"
    tests = [f"eq(code,{quoted(code)})"] if code is not None else []
    tests += [f"ge(used_on,{quoted(since)})"] if since is not None else []
    tests += [f"lt(used_on,{quoted(until)})"] if until is not None else []

    async def work(client: "Client") -> None:
        found = await client.every(path, limit, sort="-used_on", **filter_of(tests))
        if as_json:
            tell({"data": found})
            return
        rows = [[one["code"], *usage_row(one), one["id"]] for one in found]
        show(["code", "used on", "times", "order", "shopper", "given back", "id"], rows)

    run(Where(url, store), work)
