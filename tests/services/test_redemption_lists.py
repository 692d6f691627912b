"""Redemptions and usages found again, over HTTP: by order, by state, by whoever made them."""

from typing import Any

import pytest

from support import CartClient, Shop, custom_item, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
REDEMPTIONS = f"{PROMOTIONS}/redemptions"
ANN = {"customer_id": "ann", "email": " Ann@Example.com"}
BOB = {"email": "bob@example.com"}


def redeemed(shop: Shop, *codes: str, **members: Any) -> dict[str, Any]:
    body = evaluation_body(type="redemption", codes=list(codes), **members)
    answer = shop.http.post(REDEMPTIONS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def listed(shop: Shop, filter_: str = "", **query: Any) -> Any:
    answer = shop.http.get(REDEMPTIONS, params={"filter": filter_, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(document: Any) -> list[str]:
    return [one["id"] for one in document["data"]]


# Redemptions


def test_a_list_tells_of_redemptions_all_but_the_carts(shop: Shop):
    for promotion in (shop.promotion(), shop.promotion()):
        shop.add_codes(promotion, "both")
    made = redeemed(shop, "both", order_id="order-1", shopper=ANN)
    [one] = listed(shop)["data"]

    assert one.pop("meta")["timestamps"].keys() == {"created_at", "updated_at"}
    del made["evaluation"]
    assert one == made
    assert len(one["uses"]) == 2
    shop.http.post(f"{REDEMPTIONS}/{made['id']}/confirm", json={"data": {"order_id": "order-2"}})
    [one] = listed(shop)["data"]
    assert (one["state"], one["order_id"], "expires_at" in one) == ("confirmed", "order-2", False)


def test_the_newest_come_first_page_by_page(shop: Shop):
    made = [redeemed(shop)["id"] for _ in range(3)]
    document = listed(shop)
    assert ids(document) == made[::-1]
    assert document["meta"]["results"] == {"total": 3, "total_method": "exact"}
    assert ids(listed(shop, **{"page[limit]": 1, "page[offset]": 1})) == [made[1]]


def test_redemptions_are_filtered_by_order_and_state(shop: Shop):
    one, two, three = (redeemed(shop, order_id=order) for order in ("order-1", "order-1", "order-2"))
    shop.http.post(f"{REDEMPTIONS}/{two['id']}/confirm")
    shop.http.post(f"{REDEMPTIONS}/{three['id']}/release")

    assert ids(listed(shop, "eq(order_id,order-1)")) == [two["id"], one["id"]]
    assert ids(listed(shop, "eq(order_id,ORDER-1)")) == []
    for state, expected in (("held", one), ("confirmed", two), ("released", three)):
        assert ids(listed(shop, f"eq(state,{state})")) == [expected["id"]]
    assert ids(listed(shop, "eq(order_id,order-1):eq(state,held)")) == [one["id"]]
    assert ids(listed(shop, "eq(order_id,order-2)|eq(state,held)")) == [three["id"], one["id"]]


@pytest.mark.parametrize("wrong", ["eq(state,paid)", "like(order_id,order*)", "eq(id,1)", "eq(order_id)"])
def test_what_redemptions_cannot_be_filtered_by(shop: Shop, wrong: str):
    answer = shop.http.get(REDEMPTIONS, params={"filter": wrong})
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (400, "Bad Request")


def test_lists_of_redemptions_are_for_merchants(shop: Shop):
    assert shop.shopper.get(REDEMPTIONS).status_code == 403


# Usages


@pytest.fixture
def used(shop: Shop) -> tuple[str, dict[str, str]]:
    """A promotion, and for each order the usage of its code."""
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    redeemed(shop, "spring", state="confirmed", order_id="order-1", shopper=ANN)
    redeemed(shop, "spring", state="confirmed", order_id="order-2", shopper=BOB)
    redeemed(shop, "spring", state="confirmed", shopper=BOB)
    cart = CartClient(shop)
    cart.add(custom_item(amount=2000))
    cart.enter("spring")
    order = cart.ok("POST", "/checkout", {"customer": {"id": "ann"}})["data"]["id"]
    all_of_it = shop.http.get(f"{PROMOTIONS}/{promotion}/usages").json()["data"]
    names = {order: "placed"}
    return promotion, {names.get(one["order_id"], one["order_id"] or "none"): one["id"] for one in all_of_it} | {
        "order": order
    }


def found(shop: Shop, promotion: str, filter_: str, code: str = "") -> set[str]:
    answer = shop.http.get(f"{PROMOTIONS}/{promotion}{code}/usages", params={"filter": filter_})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["meta"]["results"]["total"] == len(document["data"])
    return {one["id"] for one in document["data"]}


@pytest.mark.parametrize("code", ["", "/codes/SPRING"])
@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("eq(order_id,order-1)", ["order-1"]),
        ("eq(order_id,{order})", ["placed"]),
        ("eq(order_id,nothing)", []),
        ("eq(order_id,order-1):eq(customer_id,ann)", ["order-1"]),
        ("eq(customer_id,bob):(eq(order_id,order-1):gt(used_on,2024-01-01))", []),
        ("eq(order_id,order-1):eq(order_id,order-2)", []),
        ("eq(order_id,order-1)|eq(order_id,{order})", ["order-1", "placed"]),
        ("eq(customer_id,ann)", ["order-1", "placed"]),
        ("eq(customer_id,Ann)", []),
        ("eq(customer_email,ann@EXAMPLE.com)", ["order-1"]),
        ("eq(customer_email,bob@example.com)", ["order-2", "none"]),
        ("eq(customer_email,bob@example.com):eq(order_id,order-2)", ["order-2"]),
    ],
)
def test_usages_are_found_by_order_and_shopper(
    shop: Shop, used: tuple[str, dict[str, str]], test: str, expected: list[str], code: str
):
    promotion, usages = used
    assert found(shop, promotion, test.format(**usages), code) == {usages[name] for name in expected}


def test_usages_of_an_order_are_those_of_this_promotion(shop: Shop, used: tuple[str, dict[str, str]]):
    other = shop.promotion()
    shop.add_codes(other, "summer")
    redeemed(shop, "summer", state="confirmed", order_id="order-1")
    assert found(shop, used[0], "eq(order_id,order-1)") == {used[1]["order-1"]}


def test_a_hold_of_an_order_is_no_usage_of_it(shop: Shop, used: tuple[str, dict[str, str]]):
    redeemed(shop, "spring", order_id="order-3")
    assert found(shop, used[0], "eq(order_id,order-3)") == set()


def test_who_is_forgotten_is_not_found_by_the_address(shop: Shop, used: tuple[str, dict[str, str]]):
    promotion, usages = used
    shop.http.post(f"{PROMOTIONS}/usages/anonymize", json={"data": {"customer_email": "bob@example.com"}})
    assert found(shop, promotion, "eq(customer_email,bob@example.com)") == set()
    assert found(shop, promotion, "eq(customer_email,**)") == {usages["order-2"], usages["none"]}
