"""Groups of a fixed price: so many units together cost so much (behaviour.md R5)."""

from collections.abc import Sequence
from typing import TypeAlias

from couponry.domain.money import rounded
from couponry.domain.running import RunningCart
from couponry.domain.taking import Pick, Taken, worth

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
    amounts: dict[int, int] = {}
    units: dict[int, int] = {}
    groups = 0
    for group, repeated in filled(picks, size):
        times = repeated if uses is None else min(repeated, uses - groups)
        off = _spread(cart, group, total) if times else None
        if off is None:
            continue
        groups += times
        for (line, part), amount in zip(group, off, strict=True):
            amounts[line] = amounts.get(line, 0) + amount * times
            units[line] = units.get(line, 0) + part * times
    taken = [(at, min(amount, cart.left[at]), units[at]) for at, amount in amounts.items() if amount]
    return taken, groups


def _spread(cart: RunningCart, picks: Sequence[Pick], total: int) -> list[int] | None:
    """Return what a group takes off each of its *picks*, or None when it costs no more than *total*.

    The discount is spread over units by largest remainder; the units of one line weigh the same, so that the line
    gets what it would if each of them stood alone.
    """
    if len(picks) == 1:
        [(line, units)] = picks
        quantity = cart.quantities[line]
        over = cart.left[line] * units - total * quantity
        discount = rounded(over, quantity) if over > 0 else 0
        return [discount] if discount else None
    weights, under = worth(cart, picks)
    value = sum(weights)
    discount = rounded(max(value - total * under, 0), under)
    if not discount:
        return None
    parts, lost = [0] * len(picks), [0] * len(picks)
    for index, ((_, units), weight) in enumerate(zip(picks, weights, strict=True)):
        part, lost[index] = divmod(discount * (weight // units), value)
        parts[index] = part * units
    missing = discount - sum(parts)
    for index in sorted(range(len(picks)), key=lambda index: -lost[index]):
        more = min(missing, picks[index][1])
        parts[index] += more
        missing -= more
    return parts
