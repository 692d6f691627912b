"""The conditions of a rule set: one class per strategy, and which strategies may stand where.

A *rule condition* looks at a whole cart. An *item condition* looks at one of its lines: it says which lines a
discount is for, and which lines count in the total above it.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias, get_args

from msgspec import Meta

from couponry.domain.attributes import CART_TYPES, PRODUCT_TYPES, Value, key_faults, name_faults, value_faults
from couponry.domain.errors import Fault
from couponry.domain.validity import Consistent, joined, not_one_of, outside, within, wrong_type

MAX_DEPTH = 10
"""How deep conditions nest at most; a condition without children is one deep."""
MAX_AMOUNT = 10**15
"""No amount, and no number to compare with, is larger."""

Membership = Literal["in", "nin"]
Comparison = Literal["gte", "gt", "lte", "lt", "eq"]
ItemComparison = Literal["gte", "gt", "lte", "lt", "eq", "ne"]

Word = Annotated[str, Meta(min_length=1, max_length=1024)]
Words = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=400)]
_Amount = Meta(ge=0, le=MAX_AMOUNT)
Number: TypeAlias = Annotated[int, _Amount] | Annotated[float, _Amount]
OneNumber = Annotated[tuple[Number, ...], Meta(min_length=1, max_length=1)]

RuleConditions = Annotated[tuple["RuleCondition", ...], Meta(min_length=1, max_length=400)]
ItemConditions = Annotated[tuple["ItemCondition", ...], Meta(min_length=1, max_length=400)]
FurtherConditions = Annotated[tuple["ItemCondition", ...], Meta(max_length=400)]
"""Item conditions that a line must meet as well."""


class Condition(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="strategy"):
    """What every condition is: named by its strategy, without members that nobody reads."""


# Conditions on the cart


class AccountTags(Condition, frozen=True, tag="account_tags"):
    """The tags of the account that the cart belongs to."""

    operator: Literal["contains_all", "contains_any", "not_contains_any", "not_contains_all"]
    args: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=25)]


class CartTotal(Condition, frozen=True, tag="cart_total"):
    """The total of the cart, or of the lines that meet every child, in minor units."""

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


class CartCustomAttribute(Condition, frozen=True, tag="cart_custom_attribute"):
    """A custom attribute of the cart: `[key, type, value...]`, compared with one value or looked up in several."""

    operator: Literal["in", "nin", "eq", "gt", "lt", "gte", "lte"]
    args: Annotated[tuple[Value, ...], Meta(min_length=3, max_length=22)]

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a bad key, of a type that the operator cannot compare, and of values of another type."""
        yield from key_faults(self.args[0], "args.0")
        yield from value_faults(self.args, 1, COMPARABLE.get(self.operator, CART_TYPES))
        if self.operator in COMPARABLE and len(self.args) > 3:
            yield outside("maxItems", 3, "args")


COMPARABLE: dict[str, tuple[str, ...]] = {
    "eq": ("string", "boolean", "integer"),
    "gt": ("integer", "float"),
    "lt": ("integer", "float"),
    "gte": ("integer",),
    "lte": ("integer",),
}
"""Which types of cart attributes an operator compares with one value; the other operators take all types."""


class And(Condition, frozen=True, tag="and"):
    """Every child holds for the cart."""

    children: RuleConditions


class Or(Condition, frozen=True, tag="or"):
    """At least one child holds for the cart."""

    children: RuleConditions


class ItemsBundle(Condition, frozen=True, tag="items_bundle"):
    """Distinct lines meet every requirement: each child selects lines and says how many units it needs."""

    children: ItemConditions

    def contradictions(self) -> Iterator[Fault]:
        """Tell of children that are not requirements."""
        for index, child in enumerate(self.children):
            yield from within(_requirement_faults(child), joined("children", index))


# Conditions on a line


class ItemSku(Condition, frozen=True, tag="item_sku"):
    """The SKU of a line, be it of a product or a custom item."""

    operator: Membership
    args: Words


class ItemProductId(Condition, frozen=True, tag="item_product_id"):
    """The product of a line."""

    operator: Membership
    args: Words


