"""What PostgreSQL does for the statements behind codes, when a promotion has very many of them.

Each statement that a use case really sends is run under EXPLAIN ANALYZE first, and no part of its plan may read
more than a page or so of rows: what holds for 300,000 codes then holds for 5,000,000.
"""

import hashlib
import secrets
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg import AsyncConnection, AsyncCursor

from couponry.domain.codes import CodeLimits, CodePattern, NewCode
from couponry.domain.evaluation import evaluate
from couponry.domain.figures import Days
from couponry.domain.ids import series
from couponry.domain.jobs import JobStatus, PromotionJob
from couponry.domain.listing import EVERYTHING, All, Comparison, Filter, Operator, Page
from couponry.domain.orders import Order
from couponry.domain.product_errors import DuplicateSku
from couponry.domain.products import NewProduct
from couponry.domain.promotion_book import book
from couponry.domain.redemption import Claim, Used
from couponry.domain.shopping_cart import ShoppingCart, to_judge
from couponry.services import audit, codes, products, promotions
from couponry.services import orders as order_services
from couponry.services import redemptions as redemption_services
from couponry.services import usages as usage_services
from couponry.services.context import Context, fresh_id, utc_now
from couponry.storage import (
    anonymizing,
    books,
    carts,
    claims,
    code_imports,
    code_rows,
    entered_codes,
    held_uses,
    idempotency,
    order_lists,
    orders,
    overview,
    redemption_lists,
    refusal_days,
    usage_days,
    usage_lists,
    usage_search,
    usages,
    used_codes,
)
from couponry.storage import codes as stored_codes
from couponry.storage import products as stored_products
from couponry.storage.code_rows import COPY_CODES, Origin, generated_rows
from couponry.storage.codes import COUNTED
from couponry.storage.database import configure
from couponry.storage.entered_codes import Entered
from couponry.storage.idempotency import Key
from explaining import ExplainingCursor, assert_few_rows_read, rows_read

MANY = 300_000


@pytest.fixture(scope="module")
def crowded(database_url: str) -> tuple[UUID, UUID, UUID]:
    """A store with two promotions of very many codes each; returns the store, one promotion and its series."""
    store_id, promotion_id, other = fresh_id(), fresh_id(), fresh_id()
    first = fresh_id()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO stores VALUES (%s, %s, NULL, NULL, 50, 0, now())", [store_id, str(store_id)])
        for id_ in (promotion_id, other):
            insert_promotion(connection, store_id, id_)
            load(connection, store_id, id_, first if id_ == promotion_id else fresh_id())
        connection.execute("ANALYZE promotion_codes")  # as a job does when it has generated so many
    return store_id, promotion_id, first


def insert_promotion(connection: psycopg.Connection, store_id: UUID, id_: UUID) -> None:
    connection.execute(
        "INSERT INTO promotions VALUES (%s, %s, 'x', NULL, true, false, NULL, true, false, '2024-01-01', '2099-01-01',"
        """ '{"rules":{"strategy":"cart_total","operator":"gte","args":[1]},"actions":[{"strategy":"cart_discount","""
        """ "args":["percent",1]}]}', '{}', 'me', 'me', now(), now(), NULL)""",
        [store_id, id_],
    )
    connection.execute("INSERT INTO code_counts VALUES (%s, %s, %s)", [store_id, id_, MANY])


def load(connection: psycopg.Connection, store_id: UUID, promotion_id: UUID, first: UUID) -> None:
    pattern = CodePattern("", 8)
    bodies = pattern.draw(pattern.slice(0, MANY, MANY), MANY, set(), secrets.token_bytes)
    origin = Origin(store_id, promotion_id, "me", utc_now())
    rows = generated_rows(origin, series(first), pattern, CodeLimits(max_uses=1), bodies)
    with connection.cursor().copy(COPY_CODES) as copy:
        copy.write(rows)


@pytest.fixture
async def context(crowded: tuple[UUID, UUID, UUID], database_url: str) -> AsyncGenerator[Context]:
    connection: AsyncConnection[Any] = await AsyncConnection.connect(database_url, cursor_factory=ExplainingCursor)
    await configure(connection)
    ExplainingCursor.plans.clear()
    ExplainingCursor.explaining = True
    yield Context(connection, crowded[0], "me")
    ExplainingCursor.explaining = False
    await connection.rollback()
    await connection.close()


async def some_code(context: Context, promotion_id: UUID) -> tuple[UUID, str]:
    cursor = AsyncCursor(context.connection)
    await AsyncCursor.execute(
        cursor, "SELECT id, code FROM promotion_codes WHERE promotion_id = %s ORDER BY id LIMIT 1", [promotion_id]
    )
    [row] = await cursor.fetchall()
    return row


@pytest.mark.parametrize("order", [None, "code", "-code"])
@pytest.mark.parametrize("offset", [0, 1000])
async def test_listing_codes(context: Context, crowded: tuple[UUID, UUID, UUID], order: str | None, offset: int):
    listed = await codes.list_codes(context, crowded[1], EVERYTHING, order, Page(100, offset))
    assert len(listed.rows) == 100
    assert listed.total == MANY
    assert_few_rows_read()


async def test_filtering_by_code(context: Context, crowded: tuple[UUID, UUID, UUID]):
    _, code = await some_code(context, crowded[1])
    listed = await codes.list_codes(context, crowded[1], Comparison("eq", "code", (code,)), None, Page(100))
    assert listed.total == 1
    assert_few_rows_read()


