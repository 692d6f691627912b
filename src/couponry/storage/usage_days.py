"""What was used on each day, and what it took off: the ledger, summed up.

The ledger notes its changes in `usage_changes`, which nobody waits for, and a worker takes them into `usage_days`.
Both together are the ledger at every commit; what is read here is `usage_days` alone.
"""

from typing import LiteralString
from uuid import UUID

from psycopg import sql

from couponry.domain.figures import Days, Redeemed
from couponry.storage.database import Connection, rows_of
from couponry.storage.days import within

AT_ONCE = 5000
"""How many changes are taken in together."""

MOST = 9223372036854775807
"""The largest amount that the ledger and its figures have room for, here and in the statements: more is kept as that.

A cart may be worth more, and nobody else's figures may wait for it.
"""

NOTE_USED: LiteralString = """
    INSERT INTO usage_changes (
        store_id, promotion_id, day, currency, redemptions, discount, returned, returned_discount
    )
    SELECT store_id, promotion_id, (used_on AT TIME ZONE 'UTC')::date, currency, count(*),
        least(sum(discount), 9223372036854775807), 0, 0
    FROM changed WHERE used_on IS NOT NULL GROUP BY 1, 2, 3, 4
"""
"""Notes what was used, of rows of the ledger that `changed`; a hold that was never confirmed has no day."""

NOTE_RETURNED: LiteralString = """
    INSERT INTO usage_changes (
        store_id, promotion_id, day, currency, redemptions, discount, returned, returned_discount
    )
    SELECT store_id, promotion_id, (used_on AT TIME ZONE 'UTC')::date, currency, 0, 0, count(*),
        least(sum(discount), 9223372036854775807)
    FROM changed WHERE used_on IS NOT NULL GROUP BY 1, 2, 3, 4
"""
"""Notes what was given back, likewise."""

TAKE_IN: LiteralString = """
    WITH taken AS (
        DELETE FROM usage_changes WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM usage_changes LIMIT %s FOR UPDATE SKIP LOCKED
        ))
        RETURNING *
    ), added AS (
        INSERT INTO usage_days AS known (
            store_id, day, promotion_id, currency, redemptions, discount, returned, returned_discount
        )
        SELECT store_id, day, promotion_id, currency, sum(redemptions), least(sum(discount), 9223372036854775807),
            sum(returned), least(sum(returned_discount), 9223372036854775807)
        FROM taken GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (store_id, day, promotion_id, currency) DO UPDATE SET
            redemptions = known.redemptions + excluded.redemptions,
            discount = least(known.discount::numeric + excluded.discount, 9223372036854775807),
            returned = known.returned + excluded.returned,
            returned_discount = least(
                known.returned_discount::numeric + excluded.returned_discount, 9223372036854775807
            )
    )
    SELECT count(*) FROM taken
"""

SUMS: LiteralString = (
    "sum(redemptions)::bigint AS redemptions, least(sum(discount), 9223372036854775807)::bigint AS discount,"
    " sum(returned)::bigint AS returned,"
    " least(sum(returned_discount), 9223372036854775807)::bigint AS returned_discount"
)


async def take_in(connection: Connection) -> int:
    """Add up to `AT_ONCE` noted changes to the figures of their days, and return how many.

    Several at the same moment take in different ones; days are locked in one order.
    """
    cursor = await connection.execute(TAKE_IN, [AT_ONCE])
    row = await cursor.fetchone()
    return row[0] if row else 0


async def by_day(connection: Connection, store_id: UUID, days: Days, promotion_id: UUID | None) -> list[Redeemed]:
    """Return what was redeemed on each of *days*, by currency: of one promotion, or of all."""
    query = sql.SQL("SELECT day, currency, {sums} FROM usage_days WHERE {condition} GROUP BY 1, 2 ORDER BY 1, 2")
    return await _read(connection, query, store_id, days, promotion_id)


async def by_promotion(connection: Connection, store_id: UUID, days: Days, promotion_id: UUID | None) -> list[Redeemed]:
    """Return what was redeemed within *days* of each promotion, by currency, most first."""
    query = sql.SQL(
        """
        SELECT days.*, promotions.name FROM (
            SELECT promotion_id, currency, {sums} FROM usage_days WHERE {condition} GROUP BY 1, 2
        ) AS days
        LEFT JOIN promotions ON promotions.store_id = %(store)s AND promotions.id = promotion_id
            AND deleted_at IS NULL
        ORDER BY redemptions DESC, promotion_id, currency
        """
    )
    return await _read(connection, query, store_id, days, promotion_id)


async def _read(
    connection: Connection, query: sql.SQL, store_id: UUID, days: Days, promotion_id: UUID | None
) -> list[Redeemed]:
    condition, asked = within(store_id, days, promotion_id)
    async with connection.cursor(row_factory=rows_of(Redeemed)) as cursor:
        await cursor.execute(query.format(sums=sql.SQL(SUMS), condition=condition), asked)
        return await cursor.fetchall()
