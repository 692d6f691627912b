"""Conditions that no cart can meet, as far as that can be decided from what they say.

Whatever is told here is certain; what is not told may still be impossible in a given shop.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from couponry.domain.cart import MAX_LINES, MAX_PRICE, MAX_QUANTITY
from couponry.domain.conditions import (
    AccountTags,
    And,
    CartCustomAttribute,
    CartTotal,
    CartWide,
    ItemsBundle,
    Or,
)
from couponry.domain.item_conditions import (
    Condition,
    ItemAnd,
    ItemOr,
    ItemPrice,
    ItemProductId,
    ItemQuantity,
    ItemSku,
    LineCondition,
    Member,
    children_of,
)
from couponry.domain.nesting import walk
from couponry.domain.spans import Span
from couponry.domain.validity import joined

TOTALS = Span(Fraction(0), Fraction(MAX_LINES * MAX_QUANTITY * MAX_PRICE), whole=True)
PRICES = Span(Fraction(0), Fraction(MAX_PRICE), whole=False)
QUANTITIES = Span(Fraction(1), Fraction(MAX_QUANTITY), whole=True)
MOST = 10**15
NUMBERS = {
    "integer": Span(Fraction(-MOST), Fraction(MOST), whole=True),
    "float": Span(Fraction(-MOST), Fraction(MOST), whole=False),
}


class Dead(NamedTuple):
    """A condition that never holds: where it stands, and why."""

    path: str
    why: str


class Placed(NamedTuple):
    """A condition and where it stands."""

    path: str
    condition: Condition


def never(condition: Condition, path: str = "") -> Dead | None:
    """Return why no cart, or no line, can ever meet *condition*; None where it cannot be told."""
    children = [Placed(joined(path, "children", at), child) for at, child in enumerate(children_of(condition))]
    match condition:
        case Or() | ItemOr():
            dead = [never(child.condition, child.path) for child in children]
            return dead[0] if dead and all(dead) else None
        case And():
            return _first(children) or _never_of_cart(path, children)
        case ItemsBundle():
            return next((dead for child in children if (dead := _requirement(child))), None)
        case CartTotal():
            return _never_total(condition, path, children)
        case LineCondition():
            return _never_of_line(path, [Placed(path, condition)]) or _first(children)
        case _:
            return None


def dead_branches(condition: Condition, path: str = "") -> Iterator[Dead]:
    """Tell of every alternative that never holds, where another one may."""
    for at, _, part in walk(condition, path):
        if isinstance(part, Or | ItemOr) and never(part, at) is None:
            for index, child in enumerate(part.children):
                if (dead := never(child, joined(at, "children", index))) is not None:
                    yield dead


def _first(children: Sequence[Placed]) -> Dead | None:
    return next((dead for child in children if (dead := never(child.condition, child.path))), None)


def _requirement(child: Placed) -> Dead | None:
    """Judge a requirement of a bundle, whose quantity counts units over all its lines."""
    if not isinstance(child.condition, ItemAnd):
        return never(child.condition, child.path)
    parts = [
        Placed(joined(child.path, "children", at), part)
        for at, part in enumerate(child.condition.children)
        if not isinstance(part, ItemQuantity)
    ]
    return _never_of_line(child.path, parts) or _first(parts)


# Lines


def _flat(conditions: Sequence[Placed]) -> Iterator[Placed]:
    """Yield everything that one line must meet to meet all *conditions*."""
    for path, condition in conditions:
        below = [Placed(joined(path, "children", at), child) for at, child in enumerate(children_of(condition))]
        if isinstance(condition, ItemOr):
            continue
        if not isinstance(condition, ItemAnd):
            yield Placed(path, condition)
        yield from _flat(below)


def _never_of_line(path: str, conditions: Sequence[Placed]) -> Dead | None:
    """Return why no one line can meet all *conditions*."""
    flat = list(_flat(conditions))
    for kind, span, what in ((ItemPrice, PRICES, "price"), (ItemQuantity, QUANTITIES, "quantity")):
        compared = [one for one in flat if isinstance(one.condition, kind)]
        for _, condition in compared:
            assert isinstance(condition, kind)
            span = span.narrowed(condition.operator, condition.args[0])  # noqa: PLW2901 # a narrower one
        if span.empty:
            return Dead(_where(compared, path), f"no line has a {what} that is {_said(compared)}")
    return _never_member([one for one in flat if isinstance(one.condition, Member)], path)


def _never_member(members: Sequence[Placed], path: str) -> Dead | None:
    excluded = frozenset[tuple[str, Any]]()
    wanted: list[tuple[Placed, frozenset[tuple[str, Any]]]] = []
    for one in members:
        assert isinstance(one.condition, Member)
        if one.condition.operator == "nin":
            excluded |= one.condition.keys
        else:
            wanted.append((one, one.condition.keys))
    for one, keys in wanted:
        if keys <= excluded:
            return Dead(one.path, "the lines that it is for are excluded by another condition")
    for kind, what in ((ItemSku, "sku"), (ItemProductId, "product")):
        # A line has one of them, so it is in all of the lists or meets none of the conditions.
        alike = [(one, keys) for one, keys in wanted if isinstance(one.condition, kind)]
        left = alike[0][1] - excluded if alike else excluded
        for _, keys in alike:
            left &= keys
        if alike and not left:
            return Dead(_where([one for one, _ in alike], path), f"no line has a {what} that is in all these lists")
    return None


# Carts


def _flat_cart(children: Sequence[Placed]) -> Iterator[Placed]:
    """Yield everything that a cart must meet to meet all *children*."""
    for path, condition in children:
        if isinstance(condition, And):
            below = [Placed(joined(path, "children", at), child) for at, child in enumerate(condition.children)]
            yield from _flat_cart(below)
        elif isinstance(condition, CartWide):
            yield Placed(path, condition)


def _never_of_cart(path: str, children: Sequence[Placed]) -> Dead | None:
    """Return why no cart can meet all *children* of an `and`."""
    lines = [child for child in children if isinstance(child.condition, LineCondition)]
    filters = [child for child in lines if isinstance(child.condition, LineCondition) and not child.condition.selects]
    # What chooses lines does so among those that pass the filters, each for itself.
    choices = [child for child in lines if child not in filters]
    for group in [filters, *([*filters, choice] for choice in choices)]:
        if (dead := _never_of_line(path, group)) is not None:
            return dead
    flat = list(_flat_cart(children))
    return _never_totals(flat, path) or _never_tags(flat, path) or _never_attributes(flat, path)


def _never_total(total: CartTotal, path: str, children: Sequence[Placed]) -> Dead | None:
    span = _narrowed(TOTALS, total)
    if span.empty:
        return Dead(path, f"no total is {_said([Placed(path, total)])}")
    if not span.has(0) and (dead := _never_of_line(path, children) or _first(children)) is not None:
        return dead
    return None


def _narrowed(span: Span, total: CartTotal) -> Span:
    if total.operator == "range":
        return span.narrowed("gte", total.args[0]).narrowed("lte", total.args[-1])
    return span.narrowed(total.operator, total.args[0])


def _never_totals(flat: Sequence[Placed], path: str) -> Dead | None:
    span, totals = TOTALS, list[Placed]()
    for one in flat:
        if isinstance(one.condition, CartTotal) and not one.condition.children:
            span = _narrowed(span, one.condition)
            totals.append(one)
    return Dead(_where(totals, path), f"no total is {_said(totals)}") if span.empty else None


def _never_tags(flat: Sequence[Placed], path: str) -> Dead | None:
    asked = [one.condition for one in flat if isinstance(one.condition, AccountTags)]
    must, barred = set[str](), set[str]()
    for tags in asked:
        must |= {*tags.args} if tags.operator == "contains_all" else set()
        barred |= {*tags.args} if tags.operator == "not_contains_any" else set()
    for tags in asked:
        args = {*tags.args}
        if (
            (tags.operator == "contains_all" and args & barred)
            or (tags.operator == "contains_any" and args <= barred)
            or (tags.operator == "not_contains_all" and args <= must)
        ):
            return Dead(path, f"no account has tags that it {tags.operator} {', '.join(tags.args)} beside the others")
    return None


def _never_attributes(flat: Sequence[Placed], path: str) -> Dead | None:
    by_key: dict[str, list[CartCustomAttribute]] = {}
    for one in flat:
        if isinstance(one.condition, CartCustomAttribute):
            by_key.setdefault(str(one.condition.args[0]), []).append(one.condition)
    for key, asked in by_key.items():
        if _contradict(asked):
            return Dead(path, f"no cart has an attribute {key} that meets all these conditions")
    return None


def _contradict(asked: Sequence[CartCustomAttribute]) -> bool:
    wanted = [one for one in asked if one.operator != "nin"]
    types = {one.args[1] for one in wanted}
    if len(types) != 1:
        return len(types) > 1
    [type_] = types
    barred = {value for one in asked if one.operator == "nin" and one.args[1] == type_ for value in one.args[2:]}
    listed = [{*one.args[2:]} for one in wanted if one.operator in ("in", "eq")]
    span = NUMBERS.get(str(type_))
    for one in wanted:
        bound = one.args[2]
        if span is not None and not isinstance(bound, str):
            span = span.narrowed(one.operator, bound)
    if span is not None and span.empty:
        return True
    if not listed:
        return False
    left = listed[0] - barred
    for values in listed:
        left &= values
    return not any(span is None or isinstance(value, str) or span.has(value) for value in left)


# Words


def _where(placed: Sequence[Placed], path: str) -> str:
    return placed[0].path if len(placed) == 1 else path


def _said(placed: Sequence[Placed]) -> str:
    words: list[str] = []
    for _, condition in placed:
        assert isinstance(condition, ItemPrice | ItemQuantity | CartTotal)
        words.append(" ".join([condition.operator, *map(str, condition.args)]))
    return " and ".join(words)
