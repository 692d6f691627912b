"""What a cart is to its judge: lines, shipping groups, custom attributes, and the shopper it belongs to."""

import unicodedata
from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from couponry.domain.attributes import KEY_PATTERN, Value, Word, value_faults
from couponry.domain.errors import Fault
from couponry.domain.validity import Consistent, repeated, within

MAX_LINES = 1000
"""The most lines of a cart that is judged."""
MAX_QUANTITY = 1_000_000
MAX_PRICE = 10**12

Id = Annotated[str, Meta(min_length=1, max_length=255)]
Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
Price = Annotated[int, Meta(ge=0, le=MAX_PRICE)]
"""Money in minor units: cents, yen, or thousandths of a dinar."""
Currency = Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$")]
AttributeKey = Annotated[str, Meta(pattern=KEY_PATTERN)]
ProductField: TypeAlias = Value | Annotated[tuple[Value, ...], Meta(max_length=100)] | None
"""The value of a field of a product template; a field with several values has each of them."""
Categories = Annotated[tuple[Word, ...], Meta(max_length=400)]
"""The nodes of a product in its hierarchies, and every node above them."""
Template = Annotated[dict[str, ProductField], Meta(max_length=400)]
Attributes = Annotated[dict[str, Template], Meta(max_length=50)]
"""Fields by product template: `{"products(shoes)": {"brand": "EP"}}`."""


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """So many units of one product or custom item."""

    id: Id
    sku: Word | None = None
    product_id: Word | None = None
    quantity: Quantity
    unit_price: Price
    catalog_id: Word | None = None
    category_ids: Categories = ()
    """The nodes of the product in its hierarchies, and every node above them."""
    attributes: Attributes = msgspec.field(default_factory=dict[str, dict[str, ProductField]])
    """Fields by product template: `{"products(shoes)": {"brand": "EP"}}`."""
    custom: bool = False
    """A custom item, of no catalog."""


class ShippingGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Lines that are shipped together, and what that costs."""

    id: Id
    shipping_type: Word
    base_price: Price
    item_ids: Annotated[tuple[Id, ...], Meta(max_length=MAX_LINES)] = ()


class CustomAttribute(Consistent, frozen=True, forbid_unknown_fields=True):
    """A custom attribute of a cart: a value of a declared type."""

    type: Literal["string", "boolean", "integer", "float"]
    value: Value

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a value of another type."""
        for fault in value_faults((self.type, self.value), 0, (self.type,)):
            yield Fault(fault.title, fault.detail, "value", fault.value)


def address_key(address: str) -> str:
    """Return the identity of an e-mail address: however its case, outer space or Unicode form differ."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", address.strip()).casefold())


class Shopper(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Who shops: a customer, an account, or a guest known by an e-mail address at most."""

    customer_id: Id | None = None
    account_id: Id | None = None
    email: Annotated[str, Meta(min_length=1, max_length=320)] | None = None
    account_tags: Annotated[tuple[Word, ...], Meta(max_length=1000)] | None = None

    @property
    def address(self) -> str:
        """The identity of the e-mail address; empty where there is none, or a blank one."""
        return "" if self.email is None else address_key(self.email)

    @property
    def has_account(self) -> bool:
        """Whether the cart belongs to an account: it is named, or its tags are."""
        return self.account_id is not None or self.account_tags is not None

    @property
    def is_guest(self) -> bool:
        """Whether nobody is signed in."""
        return self.customer_id is None and self.account_id is None


NOBODY = Shopper()


class Cart(Consistent, frozen=True, omit_defaults=True, kw_only=True):
    """Everything that a judgement may look at."""

    currency: Currency
    items: Annotated[tuple[Line, ...], Meta(max_length=MAX_LINES)]
    shipping_groups: Annotated[tuple[ShippingGroup, ...], Meta(max_length=MAX_LINES)] = ()
    custom_attributes: Annotated[dict[AttributeKey, CustomAttribute], Meta(max_length=20)] = msgspec.field(
        default_factory=dict[str, CustomAttribute]
    )
    shopper: Shopper = NOBODY

    def contradictions(self) -> Iterator[Fault]:
        """Tell of two lines, or two shipping groups, that cannot be told apart."""
        yield from within(repeated([line.id for line in self.items], "id"), "items")
        yield from within(repeated([group.id for group in self.shipping_groups], "id"), "shipping_groups")
