"""The actions of a rule set: what a promotion takes off, of what, and how much at most."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from couponry.domain.conditions import MAX_AMOUNT, ItemCondition, ItemsBundle, ShippingType
from couponry.domain.errors import Fault
from couponry.domain.validity import Consistent, outside

Amount = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
"""Money in minor units."""
Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]

_Share = Meta(ge=0, le=100)
Share: TypeAlias = Annotated[int, _Share] | Annotated[float, _Share]
FINEST_SHARE = Decimal("0.000001")


class Fixed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fixed"):
    """A fixed amount off: `["fixed", 500]`."""

    amount: Amount


class Percent(Consistent, frozen=True, array_like=True, forbid_unknown_fields=True, tag="percent"):
    """A percentage off, with up to six decimals: `["percent", 12.5]`."""

    share: Share
    """The number as the merchant wrote it; compute with `exact`, which no binary fraction has touched."""

    @property
    def exact(self) -> Decimal:
        """Return the percentage, exactly as written."""
        # A share has at most nine significant digits: the shortest text of its float is what was written.
        return Decimal(str(self.share))

    def contradictions(self) -> Iterator[Fault]:
        """Tell of more decimals than are kept."""
        if self.exact % FINEST_SHARE:
            yield outside("multipleOf", f"{FINEST_SHARE:f}", "1", self.share)


class FixedPrice(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fixed_price"):
    """What the target costs instead: `["fixed_price", 20000]`."""

    total: Amount


class FixedPriceFor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fixed_price"):
    """What so many units cost together instead: `["fixed_price", 2, 10000]`."""

    quantity: Count
    total: Amount


class Limitations(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much an action takes off at most."""

    max_discount: Amount | None = None
    """The most that the action takes off in total."""


class TargetItems(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which of the eligible lines an action is for, and what to do when none is in the cart."""

    max_items: Count | None = None
    """How many lines."""
    max_units: Count | None = None
    """How many units over all lines."""
    price_strategy: Literal["cheapest", "expensive"] | None = None
    """Which lines come first."""
    auto_add: bool | None = None
    show_suggestions: bool | None = None


class ItemLimitations(Limitations, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much an action on lines takes off at most, of how many units of each line, and of which lines."""

    max_quantity: Count | None = None
    """How many units of each line."""
    items: TargetItems | None = None


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="strategy"):
    """What every action is: named by its strategy, without members that nobody reads."""


class CartDiscount(Action, frozen=True, tag="cart_discount"):
    """Takes off the cart as a whole, and is spread over the lines that the condition admits."""

    args: Fixed | Percent
    condition: ItemCondition | None = None
    limitations: Limitations | None = None


class ItemDiscount(Action, frozen=True, tag="item_discount"):
    """Takes off the lines that the condition admits, or else those that the rules matched."""

    args: Fixed | Percent | FixedPriceFor
    condition: ItemCondition | None = None
    limitations: ItemLimitations | None = None

    @property
    def auto_add(self) -> bool:
        """Whether the target is put into carts that lack it."""
        return bool(self.limitations and self.limitations.items and self.limitations.items.auto_add)

    @property
    def is_gift(self) -> bool:
        """Whether the target costs nothing."""
        return isinstance(self.args, Percent) and self.args.exact == 100


class ItemsBundleDiscount(Action, frozen=True, tag="items_bundle_discount"):
    """Takes off lines that are bought together."""

    args: Fixed | Percent | FixedPrice
    condition: ItemsBundle | None = None
    limitations: Limitations | None = None


class ShippingDiscount(Action, frozen=True, tag="shipping_discount"):
    """Takes off the base price of every shipping group that the condition admits."""

    args: Fixed | Percent | FixedPrice
    condition: ShippingType | None = None


AnyAction = CartDiscount | ItemDiscount | ItemsBundleDiscount | ShippingDiscount
