"""Forgetting a shopper, while others hold what is theirs, or the shopper is ordering.

Locks are taken in the order of everybody else, so that nobody waits in a circle; nothing of who is forgotten is left;
and every use is counted.
"""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from installation import Records, until
from support import CartClient, Shop, custom_item, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
CUSTOMER = {"customer_id": "customer-1", "email": "ann@example.com"}
BLOCKED = "SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
ROW = "SELECT FROM usages WHERE id = %s FOR NO KEY UPDATE"


def rows_of_two_codes(shop: Shop, records: Records, state: str) -> list[tuple[Any, ...]]:
    """Redeem a code of two promotions, and return the redemption, id and code of each row of the ledger."""
    for promotion in (shop.promotion(), shop.promotion()):
        shop.add_codes(promotion, {"code": "both", "uses": 9})
    body = evaluation_body(type="redemption", codes=["both"], shopper=CUSTOMER, state=state)
    assert shop.http.post(f"{PROMOTIONS}/redemptions", json=body).status_code == 201
    return records.rows(
        "SELECT redemption_id, id, code_id FROM usages WHERE store_id = %s ORDER BY id", [shop.store_id]
    )


@pytest.mark.parametrize(
    ("state", "guard"),
    [
        ("confirmed", "SELECT FROM redemptions WHERE id = %s FOR NO KEY UPDATE"),  # as releasing does
        ("held", "SELECT FROM promotion_codes WHERE id = ANY(%s) FOR NO KEY UPDATE"),  # as claiming does
    ],
)
def test_whoever_holds_what_guards_the_rows_goes_first(shop: Shop, database_url: str, state: str, guard: str):
    records = Records(database_url)
    [(redemption, first, one), (_, second, two)] = rows_of_two_codes(shop, records, state)

    with ThreadPoolExecutor(1) as together, psycopg.connect(database_url) as mover:
        mover.execute(guard, [redemption if state == "confirmed" else [one, two]])  # type: ignore[arg-type]
        mover.execute(ROW, [second])
        document = {"data": {"customer_id": "customer-1"}}
        asked = together.submit(lambda: shop.http.post(f"{PROMOTIONS}/usages/anonymize", json=document))
        until(lambda: bool(records.rows(BLOCKED, [mover.info.backend_pid])))
        mover.execute(ROW, [first])
        mover.commit()
        answer = asked.result(60)

    assert answer.status_code == 200, answer.text
    left = records.rows("SELECT DISTINCT customer_email FROM usages WHERE store_id = %s", [shop.store_id])
    assert left == [("**",)]


# Orders

ANN = "ann@example.com"


@contextmanager
def held(database_url: str, row: str, parameters: list[Any]) -> Generator[int]:
    """Hold a row for the block; yields the process of PostgreSQL that others then wait for."""
    with psycopg.connect(database_url) as holder:
        holder.execute(row, parameters)  # type: ignore[arg-type]
        yield holder.info.backend_pid
        holder.commit()


def cart_of_ann(shop: Shop, name: str, client: httpx.Client | None = None) -> CartClient:
    cart = CartClient(shop, name, client)
    cart.ok("PUT", "", {"name": "Ann's cart", "contact": {"email": "Ann@example.com"}})
    cart.add(custom_item(amount=2000), {"type": "promotion_item", "code": "LAST"})
    return cart


def check_out(cart: CartClient) -> httpx.Response:
    said = {"customer": {"email": " ANN@example.com", "name": "Ann"}, "contact": {"email": "ann@office.example"}}
    headers = {"Idempotency-Key": cart.path}
    return cart.client.post(f"{cart.path}/checkout", json={"data": said}, headers=headers)


def forget(shop: Shop, email: str = ANN) -> httpx.Response:
    return shop.http.post(f"{PROMOTIONS}/usages/anonymize", json={"data": {"customer_email": email}})


def assert_nothing_left(shop: Shop, records: Records) -> None:
    for table in ("carts", "orders", "usages"):
        [(text,)] = records.rows(
            f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} AS t WHERE store_id = %s", [shop.store_id]
        )
        assert "ann" not in text.lower(), (table, text)
    [(answers,)] = records.rows(
        "SELECT coalesce(string_agg(convert_from(answer, 'UTF8'), ' '), '') FROM idempotency_keys WHERE store_id = %s",
        [shop.store_id],
    )
    assert "ann" not in answers.lower()


def assert_counted(shop: Shop, promotion: str, used: int) -> None:
    """Check that Ann has had her uses, however she spells herself, and that nothing has drifted."""
    assert [code["uses"] for code in shop.list_codes(promotion)] == [100 - used]
    for spelled in ("ann@EXAMPLE.com", " Ann@example.com"):
        cart = CartClient(shop, "again")
        cart.add(custom_item(amount=2000))
        answer = cart.client.post(f"{cart.path}/checkout", json={"data": {"customer": {"email": spelled}}})
        assert answer.status_code == 201
        document = evaluation_body(type="redemption", codes=["last"], shopper={"email": spelled})
        [error] = shop.http.post(f"{PROMOTIONS}/redemptions", json=document).json()["errors"]
        assert error["meta"]["reason"] == "shopper_exhausted"
    found = shop.http.get(f"{PROMOTIONS}/invariants").json()["data"]
    assert found["ok"], found


