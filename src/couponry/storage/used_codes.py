"""The codes that were used most lately."""

from uuid import UUID

from couponry.domain.figures import CodeUses, Days
from couponry.storage.database import Connection, rows_of

PROMOTIONS = 10
"""Of how many promotions the codes are counted: those that were used most."""

COUNTED = 2_000
"""How many uses of each are counted, the newest: any promotion may have millions."""


async def most_used(
    connection: Connection, store_id: UUID, days: Days, promotion_id: UUID | None, limit: int
) -> list[CodeUses]:
    """Return the codes that were used most within *days*, by the newest uses of the promotions used most."""
    async with connection.cursor(row_factory=rows_of(CodeUses)) as cursor:
        # Ordered and limited as their index is, uses are read along it, and not all of them.
        await cursor.execute(
            """
            SELECT counted.*, promotions.name, codes.max_uses, codes.max_uses - codes.used AS remaining FROM (
                SELECT promotion_id, code_id, min(code) AS code, count(*) AS redemptions FROM (
                    SELECT promotion_id, sum(redemptions) AS redemptions FROM usage_days
                    WHERE store_id = %(store)s AND day BETWEEN %(first)s AND %(last)s
                        AND promotion_id = coalesce(%(promotion)s, promotion_id)
                    GROUP BY promotion_id ORDER BY redemptions DESC, promotion_id LIMIT %(promotions)s
                ) AS busy, LATERAL (
                    SELECT code_id, code FROM usages
                    WHERE store_id = %(store)s AND usages.promotion_id = busy.promotion_id
                        AND used_on >= %(first)s::date AND used_on < %(last)s::date + 1
                    ORDER BY used_on DESC, id DESC LIMIT %(counted)s
                ) AS newest
                GROUP BY promotion_id, code_id ORDER BY redemptions DESC, promotion_id, code_id LIMIT %(limit)s
            ) AS counted
            JOIN promotions ON promotions.store_id = %(store)s AND promotions.id = promotion_id
                AND deleted_at IS NULL AND NOT automatic
            LEFT JOIN LATERAL (
                SELECT max_uses, used FROM promotion_codes
                WHERE store_id = %(store)s AND promotion_id = counted.promotion_id AND id = counted.code_id
                OFFSET 0
            ) AS codes ON true
            ORDER BY redemptions DESC, promotion_id, code_id
            """,
            {
                "store": store_id,
                "first": days.first,
                "last": days.last,
                "promotion": promotion_id,
                "promotions": PROMOTIONS,
                "counted": COUNTED,
                "limit": limit,
            },
        )
        return await cursor.fetchall()
