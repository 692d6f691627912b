"""Redemptions: claiming the uses that a cart takes, listing, confirming them, giving them back."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal, cast

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import UNSET, Meta

from couponry.api.answers import ResourceMeta, Timestamps
from couponry.api.auth import require_merchant
from couponry.api.documents import decode
from couponry.api.listing import filter_asked, list_document, page_asked
from couponry.api.redemption_answers import (
    ListedRedemption,
    RedemptionAnswer,
    RedemptionResource,
)
from couponry.api.retries import REPLAYED, key_sent
from couponry.api.state import api_of, context_of
from couponry.api.wire import id_in_path, json_answer, json_body, moment
from couponry.domain.cart import Cart, Id
from couponry.domain.outcome import Evaluation
from couponry.domain.redemption import Redemption, RedemptionState
from couponry.domain.redemption_errors import RedemptionNotFound
from couponry.services import redemptions
from couponry.services.access import Token
from couponry.services.context import Context
from couponry.services.redeeming import Order, redeem
from couponry.services.retries import once
from couponry.storage.idempotency import Key
from couponry.storage.redemption_lists import RedemptionRow

MAX_CODES = 100
"""The most codes that are redeemed together."""


class CartToRedeem(Cart, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A cart, the codes that were entered, and how to redeem them."""

    type: Literal["redemption"]
    codes: Annotated[tuple[str, ...], Meta(max_length=MAX_CODES)] = ()
    """The codes as they were entered. Case does not matter, nor does it to enter one twice."""
    explain: bool = False
    """Whether to tell of each condition what was found, and of automatic promotions that do not apply."""
    order_id: Id | None = None
    """The order that it is for, as the shop calls it."""
    state: Literal["held", "confirmed"] = "held"
    """`held` keeps the uses until the order is paid; `confirmed` uses them at once."""
    hold_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900
    """For how long a hold keeps them."""
    strict: bool = True
    """Whether to refuse everything when one of the codes gives nothing; otherwise it is left out."""


class RedemptionDocument(msgspec.Struct, frozen=True):
    """The body that redeems."""

    data: CartToRedeem


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known when an order is paid."""

    order_id: Id | None = None
    """The order, as the shop calls it; without one, the redemption keeps the order that it was made for."""


class ConfirmationDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body that confirms; it may be left out."""

    data: Confirmation = Confirmation()


@post("/", operation_id="createRedemption")
async def create_redemption(request: Request[Any, Token, Any]) -> Response[bytes]:
    """Redeem: claim every use that a cart takes, all at once or none."""
    asked = decode(await json_body(request), RedemptionDocument).data
    order = Order(
        store_id=request.auth.store_id,
        actor=request.auth.client_id,
        cart=asked,
        codes=asked.codes,
        explain=asked.explain,
        order_id=asked.order_id,
        state=RedemptionState(asked.state),
        hold_seconds=asked.hold_seconds,
        strict=asked.strict,
        key=key_sent(request),
    )
    redemption, replayed = await redeem(api_of(request).till, order)
    answer = _answer(redemption, 201)
    if replayed:
        answer.headers[REPLAYED] = "true"
    return answer


@get("/", operation_id="getRedemptions")
async def list_redemptions(request: Request[Any, Token, Any]) -> Response[bytes]:
    """List the redemptions of the store, the newest first."""
    wanted, page = filter_asked(request), page_asked(request)
    async with context_of(request) as context:
        listed = await redemptions.list_redemptions(context, wanted, page)
    return json_answer(list_document(request, page, listed, [_listed(one) for one in listed.rows]))


@get("/{redemption_id:str}", operation_id="getRedemption")
async def get_redemption(request: Request[Any, Any, Any], redemption_id: FromPath[str]) -> Response[bytes]:
    """Get a redemption."""
    id_ = id_in_path(redemption_id, RedemptionNotFound)
    async with context_of(request) as context:
        return _answer(await redemptions.get_redemption(context, id_))


@post("/{redemption_id:str}/confirm", operation_id="confirmRedemption", status_code=200)
async def confirm_redemption(request: Request[Any, Token, Any], redemption_id: FromPath[str]) -> Response[bytes]:
    """Confirm a redemption: its order is paid."""
    order_id = decode(await json_body(request) or b"{}", ConfirmationDocument).data.order_id
    id_ = id_in_path(redemption_id, RedemptionNotFound)
    return await _move(
        request, ["confirm", id_, order_id], lambda context: redemptions.confirm_redemption(context, id_, order_id)
    )


@post("/{redemption_id:str}/release", operation_id="releaseRedemption", status_code=200)
async def release_redemption(request: Request[Any, Token, Any], redemption_id: FromPath[str]) -> Response[bytes]:
    """Release a redemption: give its uses back, held or confirmed, exactly once."""
    id_ = id_in_path(redemption_id, RedemptionNotFound)
    return await _move(request, ["release", id_], lambda context: redemptions.release_redemption(context, id_))


async def _move(
    request: Request[Any, Token, Any], asked: Sequence[object], move: Callable[[Context], Awaitable[Redemption]]
) -> Response[bytes]:
    """Move a redemption as is *asked*; a retry with the same key moves nothing and gets the first answer."""
    name = key_sent(request)
    key = None if name is None else Key(name, hashlib.sha256(msgspec.json.encode(asked)).digest())
    async with context_of(request) as context:

        async def work() -> bytes:
            return msgspec.json.encode(await move(context))

        kept, replayed = await once(context, key, work)
    answer = _answer(msgspec.json.decode(kept, type=Redemption))
    if replayed:
        answer.headers[REPLAYED] = "true"
    return answer


def _answer(redemption: Redemption, status: int = 200) -> Response[bytes]:
    expires_at = redemption.expires_at
    resource = RedemptionResource(
        id=redemption.id,
        state=redemption.state,
        expires_at=UNSET if expires_at is UNSET else moment(expires_at),
        order_id=redemption.order_id,
        evaluation=cast("Evaluation", redemption.evaluation),  # as JSON already
        uses=redemption.uses,
    )
    return json_answer(RedemptionAnswer(resource), status)


def _listed(one: RedemptionRow) -> ListedRedemption:
    return ListedRedemption(
        id=one.id,
        state=one.state,
        expires_at=moment(one.expires_at) if one.state is RedemptionState.HELD else UNSET,
        order_id=UNSET if one.order_id is None else one.order_id,
        uses=one.uses,
        meta=ResourceMeta(Timestamps(moment(one.created_at), moment(one.updated_at))),
    )


router = Router(
    "/v2/rule-promotions/redemptions",
    route_handlers=[create_redemption, list_redemptions, get_redemption, confirm_redemption, release_redemption],
    guards=[require_merchant],
    tags=["Redemptions"],
)
