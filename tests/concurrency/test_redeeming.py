"""Redeeming under fire: no limit is passed, no use is lost or counted twice, whatever is repeated or killed."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import httpx
import psycopg
import pytest

from installation import Records, until
from support import Shop, evaluation_body, seed

pytestmark = pytest.mark.timeout(300)

PROMOTIONS = "/v2/rule-promotions"
REDEMPTIONS = f"{PROMOTIONS}/redemptions"
ONCE_EACH = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
T = TypeVar("T")


@pytest.fixture
def servers(api: str, another_api: str) -> list[str]:
    """The URLs of two API processes."""
    return [api, another_api]


@pytest.fixture
def records(database_url: str) -> Records:
    return Records(database_url)


def dice() -> random.Random:
    return random.Random(seed())


def body(*codes: str, **members: Any) -> dict[str, Any]:
    return evaluation_body(type="redemption", codes=list(codes), **members)


def at_once(requests: Sequence[Callable[[], T]], threads: int = 32) -> list[T]:
    with ThreadPoolExecutor(threads) as together:
        return list(together.map(lambda request: request(), requests))


def assert_exact(client: httpx.Client) -> None:
    found = client.get(f"{PROMOTIONS}/invariants").json()["data"]
    assert found["ok"], found


def reasons(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["meta"]["code"], error["meta"]["reason"]) for error in answer.json()["errors"]]


def test_moves_of_every_kind_at_once(shop: Shop, servers: list[str], records: Records):
    """Holds that expire, confirming and releasing, again and again: counters are the ledger at every moment."""
    luck = dice()
    promotion, other = shop.promotion(), shop.promotion()
    shop.add_codes(promotion, {"code": "one", "uses": 5}, {"code": "two", "uses": 8, **ONCE_EACH})
    shop.add_codes(other, {"code": "three", "uses": 6}, {"code": "hello", "is_for_new_shopper": True})
    over = threading.Event()

    def act(number: int) -> None:
        mine = random.Random(luck.random() + number)
        url, headers = servers[number % 2], {"Authorization": shop.http.headers["Authorization"]}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            for _ in range(40):
                codes = mine.sample(["one", "two", "three", "hello"], mine.choice([1, 2]))
                shopper = {"email": f"{mine.choice('abcdefghij')}@example.com"}
                hold = mine.choice([1, 1, 900])
                answer = client.post(REDEMPTIONS, json=body(*codes, shopper=shopper, hold_seconds=hold, strict=False))
                assert answer.status_code == 201, answer.text
                made = answer.json()["data"]["id"]
                time.sleep(mine.choice([0, 0, 0.01, 1.2 if hold == 1 else 0]))
                for move in mine.choice(
                    [(), ("confirm",), ("release",), ("confirm", "release"), ("release", "confirm")]
                ):
                    moved = client.post(f"{REDEMPTIONS}/{made}/{move}")
                    assert moved.status_code in (200, 409), moved.text

    def watch() -> None:
        while not over.is_set():
            assert_exact(shop.http)
            time.sleep(0.05)

    with ThreadPoolExecutor(1) as watching:
        watcher = watching.submit(watch)
        try:
            at_once([lambda number=number: act(number) for number in range(16)], 16)
        finally:
            over.set()
        watcher.result()
    assert_exact(shop.http)


def test_two_codes_in_either_order_never_wait_in_a_circle(shop: Shop, servers: list[str], records: Records):
    for code in ("one", "two"):
        shop.add_codes(shop.promotion(), {"code": code, "uses": 10_000})
    headers = {"Authorization": shop.http.headers["Authorization"]}
    before = deadlocks(records)

    def ask(number: int) -> set[int]:
        order = ("one", "two")[:: (1, -1)[number % 2]]
        with httpx.Client(base_url=servers[number // 2 % 2], headers=headers, timeout=60) as client:
            made = [client.post(REDEMPTIONS, json=body(*order)) for _ in range(15)]
            moved = [client.post(f"{REDEMPTIONS}/{one.json()['data']['id']}/release") for one in made]
            return {answer.status_code for answer in made + moved}

    assert set().union(*at_once([lambda number=number: ask(number) for number in range(16)], 16)) == {200, 201}
    time.sleep(1.5)  # PostgreSQL tells its statistics a second late
    assert deadlocks(records) == before
    assert_exact(shop.http)


def deadlocks(records: Records) -> int:
    return records.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]


def test_each_shopper_has_one_whatever_they_call_themselves(shop: Shop, servers: list[str]):
    shop.add_codes(shop.promotion(), {"code": "each", **ONCE_EACH})
    shop.add_codes(shop.promotion(), {"code": "hello", "is_for_new_shopper": True})
    headers = {"Authorization": shop.http.headers["Authorization"]}

    def shoppers(number: int) -> Iterator[dict[str, str]]:
        address = f"shopper-{number}@example.com"
        yield from ({"email": spelling} for spelling in (address, f" {address}", address.upper(), f"{address}\t"))
        yield from ({"email": address.title(), kind: f"{number}"} for kind in ("customer_id", "account_id"))

    def ask(number: int, shopper: dict[str, str], server: str, code: str) -> tuple[int, str, int]:
        # A hold is no order, so that one with the other code does not make this one's the second.
        state = "confirmed" if code == "hello" else "held"
        answer = httpx.post(
            f"{server}{REDEMPTIONS}", json=body(code, shopper=shopper, state=state), headers=headers, timeout=60
        )
        assert answer.status_code in (201, 422), answer.text
        return number, code, answer.status_code

    requests = [
        lambda number=number, shopper=shopper, server=server, code=code: ask(number, shopper, server, code)
        for server in servers
        for number in range(8)
        for shopper in shoppers(number)
        for code in ("each", "hello")
    ]
    dice().shuffle(requests)
    granted = Counter((number, code) for number, code, status in at_once(requests) if status == 201)
    assert granted == {(number, code): 1 for number in range(8) for code in ("each", "hello")}
    assert_exact(shop.http)


def test_a_first_order_is_one_even_with_two_codes(shop: Shop, servers: list[str]):
    """Two codes are two rows to lock: only what is known of the shopper tells that there was an order."""
    for code in ("hello", "welcome"):
        shop.add_codes(shop.promotion(), {"code": code, "is_for_new_shopper": True})
    headers = {"Authorization": shop.http.headers["Authorization"]}

    def ask(number: int, code: str, server: str) -> tuple[int, int]:
        document = body(code, shopper={"customer_id": f"{number}"}, state="confirmed")
        return number, httpx.post(f"{server}{REDEMPTIONS}", json=document, headers=headers, timeout=60).status_code

    requests = [
        lambda number=number, code=code, server=server: ask(number, code, server)
        for number in range(60)
        for code, server in (("hello", servers[0]), ("welcome", servers[1]))
    ]
    answers = at_once(requests)
    assert Counter(number for number, status in answers if status == 201) == dict.fromkeys(range(60), 1)
    assert {status for _, status in answers} == {201, 422}
    assert_exact(shop.http)


# Staged


@contextmanager
def holding(records: Records, statement: str, *parameters: Any) -> Generator[psycopg.Connection]:
    """Keep what *statement* locks until the block ends, and no longer."""
    with psycopg.connect(records.url) as connection:
        connection.execute(statement, parameters)  # type: ignore[arg-type]
        yield connection
        connection.rollback()


@contextmanager
def meanwhile(*requests: Callable[[], httpx.Response]) -> Generator[Callable[[], list[httpx.Response]]]:
    """Send requests while the block runs; what is yielded waits for their answers."""
    with ExitStack() as stack:
        together = stack.enter_context(ThreadPoolExecutor(len(requests)))
        sent = [together.submit(request) for request in requests]
        yield lambda: [one.result(60) for one in sent]


def shopper_hash(shop: Shop, records: Records, shopper: dict[str, str]) -> bytes:
    """Return what stands for a shopper among those who have paid, and let nobody know that they have."""
    assert shop.http.post(REDEMPTIONS, json=body(shopper=shopper, state="confirmed")).status_code == 201
    [(found,)] = records.rows("DELETE FROM paying_shoppers WHERE store_id = %s RETURNING shopper", [shop.store_id])
    return found


PAYING = "INSERT INTO paying_shoppers VALUES (%s, %s)"
"""Until the one who did it has ended, who notes the same waits: at the end of confirming, and of claiming."""


@pytest.fixture
def expired(shop: Shop, records: Records) -> Callable[[dict[str, str]], str]:
    """Makes a code for one use, and a hold of it that has expired."""

    def make(shopper: dict[str, str]) -> str:
        shop.add_codes(shop.promotion(), {"code": "once", "uses": 1})
        made = shop.http.post(REDEMPTIONS, json=body("once", shopper=shopper)).json()["data"]["id"]
        for table, column in (("usages", "redemption_id"), ("redemptions", "id")):
            records.change(f"UPDATE {table} SET expires_at = now() - interval '1 s' WHERE {column} = %s", [made])
        return made

    return make


def state_of(records: Records, redemption: str) -> list[tuple[str, str]]:
    return records.rows(
        "SELECT redemptions.state, usages.state::text FROM redemptions JOIN usages ON redemption_id = redemptions.id"
        " WHERE redemptions.id = %s",
        [redemption],
    )


def test_a_hold_that_expires_while_it_is_confirmed_is_confirmed(
    shop: Shop, elsewhere: httpx.Client, records: Records, expired: Callable[..., str]
):
    ann = {"customer_id": "ann"}
    known = shopper_hash(shop, records, ann)
    hold = expired(ann)
    with (
        holding(records, PAYING, shop.store_id, known) as holder,
        meanwhile(lambda: shop.http.post(f"{REDEMPTIONS}/{hold}/confirm")) as confirmed,
    ):
        until(lambda: records.waiting("INSERT INTO paying_shoppers"))
        with meanwhile(lambda: elsewhere.post(REDEMPTIONS, json=body("once"))) as claimed:
            until(lambda: records.waiting("AS expired"))
            holder.rollback()
            [answer] = claimed()
            assert reasons(answer) == [("once", "code_exhausted")]
        assert [answer.status_code for answer in confirmed()] == [200]
    assert state_of(records, hold) == [("confirmed", "used")]
    assert_exact(shop.http)


def test_a_hold_that_is_taken_back_before_it_is_confirmed_is_lost(
    shop: Shop, elsewhere: httpx.Client, records: Records, expired: Callable[..., str]
):
    bob = {"customer_id": "bob"}
    known = shopper_hash(shop, records, bob)
    hold = expired({"customer_id": "ann"})
    with holding(records, PAYING, shop.store_id, known) as holder:
        claiming = lambda: elsewhere.post(REDEMPTIONS, json=body("once", shopper=bob, state="confirmed"))  # noqa: E731
        with meanwhile(claiming) as claimed:
            until(lambda: records.waiting("INSERT INTO paying_shoppers"))
            with meanwhile(lambda: shop.http.post(f"{REDEMPTIONS}/{hold}/confirm")) as confirmed:
                until(lambda: records.waiting("UPDATE usages SET state = 'used'"))
                holder.rollback()
                [answer] = confirmed()
                assert (answer.status_code, answer.json()["errors"][0]["title"]) == (409, "Redemption Expired")
            assert [answer.status_code for answer in claimed()] == [201]
    assert state_of(records, hold) == [("held", "released")]
    assert_exact(shop.http)


def test_releasing_at_the_same_moment_gives_back_once(shop: Shop, elsewhere: httpx.Client, records: Records):
    promotion = shop.promotion()
    [code] = shop.add_codes(promotion, {"code": "few", "uses": 5, **ONCE_EACH}).json()["data"]
    made = [
        shop.http.post(REDEMPTIONS, json=body("few", shopper={"customer_id": name})).json()["data"]["id"]
        for name in ("ann", "bob")
    ]
    release = f"{REDEMPTIONS}/{made[0]}/release"
    with (
        holding(records, "SELECT FROM promotion_codes WHERE id = %s FOR UPDATE", code["id"]) as holder,
        meanwhile(lambda: shop.http.post(release), lambda: elsewhere.post(release)) as released,
    ):
        until(lambda: records.waiting("FROM promotion_codes"))
        until(lambda: records.waiting("FROM redemptions"))
        holder.rollback()
        assert [answer.status_code for answer in released()] == [200, 200]
    assert shop.list_codes(promotion)[0]["uses"] == 4
    assert_exact(shop.http)


def test_what_is_being_released_is_not_confirmed(shop: Shop, elsewhere: httpx.Client, records: Records):
    [code] = shop.add_codes(shop.promotion(), {"code": "few", "uses": 5}).json()["data"]
    made = shop.http.post(REDEMPTIONS, json=body("few")).json()["data"]["id"]
    with (
        holding(records, "SELECT FROM promotion_codes WHERE id = %s FOR UPDATE", code["id"]) as holder,
        meanwhile(lambda: shop.http.post(f"{REDEMPTIONS}/{made}/release")) as released,
    ):
        until(lambda: records.waiting("FROM promotion_codes"))
        with meanwhile(lambda: elsewhere.post(f"{REDEMPTIONS}/{made}/confirm")) as confirmed:
            until(lambda: records.waiting("redemptions"))
            holder.rollback()
            assert [answer.status_code for answer in [*released(), *confirmed()]] == [200, 409]
    assert state_of(records, made) == [("released", "released")]
    assert_exact(shop.http)


def test_a_retry_after_a_time_out_gets_what_was_committed(shop: Shop, elsewhere: httpx.Client, records: Records):
    """The client gives up, the claim goes on; a retry that comes meanwhile waits, one that comes later is told."""
    [code] = shop.add_codes(shop.promotion(), {"code": "once", "uses": 1}).json()["data"]
    key = {"Idempotency-Key": "key"}
    with holding(records, "SELECT FROM promotion_codes WHERE id = %s FOR UPDATE", code["id"]) as holder:
        with pytest.raises(httpx.ReadTimeout):
            shop.http.post(REDEMPTIONS, json=body("once"), headers=key, timeout=0.5)
        until(lambda: records.waiting("FROM promotion_codes"))
        with meanwhile(lambda: elsewhere.post(REDEMPTIONS, json=body("once"), headers=key)) as retried:
            until(lambda: records.waiting("INSERT INTO idempotency_keys"))
            holder.rollback()
            answers = [*retried(), shop.http.post(REDEMPTIONS, json=body("once"), headers=key)]
    [(made,)] = records.rows("SELECT id::text FROM redemptions WHERE store_id = %s", [shop.store_id])
    for answer in answers:
        assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (201, "true")
        assert answer.json()["data"]["id"] == made
    assert_exact(shop.http)


def test_a_key_whose_request_is_refused_is_free_for_the_retry_that_waits(
    shop: Shop, elsewhere: httpx.Client, records: Records
):
    """Two requests with one key wait for the last use, which somebody takes and gives back."""
    [code] = shop.add_codes(shop.promotion(), {"code": "once", "uses": 1}).json()["data"]
    key = {"Idempotency-Key": "key"}
    with holding(records, "UPDATE promotion_codes SET used = 1 WHERE id = %s", code["id"]) as holder:
        ask = [
            lambda client=client: client.post(REDEMPTIONS, json=body("once"), headers=key)
            for client in (shop.http, elsewhere)
        ]
        with meanwhile(*ask) as answered:
            until(lambda: records.waiting("FROM promotion_codes"))
            until(lambda: records.waiting("INSERT INTO idempotency_keys"))
            holder.commit()
            assert [reasons(answer) for answer in answered()] == [[("once", "code_exhausted")]] * 2
    records.change("UPDATE promotion_codes SET used = 0 WHERE id = %s", [code["id"]])
    assert shop.http.post(REDEMPTIONS, json=body("once"), headers=key).status_code == 201


def test_a_code_without_limits_takes_no_lock(shop: Shop, records: Records):
    [code] = shop.add_codes(shop.promotion(), "free").json()["data"]
    with holding(records, "SELECT FROM promotion_codes WHERE id = %s FOR UPDATE", code["id"]):
        made = shop.http.post(REDEMPTIONS, json=body("free"), timeout=10)
        assert made.status_code == 201
        for move in ("confirm", "release"):
            path = f"{REDEMPTIONS}/{made.json()['data']['id']}/{move}"
            assert shop.http.post(path, timeout=10).status_code == 200


def test_confirming_a_hold_waits_for_nobody_who_claims(shop: Shop, records: Records):
    [code] = shop.add_codes(shop.promotion(), {"code": "few", "uses": 5}).json()["data"]
    made = shop.http.post(REDEMPTIONS, json=body("few")).json()["data"]["id"]
    with holding(records, "SELECT FROM promotion_codes WHERE id = %s FOR UPDATE", code["id"]):
        assert shop.http.post(f"{REDEMPTIONS}/{made}/confirm", timeout=10).status_code == 200
