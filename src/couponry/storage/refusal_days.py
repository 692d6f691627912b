"""How often codes were entered and gave nothing: by day, reason and promotion."""

from collections.abc import Mapping
from uuid import UUID

from psycopg import sql

from couponry.domain.figures import Days, Refusals, RefusedOn
from couponry.storage.database import Connection, json_rows, rows_of
from couponry.storage.days import within

NO_PROMOTION = UUID(int=0)
"""Stands where nobody knows whose code it was."""


async def add(connection: Connection, counted: Mapping[RefusedOn, int]) -> None:
    """Add to what is counted; days are locked in one order, so that processes wait for each other in turn."""
    await connection.execute(
        """
        INSERT INTO refusal_days AS known
        SELECT * FROM json_to_recordset(%s::json) AS new (
            store_id uuid, day date, reason text, promotion_id uuid, attempts bigint
        ) ORDER BY store_id, day, reason COLLATE "C", promotion_id
        ON CONFLICT (store_id, day, reason, promotion_id) DO UPDATE SET attempts = known.attempts + excluded.attempts
        """,
        [
            json_rows(
                [
                    {
                        "store_id": one.store_id,
                        "day": one.day,
                        "reason": one.reason,
                        "promotion_id": one.promotion_id or NO_PROMOTION,
                        "attempts": attempts,
                    }
                    for one, attempts in counted.items()
                ]
            )
        ],
    )


async def by_day(connection: Connection, store_id: UUID, days: Days, promotion_id: UUID | None) -> list[Refusals]:
    """Return how often codes were refused on each of *days*, by reason: of one promotion, or of all and of none."""
    query = sql.SQL(
        "SELECT day, reason, sum(attempts)::bigint AS attempts FROM refusal_days WHERE {condition}"
        " GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
    )
    return await _read(connection, query, store_id, days, promotion_id)


async def by_promotion(connection: Connection, store_id: UUID, days: Days, promotion_id: UUID | None) -> list[Refusals]:
    """Return how often codes were refused within *days*, by promotion and reason, most first."""
    query = sql.SQL(
        """
        SELECT nullif(promotion_id, %(none)s) AS promotion_id, reason, attempts, promotions.name FROM (
            SELECT promotion_id, reason, sum(attempts)::bigint AS attempts
            FROM refusal_days WHERE {condition} GROUP BY 1, 2
        ) AS days
        LEFT JOIN promotions ON promotions.store_id = %(store)s AND promotions.id = promotion_id
            AND deleted_at IS NULL
        ORDER BY attempts DESC, promotion_id, reason
        """
    )
    return await _read(connection, query, store_id, days, promotion_id)


async def _read(
    connection: Connection, query: sql.SQL, store_id: UUID, days: Days, promotion_id: UUID | None
) -> list[Refusals]:
    condition, asked = within(store_id, days, promotion_id)
    async with connection.cursor(row_factory=rows_of(Refusals)) as cursor:
        await cursor.execute(query.format(condition=condition), asked | {"none": NO_PROMOTION})
        return await cursor.fetchall()
