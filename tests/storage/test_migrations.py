"""What migrations make of data that is there already."""

from importlib import import_module

import psycopg

from support import CartClient, Shop, custom_item

FORGETTING = import_module("couponry.storage.migrations.versions.0012_forgetting")


def test_payments_that_were_answered_before_are_still_answered_so(shop: Shop, database_url: str):
    cart = CartClient(shop, "cart")
    cart.add(custom_item())
    order = cart.ok("POST", "/checkout", {"customer": {"email": "ann@example.com"}})["data"]["id"]
    note = {"name": "Gift card", "custom_reference": "card-1"}
    asked = {
        key: {"gateway": "manual", "method": "authorize", "amount": 300} | more
        for key, more in (("bare", {}), ("noted", {"paymentmethod_meta": note}))
    }

    def pay(key: str) -> tuple[str | None, str]:
        path = f"/v2/orders/{order}/payments"
        answer = shop.http.post(path, json={"data": asked[key]}, headers={"Idempotency-Key": key})
        assert answer.status_code == 200, answer.text
        return answer.headers.get("Idempotent-Replayed"), answer.text

    first = {key: pay(key)[1] for key in asked}
    kept = "UPDATE idempotency_keys SET answer = convert_to(%s, 'UTF8') WHERE store_id = %s AND key = %s"
    with psycopg.connect(database_url, autocommit=True) as connection:
        for key, answer in first.items():
            connection.execute(kept, [answer, shop.store_id, key])
        connection.execute(FORGETTING.ANSWERS)

    assert {key: pay(key) for key in asked} == {key: ("true", answer) for key, answer in first.items()}
