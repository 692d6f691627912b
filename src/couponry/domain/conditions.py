"""The conditions of a rule set: one class per strategy, and which strategies may stand where.

A *rule condition* looks at a whole cart. An *item condition* looks at one of its lines: it says which lines a
discount is for, and which lines count in the total above it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, TypeAlias, get_args

from msgspec import Meta

from couponry.domain.errors import Fault
from couponry.domain.validity import Consistent, joined, not_one_of, outside, within, wrong_type

MAX_DEPTH = 10
"""How deep conditions nest at most; a condition without children is one deep."""
MAX_AMOUNT = 10**15
"""No amount, and no number to compare with, is larger."""

Membership = Literal["in", "nin"]
Comparison = Literal["gte", "gt", "lte", "lt", "eq"]
ItemComparison = Literal["gte", "gt", "lte", "lt", "eq", "ne"]
ValueType = Literal["string", "boolean", "integer", "float"]

KEY_PATTERN = r"^[A-Za-z0-9_-]{1,255}$"

Word = Annotated[str, Meta(min_length=1, max_length=1024)]
Words = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=400)]
_Positive = Meta(ge=0, le=MAX_AMOUNT)
_Signed = Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)
Number: TypeAlias = Annotated[int, _Positive] | Annotated[float, _Positive]
Value: TypeAlias = Annotated[str, Meta(max_length=1024)] | bool | Annotated[int, _Signed] | Annotated[float, _Signed]
OneNumber = Annotated[tuple[Number, ...], Meta(min_length=1, max_length=1)]

RuleConditions = Annotated[tuple["RuleCondition", ...], Meta(min_length=1, max_length=400)]
ItemConditions = Annotated[tuple["ItemCondition", ...], Meta(min_length=1, max_length=400)]
FurtherConditions = Annotated[tuple["ItemCondition", ...], Meta(max_length=400)]
"""Item conditions that a line must meet as well; none by default."""


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
        key, type_, *values = self.args
        yield from _unlike_text(key, "args.0", KEY_PATTERN)
        yield from _typed(type_, values, COMPARABLE.get(self.operator, get_args(ValueType)), first=2)
        if self.operator in COMPARABLE and len(values) > 1:
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
            yield from within(_no_requirement(child), joined("children", index))


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
        template, field, type_, *values = self.args
        yield from _unlike_text(template, "args.0")
        yield from _unlike_text(field, "args.1")
        yield from _typed(type_, values, (*get_args(ValueType), "date"), first=3)


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
        for index, child in enumerate(getattr(condition, "children", ())):
            pending.append((joined(path, "children", index), depth + 1, child))


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


def _unlike_text(value: object, source: str, pattern: str | None = None) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield wrong_type("string", value, source)
    elif pattern is not None:
        if not re.fullmatch(pattern, value) or value.endswith("\n"):
            yield outside("pattern", pattern, source)
    elif not value:
        yield outside("minLength", 1, source)
    elif len(value) > 255:
        yield outside("maxLength", 255, source)


def _typed(type_: object, values: list[Value], allowed: Iterable[str], first: int) -> Iterator[Fault]:
    allowed = tuple(allowed)
    if not isinstance(type_, str):
        yield wrong_type("string", type_, joined("args", first - 1))
    elif type_ not in allowed:
        yield not_one_of(allowed, joined("args", first - 1))
    else:
        for index, value in enumerate(values, first):
            if not _is_of(type_, value):
                yield wrong_type(
                    "number" if type_ == "float" else type_ if type_ != "date" else "string",
                    value,
                    joined("args", index),
                )


def _is_of(type_: str, value: Value) -> bool:
    if isinstance(value, bool) or type_ == "boolean":
        return isinstance(value, bool) and type_ == "boolean"
    expected = {"integer": int, "float": (int, float)}.get(type_, str)
    return isinstance(value, expected)


def _no_requirement(child: ItemCondition) -> Iterator[Fault]:
    parts = [("", child)]
    if isinstance(child, ItemAnd):
        parts = [(joined("children", index), part) for index, part in enumerate(child.children)]
    quantities = [(at, part) for at, part in parts if isinstance(part, ItemQuantity)]
    if not any(strategy_of(part) in SELECTORS for _, part in parts):
        yield not_one_of(SELECTORS, joined(parts[0][0], "strategy"))
    elif quantities:
        yield from within(_no_count(quantities[0][1]), quantities[0][0])
    for at, part in parts:
        for path, _depth, condition in walk(part, at):
            if isinstance(condition, ItemQuantity) and condition is not (quantities or [("", None)])[0][1]:
                yield not_one_of(SELECTORS, joined(path, "strategy"))


def _no_count(quantity: ItemQuantity) -> Iterator[Fault]:
    count = quantity.args[0]
    if quantity.operator not in ("eq", "gte"):
        yield not_one_of(("eq", "gte"), "operator")
    if not isinstance(count, int):
        yield wrong_type("integer", count, "args.0")
    elif count < 1:
        yield outside("minimum", 1, "args.0", count)
    if quantity.children:
        yield outside("maxItems", 0, "children")
