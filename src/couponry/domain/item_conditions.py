"""Conditions on a line: what they look like, and which lines they select.

They say which lines a discount is for, which lines count in the total above them, and, as rules, which lines a cart
must have.
"""

import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from couponry.domain.attributes import PRODUCT_TYPES, Value, Word, Words, name_faults, value_faults
from couponry.domain.errors import Fault
from couponry.domain.money import MAX_AMOUNT, exact
from couponry.domain.running import Lines, RunningCart, Selector, field_key, union
from couponry.domain.validity import Consistent, outside

Membership = Literal["in", "nin"]
Comparison = Literal["gte", "gt", "lte", "lt", "eq"]
ItemComparison = Literal["gte", "gt", "lte", "lt", "eq", "ne"]

_Amount = Meta(ge=0, le=MAX_AMOUNT)
Number: TypeAlias = Annotated[int, _Amount] | Annotated[float, _Amount]
OneNumber = Annotated[tuple[Number, ...], Meta(min_length=1, max_length=1)]

ItemConditions = Annotated[tuple["ItemCondition", ...], Meta(min_length=1, max_length=400)]
FurtherConditions = Annotated[tuple["ItemCondition", ...], Meta(max_length=400)]
"""Item conditions that a line must meet as well."""

Matcher: TypeAlias = Callable[[RunningCart, Lines], Lines | None]
"""Judges a cart by the given lines: returns the lines that matched, or None when the condition does not hold."""

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
    "eq": operator.eq,
    "ne": operator.ne,
}

Needs: TypeAlias = frozenset[tuple[str, Any]]
"""Properties of lines, each a table of `RunningCart` and a key in it: a cart whose lines have none of them is out."""


class Condition(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="strategy"):
    """What every condition is: named by its strategy, without members that nobody reads."""

    @property
    def selects(self) -> bool:
        """Whether it chooses lines; price, quantity and `nin` only narrow the choice of others."""
        return False

    @property
    def needs(self) -> Needs | None:
        """What a cart must have at least one of for this to hold; None when that cannot be told."""
        return None


class LineCondition(Condition, frozen=True):
    """A condition on a line; as a rule it asks for a line that meets it."""

    def selector(self) -> Selector:
        """Return how lines that meet this are found."""
        raise NotImplementedError

    def matcher(self) -> Matcher:
        """Return how a cart is judged by this: it must have a line that meets it."""
        select = self.selector()

        def match(cart: RunningCart, among: Lines) -> Lines | None:
            return select(cart, among) or None

        return match


class Member(LineCondition, frozen=True):
    """A condition that looks a property of the line up in a list."""

    operator: Membership

    @property
    def selects(self) -> bool:
        return self.operator == "in"

    @property
    def needs(self) -> Needs | None:
        return self.keys if self.operator == "in" else None

    @property
    def keys(self) -> Needs:
        """What is looked up, and where."""
        raise NotImplementedError

    @property
    def further(self) -> "tuple[ItemCondition, ...]":
        """What else the line must meet."""
        return getattr(self, "children", ())

    def selector(self) -> Selector:
        selectors = [_in_table(table, self.keys) for table in dict.fromkeys(table for table, _ in self.keys)]
        found = selectors[0] if len(selectors) == 1 else partial(_any_of, selectors)
        return all_of(self.further, found if self.operator == "in" else partial(_none_of, found))


def _in_table(table: str, needs: Needs) -> Selector:
    wanted = frozenset(key for place, key in needs if place == table)
    if len(wanted) == 1:
        [only] = wanted

        def find_one(cart: RunningCart, among: Lines) -> Lines:
            return getattr(cart, table).get(only, 0) & among

        return find_one

    def find(cart: RunningCart, among: Lines) -> Lines:
        return union(getattr(cart, table), wanted) & among

    return find


def _any_of(selectors: list[Selector], cart: RunningCart, among: Lines) -> Lines:
    found = 0
    for select in selectors:
        found |= select(cart, among)
    return found


def _none_of(select: Selector, cart: RunningCart, among: Lines) -> Lines:
    return among & ~select(cart, among)


def each_of(selectors: list[Selector], cart: RunningCart, among: Lines) -> Lines:
    """Return those of the lines that every selector finds."""
    for select in selectors:
        if not among:
            break
        among = select(cart, among)
    return among


def all_of(conditions: "tuple[ItemCondition, ...]", first: Selector | None = None) -> Selector:
    """Return how lines that meet *first* and every one of *conditions* are found."""
    selectors = [condition.selector() for condition in conditions]
    selectors = selectors if first is None else [first, *selectors]
    return selectors[0] if len(selectors) == 1 else partial(each_of, selectors)


class ItemSku(Member, frozen=True, tag="item_sku"):
    """The SKU of a line, be it of a product or a custom item."""

    args: Words

    @property
    def keys(self) -> Needs:
        return frozenset(("skus", sku) for sku in self.args)


class ItemProductId(Member, frozen=True, tag="item_product_id"):
    """The product of a line."""

    args: Words

    @property
    def keys(self) -> Needs:
        return frozenset(("products", id_) for id_ in self.args)


