"""Stores cannot meet: at no endpoint can one read or change what is another's, nor a stranger anybody's."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from couponry.api.app import create_app
from support import EXPORT, Shop, codes_body, evaluation_body, product, promotion_body

PROMOTIONS = "/v2/rule-promotions"
PROMOTION = PROMOTIONS + "/{promotion_id}"
CART = "/v2/carts/{cart_id}"
ORDER = "/v2/orders/{order_id}"
CUSTOM_ITEM = {"type": "custom_item", "name": "A sock", "sku": "sock", "quantity": 1, "price": {"amount": 2000}}
MISSING = {
    "errors": [
        {
            "title": "Unauthorized",
            "status": 401,
            "detail": "Authentication credentials were missing or incorrect.",
        }
    ]
}
FORBIDDEN = {"errors": [{"title": "Forbidden", "status": 403}]}
RENAMED = {"data": {"type": "rule_promotion", "name": "taken over"}}

OWN = "shows or makes only what is the caller's"
HIDDEN = "does not find what is another's"

CASES: dict[str, tuple[str, Any]] = {
    f"GET {PROMOTIONS}": (OWN, None),
    f"POST {PROMOTIONS}": (OWN, promotion_body()),
    f"GET {PROMOTION}": (HIDDEN, None),
    f"PUT {PROMOTION}": (HIDDEN, RENAMED),
    f"DELETE {PROMOTION}": (HIDDEN, None),
    f"POST {PROMOTION}/codes": (HIDDEN, codes_body("foreign")),
    f"GET {PROMOTION}/codes": (HIDDEN, None),
    f"DELETE {PROMOTION}/codes": (HIDDEN, codes_body("theirs")),
    f"DELETE {PROMOTION}/codes/{{code_id}}": (HIDDEN, None),
    f"POST {PROMOTION}/jobs": (HIDDEN, {"data": EXPORT}),
    f"GET {PROMOTION}/jobs": (HIDDEN, None),
    f"GET {PROMOTION}/jobs/{{job_id}}": (HIDDEN, None),
    f"GET {PROMOTION}/jobs/{{job_id}}/file": (HIDDEN, None),
    f"GET {PROMOTION}/jobs/{{job_id}}/events": (HIDDEN, None),
    f"POST {PROMOTION}/jobs/{{job_id}}/cancel": (HIDDEN, None),
    "PUT /v2/products": (OWN, {"data": [product("same-id", sku="same-sku")]}),
    "GET /v2/products": (OWN, None),
    "GET /v2/products/{product_id}": (HIDDEN, None),
    "DELETE /v2/products/{product_id}": (HIDDEN, None),
    f"POST {PROMOTIONS}/evaluations": (OWN, evaluation_body(codes=["THEIRS"], explain=True)),
    f"POST {PROMOTIONS}/redemptions": (OWN, evaluation_body(type="redemption", codes=["THEIRS"], strict=False)),
    f"GET {PROMOTIONS}/redemptions": (OWN, None),
    f"GET {PROMOTIONS}/redemptions/{{redemption_id}}": (HIDDEN, None),
    f"POST {PROMOTIONS}/redemptions/{{redemption_id}}/confirm": (HIDDEN, None),
    f"POST {PROMOTIONS}/redemptions/{{redemption_id}}/release": (HIDDEN, None),
    f"GET {PROMOTIONS}/invariants": (OWN, None),
    f"GET {PROMOTIONS}/audit-log": (OWN, None),
    "GET /v2/clients": (OWN, None),
    "POST /v2/clients": (OWN, {"data": {"name": "stranger"}}),
    "POST /v2/clients/{client_id}/secret": (HIDDEN, None),
    "DELETE /v2/clients/{client_id}": (HIDDEN, None),
    f"GET {PROMOTION}/usages": (HIDDEN, None),
    f"GET {PROMOTION}/codes/{{code_id}}/usages": (HIDDEN, None),
    f"POST {PROMOTIONS}/usages/anonymize": (OWN, {"data": {"customer_email": "ann@example.com"}}),
    f"GET {PROMOTIONS}/statistics/redemptions": (OWN, None),
    f"GET {PROMOTIONS}/statistics/refusals": (OWN, None),
    f"GET {PROMOTIONS}/statistics/codes": (OWN, None),
    "GET /v2/settings/promotions": (OWN, None),
    "GET /v2/settings/cart": (OWN, None),
    "PUT /v2/settings/cart": (OWN, {"data": {"type": "settings", "cart_expiry_days": 1}}),
    "POST /v2/carts": (OWN, {"data": {"id": "same-cart", "name": "stranger"}}),
    f"GET {CART}": (OWN, None),
    f"PUT {CART}": (OWN, {"data": {"name": "stranger"}}),
    f"DELETE {CART}/discounts/{{code}}": (OWN, None),
    f"GET {CART}/items": (OWN, None),
    f"POST {CART}/items": (OWN, {"data": CUSTOM_ITEM}),
    f"POST {CART}/checkout": (OWN, {"data": {"customer": {"email": "stranger@example.com"}}}),
    f"PUT {CART}/items": (HIDDEN, {"data": [{"id": "{item_id}", "quantity": 7}]}),
    f"PUT {CART}/items/{{item_id}}": (HIDDEN, {"data": {"quantity": 7}}),
    f"DELETE {CART}/items/{{item_id}}": (HIDDEN, None),
    f"DELETE {CART}/items": (OWN, None),
    f"POST {CART}/relationships/customers": (OWN, {"data": [{"type": "customer", "id": "stranger"}]}),
    f"DELETE {CART}/relationships/customers": (OWN, {"data": [{"type": "customer", "id": "ann"}]}),
    f"POST {CART}/relationships/accounts": (OWN, {"data": [{"type": "account", "id": "stranger"}]}),
    f"DELETE {CART}/relationships/accounts": (OWN, {"data": [{"type": "account", "id": "acme"}]}),
    f"GET {CART}/shipping-groups": (OWN, None),
    f"POST {CART}/shipping-groups": (OWN, {"data": {"type": "shipping_group"}}),
    f"GET {CART}/shipping-groups/{{group_id}}": (HIDDEN, None),
    f"PUT {CART}/shipping-groups/{{group_id}}": (HIDDEN, {"data": {"shipping_type": "stranger"}}),
    f"DELETE {CART}/shipping-groups/{{group_id}}": (HIDDEN, None),
    "GET /v2/orders": (OWN, None),
    f"GET {ORDER}": (HIDDEN, None),
    f"PUT {ORDER}": (HIDDEN, {"data": {"type": "order", "status": "cancelled"}}),
    f"GET {ORDER}/items": (HIDDEN, None),
    f"GET {ORDER}/shipping-groups": (HIDDEN, None),
    f"GET {ORDER}/shipping-groups/{{group_id}}": (HIDDEN, None),
    f"POST {ORDER}/payments": (HIDDEN, {"data": {"gateway": "manual", "method": "purchase"}}),
    f"GET {ORDER}/transactions": (HIDDEN, None),
    f"GET {ORDER}/transactions/{{transaction_id}}": (HIDDEN, None),
    f"POST {ORDER}/confirm": (HIDDEN, None),
    f"POST {ORDER}/transactions/{{transaction_id}}/confirm": (HIDDEN, None),
    f"POST {ORDER}/transactions/{{transaction_id}}/capture": (HIDDEN, None),
    f"POST {ORDER}/transactions/{{transaction_id}}/refund": (HIDDEN, None),
    f"POST {ORDER}/transactions/{{transaction_id}}/cancel": (HIDDEN, None),
    "POST /v2/orders/anonymize": (HIDDEN, {"data": {"order_ids": ["{order_id}"]}}),
    f"DELETE {CART}": (OWN, None),
}
"""Every endpoint under /v2: what it does to a merchant of another store, and a body that is valid for it."""

IMPORT = f"POST {PROMOTION}/jobs/code_import"
"""Takes a file, so it has a test of its own."""

SHOPPERS = {
    f"POST {PROMOTIONS}/evaluations",
    "GET /v2/products",
    "GET /v2/products/{product_id}",
    *(case for case in CASES if CART in case or "/v2/carts" in case),
}
"""The endpoints that shoppers may use as well."""


def endpoints() -> set[str]:
    """Return what the application offers under /v2, as `METHOD /path/{parameter}`."""
    return {
        f"{method} {route.path_format}"
        for route in create_app().routes
        if route.path.startswith("/v2")
        for method in getattr(route, "methods", ())
        if method not in ("OPTIONS", "HEAD")
    }


def test_every_endpoint_has_a_case():
    assert endpoints() == CASES.keys() | {IMPORT}


def test_a_merchant_of_another_store_imports_nothing(
    new_shop: Callable[..., Shop], theirs: Callable[[], dict[str, Any]]
):
    stranger, before = new_shop(), theirs()
    path = IMPORT.removeprefix("POST ").format(**before["names"])
    answer = stranger.http.post(path, content="code\nstranger\n", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 404
    assert theirs() == before


@pytest.fixture
def theirs(shop: Shop) -> Callable[[], dict[str, Any]]:
    """A promotion of `shop` with a code and a completed export, and products; returns all that is in the store."""
    promotion = shop.promotion(name="theirs")
    code = shop.add_codes(promotion, "theirs").json()["data"][0]["id"]
    job = shop.start_job(promotion, EXPORT).json()["data"]["id"]
    shop.ended_job(promotion, job)
    shop.http.put("/v2/products", json={"data": [product("theirs"), product("same-id", sku="same-sku")]})
    body = evaluation_body(type="redemption", codes=["theirs"])
    redemption = shop.http.post(f"{PROMOTIONS}/redemptions", json=body).json()["data"]["id"]
    cart = "/v2/carts/same-cart"
    group = shop.http.post(f"{cart}/shipping-groups", json={"data": {}}).json()["data"]["id"]
    shop.http.post(f"{cart}/relationships/customers", json={"data": [{"type": "customer", "id": "ann"}]})
    shop.http.post(f"{cart}/relationships/accounts", json={"data": [{"type": "account", "id": "acme"}]})
    items = [CUSTOM_ITEM | {"name": "theirs"}, {"type": "promotion_item", "code": "theirs"}]
    item = shop.http.post(f"{cart}/items", json={"data": items}).json()["data"][0]["id"]
    bought = shop.http.post(f"{cart}/checkout", json={"data": {"customer": {"email": "theirs@example.com"}}})
    order = bought.json()["data"]["id"]
    payment = {"data": {"gateway": "manual", "method": "authorize"}}
    transaction = shop.http.post(f"/v2/orders/{order}/payments", json=payment).json()["data"]["id"]

    def everything() -> dict[str, Any]:
        return {
            "names": {
                "promotion_id": promotion,
                "code_id": code,
                "job_id": job,
                "client_id": shop.client_id,
                "product_id": "theirs",
                "redemption_id": redemption,
                "cart_id": "same-cart",
                "item_id": item,
                "group_id": group,
                "code": "theirs",
                "order_id": order,
                "transaction_id": transaction,
            },
            "orders": shop.http.get("/v2/orders", params={"include": "items,promotions"}).json(),
            "transactions": shop.http.get(f"/v2/orders/{order}/transactions").json(),
            "cart": shop.http.get(cart, params={"include": "items,promotions"}).json(),
            "groups": shop.http.get(f"{cart}/shipping-groups").json(),
            "settings": shop.http.get("/v2/settings/cart").json(),
            "redemption": shop.http.get(f"{PROMOTIONS}/redemptions/{redemption}").json()["data"],
            "products": shop.http.get("/v2/products").json()["data"],
            "promotions": shop.http.get(PROMOTIONS).json()["data"],
            "codes": shop.list_codes(promotion),
            "jobs": shop.http.get(f"{PROMOTIONS}/{promotion}/jobs").json()["data"],
            "clients": shop.http.get("/v2/clients").json()["data"],
            "log": shop.http.get(f"{PROMOTIONS}/audit-log").json()["data"],
        }

    return everything


def call(client: httpx.Client, case: str, names: dict[str, str]) -> httpx.Response:
    method, _, path = case.partition(" ")
    body = json.dumps(CASES[case][1]).replace("{order_id}", names["order_id"])
    return client.request(method, path.format(**names), json=json.loads(body))


def test_a_merchant_of_another_store_finds_and_changes_nothing(
    shop: Shop, new_shop: Callable[..., Shop], theirs: Callable[[], dict[str, Any]]
):
    stranger, before = new_shop(), theirs()

    for case, (verdict, _) in CASES.items():
        answer = call(stranger.http, case, before["names"])
        if verdict == HIDDEN:
            assert answer.status_code == 404, case
            assert answer.json()["errors"][0]["title"].lower().endswith("not found"), case
        else:
            assert answer.is_success, case
        assert "theirs" not in answer.text, case
        assert shop.store_id not in answer.text, case
        assert theirs() == before, case


def test_a_stranger_s_own_promotion_opens_no_door_to_another_s_codes_and_jobs(
    new_shop: Callable[..., Shop], theirs: Callable[[], dict[str, Any]]
):
    stranger, before = new_shop(), theirs()
    names = before["names"] | {"promotion_id": stranger.promotion()}

    for case in CASES:
        if "{code_id}" in case or "{job_id}" in case:
            assert call(stranger.http, case, names).status_code == 404, case
    assert theirs() == before


def test_names_filters_and_priorities_of_another_store_do_not_show(
    shop: Shop, new_shop: Callable[..., Shop], theirs: Callable[[], dict[str, Any]]
):
    stranger, before = new_shop(), theirs()
    shop.http.put(PROMOTION.format(**before["names"]), json={"data": {"priority": 1}})

    assert stranger.http.get(PROMOTIONS, params={"filter": "eq(code,theirs)"}).json()["data"] == []
    promotion = stranger.promotion(priority=1)
    assert "messages" not in stranger.add_codes(promotion, "theirs").json()


def test_carts_are_judged_by_the_store_s_own_promotions_alone(shop: Shop, new_shop: Callable[..., Shop]):
    stranger, evaluations = new_shop(), f"{PROMOTIONS}/evaluations"
    shop.promotion(automatic=True)
    shop.add_codes(shop.promotion(), "theirs")
    body = evaluation_body(codes=["theirs"], explain=True)

    assert len(shop.http.post(evaluations, json=body).json()["data"]["applied"]) == 2
    for client in (stranger.http, stranger.shopper):
        evaluation = client.post(evaluations, json=body).json()["data"]
        assert evaluation["applied"] == []
        assert [set(refused) for refused in evaluation["refused"]] == [{"code", "reason", "detail"}]


def test_what_another_store_has_is_not_counted(new_shop: Callable[..., Shop]):
    for shop in (new_shop(max_automatic_promotions=1), new_shop(max_automatic_promotions=1)):
        promotion = shop.promotion(automatic=True)
        for path in (PROMOTIONS, f"{PROMOTIONS}/{promotion}/codes"):
            for query in ({}, {"filter": f"eq(code,auto_{promotion})"}):
                assert shop.http.get(path, params=query).json()["meta"]["results"]["total"] == 1


def test_without_a_token_nothing_is_answered(shop: Shop, theirs: Callable[[], dict[str, Any]]):
    before = theirs()
    for case in CASES:
        answer = call(shop.nobody, case, before["names"])
        assert (answer.status_code, answer.json()) == (401, MISSING), case
    assert theirs() == before


def test_a_shopper_s_token_is_forbidden_where_only_merchants_may_go(shop: Shop, theirs: Callable[[], dict[str, Any]]):
    before = theirs()
    for case in CASES.keys() - SHOPPERS:
        answer = call(shop.shopper, case, before["names"])
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN), case
    assert theirs() == before