async def test_counting_codes_that_begin_alike(context: Context, crowded: tuple[UUID, UUID, UUID]):
    _, code = await some_code(context, crowded[1])
    assert await codes.count_beginning(context, crowded[1], code[:1].upper(), 101) == 101
    assert await codes.count_beginning(context, crowded[1], code, 101) == 1
    assert_few_rows_read()


async def test_codes_that_are_in_use(context: Context, crowded: tuple[UUID, UUID, UUID]):
    _, code = await some_code(context, crowded[1])
    assert [one.place for one in await codes.taken_of(context, crowded[1], ["new", code.upper(), "NEW"])] == [1, 2]
    assert_few_rows_read()


async def test_walking_from_a_code(context: Context, crowded: tuple[UUID, UUID, UUID]):
    listed = await stored_codes.page_of(
        context.connection, *crowded[:2], Comparison("gt", "code", ("k",)), "code", Page(100)
    )
    assert len(listed) == 100
    assert_few_rows_read()


@pytest.mark.parametrize("dry_run", [False, True])
async def test_importing_codes(context: Context, crowded: tuple[UUID, UUID, UUID], dry_run: bool):
    cursor = AsyncCursor(context.connection)
    known = "SELECT code FROM promotion_codes WHERE promotion_id = %s ORDER BY id LIMIT 500"
    await AsyncCursor.execute(cursor, known, [crowded[1]])
    names = [code for (code,) in await cursor.fetchall()] + [f"new-{n}" for n in range(500)]
    job = PromotionJob(
        store_id=crowded[0],
        promotion_id=crowded[1],
        id=fresh_id(),
        job_type="code_import",
        dry_run=dry_run,
        status=JobStatus.PROCESSING,
        total=1000,
        created_by="me",
        created_at=utc_now(),
        updated_at=utc_now(),
    )
    lines = [(line, name, name.lower(), CodeLimits()) for line, name in enumerate(names)]
    rows = b"".join(code_rows.rows(Origin(*crowded[:2], "me", utc_now()), series(job.id), lines))
    async with context.connection.transaction(force_rollback=True):
        assert await code_imports.take_in(context.connection, job, rows) == (500, 500)
    assert_few_rows_read()


async def test_finding_promotions_by_code(context: Context, crowded: tuple[UUID, UUID, UUID]):
    _, code = await some_code(context, crowded[1])
    listed = await promotions.list_promotions(context, Comparison("eq", "code", (code,)), Page(100))
    assert listed.total == 1
    assert_few_rows_read()


@pytest.mark.parametrize("known", [0, 1, 100])
async def test_looking_entered_codes_up(context: Context, crowded: tuple[UUID, UUID, UUID], known: int):
    cursor = AsyncCursor(context.connection)
    await AsyncCursor.execute(
        cursor, "SELECT code_key FROM promotion_codes WHERE promotion_id = %s LIMIT %s", [crowded[1], known]
    )
    keys = [key for (key,) in await cursor.fetchall()]
    entered = [Entered((key, f"none {n}")) for n, key in enumerate(keys + ["none"] * (100 - known))]
    found = await entered_codes.look_up(context.connection, crowded[0], entered)
    assert [key for one in found for key in one.grants] == keys
    await entered_codes.look_up(context.connection, crowded[0], [Entered((*keys[:1], "none"))])
    assert_few_rows_read()


async def test_reading_the_promotions_to_judge_by(context: Context, crowded: tuple[UUID, UUID, UUID]):
    marks = await books.marks(context.connection, crowded[0])
    assert len(await books.rows(context.connection, crowded[0], list(marks))) == 2
    assert_few_rows_read()


@pytest.mark.parametrize("by_id", [True, False])
async def test_deleting_a_code(context: Context, crowded: tuple[UUID, UUID, UUID], by_id: bool):
    id_, code = await some_code(context, crowded[1])
    await codes.delete_code(context, crowded[1], str(id_) if by_id else code)
    assert_few_rows_read()


async def test_creating_codes(context: Context, crowded: tuple[UUID, UUID, UUID]):
    await codes.create_codes(context, crowded[1], [NewCode(code=f"new {n}") for n in range(1000)])
    assert_few_rows_read()


async def test_deleting_codes_by_name(context: Context, crowded: tuple[UUID, UUID, UUID]):
    await codes.delete_codes(context, crowded[1], [f"none {n}" for n in range(1000)])
    assert_few_rows_read()


async def test_clearing_up_after_a_job(context: Context, crowded: tuple[UUID, UUID, UUID]):
    deleted = await stored_codes.delete_unused_of_job(context.connection, *crowded, limit=1000)
    assert deleted == 1000
    assert_few_rows_read()


async def test_looking_for_clashes(context: Context, crowded: tuple[UUID, UUID, UUID]):
    assert await stored_codes.endings_between(context.connection, crowded[0], "2" * 8, "z" * 8, 8, 1000) is None
    assert await stored_codes.keys_known(context.connection, crowded[0], [f"none {n}" for n in range(1000)]) == []
    assert_few_rows_read()


# Products


@pytest.fixture(scope="module")
def full_shelves(crowded: tuple[UUID, UUID, UUID], database_url: str) -> UUID:
    """The same store with very many products, of which PostgreSQL has no statistics yet."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO products SELECT %s, 'p-' || n, 's-' || n, 'x', NULL, '{"USD":1}', NULL, '{}', '{}', now(), now()
            FROM generate_series(1, 50000) AS n
            """,
            [crowded[0]],
        )
    return crowded[0]


