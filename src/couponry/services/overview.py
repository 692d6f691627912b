"""How promotions fare, at a glance."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from couponry.services.context import Context
from couponry.storage import overview

DAYS = 30


class Figures(msgspec.Struct, frozen=True):
    """What is told of a promotion at a glance."""

    codes: int
    """How many codes it has."""
    daily: tuple[int, ...] = (0,) * DAYS
    """How many uses were made on each of the last 30 days of UTC, today last; those given back since count too."""

    @property
    def uses(self) -> int:
        """How many uses were made in those days."""
        return sum(self.daily)


NOTHING = Figures(0)


def first_day(now: datetime) -> datetime:
    """Return when the first of the last 30 days began."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)


async def figures_of(context: Context, promotion_ids: Sequence[UUID]) -> dict[UUID, Figures]:
    """Return the figures of promotions of this store, by promotion."""
    first = first_day(context.now).date()
    counted = await overview.counted(context.connection, context.store_id, promotion_ids, first)
    return {one.promotion_id: _figures(one) for one in counted}


def _figures(counted: overview.Counted) -> Figures:
    by_day = dict(zip(counted.days, counted.uses, strict=True))
    daily = tuple(by_day.get(day, 0) for day in range(DAYS))
    return Figures(counted.codes, daily)
