"""Usages: what is on record of the uses of codes, and anonymizing them (behaviour.md 5.8)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from couponry.api.answers import Results
from couponry.api.auth import require_merchant
from couponry.api.documents import decode
from couponry.api.errors import WireError
from couponry.api.listing import filter_asked, list_document, order_asked, page_asked
from couponry.api.state import api_of, context_of
from couponry.api.usage_answers import (
    AnonymizedMeta,
    AnonymizedUsages,
    Touched,
    UsageMeta,
    UsageResource,
    UsageTimestamps,
)
from couponry.api.wire import id_in_path, json_answer, json_body, moment
from couponry.domain.cart import Id, Shopper
from couponry.domain.errors import Fault
from couponry.domain.redemption import shoppers_of
from couponry.domain.usage_errors import NoSuchPromotion
from couponry.domain.usages import Usage
from couponry.domain.validity import Consistent
from couponry.services import usages
from couponry.services.usages import MAX_TOLD, Anonymized
from couponry.storage.usage_lists import ORDERS

MAX_USAGES = 1000
"""The most usages that one request names."""


class ToAnonymize(Consistent, frozen=True, kw_only=True):
    """Usages by their ids, or all of a shopper: exactly one of the three."""

    usage_ids: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_USAGES)] | UnsetType = UNSET
    customer_id: Id | UnsetType = UNSET
    """Whose usages to anonymize, holds as well."""
    customer_email: Annotated[str, Meta(min_length=1, max_length=320)] | UnsetType = UNSET
    """Whose usages to anonymize, holds as well; case does not matter."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of none of the members, or of several."""
        if [self.usage_ids, self.customer_id, self.customer_email].count(UNSET) != 2:
            yield Fault("number_one_of", "Must validate one and only one schema (oneOf)")

    @property
    def shopper(self) -> Shopper:
        """The shopper who is named."""
        return Shopper(customer_id=self.customer_id or None, email=self.customer_email or None)


class AnonymizeDocument(msgspec.Struct, frozen=True):
    """The body that anonymizes."""

    data: ToAnonymize


@get("/{promotion_id:str}/usages", operation_id="getRulePromotionUsages")
async def list_usages(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """List the usages of a promotion."""
    wanted, page, order = filter_asked(request), page_asked(request), order_asked(request, list(ORDERS))
    id_ = id_in_path(promotion_id, NoSuchPromotion)
    async with context_of(request) as context:
        listed = await usages.list_usages(context, id_, wanted, order, page)
    return json_answer(list_document(request, page, listed, [usage_document(one) for one in listed.rows]))


@get("/{promotion_id:str}/codes/{code_id:str}/usages", operation_id="getRulePromotionCodeUsages")
async def list_code_usages(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], code_id: FromPath[str]
) -> Response[bytes]:
    """List the usages of a code."""
    wanted, page, order = filter_asked(request), page_asked(request), order_asked(request, list(ORDERS))
    id_ = id_in_path(promotion_id, NoSuchPromotion)
    async with context_of(request) as context:
        listed = await usages.list_code_usages(context, id_, code_id, wanted, order, page)
    return json_answer(list_document(request, page, listed, [usage_document(one) for one in listed.rows]))


@post("/usages/anonymize", operation_id="anonymizeRulePromotionUsages", status_code=200)
async def anonymize_usages(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Anonymize usages: forget whose they are, their orders and carts too, and keep every limit."""
    asked = decode(await json_body(request), AnonymizeDocument).data
    async with context_of(request) as context:
        if asked.usage_ids is not UNSET:
            return _anonymized(await usages.anonymize_usages(context, asked.usage_ids), counted=False)
        hashes = shoppers_of(api_of(request).keys.shoppers, context.store_id, asked.shopper)
        return _anonymized(await usages.anonymize_shopper(context, hashes, asked.shopper.email), counted=True)


def usage_document(usage: Usage) -> UsageResource:
    """Return a usage as it is answered."""
    return UsageResource(
        id=usage.id,
        order_id=usage.order_id,
        code_id=usage.code_id,
        code=usage.code,
        times_used=usage.times_used,
        used_on=moment(usage.used_on),
        customer_id=usage.customer_id,
        account_id=usage.account_id,
        customer_email=usage.customer_email,
        meta=UsageMeta(UsageTimestamps(moment(usage.updated_at))),
        updated_by=usage.updated_by,
        anonymized=usage.anonymized,
        released_at=UNSET if usage.released_at is None else moment(usage.released_at),
    )


def _anonymized(done: Anonymized, *, counted: bool) -> Response[bytes]:
    errors = [
        WireError("Could not anonymize some usages", "404", "Usages not found.", meta={"usage_ids": done.missing})
    ]
    document = AnonymizedUsages(
        [usage_document(one) for one in done.usages],
        AnonymizedMeta(
            results=Results(done.total, "exact") if counted else UNSET,
            orders=_touched([str(one.id) for one in done.orders]),
            open_orders=_touched([str(one.id) for one in done.orders if not one.is_over]),
            carts=_touched(done.carts),
        ),
        errors if done.missing else UNSET,
    )
    return json_answer(document)


def _touched(ids: Sequence[str]) -> Touched:
    return Touched(len(ids), list(ids[:MAX_TOLD]))


router = Router(
    "/v2/rule-promotions",
    route_handlers=[list_usages, list_code_usages, anonymize_usages],
    guards=[require_merchant],
    tags=["Usages"],
)
