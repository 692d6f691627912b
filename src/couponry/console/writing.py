"""Pieces of sentences: money, and lists of values that may be long."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

TOLD = 5
"""How many values of a list are told; a rule may have hundreds."""


def money(amount: float) -> str:
    """Write an amount of minor units: `1,234.50`."""
    whole = Decimal(str(amount)) / 100
    return f"{whole:,.2f}" if whole == round(whole, 2) else f"{whole:,f}"


def quoted(values: Iterable[object]) -> list[str]:
    """Write each value in quotes, as typed words may be anything; numbers and truths stand by themselves."""
    return [f"“{value}”" if isinstance(value, str) else str(value).lower() for value in values]


def listed(values: Sequence[str], last: str) -> str:
    """Join *values* with commas and before the last one the word *last*; of many, only the first are told."""
    told = list(values[:TOLD]) + ([f"{len(values) - TOLD} more"] if len(values) > TOLD else [])
    return f" {last} ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def either(values: Sequence[str]) -> str:
    """Join alternatives."""
    return listed(values, "or")


def both(values: Sequence[str]) -> str:
    """Join what is wanted together."""
    return listed(values, "and")
