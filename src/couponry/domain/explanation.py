"""Explaining a judgement: the tree of conditions, with what each asked, what the cart had, and how far off it was."""

from collections.abc import Callable, Iterable
from math import ceil, floor
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from couponry.domain.conditions import (
    AccountTags,
    And,
    CartCustomAttribute,
    CartTotal,
    ItemsBundle,
    Or,
    RuleCondition,
    requirement,
)
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
    children_of,
    each_of,
)
from couponry.domain.outcome import Trace
from couponry.domain.running import Lines, RunningCart

MAX_TOLD = 50
"""How many lines a trace tells the properties of, and how many categories of each."""

_NO_ONE_LINE = "each part is met, but no line meets all of them"


def trace(rules: RuleCondition, cart: RunningCart, among: Lines) -> Trace:
    """Explain how *cart* meets *rules* by the lines *among* it that count, as it stands now."""
    matched = rules.matcher()(cart, among)
    match rules:
        case And():
            children = _parts_of_and(rules, cart, among)
        case Or():
            children = [trace(child, cart, among) for child in rules.children]
        case CartTotal():
            children = [_line_trace(child, cart, among) for child in rules.children]
        case ItemsBundle():
            children = [_requirement_trace(child, cart, among) for child in rules.children]
        case LineCondition():
            return _line_trace(rules, cart, among)
        case _:
            children = []
    return _node(rules, cart, among, matched, children)


def _parts_of_and(rules: And, cart: RunningCart, among: Lines) -> list[Trace]:
    """Explain the children as `And` judges them: what chooses lines sees only those that passed the filters.

    A filter is told of the lines that the others chose, so that "1 more unit" is of those.
    """
    of_lines = [one for one in rules.children if isinstance(one, LineCondition)]
    filtered = each_of([one.selector() for one in of_lines if not one.selects], cart, among)
    chosen = 0
    for one in of_lines:
        if one.selects:
            chosen |= one.selector()(cart, among)
    return [_part_of_and(child, cart, among, filtered, chosen or among) for child in rules.children]


def _part_of_and(child: RuleCondition, cart: RunningCart, among: Lines, filtered: Lines, chosen: Lines) -> Trace:
    if not child.selects:
        return trace(child, cart, chosen if isinstance(child, LineCondition) else among)
    found = child.matcher()(cart, among)
    if isinstance(child, And | Or):  # judged by itself, and what it finds is then filtered
        told = trace(child, cart, among)
        holds = bool(found and found & filtered)
    else:
        told = trace(child, cart, filtered)
        holds = told.holds
    if holds or found is None:
        return told
    return msgspec.structs.replace(told, holds=False, short="the lines it finds do not meet the conditions beside it")


def _requirement_trace(child: ItemCondition, cart: RunningCart, among: Lines) -> Trace:
    """Explain a requirement of a bundle: how many units its lines have together, and how many it needs."""
    select, needed = requirement(child)
    lines = select(cart, among)
    available = _units_of(cart, lines)
    parts = child.children if isinstance(child, ItemAnd) else ()
    return Trace(
        strategy=str(child.__struct_config__.tag),
        operator=getattr(child, "operator", UNSET),
        args=getattr(child, "args", UNSET),
        holds=available >= needed,
        found=available,
        lines=[cart.cart.items[at].id for at in cart.members(lines)],
        short=UNSET if available >= needed else _units(needed - available),
        children=[_line_trace(part, cart, among) for part in parts if not isinstance(part, ItemQuantity)] or UNSET,
    )


def _line_trace(condition: Condition, cart: RunningCart, among: Lines) -> Trace:
    assert isinstance(condition, LineCondition)
    matched = condition.selector()(cart, among)
    children = [_line_trace(child, cart, among) for child in children_of(condition)]
    return _node(condition, cart, among, matched or None, children)


def _node(condition: Condition, cart: RunningCart, among: Lines, matched: Lines | None, children: list[Trace]) -> Trace:
    holds = matched is not None
    short = UNSET if holds else _short(condition, cart, among)
    if not holds and short is UNSET and children and all(child.holds for child in children):
        short = _NO_ONE_LINE
    of_lines = not isinstance(condition, AccountTags | CartCustomAttribute)
    ids = [cart.cart.items[at].id for at in cart.members(matched or 0)]
    return Trace(
        strategy=str(condition.__struct_config__.tag),
        operator=getattr(condition, "operator", UNSET),
        args=getattr(condition, "args", UNSET),
        holds=holds,
        found=_found(condition, cart, among),
        lines=ids if of_lines else UNSET,
        short=short,
        children=children or UNSET,
    )


