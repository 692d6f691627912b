"""How much an action takes off which lines: exact, rounded once, and never more than there is.

Every evaluation runs through here, many times: lines and units are plain tuples, and the common case, all units of a
line, is computed without fractions.
"""

from collections.abc import Callable, Sequence
from math import lcm
from typing import NamedTuple, TypeAlias

from couponry.domain.money import Ratio, apportion, rounded
from couponry.domain.running import Lines, RunningCart, Selector

Pick: TypeAlias = tuple[int, int]
"""The position of a line, and so many of its units."""

Taken: TypeAlias = tuple[int, int, int]
"""The position of a line or a shipping group, the amount taken off it, and of how many units."""

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


ALL_UNITS = Picking()


def pick(cart: RunningCart, lines: Lines, picking: Picking) -> list[Pick]:
    """Return the units that a discount on *lines* is for; what is worth nothing any more is passed over.

    Equal prices stay in the order of the cart (behaviour.md R6).
    """
    left, quantities, order = cart.left, cart.quantities, cart.members(lines)
    if picking is ALL_UNITS:
        return [(at, quantities[at]) for at in order if left[at]]
    each, max_items, max_units, dearest = picking
    if dearest is not None and len(order) > 1:
        order = sorted(order, key=lambda at: unit_price_key(cart, at), reverse=dearest)
    picks = [(at, quantities[at] if each is None else min(each, quantities[at])) for at in order if left[at]]
    return capped(picks if max_items is None else picks[:max_items], max_units)


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
            kept.append((line, min(available, units)))
            units -= available
    return kept


def percent_of_lines(choose: Selector | None, share: Ratio) -> Effect:
    """Return the commonest effect, a percentage off all units of the lines chosen or matched, in one piece."""
    over, under = 2 * share.over, share.under
    twice = 2 * under

    def take(cart: RunningCart, among: Lines, matched: Lines, uses: int | None) -> tuple[list[Taken], int]:
        lines = matched if choose is None else choose(cart, among)
        if uses is not None:
            return take_percent(cart, pick(cart, lines, ALL_UNITS), uses, share)
        left, quantities = cart.left, cart.quantities
        taken: list[Taken] = []
        applications = 0
        for at in cart.members(lines):
            amount = (left[at] * over + under) // twice
            if amount:
                taken.append((at, amount, quantities[at]))
                applications += quantities[at]
        return taken, applications

    return take


def take_percent(cart: RunningCart, picks: Sequence[Pick], uses: int | None, share: Ratio) -> tuple[list[Taken], int]:
    """Take a percentage off each pick, rounded line by line; return it and the units it is for.

    These are as many as the *uses* at most. What is so cheap that the percentage comes to nothing takes no use.
    """
    left, quantities, (over, under) = cart.left, cart.quantities, share
    taken: list[Taken] = []
    applications = 0
    for at, wanted in picks:
        units = wanted if uses is None else min(wanted, uses - applications)
        quantity = quantities[at]
        if units == quantity:
            amount = (2 * left[at] * over + under) // (2 * under)
        else:
            amount = rounded(left[at] * units * over, quantity * under)
        if amount:
            taken.append((at, amount, units))
            applications += units
    return taken, applications


def take_fixed(cart: RunningCart, picks: Sequence[Pick], uses: int | None, amount: int) -> tuple[list[Taken], int]:
    """Take *amount* off each unit of the picks, or what it still costs if that is less; return it and the units.

    These are as many as the *uses* at most. What is so cheap that nothing can be taken off takes no use.
    """
    left, quantities = cart.left, cart.quantities
    taken: list[Taken] = []
    applications = 0
    for at, wanted in picks:
        units = wanted if uses is None else min(wanted, uses - applications)
        worth = left[at] if units == quantities[at] else rounded(left[at] * units, quantities[at])
        off = min(worth, amount * units)
        if off:
            taken.append((at, off, units))
            applications += units
    return taken, applications


def within_cap(taken: list[Taken], cap: int | None) -> list[Taken]:
    """Return *taken* with its total cut down to *cap*, spread by largest remainder (behaviour.md R4)."""
    if cap is None:
        return taken
    amounts = [amount for _, amount, _ in taken]
    if sum(amounts) <= cap:
        return taken
    taken = sorted(taken)  # in the order of the cart: equal remainders go to the earlier line
    parts = apportion(cap, [amount for _, amount, _ in taken])
    return [(at, part, units) for (at, _, units), part in zip(taken, parts, strict=True) if part]


def worth(cart: RunningCart, picks: Sequence[Pick]) -> tuple[list[int], int]:
    """Return what each of *picks* still costs, as whole numbers over a common denominator, and that."""
    left, quantities = cart.left, cart.quantities
    if all(quantities[at] == units for at, units in picks):
        return [left[at] for at, _ in picks], 1
    under = lcm(*[quantities[at] for at, _ in picks])
    return [left[at] * units * (under // quantities[at]) for at, units in picks], under


def take_together(cart: RunningCart, picks: Sequence[Pick], amount_off: Callable[[int, int], int]) -> list[Taken]:
    """Take one amount off *picks* together, spread by largest remainder over their lines.

    *amount_off* returns it, given what they cost as a fraction.
    """
    weights, under = worth(cart, picks)
    parts = apportion(amount_off(sum(weights), under), weights)
    left = cart.left
    return [(at, min(part, left[at]), units) for (at, units), part in zip(picks, parts, strict=True) if part]
