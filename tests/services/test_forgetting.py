"""Forgetting shoppers over HTTP: nothing of them is left in carts, orders, usages and kept answers; limits hold."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from couponry.services.carts import MAX_OWNERS, known_by
from couponry.storage.carts import StoredCart
from couponry.storage.database import Connection
from support import CartClient, Shop, custom_item, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
ORDERS = "/v2/orders"
ADDRESS = {
    "first_name": "Ann",
    "last_name": "Doe",
    "line_1": "1 Sunny Street",
    "postcode": "92802",
    "region": "CA",
    "country": "US",
}
ANN = {"email": "ann@example.com", "name": "Ann Doe"}
TRACES = ("ann@", "ann's", "ann doe", "sunny street", "92802", "for ann", "parcel-1", "cheque", "dear ann")
Stored = Callable[[], Awaitable[str]]


@pytest.fixture
def stored(connection: Connection, shop: Shop) -> Stored:
    """Returns all that is kept of a store's carts, orders, redemptions, usages and answers, in small letters."""
    queries = [
        f"SELECT string_agg(t::text, ' ') FROM {table} AS t WHERE store_id = %s"
        for table in ("carts", "orders", "redemptions", "usages")
    ]
    queries.append("SELECT string_agg(convert_from(answer, 'UTF8'), ' ') FROM idempotency_keys WHERE store_id = %s")

    async def read() -> str:
        found = ""
        for query in queries:
            cursor = await connection.execute(query, [shop.store_id])  # type: ignore[arg-type]
            [(text,)] = await cursor.fetchall()
            found += text or ""
        return found.lower()

    return read


