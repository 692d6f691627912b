"""The audit log: whatever a merchant changes is in it, once, and nothing of shoppers."""

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from couponry.api.app import create_app
from couponry.api.openapi import document_of
from couponry.console.audit import WORDS
from couponry.domain.audit import MAX_SIDE, Action
from couponry.services import audit
from couponry.services.context import fresh_id, utc_now
from couponry.settings import Settings
from couponry.storage.database import Database
from support import (
    EXPORT,
    CartClient,
    Couponry,
    Shop,
    codes_body,
    custom_item,
    evaluation_body,
    generate_body,
    product,
    promotion_body,
    running_worker,
    said,
)
from visitor import Visitor

PROMOTIONS = "/v2/rule-promotions"
LOG = f"{PROMOTIONS}/audit-log"
ADDRESS = "ann@example.com"
MADE = ("client.created", "test")


def log(shop: Shop, **query: str) -> list[dict[str, Any]]:
    """Return a page of the log, without that the shop's own client was made."""
    answer = shop.http.get(LOG, params=query)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["data"] if (one["action"], one["object"].get("name")) != MADE]


def changing() -> dict[str, str]:
    """Return where every operation is that may change something."""
    paths = document_of(create_app(Settings()))["paths"]
    return {
        one["operationId"]: path
        for path, methods in paths.items()
        for method, one in methods.items()
        if method in ("post", "put", "delete", "patch")
    }


def unlogged(path: str) -> bool:
    """Tell whether an operation is the shoppers', or changes nothing that lasts."""
    orders = path.startswith("/v2/orders") and not path.endswith("/anonymize")
    own = ("/v2/carts", f"{PROMOTIONS}/redemptions", f"{PROMOTIONS}/evaluations", "/oauth")
    return orders or path.startswith(own)


UNLOGGED = {
    "createAccessToken",
    "evaluateCart",
    "createRedemption",
    "confirmRedemption",
    "confirmOrder",
    "confirmPayment",
    "releaseRedemption",
    "createACart",
    "updateACart",
    "deleteACart",
    "deleteAPromotionViaPromotionCode",
    "manageCarts",
    "bulkUpdateItemsInCart",
    "deleteAllCartItems",
    "updateACartItem",
    "deleteACartItem",
    "createCustomerCartAssociation",
    "deleteCustomerCartAssociation",
    "createAccountCartAssociation",
    "deleteAccountCartAssociation",
    "createShippingGroup",
    "updateShippingGroup",
    "deleteCartShippingGroup",
    "checkoutAPI",
    "updateAnOrder",
    "paymentSetup",
    "captureATransaction",
    "refundATransaction",
    "cancelATransaction",
}
"""What shoppers do, and what is kept with their carts and orders: the ledger tells of it."""


