"""PostgreSQL knows of tables that grow before a minute is over."""

import asyncio

import psycopg
import pytest

from couponry.storage import statistics
from couponry.storage.database import Connection
from support import Shop


def new_products(database_url: str, store_id: str, count: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO products SELECT %s, gen_random_uuid(), gen_random_uuid(), 'x', NULL, '{}', NULL, '{}', '{}',"
            " now(), now() FROM generate_series(1, %s) AS n",
            [store_id, count],
        )


async def rows_of_products(connection: Connection) -> int:
    """Return how many there are, or PostgreSQL believes there are, whichever is more."""
    cursor = await connection.execute(
        "SELECT greatest(n_live_tup, (SELECT count(*) FROM products)) FROM pg_stat_user_tables"
        " WHERE relname = 'products'"
    )
    [(rows,)] = await cursor.fetchall()
    return rows


async def looked_at(connection: Connection) -> int:
    cursor = await connection.execute("SELECT analyze_count FROM pg_stat_user_tables WHERE relname = 'products'")
    [(count,)] = await cursor.fetchall()
    return count


async def until_looked_at(connection: Connection, before: int) -> None:
    for _ in range(150):
        if await looked_at(connection) > before:
            return
        await asyncio.sleep(0.2)  # counts come when those who wrote have gone
        await statistics.refresh(connection)
    pytest.fail("nobody looked at the table")


async def test_a_table_that_grew_is_looked_at_once(shop: Shop, connection: Connection, database_url: str):
    await connection.execute("ANALYZE products")
    rows = await rows_of_products(connection)
    before = await looked_at(connection)
    await asyncio.to_thread(new_products, database_url, shop.store_id, max(2 * rows, 1000))
    await until_looked_at(connection, before)
    assert "products" not in await statistics.refresh(connection)
    await asyncio.to_thread(new_products, database_url, shop.store_id, 500)
    await asyncio.sleep(1)
    assert "products" not in await statistics.refresh(connection)


async def test_a_worker_has_tables_looked_at(
    shop: Shop, connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    async def not_here(_: Connection) -> None:
        pass

    monkeypatch.setattr(statistics, "refresh", not_here)
    before = await looked_at(connection)
    rows = await rows_of_products(connection)
    await asyncio.to_thread(new_products, database_url, shop.store_id, max(2 * rows, 1000))
    await until_looked_at(connection, before)
