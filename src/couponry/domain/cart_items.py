"""What shoppers add to carts: products, items of their own, and codes."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from couponry.domain.cart import MAX_QUANTITY, Currency, Id, Price, Quantity
from couponry.domain.errors import Fault
from couponry.domain.products import ProductId, Sku
from couponry.domain.promotions import Description, Name
from couponry.domain.validity import Consistent, missing, nested_deeper, outside

MAX_INPUTS = 8_192
"""How many bytes of JSON the custom inputs of a line take."""

MAX_INPUT_LEVELS = 16
"""How deep arrays and objects nest in them."""

Inputs = Annotated[dict[str, Any], Meta(max_length=50)]
GroupId = Annotated[str, Meta(max_length=255)]
"""The id of a shipping group; an empty one is none."""


def too_long(inputs: dict[str, Any] | UnsetType | None) -> Iterator[Fault]:
    """Tell of custom inputs that are too long, or nested too deeply."""
    if inputs and nested_deeper(inputs, MAX_INPUT_LEVELS):
        yield Fault("too_nested", f"Must not be nested deeper than {MAX_INPUT_LEVELS} levels", "custom_inputs")
    elif inputs and len(msgspec.json.encode(inputs)) > MAX_INPUTS:
        yield outside("maxLength", MAX_INPUTS, "custom_inputs")


class CartItem(Consistent, frozen=True, kw_only=True, tag_field="type", tag="cart_item"):
    """So many units of a product, named by its id or its sku."""

    quantity: Quantity
    id: ProductId | None = None
    sku: Sku | None = None
    custom_inputs: Inputs | None = None
    """Text for a product that is made to order. Units with different inputs are different lines."""
    shipping_group_id: GroupId | None = None

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a product that is not named, and of inputs that are too long."""
        if self.id is None and self.sku is None:
            yield missing("id")
        yield from too_long(self.custom_inputs)


class UnitPrice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one unit costs, in minor units of the cart's currency."""

    amount: Price
    includes_tax: bool = True
    currency: Currency | None = None
    """What the cart is in, if it is in none yet; any other currency than the cart's is refused."""


class CustomItem(Consistent, frozen=True, kw_only=True, tag_field="type", tag="custom_item"):
    """So many units of something that is no product. Those with the same sku are one line."""

    name: Name
    quantity: Quantity
    price: UnitPrice
    description: Description | None = None
    sku: Sku | None = None
    custom_inputs: Inputs | None = None
    shipping_group_id: GroupId | None = None

    def contradictions(self) -> Iterator[Fault]:
        """Tell of inputs that are too long."""
        yield from too_long(self.custom_inputs)


class PromotionItem(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="promotion_item"):
    """A code that the shopper enters."""

    code: Annotated[str, Meta(max_length=1024)]


AnyItem: TypeAlias = CartItem | CustomItem | PromotionItem


class ItemUpdate(Consistent, frozen=True, kw_only=True):
    """What changes on a line; what is left out stays as it is."""

    type: Literal["cart_item", "custom_item"] | UnsetType = UNSET
    quantity: Annotated[int, Meta(ge=0, le=MAX_QUANTITY)] | UnsetType = UNSET
    """0 removes the line."""
    custom_inputs: Inputs | UnsetType | None = UNSET
    shipping_group_id: GroupId | UnsetType | None = UNSET
    """None, or an empty one, takes the line out of its group."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of inputs that are too long."""
        yield from too_long(self.custom_inputs)


class NamedUpdate(ItemUpdate, frozen=True, kw_only=True):
    """What changes on the line with that id."""

    id: Id
