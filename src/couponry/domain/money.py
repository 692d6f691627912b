"""Exact money: whole minor units, rounded once and half away from zero, spread without a remainder."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

MAX_AMOUNT = 10**15
"""No amount in a rule set, and no number to compare with, is larger."""


class Ratio(NamedTuple):
    """An exact number as a fraction of whole ones."""

    over: int
    under: int


def exact(number: float) -> Ratio:
    """Return the number as it was written: 0.1 is a tenth, which no binary fraction is."""
    if isinstance(number, int):
        return Ratio(number, 1)
    fraction = Fraction(Decimal(str(number)))
    return Ratio(fraction.numerator, fraction.denominator)


def rounded(over: int, under: int) -> int:
    """Return *over* / *under*, neither negative, as the nearest whole number; halves go up."""
    return (2 * over + under) // (2 * under)


def apportion(amount: int, weights: Sequence[int]) -> list[int]:
    """Split *amount* in proportion to *weights*: the parts sum to it, and none exceeds its weight if it does not.

    By largest remainder: each part is rounded down, and what is left goes, one each, to those that lost most;
    the earlier first where that is equal (behaviour.md R2). Nothing to weigh by gives nothing.
    """
    if len(weights) == 1:
        return [amount if weights[0] else 0]
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    missing = amount - sum(parts)
    if missing:
        lost = [-(amount * weight % total) for weight in weights]
        if missing == 1:
            parts[lost.index(min(lost))] += 1
            return parts
        for index in sorted(range(len(weights)), key=lost.__getitem__)[:missing]:
            parts[index] += 1
    return parts
