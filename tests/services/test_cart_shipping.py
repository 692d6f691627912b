"""Shipping groups of carts over HTTP."""

from typing import Any

import pytest

from couponry.api.cart_examples import SHIPPING_GROUPS
from support import CartClient, Shop, custom_item

PARCEL = SHIPPING_GROUPS["A parcel"]["data"]


@pytest.fixture
def cart(shop: Shop) -> CartClient:
    return CartClient(shop)


def dollars(amount: int) -> dict[str, Any]:
    sign = "-" if amount < 0 else ""
    return {"amount": amount, "currency": "USD", "formatted": f"{sign}${abs(amount) / 100:.2f}"}


def prices(cart: CartClient) -> dict[str, int]:
    display = cart.ok("GET")["data"]["meta"]["display_price"]
    return {name: price["amount"] for name, price in display.items()}


def test_a_group_is_answered_as_it_was_described(cart: CartClient):
    group = cart.ok("POST", "/shipping-groups", PARCEL)["data"]
    described = {name: PARCEL[name] for name in ("type", "shipping_type", "tracking_reference", "address")}
    assert group == described | {
        "id": group["id"],
        "relation": "cart",
        "cart_id": "my-cart",
        "delivery_estimate": {"start": "2030-01-15T00:00:00.000Z", "end": "2030-01-20T00:00:00.000Z"},
        "created_at": group["created_at"],
        "updated_at": group["updated_at"],
        "relationships": {"cart": {"data": {"type": "cart", "id": "my-cart"}}},
        "meta": {
            "shipping_display_price": {
                "total": dollars(1000),
                "base": dollars(800),
                "tax": dollars(200),
                "fees": dollars(0),
                "discount": dollars(0),
            }
        },
    }
    path = f"/shipping-groups/{group['id']}"
    assert cart.ok("GET", path)["data"] == group
    assert cart.ok("GET", "/shipping-groups")["data"] == [group]
    references = cart.ok("GET")["data"]["relationships"]["shipping_groups"]
    assert references == {"data": [{"type": "shipping_group", "id": group["id"]}]}
    # As the JavaScript SDK spells the type.
    changed = cart.ok("PUT", path, {"type": "shipping-type", "shipping_type": "express", "includes_tax": True})["data"]
    assert changed == group | {
        "shipping_type": "express",
        "includes_tax": True,
        "updated_at": changed["updated_at"],
    }
    assert cart.send("DELETE", path).status_code == 204
    assert cart.ok("GET", "/shipping-groups")["data"] == []


def test_groups_with_lines_are_paid_for_and_discounted(shop: Shop, cart: CartClient):
    condition = {"strategy": "shipping_type", "operator": "in", "args": ["standard"]}
    action = {"strategy": "shipping_discount", "args": ["percent", 50], "condition": condition}
    rules = {"strategy": "cart_total", "operator": "gte", "args": [1000]}
    promotion = shop.promotion(automatic=True, rule_set={"rules": rules, "actions": [action]})
    group = cart.ok("POST", "/shipping-groups", PARCEL)["data"]["id"]
    [line] = cart.add(custom_item())["data"]
    nothing = {"tax": 0, "discount": 0, "shipping": 0, "shipping_discount": 0}
    assert prices(cart) == nothing | {"with_tax": 1000, "without_tax": 1000, "without_discount": 1000}

    [line] = cart.ok("PUT", f"/items/{line['id']}", {"shipping_group_id": group})["data"]
    assert line["shipping_group_id"] == group
    assert prices(cart) == {
        "with_tax": 1600,
        "without_tax": 1400,
        "tax": 200,
        "discount": 0,
        "without_discount": 2000,
        "shipping": 1000,
        "shipping_discount": -400,
    }
    answered = cart.ok("GET", f"/shipping-groups/{group}")["data"]
    assert [(one["id"], one["amount"]["amount"]) for one in answered["discounts"]] == [(promotion, -400)]
    assert answered["meta"]["shipping_display_price"]["discount"] == dollars(-400)
    assert cart.refused("DELETE", f"/shipping-groups/{group}")[1]["title"] == "Cannot delete shipping group"
    cart.ok("PUT", f"/items/{line['id']}", {"shipping_group_id": None})
    assert cart.send("DELETE", f"/shipping-groups/{group}").status_code == 204


def test_what_no_group_can_be(shop: Shop, cart: CartClient):
    estimate = {"start": "2030-01-20T00:00:00Z", "end": "2030-01-15T00:00:00Z"}
    assert cart.refused("POST", "/shipping-groups", {"delivery_estimate": estimate}) == (
        400,
        {
            "title": "Date Logic Discrepancy",
            "status": 400,
            "detail": "The start date cannot occur after the end date",
        },
    )
    cart.add(custom_item())
    body = {"data": PARCEL}
    refused = shop.shopper.post(f"{cart.path}/shipping-groups", json=body, headers={"X-MOLTIN-CURRENCY": "EUR"})
    assert refused.json()["errors"] == [
        {
            "title": "Cart Currency Mismatch",
            "status": 400,
            "detail": "This cart uses USD, cannot add shipping group with currency EUR",
        }
    ]
    address = {name: text for name, text in PARCEL["address"].items() if name not in ("county", "region")}
    assert cart.refused("POST", "/shipping-groups", {"address": address})[1]["source"] == "data.address.region"


def test_groups_that_are_not_there(cart: CartClient):
    missing = {
        "title": "Cart shipping group not found",
        "status": 404,
        "detail": "Cart shipping group with ID [none] not found for cart [my-cart]",
    }
    assert cart.refused("GET", "/shipping-groups/none") == (404, missing)
    assert cart.refused("PUT", "/shipping-groups/none", {}) == (404, missing)
    assert cart.refused("DELETE", "/shipping-groups/none") == (404, missing)
    status, error = cart.refused("POST", "/items", custom_item(shipping_group_id="none"))
    assert (status, error["title"]) == (404, "Shipping groups not found")
    assert error["meta"] == {"cart_id": "my-cart", "shipping_group_ids": ["none"]}
