"""Groups of a fixed price: so many units together cost so much (behaviour.md R5)."""

from collections.abc import Sequence
from math import lcm
from typing import TypeAlias

from couponry.domain.money import rounded
from couponry.domain.running import RunningCart
from couponry.domain.taking import Pick, Taken

Group: TypeAlias = tuple[list[Pick], int]
"""Units that are paid together, and how many such groups follow one another."""


def filled(picks: Sequence[Pick], size: int) -> list[Group]:
    """Fill groups of *size* units with *picks* in their order; what is left at the end fills none."""
    groups: list[Group] = []
    group: list[Pick] = []
    missing = size
    for line, available in picks:
        units = available
        if group:
            part = min(units, missing)
            group.append((line, part))
            units, missing = units - part, missing - part
            if not missing:
                groups.append((group, 1))
                group, missing = [], size
        if units >= size:
            groups.append(([(line, size)], units // size))
            units %= size
        if units:
            group, missing = [(line, units)], size - units
    return groups


def take_groups(
    cart: RunningCart, picks: Sequence[Pick], size: int, total: int, uses: int | None
) -> tuple[list[Taken], int]:
    """Let each group of *size* units cost *total*, *uses* groups at most; those that cost less already give nothing.

    Returns what is taken off each line, and how many groups there were.
    """
    off: dict[int, list[int]] = {}
    groups = 0
    for group, repeated in filled(picks, size):
        times = repeated if uses is None else min(repeated, uses - groups)
        if not times:
            break
        parts = _spread(cart, group, total) if len(group) > 1 else [_off_alone(cart, group[0][0], size, total)]
        if not any(parts):
            continue
        groups += times
        for (line, units), amount in zip(group, parts, strict=True):
            so_far = off.setdefault(line, [0, 0])
            so_far[0] += amount * times
            so_far[1] += units * times
    left = cart.left
    return [(at, min(amount, left[at]), units) for at, (amount, units) in off.items() if amount], groups


def _off_alone(cart: RunningCart, line: int, size: int, total: int) -> int:
    """Return what a group within one line costs less."""
    over, quantity = cart.left[line] * size - total * cart.quantities[line], cart.quantities[line]
    return rounded(over, quantity) if over > 0 else 0


def _spread(cart: RunningCart, picks: Sequence[Pick], total: int) -> list[int]:
    """Return what a group takes off each of its *picks*: nothing when it costs no more than *total*.

    The discount is spread over units by largest remainder; the units of one line weigh the same, so that the line
    gets what it would if each of them stood alone.
    """
    left, quantities = cart.left, cart.quantities
    under = lcm(*[quantities[at] for at, _ in picks])
    # What one unit of each line still costs, over that common denominator.
    prices = [left[at] * (under // quantities[at]) for at, _ in picks]
    value = sum([price * units for price, (_, units) in zip(prices, picks, strict=True)])
    discount = rounded(max(value - total * under, 0), under)
    if not discount:
        return []
    parts = [discount * price // value * units for price, (_, units) in zip(prices, picks, strict=True)]
    missing = discount - sum(parts)
    if missing:
        for index in sorted(range(len(picks)), key=lambda index: -(discount * prices[index] % value)):
            more = min(missing, picks[index][1])
            parts[index] += more
            missing -= more
    return parts
