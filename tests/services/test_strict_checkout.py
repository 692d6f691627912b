"""Strict checkout over HTTP: what a cart has lost since its last change refuses the order, and else is told of."""

from collections.abc import Callable
from typing import Any

import pytest

from support import CartClient, Shop, custom_item, product

PROMOTIONS = "/v2/rule-promotions"
ANN = {"email": "ann@example.com"}
ANY_CART = {"strategy": "cart_total", "operator": "gte", "args": [1]}
GIFT = {
    "strategy": "item_discount",
    "args": ["percent", 100],
    "condition": {"strategy": "item_sku", "operator": "in", "args": ["gift"]},
    "limitations": {"items": {"max_items": 1, "auto_add": True}},
}
SHIPPING = {"strategy": "shipping_discount", "args": ["percent", 50]}
OUT_OF_STOCK = "There is not enough stock to add gift to your cart"

looked = pytest.mark.parametrize("looked", [True, False])


@pytest.fixture
def cart(shop: Shop) -> CartClient:
    return CartClient(shop)


def coded(shop: Shop, code: str, *actions: dict[str, Any], **members: Any) -> str:
    rules = members.pop("rules", ANY_CART)
    usual = [{"strategy": "cart_discount", "args": ["percent", 10]}]
    promotion = shop.promotion(rule_set={"rules": rules, "actions": list(actions) or usual}, **members)
    assert shop.add_codes(promotion, code).status_code == 201
    return promotion


def disable(shop: Shop, promotion: str) -> None:
    body = {"data": {"type": "rule_promotion", "enabled": False}}
    assert shop.http.put(f"{PROMOTIONS}/{promotion}", json=body).status_code == 200


def enable(shop: Shop, promotion: str) -> None:
    body = {"data": {"type": "rule_promotion", "enabled": True}}
    assert shop.http.put(f"{PROMOTIONS}/{promotion}", json=body).status_code == 200


def check_out(cart: CartClient, *, strict: bool) -> Any:
    return cart.ok("POST", "/checkout", {"customer": ANN, "strict": strict})["data"]


def refused(cart: CartClient) -> tuple[int, list[dict[str, Any]]]:
    answer = cart.send("POST", "/checkout", {"customer": ANN, "strict": True})
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["errors"]


def told(order: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["title"], one["source"]["type"]) for one in order["meta"].get("messages", ())]


# Gifts


@pytest.fixture
def gift(shop: Shop, cart: CartClient) -> str:
    """A promotion that has given a gift to the cart."""
    shop.http.put("/v2/products", json={"data": [product("p-1", sku="gift", prices={"USD": 300})]})
    promotion = shop.promotion(automatic=True, rule_set={"rules": ANY_CART, "actions": [GIFT]})
    assert [line["sku"] for line in cart.add(custom_item(amount=2000))["data"]] == ["sock", "gift"]
    return promotion


@looked
def test_a_gift_whose_product_is_gone_refuses_a_strict_checkout(shop: Shop, cart: CartClient, gift: str, looked: bool):
    shop.http.delete("/v2/products/p-1")
    if looked:
        cart.items()

    assert refused(cart) == (
        400,
        [{"title": "Insufficient stock", "status": 400, "detail": OUT_OF_STOCK, "meta": {"sku": "gift"}}],
    )
    assert shop.http.get("/v2/orders").json()["data"] == []


@looked
def test_a_gift_whose_product_is_gone_is_told_of_otherwise(shop: Shop, cart: CartClient, gift: str, looked: bool):
    shop.http.delete("/v2/products/p-1")
    if looked:
        cart.items()

    order = check_out(cart, strict=False)
    assert order["meta"]["messages"] == [
        {
            "source": {"type": "promotion", "id": gift, "code": f"auto_{gift}"},
            "title": "Insufficient stock",
            "description": OUT_OF_STOCK,
        }
    ]
    assert len(order["relationships"]["items"]["data"]) == 1


