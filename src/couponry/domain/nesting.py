"""How conditions may nest, and what a requirement of a bundle may be."""

from collections.abc import Iterator
from typing import get_args

from couponry.domain.errors import Fault
from couponry.domain.item_conditions import (
    Comparison,
    Condition,
    ItemAnd,
    ItemCondition,
    ItemPrice,
    ItemQuantity,
    children_of,
)
from couponry.domain.validity import joined, not_one_of, outside, within, wrong_type

MAX_DEPTH = 10
"""How deep conditions nest at most; a condition without children is one deep."""

SELECTORS = ("item_sku", "item_product_id", "item_identifier", "item_category", "item_attribute", "and", "or")
"""The strategies that choose the lines of a requirement; price and quantity only narrow the choice."""


def walk(root: Condition, at: str = "") -> Iterator[tuple[str, int, Condition]]:
    """Yield every condition of the tree with its path and its depth; a parent comes before its children."""
    pending: list[tuple[str, int, Condition]] = [(at, 1, root)]
    while pending:
        path, depth, condition = pending.pop()
        yield path, depth, condition
        below = [
            (joined(path, "children", index), depth + 1, child) for index, child in enumerate(children_of(condition))
        ]
        pending.extend(reversed(below))


def strategy_of(condition: Condition) -> str:
    """Return the wire name of a condition's class."""
    return str(condition.__struct_config__.tag)


def too_deep(root: Condition) -> Iterator[Fault]:
    """Tell where conditions nest deeper than an evaluation will follow."""
    for path, depth, condition in walk(root):
        if depth == MAX_DEPTH and children_of(condition):
            fault = outside("maxItems", 0, joined(path, "children"))
            yield Fault(fault.title, f"{fault.detail}: conditions nest at most {MAX_DEPTH} deep", fault.source)


def only_for_actions(root: Condition) -> Iterator[Fault]:
    """Tell of operators that the conditions of actions have and rules have not."""
    for path, _depth, condition in walk(root):
        if isinstance(condition, ItemPrice | ItemQuantity) and condition.operator == "ne":
            yield not_one_of(get_args(Comparison), joined(path, "operator"))


def requirement_faults(child: ItemCondition) -> Iterator[Fault]:
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