class Change:
    """Changes a shop by one request, after what it needs."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.http = shop, shop.http
        self.id = shop.promotion(name="Summer")
        self.at = f"{PROMOTIONS}/{self.id}"

    def create_rule_promotion(self) -> httpx.Response:
        return self.http.post(PROMOTIONS, json=promotion_body(name="Winter"))

    def update_rule_promotion(self) -> httpx.Response:
        return self.http.put(self.at, json={"data": {"type": "rule_promotion", "name": "Autumn"}})

    def delete_rule_promotion(self) -> httpx.Response:
        return self.http.delete(self.at)

    def create_rule_promotion_codes(self) -> httpx.Response:
        return self.shop.add_codes(self.id, "a", "b")

    def delete_rule_promotion_codes(self) -> httpx.Response:
        self.shop.add_codes(self.id, "a", "b")
        return self.http.request("DELETE", f"{self.at}/codes", json=codes_body("a", "b", "never was"))

    def delete_single_rule_promotion_code(self) -> httpx.Response:
        self.shop.add_codes(self.id, "a")
        return self.http.delete(f"{self.at}/codes/a")

    def create_rule_promotion_job(self) -> httpx.Response:
        return self.shop.start_job(self.id, EXPORT)

    def import_rule_promotion_codes(self) -> httpx.Response:
        return self.http.post(f"{self.at}/jobs/code_import", content="code\na\n", headers={"Content-Type": "text/csv"})

    def cancel_rule_promotion_job(self) -> httpx.Response:
        job = self.shop.generate(self.id, 5_000_000, code_length=12)
        return self.http.post(f"{self.at}/jobs/{job}/cancel")

    def put_products(self) -> httpx.Response:
        return self.http.put("/v2/products", json={"data": [product("sock"), product("boot")]})

    def delete_product(self) -> httpx.Response:
        self.http.put("/v2/products", json={"data": [product("sock")]})
        return self.http.delete("/v2/products/sock")

    def update_cart_settings(self) -> httpx.Response:
        return self.http.put("/v2/settings/cart", json={"data": {"type": "settings", "cart_expiry_days": 3}})

    def anonymize_rule_promotion_usages(self) -> httpx.Response:
        self.shop.add_codes(self.id, "a")
        body = evaluation_body(type="redemption", state="confirmed", codes=["a"], shopper={"email": ADDRESS})
        assert self.http.post(f"{PROMOTIONS}/redemptions", json=body).status_code == 201
        return self.http.post(f"{PROMOTIONS}/usages/anonymize", json={"data": {"customer_email": ADDRESS}})

    def anonymize_orders(self) -> httpx.Response:
        cart = CartClient(self.shop)
        cart.add(custom_item())
        order = cart.ok("POST", "/checkout", {"customer": {"email": ADDRESS}})["data"]["id"]
        self.http.put(f"/v2/orders/{order}", json={"data": {"type": "order", "status": "cancelled"}})
        return self.http.post("/v2/orders/anonymize", json={"data": {"order_ids": [order]}})

    def create_client(self) -> httpx.Response:
        return self.http.post("/v2/clients", json={"data": {"name": "Till"}})

    def change_client_secret(self) -> httpx.Response:
        made = self.create_client().json()["data"]["id"]
        return self.http.post(f"/v2/clients/{made}/secret")

    def revoke_client(self) -> httpx.Response:
        made = self.create_client().json()["data"]["id"]
        return self.http.delete(f"/v2/clients/{made}")


LOGGED: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "createRulePromotion": ("promotion.created", "Winter", {}),
    "updateRulePromotion": ("promotion.changed", "Autumn", {}),
    "deleteRulePromotion": ("promotion.deleted", "Summer", {}),
    "createRulePromotionCodes": ("codes.created", "Summer", {"count": 2, "codes": ["a", "b"]}),
    "deleteRulePromotionCodes": ("codes.deleted", "Summer", {"count": 2}),
    "deleteSingleRulePromotionCode": ("codes.deleted", "Summer", {"count": 1, "codes": ["a"]}),
    "createRulePromotionJob": ("job.started", "Summer", {"job_type": "code_export"}),
    "importRulePromotionCodes": ("job.started", "Summer", {"job_type": "code_import", "count": 1}),
    "cancelRulePromotionJob": ("job.cancelled", "Summer", {"job_type": "code_generate", "count": 5_000_000}),
    "putProducts": ("products.stored", None, {"count": 2}),
    "deleteProduct": ("product.deleted", None, {}),
    "updateCartSettings": ("settings.changed", "cart", {}),
    "anonymizeRulePromotionUsages": ("usages.anonymized", None, {"count": 1}),
    "anonymizeOrders": ("orders.anonymized", None, {"count": 1}),
    "createClient": ("client.created", "Till", {}),
    "changeClientSecret": ("client.secret_changed", "Till", {}),
    "revokeClient": ("client.revoked", "Till", {}),
}
"""What every other operation leaves in the log: the action, the name of what it was done to, and details."""


def test_every_operation_that_may_change_something_is_logged_or_the_shoppers():
    operations = changing()
    assert operations.keys() == LOGGED.keys() | UNLOGGED
    assert {id_ for id_, path in operations.items() if unlogged(path)} == UNLOGGED


@pytest.mark.parametrize("operation", LOGGED)
def test_what_is_changed_is_in_the_log_once(shop: Shop, operation: str):
    change, (action, name, details) = Change(shop), LOGGED[operation]
    begun = utc_now()

    answer = getattr(change, re.sub(r"[A-Z]", lambda capital: f"_{capital[0].lower()}", operation))()

    assert answer.is_success, answer.text
    newest, *others = log(shop)
    assert newest["action"] == action
    assert (newest["via"], newest["client_id"]) == ("api", shop.client_id)
    assert newest["object"].get("name") == name
    assert details.items() <= newest.get("details", {}).items()
    assert newest["at"] >= begun.isoformat(timespec="seconds")[:19]
    assert [one["action"] for one in others].count(action) == (action == "promotion.created")
    told = json.dumps(log(shop))
    assert ADDRESS not in told
    if answer.content and isinstance(data := answer.json()["data"], dict):
        assert data.get("client_secret", "none such") not in told


def test_what_changed_is_told_with_what_it_was(shop: Shop):
    id_ = shop.promotion(name="Summer", priority=7)
    actions = [{"strategy": "cart_discount", "args": ["percent", 12.5]}]
    rules = {"strategy": "cart_total", "operator": "gte", "args": [2000]}
    changed = {"priority": None, "rule_set": {"rules": rules, "actions": actions}, "season": "hot"}
    shop.http.put(f"{PROMOTIONS}/{id_}", json={"data": changed}).raise_for_status()

    changes = log(shop)[0]["changes"]

    assert changes["priority"] == {"before": 7, "after": None}
    assert changes["rule_set"]["before"]["rules"]["args"] == [1000]
    assert changes["rule_set"]["after"] == {"rules": rules, "actions": actions}
    assert changes["custom_fields"] == {"before": {}, "after": {"season": "hot"}}
    assert set(changes) == {"priority", "rule_set", "custom_fields"}


def test_what_is_long_is_only_said_to_have_changed(shop: Shop):
    id_ = shop.promotion()
    shop.http.put(f"{PROMOTIONS}/{id_}", json={"data": {"description": "x" * MAX_SIDE}}).raise_for_status()

    assert log(shop)[0]["changes"] == {"description": {"too_long": True}}


def test_switching_a_promotion_has_actions_of_its_own(shop: Shop):
    id_ = shop.promotion()
    for enabled in (False, False, True):
        shop.http.put(f"{PROMOTIONS}/{id_}", json={"data": {"enabled": enabled}}).raise_for_status()

    assert [one["action"] for one in log(shop)] == ["promotion.enabled", "promotion.disabled", "promotion.created"]


def test_what_was_refused_or_changed_nothing_is_not_logged(shop: Shop):
    id_ = shop.promotion()
    shop.add_codes(id_, "a")
    before = log(shop)

    assert shop.add_codes(id_, "b", "a").status_code == 422
    assert shop.start_job(id_, generate_body(0)).status_code == 400
    assert shop.http.request("DELETE", f"{PROMOTIONS}/{id_}/codes", json=codes_body("z")).status_code == 204
    assert shop.http.put(f"{PROMOTIONS}/{id_}", json={"data": {"enabled": True}}).status_code == 200

    assert log(shop) == before


def test_what_shoppers_do_is_not_in_the_log(shop: Shop):
    id_ = shop.promotion()
    shop.add_codes(id_, "a")
    before = log(shop)

    body = evaluation_body(type="redemption", codes=["a"], shopper={"email": ADDRESS})
    held = shop.http.post(f"{PROMOTIONS}/redemptions", json=body).json()["data"]["id"]
    shop.http.post(f"{PROMOTIONS}/redemptions/{held}/release").raise_for_status()
    cart = CartClient(shop)
    cart.add(custom_item())
    cart.enter("a")
    cart.ok("POST", "/checkout", {"customer": {"email": ADDRESS}})

    assert log(shop) == before


def test_what_is_redeemed_confirmed_and_given_back_by_hand_is_in_the_log(guest: Visitor, shop: Shop):
    id_ = shop.promotion()
    shop.add_codes(id_, "a")
    before = len(log(shop))
    cart = {"currency": "USD", "sku-1": "tee", "quantity-1": "1", "unit_price-1": "9000", "once": "the-same"}
    for _ in range(2):  # sent twice, it is redeemed and noted once
        answer = guest.post(f"/promotions/{id_}/try/redeem", **cart, codes="A", email=ADDRESS, order_id="1001")
    refused = guest.post(f"/promotions/{id_}/try/redeem", **cart | {"once": "another"}, codes="none such")
    assert (answer.status_code, refused.status_code) == (303, 422)
    made = answer.headers["location"].rpartition("/")[2]
    held = evaluation_body(type="redemption", codes=["a"], shopper={"email": ADDRESS})
    unpaid = shop.http.post(f"{PROMOTIONS}/redemptions", json=held).json()["data"]["id"]
    guest.post(f"/redemptions/{unpaid}/confirm")
    for _ in range(2):
        guest.post(f"/redemptions/{made}/release")

    entries = log(shop)[:-before]

    assert [(one["action"], one["object"]) for one in entries] == [
        ("redemption.released", {"type": "redemption", "id": made, "name": "1001"}),
        ("redemption.confirmed", {"type": "redemption", "id": unpaid}),
        ("redemption.made", {"type": "redemption", "id": made, "name": "1001"}),
    ]
    for one in entries:
        assert (one["via"], one["client_id"]) == ("console", shop.client_id)
        assert one["details"] == {"count": 1, "codes": ["a"]}
    assert ADDRESS not in json.dumps(entries)
    page = guest.shown("/audit")
    for words in ("redeemed a cart by hand", "confirmed a redemption by hand", "gave uses back by hand"):
        assert f"</strong> {words}:" in page
    assert page.count(f'href="/console/redemptions/{made}">Order 1001</a>') == 2


def test_automatic_promotions_are_no_codes_that_anybody_entered(guest: Visitor, shop: Shop):
    id_ = shop.promotion(automatic=True)
    cart = {"currency": "USD", "sku-1": "tee", "quantity-1": "1", "unit_price-1": "9000", "once": "1"}

    assert guest.post(f"/promotions/{id_}/try/redeem", **cart).status_code == 303

    assert log(shop)[0]["action"] == "redemption.made"
    assert "details" not in log(shop)[0]


def test_the_log_is_filtered_and_read_page_by_page(shop: Shop):
    first, second = shop.promotion(), shop.promotion()
    for code in "abc":
        shop.add_codes(second, code)
    entries = log(shop)
    assert [one["action"] for one in entries] == ["codes.created"] * 3 + ["promotion.created"] * 2

    assert log(shop, filter="eq(action,codes.created)") == entries[:3]
    assert log(shop, filter=f"eq(object_id,{first})") == entries[-1:]
    assert log(shop, filter=f"eq(object_id,{second})") == entries[:4]
    assert log(shop, filter=f"eq(client_id,{shop.client_id})") == entries
    assert log(shop, filter="eq(client_id,nobody)") == []
    since = entries[3]["at"]
    assert log(shop, filter=f"ge(at,{since})") == [one for one in entries if one["at"] >= since]
    assert log(shop, filter=f"lt(at,{since})") == [one for one in entries if one["at"] < since]
    assert log(shop, **{"page[limit]": "2", "page[offset]": "1"}) == entries[1:3]
    assert shop.http.get(LOG, params={"filter": "eq(via,api)"}).status_code == 400


def test_the_id_of_a_request_is_kept(shop: Shop):
    for sent, kept in (("till-7 2026", "till-7 2026"), ("x" * 129, None), ("", None)):
        body = {"data": {"type": "settings", "cart_expiry_days": len(sent) % 300 + 1}}
        shop.http.put("/v2/settings/cart", json=body, headers={"X-Request-Id": sent}).raise_for_status()
        assert log(shop)[0].get("request_id") == kept


def test_the_console_and_the_command_line_are_told_apart(guest: Visitor, couponry: Couponry, shop: Shop):
    id_ = shop.promotion()
    assert log(shop)[1]["action"] == "console.signed_in"
    guest.post(f"/promotions/{id_}/disable")
    assert (log(shop)[0]["via"], log(shop)[0]["client_id"]) == ("console", shop.client_id)
    said(couponry("promotions", "enable", id_, "--store", shop.store_id))
    said(couponry("codes", "generate", id_, "--count", "10", "--store", shop.store_id))
    said(couponry("store", "set", shop.store_id, "--max-codes-per-job", "77"))

    limits, started, enabled, *_ = log(shop)
    assert (limits["action"], started["action"], enabled["action"]) == (
        "settings.changed",
        "job.started",
        "promotion.enabled",
    )
    assert limits["changes"] == {"max_codes_per_job": {"before": None, "after": 77}}
    for one in (limits, started, enabled):
        assert one["via"] == "command_line"
        assert "client_id" not in one


def test_a_failed_try_to_sign_in_is_in_the_log_of_the_store(visitor: Visitor, shop: Shop):
    visitor.sign_in(secret="guessed")
    visitor.sign_in(secret="guessed", client_id=f"nobody-{visitor.address}")

    [failed] = log(shop)

    assert failed["action"] == "console.sign_in_failed"
    assert (failed["via"], failed["client_id"]) == ("console", shop.client_id)
    assert failed["details"] == {"address": visitor.address}
    assert "guessed" not in json.dumps(failed)


def test_every_action_has_words():
    assert set(WORDS) == set(Action)


def old_entry(database_url: str, store_id: str, days: int) -> UUID:
    id_ = fresh_id()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO audit_log VALUES"
            " (%s, %s, %s, 'api', 'x', 'codes.created', 'promotion', NULL, NULL, '{}', '{}')",
            [store_id, id_, utc_now() - timedelta(days=days)],
        )
    return id_


async def test_what_is_too_old_goes(shop: Shop, database: Database, database_url: str):
    old_entry(database_url, shop.store_id, 731)
    kept = old_entry(database_url, shop.store_id, 729)

    assert await audit.prune(database, 730) >= 1

    assert [one["id"] for one in log(shop)] == [str(kept)]


def test_workers_let_it_go(new_shop: Callable[..., Shop], database_url: str, data_dir: Path):
    shop = new_shop()
    old_entry(database_url, shop.store_id, 500)
    with running_worker(database_url, data_dir, audit_days="499"):
        for _ in range(200):
            if not log(shop):
                return
            time.sleep(0.1)
    pytest.fail("nobody pruned the log")