async def test_looking_products_up(context: Context, full_shelves: UUID):
    ids, skus = ([f"{letter}-{number}" for number in range(1, 50_000, 50)] for letter in "ps")
    for analyzed in (False, True):
        if analyzed:
            await let_planner_know(context)
        assert len(await stored_products.by_ids(context.connection, full_shelves, [*ids, "none"])) == 1000
        assert len(await stored_products.by_skus(context.connection, full_shelves, [*skus, "none"])) == 1000
        assert_few_rows_read()


async def let_planner_know(context: Context) -> None:
    """Do what autovacuum does within a minute."""
    await AsyncCursor.execute(AsyncCursor(context.connection), "ANALYZE products")


@pytest.mark.parametrize("attribute", ["id", "sku"])
async def test_filtering_products(context: Context, full_shelves: UUID, attribute: str):
    wanted = Comparison("in", attribute, (f"{attribute[0].replace('i', 'p')}-7", "none"))
    await let_planner_know(context)
    listed = await products.list_products(context, wanted, Page(100))
    assert [found.id for found in listed.rows] == ["p-7"]
    assert_few_rows_read()


async def test_storing_and_deleting_products(context: Context, full_shelves: UUID):
    new = [NewProduct(id=f"p-{n}", sku=f"s-{n}", name="y", prices={"USD": 2}) for n in range(49_500, 50_500)]
    await products.put_products(context, new)
    await products.delete_product(context, "p-50000")
    with pytest.raises(DuplicateSku):
        await products.put_products(context, [NewProduct(id="other", sku="s-1", name="y", prices={"USD": 2})])
    assert_few_rows_read()


# Redemptions


LEDGER = ("usages", "redemptions", "code_shoppers", "paying_shoppers", "idempotency_keys", "orders", "carts")


@pytest.fixture(scope="module", autouse=True)
def unknown_ledger(database_url: str) -> Generator[None]:
    """Keep from PostgreSQL what the tables of the ledger, orders and carts hold, as it does not know for a minute."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table in LEDGER:
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        yield
        for table in LEDGER:
            connection.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


@pytest.fixture(scope="module")
def busy(crowded: tuple[UUID, UUID, UUID], database_url: str) -> tuple[UUID, UUID]:
    """The same store with a hot code: 50,000 uses by as many shoppers; returns the code and a redemption of it."""
    store_id, promotion_id, _ = crowded
    with psycopg.connect(database_url, autocommit=True) as connection:
        [(code_id,)] = connection.execute(
            "UPDATE promotion_codes SET max_uses = 100000, used = 50000, shopper_max_uses = 1 WHERE promotion_id = %s"
            " AND id = (SELECT id FROM promotion_codes WHERE promotion_id = %s ORDER BY id LIMIT 1) RETURNING id",
            [promotion_id, promotion_id],
        ).fetchall()
        connection.execute(
            """
            INSERT INTO usages SELECT %s, %s, gen_random_uuid(), gen_random_uuid(), %s,
                CASE WHEN n <= 10 THEN 'held' ELSE 'used' END::usage_state, 1, now() - interval '1 s', now(), NULL,
                now(), false, 'hot', NULL, NULL, NULL, 'me', ARRAY[int4send(n)]
            FROM generate_series(1, 50000) AS n
            """,
            [store_id, promotion_id, code_id],
        )
        connection.execute(
            "INSERT INTO code_shoppers SELECT %s, %s, %s, int4send(n), 1 FROM generate_series(1, 50000) AS n",
            [store_id, promotion_id, code_id],
        )
        connection.execute(
            "INSERT INTO paying_shoppers SELECT %s, int4send(n) FROM generate_series(1, 50000) AS n", [store_id]
        )
        connection.execute(
            "INSERT INTO idempotency_keys SELECT %s, 'key ' || n, '', '' FROM generate_series(1, 50000) AS n",
            [store_id],
        )
        [(redemption_id,)] = connection.execute(
            "SELECT redemption_id FROM usages WHERE store_id = %s AND state = 'used' LIMIT 1", [store_id]
        ).fetchall()
    return code_id, redemption_id


SHOPPERS = [number.to_bytes(4) for number in range(1, 101)]


async def test_claiming(context: Context, crowded: tuple[UUID, UUID, UUID], busy: tuple[UUID, UUID]):
    connection, store_id, code = context.connection, crowded[0], (crowded[1], busy[0])
    cursor = AsyncCursor(connection)
    await AsyncCursor.execute(
        cursor,
        "SELECT promotion_id, id, code FROM promotion_codes WHERE store_id = %s AND id = %s UNION ALL"
        " (SELECT promotion_id, id, code FROM promotion_codes WHERE store_id = %s ORDER BY id LIMIT 128)",
        [store_id, code[1], store_id],
    )
    spelled = {(promotion, id_): name for promotion, id_, name in await cursor.fetchall()}
    standing = await claims.lock_codes(connection, store_id, spelled)
    assert len(standing) == 128
    taken = [Claim(Used(*one, name, 1), counted=True) for one, name in spelled.items() if one in standing]
    await claims.charge(connection, store_id, taken, standing)
    freed = await usages.free_expired(connection, store_id, spelled)
    assert len(freed) == 10
    known = await claims.used_by(connection, store_id, [(code, shopper) for shopper in [*SHOPPERS, b"none"]])
    assert set(known.values()) == {1}
    assert len(known) == 100
    await claims.give_back(connection, store_id, freed)
    assert await claims.paying(connection, store_id, [*SHOPPERS, b"none"]) == frozenset(SHOPPERS)
    assert await claims.add_paying(connection, store_id, [*SHOPPERS, b"none"]) == {b"none"}
    keys = [Key(f"key {number}", b"") for number in range(128)]
    assert await idempotency.take(connection, store_id, [(key, b"") for key in keys]) == {"key 0"}
    assert len(await idempotency.find(connection, store_id, [key.key for key in keys])) == 128
    await idempotency.forget(connection, store_id, ["key 0"])
    assert_few_rows_read()


async def test_what_evaluations_see_of_uses(
    context: Context, crowded: tuple[UUID, UUID, UUID], busy: tuple[UUID, UUID]
):
    cursor = AsyncCursor(context.connection)
    await AsyncCursor.execute(cursor, "SELECT code_key FROM promotion_codes WHERE id = %s", [busy[0]])
    [(key,)] = await cursor.fetchall()
    for shopper, used in ((SHOPPERS[0], 0), (SHOPPERS[50], 1), (b"none", 0)):
        [found] = await entered_codes.look_up(
            context.connection, crowded[0], [Entered((key, "none"), (b"another", shopper))]
        )
        assert [grant.used_by_shopper for grant in found.grants[key]] == [used]
    listed = await codes.list_codes(context, crowded[1], Comparison("eq", "code", (key,)), None, Page(100))
    assert [code.uses for code in listed.rows] == [50_010]
    assert_few_rows_read()


async def test_moving_a_redemption(context: Context, crowded: tuple[UUID, UUID, UUID], busy: tuple[UUID, UUID]):
    connection, store_id = context.connection, crowded[0]
    assert len(await usages.of_redemption(connection, store_id, busy[1])) == 1
    assert await usages.confirm_held(connection, store_id, busy[1], "me")
    assert len(await usages.release(connection, store_id, busy[1], "me")) == 1
    await usages.use_again(connection, store_id, busy[1], "me")
    assert await stored_codes.auto_ids(connection, store_id, [crowded[1], fresh_id()]) == {}
    assert_few_rows_read()


async def test_clearing_up_codes_without_limits(
    context: Context, crowded: tuple[UUID, UUID, UUID], busy: tuple[UUID, UUID]
):
    """Their uses are looked up in the ledger, one code after the other."""
    cursor = AsyncCursor(context.connection)
    await AsyncCursor.execute(
        cursor,
        "UPDATE promotion_codes SET max_uses = NULL, used = 0 WHERE id IN"
        " (SELECT id FROM promotion_codes WHERE promotion_id = %s ORDER BY id LIMIT 1000)",
        [crowded[1]],
    )
    assert await stored_codes.delete_unused_of_job(context.connection, *crowded, limit=900) == 900
    await AsyncCursor.execute(cursor, "SELECT count(*) FROM promotion_codes WHERE id = %s", [busy[0]])
    assert await cursor.fetchall() == [(1,)]
    assert_few_rows_read()


# Usages


@pytest.fixture(params=["ANALYZE usages", "DELETE FROM pg_statistic WHERE starelid = 'usages'::regclass"])
def much_used(usages_made: tuple[UUID, UUID], database_url: str, request: pytest.FixtureRequest) -> tuple[UUID, UUID]:
    """Usages that are very many, and that PostgreSQL knows or has not looked at."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(request.param)
    return usages_made


