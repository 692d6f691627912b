"""The promotions that a process keeps for judging: as new as what was just read, read once, and only what changed."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import msgspec
import psycopg
import pytest
from psycopg import AsyncCursor
from psycopg.pq import TransactionStatus

from couponry.domain.cart import Cart, Line
from couponry.services.context import utc_now
from couponry.services.evaluations import evaluate_cart
from couponry.services.look_ups import LookUps
from couponry.services.promotion_cache import PromotionCache
from couponry.storage import books, entered_codes
from couponry.storage.database import Connection, Database
from couponry.storage.entered_codes import Entered, Known
from support import Shop, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
CART = Cart(currency="EUR", items=(Line(id="line", quantity=2, unit_price=1000),))


class CountingCursor(AsyncCursor[Any]):
    """Notes of each statement whether it stands outside any transaction."""

    statements: list[bool] = []  # noqa: RUF012

    async def execute(self, query: Any, params: Any = None, **options: Any) -> "CountingCursor":
        idle = self.connection.info.transaction_status == TransactionStatus.IDLE
        self.statements.append(idle)
        return await super().execute(query, params, **options)


class CountingDatabase(Database):
    """Counts what is asked of it."""

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        async with super().connection() as connection:
            connection.cursor_factory = CountingCursor
            yield connection


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = CountingDatabase(database_url, connections=2)
    await opened.open()
    CountingCursor.statements.clear()
    yield opened
    await opened.close()


@pytest.fixture
def cache(database: Database) -> PromotionCache:
    return PromotionCache(database)


def judged(client: httpx.Client, **members: Any) -> dict[str, Any]:
    answer = client.post(f"{PROMOTIONS}/evaluations", json=evaluation_body(**members))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def discount(client: httpx.Client, *codes: str) -> int:
    return judged(client, codes=codes)["totals"]["discount"]


def percent(share: int) -> dict[str, Any]:
    return {
        "rules": {"strategy": "cart_total", "operator": "gte", "args": [1]},
        "actions": [{"strategy": "cart_discount", "args": ["percent", share]}],
    }


async def applied(database: Database, cache: PromotionCache, shop: Shop, *codes: str) -> list[str]:
    evaluation = await evaluate_cart(LookUps(database), cache, UUID(shop.store_id), CART, codes, at=utc_now())
    return [one.promotion_id for one in evaluation.applied]


async def version_of(database: Database, shop: Shop) -> int:
    async with database.connection() as connection:
        return await books.version(connection, UUID(shop.store_id))


# Coherent on every process


def test_a_change_made_at_one_process_is_judged_by_at_the_next_request_to_another(shop: Shop, elsewhere: httpx.Client):
    promotion = shop.promotion(automatic=True, rule_set=percent(10))
    path = f"{PROMOTIONS}/{promotion}"
    for client in (shop.http, elsewhere):
        assert discount(client) == -200

    for share in (20, 30, 40):
        assert shop.http.put(path, json={"data": {"rule_set": percent(share)}}).status_code == 200
        assert discount(elsewhere) == -20 * share
    shop.http.put(path, json={"data": {"enabled": False}})
    assert discount(elsewhere) == 0
    shop.http.put(path, json={"data": {"enabled": True}})
    assert discount(elsewhere) == -800
    shop.http.delete(path)
    assert discount(elsewhere) == 0


def test_new_promotions_and_codes_are_there_at_once_and_deleted_ones_gone(shop: Shop, elsewhere: httpx.Client):
    assert discount(elsewhere, "spring") == 0
    promotion = shop.promotion(rule_set=percent(10))
    assert discount(elsewhere, "spring") == 0
    shop.add_codes(promotion, "spring")
    assert discount(elsewhere, "spring") == -200

    shop.http.delete(f"{PROMOTIONS}/{promotion}")
    for client in (elsewhere, shop.http):
        refused = judged(client, codes=["spring"])["refused"]
        assert [(one["code"], one["reason"]) for one in refused] == [("spring", "unknown_code")]


def test_a_deleted_code_is_unknown_at_once(shop: Shop, elsewhere: httpx.Client):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring", "autumn")
    assert discount(elsewhere, "spring") == -200

    shop.http.delete(f"{PROMOTIONS}/{promotion}/codes/spring")
    assert discount(elsewhere, "spring") == 0
    assert discount(elsewhere, "autumn") == -200


# What it costs


@pytest.mark.parametrize("codes", [(), ("spring",), ("spring", "nope", "a\nb")])
async def test_an_evaluation_is_one_statement_outside_any_transaction(
    shop: Shop, database: Database, cache: PromotionCache, codes: tuple[str, ...]
):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    await applied(database, cache, shop)  # reads the promotions
    CountingCursor.statements.clear()

    for _ in range(3):
        assert await applied(database, cache, shop, *codes) == [promotion] * bool(codes)

    assert CountingCursor.statements == [True] * 3


async def test_what_cannot_be_a_code_is_not_looked_for(
    shop: Shop, database: Database, cache: PromotionCache, monkeypatch: pytest.MonkeyPatch
):
    """It could be a million keys: one for each line."""
    asked: list[str] = []

    async def look_up(connection: Connection, store_id: UUID, entered: list[Entered]) -> list[Known]:
        asked.extend(key for one in entered for key in one.keys)
        return await read(connection, store_id, entered)

    read = entered_codes.look_up
    monkeypatch.setattr(entered_codes, "look_up", look_up)
    await applied(database, cache, shop, "Spring", "a\nb", "\n" * 1000 + "c\n\nd", "x" * 256, "")

    assert asked == ["spring"]


async def test_only_what_changed_is_read_again(
    shop: Shop, database: Database, cache: PromotionCache, monkeypatch: pytest.MonkeyPatch
):
    first, second, third = (shop.promotion(automatic=True) for _ in range(3))
    book = await cache.book(UUID(shop.store_id), await version_of(database, shop))
    asked: list[set[str]] = []

    async def rows(connection: Connection, store_id: UUID, ids: list[UUID]) -> list[books.Row]:
        asked.append({str(id_) for id_ in ids})
        return await read(connection, store_id, ids)

    read = books.rows
    monkeypatch.setattr(books, "rows", rows)
    shop.http.put(f"{PROMOTIONS}/{second}", json={"data": {"name": "changed"}})
    shop.http.delete(f"{PROMOTIONS}/{third}")
    fourth = shop.promotion(automatic=True)

    changed = await cache.book(UUID(shop.store_id), await version_of(database, shop))

    assert asked == [{second, fourth}]
    assert set(changed.by_id) == {first, second, fourth}
    assert changed.by_id[first] is book.by_id[first]
    assert changed.by_id[second].promotion.name == "changed"


async def test_requests_at_the_same_time_share_one_reading(
    shop: Shop, database: Database, cache: PromotionCache, monkeypatch: pytest.MonkeyPatch
):
    """More requests than connections: each gives its own back before it waits."""
    shop.promotion(automatic=True)
    readings = 0

    async def marks(connection: Connection, store_id: UUID) -> dict[UUID, str]:
        nonlocal readings
        readings += 1
        await asyncio.sleep(0.2)
        return await read(connection, store_id)

    read = books.marks
    monkeypatch.setattr(books, "marks", marks)
    answers = await asyncio.gather(*(applied(database, cache, shop) for _ in range(20)))

    assert readings == 1
    assert all(answers)


async def test_a_reading_that_began_before_does_not_do_for_a_newer_version(
    shop: Shop, database: Database, cache: PromotionCache, monkeypatch: pytest.MonkeyPatch
):
    read, goes_on, began = books.marks, asyncio.Event(), asyncio.Event()

    async def marks(connection: Connection, store_id: UUID) -> dict[UUID, str]:
        found = await read(connection, store_id)
        began.set()
        await goes_on.wait()
        return found

    monkeypatch.setattr(books, "marks", marks)
    early = asyncio.create_task(applied(database, cache, shop))
    await began.wait()
    promotion = await asyncio.to_thread(shop.promotion, automatic=True)
    late = asyncio.create_task(applied(database, cache, shop))
    await asyncio.sleep(0.1)
    goes_on.set()

    assert await early == []
    assert await late == [promotion]


async def test_promotions_are_read_as_of_one_moment(
    shop: Shop, database: Database, cache: PromotionCache, monkeypatch: pytest.MonkeyPatch
):
    """A change that comes between does not show in a part of them."""
    first, second = shop.promotion(name="old"), shop.promotion(name="old")
    version = await version_of(database, shop)

    async def marks(connection: Connection, store_id: UUID) -> dict[UUID, str]:
        found = await read(connection, store_id)
        change = {"json": {"data": {"name": "new"}}}
        await asyncio.to_thread(shop.http.put, f"{PROMOTIONS}/{second}", **change)
        await asyncio.to_thread(shop.http.delete, f"{PROMOTIONS}/{first}")
        return found

    read = books.marks
    with monkeypatch.context() as patched:
        patched.setattr(books, "marks", marks)
        before = await cache.book(UUID(shop.store_id), version)
    after = await cache.book(UUID(shop.store_id), await version_of(database, shop))

    assert {id_: one.promotion.name for id_, one in before.by_id.items()} == {first: "old", second: "old"}
    assert {id_: one.promotion.name for id_, one in after.by_id.items()} == {second: "new"}


async def test_who_gives_up_takes_the_reading_from_nobody(
    shop: Shop, database: Database, cache: PromotionCache, monkeypatch: pytest.MonkeyPatch
):
    promotion = shop.promotion(automatic=True)
    read, began = books.marks, asyncio.Event()

    async def marks(connection: Connection, store_id: UUID) -> dict[UUID, str]:
        began.set()
        await asyncio.sleep(0.1)
        return await read(connection, store_id)

    monkeypatch.setattr(books, "marks", marks)
    impatient = asyncio.create_task(applied(database, cache, shop))
    await began.wait()
    patient = asyncio.create_task(applied(database, cache, shop))
    await asyncio.sleep(0.05)
    impatient.cancel()

    assert await patient == [promotion]


# What goes wrong


async def test_a_reading_that_fails_is_tried_again(
    shop: Shop, database: Database, cache: PromotionCache, monkeypatch: pytest.MonkeyPatch
):
    promotion = shop.promotion(automatic=True)

    async def fails(*_: Any) -> dict[UUID, str]:
        await asyncio.sleep(0.05)
        raise psycopg.OperationalError("away")

    with monkeypatch.context() as patched:
        patched.setattr(books, "marks", fails)
        failed = await asyncio.gather(*(applied(database, cache, shop) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in failed] == [psycopg.OperationalError] * 3
    assert await applied(database, cache, shop) == [promotion]


async def test_a_promotion_that_can_no_longer_be_read_is_left_out_and_logged_once(
    shop: Shop,
    database: Database,
    cache: PromotionCache,
    caplog: pytest.LogCaptureFixture,
):
    good, *bad = (shop.promotion(automatic=True) for _ in range(4))
    async with database.connection() as connection:
        for id_, rule_set in zip(bad, ["{}", "[1e400]", '{"rules": {"strategy": "of old"}}'], strict=True):
            await connection.execute("UPDATE promotions SET rule_set = %s WHERE id = %s", [rule_set, id_])

    with caplog.at_level(logging.ERROR):
        assert await applied(database, cache, shop) == [good]
        assert len(caplog.records) == 3
        another = shop.promotion(automatic=True)
        assert await applied(database, cache, shop) == [another, good]
        assert len(caplog.records) == 3
    assert {record.__dict__["promotion_id"] for record in caplog.records} == set(bad)


async def test_after_a_restored_backup_everything_is_read_again(shop: Shop, database: Database, cache: PromotionCache):
    promotion = shop.promotion(automatic=True)
    assert await applied(database, cache, shop) == [promotion]
    store = UUID(shop.store_id)
    kept = cache._kept[store]
    cache._kept[store] = msgspec.structs.replace(
        kept,
        version=kept.version + 5,
        compiled={id_: msgspec.structs.replace(one, entry=None) for id_, one in kept.compiled.items()},
    )

    assert await applied(database, cache, shop) == [promotion]


async def test_the_stores_not_asked_for_the_longest_are_forgotten(new_shop: Callable[..., Shop], database: Database):
    cache, shops = PromotionCache(database, most=2), [await asyncio.to_thread(new_shop) for _ in range(3)]
    promotions = [shop.promotion(automatic=True) for shop in shops]
    for index in (0, 1, 0, 2, 1):
        assert await applied(database, cache, shops[index]) == [promotions[index]]
        assert len(cache._kept) <= 2
    assert [str(store) for store in cache._kept] == [shops[2].store_id, shops[1].store_id]
