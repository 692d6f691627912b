"""Recomputing the counters of uses from the ledger."""

from uuid import UUID

import msgspec

from couponry.storage.database import Connection


class Drift(msgspec.Struct, frozen=True):
    """A counter that is not what the ledger says."""

    code_id: UUID
    code: str
    promotion_id: UUID
    counter: int
    ledger: int


async def codes(connection: Connection, store_id: UUID) -> tuple[int, list[Drift]]:
    """Return how many counters of codes there are, and those that are wrong."""
    cursor = await connection.execute(
        "SELECT count(*) FROM promotion_codes WHERE store_id = %s AND max_uses IS NOT NULL", [store_id]
    )
    row = await cursor.fetchone()
    cursor = await connection.execute(
        """
        SELECT id, code, promotion_id, used, coalesce(uses, 0)::bigint
        FROM promotion_codes LEFT JOIN (
            SELECT promotion_id, code_id, sum(uses) AS uses FROM usages
            WHERE store_id = %s AND state <> 'released' GROUP BY promotion_id, code_id
        ) AS ledger (promotion_id, id, uses) USING (promotion_id, id)
        WHERE store_id = %s AND used <> CASE WHEN max_uses IS NULL THEN 0 ELSE coalesce(uses, 0) END
        ORDER BY promotion_id, id
        """,
        [store_id, store_id],
    )
    return (row[0] if row else 0), [Drift(*found) for found in await cursor.fetchall()]


async def shoppers(connection: Connection, store_id: UUID) -> tuple[int, list[Drift]]:
    """Return how many counters of shoppers there are, and those that are wrong; missing ones are counted as 0."""
    cursor = await connection.execute("SELECT count(*) FROM code_shoppers WHERE store_id = %s", [store_id])
    row = await cursor.fetchone()
    cursor = await connection.execute(
        """
        SELECT code_id, coalesce(code, ''), promotion_id, coalesce(used, 0), coalesce(uses, 0)
        FROM (SELECT promotion_id, code_id, shopper, used FROM code_shoppers WHERE store_id = %s) AS counter
        FULL JOIN (
            SELECT promotion_id, code_id, shopper, min(code), count(*) FROM usages, unnest(shoppers) AS shopper
            WHERE store_id = %s AND state <> 'released' GROUP BY promotion_id, code_id, shopper
        ) AS ledger (promotion_id, code_id, shopper, code, uses) USING (promotion_id, code_id, shopper)
        WHERE coalesce(used, 0) <> coalesce(uses, 0)
        ORDER BY promotion_id, code_id
        """,
        [store_id, store_id],
    )
    return (row[0] if row else 0), [Drift(*found) for found in await cursor.fetchall()]
