"""Settings of a store: how it keeps carts, and what official clients ask for."""

from typing import Any

from litestar import Request, Response, Router, get, put
from msgspec import UNSET, Struct
from msgspec.structs import replace

from couponry.api.auth import require_merchant
from couponry.api.cart_answers import CartDiscounts, CartInventory
from couponry.api.cart_documents import CartSettingsData, CartSettingsDocument
from couponry.api.documents import decode
from couponry.api.state import context_of
from couponry.api.wire import json_answer, json_body
from couponry.domain.cart_profile import with_settings
from couponry.domain.cart_settings import CartSettings
from couponry.services import cart_settings

PROMOTIONS: dict[str, Any] = {"type": "promotion_settings", "rule_promotions_preview_enabled": True}


class CheckoutResource(Struct, frozen=True):
    """How a store makes orders of carts."""

    strict: bool
    """Whether a checkout is refused when a code of the cart has run out; otherwise the code is left out."""
    give_back_on_cancel: bool
    """Whether the uses of codes come back when an order is cancelled."""


class CartSettingsResource(Struct, frozen=True, tag_field="type", tag="settings"):
    """How a store keeps its carts."""

    cart_expiry_days: int
    """How long a cart is kept after its last change."""
    discounts: CartDiscounts
    """What new carts begin with."""
    inventories: CartInventory
    """What new carts begin with."""
    checkout: CheckoutResource


class CartSettingsAnswer(Struct, frozen=True):
    """The cart settings of a store."""

    data: CartSettingsResource


@get("/promotions", operation_id="getPromotionSettings")
async def get_promotion_settings() -> Response[bytes]:
    """Tell that rule promotions are at hand: they always are."""
    return json_answer({"data": PROMOTIONS})


@get("/cart", operation_id="getCartSettings")
async def get_cart_settings(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell how the store keeps carts."""
    async with context_of(request) as context:
        return json_answer(_answer(await cart_settings.get_settings(context)))


@put("/cart", operation_id="updateCartSettings")
async def update_cart_settings(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Change how the store keeps carts."""
    said = decode(await json_body(request), CartSettingsDocument).data
    async with context_of(request) as context:
        changed = await cart_settings.update_settings(context, lambda settings: _said(settings, said))
    return json_answer(_answer(changed))


def _said(settings: CartSettings, said: CartSettingsData) -> CartSettings:
    new_carts = with_settings(settings.new_carts, said.discounts, said.inventories)
    days = settings.cart_expiry_days if said.cart_expiry_days is UNSET else said.cart_expiry_days
    strict, give_back = said.checkout.strict, said.checkout.give_back_on_cancel
    return replace(
        settings,
        cart_expiry_days=days,
        new_carts=new_carts,
        strict_checkout=settings.strict_checkout if strict is UNSET else strict,
        give_back_on_cancel=settings.give_back_on_cancel if give_back is UNSET else give_back,
    )


def _answer(settings: CartSettings) -> CartSettingsAnswer:
    new = settings.new_carts
    return CartSettingsAnswer(
        CartSettingsResource(
            settings.cart_expiry_days,
            CartDiscounts(new.custom_discounts_enabled, new.use_rule_promotions),
            CartInventory(new.defer_inventory_check),
            CheckoutResource(settings.strict_checkout, settings.give_back_on_cancel),
        )
    )


router = Router(
    "/v2/settings",
    route_handlers=[get_promotion_settings, get_cart_settings, update_cart_settings],
    guards=[require_merchant],
    tags=["Settings"],
)