@pytest.fixture(scope="module")
def usages_made(crowded: tuple[UUID, UUID, UUID], database_url: str) -> tuple[UUID, UUID]:
    """Two promotions whose usages are very many, nearly all of one code and of one shopper, one every three minutes.

    Every third is a hold that was released.
    """
    store_id, promotions = crowded[0], [fresh_id(), fresh_id()]
    with psycopg.connect(database_url, autocommit=True) as connection:
        for promotion_id in promotions:
            insert_promotion(connection, store_id, promotion_id)
            connection.execute(USAGES, {"store": store_id, "promotion": promotion_id})
    return store_id, promotions[0]


USAGES = """
    WITH made AS (
        SELECT n, gen_random_uuid() AS redemption, CASE WHEN n %% 1000 = 0 THEN 'rare' ELSE 'hot' END AS code,
            CASE WHEN n %% 5000 = 0 THEN 'ann' || n %% 4 ELSE 'bob' || n END AS shopper,
            CASE WHEN n %% 3 = 0 THEN 'released' ELSE 'used' END AS state,
            timestamptz '2024-01-01Z' + n * interval '3 min' AS used_on
        FROM generate_series(1, 100000) AS n
    ), redeemed AS (
        INSERT INTO redemptions SELECT %(store)s, redemption, CASE code WHEN 'rare' THEN 'held' ELSE 'confirmed' END,
            CASE WHEN n %% 10 = 0 THEN 'order' ELSE 'order ' || n %% 10000 END, used_on, '{}',
            ARRAY[substring(sha256(shopper::bytea) FROM 1 FOR 16)], 'me', 'me', used_on, used_on FROM made
    ), kept AS (
        INSERT INTO idempotency_keys SELECT %(store)s, redemption::text, ''::bytea,
            convert_to('{"id":"' || redemption || '"', 'UTF8'), now() FROM made WHERE n %% 2 = 0
    )
    INSERT INTO usages SELECT %(store)s, %(promotion)s, gen_random_uuid(), redemption, md5(code)::uuid,
        state::usage_state, 1, used_on, CASE WHEN state = 'used' THEN used_on END,
        CASE WHEN state = 'released' THEN now() END, now(), false, code, 'customer ' || n %% 10000, NULL, shopper, 'me',
        '{}' FROM made
"""


