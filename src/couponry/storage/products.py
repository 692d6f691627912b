"""The table of products."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import sql

from couponry.domain.listing import Filter, Page
from couponry.domain.products import NewProduct, Product
from couponry.storage.codes import COUNTED
from couponry.storage.database import Connection, rows_of
from couponry.storage.filters import Attribute, Attributes, where

COLUMNS: LiteralString = (
    "id, sku, name, description, prices, catalog_id, category_ids, attributes, created_at, updated_at"
)

RECORD: LiteralString = """
    id text, sku text, name text, description text, prices jsonb, catalog_id text,
    category_ids text[], attributes json
"""
"""The columns that a merchant fills, as a table or a record of JSON has them."""

PUT: LiteralString = """
    INSERT INTO products (
        store_id, id, sku, name, description, prices, catalog_id, category_ids, attributes, created_at, updated_at
    )
    SELECT
        %(store_id)s, id, sku, name, description, prices, catalog_id, coalesce(category_ids, '{{}}'),
        coalesce(attributes, '{{}}'), %(at)s, %(at)s
    FROM {source} ORDER BY id
    ON CONFLICT (store_id, id) DO UPDATE SET
        sku = excluded.sku, name = excluded.name, description = excluded.description, prices = excluded.prices,
        catalog_id = excluded.catalog_id, category_ids = excluded.category_ids, attributes = excluded.attributes,
        updated_at = excluded.updated_at
"""
"""Stores products that come from a *source* with the columns of `RECORD`, in place of those with their ids."""

FILTERS: Attributes = {
    "id": Attribute({"eq": "id = %s", "in": "id = ANY(%s)"}),
    "sku": Attribute({"eq": "sku = %s", "in": "sku = ANY(%s)"}),
}


async def queue_change(connection: Connection, store_id: UUID) -> None:
    """Wait for the store's other writers of products to commit.

    Two that give each other's skus to their products would wait for each other in a circle, in whatever order
    they take the ids.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"products of {store_id}"])


async def put(connection: Connection, store_id: UUID, new: Sequence[NewProduct], at: datetime) -> dict[str, datetime]:
    """Store *new*, whose ids are distinct, in place of the products with their ids; return when each came to be.

    Raises:
        UniqueViolation: another product has the sku of one of them.
    """
    source = sql.SQL("json_to_recordset(%(new)s::json) AS new ({})").format(sql.SQL(RECORD))
    cursor = await connection.execute(
        sql.SQL(PUT).format(source=source) + sql.SQL(" RETURNING id, created_at"),
        {"store_id": store_id, "at": at, "new": msgspec.json.encode(new).decode()},
    )
    return dict(await cursor.fetchall())


async def sku_taken(connection: Connection, store_id: UUID, new: Sequence[NewProduct]) -> str | None:
    """Return a sku of *new* that a product which is not among them has, or None."""
    cursor = await connection.execute(
        """
        SELECT taken.sku FROM unnest(%s::text[]) AS wanted, LATERAL (
            SELECT id, sku FROM products WHERE store_id = %s AND sku = wanted COLLATE "C" OFFSET 0
        ) AS taken
        WHERE taken.id <> ALL(%s) ORDER BY taken.sku LIMIT 1
        """,
        [[one.sku for one in new if one.sku is not None], store_id, [one.id for one in new]],
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def by_ids(connection: Connection, store_id: UUID, ids: Sequence[str]) -> list[Product]:
    """Return those products of the store that have one of these *ids*, in any order."""
    # OFFSET 0 makes PostgreSQL look each one up, whatever it knows of the table.
    query = sql.SQL(
        """
        SELECT {columns} FROM unnest(%s::text[]) AS wanted, LATERAL (
            SELECT * FROM products WHERE store_id = %s AND id = wanted COLLATE "C" OFFSET 0
        ) AS product
        """
    ).format(columns=sql.SQL(COLUMNS))
    async with connection.cursor(row_factory=rows_of(Product)) as cursor:
        await cursor.execute(query, [list(set(ids)), store_id])
        return await cursor.fetchall()


async def by_skus(connection: Connection, store_id: UUID, skus: Sequence[str]) -> list[Product]:
    """Return those products of the store that have one of these *skus*, in any order."""
    query = sql.SQL(
        """
        SELECT {columns} FROM unnest(%s::text[]) AS wanted, LATERAL (
            SELECT * FROM products WHERE store_id = %s AND sku = wanted COLLATE "C" OFFSET 0
        ) AS product
        """
    ).format(columns=sql.SQL(COLUMNS))
    async with connection.cursor(row_factory=rows_of(Product)) as cursor:
        await cursor.execute(query, [list(set(skus)), store_id])
        return await cursor.fetchall()


async def page_of(connection: Connection, store_id: UUID, wanted: Filter, page: Page) -> list[Product]:
    """Return one page of the store's products that pass *wanted*, by id."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT {columns} FROM products WHERE store_id = %s AND {condition} ORDER BY id LIMIT %s OFFSET %s"
    ).format(columns=sql.SQL(COLUMNS), condition=condition)
    async with connection.cursor(row_factory=rows_of(Product)) as cursor:
        await cursor.execute(query, [store_id, *parameters, page.limit, page.offset])
        return await cursor.fetchall()


async def total(connection: Connection, store_id: UUID, wanted: Filter) -> tuple[int, bool]:
    """Return how many products pass *wanted*, and whether that is exact or counting stopped at `COUNTED`."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT count(*) FROM (SELECT FROM products WHERE store_id = %s AND {condition} LIMIT %s) AS passing"
    ).format(condition=condition)
    cursor = await connection.execute(query, [store_id, *parameters, COUNTED])
    row = await cursor.fetchone()
    passing = row[0] if row else 0
    return passing, passing < COUNTED


async def delete(connection: Connection, store_id: UUID, id_: str) -> bool:
    """Delete a product and return whether there was one."""
    cursor = await connection.execute("DELETE FROM products WHERE store_id = %s AND id = %s", [store_id, id_])
    return cursor.rowcount == 1