def test_a_gift_without_a_price_in_this_currency_refuses_as_well(shop: Shop, cart: CartClient, gift: str):
    shop.http.put("/v2/products", json={"data": [product("p-1", sku="gift", prices={"EUR": 300})]})
    status, [error] = refused(cart)
    assert (status, error["status"], error["title"]) == (400, 400, "Could not add product")
    assert told(check_out(cart, strict=False)) == [("Could not add product", "promotion")]


def test_all_that_is_lost_is_named_at_once(shop: Shop, cart: CartClient, gift: str):
    promotion = coded(shop, "SAVE10")
    cart.enter("SAVE10")
    shop.http.delete("/v2/products/p-1")
    disable(shop, promotion)
    status, errors = refused(cart)
    assert (status, [one["title"] for one in errors]) == (422, ["Not Applicable", "Insufficient stock"])


def test_a_gift_that_can_be_had_refuses_nothing(cart: CartClient, gift: str):
    assert told(check_out(cart, strict=True)) == []


# Shipping


@pytest.fixture
def shipped(shop: Shop, cart: CartClient) -> str:
    """A promotion whose code takes half off the shipping of the cart."""
    group = cart.ok("POST", "/shipping-groups", {"shipping_price": {"base": 800}})["data"]["id"]
    cart.add(custom_item(amount=1000, shipping_group_id=group))
    return coded(shop, "SHIP", SHIPPING)


def test_what_comes_off_shipping_is_told_as_it_comes_and_goes(shop: Shop, cart: CartClient, shipped: str):
    added = cart.enter("SHIP")["meta"]["messages"]
    [group] = cart.ok("GET", "/shipping-groups")["data"]
    assert added == [
        {
            "source": {"type": "shipping_group", "id": group["id"]},
            "title": "Discount Added",
            "description": "Shipping discount has been added.",
        }
    ]
    cart.ok("PUT", f"/shipping-groups/{group['id']}", {"shipping_price": {"base": 400}})
    assert "messages" not in cart.items()["meta"]
    disable(shop, shipped)
    [deleted] = cart.items()["meta"]["messages"]
    assert (deleted["title"], deleted["source"]) == ("Discount Deleted", added[0]["source"])


def test_a_discount_of_shipping_that_vanished_is_told_of(shop: Shop, cart: CartClient, shipped: str):
    cart.enter("SHIP")
    disable(shop, shipped)
    order = check_out(cart, strict=False)
    assert told(order) == [("Discount Deleted", "shipping_group")]
    assert order["meta"]["display_price"]["with_tax"]["amount"] == 1800


@looked
def test_a_discount_of_shipping_that_vanished_refuses_a_strict_checkout(
    shop: Shop, cart: CartClient, shipped: str, looked: bool
):
    cart.enter("SHIP")
    disable(shop, shipped)
    if looked:
        cart.items()
    status, [error] = refused(cart)
    assert (status, error["title"], error["meta"]) == (422, "Not Applicable", {"code": "SHIP", "reason": "disabled"})


def test_an_automatic_promotion_off_shipping_cannot_be_taken_off(shop: Shop, cart: CartClient, shipped: str):
    automatic = shop.promotion(automatic=True, rule_set={"rules": ANY_CART, "actions": [SHIPPING]})
    cart.items()
    assert cart.send("DELETE", f"/discounts/auto_{automatic}").status_code == 422


# Codes, whoever has looked


@looked
def test_a_promotion_that_ended_refuses_whether_or_not_anybody_looked(shop: Shop, cart: CartClient, looked: bool):
    promotion = coded(shop, "SAVE10")
    cart.add(custom_item(amount=2000))
    cart.enter("SAVE10")
    disable(shop, promotion)
    if looked:
        cart.items()

    status, [error] = refused(cart)
    assert (status, error["title"], error["meta"]["reason"]) == (422, "Not Applicable", "disabled")
    check_out(cart, strict=False)
    assert refused(cart)[0] == 422  # an order changes nothing of the cart
    cart.add(custom_item("boot"))
    assert check_out(cart, strict=True)["meta"]["display_price"]["with_tax"]["amount"] == 3000


