"""How the store fares: redemptions and discounts over time, by promotion and code, and what was refused."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from msgspec import UNSET

from couponry.api.statistics import codes_table, redemptions_table, refusals_table
from couponry.api.tables import csv_answer
from couponry.console import charts, words
from couponry.console.pages import HEADERS, HOME, page
from couponry.console.periods import HEIGHT, WIDTH, Periods, periods
from couponry.console.visits import context_of
from couponry.domain.figures import By, Days, Redeemed, Refusals
from couponry.services import figures, promotions
from couponry.services.context import Context, utc_now

PATH = f"{HOME}/dashboard"
SPANS = {30: "30 days", 90: "90 days", 365: "A year"}
SHOWN = 10
"""How many promotions and codes are shown; the tables have them all."""
BAR = 140
"""How wide the longest bar beside a row is."""


class Asked(NamedTuple):
    """What the dashboard is to tell of."""

    number: int
    days: Days
    promotion_id: UUID | None

    def link(self, path: str = PATH, **other: str) -> str:
        """Return the way to *path* with the same days and the same promotion, but for *other*."""
        kept = {"days": str(self.number), "promotion": str(self.promotion_id or "")}
        return f"{path}?{urlencode({name: value for name, value in (kept | other).items() if value})}"


class Discount(NamedTuple):
    """What was taken off in one currency, and what of that was given back."""

    currency: str
    given: int
    returned: int
    picture: Periods


class Row(NamedTuple):
    """A promotion or a reason, with its bar."""

    id: UUID | None
    name: str | None
    total: int
    bar: float
    discounts: list[tuple[str, int]]


def asked_of(request: Request[Any, Any, Any]) -> Asked:
    """Return what a request wants to see; what makes no sense is passed over."""
    text = request.query_params.get("days", "")
    number = int(text) if text in map(str, SPANS) else min(SPANS)
    try:
        promotion = UUID(request.query_params.get("promotion", ""))
    except ValueError:
        promotion = None
    return Asked(number, Days.until(utc_now().date(), number), promotion)


@get("/dashboard")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show how the store fares, or one promotion."""
    asked = asked_of(request)
    async with context_of(request) as context:
        name = await _name_of(context, asked.promotion_id)
        redeemed = await figures.redeemed(context, asked.days, "day", asked.promotion_id)
        by_promotion = await figures.redeemed(context, asked.days, "promotion", asked.promotion_id)
        refused = await figures.refused(context, asked.days, "day", asked.promotion_id)
        codes = await figures.most_used(context, asked.days, asked.promotion_id, SHOWN)
    return page(
        request,
        "dashboard.html",
        asked=asked,
        path=PATH,
        spans=SPANS,
        name=name,
        redemptions=periods(asked.days, _by_day((one.day, one.redemptions) for one in redeemed)),
        returned=sum(one.returned for one in redeemed),
        discounts=_discounts(asked.days, redeemed),
        promotions=_promotions(by_promotion)[:SHOWN],
        codes=[(one, charts.share(one.redemptions, codes.codes[0].redemptions, BAR)) for one in codes.codes],
        complete=codes.complete,
        refused=periods(asked.days, _by_day((one.day, one.attempts) for one in refused)),
        reasons=_reasons(refused),
        size=(WIDTH, HEIGHT, BAR),
    )


async def _name_of(context: Context, promotion_id: UUID | None) -> str | None:
    return None if promotion_id is None else (await promotions.get_promotion(context, promotion_id)).name


def _by_day(counted: Iterable[tuple[Any, int]]) -> dict[date, int]:
    """Sum what is counted of a day in several currencies, or for several reasons."""
    sums: Counter[date] = Counter()
    for day, count in counted:
        sums[day] += count
    return sums


def _discounts(days: Days, rows: Sequence[Redeemed]) -> list[Discount]:
    found: list[Discount] = []
    for currency in dict.fromkeys(one.currency for one in rows):
        of_it = [one for one in rows if one.currency == currency]
        picture = periods(days, _by_day((one.day, one.discount) for one in of_it))
        found.append(Discount(currency, picture.total, sum(one.returned_discount for one in of_it), picture))
    return sorted(found, key=lambda one: -one.given)


def _promotions(rows: Sequence[Redeemed]) -> list[Row]:
    """Return a row for each promotion, that with most redemptions first."""
    by_id: dict[UUID, list[Redeemed]] = {}
    for one in rows:
        assert one.promotion_id is not UNSET
        by_id.setdefault(one.promotion_id, []).append(one)
    counts = {id_: sum(one.redemptions for one in of_it) for id_, of_it in by_id.items()}
    most = max(counts.values(), default=0)
    found = [
        Row(
            id_,
            None if of_it[0].name is UNSET else of_it[0].name,
            counts[id_],
            charts.share(counts[id_], most, BAR),
            [(one.currency, one.discount) for one in of_it],
        )
        for id_, of_it in by_id.items()
    ]
    return sorted(found, key=lambda one: -one.total)


def _reasons(rows: Sequence[Refusals]) -> list[Row]:
    counts: Counter[str] = Counter()
    for one in rows:
        counts[one.reason] += one.attempts
    most = max(counts.values(), default=0)
    return [
        Row(None, words.REASONS[reason], count, charts.share(count, most, BAR), [])
        for reason, count in counts.most_common()
    ]


@get("/dashboard/redemptions.csv")
async def redemptions_csv(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer what was redeemed as a table: by day, or by promotion."""
    asked, by = asked_of(request), _by(request)
    async with context_of(request) as context:
        rows = await figures.redeemed(context, asked.days, by, asked.promotion_id)
    return csv_answer(redemptions_table(rows, by), "redemptions", HEADERS)


@get("/dashboard/refusals.csv")
async def refusals_csv(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer what was refused as a table: by day, or by promotion."""
    asked, by = asked_of(request), _by(request)
    async with context_of(request) as context:
        rows = await figures.refused(context, asked.days, by, asked.promotion_id)
    return csv_answer(refusals_table(rows, by), "refusals", HEADERS)


@get("/dashboard/codes.csv")
async def codes_csv(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the codes that were used most as a table."""
    asked = asked_of(request)
    async with context_of(request) as context:
        found = await figures.most_used(context, asked.days, asked.promotion_id, 100)
    return csv_answer(codes_table(found.codes), "codes", HEADERS)


def _by(request: Request[Any, Any, Any]) -> By:
    return "promotion" if request.query_params.get("by") == "promotion" else "day"


handlers = [show, redemptions_csv, refusals_csv, codes_csv]