@pytest.mark.parametrize("order", [None, "used_on", "-used_on"])
@pytest.mark.parametrize("code", [None, "HOT", "rare"])
async def test_listing_usages(context: Context, much_used: tuple[UUID, UUID], order: str | None, code: str | None):
    used = None if code is None else await usage_lists.code_named(context.connection, *much_used, code)
    id_ = UUID(hashlib.md5((code or "").lower().encode()).hexdigest())
    for analyzed in (False, True):
        if analyzed:
            await AsyncCursor.execute(AsyncCursor(context.connection), "ANALYZE usages, redemptions, idempotency_keys")
        for one in {used, used and await usage_lists.code_with_id(context.connection, *much_used, id_)}:
            listed = await usage_lists.page_of(
                context.connection, *much_used, EVERYTHING, order, Page(100, 0 if code == "rare" else 900), one
            )
            assert len(listed) == (67 if code == "rare" else 100)
        assert_few_rows_read()


@pytest.mark.parametrize(
    ("test", "found"),
    [
        (Comparison("eq", "code", ("Rare",)), 67),
        (Comparison("lt", "used_on", ("2024-01-02",)), 320),
        (All((Comparison("ge", "used_on", ("2024-03-01",)), Comparison("lt", "used_on", ("2024-03-02",)))), 320),
        (Comparison("eq", "id", (str(fresh_id()),)), 0),
    ],
)
async def test_filtering_usages(context: Context, much_used: tuple[UUID, UUID], test: Filter, found: int):
    listed = await usage_services.list_usages(context, much_used[1], test, None, Page(100))
    assert listed.total == found
    assert_few_rows_read()


@pytest.mark.parametrize("order", [None, "-used_on"])
@pytest.mark.parametrize("code", [None, "HOT"])
async def test_filtering_usages_by_order_and_shopper(
    context: Context, much_used: tuple[UUID, UUID], order: str | None, code: str | None
):
    used = None if code is None else usage_lists.UsedCode(code)
    of_order, of_ann = Comparison("eq", "order_id", ("order 7",)), Comparison("eq", "customer_email", ("ANN0",))
    for analyzed in (False, True):
        if analyzed:
            await AsyncCursor.execute(AsyncCursor(context.connection), "ANALYZE usages, redemptions, orders")
        for wanted, found in (
            (of_order, 7),
            (All((Comparison("ge", "used_on", ("2024-01-01",)), All((of_order, of_ann)))), 0),
            (of_ann, 14 if code is None else 0),
            (Comparison("eq", "customer_id", ("customer 7",)), 7),
            (Comparison("eq", "customer_id", ("nobody",)), 0),
        ):
            listed = await usage_lists.page_of(context.connection, *much_used, wanted, order, Page(100), used)
            assert len(listed) == found
            assert await usage_lists.total(context.connection, *much_used, wanted, used) == (found, True)
    assert_few_rows_read()


@pytest.mark.parametrize("offset", [0, 1000])
async def test_listing_redemptions(context: Context, usages_made: tuple[UUID, UUID], offset: int):
    for analyzed in (False, True):
        if analyzed:
            await AsyncCursor.execute(AsyncCursor(context.connection), "ANALYZE usages, redemptions")
        found = await redemption_lists.page_of(context.connection, usages_made[0], EVERYTHING, Page(100, offset))
        assert len(found) == 100
        assert all(one.uses for one in found)
    assert_few_rows_read()


async def test_counting_redemptions(context: Context, usages_made: tuple[UUID, UUID]):
    await AsyncCursor.execute(AsyncCursor(context.connection), "ANALYZE redemptions")
    assert await redemption_lists.total(context.connection, usages_made[0], EVERYTHING) == (COUNTED, False)
    assert max(rows_read(plan) for _, plan in ExplainingCursor.plans) <= COUNTED


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Comparison("eq", "order_id", ("order 7",)), 20),
        (Comparison("eq", "order_id", ("none",)), 0),
        (Comparison("eq", "state", ("held",)), 200),
        (Comparison("eq", "state", ("released",)), 0),
        (All((Comparison("eq", "state", ("released",)), Comparison("eq", "state", ("confirmed",)))), 0),
        (All((Comparison("eq", "state", ("confirmed",)), Comparison("eq", "order_id", ("order 7",)))), 20),
        (All((Comparison("eq", "state", ("held",)), Comparison("eq", "order_id", ("order 7",)))), 0),
    ],
)
async def test_filtering_redemptions(context: Context, usages_made: tuple[UUID, UUID], wanted: Filter, found: int):
    for analyzed in (False, True):
        if analyzed:
            await AsyncCursor.execute(AsyncCursor(context.connection), "ANALYZE usages, redemptions")
        listed = await redemption_services.list_redemptions(context, wanted, Page(100))
        assert (len(listed.rows), listed.total) == (min(found, 100), found)
    assert_few_rows_read()


