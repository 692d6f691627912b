"""Groups of a fixed price: so many units together cost so much (behaviour.md R5)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from couponry.domain.money import rounded
from couponry.domain.running import RunningCart
from couponry.domain.taking import Pick, Taken, worth


class Group(NamedTuple):
    """Units that are paid together, and how many such groups follow one another."""

    picks: list[Pick]
    times: int


def filled(picks: Sequence[Pick], size: int) -> Iterator[Group]:
    """Fill groups of *size* units with *picks* in their order; what is left at the end fills none."""
    group: list[Pick] = []
    missing = size
    for line, available in picks:
        units = available
        if group:
            part = min(units, missing)
            group.append(Pick(line, part))
            units, missing = units - part, missing - part
            if not missing:
                yield Group(group, 1)
                group, missing = [], size
        if units >= size:
            yield Group([Pick(line, size)], units // size)
            units %= size
        if units:
            group, missing = [Pick(line, units)], size - units


def take_groups(
    cart: RunningCart, picks: Sequence[Pick], size: int, total: int, uses: int | None
) -> tuple[list[Taken], int]:
    """Let each group of *size* units cost *total*, *uses* groups at most; those that cost less already give nothing.

    Returns what is taken off each line, and how many groups there were.
    """
    amounts: dict[int, int] = {}
    units: dict[int, int] = {}
    groups = 0
    for group in filled(picks, size):
        times = group.times if uses is None else min(group.times, uses - groups)
        off = _spread(cart, group.picks, total) if times else None
        if off is None:
            continue
        groups += times
        for pick, amount in zip(group.picks, off, strict=True):
            amounts[pick.line] = amounts.get(pick.line, 0) + amount * times
            units[pick.line] = units.get(pick.line, 0) + pick.units * times
    taken = [Taken(at, min(amount, cart.left[at]), units[at]) for at, amount in amounts.items() if amount]
    return taken, groups


def _spread(cart: RunningCart, picks: Sequence[Pick], total: int) -> list[int] | None:
    """Return what a group takes off each of its *picks*, or None when it costs no more than *total*.

    The discount is spread over units by largest remainder; the units of one line weigh the same, so that the line
    gets what it would if each of them stood alone.
    """
    weights, value, under = worth(cart, picks)
    if value <= total * under:
        return None
    discount = rounded(value - total * under, under)
    if not discount:
        return None
    parts, lost = [0] * len(picks), [0] * len(picks)
    for index, (pick, weight) in enumerate(zip(picks, weights, strict=True)):
        part, lost[index] = divmod(discount * weight // pick.units, value)
        parts[index] = part * pick.units
    missing = discount - sum(parts)
    for index in sorted(range(len(picks)), key=lambda index: -lost[index]):
        more = min(missing, picks[index].units)
        parts[index] += more
        missing -= more
    return parts
