"""The last guards of every limit: what PostgreSQL refuses, whatever was decided before."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from couponry.domain.redemption import Claim, Code, Standing, Used
from couponry.services.context import fresh_id, utc_now
from couponry.storage import claims, idempotency, usages
from couponry.storage.database import Connection, Database
from couponry.storage.idempotency import Key
from couponry.storage.usages import Usage
from support import Shop

ANN = b"ann"


@pytest.fixture
def store(shop: Shop) -> UUID:
    return UUID(shop.store_id)


@pytest.fixture
async def transaction(database: Database) -> AsyncGenerator[Connection]:
    """A transaction that comes to nothing."""
    async with database.connection() as connection, connection.transaction(force_rollback=True):
        yield connection


def new_codes(shop: Shop, *limits: dict[str, Any]) -> dict[Code, str]:
    promotion = shop.promotion()
    bodies = [{"code": f"Code {index}", **one} for index, one in enumerate(limits)]
    added = shop.add_codes(promotion, *bodies).json()["data"]
    return {(UUID(promotion), UUID(one["id"])): one["code"] for one in added}


def claim(code: Code, uses: int = 1, *shoppers: bytes) -> Claim:
    return Claim(Used(*code, "code", uses), counted=True, shoppers=shoppers)


def usage(code: Code, redemption_id: UUID, **members: Any) -> Usage:
    now = utc_now()
    usual = {"id": fresh_id(), "expires_at": now - timedelta(minutes=1), "used_on": now, "updated_by": "me"}
    usual |= {"customer_id": None, "account_id": None, "customer_email": None, "shoppers": (ANN,), "held": True}
    usual |= {"discount": 100, "currency": "EUR"}
    return Usage(**(usual | members), redemption_id=redemption_id, used=Used(*code, "code", 1))


async def test_no_code_is_used_more_often_than_it_may(shop: Shop, store: UUID, transaction: Connection):
    [code] = codes = new_codes(shop, {"uses": 3})
    standing = await claims.lock_codes(transaction, store, codes)
    await claims.charge(transaction, store, [claim(code, 2)], standing)
    with pytest.raises(claims.Overtaken):
        await claims.charge(transaction, store, [claim(code, 2)], standing)
    await claims.charge(transaction, store, [claim(code, 1)], standing)


async def test_no_shopper_uses_a_code_more_often_than_each_may(shop: Shop, store: UUID, transaction: Connection):
    [code] = new_codes(shop, {"max_uses_per_shopper": {"max_uses": 2, "includes_guests": True}})
    standing = {code: Standing(None, 2)}
    with pytest.raises(claims.Overtaken):  # the first uses of a shopper, together already too many
        await claims.charge(transaction, store, [claim(code, 1, ANN)] * 3, standing)
    await claims.charge(transaction, store, [claim(code, 1, ANN)] * 2, standing)
    with pytest.raises(claims.Overtaken):
        await claims.charge(transaction, store, [claim(code, 1, ANN)], standing)
    await claims.charge(transaction, store, [claim(code, 1, b"bob")], standing)
    assert await claims.used_by(transaction, store, [(code, ANN), (code, b"bob")]) == {
        (code, ANN): 2,
        (code, b"bob"): 1,
    }


async def test_a_redemption_uses_a_code_of_a_promotion_once(shop: Shop, store: UUID, transaction: Connection):
    code, redemption = (fresh_id(), fresh_id()), fresh_id()
    await usages.add(transaction, store, [usage(code, redemption)])
    with pytest.raises(psycopg.errors.UniqueViolation):
        await usages.add(transaction, store, [usage(code, redemption)])


async def test_uses_are_freed_once(shop: Shop, store: UUID, transaction: Connection):
    expired, kept = (fresh_id(), fresh_id()), fresh_id()
    await usages.add(transaction, store, [usage(expired, kept), usage((fresh_id(), fresh_id()), kept, held=False)])
    assert len(await usages.free_expired(transaction, store, [expired])) == 1
    assert await usages.free_expired(transaction, store, [expired]) == []
    assert len(await usages.release(transaction, store, kept, "me")) == 1
    assert await usages.release(transaction, store, kept, "me") == []


async def test_a_shopper_pays_for_a_first_order_once(shop: Shop, store: UUID, transaction: Connection):
    assert await claims.add_paying(transaction, store, [ANN, b"bob"]) == {ANN, b"bob"}
    assert await claims.add_paying(transaction, store, [ANN, b"eve"]) == {b"eve"}


async def test_a_key_is_taken_once(shop: Shop, store: UUID, transaction: Connection):
    key, other = Key("key", b"asked"), Key("other", b"asked")
    assert await idempotency.take(transaction, store, [(key, b"first")]) == {"key"}
    assert await idempotency.take(transaction, store, [(other, b"x"), (key, b"second")]) == {"other"}
    assert (await idempotency.find(transaction, store, ["key"]))["key"].answer == b"first"


async def test_codes_are_locked_in_one_order(shop: Shop, store: UUID, transaction: Connection, database_url: str):
    """Who waits for the first code holds no other: it is the same order for everybody."""
    codes = new_codes(shop, *[{"uses": 1}] * 9)
    first, *others = sorted(codes)
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT FROM promotion_codes WHERE id = %s FOR UPDATE", [first[1]])
        waiting = asyncio.create_task(claims.lock_codes(transaction, store, dict(reversed(codes.items()))))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        with psycopg.connect(database_url, autocommit=True) as looker:
            for _, id_ in others:
                looker.execute("SELECT FROM promotion_codes WHERE id = %s FOR UPDATE NOWAIT", [id_])
        holder.rollback()
        assert len(await waiting) == 9


async def test_only_limited_codes_are_locked(shop: Shop, store: UUID, transaction: Connection):
    codes = new_codes(
        shop,
        {},
        {"user": "ann", "consume_unit": "per_application"},
        {"uses": 0},
        {"max_uses_per_shopper": {"max_uses": 4}},
        {"is_for_new_shopper": True},
        {"is_for_new_shopper": False},
    )
    found = list(codes)
    assert await claims.lock_codes(transaction, store, codes) == {
        found[2]: Standing(0, None, key="code 2"),
        found[3]: Standing(None, 4, key="code 3"),
        found[4]: Standing(None, 1, first_time=True, key="code 4"),
    }
