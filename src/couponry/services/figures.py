"""Figures of a store, day by day: what was redeemed, what that took off, and which codes were refused."""

from uuid import UUID

import msgspec

from couponry.domain.figures import By, CodeUses, Days, Redeemed, Refusals
from couponry.services.context import Context
from couponry.storage import refusal_days, usage_days, used_codes
from couponry.storage.database import Database

BUSIEST = 10
"""Of how many promotions codes are counted: those that were used most."""


class MostUsed(msgspec.Struct, frozen=True):
    """The codes that were used most, first the one with most uses."""

    codes: list[CodeUses]
    complete: bool
    """False when only the newest uses were counted."""


async def redeemed(context: Context, days: Days, by: By, promotion_id: UUID | None = None) -> list[Redeemed]:
    """Return what was redeemed within *days*, by day or by promotion, and by currency: of all promotions, or of one."""
    read = usage_days.by_day if by == "day" else usage_days.by_promotion
    return await read(context.connection, context.store_id, days, promotion_id)


async def refused(context: Context, days: Days, by: By, promotion_id: UUID | None = None) -> list[Refusals]:
    """Return how often codes were refused within *days*, by day or by promotion, and by reason."""
    read = refusal_days.by_day if by == "day" else refusal_days.by_promotion
    return await read(context.connection, context.store_id, days, promotion_id)


async def most_used(context: Context, days: Days, promotion_id: UUID | None = None, limit: int = 10) -> MostUsed:
    """Return the codes that were used most within *days*; automatic promotions need none."""
    busy = await used_codes.busiest(context.connection, context.store_id, days, promotion_id, BUSIEST + 1)
    counted = [id_ for id_, _ in busy[:BUSIEST]]
    codes = await used_codes.most_used(context.connection, context.store_id, days, counted, limit)
    complete = len(busy) <= BUSIEST and all(made <= used_codes.COUNTED for _, made in busy)
    return MostUsed(codes, complete)


async def take_in(database: Database) -> None:
    """Take all that the ledger has changed into the figures of its days."""
    while True:
        async with database.connection() as connection:
            if await usage_days.take_in(connection) < usage_days.AT_ONCE:
                return
