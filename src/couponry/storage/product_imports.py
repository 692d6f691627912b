"""Products on their way in: a temporary table that holds a whole file until all of it is known to be right."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg import sql

from couponry.domain.product_lines import ProductLine
from couponry.storage.database import Connection, rows_of
from couponry.storage.products import PUT, RECORD


class Clash(msgspec.Struct, frozen=True):
    """A product on its way in that cannot stand beside an earlier line, or beside a product of the store."""

    line: int
    id: str
    sku: str | None = None
    same_id: int | None = None
    """The line that has its id already."""
    same_sku: int | None = None
    """The line that has its sku already."""
    owner: str | None = None
    """The product of the store that has its sku, and is not on its way in."""


async def begin(connection: Connection) -> None:
    """Make room for products on their way in, until the transaction ends."""
    query = sql.SQL("CREATE TEMPORARY TABLE incoming (line bigint, {}) ON COMMIT DROP")
    await connection.execute(query.format(sql.SQL(RECORD)))


async def take_in(connection: Connection, lines: Sequence[ProductLine]) -> None:
    """Take *lines* in; nobody sees them yet."""
    query = sql.SQL(
        "INSERT INTO incoming SELECT line, said.*"
        " FROM json_to_recordset(%s::json) AS taken (line bigint, product json), json_to_record(product) AS said ({})"
    )
    await connection.execute(query.format(sql.SQL(RECORD)), [msgspec.json.encode(lines).decode()])


async def turn_away_clashing(connection: Connection, store_id: UUID) -> list[Clash]:
    """Let go of those products on their way in that clash, and return why.

    What is let go may have been what another one counted on: ask again until nothing clashes.
    """
    async with connection.cursor(row_factory=rows_of(Clash)) as cursor:
        await cursor.execute("ANALYZE incoming")
        await cursor.execute(
            """
            WITH numbered AS (
                SELECT line, id, sku, min(line) OVER (PARTITION BY id) AS same_id,
                    min(line) OVER (PARTITION BY sku) AS same_sku
                FROM incoming
            ), owned AS (
                SELECT sku, id FROM products WHERE store_id = %s AND sku IS NOT NULL
                    AND NOT EXISTS (SELECT FROM incoming WHERE incoming.id = products.id)
            ), clashing AS (
                SELECT line, numbered.id, numbered.sku, nullif(same_id, line) AS same_id,
                    CASE WHEN numbered.sku IS NOT NULL THEN nullif(same_sku, line) END AS same_sku, owned.id AS owner
                FROM numbered LEFT JOIN owned ON owned.sku = numbered.sku
            )
            DELETE FROM incoming USING clashing
            WHERE incoming.line = clashing.line AND num_nonnulls(same_id, same_sku, owner) > 0
            RETURNING clashing.*
            """,
            [store_id],
        )
        return await cursor.fetchall()


async def store(connection: Connection, store_id: UUID, at: datetime) -> int:
    """Store what is on its way in, in place of the products with the same ids, and return how many."""
    query = sql.SQL(PUT).format(source=sql.SQL("incoming"))
    cursor = await connection.execute(query, {"store_id": store_id, "at": at})
    return cursor.rowcount


async def analyze(connection: Connection) -> None:
    """Let the planner know the table as it is now, unless somebody is at it; not inside a transaction."""
    await connection.execute("ANALYZE (SKIP_LOCKED) products")
