"""Redeeming the cart that was tried, and what can be done with a redemption afterwards."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from couponry.api.evaluations import CartToEvaluate
from couponry.api.state import api_of, request_id_of
from couponry.api.wire import id_in_path
from couponry.console import formats
from couponry.console.cart_forms import MAX_FIELDS
from couponry.console.pages import HOME, go, page
from couponry.console.promotions import overview_of
from couponry.console.trying import cart_typed, try_page
from couponry.console.visits import Form, context_of, form_of, session_in
from couponry.domain.audit import Via
from couponry.domain.ids import moment_of
from couponry.domain.outcome import Evaluation
from couponry.domain.redemption import Redemption, RedemptionState
from couponry.domain.redemption_errors import CodesRefused, IdempotencyKeyReused, RedemptionNotFound
from couponry.services import redemptions
from couponry.services.redeeming import Order, redeem

REDEMPTIONS = f"{HOME}/redemptions"
MAX_ORDER = 255
HOLD_SECONDS = 900
SENT_BEFORE = "You have redeemed another cart with this form. To redeem this one as well, send it again."


@post("/promotions/{promotion_id:str}/try/redeem", status_code=303)
async def redeem_cart(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Redeem the cart that a form describes, at once; sent twice, it is redeemed once."""
    form = await form_of(request, MAX_FIELDS)
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
    typed = await cart_typed(request, shown.promotion, form)
    if typed.cart is None:
        return await try_page(request, promotion_id, form, refused=["The cart has faults."])
    try:
        redemption, _ = await redeem(api_of(request).till, _order(request, typed.cart, form))
    except CodesRefused as refusal:
        told = [f"{one.meta['code']}: {formats.with_moments(one.detail or one.title)}" for one in refusal.refusals]
        return await try_page(request, promotion_id, form, refused=told)
    except IdempotencyKeyReused:
        return await try_page(request, promotion_id, form, refused=[SENT_BEFORE])
    return go(f"{REDEMPTIONS}/{redemption.id}", "redeemed")


def _order(request: Request[Any, Any, Any], cart: CartToEvaluate, form: Form) -> Order:
    session = session_in(request)
    assert session is not None
    return Order(
        store_id=session.store_id,
        actor=session.client_id,
        cart=cart,
        codes=cart.codes,
        explain=False,
        order_id=form.get("order_id", "").strip()[:MAX_ORDER] or None,
        state=RedemptionState.CONFIRMED,
        hold_seconds=HOLD_SECONDS,
        strict=True,
        via=Via.CONSOLE,
        request_id=request_id_of(request),
        key=f"console {form.get('once', '')}"[:MAX_ORDER],
    )


@get("/redemptions/{redemption_id:str}")
async def show_redemption(request: Request[Any, Any, Any], redemption_id: FromPath[str]) -> Response[bytes]:
    """Show a redemption: who made it, what it used, and what came of each line of its cart."""
    id_ = id_in_path(redemption_id, RedemptionNotFound)
    async with context_of(request) as context:
        redemption = await redemptions.get_redemption(context, id_)
        shopper = await redemptions.shopper_of(context, id_)
    evaluation = msgspec.json.decode(redemption.evaluation, type=Evaluation)
    return page(
        request,
        "redemption.html",
        redemption=redemption,
        evaluation=evaluation,
        shopper=shopper,
        names={one.promotion_id: one.name for one in evaluation.applied},
        by_promotion={one.promotion_id: one for one in evaluation.applied},
        made_at=moment_of(redemption.id),
    )


@post("/redemptions/{redemption_id:str}/confirm", status_code=303)
async def confirm(request: Request[Any, Any, Any], redemption_id: FromPath[str]) -> Response[bytes]:
    """Confirm a redemption that is held."""
    await form_of(request)
    id_ = id_in_path(redemption_id, RedemptionNotFound)
    async with context_of(request) as context:
        redemption = await redemptions.confirm_redemption(context, id_)
    return _back_to(redemption, "confirmed")


@get("/redemptions/{redemption_id:str}/release")
async def ask_before_release(request: Request[Any, Any, Any], redemption_id: FromPath[str]) -> Response[bytes]:
    """Say what giving the uses of a redemption back means, before it is done."""
    id_ = id_in_path(redemption_id, RedemptionNotFound)
    async with context_of(request) as context:
        redemption = await redemptions.get_redemption(context, id_)
    if redemption.state is RedemptionState.RELEASED:
        return _back_to(redemption)
    return page(request, "give_back.html", redemption=redemption, path=f"{REDEMPTIONS}/{redemption.id}")


@post("/redemptions/{redemption_id:str}/release", status_code=303)
async def release(request: Request[Any, Any, Any], redemption_id: FromPath[str]) -> Response[bytes]:
    """Give the uses of a redemption back."""
    await form_of(request)
    id_ = id_in_path(redemption_id, RedemptionNotFound)
    async with context_of(request) as context:
        redemption = await redemptions.release_redemption(context, id_)
    return _back_to(redemption, "released")


def _back_to(redemption: Redemption, said: str | None = None) -> Response[bytes]:
    return go(f"{REDEMPTIONS}/{redemption.id}", said)


handlers = [redeem_cart, show_redemption, confirm, ask_before_release, release]
