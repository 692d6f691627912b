"""Statistics of a store, for those who look after it: uses by day and promotion, codes, refused attempts."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get

from couponry.api.auth import require_merchant
from couponry.api.state import context_of
from couponry.api.tables import csv_answer, csv_table
from couponry.api.wire import json_answer
from couponry.domain.errors import BadRequest
from couponry.domain.figures import MAX_DAYS, By, CodeUses, Days, Redeemed, Refusals
from couponry.services import figures
from couponry.services.context import utc_now

USUAL_DAYS = 30
"""How many days are told of when none are named."""

MOST_CODES = 100

Format = Literal["json", "csv"]

OF_DAYS = {"day": ("day",), "promotion": ("promotion_id", "name")}
REDEEMED = ("currency", "redemptions", "discount", "returned", "returned_discount")
REFUSED = ("reason", "attempts")
CODES = ("promotion_id", "name", "code_id", "code", "redemptions", "remaining", "max_uses")


class SpanMeta(msgspec.Struct, frozen=True):
    """The days that are told of, the first and the last included, in UTC."""

    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="to")


class CodesMeta(SpanMeta, frozen=True):
    """The days that are told of, and whether all of their uses were counted."""

    complete: bool
    """False when only the newest 2,000 uses of the ten promotions with most uses were counted."""


class RedemptionStatistics(msgspec.Struct, frozen=True):
    """What was redeemed: a row for each day or promotion, and currency; days without any are left out."""

    data: list[Redeemed]
    meta: SpanMeta


class RefusalStatistics(msgspec.Struct, frozen=True):
    """How often codes were entered and gave nothing: a row for each day or promotion, and reason."""

    data: list[Refusals]
    meta: SpanMeta


class CodeStatistics(msgspec.Struct, frozen=True):
    """The codes that were used most, the one with most uses first."""

    data: list[CodeUses]
    meta: CodesMeta


class Asked(NamedTuple):
    """What a request wants to know."""

    days: Days
    by: By
    promotion_id: UUID | None
    format: Format


def asked_of(request: Request[Any, Any, Any]) -> Asked:
    """Return what a request wants to know.

    Raises:
        BadRequest: no days, days in the wrong order, or too many; another word than those that are known.
    """
    last = _day(request, "to") or utc_now().date()
    first = _day(request, "from") or Days.until(last, USUAL_DAYS).first
    if first > last:
        raise BadRequest("from must not be after to")
    days = Days(first, last)
    if days.number > MAX_DAYS:
        raise BadRequest(f"At most {MAX_DAYS} days are told at once")
    by: By = "promotion" if _one_of(request, "by", get_args(By)) == "promotion" else "day"
    format_: Format = "csv" if _one_of(request, "format", get_args(Format)) == "csv" else "json"
    return Asked(days, by, _promotion(request), format_)


def _day(request: Request[Any, Any, Any], name: str) -> date | None:
    text = request.query_params.get(name, "")
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadRequest(f"{name} must be a day: 2026-06-01") from error
    if day is not None and not 1900 <= day.year < 9999:
        raise BadRequest(f"{name} must be a day: 2026-06-01")
    return day


def _one_of(request: Request[Any, Any, Any], name: str, words: Sequence[str]) -> str:
    text = request.query_params.get(name) or words[0]
    if text not in words:
        raise BadRequest(f"{name} must be one of: {', '.join(words)}")
    return text


def _promotion(request: Request[Any, Any, Any]) -> UUID | None:
    text = request.query_params.get("promotion_id", "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadRequest("promotion_id must be the id of a promotion") from error


@get("/redemptions", operation_id="getRedemptionStatistics")
async def redemptions(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell what was redeemed, by day or by promotion."""
    asked = asked_of(request)
    async with context_of(request) as context:
        found = await figures.redeemed(context, asked.days, asked.by, asked.promotion_id)
    document = RedemptionStatistics(found, SpanMeta(*asked.days))
    return _answered(asked, document, "redemptions", lambda: redemptions_table(found, asked.by))


@get("/refusals", operation_id="getRefusalStatistics")
async def refusals(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell how often codes were refused, by day or by promotion."""
    asked = asked_of(request)
    async with context_of(request) as context:
        found = await figures.refused(context, asked.days, asked.by, asked.promotion_id)
    document = RefusalStatistics(found, SpanMeta(*asked.days))
    return _answered(asked, document, "refusals", lambda: refusals_table(found, asked.by))


@get("/codes", operation_id="getCodeStatistics")
async def codes(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell which codes were used most."""
    asked = asked_of(request)
    async with context_of(request) as context:
        found = await figures.most_used(context, asked.days, asked.promotion_id, MOST_CODES)
    document = CodeStatistics(found.codes, CodesMeta(*asked.days, complete=found.complete))
    return _answered(asked, document, "codes", lambda: codes_table(found.codes))


def _answered(asked: Asked, document: msgspec.Struct, name: str, table: Callable[[], bytes]) -> Response[bytes]:
    return csv_answer(table(), name) if asked.format == "csv" else json_answer(document)


def redemptions_table(rows: Sequence[Redeemed], by: By) -> bytes:
    """Return what was redeemed as CSV."""
    return csv_table((*OF_DAYS[by], *REDEEMED), rows)


def refusals_table(rows: Sequence[Refusals], by: By) -> bytes:
    """Return what was refused as CSV."""
    return csv_table((*OF_DAYS[by], *REFUSED), rows)


def codes_table(rows: Sequence[CodeUses]) -> bytes:
    """Return the codes that were used most as CSV."""
    return csv_table(CODES, rows)


router = Router(
    "/v2/rule-promotions/statistics",
    route_handlers=[redemptions, refusals, codes],
    guards=[require_merchant],
    tags=["Statistics"],
)
