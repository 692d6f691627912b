"""The conditions of a rule set on a whole cart: what they look like, and when they hold.

To judge a cart by a condition returns the lines that matched it: a discount is for them where its action names none.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from msgspec import Meta

from couponry.domain.attributes import CART_TYPES, Value, Word, Words, key_faults, value_faults
from couponry.domain.bundles import Bundle, assemble
from couponry.domain.errors import Fault
from couponry.domain.item_conditions import (
    COMPARE,
    Condition,
    Either,
    Every,
    FurtherConditions,
    ItemAnd,
    ItemCondition,
    ItemConditions,
    ItemLeaf,
    ItemPrice,
    ItemQuantity,
    LineCondition,
    Matcher,
    Number,
    all_of,
    each_of,
)
from couponry.domain.money import exact
from couponry.domain.nesting import requirement_faults
from couponry.domain.running import Lines, RunningCart, Scalar, Selector
from couponry.domain.validity import joined, outside, within

RuleConditions = Annotated[tuple["RuleCondition", ...], Meta(min_length=1, max_length=400)]


class CartWide(Condition, frozen=True):
    """A condition on the cart, which it meets or not."""

    def matcher(self) -> Matcher:
        """Return how a cart is judged by this."""
        raise NotImplementedError


class AccountTags(CartWide, frozen=True, tag="account_tags"):
    """The tags of the account that the cart belongs to."""

    operator: Literal["contains_all", "contains_any", "not_contains_any", "not_contains_all"]
    args: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=25)]

    def holds(self, cart: RunningCart) -> bool:
        """Tell whether the account has the tags, or lacks them; nothing holds without an account."""
        shopper = cart.cart.shopper
        if not shopper.has_account:
            return False
        tags, wanted = shopper.account_tags or (), set(self.args)
        match self.operator:
            case "contains_all":
                return wanted.issubset(tags)
            case "contains_any":
                return not wanted.isdisjoint(tags)
            case "not_contains_any":
                return wanted.isdisjoint(tags)
            case "not_contains_all":
                return not wanted.issubset(tags)

    def matcher(self) -> Matcher:
        return lambda cart, among: among if self.holds(cart) else None


class CartTotal(CartWide, frozen=True, tag="cart_total"):
    """The running total of the cart, or of the lines that meet every child, in minor units."""

    operator: Literal["gte", "gt", "lte", "lt", "eq", "range"]
    args: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=2)]
    """What to compare with; the least and the most for `range`, both inclusive."""
    children: FurtherConditions = ()

    def contradictions(self) -> Iterator[Fault]:
        """Tell of missing or surplus args, and of a range that is empty."""
        wanted = 2 if self.operator == "range" else 1
        if len(self.args) > wanted:
            yield outside("maxItems", wanted, "args")
        elif len(self.args) < wanted:
            yield outside("minItems", wanted, "args")
        elif self.args[0] > self.args[-1]:
            yield outside("minimum", self.args[0], "args.1", self.args[1])

    def counted(self) -> Selector:
        """Return how the lines that count are found."""
        return all_of(self.children) if self.children else lambda _, among: among

    def matcher(self) -> Matcher:
        count = self.counted() if self.children else None
        compare = COMPARE["gte" if self.operator == "range" else self.operator]
        (over, under), (most, most_under) = exact(self.args[0]), exact(self.args[-1])
        bounded = self.operator == "range"

        def match(cart: RunningCart, among: Lines) -> Lines | None:
            counted = among if count is None else count(cart, among)
            total = cart.value_of(counted)
            if compare(total * under, over) and not (bounded and total * most_under > most):
                return counted
            return None

        return match


class CartCustomAttribute(CartWide, frozen=True, tag="cart_custom_attribute"):
    """A custom attribute of the cart: `[key, type, value...]`, compared with one value or looked up in several."""

    operator: Literal["in", "nin", "eq", "gt", "lt", "gte", "lte"]
    args: Annotated[tuple[Value, ...], Meta(min_length=3, max_length=22)]

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a bad key, of a type that the operator cannot compare, and of values of another type."""
        yield from key_faults(self.args[0], "args.0")
        yield from value_faults(self.args, 1, COMPARABLE.get(self.operator, CART_TYPES))
        if self.operator in COMPARABLE and len(self.args) > 3:
            yield outside("maxItems", 3, "args")

    def value_in(self, cart: RunningCart) -> Scalar | None:
        """Return the value that the cart has, None where it has none of the declared type."""
        found = cart.cart.custom_attributes.get(str(self.args[0]))
        return found.value if found is not None and found.type == self.args[1] else None

    def holds(self, cart: RunningCart) -> bool:
        """Tell whether the cart's value is one of those, or compares so; without one, only `nin` holds."""
        value, values = self.value_in(cart), self.args[2:]
        if value is None:
            return self.operator == "nin"
        if self.operator in COMPARABLE:
            return COMPARE[self.operator](value, values[0])
        return (value in values) == (self.operator == "in")

    def matcher(self) -> Matcher:
        key, holds, unset = str(self.args[0]), self.holds, self.operator == "nin"

        def match(cart: RunningCart, among: Lines) -> Lines | None:
            held = holds(cart) if key in cart.cart.custom_attributes else unset
            return among if held else None

        return match


