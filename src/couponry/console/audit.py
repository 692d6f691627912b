"""The audit log: who changed what, when."""

from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response, get

from couponry.console.pages import HOME, page
from couponry.console.paging import Pages, page_asked
from couponry.console.people import choices, names_of
from couponry.console.visits import context_of
from couponry.domain.audit import Action, Entry
from couponry.domain.listing import MAX_LIMIT, All, Comparison, Page
from couponry.services import audit, clients

LOG = f"{HOME}/audit"
MAX_WORD = 200
"""How much of what is looked for is read."""

WORDS: dict[Action, str] = {
    Action.PROMOTION_CREATED: "created a promotion",
    Action.PROMOTION_CHANGED: "changed a promotion",
    Action.PROMOTION_ENABLED: "enabled a promotion",
    Action.PROMOTION_DISABLED: "disabled a promotion",
    Action.PROMOTION_DELETED: "deleted a promotion",
    Action.CODES_CREATED: "added codes",
    Action.CODES_DELETED: "deleted codes",
    Action.JOB_STARTED: "started a job",
    Action.JOB_CANCELLED: "cancelled a job",
    Action.PRODUCTS_STORED: "stored products",
    Action.PRODUCT_DELETED: "deleted a product",
    Action.SETTINGS_CHANGED: "changed settings",
    Action.CLIENT_CREATED: "created a client",
    Action.CLIENT_REVOKED: "revoked a client",
    Action.SECRET_CHANGED: "changed the secret of a client",
    Action.USAGES_ANONYMIZED: "anonymized usages",
    Action.ORDERS_ANONYMIZED: "anonymized orders",
    Action.REDEEMED: "redeemed a cart by hand",
    Action.REDEMPTION_CONFIRMED: "confirmed a redemption by hand",
    Action.REDEMPTION_RELEASED: "gave uses back by hand",
    Action.SIGNED_IN: "signed in",
    Action.SIGN_IN_FAILED: "failed to sign in",
}
"""What was done, after who did it."""


class Row(NamedTuple):
    """An entry on the page."""

    entry: Entry
    did: str
    changes: list[tuple[str, str, str]]
    """What changed: the member, before and after; nothing of what is too long."""
    details: list[tuple[str, str]]


@get("/audit")
async def show_log(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show who changed what, newest first."""
    asked = page_asked(request)
    kept = {name: _word(request, name) for name in ("action", "client", "of", "since", "until")}
    async with context_of(request) as context:
        listed = await audit.list_entries(context, All(tuple(_tests(kept))), asked)
        known = (await clients.list_clients(context, Page(MAX_LIMIT))).rows
        names = await names_of(context, kept["client"], *(entry.client_id for entry in listed.rows))
    options = choices((one.client_id, one.name, one.revoked_at is not None) for one in known)
    if chosen := kept["client"]:
        options = {chosen: names.get(chosen, chosen)} | options
    return page(
        request,
        "audit.html",
        rows=[_row(entry) for entry in listed.rows],
        pages=Pages(asked, listed.total, LOG, kept, listed.exact),
        words=WORDS,
        clients=options,
        called=next((entry.object_name for entry in listed.rows if kept["of"] and entry.object_name), None),
        sifted=any(kept.values()),
        names=names,
        **kept,
    )


def _word(request: Request[Any, Any, Any], name: str) -> str:
    return request.query_params.get(name, "").replace("\0", "").strip()[:MAX_WORD]


def _tests(kept: dict[str, str]) -> list[Comparison]:
    """Return what entries must pass; days that are none are passed over."""
    equal = {"action": kept["action"], "client_id": kept["client"], "object_id": kept["of"]}
    tests = [Comparison("eq", attribute, (value,)) for attribute, value in equal.items() if value]
    if since := _day(kept["since"]):
        tests.append(Comparison("ge", "at", (since.isoformat(),)))
    if (until := _day(kept["until"])) and until < date.max:
        tests.append(Comparison("lt", "at", ((until + timedelta(days=1)).isoformat(),)))
    return tests


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _row(entry: Entry) -> Row:
    changes = [
        (member.replace("_", " "), "", "") if change.too_long else (member.replace("_", " "), _told(change.before),
                                                                     _told(change.after))
        for member, change in entry.changes.items()
    ]  # fmt: skip
    details = [(name.replace("_", " "), _told(value)) for name, value in entry.details.items()]
    return Row(entry, WORDS[entry.action], changes, details)


def _told(value: object) -> str:
    """Write a value as people read it: a text as it is, several after each other, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):  # pyright: ignore[reportUnknownVariableType]
        return ", ".join(value)  # pyright: ignore[reportUnknownArgumentType]
    return msgspec.json.encode(value).decode()


handlers = [show_log]