def limited(shop: Shop, each: int = 1) -> str:
    promotion = shop.promotion()
    limits = {"uses": 100, "max_uses_per_shopper": {"max_uses": each, "includes_guests": True}}
    assert shop.add_codes(promotion, {"code": "last", **limits}).status_code == 201
    return promotion


THE_CODE = "SELECT FROM promotion_codes WHERE store_id = %s AND code_key = 'last' FOR NO KEY UPDATE"
THE_ORDER = "SELECT FROM orders WHERE store_id = %s FOR NO KEY UPDATE"


@pytest.fixture
def records(database_url: str) -> Records:
    return Records(database_url)


@pytest.fixture
def together() -> Generator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as executor:
        yield executor


def test_a_checkout_that_is_being_written_is_forgotten_once_it_is(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records
):
    promotion, cart = limited(shop), cart_of_ann(shop, "cart")
    with held(database_url, THE_CODE, [shop.store_id]) as pid:
        ordered = together.submit(check_out, cart)
        [(checkout,)] = until(lambda: records.rows(BLOCKED.replace("FROM", "pid FROM", 1), [pid]))
        forgotten = together.submit(forget, shop)
        until(lambda: records.rows(BLOCKED, [checkout]))
    assert (ordered.result(60).status_code, forgotten.result(60).status_code) == (201, 200)
    assert forgotten.result().json()["meta"]["orders"]["ids"] == [ordered.result().json()["data"]["id"]]
    assert_nothing_left(shop, records)
    assert_counted(shop, promotion, 1)


@pytest.mark.parametrize("named", [ANN, "ANN@office.example"])
def test_a_checkout_that_was_begun_before_its_shopper_was_forgotten_is_written_as_forgotten(
    shop: Shop, together: ThreadPoolExecutor, database_url: str, records: Records, named: str
):
    """It has the cart and the address from before, and comes to be written when nobody looks for it any more."""
    promotion, before, cart = limited(shop, each=2), cart_of_ann(shop, "before"), cart_of_ann(shop, "cart")
    assert forget(shop, named).status_code == 200  # not for the first time
    assert check_out(before).status_code == 201
    with held(database_url, THE_ORDER, [shop.store_id]) as pid:
        forgotten = together.submit(forget, shop, named)
        [(forgetter,)] = until(lambda: records.rows(BLOCKED.replace("FROM", "pid FROM", 1), [pid]))
        ordered = together.submit(check_out, cart)
        until(lambda: records.rows(BLOCKED, [forgetter]))
    assert (ordered.result(60).status_code, forgotten.result(60).status_code) == (201, 200)
    placed = ordered.result().json()["data"]
    assert (placed["anonymized"], placed["customer"]) == (True, {"email": "**", "name": "**"})
    assert shop.http.get(f"/v2/orders/{placed['id']}").json()["data"]["anonymized"]
    assert check_out(cart).json()["data"]["customer"]["email"] == "**"  # a retry
    assert_nothing_left(shop, records)
    assert_counted(shop, promotion, 2)


def test_whoever_orders_after_being_forgotten_is_known_again(shop: Shop, records: Records):
    promotion = limited(shop)
    assert forget(shop).status_code == 200
    answer = check_out(cart_of_ann(shop, "cart"))
    assert (answer.status_code, answer.json()["data"]["anonymized"]) == (201, False)
    [usage] = shop.http.get(f"{PROMOTIONS}/{promotion}/usages").json()["data"]
    assert usage["customer_email"] == "ANN@example.com"


def test_forgetting_under_fire(
    shop: Shop, together: ThreadPoolExecutor, another_api: str, database_url: str, records: Records
):
    """Checkouts at two processes, all begun before their shopper is forgotten by both her addresses."""
    promotion = limited(shop, each=4)
    with httpx.Client(base_url=another_api, headers=shop.shopper.headers, timeout=60) as elsewhere:
        carts = [cart_of_ann(shop, f"cart-{n}", (shop.shopper, elsewhere)[n % 2]) for n in range(10)]
        with held(database_url, THE_CODE, [shop.store_id]):
            ordered = [together.submit(check_out, cart) for cart in carts]
            waiting = (
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%FOR NO KEY UPDATE%%'"
            )
            until(lambda: len(records.rows(waiting)) >= 10)
            forgotten = [together.submit(forget, shop, (ANN, "ann@office.example")[n % 2]) for n in range(6)]
        assert {one.result(60).status_code for one in ordered} == {201}
        assert {one.result(60).status_code for one in forgotten} == {200}
    discounts = [one.result().json()["data"]["meta"]["display_price"]["discount"]["amount"] for one in ordered]
    assert sorted(discounts) == [-200] * 4 + [0] * 6
    assert_nothing_left(shop, records)
    assert_counted(shop, promotion, 4)
