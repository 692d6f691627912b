"""Checking out under fire: no limit is passed, no use is counted twice or lost, no order has what it did not get."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import httpx
import psycopg
import pytest

from installation import Records, until
from support import CartClient, Shop, custom_item, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
ONCE_EACH = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
T = TypeVar("T")


@pytest.fixture
def records(database_url: str) -> Records:
    return Records(database_url)


@pytest.fixture
def together() -> Generator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as executor:
        yield executor


def all_of(together: ThreadPoolExecutor, requests: Sequence[Callable[[], T]]) -> list[T]:
    return list(together.map(lambda request: request(), requests))


def code(shop: Shop, name: str = "last", promotion: str | None = None, **limits: Any) -> str:
    promotion = promotion or shop.promotion()
    assert shop.add_codes(promotion, {"code": name, **limits}).status_code == 201
    return promotion


def cart_with(shop: Shop, id_: str, *codes: str, email: str | None = None, client: Any = None) -> CartClient:
    cart = CartClient(shop, id_, client)
    cart.ok("PUT", "", {"contact": {"email": email}})
    cart.add(custom_item(amount=2000), *({"type": "promotion_item", "code": one} for one in codes))
    return cart


def check_out(cart: CartClient, email: str, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"data": {"customer": {"email": email}}}
    return cart.client.post(f"{cart.path}/checkout", json=body, headers=headers)


def discount(answer: httpx.Response) -> int:
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["meta"]["display_price"]["discount"]["amount"]


def remaining(shop: Shop, promotion: str) -> list[int]:
    return [one["uses"] for one in shop.list_codes(promotion)]


def assert_exact(shop: Shop) -> None:
    found = shop.http.get(f"{PROMOTIONS}/invariants").json()["data"]
    assert found["ok"], found


@contextmanager
def held(database_url: str, records: Records, row: str, parameters: Sequence[Any]) -> Generator[Any]:
    """Hold a row until the block ends; yields the connection, and what waits until somebody wants it."""
    with psycopg.connect(database_url) as holder:
        holder.execute(row, parameters)  # type: ignore[arg-type]

        def await_blocked(many: int = 1) -> None:
            until(lambda: len(records.rows(BLOCKED, [holder.info.backend_pid])) >= many)

        yield holder, await_blocked
        holder.commit()


BLOCKED = """
    WITH RECURSIVE waiting (pid) AS (
        SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))
        UNION SELECT one.pid FROM pg_stat_activity AS one, waiting WHERE waiting.pid = ANY(pg_blocking_pids(one.pid))
    ) SELECT FROM waiting