class Identifiers(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """SKUs and product ids that mean the same to a condition."""

    skus: Annotated[tuple[Word, ...], Meta(max_length=400)] = ()
    ids: Annotated[tuple[Word, ...], Meta(max_length=400)] = ()

    def contradictions(self) -> Iterator[Fault]:
        """Tell when nothing is identified: `nin` nothing would be every line."""
        if not (self.skus or self.ids):
            yield outside("minItems", 1, "skus")


class ItemIdentifier(Condition, frozen=True, tag="item_identifier"):
    """The SKU or the product of a line."""

    operator: Membership
    args: Annotated[tuple[Identifiers, ...], Meta(min_length=1, max_length=1)]


class ItemCategory(Condition, frozen=True, tag="item_category"):
    """The node of a line's product in a hierarchy, or any node above it."""

    operator: Membership
    args: Words
    children: FurtherConditions = ()


class ItemAttribute(Condition, frozen=True, tag="item_attribute"):
    """A field of the line's product template: `[template, field, type, value...]`."""

    operator: Membership
    args: Annotated[tuple[Value, ...], Meta(min_length=4, max_length=23)]
    children: FurtherConditions = ()

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a template or field without a name, and of values of another type than declared."""
        yield from name_faults(self.args[0], "args.0")
        yield from name_faults(self.args[1], "args.1")
        yield from value_faults(self.args, 2, PRODUCT_TYPES)


class ItemPrice(Condition, frozen=True, tag="item_price"):
    """The discounted price of one unit of a line, in minor units."""

    operator: ItemComparison
    args: OneNumber
    children: FurtherConditions = ()


class ItemQuantity(Condition, frozen=True, tag="item_quantity"):
    """How many units a line has; within a bundle, how many units a requirement needs."""

    operator: ItemComparison
    args: OneNumber
    children: FurtherConditions = ()


class ItemAnd(Condition, frozen=True, tag="and"):
    """Every child holds for the line."""

    children: ItemConditions


class ItemOr(Condition, frozen=True, tag="or"):
    """At least one child holds for the line."""

    children: ItemConditions


# Conditions on a shipping group


class ShippingType(Condition, frozen=True, tag="shipping_type"):
    """The shipping type of a shipping group."""

    operator: Literal["in"]
    args: Words


ItemLeaf = ItemSku | ItemProductId | ItemIdentifier | ItemCategory | ItemAttribute | ItemPrice | ItemQuantity
ItemCondition = ItemAnd | ItemOr | ItemLeaf
"""What may be said of a line, wherever lines are chosen."""

CartCondition = AccountTags | CartCustomAttribute | CartTotal | ItemsBundle
RuleCondition = And | Or | CartCondition | ItemLeaf
"""What may be said of a cart by the rules of a promotion."""

AnyCondition = RuleCondition | ItemCondition | ShippingType

SELECTORS = ("item_sku", "item_product_id", "item_identifier", "item_category", "item_attribute", "and", "or")
"""The strategies that choose the lines of a requirement; price and quantity only narrow the choice."""


def walk(root: AnyCondition, at: str = "") -> Iterator[tuple[str, int, AnyCondition]]:
    """Yield every condition of the tree with its path and its depth; a parent comes before its children."""
    pending: list[tuple[str, int, AnyCondition]] = [(at, 1, root)]
    while pending:
        path, depth, condition = pending.pop()
        yield path, depth, condition
        children: tuple[AnyCondition, ...] = getattr(condition, "children", ())
        below = [(joined(path, "children", index), depth + 1, child) for index, child in enumerate(children)]
        pending.extend(reversed(below))


def strategy_of(condition: AnyCondition) -> str:
    """Return the wire name of a condition's class."""
    return str(condition.__struct_config__.tag)


def too_deep(root: AnyCondition) -> Iterator[Fault]:
    """Tell where conditions nest deeper than an evaluation will follow."""
    for path, depth, condition in walk(root):
        if depth == MAX_DEPTH and getattr(condition, "children", ()):
            fault = outside("maxItems", 0, joined(path, "children"))
            yield Fault(fault.title, f"{fault.detail}: conditions nest at most {MAX_DEPTH} deep", fault.source)


def only_for_actions(root: RuleCondition) -> Iterator[Fault]:
    """Tell of operators that the conditions of actions have and rules have not."""
    for path, _depth, condition in walk(root):
        if isinstance(condition, ItemPrice | ItemQuantity) and condition.operator == "ne":
            yield not_one_of(get_args(Comparison), joined(path, "operator"))


def _requirement_faults(child: ItemCondition) -> Iterator[Fault]:
    """Tell why *child* does not select lines, or does not say once how many units it needs."""
    parts: dict[str, ItemCondition] = {"": child}
    count = None
    if isinstance(child, ItemAnd):
        parts = {joined("children", index): part for index, part in enumerate(child.children)}
        count = next((path for path, part in parts.items() if isinstance(part, ItemQuantity)), None)
    if not any(strategy_of(part) in SELECTORS for part in parts.values()):
        yield not_one_of(SELECTORS, joined(next(iter(parts)), "strategy"))
        return
    for path, _depth, condition in walk(child):
        if isinstance(condition, ItemQuantity):
            if path == count:
                yield from within(_count_faults(condition), path)
            else:
                yield not_one_of(SELECTORS, joined(path, "strategy"))


def _count_faults(quantity: ItemQuantity) -> Iterator[Fault]:
    """Tell why *quantity* is not a number of units that a requirement can need."""
    count = quantity.args[0]
    if quantity.operator not in ("eq", "gte"):
        yield not_one_of(("eq", "gte"), "operator")
    if not isinstance(count, int):
        yield wrong_type("integer", count, "args.0")
    elif count < 1:
        yield outside("minimum", 1, "args.0", count)
    if quantity.children:
        yield outside("maxItems", 0, "children")
