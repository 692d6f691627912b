"""What is answered about shipping groups of carts, as Structs."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from couponry.api.answers import Instant
from couponry.api.cart_answers import FormattedPrice, LineDiscount, Reference
from couponry.domain.shopping_cart import Address


class ShippingPrices(Struct, frozen=True):
    """What shipping costs: `total` after the discount, the rest before it."""

    total: FormattedPrice
    base: FormattedPrice
    tax: FormattedPrice
    fees: FormattedPrice
    discount: FormattedPrice


class ShippingMeta(Struct, frozen=True):
    """What is known of a shipping group beside what it says."""

    shipping_display_price: ShippingPrices


class Estimate(Struct, frozen=True, omit_defaults=True):
    """From when and until when something may arrive."""

    start: Instant | UnsetType = UNSET
    end: Instant | UnsetType = UNSET


class Owner(Struct, frozen=True):
    """The cart, or the order, that it is of."""

    data: Reference


class ShippingRelationships(Struct, frozen=True, omit_defaults=True):
    """What a shipping group has to do with."""

    cart: Owner | UnsetType = UNSET
    order: Owner | UnsetType = UNSET


class ShippingGroupResource(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A shipping group of a cart, or of an order."""

    id: str
    type: Literal["shipping_group"]
    relation: Literal["cart", "order"]
    cart_id: str | UnsetType = UNSET
    order_id: str | UnsetType = UNSET
    shipping_type: str
    tracking_reference: str | UnsetType = UNSET
    includes_tax: bool | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    delivery_estimate: Estimate | UnsetType = UNSET
    discounts: list[LineDiscount] | UnsetType = UNSET
    created_at: Instant
    updated_at: Instant
    relationships: ShippingRelationships
    meta: ShippingMeta


class ShippingGroupAnswer(Struct, frozen=True):
    """One shipping group."""

    data: ShippingGroupResource


class ShippingGroupsAnswer(Struct, frozen=True):
    """The shipping groups of a cart, or of an order."""

    data: list[ShippingGroupResource]
