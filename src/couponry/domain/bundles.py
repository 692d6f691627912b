"""Bundles: distinct lines that together meet requirements, each for so many units."""

from collections.abc import Sequence
from typing import NamedTuple

from couponry.domain.running import Lines, RunningCart


class Part(NamedTuple):
    """How many units of a line one bundle takes for one requirement."""

    line: int
    units: int


class Bundle(NamedTuple):
    """The lines that met the requirements, what one bundle takes of each, and how often that repeats."""

    lines: Lines
    parts: list[Part]
    times: int


def assemble(cart: RunningCart, required: Sequence[tuple[Lines, int]]) -> Bundle | None:
    """Return the bundle for requirements of so many units of given lines each, or None (behaviour.md 4.4).

    Requirements take their lines one after the other, the line with most units first, then in the order of the
    cart: a single line where one suffices, else as many as it takes. What is left of a line is for no other
    requirement, so the bundle repeats only as often as each requirement can be met from its own lines.
    """
    used, parts, times = 0, list[Part](), None
    for lines, units in required:
        taken = _take(cart, lines & ~used, units)
        if taken is None:
            return None
        available = sum(cart.quantities[part.line] for part in taken)
        times = available // units if times is None else min(times, available // units)
        for part in taken:
            used |= 1 << part.line
        parts += taken
    return Bundle(used, parts, times or 0)


def _take(cart: RunningCart, lines: Lines, units: int) -> list[Part] | None:
    quantities, taken = cart.quantities, list[Part]()
    for line in sorted(cart.members(lines), key=lambda at: -quantities[at]):
        part = min(units, quantities[line])
        taken.append(Part(line, part))
        units -= part
        if not units:
            return taken
    return None