async def test_deleting_old_keys(context: Context, usages_made: tuple[UUID, UUID]):
    cursor = AsyncCursor(context.connection)
    await AsyncCursor.execute(
        cursor,
        "UPDATE idempotency_keys SET created_at = now() - interval '2 days' WHERE (store_id, key) IN"
        " (SELECT store_id, key FROM idempotency_keys WHERE store_id = %s LIMIT 1500)",
        [usages_made[0]],
    )
    for analyzed in (False, True):
        if analyzed:
            await AsyncCursor.execute(cursor, "ANALYZE idempotency_keys")
        async with context.connection.transaction(force_rollback=True):
            assert await idempotency.delete_older(context.connection, timedelta(days=1), 1000) == 1000
            assert await idempotency.delete_older(context.connection, timedelta(days=1), 1000) == 500
    assert_few_rows_read()


async def test_counting_usages(context: Context, much_used: tuple[UUID, UUID]):
    for code in (None, usage_lists.UsedCode("hot")):
        assert await usage_lists.total(context.connection, *much_used, EVERYTHING, code) == (COUNTED, False)
    assert max(rows_read(plan) for _, plan in ExplainingCursor.plans) < 2 * COUNTED


async def test_forgetting_shoppers(context: Context, much_used: tuple[UUID, UUID]):
    ann = hashlib.sha256(b"ann0").digest()[:16]
    for analyzed in (False, True):
        if analyzed:
            await AsyncCursor.execute(AsyncCursor(context.connection), "ANALYZE usages, redemptions, idempotency_keys")
        told = await usage_services.anonymize_shopper(context, [ann], "ann0")
        assert told.total == 28
        again = await usage_services.anonymize_usages(context, [str(one.id) for one in told.usages])
        assert again.total == 28
        redemptions = await anonymizing.redemptions_of_shopper(context.connection, much_used[0], ann)
        assert len(await anonymizing.answers(context.connection, much_used[0], redemptions)) == 40
    assert_few_rows_read()


# Figures, and usages of the whole store


