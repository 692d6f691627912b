"""What is answered about carts, as Structs."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from couponry.api.answers import Instant, Timestamps
from couponry.api.errors import WireError
from couponry.domain.cart import CustomAttribute
from couponry.domain.cart_judged import Message
from couponry.domain.cart_shoppers import AccountReference, CustomerReference
from couponry.domain.outcome import SuggestedTarget


class FormattedPrice(Struct, frozen=True):
    """An amount in minor units, and as people read it."""

    amount: int
    currency: str
    formatted: str


class Money(Struct, frozen=True):
    """An amount in minor units."""

    amount: int
    currency: str
    includes_tax: bool


class UnitAndValue(Struct, frozen=True):
    """What one unit comes to, rounded, and what all of them come to, exactly."""

    unit: FormattedPrice
    value: FormattedPrice


class CodeDiscount(Struct, frozen=True):
    """What a code takes off a line: in all, and by promotion."""

    amount: int
    currency: str
    formatted: str
    constituents: dict[str, FormattedPrice]


class LinePrices(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a line costs; without `without_discount`, after discounts."""

    with_tax: UnitAndValue
    without_tax: UnitAndValue
    tax: UnitAndValue
    discount: UnitAndValue
    without_discount: UnitAndValue
    discounts: dict[str, CodeDiscount] | UnsetType = UNSET
    """By code."""


class LineMeta(Struct, frozen=True):
    """What is known of a line beside what it is."""

    display_price: LinePrices
    timestamps: Timestamps


class LineDiscount(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one action of a promotion takes off a line."""

    amount: Money
    code: str
    id: str
    """The id of the promotion."""
    promotion_source: Literal["rule-promotion"] | UnsetType = UNSET
    is_cart_discount: bool | UnsetType = UNSET
    """True where it is the line's part of a discount of the cart."""
    ordinal: int
    """In which order the discounts of the cart were computed."""


class Image(Struct, frozen=True):
    """No image: products have none here."""

    mime_type: str = ""
    file_name: str = ""
    href: str = ""


class Reference(Struct, frozen=True):
    """Something that is told elsewhere."""

    type: str
    id: str


class References(Struct, frozen=True):
    """Things that are told elsewhere."""

    data: list[Reference]


class ItemRelationships(Struct, frozen=True):
    """What a line has to do with."""

    promotions: References


class ItemLinks(Struct, frozen=True, omit_defaults=True):
    """Where to find what the line is of."""

    product: str | UnsetType = UNSET


class ItemResource(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A line of a cart: units of something, or a promotion that is off the whole cart."""

    id: str
    type: Literal["cart_item", "custom_item", "promotion_item"]
    product_id: str | UnsetType = UNSET
    promotion_id: str | UnsetType = UNSET
    name: str
    description: str
    sku: str | UnsetType = UNSET
    """Of a promotion, the code."""
    slug: str
    catalog_id: str | UnsetType = UNSET
    catalog_source: Literal["pim"] | UnsetType = UNSET
    image: Image
    quantity: int
    auto_add_quantity: int | UnsetType = UNSET
    """How many of them a promotion added."""
    manage_stock: bool
    unit_price: Money
    value: Money
    """`unit_price` times `quantity`, before discounts."""
    discounts: list[LineDiscount] | UnsetType = UNSET
    custom_inputs: dict[str, Any] | UnsetType = UNSET
    links: ItemLinks
    meta: LineMeta
    relationships: ItemRelationships | UnsetType = UNSET
    shipping_group_id: str | UnsetType = UNSET
    promotion_source: Literal["rule-promotion"] | UnsetType = UNSET


class CartPrices(Struct, frozen=True, kw_only=True):
    """What a cart costs."""

    with_tax: FormattedPrice
    """After discounts, with shipping."""
    without_tax: FormattedPrice
    tax: FormattedPrice
    discount: FormattedPrice
    """Off the lines; that off shipping stands by itself."""
    without_discount: FormattedPrice
    shipping: FormattedPrice
    """Before discounts."""
    shipping_discount: FormattedPrice


class CartTimestamps(Struct, frozen=True):
    """When the cart came to be, when it last changed, and until when it is kept."""

    created_at: Instant
    updated_at: Instant
    expires_at: Instant


class PromotionSuggestion(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A promotion that the cart qualifies for, but which lacks what it would be off."""

    promotion_id: str
    code: str
    info: str
    message: str | UnsetType = UNSET
    auto_add: bool | UnsetType = UNSET
    """True where it should have been added, and could not be."""
    targets: list[SuggestedTarget]


class CartMeta(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known of a cart beside what it says."""

    display_price: CartPrices
    timestamps: CartTimestamps
    messages: list[Message] | UnsetType = UNSET
    """What the request changed about discounts, and what it could not change."""
    promotion_suggestions: list[PromotionSuggestion] | UnsetType = UNSET


class CondensedPromotion(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="promotion"):
    """As much of a promotion as shoppers are shown."""

    id: str
    name: str
    description: str | UnsetType = UNSET
    automatic: bool
    promotion_source: Literal["rule-promotion"]
    start: Instant
    end: Instant


class Included(Struct, frozen=True, omit_defaults=True):
    """What was asked for beside."""

    items: list[ItemResource] | UnsetType = UNSET
    promotions: list[CondensedPromotion] | UnsetType = UNSET


class ItemsAnswer(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The lines of a cart."""

    data: list[ItemResource]
    included: Included | UnsetType = UNSET
    meta: CartMeta
    errors: list[WireError] | UnsetType = UNSET
    """What could not be done although the request was."""


# Carts


class CartDiscounts(Struct, frozen=True):
    """Which discounts a cart takes."""

    custom_discounts_enabled: bool
    use_rule_promotions: bool


class CartInventory(Struct, frozen=True):
    """Whether stock is looked at before checkout."""

    defer_inventory_check: bool


class CartContact(Struct, frozen=True):
    """How a guest is reached."""

    email: str


class CartLinks(Struct, frozen=True, rename={"cart": "self"}):
    """Where the cart is."""

    cart: str


class CartRelationships(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a cart has to do with."""

    items: References
    customers: References
    accounts: References
    shipping_groups: References | UnsetType = UNSET
    promotions: References | UnsetType = UNSET


class CartResource(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="cart"):
    """A cart."""

    id: str
    name: str
    description: str
    contact: CartContact | UnsetType = UNSET
    discount_settings: CartDiscounts
    inventory_settings: CartInventory
    snapshot_date: Instant | UnsetType = UNSET
    custom_attributes: dict[str, CustomAttribute] | UnsetType = UNSET
    links: CartLinks
    meta: CartMeta
    relationships: CartRelationships


class CartAnswer(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One cart."""

    data: CartResource
    included: Included | UnsetType = UNSET
    errors: list[WireError] | UnsetType = UNSET


class CustomersAnswer(Struct, frozen=True):
    """The customers that were associated."""

    data: list[CustomerReference]


class AccountsAnswer(Struct, frozen=True):
    """The accounts that were associated."""

    data: list[AccountReference]