"""
"""Who waits for somebody, or for who waits for them."""

THE_CODE = "SELECT FROM promotion_codes WHERE store_id = %s AND code_key = %s FOR NO KEY UPDATE"
THE_CART = "SELECT FROM carts WHERE store_id = %s AND id = %s FOR NO KEY UPDATE"
THE_ORDER = "SELECT FROM orders WHERE store_id = %s AND id = %s FOR NO KEY UPDATE"


def test_the_last_uses_go_to_as_many_orders(shop: Shop, elsewhere: httpx.Client, together: ThreadPoolExecutor):
    promotion = code(shop, uses=5)
    carts = [cart_with(shop, f"cart-{n}", "LAST", client=(shop.http, elsewhere)[n % 2]) for n in range(16)]

    answers = all_of(together, [lambda cart=cart: check_out(cart, "a@example.com") for cart in carts])
    assert sorted(discount(answer) for answer in answers) == [-200] * 5 + [0] * 11
    told = [answer.json()["data"]["meta"].get("messages", []) for answer in answers if discount(answer) == 0]
    assert all("Fully Consumed" in [message["title"] for message in one] for one in told)
    assert len(shop.http.get(f"{PROMOTIONS}/{promotion}/usages").json()["data"]) == 5
    assert remaining(shop, promotion) == [0]
    assert_exact(shop)


def test_checkouts_and_redemptions_share_one_limit(shop: Shop, elsewhere: httpx.Client, together: ThreadPoolExecutor):
    promotion = code(shop, uses=7)
    carts = [cart_with(shop, f"cart-{n}", "LAST", client=(shop.http, elsewhere)[n % 2]) for n in range(10)]
    body = evaluation_body(type="redemption", codes=["LAST"], state="confirmed")

    def order(cart: CartClient) -> bool:
        return discount(check_out(cart, "a@example.com")) < 0

    def redeem(client: httpx.Client) -> bool:
        answer = client.post(f"{PROMOTIONS}/redemptions", json=body)
        assert answer.status_code in (201, 422), answer.text
        return answer.status_code == 201

    requests = [request for cart in carts for request in ((lambda c=cart: order(c)), (lambda c=cart: redeem(c.client)))]
    assert sum(all_of(together, requests)) == 7
    assert remaining(shop, promotion) == [0]
    assert_exact(shop)


def test_codes_in_opposite_order_wait_for_nobody_in_a_circle(
    shop: Shop, elsewhere: httpx.Client, together: ThreadPoolExecutor
):
    promotions = [code(shop, name, uses=1000) for name in ("one", "two")]
    orders = [("one", "two"), ("two", "one")]
    carts = [cart_with(shop, f"cart-{n}", *orders[n % 2], client=(shop.http, elsewhere)[n // 2 % 2]) for n in range(8)]

    def order(cart: CartClient) -> None:
        for _ in range(5):
            assert discount(check_out(cart, "a@example.com")) == -380

    def redeem(codes: Sequence[str]) -> None:
        body = evaluation_body(type="redemption", codes=codes, state="confirmed")
        for _ in range(5):
            assert shop.http.post(f"{PROMOTIONS}/redemptions", json=body).status_code == 201

    requests = [request for cart in carts for request in ((lambda c=cart: order(c)), (lambda: redeem(orders[0])))]
    all_of(together, requests)
    assert [remaining(shop, promotion) for promotion in promotions] == [[920], [920]]
    assert_exact(shop)


@pytest.mark.parametrize("entered", [("one", "two"), ("two", "one")])
def test_codes_are_locked_in_the_order_of_their_promotions(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records, entered: Sequence[str]
):
    for name in ("one", "two"):
        code(shop, name, uses=1000)
    cart = cart_with(shop, "cart", *entered)
    with held(database_url, records, THE_CODE, [shop.store_id, "two"]) as (_, await_blocked):
        asked = together.submit(check_out, cart, "a@example.com")
        await_blocked()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            records.rows(f"{THE_CODE} NOWAIT", [shop.store_id, "one"])
    assert discount(asked.result(60)) == -380


def test_a_guest_has_one_use_whatever_is_asked_at_once(
    shop: Shop, elsewhere: httpx.Client, together: ThreadPoolExecutor
):
    promotion = code(shop, **ONCE_EACH)
    spellings = ["ann@example.com", "ANN@example.com", "Ann@Example.Com", " ann@EXAMPLE.com "]
    carts = [
        cart_with(shop, f"cart-{n}", "LAST", email=f"someone-{n}@example.com", client=(shop.http, elsewhere)[n % 2])
        for n in range(16)
    ]
    requests = [lambda cart=cart, n=n: check_out(cart, spellings[n % 4]) for n, cart in enumerate(carts)]
    assert sorted(discount(answer) for answer in all_of(together, requests)) == [-200] + [0] * 15
    assert len(shop.http.get(f"{PROMOTIONS}/{promotion}/usages").json()["data"]) == 1
    assert_exact(shop)


def test_one_cart_checked_out_twice_at_once_takes_one_last_use(
    shop: Shop, elsewhere: httpx.Client, together: ThreadPoolExecutor
):
    promotion = code(shop, uses=1)
    cart = cart_with(shop, "cart", "LAST")
    both = [CartClient(shop, "cart", client) for client in (shop.http, elsewhere)] * 3
    answers = all_of(together, [lambda one=one: check_out(one, "a@example.com") for one in both])
    assert len({answer.json()["data"]["id"] for answer in answers}) == 6
    assert sorted(discount(answer) for answer in answers) == [-200, 0, 0, 0, 0, 0]
    assert remaining(shop, promotion) == [0]
    assert len(cart.items()["data"]) == 1
    assert_exact(shop)


def test_retries_at_once_make_one_order(shop: Shop, elsewhere: httpx.Client, together: ThreadPoolExecutor):
    promotion = code(shop, uses=9)
    cart_with(shop, "cart", "LAST")
    both = [CartClient(shop, "cart", client) for client in (shop.http, elsewhere)] * 6
    answers = all_of(together, [lambda one=one: check_out(one, "a@example.com", "key") for one in both])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == [""] + ["true"] * 11
    assert remaining(shop, promotion) == [8]
    assert len(shop.http.get("/v2/orders").json()["data"]) == 1


def test_cancelling_at_once_gives_back_once(shop: Shop, elsewhere: httpx.Client, together: ThreadPoolExecutor):
    body = {"data": {"type": "settings", "checkout": {"give_back_on_cancel": True}}}
    shop.http.put("/v2/settings/cart", json=body)
    promotion = code(shop, uses=3, **ONCE_EACH)
    orders = [
        check_out(cart_with(shop, f"cart-{n}", "LAST", email=f"{n}@example.com"), f"{n}@example.com").json()["data"][
            "id"
        ]
        for n in range(2)
    ]
    cancelled = {"data": {"type": "order", "status": "cancelled"}}
    requests = [
        lambda client=client, order=order: client.put(f"/v2/orders/{order}", json=cancelled).status_code
        for client in (shop.http, elsewhere)
        for order in orders
    ] * 4
    assert set(all_of(together, requests)) == {200}
    assert remaining(shop, promotion) == [3]
    assert_exact(shop)


@pytest.mark.parametrize("what", ["capture", "refund", "cancel", "payments"])
def test_of_two_that_move_a_payment_one_wins(
    shop: Shop,
    elsewhere: httpx.Client,
    together: ThreadPoolExecutor,
    database_url: str,
    records: Records,
    what: str,
):
    order = check_out(cart_with(shop, "cart"), "a@example.com").json()["data"]["id"]
    path = f"/v2/orders/{order}/payments"
    pay = {"data": {"gateway": "manual", "method": "purchase" if what == "refund" else "authorize"}}
    if what != "payments":
        transaction = shop.http.post(path, json=pay).json()["data"]["id"]
        path = f"/v2/orders/{order}/transactions/{transaction}/{what}"
    clients = [shop.http, elsewhere]
    body = pay if what == "payments" else {"data": {}}
    with held(database_url, records, THE_ORDER, [shop.store_id, order]) as (_, await_blocked):
        asked = [together.submit(client.post, path, json=body) for client in clients]
        await_blocked(2)
    assert sorted(one.result(60).status_code for one in asked) == [200, 422]
    [transaction] = shop.http.get(f"/v2/orders/{order}/transactions").json()["data"]
    assert transaction["refunded_amount"] == (2000 if what == "refund" else 0)


@pytest.mark.parametrize("first", ["pay", "cancel"])
def test_an_order_that_is_paid_and_cancelled_at_once_says_both(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records, first: str
):
    order = check_out(cart_with(shop, "cart"), "a@example.com").json()["data"]["id"]
    pay = {"data": {"gateway": "manual", "method": "purchase"}}
    cancel = {"data": {"type": "order", "status": "cancelled"}}
    requests = {
        "pay": lambda: shop.http.post(f"/v2/orders/{order}/payments", json=pay),
        "cancel": lambda: shop.http.put(f"/v2/orders/{order}", json=cancel),
    }
    with held(database_url, records, THE_ORDER, [shop.store_id, order]) as (_, await_blocked):
        asked = {}
        for many, name in enumerate(sorted(requests, key=lambda name: name != first), start=1):
            asked[name] = together.submit(requests[name])
            await_blocked(many)
    statuses = {name: one.result(60).status_code for name, one in asked.items()}
    found = shop.http.get(f"/v2/orders/{order}").json()["data"]
    assert (statuses["cancel"], found["status"]) == (200, "cancelled")
    assert (statuses["pay"], found["payment"]) == ((200, "paid") if statuses["pay"] == 200 else (422, "unpaid"))


def test_who_pays_meanwhile_has_had_their_first_order(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records
):
    code(shop, "first", is_for_new_shopper=True)
    order = check_out(cart_with(shop, "one"), "ann@example.com").json()["data"]["id"]
    cart = cart_with(shop, "two", "first", email="ann@example.com")
    with held(database_url, records, THE_CODE, [shop.store_id, "first"]) as (_, await_blocked):
        asked = together.submit(check_out, cart, "ann@example.com")
        await_blocked()
        paid = shop.http.post(
            f"/v2/orders/{order}/payments", json={"data": {"gateway": "manual", "method": "purchase"}}
        )
        assert paid.status_code == 200
    assert discount(asked.result(60)) == 0
    assert shop.http.get("/v2/orders").json()["meta"]["results"]["total"] == 2


def test_a_cart_that_is_changed_meanwhile_is_judged_again(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records
):
    promotion = code(shop, uses=5)
    cart = cart_with(shop, "cart", "LAST")
    with held(database_url, records, THE_CART, [shop.store_id, "cart"]) as (holder, await_blocked):
        asked: Future[httpx.Response] = together.submit(check_out, cart, "ann@example.com")
        await_blocked()
        holder.execute(
            """
            UPDATE carts SET version = version + 1, state = replace(state, '"quantity":1', '"quantity":3')
            WHERE store_id = %s AND id = 'cart'
            """,
            [shop.store_id],
        )
    assert discount(asked.result(60)) == -600
    assert remaining(shop, promotion) == [4]
    assert_exact(shop)


def test_a_use_that_is_taken_meanwhile_is_not_had(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records
):
    promotion = code(shop, uses=1)
    cart, other = cart_with(shop, "cart", "LAST"), cart_with(shop, "other", "LAST")
    with ExitStack() as stack:
        _, await_blocked = stack.enter_context(held(database_url, records, THE_CODE, [shop.store_id, "last"]))
        asked = [together.submit(check_out, one, "ann@example.com") for one in (cart, other)]
        await_blocked(2)
    assert sorted(discount(one.result(60)) for one in asked) == [-200, 0]
    assert remaining(shop, promotion) == [0]
    assert_exact(shop)


def test_a_code_that_is_deleted_meanwhile_is_not_used(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records
):
    promotion = code(shop, uses=1)
    cart = cart_with(shop, "cart", "LAST")
    with held(database_url, records, THE_CODE, [shop.store_id, "last"]) as (holder, await_blocked):
        asked = together.submit(check_out, cart, "ann@example.com")
        await_blocked()
        holder.execute("DELETE FROM promotion_codes WHERE store_id = %s", [shop.store_id])
    assert discount(asked.result(60)) == 0
    assert shop.http.get(f"{PROMOTIONS}/{promotion}/usages").json()["data"] == []


def test_who_is_forgotten_meanwhile_stays_forgotten(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records
):
    """A payment that waits for an order must not write what it said before."""
    order = check_out(cart_with(shop, "cart"), "ann@example.com").json()["data"]["id"]
    body = {"data": {"gateway": "manual", "method": "purchase"}}
    with held(database_url, records, THE_ORDER, [shop.store_id, order]) as (_, await_blocked):
        forgotten = together.submit(
            shop.http.post, f"{PROMOTIONS}/usages/anonymize", json={"data": {"customer_email": "ann@example.com"}}
        )
        await_blocked()
        paid = together.submit(shop.http.post, f"/v2/orders/{order}/payments", json=body)
        await_blocked(2)
    assert forgotten.result(60).status_code == paid.result(60).status_code == 200
    found = shop.http.get(f"/v2/orders/{order}").json()["data"]
    assert (found["anonymized"], found["customer"]["email"], found["payment"]) == (True, "**", "paid")