@pytest.fixture
def much_told(much_used: tuple[UUID, UUID], database_url: str) -> tuple[UUID, UUID]:
    """A year of figures of fifty promotions, the two with very many usages among them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM usage_days WHERE store_id = %s", [much_used[0]])
        connection.execute(
            """
            INSERT INTO usage_days SELECT %(store)s, date '2024-01-01' + day, promotion, 'EUR', 1, 100, 0, 0
            FROM generate_series(0, 365) AS day, (
                SELECT DISTINCT promotion_id FROM usages WHERE store_id = %(store)s
                UNION ALL SELECT gen_random_uuid() FROM generate_series(1, 48)
            ) AS known (promotion)
            """,
            {"store": much_used[0]},
        )
        connection.execute("ANALYZE usage_days")  # as a worker does when it has grown by half
    return much_used


MARCH = Days(date(2024, 3, 1), date(2024, 3, 31))
YEAR = Days(date(2024, 1, 1), date(2024, 12, 31))


async def test_reading_figures(context: Context, much_told: tuple[UUID, UUID]):
    store_id, promotion_id = much_told
    for days, promotion, count in ((MARCH, None, 31), (MARCH, promotion_id, 31), (YEAR, promotion_id, 366)):
        assert len(await usage_days.by_day(context.connection, store_id, days, promotion)) == count
        assert len(await usage_days.by_promotion(context.connection, store_id, days, promotion)) in (1, 50, 51)
        assert await refusal_days.by_day(context.connection, store_id, days, promotion) == []
        assert await refusal_days.by_promotion(context.connection, store_id, days, promotion) == []
    assert_few_rows_read()


async def test_the_figures_of_a_list_of_busy_promotions_are_not_counted(context: Context, much_told: tuple[UUID, UUID]):
    store_id, promotion_id = much_told
    busy = [one.promotion_id for one in await usage_days.by_promotion(context.connection, store_id, MARCH, None)][:24]
    asked = [fresh_id(), promotion_id, *busy]

    [nothing, some, *_] = await overview.counted(context.connection, store_id, asked, date(2024, 12, 2))

    assert (nothing.days, nothing.uses) == ([], [])
    assert (some.days, some.uses) == ([*range(30)], [1] * 30)
    assert_few_rows_read()


async def test_counting_the_codes_used_most(context: Context, much_told: tuple[UUID, UUID]):
    busy = await used_codes.busiest(context.connection, much_told[0], MARCH, None, 11)
    assert (much_told[1], 31) in busy
    found = await used_codes.most_used(context.connection, much_told[0], MARCH, [much_told[1]], 10)
    assert [one.code for one in found] == ["hot", "rare"]
    assert sum(one.redemptions for one in found) == used_codes.COUNTED
    assert_few_rows_read()


async def test_summing_days_up(context: Context, crowded: tuple[UUID, UUID, UUID]):
    cursor = AsyncCursor(context.connection)
    async with context.connection.transaction(force_rollback=True):
        await AsyncCursor.execute(
            cursor,
            "INSERT INTO usage_changes SELECT %s, '2020-01-01', %s, 'EUR', 1, 1, 0, 0 FROM generate_series(1, 20000)",
            crowded[:2],
        )
        assert await usage_days.take_in(context.connection) == usage_days.AT_ONCE
    assert max(rows_read(plan) for _, plan in ExplainingCursor.plans) <= usage_days.AT_ONCE


@pytest.mark.parametrize("before", [None, usage_search.Place(datetime(2024, 5, 1, tzinfo=UTC), UUID(int=0))])
@pytest.mark.parametrize(
    "wanted",
    [
        usage_search.Wanted(),
        usage_search.Wanted(code="HOT"),
        usage_search.Wanted(code="rare"),
        usage_search.Wanted(code="none"),
        usage_search.Wanted(since=datetime(2024, 3, 1, tzinfo=UTC), until=datetime(2024, 3, 2, tzinfo=UTC)),
    ],
)
async def test_finding_usages_of_a_store(
    context: Context,
    much_used: tuple[UUID, UUID],
    wanted: usage_search.Wanted,
    before: usage_search.Place | None,
):
    for promotion in (None, much_used[1]):
        asked = wanted._replace(promotion_id=promotion, before=before)
        found = await usage_search.find(context.connection, much_used[0], asked, 26)
        assert len(found) == (0 if wanted.code == "none" else 26)
    assert_few_rows_read()


async def test_finding_usages_of_a_shopper_and_of_an_order(context: Context, much_used: tuple[UUID, UUID]):
    connection, store_id = context.connection, much_used[0]
    ann = await usage_search.redemptions_of_shopper(connection, store_id, hashlib.sha256(b"ann0").digest()[:16])
    assert len(ann) == 40
    found = await usage_search.find(connection, store_id, usage_search.Wanted(redemptions=ann), 1000)
    assert len(found) == 28
    assert await usage_search.redemptions_of_order(connection, store_id, "none") == []
    many = await usage_search.redemptions_of_order(connection, store_id, "order")
    assert len(many) == usage_search.MOST_REDEMPTIONS
    assert len(await usage_search.find(connection, store_id, usage_search.Wanted(redemptions=many), 26)) == 26
    assert_few_rows_read()


async def test_counting_what_is_held_of_a_code(
    context: Context, crowded: tuple[UUID, UUID, UUID], busy: tuple[UUID, UUID]
):
    assert await held_uses.of_code(context.connection, crowded[0], crowded[1], busy[0]) == 0
    assert_few_rows_read()


async def test_counting_how_often_a_code_was_used(
    context: Context, crowded: tuple[UUID, UUID, UUID], busy: tuple[UUID, UUID]
):
    assert (await held_uses.used_of_code(context.connection, crowded[0], crowded[1], busy[0]))[1] is False
    assert max(rows_read(plan) for _, plan in ExplainingCursor.plans) <= held_uses.COUNTED


async def test_finding_whose_a_redemption_is(
    context: Context, crowded: tuple[UUID, UUID, UUID], busy: tuple[UUID, UUID]
):
    assert await usage_lists.shopper_of(context.connection, crowded[0], busy[1]) is not None
    assert await usage_lists.shopper_of(context.connection, crowded[0], fresh_id()) is None
    assert_few_rows_read()


# Orders and carts

ORDERS_MADE = """
    WITH made AS (
        SELECT n, gen_random_uuid() AS id, CASE WHEN n %% 10000 = 0 THEN 'rare' ELSE 'often' END AS kind,
            CASE WHEN n %% 10000 = 0 THEN 'ann' ELSE 'bob' || n END AS shopper,
            timestamptz '2024-01-01Z' + n * interval '1 min' AS made_at
        FROM generate_series(1, 200000) AS n
    ), carted AS (
        INSERT INTO carts SELECT %(store)s, 'cart ' || n, %(cart)s, 1, made_at, made_at, made_at,
            CASE WHEN n %% 2 = 0 THEN ARRAY[shopper::bytea] ELSE '{}' END FROM made WHERE n <= 60000
    )
    INSERT INTO orders SELECT %(store)s, id, %(state)s, ARRAY[shopper::bytea], kind, kind, kind, kind, n, n,
        shopper, shopper, shopper, shopper, shopper || '@example.com', shopper, shopper, shopper,
        shopper || '@example.com', shopper, shopper, ARRAY['product_id:' || kind, 'product_sku:' || kind], made_at,
        made_at, ARRAY[shopper::bytea] FROM made
"""


@pytest.fixture(scope="module")
def orders_made(crowded: tuple[UUID, UUID, UUID], database_url: str) -> UUID:
    """The same store with very many orders and carts, twenty orders and six carts of each kind rare and of Ann."""
    cart = ShoppingCart()
    order = Order(
        id=fresh_id(),
        cart_id="cart",
        cart=cart,
        item_ids={},
        evaluation=evaluate(to_judge(cart), book(()), (), utc_now()),
        created_at=utc_now(),
        updated_at=utc_now(),
    )
    states = {name: msgspec.json.encode(one).decode() for name, one in (("cart", cart), ("state", order))}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(ORDERS_MADE, {"store": crowded[0], **states})
    return crowded[0]


UNKNOWN = """
    DELETE FROM pg_statistic WHERE starelid IN ('orders'::regclass, 'carts'::regclass);
    UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid IN ('orders'::regclass, 'carts'::regclass);
"""


@pytest.fixture(scope="module", params=["ANALYZE orders, carts", UNKNOWN], ids=["known", "unknown"])
def much_ordered(orders_made: UUID, database_url: str, request: pytest.FixtureRequest) -> Generator[UUID]:
    """Orders that are very many, and that PostgreSQL knows or has not looked at; nobody has it look meanwhile."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(request.param)
        with connection.transaction():
            connection.execute("LOCK TABLE orders, carts IN SHARE UPDATE EXCLUSIVE MODE")
            yield orders_made


@pytest.mark.parametrize("order", order_lists.ORDERS)
async def test_listing_orders(context: Context, much_ordered: UUID, order: str | None):
    for offset in (0, 1000):
        found = await order_lists.page_of(context.connection, much_ordered, EVERYTHING, order, Page(100, offset))
        assert len(found) == 100
    assert_few_rows_read()