@looked
@pytest.mark.parametrize("revived", [True, False])
def test_a_code_that_was_dormant_at_the_last_change_refuses_nothing(
    shop: Shop, cart: CartClient, looked: bool, revived: bool
):
    rules = {"strategy": "cart_total", "operator": "gte", "args": [2000]}
    promotion = coded(shop, "SAVE10", rules=rules)
    [line] = cart.add(custom_item(amount=1000, quantity=2))["data"]
    cart.enter("SAVE10")
    cart.ok("PUT", f"/items/{line['id']}", {"quantity": 1})
    if revived:
        for change in (disable, enable):
            change(shop, promotion)
    if looked:
        cart.items()
    assert check_out(cart, strict=True)["meta"]["display_price"]["with_tax"]["amount"] == 1000


@looked
def test_a_code_that_a_change_revives_is_missed_when_it_goes(shop: Shop, cart: CartClient, looked: bool):
    rules = {"strategy": "cart_total", "operator": "gte", "args": [2000]}
    promotion = coded(shop, "SAVE10", rules=rules)
    [line] = cart.add(custom_item(amount=1000, quantity=2))["data"]
    cart.enter("SAVE10")
    for quantity in (1, 3):
        cart.ok("PUT", f"/items/{line['id']}", {"quantity": quantity})
    disable(shop, promotion)
    if looked:
        cart.items()
    assert refused(cart)[0] == 422


# Whose orders


Whose = Callable[[CartClient], None]


def by_customer(cart: CartClient) -> None:
    cart.ok("POST", "/relationships/customers", [{"type": "customer", "id": "ann"}])


def by_account(cart: CartClient) -> None:
    cart.ok("POST", "/relationships/accounts", [{"type": "account", "id": "acme"}])


@pytest.mark.parametrize(("whose", "kind", "id_"), [(by_customer, "customer", "ann"), (by_account, "account", "acme")])
@pytest.mark.parametrize("said", [{"customer": ANN}, {"contact": ANN}])
def test_an_order_is_whose_the_cart_is(
    shop: Shop, cart: CartClient, whose: Whose, kind: str, id_: str, said: dict[str, Any]
):
    whose(cart)
    cart.add(custom_item())
    order = cart.ok("POST", "/checkout", said)["data"]

    assert order["relationships"][kind] == {"data": {"type": kind, "id": id_}}
    found = shop.http.get("/v2/orders", params={"filter": f"eq({kind}_id,{id_})"}).json()["data"]
    assert [one["id"] for one in found] == [order["id"]]
    if kind == "customer":
        found = shop.http.get("/v2/orders", headers={"X-Moltin-Customer-Token": id_}).json()["data"]
        assert [one["id"] for one in found] == [order["id"]]


def test_the_customer_of_the_head_orders_where_the_cart_belongs_to_nobody(shop: Shop, cart: CartClient):
    cart.add(custom_item())
    head = {"X-Moltin-Customer-Token": "bob"}
    answer = cart.client.post(f"{cart.path}/checkout", json={"data": {"customer": ANN}}, headers=head)
    assert answer.json()["data"]["relationships"]["customer"]["data"]["id"] == "bob"
    assert answer.json()["data"]["customer"] == ANN | {"id": "bob"}


def test_what_the_checkout_says_comes_first(cart: CartClient):
    by_customer(cart)
    by_account(cart)
    cart.add(custom_item())
    order = cart.ok("POST", "/checkout", {"customer": {"id": "eve"}, "account": {"id": "eve ltd"}})["data"]
    assert order["relationships"]["customer"]["data"]["id"] == "eve"
    assert order["relationships"]["account"]["data"]["id"] == "eve ltd"
