"""Idempotency keys: whose they are, and how long they are kept."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import httpx

from couponry.services.retries import KEPT
from couponry.storage import idempotency
from couponry.storage.database import Connection, Database
from couponry.storage.idempotency import Key
from support import CartClient, Shop, custom_item, evaluation_body

KEY = {"Idempotency-Key": "key"}


def check_out(shop: Shop, client: httpx.Client, name: str = "Ann") -> httpx.Response:
    body = {"data": {"customer": {"email": "ann@example.com", "name": name}}}
    return client.post(f"{CartClient(shop).path}/checkout", json=body, headers=KEY)


def redeem(shop: Shop) -> httpx.Response:
    return shop.http.post("/v2/rule-promotions/redemptions", json=evaluation_body(type="redemption"), headers=KEY)


def test_no_shopper_burns_a_merchant_s_key(shop: Shop):
    CartClient(shop).add(custom_item())
    by_shopper = check_out(shop, shop.shopper)
    by_merchant = check_out(shop, shop.http, "Bob")

    assert (by_shopper.status_code, by_merchant.status_code) == (201, 201)
    assert by_shopper.json()["data"]["id"] != by_merchant.json()["data"]["id"]
    for client, name, first in ((shop.shopper, "Ann", by_shopper), (shop.http, "Bob", by_merchant)):
        again = check_out(shop, client, name)
        assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", first.json())
    assert check_out(shop, shop.shopper, "Bob").status_code == check_out(shop, shop.http, "Ann").status_code == 422


def test_a_merchant_s_key_is_one_for_all_requests(shop: Shop):
    CartClient(shop).add(custom_item())
    assert check_out(shop, shop.http).status_code == 201
    assert redeem(shop).status_code == 422


async def keep(connection: Connection, store_id: UUID, ages: dict[str, timedelta]) -> None:
    """Store a key for each name, of that age."""
    await idempotency.take(connection, store_id, [(Key(name, b""), b"") for name in ages])
    for name, age in ages.items():
        await connection.execute(
            "UPDATE idempotency_keys SET created_at = now() - %s WHERE store_id = %s AND key = %s",
            [age, store_id, name],
        )


async def kept(connection: Connection, store_id: UUID) -> set[str]:
    cursor = await connection.execute("SELECT key FROM idempotency_keys WHERE store_id = %s", [store_id])
    return {key for (key,) in await cursor.fetchall()}


async def until_kept(connection: Connection, store_id: UUID, names: set[str]) -> None:
    """Wait until these keys are left: the worker sweeps as well."""
    deadline = time.monotonic() + 30
    while (found := await kept(connection, store_id)) != names:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)


async def test_the_worker_deletes_keys_after_a_day_and_no_earlier(shop: Shop, connection: Connection):
    store_id, minute = UUID(shop.store_id), timedelta(minutes=1)
    assert timedelta(hours=24) <= KEPT
    await keep(connection, store_id, {"new": timedelta(), "a day": KEPT - minute, "older": KEPT + minute})
    await until_kept(connection, store_id, {"new", "a day"})


async def test_keys_are_deleted_in_batches_oldest_first(shop: Shop, connection: Connection):
    store_id = UUID(shop.store_id)
    async with connection.transaction(force_rollback=True):  # no worker sees them
        await keep(connection, store_id, {f"{days}": timedelta(days=3650 + days) for days in range(3)})
        assert await idempotency.delete_older(connection, KEPT, 2) == 2
        assert await kept(connection, store_id) == {"0"}
        assert await idempotency.delete_older(connection, KEPT, 2) == 1


async def test_a_sweep_waits_for_nobody(shop: Shop, database: Database, connection: Connection):
    store_id, minute = UUID(shop.store_id), timedelta(minutes=1)
    async with connection.transaction():
        await keep(connection, store_id, {"busy": KEPT - minute, "free": KEPT - minute})
    async with database.transaction() as working:
        await working.execute(
            "SELECT FROM idempotency_keys WHERE store_id = %s AND key = 'busy' FOR UPDATE", [store_id]
        )
        async with connection.transaction(force_rollback=True):
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            await idempotency.delete_older(connection, KEPT - 2 * minute, 1000)
            assert await kept(connection, store_id) == {"busy"}
