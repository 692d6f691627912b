"""Spans of numbers that comparisons leave: whether anything is left, and what the least of it is."""

from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple, Self

from couponry.domain.money import exact


class Span(NamedTuple):
    """The numbers from `low` to `high`: whole ones if `whole`, and without an end that is `open`."""

    low: Fraction
    high: Fraction
    whole: bool
    low_open: bool = False
    high_open: bool = False

    @property
    def empty(self) -> bool:
        """Whether no number is left."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def has(self, number: float) -> bool:
        """Tell whether *number* is one of them."""
        return not self.narrowed("eq", number).empty

    def narrowed(self, operator: str, number: float) -> Self:
        """Return those that also compare so with *number*; an operator that compares otherwise leaves all."""
        bound = Fraction(*exact(number))
        match operator:
            case "gte":
                return self._from(Fraction(ceil(bound)) if self.whole else bound, is_open=False)
            case "gt":
                return self._from(Fraction(floor(bound) + 1) if self.whole else bound, is_open=not self.whole)
            case "lte":
                return self._to(Fraction(floor(bound)) if self.whole else bound, is_open=False)
            case "lt":
                return self._to(Fraction(ceil(bound) - 1) if self.whole else bound, is_open=not self.whole)
            case "eq":
                return self.narrowed("gte", number).narrowed("lte", number)
            case _:
                return self

    def _from(self, low: Fraction, *, is_open: bool) -> Self:
        if low < self.low or (low == self.low and self.low_open):
            return self
        return self._replace(low=low, low_open=is_open)

    def _to(self, high: Fraction, *, is_open: bool) -> Self:
        if high > self.high or (high == self.high and self.high_open):
            return self
        return self._replace(high=high, high_open=is_open)