RARE = [
    *((name, "rare") for name in ("status", "payment", "shipping", "currency")),
    *((name, "ann") for name in ("name", "contact.name", "shipping_postcode", "billing_postcode")),
    *((name, "ann") for name in ("customer_id", "account_id", "account_member_id", "order_number", "external_ref")),
    *((name, "ANN@example.com") for name in ("email", "contact.email")),
]
GOODS = ("product_id", "product_sku")
BEGINNINGS = [(name, "an*") for name, value in RARE if value != "rare"]


def test_every_attribute_of_orders_is_looked_at():
    bounds = {name for name, one in order_lists.FILTERS.items() if "gt" in one.operators}
    assert {name for name, _ in RARE} | bounds.union(GOODS) == set(order_lists.FILTERS)
    assert {name for name, _ in BEGINNINGS} == {n for n, one in order_lists.FILTERS.items() if "like" in one.operators}


@pytest.mark.parametrize("order", [None, "-with_tax"])
@pytest.mark.parametrize(
    ("operator", "attribute", "value"),
    [*(("eq", *one) for one in RARE), *(("like", *one) for one in BEGINNINGS)],
)
async def test_filtering_orders(
    context: Context, much_ordered: UUID, operator: Operator, attribute: str, value: str, order: str | None
):
    listed = await order_services.list_orders(context, Comparison(operator, attribute, (value,)), order, Page(100))
    assert (len(listed.rows), listed.total) == (20, 20)
    assert_few_rows_read()


@pytest.mark.parametrize("much_ordered", ["ANALYZE orders, carts"], indirect=True)
@pytest.mark.parametrize("attribute", GOODS)
async def test_filtering_orders_by_goods(context: Context, much_ordered: UUID, attribute: str):
    """Once PostgreSQL has looked; before, it believes that goods and store together find less than the goods alone."""
    for order in (None, "-with_tax"):
        wanted = Comparison("eq", attribute, ("rare",))
        listed = await order_services.list_orders(context, wanted, order, Page(100))
        assert (len(listed.rows), listed.total) == (20, 20)
    assert_few_rows_read()


@pytest.mark.parametrize(
    ("attribute", "low", "high"),
    [
        ("with_tax", "500", "600"),
        ("without_tax", "500", "600"),
        ("created_at", "2024-03-01T00:00", "2024-03-01T01:40"),
        ("updated_at", "2024-03-01T00:00", "2024-03-01T01:40"),
    ],
)
async def test_filtering_orders_by_bounds(context: Context, much_ordered: UUID, attribute: str, low: str, high: str):
    for order in (None, "-with_tax"):
        both = All((Comparison("ge", attribute, (low,)), Comparison("lt", attribute, (high,))))
        listed = await order_services.list_orders(context, both, order, Page(100))
        assert listed.total == 100
    assert_few_rows_read()


async def test_counting_orders(context: Context, much_ordered: UUID):
    assert await order_lists.total(context.connection, much_ordered, EVERYTHING) == (COUNTED, False)
    assert max(rows_read(plan) for _, plan in ExplainingCursor.plans) < 2 * COUNTED


async def test_finding_and_changing_what_is_a_shopper_s(context: Context, much_ordered: UUID):
    connection, store_id = context.connection, much_ordered
    ids = await orders.of_shopper(connection, store_id, b"ann")
    assert len(ids) == len(await orders.lock(connection, store_id, ids)) == 20
    stored = await orders.get(connection, store_id, ids[0], lock=True)
    assert stored is not None
    assert stored.shoppers == [b"ann"]
    assert len(await carts.of_shoppers(connection, store_id, [b"ann", b"none"])) == 6
    assert_few_rows_read()


@pytest.fixture(scope="module")
def logged(database_url: str, crowded: tuple[UUID, UUID, UUID]) -> None:
    """A log in which one client has added codes very often, and once did something else; nothing is known of it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO audit_log SELECT %s, gen_random_uuid(), now() - n * interval '1 second', 'api', 'till',"
            " CASE n WHEN 50000 THEN 'client.revoked' ELSE 'codes.created' END, 'promotion', (n %% 2)::text, 'x',"
            " '{}', '{}' FROM generate_series(1, 100000) AS n",
            [crowded[0]],
        )


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    "wanted",
    [
        EVERYTHING,
        Comparison("eq", "action", ("codes.created",)),
        Comparison("eq", "action", ("client.revoked",)),
        Comparison("eq", "client_id", ("till",)),
        All((Comparison("eq", "client_id", ("till",)), Comparison("eq", "action", ("client.revoked",)))),
        Comparison("eq", "object_id", ("1",)),
        Comparison("lt", "at", ("2001-01-01",)),
        All((Comparison("eq", "client_id", ("till",)), Comparison("lt", "at", ("2001-01-01",)))),
    ],
)
@pytest.mark.parametrize("known", [False, True], ids=["unknown", "analyzed"])
async def test_the_audit_log_is_read_along_its_indexes(
    context: Context, database_url: str, wanted: Filter, *, known: bool
):
    if known:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("ANALYZE audit_log")

    await audit.list_entries(context, wanted, Page(25, 100))

    for text, plan in ExplainingCursor.plans:
        assert rows_read(plan) <= (COUNTED if "count(*)" in text else 200), (text, plan)
