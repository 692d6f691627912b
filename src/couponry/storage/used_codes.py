"""The codes that were used most lately."""

from collections.abc import Sequence
from uuid import UUID

from couponry.domain.figures import CodeUses, Days
from couponry.storage.database import Connection, rows_of

COUNTED = 2_000
"""How many uses of a promotion are counted, the newest: it may have millions."""


async def busiest(
    connection: Connection, store_id: UUID, days: Days, promotion_id: UUID | None, limit: int
) -> list[tuple[UUID, int]]:
    """Return the promotions with codes that were used most within *days*, or the one, each with its redemptions."""
    cursor = await connection.execute(
        """
        SELECT promotion_id, made::bigint FROM (
            SELECT promotion_id, sum(redemptions) AS made FROM usage_days
            WHERE store_id = %(store)s AND day BETWEEN %(first)s AND %(last)s
                AND promotion_id = coalesce(%(promotion)s, promotion_id)
            GROUP BY promotion_id
        ) AS known
        JOIN promotions ON promotions.store_id = %(store)s AND promotions.id = promotion_id
            AND deleted_at IS NULL AND NOT automatic
        ORDER BY made DESC, promotion_id LIMIT %(limit)s
        """,
        {"store": store_id, "first": days.first, "last": days.last, "promotion": promotion_id, "limit": limit},
    )
    return await cursor.fetchall()


async def most_used(
    connection: Connection, store_id: UUID, days: Days, promotions: Sequence[UUID], limit: int
) -> list[CodeUses]:
    """Return the codes of *promotions* that were used most within *days*, by the newest `COUNTED` uses of each."""
    async with connection.cursor(row_factory=rows_of(CodeUses)) as cursor:
        # Ordered and limited as their index is, uses are read along it, and not all of them.
        await cursor.execute(
            """
            SELECT counted.*, known.name, codes.max_uses, codes.max_uses - codes.used AS remaining FROM (
                SELECT promotion_id, code_id, min(code) AS code, count(*) AS redemptions
                FROM unnest(%(promotions)s::uuid[]) AS busy, LATERAL (
                    SELECT promotion_id, code_id, code FROM usages
                    WHERE store_id = %(store)s AND promotion_id = busy
                        AND used_on >= %(first)s::date AND used_on < %(last)s::date + 1
                    ORDER BY used_on DESC, id DESC LIMIT %(counted)s
                ) AS newest
                GROUP BY promotion_id, code_id ORDER BY redemptions DESC, promotion_id, code_id LIMIT %(limit)s
            ) AS counted
            CROSS JOIN LATERAL (
                SELECT name FROM promotions WHERE store_id = %(store)s AND id = promotion_id OFFSET 0
            ) AS known
            LEFT JOIN LATERAL (
                SELECT max_uses, used FROM promotion_codes
                WHERE store_id = %(store)s AND promotion_id = counted.promotion_id AND id = code_id OFFSET 0
            ) AS codes ON true
            ORDER BY redemptions DESC, promotion_id, code_id
            """,
            {
                "store": store_id,
                "first": days.first,
                "last": days.last,
                "promotions": list(promotions),
                "counted": COUNTED,
                "limit": limit,
            },
        )
        return await cursor.fetchall()
