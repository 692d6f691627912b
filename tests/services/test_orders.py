"""Orders over HTTP: listed, changed, paid and cancelled."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from support import CartClient, Shop, custom_item

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
PAID = {"gateway": "manual", "method": "purchase"}
AUTHORIZED = {"gateway": "manual", "method": "authorize"}
NOT_IN_THIS_STATE = {
    "title": "Unprocessable Entity",
    "status": "422",
    "detail": "Order cannot be updated in its current state",
}


class Orders:
    """The orders of a shop, and those who make them."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.http = shop, shop.http

    def make(self, amount: int = 1000, cart: str = "cart", code: str | None = None, **members: Any) -> str:
        """Check a cart of one item out, and return the id of the order."""
        client = CartClient(self.shop, cart)
        client.ok("DELETE", "/items")
        client.add(custom_item(amount=amount))
        if code is not None:
            client.enter(code)
        return client.ok("POST", "/checkout", {"customer": ANN} | members)["data"]["id"]

    def get(self, order: str) -> dict[str, Any]:
        answer = self.http.get(f"{ORDERS}/{order}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def states(self, order: str) -> tuple[str, str, str]:
        found = self.get(order)
        return found["status"], found["payment"], found["shipping"]

    def money(self, order: str) -> tuple[int, int, int]:
        """Return what is owing, paid and authorized."""
        shown = self.get(order)["meta"]["display_price"]
        return tuple(shown[name]["amount"] for name in ("balance_owing", "paid", "authorized"))  # type: ignore[return-value]

    def refunded(self, order: str) -> int:
        return self.get(order)["meta"]["display_price"]["refunded"]["amount"]

    def put(self, order: str, **members: Any) -> httpx.Response:
        return self.http.put(f"{ORDERS}/{order}", json={"data": {"type": "order"} | members})

    def pay(self, order: str, **members: Any) -> httpx.Response:
        return self.http.post(f"{ORDERS}/{order}/payments", json={"data": PAID | members})

    def paid(self, order: str, **members: Any) -> dict[str, Any]:
        answer = self.pay(order, **members)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def move(self, order: str, transaction: str, what: str, **members: Any) -> httpx.Response:
        path = f"{ORDERS}/{order}/transactions/{transaction}/{what}"
        return self.http.post(path, json={"data": members}) if members else self.http.post(path)


@pytest.fixture
def orders(shop: Shop) -> Orders:
    return Orders(shop)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    [error] = answer.json()["errors"]
    return answer.status_code, error["title"], error.get("detail", "")


# Payments


def test_a_purchase_pays_an_order(orders: Orders):
    order = orders.make(1234)
    assert (orders.states(order), orders.money(order)) == (("incomplete", "unpaid", "unfulfilled"), (1234, 0, 0))
    transaction = orders.paid(order, paymentmethod_meta={"name": "Gift card", "custom_reference": "card-1"})

    def price(amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": "USD", "formatted": f"${amount / 100:.2f}"}

    assert transaction == {
        "type": "transaction",
        "id": transaction["id"],
        "reference": "manual",
        "name": "Gift card",
        "custom_reference": "card-1",
        "gateway": "manual",
        "amount": 1234,
        "refunded_amount": 0,
        "currency": "USD",
        "transaction_type": "purchase",
        "status": "complete",
        "relationships": {"order": {"data": {"type": "order", "id": order}}},
        "meta": {
            "display_price": price(1234),
            "display_refunded_amount": {"total": price(0)},
            "timestamps": transaction["meta"]["timestamps"],
        },
    }
    assert (orders.states(order), orders.money(order)) == (("complete", "paid", "unfulfilled"), (0, 1234, 0))
    assert "fully_paid_at" in orders.get(order)["meta"]["timestamps"]
    assert orders.http.get(f"{ORDERS}/{order}/transactions").json() == {"data": [transaction]}
    assert orders.http.get(f"{ORDERS}/{order}/transactions/{transaction['id']}").json() == {"data": transaction}
    assert refused(orders.pay(order)) == (
        422,
        "Unprocessable Entity",
        "Order cannot be paid in its current state",
    )


def test_an_authorization_is_captured(orders: Orders):
    order = orders.make()
    transaction = orders.paid(order, **AUTHORIZED, paymentmethod_meta={"custom_reference": "a"})["id"]
    assert (orders.states(order), orders.money(order)) == (("processing", "authorized", "unfulfilled"), (0, 0, 1000))
    assert orders.pay(order).status_code == 422

    captured = orders.move(order, transaction, "capture", custom_reference="b").json()["data"]
    assert (captured["id"], captured["transaction_type"], captured["custom_reference"]) == (transaction, "capture", "b")
    assert (orders.states(order), orders.money(order)) == (("complete", "paid", "unfulfilled"), (0, 1000, 0))
    assert refused(orders.move(order, transaction, "capture"))[0] == 422
    assert refused(orders.move(order, transaction, "cancel"))[0] == 422


def test_an_authorization_is_cancelled(orders: Orders):
    order = orders.make()
    transaction = orders.paid(order, **AUTHORIZED)["id"]
    cancelled = orders.move(order, transaction, "cancel", reason="abandoned").json()["data"]
    assert (cancelled["transaction_type"], cancelled["status"]) == ("authorize", "cancelled")
    assert (orders.states(order), orders.money(order)) == (("incomplete", "unpaid", "unfulfilled"), (1000, 0, 0))
    for what in ("cancel", "capture", "refund"):
        assert refused(orders.move(order, transaction, what))[0] == 422
    orders.paid(order)
    assert orders.states(order)[1] == "paid"


def test_an_order_is_paid_in_parts(orders: Orders):
    order = orders.make()
    assert refused(orders.pay(order, amount=1001)) == (422, "Invalid Amount", "The amount must be between 1 and 1000")
    assert refused(orders.pay(order, amount=0))[0] == 422
    one = orders.paid(order, **AUTHORIZED, amount=300)["id"]
    assert (orders.states(order)[:2], orders.money(order)) == (("processing", "partially_authorized"), (700, 0, 300))
    orders.paid(order, amount=200)
    assert (orders.states(order)[:2], orders.money(order)) == (("processing", "partially_paid"), (500, 200, 300))
    orders.move(order, one, "capture")
    assert (orders.states(order)[:2], orders.money(order)) == (("processing", "partially_paid"), (500, 500, 0))
    assert orders.paid(order)["amount"] == 500
    assert (orders.states(order)[:2], orders.money(order)) == (("complete", "paid"), (0, 1000, 0))


def test_retries_move_no_money(orders: Orders):
    order = orders.make()
    pay, path = f"{ORDERS}/{order}/payments", f"{ORDERS}/{order}/transactions"

    def post(path: str, key: str, **members: Any) -> httpx.Response:
        return orders.http.post(path, json={"data": members}, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(pay, f"{order} pay", **PAID, amount=500), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    assert sorted("Idempotent-Replayed" in answer.headers for answer in answers) == [False, True, True, True]
    assert orders.money(order) == (500, 500, 0)
    assert refused(post(pay, f"{order} pay", **PAID, amount=501))[:2] == (422, "Idempotency Key Reused")

    refund = f"{path}/{answers[0].json()['data']['id']}/refund"
    assert refused(post(refund, f"{order} pay", amount=500))[:2] == (422, "Idempotency Key Reused")
    assert post(refund, f"{order} refund", amount=501).status_code == 422  # what was refused leaves the key free
    first, again = (post(refund, f"{order} refund", amount=200) for _ in range(2))
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert first.json() == again.json()
    assert first.json()["data"]["refunded_amount"] == 200
    assert orders.http.get(f"{path}/{first.json()['data']['id']}").json() == first.json()


def test_refunds_in_parts_and_in_full(orders: Orders):
    order = orders.make()
    transaction = orders.paid(order)["id"]
    assert refused(orders.move(order, transaction, "refund", amount=1001))[1] == "Invalid Amount"
    assert refused(orders.move(order, transaction, "refund", amount=0))[1] == "Invalid Amount"
    part = orders.move(order, transaction, "refund", amount=400).json()["data"]
    assert (part["transaction_type"], part["amount"], part["refunded_amount"]) == ("purchase", 1000, 400)
    assert (orders.states(order)[:2], orders.refunded(order)) == (("complete", "paid"), 400)
    assert refused(orders.move(order, transaction, "refund", amount=601))[1] == "Invalid Amount"
    rest = orders.move(order, transaction, "refund").json()["data"]
    assert (rest["transaction_type"], rest["refunded_amount"]) == ("refund", 1000)
    assert (orders.states(order)[:2], orders.refunded(order)) == (("complete", "refunded"), 1000)
    assert refused(orders.move(order, transaction, "refund")) == (
        422,
        "Unprocessable Entity",
        "Transaction cannot be refunded in its current state",
    )
    assert orders.pay(order).status_code == 422


def test_a_part_that_was_refunded_is_owing_again(orders: Orders):
    order = orders.make()
    part = orders.paid(order, amount=400)["id"]
    orders.move(order, part, "refund", amount=100)
    assert (orders.states(order)[:2], orders.money(order)) == (("processing", "partially_paid"), (700, 300, 0))
    orders.move(order, part, "refund")
    assert (orders.states(order)[:2], orders.money(order)) == (("incomplete", "unpaid"), (1000, 0, 0))
    last = orders.paid(order)
    assert (last["amount"], orders.states(order)[1], orders.money(order)) == (1000, "paid", (0, 1000, 0))
    orders.move(order, last["id"], "refund")
    assert orders.states(order)[:2] == ("complete", "refunded")


def test_an_order_with_an_authorization_is_not_refunded(orders: Orders):
    order = orders.make()
    part = orders.paid(order, amount=400)["id"]
    orders.paid(order, **AUTHORIZED)
    orders.move(order, part, "refund")
    assert (orders.states(order)[:2], orders.money(order)) == (("processing", "partially_authorized"), (400, 0, 600))


def test_an_order_of_nothing_is_paid_with_nothing(orders: Orders):
    order = orders.make(0)
    assert orders.states(order)[:2] == ("incomplete", "unpaid")
    transaction = orders.paid(order)
    assert (transaction["amount"], orders.states(order)[:2]) == (0, ("complete", "paid"))
    assert orders.pay(order).status_code == 422
    assert orders.move(order, transaction["id"], "refund").status_code == 200
    assert orders.states(order)[:2] == ("complete", "refunded")


def test_an_order_has_so_many_transactions_at_most(orders: Orders):
    order = orders.make()
    for _ in range(100):
        orders.paid(order, amount=1)
    assert refused(orders.pay(order))[1] == "Too many transactions"


@pytest.mark.parametrize(
    "members",
    [
        {"gateway": "stripe"},
        {"method": "purchase_setup"},
        {"amount": -1},
        {"amount": 1.5},
        {"currency": "JPY"},
        {"options": {"amount": 100}},
        {"paymentmethod_meta": {"amount": 100}},
    ],
)
def test_other_payments_are_faults(orders: Orders, members: dict[str, Any]):
    assert orders.pay(orders.make(), **members).status_code == 400


@pytest.mark.parametrize("what", ["capture", "refund", "cancel"])
@pytest.mark.parametrize(
    "body",
    [
        {"amount": 100},
        {"data": {}, "amount": 100},
        {"data": {"ammount": 100}},
        {"data": {"options": {"amount": 100}}},
    ],
)
def test_a_misspelt_move_moves_no_money(orders: Orders, what: str, body: dict[str, Any]):
    order = orders.make()
    transaction = orders.paid(order, method="purchase" if what == "refund" else "authorize")
    path = f"{ORDERS}/{order}/transactions/{transaction['id']}"
    assert orders.http.post(f"{path}/{what}", json=body).status_code == 400
    assert orders.http.get(path).json()["data"] == transaction


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data": {}}'])
def test_clients_leave_the_body_out_or_send_an_empty_one(orders: Orders, body: bytes):
    """behaviour.md 1.0."""
    order, other = orders.make(), orders.make()
    paid = orders.paid(order, **AUTHORIZED)
    moves = [(order, paid, "capture"), (order, paid, "refund")]
    moves.append((other, orders.paid(other, **AUTHORIZED), "cancel"))
    for of, transaction, what in moves:
        path = f"{ORDERS}/{of}/transactions/{transaction['id']}/{what}"
        answer = orders.http.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text


def test_a_capture_of_a_part_is_refused_as_all_would_be_captured(orders: Orders):
    order = orders.make()
    transaction = orders.paid(order, **AUTHORIZED)["id"]
    assert orders.move(order, transaction, "capture", amount=100).status_code == 400
    assert orders.money(order) == (0, 0, 1000)


def test_options_of_other_gateways_are_taken(orders: Orders):
    order = orders.make()
    transaction = orders.paid(order, **AUTHORIZED, type="payment", options={"receipt_email": "a@example.com"})["id"]
    assert orders.move(order, transaction, "capture", options={"note_to_payer": "x"}).status_code == 200
    assert orders.move(order, transaction, "refund", amount=100, options={"note": "x"}).status_code == 200
    assert orders.money(order)[1] == 1000


def test_confirming_answers_what_the_shop_has_told_and_changes_nothing(orders: Orders):
    order = orders.make()
    path = f"{ORDERS}/{order}"
    nothing_yet = (422, "Unprocessable Entity", "Order cannot be confirmed in its current state")
    assert refused(orders.http.post(f"{path}/confirm")) == nothing_yet
    one = orders.paid(order, **AUTHORIZED, amount=300)
    two = orders.paid(order, amount=200)
    before = orders.get(order)

    for transaction in (one, two):
        for body in (None, {"data": {}}, {"data": {"options": {"a": 1}}}):
            answer = orders.http.post(f"{path}/transactions/{transaction['id']}/confirm", json=body)
            assert (answer.status_code, answer.json()) == (200, {"data": transaction})
    assert orders.http.post(f"{path}/confirm").json() == {"data": two}
    assert orders.get(order) == before

    orders.move(order, two["id"], "refund")
    assert orders.http.post(f"{path}/confirm").json() == {"data": one}
    orders.move(order, one["id"], "cancel")
    assert refused(orders.http.post(f"{path}/confirm")) == nothing_yet
    orders.paid(order)
    orders.put(order, status="cancelled")
    assert refused(orders.http.post(f"{path}/confirm")) == nothing_yet


def test_unknown_orders_and_transactions_are_not_found(orders: Orders):
    order, other = orders.make(), orders.make()
    transaction = orders.paid(other)["id"]
    nobody = "01a200a4-d39d-776c-900d-91b52adb04c7"
    for id_ in (nobody, "x"):
        for path in (
            "",
            "/items",
            "/shipping-groups",
            "/shipping-groups/x",
            "/transactions",
            f"/transactions/{transaction}",
        ):
            assert refused(orders.http.get(f"{ORDERS}/{id_}{path}")) == (404, "Not Found", "Order not found")
    for id_ in (nobody, "x", transaction):
        found = refused(orders.http.get(f"{ORDERS}/{order}/transactions/{id_}"))
        assert found == (404, "Not Found", "Transaction not found")
        for what in ("capture", "refund", "cancel", "confirm"):
            assert refused(orders.move(order, id_, what))[0] == 404
    for id_ in (nobody, "x"):
        assert refused(orders.http.post(f"{ORDERS}/{id_}/confirm")) == (404, "Not Found", "Order not found")


# Changes


def test_orders_are_fulfilled_when_they_are_paid(orders: Orders):
    order = orders.make()
    assert orders.put(order, shipping="fulfilled").json()["errors"] == [NOT_IN_THIS_STATE]
    orders.paid(order)
    assert orders.put(order, shipping="fulfilled").json()["data"]["shipping"] == "fulfilled"
    assert orders.put(order, shipping="fulfilled").status_code == 200
    for members in ({"status": "cancelled"}, {"shipping_address": ADDRESS}):
        assert orders.put(order, **members).json()["errors"] == [NOT_IN_THIS_STATE]


def test_cancelled_orders_stay_cancelled(orders: Orders):
    order = orders.make()
    transaction = orders.paid(order, **AUTHORIZED)["id"]
    assert orders.put(order, status="cancelled").json()["data"]["status"] == "cancelled"
    assert orders.put(order, status="cancelled").status_code == 200
    assert orders.move(order, transaction, "capture").status_code == 422
    assert orders.move(order, transaction, "cancel").status_code == 200
    assert orders.states(order) == ("cancelled", "unpaid", "unfulfilled")
    assert orders.pay(order).status_code == 422
    for members in ({"shipping": "fulfilled"}, {"shipping_address": ADDRESS}):
        assert orders.put(order, **members).status_code == 422

    paid = orders.make()
    transaction = orders.paid(paid)["id"]
    assert orders.put(paid, status="cancelled", shipping="fulfilled").status_code == 422
    assert orders.states(paid) == ("complete", "paid", "unfulfilled")
    orders.put(paid, status="cancelled")
    assert orders.move(paid, transaction, "refund").status_code == 200
    assert orders.states(paid) == ("cancelled", "refunded", "unfulfilled")


def test_what_an_order_is_called_can_be_changed_and_removed(orders: Orders):
    order = orders.make(order_number="1")
    changed = orders.put(order, external_ref="e", shipping_address=ADDRESS).json()["data"]
    assert (changed["order_number"], changed["external_ref"], changed["shipping_address"]) == ("1", "e", ADDRESS)
    cleared = orders.put(order, order_number="", external_ref=None).json()["data"]
    assert "order_number" not in cleared
    assert "external_ref" not in cleared
    assert orders.put(order, status="complete").status_code == 400


# Uses that come back


def remaining(shop: Shop, promotion: str) -> list[int]:
    return [code["uses"] for code in shop.list_codes(promotion)]


def give_back(shop: Shop, on: bool = True) -> None:
    body = {"data": {"type": "settings", "checkout": {"give_back_on_cancel": on}}}
    assert shop.http.put("/v2/settings/cart", json=body).json()["data"]["checkout"]["give_back_on_cancel"] is on


def limited(shop: Shop) -> str:
    promotion = shop.promotion()
    once = {"max_uses": 1, "includes_guests": True}
    shop.add_codes(promotion, {"code": "SAVE10", "uses": 3, "max_uses_per_shopper": once})
    return promotion


def limited_order(orders: Orders) -> str:
    CartClient(orders.shop, "cart").ok("PUT", "", {"contact": {"email": "ann@example.com"}})
    return orders.make(2000, code="SAVE10")


def assert_exact(shop: Shop) -> None:
    found = shop.http.get(f"{PROMOTIONS}/invariants").json()["data"]
    assert found["ok"], found


def test_cancelling_gives_nothing_back_unless_the_store_is_set_so(shop: Shop, orders: Orders):
    promotion = limited(shop)
    order = limited_order(orders)
    orders.put(order, status="cancelled")
    assert remaining(shop, promotion) == [2]
    give_back(shop)
    orders.put(order, status="cancelled")
    assert remaining(shop, promotion) == [2]
    assert_exact(shop)


def test_cancelling_gives_every_use_back_once(shop: Shop, orders: Orders):
    promotion = limited(shop)
    give_back(shop)
    order = limited_order(orders)
    transaction = orders.paid(order)["id"]
    orders.move(order, transaction, "refund")
    assert remaining(shop, promotion) == [2]
    for _ in range(2):
        orders.put(order, status="cancelled")
        assert remaining(shop, promotion) == [3]
    [usage] = shop.http.get(f"{PROMOTIONS}/{promotion}/usages").json()["data"]
    assert "released_at" in usage
    assert_exact(shop)
    # The shopper's one use is free again, too.
    again = limited_order(orders)
    assert orders.get(again)["meta"]["display_price"]["discount"]["amount"] == -200
    give_back(shop, on=False)
    orders.put(again, status="cancelled")
    assert remaining(shop, promotion) == [2]
    assert_exact(shop)


# Lists


def test_orders_are_listed_newest_first_page_by_page(orders: Orders):
    made = [orders.make(amount) for amount in (3000, 1000, 2000)]
    answer = orders.http.get(ORDERS).json()
    assert [one["id"] for one in answer["data"]] == made[::-1]
    assert answer["meta"] == {
        "page": {"limit": 25, "offset": 0, "current": 1, "total": 1},
        "results": {"total": 3, "total_method": "exact"},
    }
    page = orders.http.get(ORDERS, params={"page[limit]": 1, "page[offset]": 1, "sort": "with_tax"}).json()
    assert [one["id"] for one in page["data"]] == [made[2]]
    assert orders.http.get(ORDERS, params={"sort": "name"}).status_code == 400


@pytest.mark.parametrize("sort", ["created_at", "payment", "shipping", "status", "with_tax"])
def test_orders_are_sorted(orders: Orders, sort: str):
    made = [orders.make(amount) for amount in (3000, 1000, 2000)]
    orders.paid(made[0])
    orders.put(made[0], shipping="fulfilled")
    orders.paid(made[2], **AUTHORIZED)
    both = [
        [one["id"] for one in orders.http.get(ORDERS, params={"sort": sign + sort}).json()["data"]]
        for sign in ("", "-")
    ]
    expected = {
        "created_at": [0, 1, 2],
        "payment": [2, 0, 1],  # authorized, paid, unpaid
        "shipping": [0, 1, 2],
        "status": [0, 1, 2],  # complete, incomplete, processing
        "with_tax": [1, 2, 0],
    }
    assert both[0] == [made[at] for at in expected[sort]]
    assert both[1] == both[0][::-1]


FOUND = [
    "eq(status,complete)",
    "eq(payment,paid)",
    "eq(shipping,fulfilled)",
    "eq(name,Ann Doe)",
    "like(name,Ann*)",
    "eq(email,ANN@example.com)",
    "like(email,*@EXAMPLE.com)",
    "eq(customer_id,customer-1)",
    "like(customer_id,*-1)",
    "eq(account_id,acme)",
    "eq(account_member_id,member)",
    "eq(contact.name,Bob)",
    "eq(contact.email,bob@example.com)",
    "eq(shipping_postcode,92802)",
    "like(billing_postcode,928*)",
    "ge(with_tax,1000):le(with_tax,1000)",
    "gt(without_tax,999):lt(without_tax,1001)",
    "eq(currency,USD)",
    "eq(product_sku,sock)",
    "gt(created_at,2024-01-01)",
    "lt(updated_at,2999-01-01)",
    "eq(external_ref,ref)",
    "like(order_number,4*)",
]
MISSED = [
    "eq(status,cancelled)",
    "eq(payment,unpaid)",
    "eq(name,Ann)",
    "eq(email,bob@example.com)",
    "eq(account_id,nobody)",
    "gt(with_tax,1000)",
    "eq(currency,EUR)",
    "eq(product_id,sock)",
    "eq(product_sku,boot)",
    "lt(created_at,2024-01-01)",
    "like(order_number,*4)",
    "like(name,%)",
]


def test_orders_are_filtered(orders: Orders):
    order = orders.make(
        customer=ANN | {"id": "customer-1"},
        account={"id": "acme", "member_id": "member"},
        contact={"email": "Bob@example.com", "name": "Bob"},
        shipping_address=ADDRESS,
        billing_address=ADDRESS,
        external_ref="ref",
        order_number="42",
    )
    orders.paid(order)
    orders.put(order, shipping="fulfilled")
    for test, expected in [*((test, [order]) for test in FOUND), *((test, []) for test in MISSED)]:
        answer = orders.http.get(ORDERS, params={"filter": test})
        assert answer.status_code == 200, (test, answer.text)
        assert [one["id"] for one in answer.json()["data"]] == expected, test
        assert answer.json()["meta"]["results"]["total"] == len(expected), test
    for test in ("eq(with_tax,x)", f"gt(with_tax,{10**30})", "like(status,c*)", "eq(nothing,1)"):
        assert orders.http.get(ORDERS, params={"filter": test}).status_code == 400


def test_the_head_leaves_the_orders_of_one_customer(orders: Orders):
    mine = orders.make(customer={"id": "ann"})
    orders.make(customer={"id": "bob"})
    found = orders.http.get(ORDERS, headers={"X-Moltin-Customer-Token": "ann"}).json()["data"]
    assert [one["id"] for one in found] == [mine]


@pytest.mark.parametrize("head", ["", "a b", "x" * 300])
def test_a_head_that_names_nobody_shows_nobody_s_orders(orders: Orders, head: str):
    orders.make()
    orders.make(customer={"id": "ann"})
    answer = orders.http.get(ORDERS, headers={"X-Moltin-Customer-Token": head}).json()
    assert (answer["data"], answer["meta"]["results"]["total"]) == ([], 0)


def test_lists_include_items_and_promotions(shop: Shop, orders: Orders):
    promotion = shop.promotion(automatic=True)
    for _ in range(2):
        orders.make()
    answer = orders.http.get(ORDERS, params={"include": "items,promotions"}).json()
    assert [one["type"] for one in answer["included"]["items"]] == ["order_item", "promotion_item"] * 2
    assert [one["id"] for one in answer["included"]["promotions"]] == [promotion]


def test_orders_are_for_merchants(shop: Shop, orders: Orders):
    order = orders.make()
    for path in ("", f"/{order}", f"/{order}/items", f"/{order}/transactions"):
        assert shop.shopper.get(ORDERS + path, headers={"X-Moltin-Customer-Token": "ann"}).status_code == 403
    assert shop.shopper.post(f"{ORDERS}/{order}/payments", json={"data": PAID}).status_code == 403
