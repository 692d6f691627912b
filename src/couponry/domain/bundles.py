"""Bundles: distinct lines that together meet requirements, each for so many units."""

from collections.abc import Sequence
from typing import NamedTuple

from couponry.domain.cart import MAX_QUANTITY
from couponry.domain.running import Lines, RunningCart


class Bundle(NamedTuple):
    """The lines that met the requirements, what one bundle takes of each, and how often that repeats."""

    lines: Lines
    parts: list[tuple[int, int]]
    """Positions of lines, and so many of their units."""
    times: int


def assemble(cart: RunningCart, required: Sequence[tuple[Lines, int]]) -> Bundle | None:
    """Return the bundle for requirements of so many units of given lines each, or None (behaviour.md 4.4).

    Requirements take their lines one after the other, the line with most units first, then in the order of the
    cart: a single line where one suffices, else as many as it takes. What is left of a line is for no other
    requirement, so the bundle repeats only as often as each requirement can be met from its own lines.
    """
    used, parts, times = 0, list[tuple[int, int]](), MAX_QUANTITY
    for lines, units in required:
        taken = _take(cart, lines & ~used, units)
        if taken is None:
            return None
        available = 0
        for line, _ in taken:
            available += cart.quantities[line]
            used |= 1 << line
        times = min(times, available // units)
        parts += taken
    return Bundle(used, parts, times)


def _take(cart: RunningCart, lines: Lines, units: int) -> list[tuple[int, int]] | None:
    if not lines:
        return None
    most = cart.quantities.__getitem__
    members = cart.members(lines)
    first = max(members, key=most) if len(members) > 1 else members[0]
    if most(first) >= units:
        return [(first, units)]
    taken: list[tuple[int, int]] = []
    for line in sorted(members, key=most, reverse=True):
        part = min(units, most(line))
        taken.append((line, part))
        units -= part
        if not units:
            return taken
    return None
