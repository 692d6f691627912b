"""Uses of codes that are on record: looking for them, and taking them away as a table."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Stream

from couponry.api.state import api_of
from couponry.api.tables import csv_lines
from couponry.api.wire import moment
from couponry.console.pages import HEADERS, HOME, page
from couponry.console.paging import PAGE
from couponry.console.promotions import MAX_SEARCH
from couponry.console.visits import context_of, session_in
from couponry.domain.cart import Shopper
from couponry.domain.listing import EVERYTHING, Page
from couponry.domain.usages import FoundUsage
from couponry.services import promotions, usage_search
from couponry.services.usage_search import Place, Search

PATH = f"{HOME}/usages"
NAMED = 100
"""How many promotions can be chosen by name: the newest."""
FIELDS = ("promotion", "code", "shopper", "order", "from", "to")

COLUMNS = (
    "used_on",
    "promotion",
    "promotion_id",
    "code",
    "times_used",
    "discount",
    "currency",
    "order_id",
    "customer_id",
    "customer_email",
    "account_id",
    "given_back_on",
    "redemption_id",
    "id",
)


class Asked(NamedTuple):
    """What the fields of the filter say."""

    said: dict[str, str]
    search: Search
    before: Place | None

    def link(self, path: str = PATH, **other: str) -> str:
        """Return the way to *path* with the same filter."""
        kept = {name: value for name, value in (self.said | other).items() if value}
        return f"{path}?{urlencode(kept)}" if kept else path


def asked_of(request: Request[Any, Any, Any]) -> Asked:
    """Return what a request looks for; what makes no sense is passed over."""
    said = {name: request.query_params.get(name, "").replace("\0", "").strip()[: MAX_SEARCH + 120] for name in FIELDS}
    until = _day(said["to"])
    search = Search(
        promotion_id=_id(said["promotion"]),
        code=said["code"] or None,
        shopper=shopper_named(said["shopper"]),
        order=said["order"] or None,
        since=_day(said["from"]),
        until=None if until is None else until + timedelta(days=1),
    )
    return Asked(said, search, _place(request.query_params.get("before", "")))


def shopper_named(text: str) -> Shopper | None:
    """Return whom *text* names, by e-mail address or as a customer; None for nobody."""
    if not text:
        return None
    return Shopper(email=text) if "@" in text else Shopper(customer_id=text)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC) if 1900 <= day.year < 9999 else None


def _place(text: str) -> Place | None:
    used_on, _, id_ = text.partition("_")
    known = _id(id_)
    try:
        return None if known is None else Place(datetime.fromisoformat(used_on).astimezone(UTC), known)
    except (ValueError, OverflowError):
        return None


@get("/usages")
async def list_usages(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show uses of codes, newest first."""
    asked = asked_of(request)
    async with context_of(request) as context:
        found = await usage_search.find(context, api_of(request).keys.shoppers, asked.search, PAGE.limit, asked.before)
        named = (await promotions.list_promotions(context, EVERYTHING, Page(NAMED))).rows
    more = None if found.more is None else asked.link(before=f"{moment(found.more.used_on)}_{found.more.id}")
    return page(
        request,
        "usages.html",
        path=PATH,
        asked=asked,
        rows=found.usages,
        more=more,
        promotions=named,
    )


@get("/usages.csv")
async def usages_csv(request: Request[Any, Any, Any]) -> Stream:
    """Answer all uses that are looked for as a table, however many there are."""
    api, session = api_of(request), session_in(request)
    assert session is not None
    found = usage_search.every(api.database, session.store_id, api.keys.shoppers, asked_of(request).search)
    headers = HEADERS | {"content-disposition": 'attachment; filename="usages.csv"'}
    return Stream(_lines(found), media_type="text/csv", headers=headers)


async def _lines(found: AsyncGenerator[list[FoundUsage]]) -> AsyncGenerator[bytes]:
    yield csv_lines([COLUMNS])
    async for usages in found:
        yield csv_lines(_row(usage) for usage in usages)


def _row(usage: FoundUsage) -> Sequence[object]:
    return (
        moment(usage.used_on),
        usage.promotion_name,
        str(usage.promotion_id),
        usage.code,
        usage.times_used,
        usage.discount,
        usage.currency,
        usage.order_id,
        usage.customer_id,
        usage.customer_email,
        usage.account_id,
        None if usage.released_at is None else moment(usage.released_at),
        str(usage.redemption_id),
        str(usage.id),
    )


handlers = [list_usages, usages_csv]
