"""A cart as it is kept: what the shopper put into it, and what the last judgement of it said."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from couponry.domain.cart import Cart, CustomAttribute, Line, ProductField, Shopper
from couponry.domain.cart import ShippingGroup as JudgedGroup
from couponry.domain.errors import Fault
from couponry.domain.promotions import Moment
from couponry.domain.validity import Consistent, missing

MAX_ITEMS = 100
"""The most lines and codes that a cart has together."""
DEFAULT_NAME = "Cart"
DEFAULT_CURRENCY = "USD"
"""What a cart is in when neither its first line nor the request says."""

LineType = Literal["cart_item", "custom_item"]


class CartLine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """So many units of a product, as it was when it was last added, or of an item that only this cart knows."""

    id: str
    type: LineType
    name: str
    description: str = ""
    sku: str | None = None
    product_id: str | None = None
    quantity: int
    unit_price: int
    includes_tax: bool = False
    catalog_id: str | None = None
    category_ids: tuple[str, ...] = ()
    attributes: dict[str, dict[str, ProductField]] = msgspec.field(default_factory=dict[str, dict[str, ProductField]])
    custom_inputs: dict[str, Any] | None = None
    shipping_group_id: str | None = None
    gift_of: str | None = None
    """The promotion that added it; it goes when the promotion does."""
    created_at: datetime
    updated_at: datetime


Text = Annotated[str, Meta(max_length=1024)]


class Address(Consistent, frozen=True, omit_defaults=True, kw_only=True):
    """Where something is shipped to."""

    first_name: Text
    last_name: Text
    company_name: Text | None = None
    line_1: Text
    line_2: Text | None = None
    city: Text | None = None
    postcode: Text
    county: Text | None = None
    """Either this or `region` must be there."""
    country: Text
    region: Text | None = None
    phone_number: Text | None = None
    instructions: Text | None = None

    def contradictions(self) -> Iterator[Fault]:
        """Tell of an address in no region and no county."""
        if self.region is None and self.county is None:
            yield missing("region")


class DeliveryEstimate(msgspec.Struct, frozen=True, omit_defaults=True):
    """From when and until when something may arrive."""

    start: Moment | None = None
    end: Moment | None = None


class CartGroup(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Lines that are shipped together, and what that costs, in minor units."""

    id: str
    shipping_type: str = ""
    tracking_reference: str | None = None
    base: int = 0
    tax: int = 0
    fees: int = 0
    includes_tax: bool | None = None
    address: Address | None = None
    delivery_estimate: DeliveryEstimate | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def total(self) -> int:
        """What it costs before discounts."""
        return self.base + self.tax + self.fees


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account that a cart belongs to, with the tags that a merchant gave it."""

    id: str
    tags: tuple[str, ...] | None = None


class PromotionLine(msgspec.Struct, frozen=True):
    """The line that shows a discount of the whole cart; the lines of the cart already carry their parts of it."""

    id: str
    promotion_id: str
    code: str
    name: str
    amount: int
    """Negative, in minor units."""
    created_at: datetime
    updated_at: datetime


class SeenDiscount(msgspec.Struct, frozen=True):
    """What a promotion took off a line, or a shipping group, when the cart was last judged."""

    line_id: str
    """Or the id of the shipping group."""
    promotion_id: str
    code: str
    amount: int


class SeenRefusal(msgspec.Struct, frozen=True):
    """Why an attached code gave nothing when the cart was last judged."""

    promotion_id: str
    code: str
    reason: str


class Settings(msgspec.Struct, frozen=True):
    """Which discounts a cart takes, and whether stock is looked at before checkout."""

    custom_discounts_enabled: bool = False
    use_rule_promotions: bool = True
    defer_inventory_check: bool = False


class ShoppingCart(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything that is kept of a cart beside its id and its timestamps."""

    name: str = DEFAULT_NAME
    description: str = ""
    currency: str | None = None
    """Fixed by the first line or shipping group; None while there is neither."""
    contact_email: str | None = None
    customers: tuple[str, ...] = ()
    """The first is who shops."""
    accounts: tuple[Account, ...] = ()
    settings: Settings = Settings()
    snapshot_date: datetime | None = None
    """Of a preview cart: the moment that it is judged as of."""
    custom_attributes: dict[str, CustomAttribute] = msgspec.field(default_factory=dict[str, CustomAttribute])
    groups: tuple[CartGroup, ...] = ()
    lines: tuple[CartLine, ...] = ()
    codes: tuple[str, ...] = ()
    """Attached, as they were entered; those that give nothing are dormant and may revive."""
    promotion_lines: tuple[PromotionLine, ...] = ()
    discounts: tuple[SeenDiscount, ...] = ()
    shipping_discounts: tuple[SeenDiscount, ...] = ()
    refusals: tuple[SeenRefusal, ...] = ()
    gave: tuple[str, ...] = ()
    """The attached codes that gave something when a request last changed the cart, whoever has looked since."""

    def line(self, id_: str) -> CartLine | None:
        """Return the line with that id, if there is one."""
        return next((line for line in self.lines if line.id == id_), None)

    def group(self, id_: str) -> CartGroup | None:
        """Return the shipping group with that id, if there is one."""
        return next((group for group in self.groups if group.id == id_), None)

    @property
    def is_registered(self) -> bool:
        """Whether it belongs to a customer or an account."""
        return bool(self.customers or self.accounts)


def to_judge(cart: ShoppingCart, customer_id: str | None = None, currency: str | None = None) -> Cart:
    """Return what a judgement looks at; *customer_id* shops where the cart belongs to nobody."""
    account = cart.accounts[0] if cart.accounts else None
    return Cart(
        currency=cart.currency or currency or DEFAULT_CURRENCY,
        items=tuple(_line(line) for line in cart.lines),
        shipping_groups=tuple(_group(group, cart.lines) for group in cart.groups),
        custom_attributes=cart.custom_attributes,
        shopper=Shopper(
            customer_id=cart.customers[0] if cart.customers else customer_id,
            account_id=account.id if account else None,
            email=cart.contact_email,
            account_tags=account.tags if account else None,
        ),
    )


def _line(line: CartLine) -> Line:
    return Line(
        id=line.id,
        sku=line.sku,
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price=line.unit_price,
        catalog_id=line.catalog_id,
        category_ids=line.category_ids,
        attributes=line.attributes,
        custom=line.type == "custom_item",
    )


def _group(group: CartGroup, lines: tuple[CartLine, ...]) -> JudgedGroup:
    return JudgedGroup(
        id=group.id,
        shipping_type=group.shipping_type,
        base_price=group.base,
        item_ids=tuple(line.id for line in lines if line.shipping_group_id == group.id),
    )