@pytest.fixture
def promotion(shop: Shop) -> str:
    """A promotion with a code for three shoppers, once each."""
    promotion = shop.promotion()
    shop.add_codes(
        promotion, {"code": "SAVE10", "uses": 3, "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
    )
    return promotion


def telling_cart(shop: Shop, name: str = "cart") -> CartClient:
    """Return a cart of Ann that says much of her."""
    cart = CartClient(shop, name)
    attributes = {
        "note": {"type": "string", "value": "Dear Ann"},
        "visits": {"type": "integer", "value": 7},
    }
    cart.ok(
        "PUT",
        "",
        {"name": "Ann's cart", "contact": {"email": "Ann@example.com"}, "custom_attributes": attributes},
    )
    group = cart.ok("POST", "/shipping-groups", {"address": ADDRESS, "tracking_reference": "parcel-1"})["data"]["id"]
    written = {"back": {"text": "For Ann"}}
    cart.add(custom_item(amount=2000, shipping_group_id=group, custom_inputs=written, name="A card of ann@example.com"))
    cart.enter("SAVE10")
    return cart


def said_of(**customer: Any) -> dict[str, Any]:
    return {"customer": ANN | customer, "billing_address": ADDRESS, "shipping_address": ADDRESS}


def check_out(cart: CartClient, said: dict[str, Any], key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = cart.client.post(f"{cart.path}/checkout", json={"data": said}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


def order_of_ann(shop: Shop, name: str = "cart", **customer: Any) -> tuple[CartClient, str]:
    """Have Ann check a cart out that says much of her, under a key; return the cart and the order."""
    cart = telling_cart(shop, name)
    said = said_of(**customer) | {"order_number": "no. 1 of Ann@example.com", "external_ref": "books-7"}
    return cart, check_out(cart, said, name).json()["data"]["id"]


def order_at(shop: Shop, order: str) -> dict[str, Any]:
    answer = shop.http.get(f"{ORDERS}/{order}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def anonymize(shop: Shop, **members: Any) -> dict[str, Any]:
    answer = shop.http.post(f"{PROMOTIONS}/usages/anonymize", json={"data": members})
    assert answer.status_code == 200, answer.text
    return answer.json()


def anonymize_orders(shop: Shop, *orders: str) -> httpx.Response:
    return shop.http.post(f"{ORDERS}/anonymize", json={"data": {"order_ids": list(orders)}})


def usages(shop: Shop, promotion: str) -> list[dict[str, Any]]:
    return shop.http.get(f"{PROMOTIONS}/{promotion}/usages").json()["data"]


def assert_forgotten(order: dict[str, Any]) -> None:
    assert order["anonymized"]
    assert {order["customer"]["email"], order["customer"]["name"]} == {"**"}
    for address in (order["billing_address"], order["shipping_address"]):
        assert address == dict.fromkeys(ADDRESS, "**")


def assert_exact(shop: Shop) -> None:
    found = shop.http.get(f"{PROMOTIONS}/invariants").json()["data"]
    assert found["ok"], found


def traces(text: str) -> list[str]:
    return [trace for trace in TRACES if trace in text]


def touched(*ids: str) -> dict[str, Any]:
    return {"total": len(ids), "ids": list(ids)}


@pytest.mark.parametrize("shopper", [{"customer_email": " ANN@example.com"}, {"customer_id": "customer-1"}])
async def test_forgetting_a_shopper_forgets_orders_and_carts(
    shop: Shop, promotion: str, stored: Stored, shopper: dict[str, str]
):
    cart, order = order_of_ann(shop, id="customer-1")
    shop.http.post(f"{ORDERS}/{order}/payments", json={"data": {"gateway": "manual", "method": "purchase"}})
    before = order_at(shop, order)
    assert traces(await stored()) == [trace for trace in TRACES if trace != "cheque"]
    answer = anonymize(shop, **shopper)
    [usage] = answer["data"]
    assert (usage["order_id"], usage["customer_email"], usage["customer_id"]) == (order, "**", "customer-1")

    after = order_at(shop, order)
    assert_forgotten(after)
    assert traces(await stored()) == []
    assert (after["external_ref"], after["order_number"]) == ("books-7", "no. 1 of **")
    assert after["custom_attributes"] == {"visits": {"type": "integer", "value": 7}}
    assert after["meta"]["display_price"] == before["meta"]["display_price"]
    again = {"order_number": "no. 1 of Ann@example.com", "external_ref": "books-7"}
    replayed = check_out(cart, said_of(id="customer-1") | again, "cart")
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert_forgotten(replayed.json()["data"])
    assert anonymize(shop, **shopper) == answer
    assert "contact" not in cart.ok("GET")["data"]
    assert_exact(shop)


@pytest.mark.parametrize("spelled", ["ann@EXAMPLE.com", "  Ann@example.com ", "ann@example.com"])
def test_limits_outlive_orders_that_are_forgotten(shop: Shop, promotion: str, spelled: str):
    order_of_ann(shop)
    anonymize(shop, customer_email="ann@example.com")

    cart = CartClient(shop, "new")
    cart.add(custom_item(amount=2000))
    cart.ok("PUT", "", {"contact": {"email": spelled.strip()}})
    assert [one["title"] for one in cart.enter("SAVE10")["meta"]["messages"]] == ["Fully Consumed"]
    cart.ok("PUT", "", {"contact": {"email": "bob@example.com"}})
    cart.enter("SAVE10")
    placed = check_out(cart, {"customer": {"email": spelled}}).json()["data"]
    assert placed["meta"]["display_price"]["discount"]["amount"] == 0
    assert [one["title"] for one in placed["meta"]["messages"]][1:2] == ["Fully Consumed"]
    assert [code["uses"] for code in shop.list_codes(promotion)] == [2]
    assert_exact(shop)


@pytest.mark.parametrize("named", ["ann@example.com", "ann@office.example", "ann@home.example"])
async def test_an_order_is_found_by_every_address_in_it(shop: Shop, promotion: str, stored: Stored, named: str):
    cart = CartClient(shop, "cart")
    cart.ok("PUT", "", {"contact": {"email": "ann@home.example"}})
    cart.add(custom_item(amount=2000))
    said = {"customer": ANN, "contact": {"email": "Ann@office.example", "name": "Ann Doe"}}
    order = check_out(cart, said, "key").json()["data"]["id"]
    assert "ann@home.example" not in str(order_at(shop, order))
    assert "ann@" in await stored()

    answer = anonymize(shop, customer_email=named.upper())

    assert answer["meta"]["orders"] == answer["meta"]["open_orders"] == touched(order)
    assert answer["meta"]["carts"] == touched("cart")
    assert traces(await stored()) == []


async def test_an_order_does_not_keep_how_the_cart_s_guest_is_reached(shop: Shop, connection: Connection):
    cart = CartClient(shop, "cart")
    cart.ok("PUT", "", {"name": "Ann's cart", "description": "Of Ann", "contact": {"email": "ann@home.example"}})
    cart.add(custom_item())
    check_out(cart, {"customer": {"email": "bob@example.com"}})

    cursor = await connection.execute("SELECT state FROM orders WHERE store_id = %s", [shop.store_id])
    [(state,)] = await cursor.fetchall()
    assert "ann" not in state.lower()


async def test_a_cart_is_forgotten_for_who_had_it_before(shop: Shop, promotion: str, stored: Stored):
    cart = telling_cart(shop)
    cart.ok("PUT", "", {"contact": {"email": "bob@example.com"}})
    cart.add(custom_item("other"))
    assert anonymize(shop, customer_email="ann@example.com")["meta"]["carts"] == touched("cart")
    assert traces(await stored()) == []


async def test_a_cart_is_forgotten_for_all_its_customers_and_accounts(shop: Shop, stored: Stored):
    cart = CartClient(shop, "cart", shop.http)
    cart.ok("PUT", "", {"name": "Ann's cart"})
    for kind in ("customer", "account"):
        references = [{"type": kind, "id": f"{kind}-{number}"} for number in (1, 2)]
        cart.ok("POST", f"/relationships/{kind}s", references)
    assert anonymize(shop, customer_id="customer-3")["meta"]["carts"] == touched()
    assert anonymize(shop, customer_id="customer-2")["meta"]["carts"] == touched("cart")
    assert traces(await stored()) == []


async def test_a_cart_that_nobody_owns_is_forgotten_for_the_customer_of_its_requests(shop: Shop, stored: Stored):
    cart, token = CartClient(shop, "cart"), {"X-Moltin-Customer-Token": "customer-1"}
    item = custom_item(custom_inputs={"text": "For Ann"})
    answer = shop.shopper.post(f"{cart.path}/items", json={"data": item}, headers=token)
    assert answer.status_code == 201
    assert traces(await stored()) == ["for ann"]
    assert anonymize(shop, customer_id="customer-1")["meta"]["carts"] == touched("cart")
    assert traces(await stored()) == []


def test_owners_of_a_cart_are_remembered_up_to_a_number(shop: Shop):
    earlier = [number.to_bytes(2) for number in range(MAX_OWNERS)]
    known = known_by(StoredCart(*[None] * 5, known_by=earlier), [b"new", earlier[7]])  # type: ignore[arg-type]
    assert known == (b"new", earlier[7], *earlier[:7], *earlier[8:-1])


async def test_what_the_shop_notes_of_payments_is_forgotten(shop: Shop, promotion: str, stored: Stored):
    _, order = order_of_ann(shop)
    note = {"name": "Ann Doe's purse", "custom_reference": "cheque 17"}
    pay = {"gateway": "manual", "method": "authorize", "amount": 500, "paymentmethod_meta": note}
    path, key = f"{ORDERS}/{order}", {"Idempotency-Key": "pay"}
    first = shop.http.post(f"{path}/payments", json={"data": pay}, headers=key).json()
    one = first["data"]["id"]
    shop.http.post(f"{path}/transactions/{one}/capture", headers={"Idempotency-Key": "capture"})
    assert "cheque" in traces(await stored())

    anonymize(shop, customer_email="ann@example.com")

    assert traces(await stored()) == []
    [now] = shop.http.get(f"{path}/transactions").json()["data"]
    assert (now["name"], now["custom_reference"], now["transaction_type"], now["amount"]) == (
        "**",
        "**",
        "capture",
        500,
    )
    replayed = shop.http.post(f"{path}/payments", json={"data": pay}, headers=key)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert replayed.json() == {"data": first["data"] | {"name": "**", "custom_reference": "**"}}


async def test_forgetting_a_usage_forgets_its_order_and_the_other_usages_of_it(
    shop: Shop, promotion: str, stored: Stored
):
    automatic = shop.promotion(automatic=True)
    cart, order = order_of_ann(shop)
    cart.ok("DELETE")
    [usage] = usages(shop, promotion)
    answer = anonymize(shop, usage_ids=[usage["id"]])
    assert [one["id"] for one in answer["data"]] == [usage["id"]]
    assert answer["meta"] == {"orders": touched(order), "open_orders": touched(order), "carts": touched()}
    assert_forgotten(order_at(shop, order))
    assert [one["customer_email"] for one in usages(shop, automatic)] == ["**"]
    assert traces(await stored()) == []


def test_what_was_forgotten_is_told(shop: Shop, promotion: str):
    open_, over = order_of_ann(shop)[1], order_of_ann(shop, "other")[1]
    shop.http.put(f"{ORDERS}/{over}", json={"data": {"type": "order", "status": "cancelled"}})
    body = evaluation_body(type="redemption", shopper={"email": "ann@example.com"}, state="confirmed")
    assert shop.http.post(f"{PROMOTIONS}/redemptions", json=body).status_code == 201

    told = anonymize(shop, customer_email="ann@example.com")

    assert told["meta"] == {
        "results": {"total": 1, "total_method": "exact"},
        "orders": touched(open_, over),
        "open_orders": touched(open_),
        "carts": touched("cart", "other"),
    }
    assert anonymize(shop, customer_email="ann@example.com") == told


def test_an_order_that_is_not_over_is_not_anonymized_by_its_id(shop: Shop, promotion: str):
    _, order = order_of_ann(shop)
    answer = anonymize_orders(shop, order)
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [
            {
                "title": "Could not anonymize orders",
                "status": 422,
                "detail": "Order has status: order:incomplete, payment:unpaid, shipping:unfulfilled; only fulfilled or"
                " refunded or cancelled orders may be anonymized",
                "meta": {"order_id": order},
            }
        ],
    )
    shop.http.put(f"{ORDERS}/{order}", json={"data": {"type": "order", "status": "cancelled"}})
    for _ in range(2):
        [forgotten] = anonymize_orders(shop, order).json()["data"]
        assert_forgotten(forgotten)


async def test_anonymizing_an_order_anonymizes_its_usages(shop: Shop, promotion: str, stored: Stored):
    automatic = shop.promotion(automatic=True)
    cart, order = order_of_ann(shop)
    other = order_of_ann(shop, "other")[1]
    for one in (order, other):
        shop.http.put(f"{ORDERS}/{one}", json={"data": {"type": "order", "status": "cancelled"}})

    assert anonymize_orders(shop, order).status_code == 200
    assert [(one["customer_email"], one["anonymized"]) for one in usages(shop, promotion)] == [("**", True)]
    assert [one["customer_email"] for one in usages(shop, automatic)] == ["**", "ann@example.com"]
    assert anonymize_orders(shop, other).status_code == 200
    cart.ok("DELETE")
    CartClient(shop, "other").ok("DELETE")
    assert traces(await stored()) == []


def test_what_is_said_of_a_forgotten_order_can_be_forgotten_again(shop: Shop, promotion: str):
    _, order = order_of_ann(shop)
    path = f"{ORDERS}/{order}"
    paid = shop.http.post(f"{path}/payments", json={"data": {"gateway": "manual", "method": "purchase"}}).json()["data"]
    shop.http.post(f"{path}/transactions/{paid['id']}/refund")
    for _ in range(2):
        body = {"data": {"type": "order", "shipping_address": ADDRESS}}
        assert shop.http.put(path, json=body).status_code == 200
        assert anonymize_orders(shop, order).status_code == 200
        assert order_at(shop, order)["shipping_address"]["line_1"] == "**"


def test_all_orders_are_anonymized_or_none(shop: Shop, promotion: str, new_shop: Callable[..., Shop]):
    stranger = new_shop()
    stranger.add_codes(stranger.promotion(), "SAVE10")
    order, foreign = order_of_ann(shop)[1], order_of_ann(stranger)[1]
    shop.http.put(f"{ORDERS}/{order}", json={"data": {"type": "order", "status": "cancelled"}})
    assert anonymize_orders(shop, order, foreign).status_code == 404
    assert not order_at(shop, order)["anonymized"]
