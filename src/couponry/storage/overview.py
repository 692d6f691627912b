"""What a list of promotions shows beside each: how many codes it has, and how it fared lately."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from couponry.storage.database import Connection, rows_of


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of a promotion, and on which days how many of them were used."""

    promotion_id: UUID
    codes: int
    days: list[int]
    """Days since the one that was asked for, each once, ascending."""
    uses: list[int]
    """How many uses were made on each of those days, given back since or not."""


async def counted(connection: Connection, store_id: UUID, promotion_ids: Sequence[UUID], first: date) -> list[Counted]:
    """Return what is counted of each of the promotions, all in one statement; uses are those from *first* on.

    They are summed up a few seconds late, as `usage_days` is: a page shows many promotions, and any may have millions.
    """
    async with connection.cursor(row_factory=rows_of(Counted)) as cursor:
        await cursor.execute(
            """
            SELECT asked.id AS promotion_id, coalesce(codes, 0) AS codes, days, uses
            FROM unnest(%(ids)s::uuid[]) AS asked (id)
            LEFT JOIN code_counts ON code_counts.store_id = %(store)s AND code_counts.promotion_id = asked.id
            CROSS JOIN LATERAL (
                SELECT coalesce(array_agg(day - %(first)s ORDER BY day), '{}') AS days,
                    coalesce(array_agg(many ORDER BY day), '{}') AS uses
                FROM (
                    SELECT day, sum(redemptions)::bigint AS many FROM usage_days
                    WHERE store_id = %(store)s AND promotion_id = asked.id AND day >= %(first)s
                    GROUP BY day
                ) AS per_day
            ) AS lately
            """,
            {"ids": list(promotion_ids), "store": store_id, "first": first},
        )
        return await cursor.fetchall()
