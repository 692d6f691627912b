"""Days on a picture: each with its bar, or week by week where there are very many."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from couponry.console import charts
from couponry.domain.figures import Days

WIDTH, HEIGHT = 720, 120
MOST_BARS = 92


class Period(NamedTuple):
    """A day or a week, what it comes to, and its bar: left, top, width and height."""

    first: date
    value: int
    bar: tuple[float, float, float, float]


class Periods(NamedTuple):
    """The bars of a picture of `WIDTH` by `HEIGHT`."""

    bars: list[Period]
    weekly: bool
    total: int

    @property
    def most(self) -> int:
        """What the highest bar stands for."""
        return max(one.value for one in self.bars)


def periods(days: Days, values: Mapping[date, int]) -> Periods:
    """Return *values* by day of *days*, or by weeks of seven days, of which the first may be shorter."""
    weekly = days.number > MOST_BARS
    step = 7 if weekly else 1
    ends = [days.last - timedelta(days=back) for back in range(0, days.number, step)][::-1]
    firsts = [max(end - timedelta(days=step - 1), days.first) for end in ends]
    sums = [
        sum(values.get(first + timedelta(days=more), 0) for more in range((end - first).days + 1))
        for first, end in zip(firsts, ends, strict=True)
    ]
    bars = charts.bars(sums, WIDTH, HEIGHT)
    found = [Period(first, value, bar) for first, value, bar in zip(firsts, sums, bars, strict=True)]
    return Periods(found, weekly, sum(sums))