COMPARABLE: dict[str, tuple[str, ...]] = {
    "eq": ("string", "boolean", "integer"),
    "gt": ("integer", "float"),
    "lt": ("integer", "float"),
    "gte": ("integer",),
    "lte": ("integer",),
}
"""Which types of cart attributes an operator compares with one value; the other operators take all types."""


class ItemsBundle(Every, CartWide, frozen=True, tag="items_bundle"):
    """Distinct lines meet every requirement: each child selects lines and says how many units it needs."""

    children: ItemConditions

    def contradictions(self) -> Iterator[Fault]:
        """Tell of children that are not requirements."""
        for index, child in enumerate(self.children):
            yield from within(requirement_faults(child), joined("children", index))

    def requirements(self) -> list[tuple[Selector, int]]:
        """Return how the lines of each requirement are found, and how many units it needs."""
        return [requirement(child) for child in self.children]

    def assembler(self) -> "Assembler":
        """Return how a bundle is made of the lines of a cart.

        The bundle made last is kept: an action mostly asks for the one that its rules have just found.
        """
        requirements = self.requirements()

        def make(cart: RunningCart, among: Lines) -> Bundle | None:
            last = cart.assembled
            if last and last[2] == cart.ordinal and (last[0] is self or last[0] == self):
                whole, made = last[1], last[3]
                # Fewer lines make the same bundle as long as those that it is made of are among them.
                if among == whole or (made and not among & ~whole and not made.lines & ~among):
                    return made
            made = assemble(cart, [(select(cart, among), units) for select, units in requirements])
            cart.assembled = (self, among, cart.ordinal, made)
            return made

        return make

    def matcher(self) -> Matcher:
        make = self.assembler()

        def match(cart: RunningCart, among: Lines) -> Lines | None:
            bundle = make(cart, among)
            return None if bundle is None else bundle.lines

        return match


Assembler = Callable[[RunningCart, Lines], Bundle | None]


def requirement(child: ItemCondition) -> tuple[Selector, int]:
    """Return how the lines of a requirement are found, and how many units of them it needs."""
    if isinstance(child, ItemAnd):
        counts = [part for part in child.children if isinstance(part, ItemQuantity)]
        others = tuple(part for part in child.children if not isinstance(part, ItemQuantity))
        if counts:
            return all_of(others), int(counts[0].args[0])
    return child.selector(), 1


class And(Every, Condition, frozen=True, tag="and"):
    """Every child holds for the cart."""

    children: RuleConditions

    def matcher(self) -> Matcher:
        """Return how a cart is judged by this (behaviour.md 4.2).

        Conditions on the cart must hold; lines are narrowed by the filters, and each child that chooses lines must
        find one among those. Matched are the lines chosen, or without a choice all that passed the filters.
        """
        filters = [child for child in self.children if isinstance(child, LineCondition) and not child.selects]
        filters.sort(key=lambda child: isinstance(child, ItemPrice))  # which looks at every line, after the others
        narrow = [child.selector() for child in filters]
        choose = [(child.matcher(), isinstance(child, And | Or)) for child in self.children if child.selects]
        asked = [child.matcher() for child in self.children if isinstance(child, CartWide) and not child.selects]

        def match(cart: RunningCart, among: Lines) -> Lines | None:
            for condition in asked:
                if condition(cart, among) is None:
                    return None
            filtered = each_of(narrow, cart, among)
            if not choose:
                return filtered if filtered or not narrow else None
            return _chosen(choose, cart, among, filtered)

        return match


def _chosen(choose: list[tuple[Matcher, bool]], cart: RunningCart, among: Lines, filtered: Lines) -> Lines | None:
    """Return the lines that any of the conditions chooses; None unless each chooses one that passed the filters."""
    matched = 0
    for condition, nested in choose:
        # What is nested is judged by itself: filters are for the children beside them.
        found = condition(cart, among if nested else filtered)
        found = found and found & filtered
        if not found:
            return None
        matched |= found
    return matched


class Or(Either, Condition, frozen=True, tag="or"):
    """At least one child holds for the cart."""

    children: RuleConditions

    def matcher(self) -> Matcher:
        """Return how a cart is judged by this: what any child that holds has matched."""
        matchers = [child.matcher() for child in self.children]

        def match(cart: RunningCart, among: Lines) -> Lines | None:
            held = [found for found in (condition(cart, among) for condition in matchers) if found is not None]
            matched = 0
            for found in held:
                matched |= found
            return matched if held else None

        return match


class ShippingType(Condition, frozen=True, tag="shipping_type"):
    """The shipping type of a shipping group."""

    operator: Literal["in"]
    args: Words


CartCondition = AccountTags | CartCustomAttribute | CartTotal | ItemsBundle
RuleCondition = And | Or | CartCondition | ItemLeaf
"""What may be said of a cart by the rules of a promotion."""

AnyCondition = RuleCondition | ItemCondition | ShippingType
