"""How much of something was taken at which moment, from spans of time."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple


class Span(NamedTuple):
    """From when to when so many uses were taken; in seconds, both ends included."""

    begin: float
    end: float
    uses: int


class Timeline:
    """The sum of spans at every moment."""

    def __init__(self, spans: Iterable[Span]) -> None:
        changes = sorted(
            change
            for begin, end, uses in spans
            if begin <= end
            for change in ((begin, 0, uses), (end, 1, -uses))  # at the same moment, what begins comes first
        )
        self._times = [at for at, _, _ in changes]
        self._levels = list(accumulate((uses for _, _, uses in changes), initial=0))

    @property
    def most(self) -> int:
        """The most that was taken at any moment."""
        return max(self._levels)

    def most_within(self, begin: float, end: float) -> int:
        """Return the most that was taken at any moment from *begin* to *end*."""
        first, last = bisect_left(self._times, begin), bisect_right(self._times, end)
        return max(self._levels[first : last + 1])
