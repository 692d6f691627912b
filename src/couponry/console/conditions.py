"""Conditions in words: of a cart (`the cart comes to 100.00 or more`) and of a line (`with the SKU “mug”`)."""

from collections.abc import Sequence

from couponry.console import words
from couponry.console.formats import number, plural
from couponry.console.writing import both, either, money, quoted
from couponry.domain.attributes import Value
from couponry.domain.conditions import AccountTags, And, CartCustomAttribute, CartTotal, ItemsBundle, Or, requirement
from couponry.domain.item_conditions import (
    Condition,
    ItemAnd,
    ItemAttribute,
    ItemCategory,
    ItemCondition,
    ItemIdentifier,
    ItemOr,
    ItemPrice,
    ItemProductId,
    ItemQuantity,
    ItemSku,
    LineCondition,
)
from couponry.domain.nesting import strategy_of

__all__ = ["either", "of_cart", "of_line", "of_requirement"]


def of_cart(condition: Condition, *, inner: bool = False) -> str:
    """Write what is asked of a cart; what joins several conditions has brackets where it is an *inner* one."""
    match condition:
        case And():
            return _bracketed(_parts_of_and(condition), " and ", inner=inner)
        case Or():
            return _bracketed([of_cart(child, inner=True) for child in condition.children], " or ", inner=inner)
        case AccountTags():
            return _tags(condition)
        case CartTotal():
            of = f"what it has of items {_all(condition.children)}" if condition.children else "the cart"
            return f"{of} comes to {_compared(condition.operator, [money(arg) for arg in condition.args])}"
        case CartCustomAttribute():
            key, _, *values = condition.args
            return f"the attribute “{key}” of the cart {_is(condition.operator, values)}"
        case ItemsBundle():
            return f"the cart has together {both([of_requirement(child) for child in condition.children])}"
        case LineCondition():
            return f"the cart has an item {of_line(condition)}"
        case _:
            return _plainly(condition)


def _parts_of_and(condition: And) -> list[str]:
    """Write the parts as they are judged: what chooses no lines narrows the choice of the others."""
    narrow = [child for child in condition.children if isinstance(child, LineCondition) and not child.selects]
    others = [child for child in condition.children if child not in narrow]
    parts = [of_cart(child, inner=True) for child in others]
    if not narrow:
        return parts
    if any(child.selects for child in others):
        return [*parts[:-1], f"{parts[-1]}, counting only items {_all(narrow)}"]
    return [*parts, f"the cart has an item {_all(narrow)}"]


def of_line(condition: Condition, *, inner: bool = False) -> str:
    """Write which lines are meant, to follow the word `items`."""
    match condition:
        case ItemAnd() | ItemOr() | And() | Or():
            word = " and " if isinstance(condition, ItemAnd | And) else " or "
            return _bracketed([of_line(child, inner=True) for child in condition.children], word, inner=inner)
        case ItemSku():
            return f"whose SKU {_is(condition.operator, condition.args)}"
        case ItemProductId():
            return f"whose product {_is(condition.operator, condition.args)}"
        case ItemIdentifier():
            [named] = condition.args
            return f"whose SKU or product {_is(condition.operator, [*named.skus, *named.ids])}"
        case ItemCategory():
            return f"{'' if condition.operator == 'in' else 'not '}in {either(quoted(condition.args))}" + _further(
                condition.children
            )
        case ItemAttribute():
            template, field, _, *values = condition.args
            return f"whose “{field}” ({template}) {_is(condition.operator, values)}{_further(condition.children)}"
        case ItemPrice():
            return f"costing {_compared(condition.operator, [money(condition.args[0])])}{_further(condition.children)}"
        case ItemQuantity():
            return (
                f"of {_compared(condition.operator, [_count(condition.args[0])])} units{_further(condition.children)}"
            )
        case _:
            return _plainly(condition)


def of_requirement(child: ItemCondition) -> str:
    """Write a requirement of a bundle: how many units of which lines."""
    _, units = requirement(child)
    if isinstance(child, ItemAnd):
        others = [part for part in child.children if not isinstance(part, ItemQuantity)]
        return f"{plural(units, 'unit')} of items {_all(others)}"
    return f"{plural(units, 'unit')} of items {of_line(child)}"


def _tags(condition: AccountTags) -> str:
    tags = quoted(condition.args)
    noun, together = ("tag", "") if len(tags) == 1 else ("tags", " together")
    match condition.operator:
        case "contains_all":
            return f"the account has the {noun} {both(tags)}"
        case "contains_any":
            return f"the account has the tag {either(tags)}"
        case "not_contains_any":
            return f"the account does not have the tag {either(tags)}"
        case "not_contains_all":
            return f"the account does not have the {noun} {both(tags)}{together}"


def _is(operator: str, values: Sequence[Value]) -> str:
    told = quoted(values)
    if operator in ("in", "nin"):
        return f"{'is' if operator == 'in' else 'is not'} {either(told)}"
    return f"is {_compared(operator, told)}"


def _compared(operator: str, told: Sequence[str]) -> str:
    match operator:
        case "gte":
            return f"{told[0]} or more"
        case "lte":
            return f"{told[0]} or less"
        case "gt":
            return f"more than {told[0]}"
        case "lt":
            return f"less than {told[0]}"
        case "range":
            return f"between {told[0]} and {told[-1]}"
        case "ne":
            return f"anything but {told[0]}"
        case "eq":
            return f"exactly {told[0]}"
        case _:
            return f"{words.called(operator)} {both(told)}"


def _further(children: Sequence[ItemCondition]) -> str:
    return f" and {_all(children)}" if children else ""


def _all(conditions: Sequence[Condition]) -> str:
    return " and ".join(of_line(one, inner=True) for one in conditions)


def _bracketed(parts: Sequence[str], word: str, *, inner: bool) -> str:
    joined = word.join(parts)
    return f"({joined})" if inner and len(parts) > 1 else joined


def _count(value: float) -> str:
    return number(value) if isinstance(value, int) else str(value)


def _plainly(condition: Condition) -> str:
    """Write a condition that has no wording yet: its name, and what it says."""
    said = [str(getattr(condition, member)) for member in ("operator", "args") if hasattr(condition, member)]
    return " ".join([words.called(strategy_of(condition)), *said])