# What the cart had


def _found(condition: Condition, cart: RunningCart, among: Lines) -> object:
    match condition:
        case AccountTags():
            return list(cart.cart.shopper.account_tags or ()) if cart.cart.shopper.has_account else None
        case CartCustomAttribute():
            return cart.cart.custom_attributes.get(str(condition.args[0]))
        case CartTotal():
            return cart.value_of(condition.counted()(cart, among))
        case ItemsBundle():
            return [
                sum(cart.quantities[at] for at in cart.members(lines)) for lines, _ in _required(condition, cart, among)
            ]
        case And() | Or() | ItemAnd() | ItemOr():
            return UNSET
        case _:
            tell = _property(condition)
            return {cart.cart.items[at].id: tell(cart, at) for at in cart.members(among)[:MAX_TOLD]}


def _property(condition: Condition) -> Callable[[RunningCart, int], Any]:
    match condition:
        case ItemSku():
            return lambda cart, at: cart.cart.items[at].sku
        case ItemProductId():
            return lambda cart, at: cart.cart.items[at].product_id
        case ItemIdentifier():
            return lambda cart, at: {"sku": cart.cart.items[at].sku, "id": cart.cart.items[at].product_id}
        case ItemCategory():
            return lambda cart, at: list(cart.cart.items[at].category_ids[:MAX_TOLD])
        case ItemAttribute():
            template, field = str(condition.args[0]), str(condition.args[1])
            return lambda cart, at: cart.cart.items[at].attributes.get(template, {}).get(field)
        case ItemPrice():
            return _per_unit
        case _:
            return lambda cart, at: cart.quantities[at]


def _per_unit(cart: RunningCart, at: int) -> float:
    """Return what a unit still costs, whole where it is; only for reading, as it may be rounded."""
    whole, rest = divmod(cart.left[at], cart.quantities[at])
    return cart.left[at] / cart.quantities[at] if rest else whole


def _units_of(cart: RunningCart, lines: Lines) -> int:
    return sum(cart.quantities[at] for at in cart.members(lines))


def _required(bundle: ItemsBundle, cart: RunningCart, among: Lines) -> list[tuple[Lines, int]]:
    return [(select(cart, among), units) for select, units in bundle.requirements()]


# How far off it was


def _short(condition: Condition, cart: RunningCart, among: Lines) -> str | UnsetType:
    match condition:
        case CartTotal():
            total = cart.value_of(condition.counted()(cart, among))
            return _amount_short(condition.operator, total, condition.args[0], condition.args[-1])
        case AccountTags():
            return _tags_short(condition, cart)
        case CartCustomAttribute():
            if condition.value_in(cart) is None:
                return f"the cart has no {condition.args[1]} attribute {condition.args[0]}"
            return UNSET
        case ItemsBundle():
            return _bundle_short(condition, cart, among)
        case ItemQuantity(operator="gte" | "gt" | "eq"):
            most = max((cart.quantities[at] for at in cart.members(among)), default=0)
            missing = _least(condition.operator, condition.args[0]) - most
            return _units(missing) if missing > 0 else UNSET
        case _:
            return UNSET


def _amount_short(operator: str, total: int, least: float, most: float) -> str | UnsetType:
    if operator in ("gte", "gt", "range", "eq") and total < _least(operator, least):
        return f"add {_least(operator, least) - total} more"
    if operator in ("lte", "range", "eq") and total > most:
        return f"{total - floor(most)} too much"
    if operator == "lt" and least > 0:
        return f"{total - ceil(least) + 1} too much"
    return UNSET


def _least(operator: str, number: float) -> int:
    """Return the least whole number that is so much, or for `gt` more."""
    return floor(number) + 1 if operator == "gt" else ceil(number)


def _tags_short(condition: AccountTags, cart: RunningCart) -> str:
    shopper = cart.cart.shopper
    if not shopper.has_account:
        return "the cart has no account"
    tags = set(shopper.account_tags or ())
    if condition.operator in ("contains_all", "contains_any"):
        return "the account lacks " + _listed(tag for tag in condition.args if tag not in tags)
    return "the account has " + _listed(tag for tag in condition.args if tag in tags)


def _bundle_short(condition: ItemsBundle, cart: RunningCart, among: Lines) -> str:
    for number, (lines, units) in enumerate(_required(condition, cart, among), 1):
        available = _units_of(cart, lines)
        if available < units:
            return f"{_units(units - available)} for requirement {number}"
    return "requirements share lines: each line meets one of them"


def _units(count: int) -> str:
    return f"{count} more unit" + ("" if count == 1 else "s")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
