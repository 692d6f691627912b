"""What PostgreSQL reads for a store that has grown large since it last looked, among thousands of tiny ones.

It then believes that the name of the store alone finds a row or two, and so that any index will do that begins with it.
"""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg import AsyncConnection

from couponry.domain.shopping_cart import ShoppingCart
from couponry.services.context import fresh_id, utc_now
from couponry.storage import anonymizing, carts, claims, idempotency, usage_lists, usages
from couponry.storage.carts import StoredCart
from couponry.storage.database import Connection, configure
from explaining import ExplainingCursor, assert_few_rows_read

MANY = 20_000
TINY = "SELECT gen_random_uuid() AS store, n FROM generate_series(1, 3000) AS n"
LARGE = f"SELECT %(store)s::uuid AS store, n FROM generate_series(1, {MANY}) AS n"
USAGES = """
    INSERT INTO usages SELECT store, %(promotion)s, gen_random_uuid(), gen_random_uuid(), %(code)s, 'used', 1, now(),
        now(), NULL, now(), false, 'hot', NULL, NULL, NULL, 'me', '{{}}' FROM ({stores}) AS made
"""
KEYS = """
    INSERT INTO idempotency_keys SELECT store, 'key ' || n, '', convert_to('{{"id":"' || gen_random_uuid(), 'UTF8')
    FROM ({stores}) AS made
"""
CARTS = """
    INSERT INTO carts SELECT store, 'cart ' || n, %(cart)s, 1, now(), now(), now() + interval '1 day', '{{}}'
    FROM ({stores}) AS made
"""


@pytest.fixture(scope="module")
def grown(own_database_url: str) -> tuple[UUID, UUID, UUID]:
    """A store that is large since PostgreSQL has looked; returns it, a redemption and a code that was used often."""
    store_id, promotion_id, code_id = fresh_id(), fresh_id(), fresh_id()
    values = {"store": store_id, "promotion": promotion_id, "code": code_id}
    values_of_carts = {"cart": msgspec.json.encode(ShoppingCart()).decode()}
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # stores of their own are not looked at here
        for table in ("usages", "idempotency_keys", "carts"):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        for stores in (TINY, LARGE):
            for made in (USAGES, KEYS, CARTS):
                connection.execute(made.format(stores=stores), values | values_of_carts)  # type: ignore[arg-type]
            if stores is TINY:
                connection.execute("ANALYZE usages, idempotency_keys, carts")
        [(redemption_id,)] = connection.execute(
            "SELECT redemption_id FROM usages WHERE store_id = %s LIMIT 1", [store_id]
        ).fetchall()
    return store_id, redemption_id, code_id


@pytest.fixture
async def connection(own_database_url: str) -> AsyncGenerator[Connection]:
    connection: AsyncConnection[Any] = await AsyncConnection.connect(own_database_url, cursor_factory=ExplainingCursor)
    await configure(connection)
    ExplainingCursor.plans.clear()
    ExplainingCursor.explaining = True
    yield connection
    ExplainingCursor.explaining = False
    await connection.rollback()
    await connection.close()


async def test_usages_are_found_by_redemption(connection: Connection, grown: tuple[UUID, UUID, UUID]):
    store_id, redemption_id, _ = grown
    [traced] = await anonymizing.traces(connection, store_id, [redemption_id])
    assert len(await usages.of_redemption(connection, store_id, redemption_id)) == 1
    assert await usages.confirm_held(connection, store_id, redemption_id, "me")
    assert len(await usages.release(connection, store_id, redemption_id, "me")) == 1
    await usages.use_again(connection, store_id, redemption_id, "me")
    assert await anonymizing.redemptions_of_usages(connection, store_id, [traced.id]) == [redemption_id]
    assert len(await usage_lists.of_ids(connection, store_id, [traced.id])) == 1
    assert_few_rows_read()


async def test_codes_are_locked(connection: Connection, grown: tuple[UUID, UUID, UUID]):
    codes = {(fresh_id(), grown[2]): "hot"}
    assert await claims.lock_codes(connection, grown[0], codes) == {}
    assert await usages.free_expired(connection, grown[0], codes) == []
    assert_few_rows_read()


async def test_answers_are_found_by_key(connection: Connection, grown: tuple[UUID, UUID, UUID]):
    keys = [f"key {number}" for number in range(1, 101)]
    assert len(await idempotency.find(connection, grown[0], keys)) == 100
    await idempotency.answer(connection, grown[0], keys[0], b"")
    await idempotency.forget(connection, grown[0], keys[:1])
    assert await anonymizing.answers(connection, grown[0], [fresh_id()]) == {}
    assert_few_rows_read()


async def test_carts_are_found_by_id(connection: Connection, grown: tuple[UUID, UUID, UUID]):
    now = utc_now()
    stored = await carts.get(connection, grown[0], "cart 7", now)
    assert stored is not None
    assert await carts.put(connection, grown[0], "cart 7", StoredCart(stored.cart, 1, now, now, now))
    await carts.delete(connection, grown[0], "cart 7")
    assert_few_rows_read()
