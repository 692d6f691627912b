"""`couponry codes lookup`: why a code did not work."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.options import JsonOption, LocalStoreOption, UrlOption, Where
from couponry.cli.output import note, show, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document

MOST = 1000
"""How many promotions a code stands for at most, here."""
LAST_USES = 10
LIMITS = ("max_uses", "user", "consume_unit", "max_uses_per_shopper", "is_for_new_shopper")

ShopperOption = Annotated[
    str | None, typer.Option("--shopper", help="Who enters it: an e-mail address, or the id of a customer.")
]


def lookup(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A code as a shopper entered it.")],
    shopper: ShopperOption = None,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell of every promotion behind a code: its limits, its uses, and why it would be refused now.

    Ends with 1 where no promotion has the code.
    """
    from couponry.cli.client import PROMOTIONS, filter_of, quoted, run

    async def work(client: "Client") -> "list[Document]":
        found = await client.every(PROMOTIONS, MOST, **filter_of([f"eq(code,{quoted(code.strip())})"]))
        return [await _behind(client, one, code, shopper) for one in found]

    found = run(Where(url, store), work)
    if as_json:
        tell({"data": found})
    else:
        for one in found:
            _tell(one)
    if not found:
        note(f"No promotion has the code {code}.")
        raise typer.Exit(1)


async def _behind(client: "Client", promotion: "Document", code: str, shopper: str | None) -> "Document":
    from couponry.cli.client import PROMOTIONS, filter_of, quoted

    path = f"{PROMOTIONS}/{promotion['id']}/codes"
    known = await client.every(path, 1, **filter_of([f"eq(code,{quoted(code.strip())})"]))
    uses = f"{path}/{known[0]['id']}/usages" if known else None
    last = [] if uses is None else await client.every(uses, LAST_USES, sort="-used_on")
    return {
        "promotion": promotion,
        "code": known[0] if known else None,
        "usages": {"total": 0 if uses is None else await client.count(uses), "last": last},
        "refused": await _refused(client, promotion, code, shopper),
    }


async def _refused(client: "Client", promotion: "Document", code: str, shopper: str | None) -> "Document | None":
    """Return why the code gives nothing now, whatever is in the cart; None where that depends on the cart."""
    import msgspec

    from couponry.cli.client import PROMOTIONS
    from couponry.domain.outcome import Evaluation
    from couponry.domain.refusals import whatever_is_in_the_cart

    currencies = promotion["rule_set"].get("currencies") or ["USD"]
    cart = {"type": "evaluation", "currency": currencies[0], "items": [], "codes": [code]}
    judged = await client.one("POST", f"{PROMOTIONS}/evaluations", cart | shopper_said(shopper))
    refused = whatever_is_in_the_cart(msgspec.convert(judged, Evaluation), promotion["id"], code)
    return None if refused is None else {"reason": refused.reason, "detail": refused.detail}


def shopper_said(shopper: str | None) -> "Document":
    """Return the member of a cart that says whose it is."""
    if shopper is None:
        return {}
    return {"shopper": {"email" if "@" in shopper else "customer_id": shopper}}


def _tell(found: "Document") -> None:
    promotion, code, usages, refused = (found[part] for part in ("promotion", "code", "usages", "refused"))
    rows: list[list[Any]] = [
        ["promotion", promotion["id"]],
        ["name", promotion["name"]],
        ["runs", f"{promotion['start'][:16]} to {promotion['end'][:16]}"],
        ["code", code["code"] if code else None],
        ["limits", _limits(code) if code else None],
        ["uses left", code.get("uses", "no limit") if code else None],
        ["uses on record", usages["total"]],
        ["now", refused["detail"] if refused else "It can be used; the cart decides the rest."],
    ]
    show(["", ""], rows)
    if usages["last"]:
        show(["used on", "times", "order", "shopper", "given back"], [usage_row(one) for one in usages["last"]])


def _limits(code: "Document") -> str:
    import msgspec

    said = {name: code[name] for name in LIMITS if name in code}
    return ", ".join(f"{name} {msgspec.json.encode(value).decode()}" for name, value in said.items()) or "none"


def usage_row(usage: "Document") -> list[Any]:
    """Return a usage as a row of a table."""
    shopper = usage["customer_email"] or usage["customer_id"] or usage["account_id"]
    return [usage["used_on"], usage["times_used"], usage["order_id"], shopper, usage.get("released_at")]
