"""How much an action takes off which lines: exact, rounded once, and never more than there is."""

from collections.abc import Callable, Sequence
from math import lcm
from typing import NamedTuple, TypeAlias

from couponry.domain.money import Ratio, apportion, rounded
from couponry.domain.running import Lines, RunningCart


class Pick(NamedTuple):
    """So many units of a line."""

    line: int
    units: int


class Taken(NamedTuple):
    """What is taken off one line, or off one shipping group."""

    at: int
    amount: int
    units: int


Effect: TypeAlias = Callable[[RunningCart, Lines, Lines, int | None], tuple[list[Taken], int]]
"""What an action does with a cart, the lines considered, those that the rules matched, and the uses that are left.

Returns what it takes off, and how often it applied.
"""


class Picking(NamedTuple):
    """Which units of the lines a discount is for."""

    each: int | None = None
    """Units of each line at most."""
    max_items: int | None = None
    """Lines at most."""
    max_units: int | None = None
    """Units of all lines at most."""
    dearest: bool | None = None
    """By the running price of a unit, the dearest or the cheapest first; None leaves the order of the cart."""


def pick(cart: RunningCart, lines: Lines, picking: Picking) -> list[Pick]:
    """Return the units that a discount on *lines* is for; what is worth nothing any more is passed over.

    Equal prices stay in the order of the cart (behaviour.md R6).
    """
    left, quantities, order = cart.left, cart.quantities, cart.members(lines)
    each, max_items, max_units, dearest = picking
    if dearest is not None:
        order = sorted(order, key=lambda at: unit_price_key(cart, at), reverse=dearest)
    picks = [Pick(at, quantities[at] if each is None else min(each, quantities[at])) for at in order if left[at]]
    if max_items is not None:
        picks = picks[:max_items]
    return capped(picks, max_units)


_FINER_THAN_ANY_PRICE = 64
"""Two prices per unit of up to a million units that differ do so by more than 2 ** -64."""


def unit_price_key(cart: RunningCart, at: int) -> int:
    """Return what orders lines by what a unit still costs, exactly."""
    return (cart.left[at] << _FINER_THAN_ANY_PRICE) // cart.quantities[at]


def capped(picks: list[Pick], units: int | None) -> list[Pick]:
    """Return the first *units* of *picks*; all of them for None."""
    if units is None:
        return picks
    kept: list[Pick] = []
    for line, available in picks:
        if units > 0:
            kept.append(Pick(line, min(available, units)))
            units -= available
    return kept


def counted(taken: list[Taken]) -> tuple[list[Taken], int]:
    """Return *taken* and how many units it is for."""
    return taken, sum([one.units for one in taken])


def take_percent(cart: RunningCart, picks: Sequence[Pick], share: Ratio) -> list[Taken]:
    """Take a percentage off each pick, rounded line by line."""
    taken: list[Taken] = []
    for at, units in picks:
        quantity = cart.quantities[at]
        amount = rounded(cart.left[at] * units * share.over, quantity * share.under)
        if amount:
            taken.append(Taken(at, amount, units))
    return taken


def take_fixed(cart: RunningCart, picks: Sequence[Pick], amount: int) -> list[Taken]:
    """Take *amount* off each unit of the picks, or what the unit still costs if that is less."""
    taken: list[Taken] = []
    for at, units in picks:
        off = min(amount * units, rounded(cart.left[at] * units, cart.quantities[at]))
        if off:
            taken.append(Taken(at, off, units))
    return taken


def within_cap(taken: list[Taken], cap: int | None) -> list[Taken]:
    """Return *taken* with its total cut down to *cap*, spread by largest remainder (behaviour.md R4)."""
    if cap is None or sum(one.amount for one in taken) <= cap:
        return taken
    parts = apportion(cap, [one.amount for one in taken])
    return [Taken(one.at, part, one.units) for one, part in zip(taken, parts, strict=True) if part]


class Worth(NamedTuple):
    """What units of lines still cost: whole numbers over a common denominator."""

    weights: list[int]
    total: int
    under: int


def worth(cart: RunningCart, picks: Sequence[Pick]) -> Worth:
    """Return what each of *picks* still costs, and all together."""
    under = lcm(*[cart.quantities[at] for at, _ in picks])
    weights = [cart.left[at] * units * (under // cart.quantities[at]) for at, units in picks]
    return Worth(weights, sum(weights), under)


def take_together(cart: RunningCart, picks: Sequence[Pick], amount_off: Callable[[int, int], int]) -> list[Taken]:
    """Take one amount off *picks* together, spread by largest remainder over their lines.

    *amount_off* returns it, given what they cost as a fraction.
    """
    weights, value, under = worth(cart, picks)
    if not value:
        return []
    parts = apportion(amount_off(value, under), weights)
    return [Taken(at, min(part, cart.left[at]), units) for (at, units), part in zip(picks, parts, strict=True) if part]
