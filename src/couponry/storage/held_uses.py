"""How often a code is held, and how often it was used."""

from uuid import UUID

from couponry.storage.database import Connection

COUNTED = 1_000
"""How many holds, and how many uses, are counted; whoever looks at a code need not know of more."""


async def of_code(connection: Connection, store_id: UUID, promotion_id: UUID, code_id: UUID) -> int:
    """Return how many uses of a code are held, for no more than `COUNTED` redemptions; expired holds are free."""
    cursor = await connection.execute(
        """
        SELECT coalesce(sum(uses), 0)::bigint FROM (
            SELECT uses FROM usages
            WHERE store_id = %s AND promotion_id = %s AND code_id = %s AND state = 'held' AND expires_at > now()
            ORDER BY expires_at LIMIT %s
        ) AS held
        """,
        [store_id, promotion_id, code_id, COUNTED],
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def used_of_code(connection: Connection, store_id: UUID, promotion_id: UUID, code_id: UUID) -> tuple[int, bool]:
    """Return how often a code was used and not given back, in up to `COUNTED` redemptions, and whether that is all."""
    cursor = await connection.execute(
        """
        SELECT coalesce(sum(uses), 0)::bigint, count(*) < %(most)s FROM (
            SELECT uses FROM usages
            WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND code_id = %(code)s AND state = 'used'
            ORDER BY expires_at LIMIT %(most)s
        ) AS used
        """,
        {"store": store_id, "promotion": promotion_id, "code": code_id, "most": COUNTED},
    )
    row = await cursor.fetchone()
    return row or (0, True)
