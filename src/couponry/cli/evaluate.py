"""`couponry evaluate`: how a cart is judged, readable."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.documents import read_data
from couponry.cli.errors import UserError
from couponry.cli.lookup import ShopperOption, shopper_said
from couponry.cli.options import JsonOption, LocalStoreOption, UrlOption, Where
from couponry.cli.output import show, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document

MAX_FOUND = 80
"""How many characters are shown of what a cart had."""


def evaluate(
    file: Annotated[
        Path,
        typer.Option(
            "--file", "-f", help="The cart, a .yaml or .json file; `-` is standard input.", show_default=False
        ),
    ],
    code: Annotated[list[str] | None, typer.Option(help="A code to enter as well; may be repeated.")] = None,
    shopper: ShopperOption = None,
    at: Annotated[str | None, typer.Option(help="Judge as of this moment (UTC) instead of now.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Tell of each condition what was found.")] = False,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a cart as `POST /v2/rule-promotions/evaluations` does: nothing is stored, and no code is used.

    The file holds currency and items at least; amounts are in minor units.
    """
    from couponry.cli.client import PROMOTIONS, run

    cart = {"type": "evaluation"} | read_data(file) | shopper_said(shopper)
    if code:
        cart["codes"] = [*_codes(cart, file), *code]
    if at is not None:
        cart["at"] = at
    if explain:
        cart["explain"] = True

    async def work(client: "Client") -> None:
        judged = await client.ask("POST", f"{PROMOTIONS}/evaluations", {"data": cart})
        if as_json:
            tell(judged)
        else:
            _tell(judged["data"])

    run(Where(url, store), work)


def _codes(cart: "Document", file: Path) -> list[Any]:
    said: Any = cart.get("codes", [])
    if not isinstance(said, list):
        raise UserError(f"{file} cannot be sent: codes is no list.")
    return said  # pyright: ignore[reportUnknownVariableType]


def _tell(judged: "Document") -> None:
    totals, currency = judged["totals"], judged["currency"]
    rows = [
        [one["id"], one["quantity"], one["unit_price"], one["value"], one["discount"], one["discounted_value"]]
        for one in judged["items"]
    ]
    show(["line", "quantity", "unit price", "value", "discount", "to pay"], rows)
    typer.echo(
        f"\n{currency} {totals['without_discount']} {totals['discount']:+} = {totals['with_discount']};"
        f" shipping {totals['shipping']} {totals['shipping_discount']:+}"
    )
    for one in judged["applied"]:
        typer.echo(f"\napplied  {one['name']} ({one['code']}): {one['amount']}, {one['applications']} times")
        _trace(one)
    for one in judged["refused"]:
        name = one.get("code") or one.get("promotion_id")
        typer.echo(f"\nrefused  {name}: {one['detail']} ({one['reason']})")
        _trace(one)
    for member in ("added_items", "suggestions"):
        for one in judged[member]:
            typer.echo(f"\n{member.replace('_', ' ')[:-1]}  {_short(one)}")


def _trace(one: "Document") -> None:
    for line in _lines(one["trace"], 1) if "trace" in one else ():
        typer.echo(line)


def _lines(trace: "Document", depth: int) -> Iterator[str]:
    """Yield a condition and those below it, each with what was asked, what was found and what is missing."""
    asked = " ".join([trace["strategy"], trace.get("operator", ""), *map(_short, trace.get("args") or [])])
    found = f", found {_short(trace['found'])}" if "found" in trace else ""
    short = f": {trace['short']}" if "short" in trace else ""
    yield f"{'  ' * depth}{'yes' if trace['holds'] else 'no '} {' '.join(asked.split())}{found}{short}"
    for child in trace.get("children", []):
        yield from _lines(child, depth + 1)


def _short(value: Any) -> str:  # noqa: ANN401 # any JSON
    import msgspec

    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_FOUND else f"{text[: MAX_FOUND - 1]}…"
