"""Pieces of sentences: money, and lists of values that may be long."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

from couponry.api.prices import decimals_of

TOLD = 5
"""How many values of a list are told; a rule may have hundreds."""

USUAL_DECIMALS = 2
"""How many decimals amounts are told with where no currency is known."""


_currencies: ContextVar[tuple[str, ...]] = ContextVar("currencies", default=())


@contextmanager
def amounts_in(currencies: Iterable[str]) -> Generator[None]:
    """Let amounts be of *currencies* wherever `money` is called within the block; of none, they have two decimals."""
    before = _currencies.set(tuple(currency.upper() for currency in currencies))
    try:
        yield
    finally:
        _currencies.reset(before)


def money(amount: float, currency: str | None = None) -> str:
    """Write an amount of minor units with the decimals of its *currency*, or of those that `amounts_in` names.

    `1,234.50`; where those differ in their decimals, each: `50.00 USD or 5,000 JPY`.
    """
    by_decimals: dict[int, list[str]] = {}
    for one in _currencies.get() if currency is None else (currency,):
        by_decimals.setdefault(decimals_of(one), []).append(one)
    if len(by_decimals) > 1:
        return " or ".join(f"{_written(amount, places)} {_slashed(of)}" for places, of in by_decimals.items())
    return _written(amount, next(iter(by_decimals), USUAL_DECIMALS))


def _slashed(currencies: Sequence[str]) -> str:
    return "/".join([*currencies[:TOLD], *(["…"] if len(currencies) > TOLD else [])])


def _written(amount: float, decimals: int) -> str:
    whole = Decimal(str(amount)).scaleb(-decimals)
    return f"{whole:,.{decimals}f}" if whole == round(whole, decimals) else f"{whole:,f}"


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
