"""The actions of a rule set: what a promotion takes off, of what, and how much at most."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from couponry.domain.conditions import ItemCondition, ItemsBundle, RuleCondition, ShippingType
from couponry.domain.errors import Fault
from couponry.domain.groups import take_groups
from couponry.domain.money import MAX_AMOUNT, Ratio, apportion, exact, rounded
from couponry.domain.nesting import walk
from couponry.domain.running import Lines, RunningCart
from couponry.domain.taking import (
    ALL_UNITS,
    Effect,
    Pick,
    Picking,
    Taken,
    percent_of_lines,
    pick,
    take_fixed,
    take_percent,
    take_together,
    within_cap,
)
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

    @property
    def ratio(self) -> Ratio:
        """Return what part of a price it is."""
        over, under = exact(self.share)
        return Ratio(over, under * 100)

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

    def effect(self, rules: RuleCondition) -> Effect:
        """Return what the action does with a cart that meets *rules*."""
        raise NotImplementedError


def _cap(limitations: Limitations | None) -> int | None:
    return limitations.max_discount if limitations else None


class CartDiscount(Action, frozen=True, tag="cart_discount"):
    """Takes off the cart as a whole, and is spread over the lines that the condition admits."""

    args: Fixed | Percent
    condition: ItemCondition | None = None
    limitations: Limitations | None = None

    def effect(self, rules: RuleCondition) -> Effect:
        """Return what takes one amount off the lines together: the fixed one, or the percentage rounded once."""
        choose = self.condition.selector() if self.condition else None
        fixed = self.args.amount if isinstance(self.args, Fixed) else None
        share = self.args.ratio if isinstance(self.args, Percent) else Ratio(0, 1)
        cap = _cap(self.limitations)

        def take(cart: RunningCart, among: Lines, _matched: Lines, _uses: int | None) -> tuple[list[Taken], int]:
            lines = choose(cart, among) if choose else among
            left, members = cart.left, cart.members(lines)
            values = [left[at] for at in members]
            subtotal = sum(values)
            amount = min(fixed, subtotal) if fixed is not None else rounded(subtotal * share.over, share.under)
            if cap is not None:
                amount = min(amount, cap)
            if not amount:
                return [], 0
            parts = apportion(amount, values)
            return [(at, part, 0) for at, part in zip(members, parts, strict=True)], 1

        return take


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
    def show_suggestions(self) -> bool:
        """Whether carts that lack the target are told of it."""
        return bool(self.limitations and self.limitations.items and self.limitations.items.show_suggestions)

    @property
    def is_gift(self) -> bool:
        """Whether the target costs nothing."""
        return isinstance(self.args, Percent) and self.args.exact == 100

    def effect(self, rules: RuleCondition) -> Effect:
        """Return what takes off each of the units picked, or off each group of them."""
        choose = self.condition.selector() if self.condition else None
        if self.limitations is None and isinstance(self.args, Percent):
            return percent_of_lines(choose, self.args.ratio)
        picking = self._picking()
        taking = self._taking()
        cap, in_groups = _cap(self.limitations), isinstance(self.args, FixedPriceFor)

        def take(cart: RunningCart, among: Lines, matched: Lines, uses: int | None) -> tuple[list[Taken], int]:
            picks = pick(cart, choose(cart, among) if choose else matched, picking)
            taken, applications = taking(cart, picks, uses)
            if cap is None:
                return taken, applications
            kept = within_cap(taken, cap)
            # A unit that the cap leaves nothing for is no application; a group stays one.
            return kept, applications if in_groups else sum([units for _, _, units in kept])

        return take

    def _picking(self) -> Picking:
        if self.limitations is None:
            return ALL_UNITS
        limits = self.limitations
        items = limits.items or TargetItems()
        strategy = items.price_strategy
        if strategy is None and (items.max_items is not None or items.max_units is not None):
            strategy = "cheapest"
        dearest = None if strategy is None else strategy == "expensive"
        return Picking(limits.max_quantity, items.max_items, items.max_units, dearest)

    def _taking(self) -> "Callable[[RunningCart, list[Pick], int | None], tuple[list[Taken], int]]":
        match self.args:
            case Fixed(amount):
                return lambda cart, picks, uses: take_fixed(cart, picks, uses, amount)
            case Percent():
                share = self.args.ratio
                return lambda cart, picks, uses: take_percent(cart, picks, uses, share)
            case FixedPriceFor(quantity, total):
                return lambda cart, picks, uses: take_groups(cart, picks, quantity, total, uses)


class ItemsBundleDiscount(Action, frozen=True, tag="items_bundle_discount"):
    """Takes off lines that are bought together."""

    args: Fixed | Percent | FixedPrice
    condition: ItemsBundle | None = None
    limitations: Limitations | None = None

    def effect(self, rules: RuleCondition) -> Effect:
        """Return what takes off all bundles together, spread over their lines by what they cost."""
        condition = self.condition or bundle_in(rules)
        make = condition.assembler() if condition else None
        by_rules = self.condition is None
        cap, off = _cap(self.limitations), self._amount_off()

        def take(cart: RunningCart, among: Lines, matched: Lines, uses: int | None) -> tuple[list[Taken], int]:
            # The bundle of the rules is not made of lines that their filters left out.
            bundle = make(cart, matched if by_rules else among) if make else None
            times = 0 if bundle is None else bundle.times if uses is None else min(bundle.times, uses)
            if bundle is None or not times:
                return [], 0
            picks = [(line, units * times) for line, units in sorted(bundle.parts) if cart.left[line]]
            taken = within_cap(take_together(cart, picks, partial(off, times)), cap)
            return taken, times if taken else 0

        return take

    def _amount_off(self) -> Callable[[int, int, int], int]:
        """Return how much so many bundles cost less, of what they cost: a fraction."""
        match self.args:
            case Fixed(amount):
                return lambda times, over, under: min(amount * times, rounded(over, under))
            case Percent():
                share = self.args.ratio
                return lambda _times, over, under: rounded(over * share.over, under * share.under)
            case FixedPrice(total):
                return lambda times, over, under: rounded(max(over - total * times * under, 0), under)


class ShippingDiscount(Action, frozen=True, tag="shipping_discount"):
    """Takes off the base price of every shipping group that the condition admits."""

    args: Fixed | Percent | FixedPrice
    condition: ShippingType | None = None

    def effect(self, rules: RuleCondition) -> Effect:
        """Return what takes off the running price of each shipping group that is linked to a line."""
        types = frozenset(self.condition.args) if self.condition else None
        off = self._amount_off()

        def take(cart: RunningCart, _among: Lines, _matched: Lines, uses: int | None) -> tuple[list[Taken], int]:
            amounts = ((at, off(cart.shipping_left[at])) for at in cart.shipping_groups(types))
            taken = [(at, amount, 0) for at, amount in amounts if amount][:uses]
            return taken, len(taken)

        return take

    def _amount_off(self) -> Callable[[int], int]:
        match self.args:
            case Fixed(amount):
                return lambda price: min(amount, price)
            case Percent():
                share = self.args.ratio
                return lambda price: rounded(price * share.over, share.under)
            case FixedPrice(total):
                return lambda price: max(price - total, 0)


AnyAction = CartDiscount | ItemDiscount | ItemsBundleDiscount | ShippingDiscount


def bundle_in(rules: RuleCondition) -> ItemsBundle | None:
    """Return the first bundle that *rules* ask for, if any."""
    return next((condition for _, _, condition in walk(rules) if isinstance(condition, ItemsBundle)), None)
