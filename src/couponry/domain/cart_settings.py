"""How a store keeps its carts."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from couponry.domain.cart_errors import BothDiscounts
from couponry.domain.shopping_cart import Settings

Days = Annotated[int, Meta(ge=1, le=365)]


class CartSettings(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The cart settings of a store."""

    cart_expiry_days: Days = 7
    """How long a cart is kept after its last change."""
    new_carts: Settings = Settings()
    """What new carts begin with."""
    strict_checkout: bool = False
    """Whether a checkout is refused when a code of the cart has run out; otherwise the code is left out."""
    give_back_on_cancel: bool = False
    """Whether the uses of codes come back when an order is cancelled."""


def chosen_discounts(settings: Settings, custom: bool | UnsetType = UNSET, rules: bool | UnsetType = UNSET) -> Settings:
    """Return *settings* with the discounts that a request asks for; one that is turned on turns the other off.

    Raises:
        BothDiscounts: it asks for both.
    """
    if custom is True and rules is True:
        raise BothDiscounts
    custom_now = settings.custom_discounts_enabled if custom is UNSET else custom
    rules_now = settings.use_rule_promotions if rules is UNSET else rules
    return Settings(custom_now and rules is not True, rules_now and custom is not True, settings.defer_inventory_check)