class Identifiers(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """SKUs and product ids that mean the same to a condition."""

    skus: Annotated[tuple[Word, ...], Meta(max_length=400)] = ()
    ids: Annotated[tuple[Word, ...], Meta(max_length=400)] = ()

    def contradictions(self) -> Iterator[Fault]:
        """Tell when nothing is identified: `nin` nothing would be every line."""
        if not (self.skus or self.ids):
            yield outside("minItems", 1, "skus")


class ItemIdentifier(Member, frozen=True, tag="item_identifier"):
    """The SKU or the product of a line."""

    args: Annotated[tuple[Identifiers, ...], Meta(min_length=1, max_length=1)]

    @property
    def keys(self) -> Needs:
        [named] = self.args
        return frozenset([*(("skus", sku) for sku in named.skus), *(("products", id_) for id_ in named.ids)])


class ItemCategory(Member, frozen=True, tag="item_category"):
    """The node of a line's product in a hierarchy, or any node above it."""

    args: Words
    children: FurtherConditions = ()

    @property
    def keys(self) -> Needs:
        return frozenset(("categories", category) for category in self.args)


class ItemAttribute(Member, frozen=True, tag="item_attribute"):
    """A field of the line's product template: `[template, field, type, value...]`."""

    args: Annotated[tuple[Value, ...], Meta(min_length=4, max_length=23)]
    children: FurtherConditions = ()

    @property
    def keys(self) -> Needs:
        template, field, _, *values = self.args
        return frozenset(("attributes", field_key(str(template), str(field), value)) for value in values)

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a template or field without a name, and of values of another type than declared."""
        yield from name_faults(self.args[0], "args.0")
        yield from name_faults(self.args[1], "args.1")
        yield from value_faults(self.args, 2, PRODUCT_TYPES)


class Compared(LineCondition, frozen=True):
    """A condition that compares a figure of the line, exactly, with one number."""

    operator: ItemComparison
    args: OneNumber
    children: FurtherConditions = ()


class ItemPrice(Compared, frozen=True, tag="item_price"):
    """The discounted price of one unit of a line, in minor units."""

    def selector(self) -> Selector:
        compare, (over, under) = COMPARE[self.operator], exact(self.args[0])

        def find(cart: RunningCart, among: Lines) -> Lines:
            left, quantities = cart.left, cart.quantities
            return sum([1 << at for at in cart.members(among) if compare(left[at] * under, over * quantities[at])])

        return all_of(self.children, find)


class ItemQuantity(Compared, frozen=True, tag="item_quantity"):
    """How many units a line has; within a bundle, how many units a requirement needs."""

    def selector(self) -> Selector:
        compare, (over, under) = COMPARE[self.operator], exact(self.args[0])
        asked = self.operator, over, under

        def find(cart: RunningCart, among: Lines) -> Lines:
            found = cart.by_quantity.get(asked)
            if found is None:
                found = sum([1 << at for at, units in enumerate(cart.quantities) if compare(units * under, over)])
                cart.by_quantity[asked] = found
            return found & among

        return all_of(self.children, find)


def children_of(condition: object) -> tuple[Condition, ...]:
    """Return the children of a condition, none where its class has none."""
    return getattr(condition, "children", ())


def narrowest(needs: Iterator[Needs | None]) -> Needs | None:
    """Return the needs that fewest carts meet, of conditions that must all hold."""
    return min((some for some in needs if some is not None), key=len, default=None)


def widest(needs: Iterator[Needs | None]) -> Needs | None:
    """Return the needs of conditions of which one must hold."""
    every = list(needs)
    known = [some for some in every if some is not None]
    return frozenset[tuple[str, Any]]().union(*known) if len(known) == len(every) else None


class Every:
    """Every child must hold: what a condition on lines and one on carts of that kind have in common."""

    __slots__ = ()

    @property
    def selects(self) -> bool:
        return True

    @property
    def needs(self) -> Needs | None:
        return narrowest(child.needs for child in children_of(self))


class Either:
    """One child must hold: what a condition on lines and one on carts of that kind have in common."""

    __slots__ = ()

    @property
    def selects(self) -> bool:
        return True

    @property
    def needs(self) -> Needs | None:
        return widest(child.needs for child in children_of(self))


class ItemAnd(Every, LineCondition, frozen=True, tag="and"):
    """Every child holds for the line."""

    children: ItemConditions

    def selector(self) -> Selector:
        return all_of(self.children)


class ItemOr(Either, LineCondition, frozen=True, tag="or"):
    """At least one child holds for the line."""

    children: ItemConditions

    def selector(self) -> Selector:
        return partial(_any_of, [child.selector() for child in self.children])


ItemLeaf = ItemSku | ItemProductId | ItemIdentifier | ItemCategory | ItemAttribute | ItemPrice | ItemQuantity
ItemCondition = ItemAnd | ItemOr | ItemLeaf
"""What may be said of a line, wherever lines are chosen."""
