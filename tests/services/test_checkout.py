"""Checkout over HTTP: what becomes of a cart, of its codes, and of what else is said of an order."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from couponry.storage.database import Connection
from support import CartClient, Shop, custom_item, product

PROMOTIONS = "/v2/rule-promotions"
ONCE_EACH = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
ADDRESS = {
    "first_name": "Ann",
    "last_name": "Doe",
    "line_1": "1 Sunny Street",
    "postcode": "92802",
    "region": "CA",
    "country": "US",
}
ANN = {"email": "ann@example.com", "name": "Ann Doe"}


@pytest.fixture
def cart(shop: Shop) -> CartClient:
    return CartClient(shop)


def check_out(cart: CartClient, customer: Any = None, **members: Any) -> Any:
    """Check a cart out, and return the order."""
    return cart.ok("POST", "/checkout", {"customer": customer or ANN} | members)["data"]


def coded(shop: Shop, *codes: str | dict[str, Any], **members: Any) -> str:
    promotion = shop.promotion(**members)
    assert shop.add_codes(promotion, *codes).status_code == 201
    return promotion


def usages(shop: Shop, promotion: str) -> list[dict[str, Any]]:
    answer = shop.http.get(f"{PROMOTIONS}/{promotion}/usages")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def remaining(shop: Shop, promotion: str) -> list[int | None]:
    return [code.get("uses") for code in shop.list_codes(promotion)]


def assert_exact(shop: Shop) -> None:
    found = shop.http.get(f"{PROMOTIONS}/invariants").json()["data"]
    assert found["ok"], found


def pay(shop: Shop, order: dict[str, Any], method: str = "purchase", **members: Any) -> httpx.Response:
    body = {"data": {"gateway": "manual", "method": method} | members}
    return shop.http.post(f"/v2/orders/{order['id']}/payments", json=body)


def titles(order: dict[str, Any]) -> list[str]:
    return [message["title"] for message in order["meta"].get("messages", ())]


def amounts(order: dict[str, Any]) -> dict[str, int]:
    return {name: shown["amount"] for name, shown in order["meta"]["display_price"].items()}


def ten_off(code: str = "SAVE10", **limits: Any) -> dict[str, Any]:
    return {"code": code} | limits


# The order


def test_an_order_is_answered_as_elastic_path_does(shop: Shop, cart: CartClient):
    promotion = coded(shop, ten_off(uses=2))
    cart.ok("PUT", "", {"custom_attributes": {"vip": {"type": "boolean", "value": True}}})
    [line] = cart.add(custom_item("sock", 1000, 3))["data"]
    shown = cart.enter("save10")

    order = check_out(cart, billing_address=ADDRESS, shipping_address=ADDRESS, order_number="42", external_ref="x y")

    def price(amount: int) -> dict[str, Any]:
        formatted = f"{'-' if amount < 0 else ''}${abs(amount) / 100:.2f}"
        return {"amount": amount, "currency": "USD", "formatted": formatted}

    assert order == {
        "type": "order",
        "id": order["id"],
        "status": "incomplete",
        "payment": "unpaid",
        "shipping": "unfulfilled",
        "anonymized": False,
        "order_number": "42",
        "external_ref": "x y",
        "customer": ANN,
        "billing_address": ADDRESS,
        "shipping_address": ADDRESS,
        "custom_attributes": {"vip": {"type": "boolean", "value": True}},
        "links": {},
        "meta": {
            "display_price": {
                "with_tax": price(2700),
                "without_tax": price(2700),
                "tax": price(0),
                "discount": price(-300),
                "without_discount": price(3000),
                "shipping": price(0),
                "shipping_discount": price(0),
                "balance_owing": price(2700),
                "paid": price(0),
                "authorized": price(0),
                "refunded": price(0),
            },
            "timestamps": order["meta"]["timestamps"],
        },
        "relationships": {"items": {"data": order["relationships"]["items"]["data"]}},
    }
    got = shop.http.get(f"/v2/orders/{order['id']}").json()["data"]
    assert got == order

    items = shop.http.get(f"/v2/orders/{order['id']}/items").json()["data"]
    assert [one["id"] for one in items] == [one["id"] for one in order["relationships"]["items"]["data"]]
    in_cart = next(one for one in shown["data"] if one["id"] == line["id"])
    assert items[0] == {
        "type": "order_item",
        "id": items[0]["id"],
        "quantity": 3,
        "name": "A sock",
        "sku": "sock",
        "unit_price": in_cart["unit_price"],
        "value": in_cart["value"],
        "discounts": in_cart["discounts"],
        "links": {},
        "meta": in_cart["meta"],
        "relationships": {"cart_item": {"data": {"type": "custom_item", "id": line["id"]}}},
    }
    assert items[0]["discounts"][0]["is_cart_discount"]
    assert (items[1]["type"], items[1]["product_id"], items[1]["sku"]) == ("promotion_item", promotion, "SAVE10")
    assert items[1]["value"]["amount"] == -300
    assert remaining(shop, promotion) == [1]
    assert_exact(shop)


def test_usages_are_recorded_for_codes_and_for_automatic_promotions(shop: Shop, cart: CartClient):
    automatic, promotion = shop.promotion(automatic=True), coded(shop, ten_off())
    cart.add(custom_item(amount=2000))
    cart.enter("SAVE10")
    order = check_out(cart, {"id": "ann", "email": " Ann@Example.com "})

    for one, code in ((automatic, f"auto_{automatic}"), (promotion, "SAVE10")):
        [usage] = usages(shop, one)
        known = (usage["order_id"], usage["code"], usage["times_used"], usage["customer_id"], usage["customer_email"])
        assert known == (order["id"], code, 1, "ann", "Ann@Example.com")
    assert order["relationships"]["customer"] == {"data": {"type": "customer", "id": "ann"}}


def test_the_cart_stays_and_can_be_checked_out_again(shop: Shop, cart: CartClient):
    promotion = coded(shop, ten_off(uses=2))
    cart.add(custom_item(amount=2000))
    cart.enter("SAVE10")

    orders = [check_out(cart) for _ in range(3)]
    assert len({order["id"] for order in orders}) == 3
    assert [amounts(order)["with_tax"] for order in orders] == [1800, 1800, 2000]
    assert remaining(shop, promotion) == [0]
    assert len(cart.items()["data"]) == 1
    items = [one["id"] for order in orders for one in order["relationships"]["items"]["data"]]
    assert len(items) == len(set(items))
    assert_exact(shop)


def test_changing_a_cart_or_a_promotion_later_changes_no_order(shop: Shop, cart: CartClient):
    promotion = coded(shop, ten_off())
    cart.add(custom_item())
    cart.enter("SAVE10")
    order = check_out(cart)
    path, query = f"/v2/orders/{order['id']}", {"include": "items,promotions"}
    before = shop.http.get(path, params=query).json()
    assert [one["id"] for one in before["included"]["promotions"]] == [promotion]
    assert before["data"]["relationships"]["promotions"]["data"] == [{"type": "promotion", "id": promotion}]

    cart.ok("DELETE", "/items")
    shop.http.delete(f"{PROMOTIONS}/{promotion}")
    after = shop.http.get(path, params=query).json()
    assert after["included"].pop("promotions") == []
    before["included"].pop("promotions")
    assert after == before


def test_shipping_is_paid_for_with_its_discount(shop: Shop, cart: CartClient):
    actions = [{"strategy": "shipping_discount", "args": ["percent", 50]}]
    coded(
        shop, "SHIP", rule_set={"rules": {"strategy": "cart_total", "operator": "gte", "args": [1]}, "actions": actions}
    )
    group = cart.ok("POST", "/shipping-groups", {"shipping_price": {"base": 800, "tax": 200, "fees": 50}})["data"]["id"]
    cart.add(custom_item(amount=1000, shipping_group_id=group))
    cart.enter("SHIP")
    order = check_out(cart)

    assert amounts(order) == {
        "with_tax": 1650,
        "without_tax": 1450,
        "tax": 200,
        "discount": 0,
        "without_discount": 2050,
        "shipping": 1050,
        "shipping_discount": -400,
        "balance_owing": 1650,
        "paid": 0,
        "authorized": 0,
        "refunded": 0,
    }
    in_cart = cart.ok("GET", f"/shipping-groups/{group}")["data"]
    path = f"/v2/orders/{order['id']}/shipping-groups"
    [in_order] = shop.http.get(path).json()["data"]
    assert (in_order.pop("relation"), in_order.pop("order_id")) == ("order", order["id"])
    assert in_order.pop("relationships") == {"order": {"data": {"type": "order", "id": order["id"]}}}
    assert in_order == {name: in_cart[name] for name in in_cart if name not in ("relation", "cart_id", "relationships")}
    assert shop.http.get(f"{path}/{group}").json()["data"]["id"] == group
    assert shop.http.get(f"{path}/none").status_code == 404


def test_accounts_and_customers_of_the_head_order_as_well(shop: Shop, cart: CartClient):
    promotion = coded(shop, ten_off())
    cart.add(custom_item())
    cart.enter("SAVE10")
    said = {"account": {"id": "acme", "member_id": "bob"}, "contact": {"email": "bob@example.com", "name": "Bob"}}
    order = cart.ok("POST", "/checkout", said)["data"]
    assert order["contact"] == said["contact"]
    assert order["relationships"]["account"] == {"data": {"type": "account", "id": "acme"}}
    assert order["relationships"]["account_member"] == {"data": {"type": "account_member", "id": "bob"}}
    cart.client.post(
        f"{cart.path}/checkout", json={"data": {"customer": ANN}}, headers={"X-Moltin-Customer-Token": "ann"}
    )
    known = [(one["customer_id"], one["account_id"], one["customer_email"]) for one in usages(shop, promotion)]
    assert known == [(None, "acme", "bob@example.com"), ("ann", None, "ann@example.com")]


# What cannot be checked out


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({}, [("required", "data.customer")]),
        ({"customer": {"name": "Ann"}}, [("required", "data.customer.email")]),
        *(
            ({"customer": {"email": email}}, [("format", "data.customer.email")])
            for email in (".ann@example.com", "ann.@example.com", "a..nn@example.com", "ann@example..com", "ann")
        ),
        ({"contact": {"email": "bob@"}}, [("format", "data.contact.email")]),
        ({"customer": ANN, "external_ref": "x" * 65}, [("string_lte", "data.external_ref")]),
        ({"customer": ANN, "billing_address": {}}, [("required", "data.billing_address.first_name")]),
        (
            {"customer": ANN, "shipping_address": ADDRESS | {"region": None}},
            [("required", "data.shipping_address.region")],
        ),
    ],
)
def test_what_is_wrong_with_a_checkout_is_told(cart: CartClient, data: Any, faults: list[tuple[str, str]]):
    cart.add(custom_item())
    answer = cart.send("POST", "/checkout", data)
    assert answer.status_code == 400
    found = [(error["title"], error["source"]) for error in answer.json()["errors"]]
    assert found[: len(faults)] == faults


def test_a_checkout_needs_a_body(cart: CartClient):
    cart.add(custom_item())
    answer = cart.client.post(f"{cart.path}/checkout")
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (400, "required")


def test_empty_carts_and_previews_are_not_checked_out(shop: Shop, cart: CartClient):
    assert cart.refused("POST", "/checkout", {"customer": ANN}) == (
        400,
        {"title": "Bad Request", "status": 400, "detail": "Cannot check out an empty cart"},
    )
    preview = CartClient(shop, "preview", shop.http)
    preview.ok("PUT", "", {"snapshot_date": "2036-01-01T00:00:00Z"})
    preview.add(custom_item())
    assert preview.refused("POST", "/checkout", {"customer": ANN}) == (
        400,
        {"title": "Bad Request", "status": 400, "detail": "Checking out carts with snapshot dates not permitted"},
    )
    assert shop.http.get("/v2/orders").json()["data"] == []


# Codes that ran out


def run_out(shop: Shop, cart: CartClient) -> str:
    """Enter a code with one use, which somebody else then takes."""
    promotion = coded(shop, ten_off(uses=1))
    other = CartClient(shop, "other")
    for one in (cart, other):
        one.add(custom_item(amount=2000))
        assert titles({"meta": one.enter("SAVE10")["meta"]}) == ["Promotion Added", "Discount Added"]
    check_out(other, {"email": "bob@example.com"})
    return promotion


def test_a_code_that_ran_out_is_left_out_and_told_of(shop: Shop, cart: CartClient):
    promotion = run_out(shop, cart)
    order = check_out(cart)

    assert titles(order) == ["Deleted Promotion", "Fully Consumed", "Discount Deleted"]
    assert amounts(order)["with_tax"] == 2000
    assert len(usages(shop, promotion)) == 1
    assert "messages" not in shop.http.get(f"/v2/orders/{order['id']}").json()["data"]["meta"]
    assert_exact(shop)


def test_it_is_told_of_even_if_the_cart_has_told_it_already(shop: Shop, cart: CartClient):
    run_out(shop, cart)
    cart.items()
    assert titles(check_out(cart)) == ["Fully Consumed"]


@pytest.mark.parametrize("looked", [True, False])
@pytest.mark.parametrize("by_store", [True, False])
def test_strictly_a_code_that_ran_out_is_refused(shop: Shop, cart: CartClient, by_store: bool, looked: bool):
    promotion = run_out(shop, cart)
    if looked:
        cart.items()
    if by_store:
        body = {"data": {"type": "settings", "checkout": {"strict": True}}}
        assert shop.http.put("/v2/settings/cart", json=body).json()["data"]["checkout"]["strict"]

    for said in ({}, {"strict": False}) if by_store else ({"strict": True},):
        status, error = cart.refused("POST", "/checkout", {"customer": ANN} | said)
        assert (status, error["title"]) == (422, "Fully Consumed")
        assert error["meta"] == {"code": "SAVE10", "reason": "code_exhausted"}
    assert len(usages(shop, promotion)) == len(shop.http.get("/v2/orders").json()["data"]) == 1


def test_uses_left_bound_how_often_a_code_applies(shop: Shop, cart: CartClient):
    rule = {"strategy": "cart_total", "operator": "gte", "args": [1]}
    half = {
        "strategy": "item_discount",
        "args": ["percent", 50],
        "condition": {"strategy": "item_sku", "operator": "in", "args": ["sock"]},
    }
    promotion = coded(
        shop, ten_off(uses=3, consume_unit="per_application"), rule_set={"rules": rule, "actions": [half]}
    )
    cart.add(custom_item("sock", 1000, 2))
    cart.enter("SAVE10")
    orders = [check_out(cart) for _ in range(3)]

    assert [amounts(order)["discount"] for order in orders] == [-1000, -500, 0]
    assert [one["times_used"] for one in usages(shop, promotion)] == [2, 1]
    assert remaining(shop, promotion) == [0]
    assert_exact(shop)


# Whose codes


def test_a_guest_s_one_use_counts_whatever_the_case_of_the_address(shop: Shop, new_shop: Callable[..., Shop]):
    promotion = coded(shop, ten_off(**ONCE_EACH))

    def order(id_: str, contact: str, ordering: str) -> Any:
        cart = CartClient(shop, id_)
        cart.ok("PUT", "", {"contact": {"email": contact}})
        cart.add(custom_item(amount=2000))
        entered = cart.enter("SAVE10")
        return titles({"meta": entered["meta"]}), titles(check_out(cart, {"email": ordering}))

    entered, told = order("one", "ann@example.com", " ANN@example.com ")
    assert (entered, told) == (["Promotion Added", "Discount Added"], [])
    assert order("two", "Ann@Example.com", "ann@example.com") == (["Fully Consumed"], [])
    # Under another address it is entered, and refused at checkout.
    entered, told = order("three", "somebody@example.com", "aNN@example.com")
    assert (entered, told[1]) == (["Promotion Added", "Discount Added"], "Fully Consumed")
    assert len(usages(shop, promotion)) == 1
    assert_exact(shop)


def test_a_code_of_one_customer_is_left_out_for_another(shop: Shop, cart: CartClient):
    coded(shop, ten_off(user="ann"))
    cart.ok("POST", "/relationships/customers", [{"type": "customer", "id": "ann"}])
    cart.add(custom_item(amount=2000))
    cart.enter("SAVE10")
    assert amounts(check_out(cart, {"id": "ann"}))["discount"] == -200
    order = check_out(cart, {"id": "bob"})
    assert (amounts(order)["discount"], titles(order)) == (0, ["Deleted Promotion", "Discount Deleted"])


# First orders


def first_time(shop: Shop, cart: CartClient, customer: dict[str, str] = ANN) -> tuple[int, Any]:
    """Enter the code for first orders on an emptied cart; return the status, and the order if it went on."""
    cart.ok("DELETE", "/items")
    cart.ok("PUT", "", {"contact": {"email": customer["email"]}})
    cart.add(custom_item(amount=2000))
    entered = cart.send("POST", "/items", {"type": "promotion_item", "code": "FIRST"})
    return entered.status_code, check_out(cart, customer) if entered.status_code == 201 else None


@pytest.mark.parametrize("method", ["purchase", "authorize"])
def test_only_orders_that_are_paid_count_as_first_ones(shop: Shop, cart: CartClient, method: str):
    coded(shop, ten_off("FIRST", is_for_new_shopper=True))
    status, one = first_time(shop, cart)
    status, two = first_time(shop, cart, {"email": "ANN@example.com"})
    assert (status, amounts(two)["discount"]) == (201, -200)

    assert pay(shop, one, method).status_code == 200
    assert first_time(shop, cart)[0] == 404
    assert first_time(shop, cart, {"email": " Ann@example.COM".strip()})[0] == 404
    assert first_time(shop, cart, {"email": "bob@example.com"})[0] == 201
    assert pay(shop, two).status_code == 200
    assert_exact(shop)


def test_neither_cancelling_nor_refunding_makes_a_shopper_new_again(shop: Shop, cart: CartClient):
    coded(shop, ten_off("FIRST", is_for_new_shopper=True))
    shop.http.put("/v2/settings/cart", json={"data": {"type": "settings", "checkout": {"give_back_on_cancel": True}}})
    _, order = first_time(shop, cart)
    transaction = pay(shop, order).json()["data"]["id"]
    refund = shop.http.post(f"/v2/orders/{order['id']}/transactions/{transaction}/refund")
    assert refund.json()["data"]["transaction_type"] == "refund"
    shop.http.put(f"/v2/orders/{order['id']}", json={"data": {"type": "order", "status": "cancelled"}})
    assert first_time(shop, cart)[0] == 404


def test_who_has_paid_meanwhile_checks_out_without_the_code(shop: Shop, cart: CartClient):
    promotion = coded(shop, ten_off("FIRST", is_for_new_shopper=True))
    _, order = first_time(shop, cart)
    pay(shop, order)
    again = check_out(cart)
    assert (amounts(again)["discount"], titles(again)) == (0, ["Deleted Promotion", "Discount Deleted"])
    assert len(usages(shop, promotion)) == 1


def test_paid_orders_and_confirmed_redemptions_know_of_each_other(shop: Shop, cart: CartClient):
    coded(shop, ten_off("FIRST", is_for_new_shopper=True))
    redemption = {"type": "redemption", "currency": "USD", "items": [{"id": "1", "quantity": 1, "unit_price": 2000}]}

    def redeem(email: str, *codes: str) -> int:
        body = {"data": redemption | {"shopper": {"email": email}, "codes": codes, "state": "confirmed"}}
        return shop.http.post(f"{PROMOTIONS}/redemptions", json=body).status_code

    assert redeem("ann@example.com") == 201
    assert first_time(shop, cart)[0] == 404
    _, order = first_time(shop, cart, {"email": "bob@example.com"})
    pay(shop, order)
    assert redeem("BOB@example.com", "FIRST") == 422
    assert redeem("carol@example.com", "FIRST") == 201
    assert_exact(shop)


# Retries


def send(cart: CartClient, key: str, **members: Any) -> httpx.Response:
    body = {"data": {"customer": ANN} | members}
    return cart.client.post(f"{cart.path}/checkout", json=body, headers={"Idempotency-Key": key})


async def test_a_retry_gets_the_first_answer(shop: Shop, cart: CartClient, connection: Connection):
    run_out(shop, cart)
    first = send(cart, "key")
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    pay(shop, first.json()["data"])
    cart.ok("DELETE", "/items")
    again = send(cart, "key")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert titles(again.json()["data"]) == ["Deleted Promotion", "Fully Consumed", "Discount Deleted"]
    assert len(shop.http.get("/v2/orders").json()["data"]) == 2
    other = send(cart, "key", order_number="43")
    assert (other.status_code, other.json()["errors"][0]["title"]) == (422, "Idempotency Key Reused")
    assert send(cart, "").status_code == 400


def test_refusals_are_not_remembered(shop: Shop, cart: CartClient):
    assert send(cart, "key").status_code == 400
    cart.add(custom_item())
    assert send(cart, "key").status_code == 201


def test_gifts_are_part_of_the_order(shop: Shop, cart: CartClient):
    shop.http.put("/v2/products", json={"data": [product("gift", sku="gift", prices={"USD": 300})]})
    gift = {
        "strategy": "item_discount",
        "args": ["percent", 100],
        "condition": {"strategy": "item_sku", "operator": "in", "args": ["gift"]},
        "limitations": {"items": {"max_items": 1, "auto_add": True}},
    }
    rules = {"strategy": "cart_total", "operator": "gte", "args": [1000]}
    promotion = shop.promotion(automatic=True, rule_set={"rules": rules, "actions": [gift]})
    cart.add(custom_item(amount=2000))
    order = check_out(cart)

    items = shop.http.get(f"/v2/orders/{order['id']}/items", params={"include": "promotions"}).json()
    assert [(one["sku"], one["value"]["amount"]) for one in items["data"]] == [("sock", 2000), ("gift", 300)]
    assert amounts(order)["with_tax"] == 2000
    assert [one["id"] for one in items["included"]["promotions"]] == [promotion]
    assert len(usages(shop, promotion)) == 1
