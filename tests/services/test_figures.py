"""Figures of days over HTTP: what was redeemed, what it took off, and what was refused, as exact as the ledger."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from support import CartClient, Shop, custom_item, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
REDEMPTIONS = f"{PROMOTIONS}/redemptions"
STATISTICS = f"{PROMOTIONS}/statistics"
ANN = {"email": "ann@example.com"}
ONCE_EACH = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}

LEDGER = """
    SELECT (used_on AT TIME ZONE 'UTC')::date::text, promotion_id::text, currency, count(*)::bigint,
        sum(discount)::bigint, count(released_at)::bigint,
        coalesce(sum(discount) FILTER (WHERE released_at IS NOT NULL), 0)::bigint
    FROM usages WHERE store_id = %(store)s AND used_on IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
FIGURES = """
    SELECT day::text, promotion_id::text, currency, sum(redemptions)::bigint, sum(discount)::bigint,
        sum(returned)::bigint, sum(returned_discount)::bigint
    FROM (
        SELECT * FROM usage_days WHERE store_id = %(store)s
        UNION ALL
        SELECT store_id, day, promotion_id, currency, redemptions, discount, returned, returned_discount
        FROM usage_changes WHERE store_id = %(store)s
    ) AS known GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def today(days: int = 0) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def redeem(shop: Shop, *codes: str, **members: Any) -> httpx.Response:
    usual = {"type": "redemption", "state": "confirmed", "codes": list(codes), "shopper": ANN}
    return shop.http.post(REDEMPTIONS, json=evaluation_body(**(usual | members)))


def redeemed(shop: Shop, *codes: str, **members: Any) -> str:
    answer = redeem(shop, *codes, **members)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def move(shop: Shop, redemption: str, to: str) -> int:
    return shop.http.post(f"{REDEMPTIONS}/{redemption}/{to}").status_code


def told(shop: Shop, what: str, **query: str) -> list[dict[str, Any]]:
    answer = shop.http.get(f"{STATISTICS}/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def soon(look: Callable[[], Any], expected: Any, seconds: float = 15) -> None:
    """Wait until *look* sees what is *expected*: figures are summed up every few seconds."""
    deadline = time.monotonic() + seconds
    while (found := look()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def figures_and_ledger(shop: Shop, database_url: str) -> list[list[tuple[Any, ...]]]:
    """Return both as of one moment."""
    with psycopg.connect(database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return [connection.execute(query, {"store": shop.store_id}).fetchall() for query in (FIGURES, LEDGER)]


def test_redemptions_are_told_by_day_and_by_promotion_with_what_they_took_off(shop: Shop):
    summer, winter = shop.promotion(name="Summer"), shop.promotion(name="Winter")
    shop.add_codes(summer, "SUN")
    shop.add_codes(winter, "ICE")
    redeemed(shop, "SUN")
    redeemed(shop, "SUN", currency="USD")
    back = redeemed(shop, "SUN")
    redeemed(shop, "ICE")
    assert move(shop, back, "release") == 200

    def row(**members: Any) -> dict[str, Any]:
        usual = {"currency": "EUR", "redemptions": 1, "discount": 200, "returned": 0, "returned_discount": 0}
        return usual | members

    given_back = {"returned": 1, "returned_discount": 200}
    euros = row(day=today(), redemptions=3, discount=600, **given_back)
    soon(lambda: told(shop, "redemptions"), [euros, row(day=today(), currency="USD")])
    named = {"promotion_id": summer, "name": "Summer"}
    assert told(shop, "redemptions", by="promotion", promotion_id=summer) == [
        row(**named, redemptions=2, discount=400, **given_back),
        row(**named, currency="USD"),
    ]
    assert [one["promotion_id"] for one in told(shop, "redemptions", by="promotion")].count(winter) == 1
    assert told(shop, "redemptions", promotion_id=winter) == [row(day=today())]
    assert told(shop, "redemptions", **{"from": today(-9), "to": today(-1)}) == []


def test_a_hold_counts_when_it_is_confirmed_and_never_if_it_is_not(shop: Shop):
    shop.add_codes(shop.promotion(), "SUN", {"code": "ONE", "uses": 1})
    held, dropped = redeemed(shop, "SUN", state="held"), redeemed(shop, "ONE", state="held")
    assert move(shop, dropped, "release") == 200
    assert move(shop, held, "confirm") == 200
    assert move(shop, held, "confirm") == 200

    soon(lambda: [(one["redemptions"], one["returned"]) for one in told(shop, "redemptions")], [(1, 0)])


def test_an_order_counts_and_a_cancelled_one_is_given_back(shop: Shop):
    shop.add_codes(shop.promotion(), "SUN")
    shop.http.put("/v2/settings/cart", json={"data": {"type": "settings", "checkout": {"give_back_on_cancel": True}}})
    cart = CartClient(shop)
    cart.add(custom_item(amount=5000))
    cart.enter("SUN")
    order = cart.ok("POST", "/checkout", {"customer": {"email": "ann@example.com"}})["data"]["id"]
    soon(lambda: [(one["redemptions"], one["discount"]) for one in told(shop, "redemptions")], [(1, 500)])

    body = {"data": {"type": "order", "status": "cancelled"}}
    assert shop.http.put(f"/v2/orders/{order}", json=body).status_code == 200
    soon(lambda: [(one["redemptions"], one["returned_discount"]) for one in told(shop, "redemptions")], [(1, 500)])


def test_carts_worth_more_than_there_is_room_for_stop_nobody_s_figures(shop: Shop, new_shop: Callable[..., Shop]):
    most, other = 2**63 - 1, new_shop()
    rules = {"strategy": "cart_total", "operator": "gte", "args": [0]}
    actions = [{"strategy": "cart_discount", "args": ["percent", 100]}]
    promotion = shop.promotion(rule_set={"rules": rules, "actions": actions})
    shop.add_codes(promotion, "ALL")
    other.add_codes(other.promotion(), "SUN")

    def lines(count: int) -> list[dict[str, Any]]:
        return [{"id": str(at), "sku": "s", "quantity": 10**6, "unit_price": 10**12} for at in range(count)]

    made = [redeemed(shop, "ALL", items=lines(count)) for count in (9, 9, 1000)]
    for one in made:
        assert move(shop, one, "release") == 200
    redeemed(other, "SUN")

    soon(lambda: [(one["redemptions"], one["discount"]) for one in told(other, "redemptions")], [(1, 200)])
    soon(
        lambda: [(one["discount"], one["returned_discount"]) for one in told(shop, "redemptions", by="promotion")],
        [(most, most)],
    )


def test_figures_and_ledger_agree_at_every_moment(shop: Shop, database_url: str):
    """Redeem, confirm and give back, at once and while a worker sums up; whenever one looks, nothing is amiss."""
    shop.add_codes(shop.promotion(), "SUN", {"code": "FEW", "uses": 20})
    shop.add_codes(shop.promotion(), "SUN")

    def visit(number: int) -> None:
        answer = redeem(shop, "FEW" if number % 3 else "SUN", state=("held", "confirmed")[number % 2], strict=False)
        made = answer.json()["data"]["id"]
        for to in (("confirm", "release"), ("confirm",), ("release", "confirm"))[number % 3]:
            move(shop, made, to)

    looks = 0
    with ThreadPoolExecutor(8) as threads:
        done = [threads.submit(visit, number) for number in range(120)]
        while not all(one.done() for one in done):
            figures, ledger = figures_and_ledger(shop, database_url)
            assert figures == ledger
            looks += 1
        for one in done:
            one.result()
    figures, ledger = figures_and_ledger(shop, database_url)
    assert figures == ledger
    assert sum(row[3] for row in ledger) > 80
    assert looks > 3


def refusals(shop: Shop, **query: str) -> dict[tuple[str, str | None], int]:
    rows = told(shop, "refusals", by="promotion", **query)
    return {(one["reason"], one.get("name")): one["attempts"] for one in rows}


def test_refused_codes_are_counted_wherever_they_are_entered(shop: Shop):
    shop.add_codes(shop.promotion(name="Once"), {"code": "ONE", **ONCE_EACH})
    shop.add_codes(shop.promotion(name="Over", end="2025-01-01"), "OLD")
    shop.add_codes(shop.promotion(name="Rich", rule_set=_from(99_999)), "RICH")
    redeemed(shop, "ONE")
    assert redeem(shop, "one", "OLD").status_code == 422
    redeemed(shop, "sprung", strict=False)
    for client in (shop.shopper, shop.http):
        assert client.post(f"{PROMOTIONS}/evaluations", json=evaluation_body(codes=["old"])).status_code == 200
    cart = CartClient(shop)
    cart.add(custom_item(amount=5000))
    assert cart.refused("POST", "/items", {"type": "promotion_item", "code": "RICH"})[0] == 404

    soon(
        lambda: refusals(shop),
        {
            ("ended", "Over"): 3,
            ("rules_not_met", "Rich"): 1,
            ("shopper_exhausted", "Once"): 1,
            ("unknown_code", None): 1,
        },
    )
    assert told(shop, "refusals")[0] == {"day": today(), "reason": "ended", "attempts": 3}
    assert {one["attempts"] for one in told(shop, "refusals", **{"from": today(-9), "to": today(-1)})} == set()


def _from(least: int) -> dict[str, Any]:
    return {
        "rules": {"strategy": "cart_total", "operator": "gte", "args": [least]},
        "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
    }


def test_a_checkout_counts_the_codes_that_it_goes_on_without(shop: Shop):
    shop.add_codes(shop.promotion(name="Few"), {"code": "ONE", "uses": 1})
    carts = [CartClient(shop, name) for name in ("first", "second", "strict")]
    for cart in carts:
        cart.add(custom_item(amount=5000))
        cart.enter("ONE")
    for cart in carts[:2]:
        cart.ok("POST", "/checkout", {"customer": {"email": "ann@example.com"}})
    said = {"customer": {"email": "ann@example.com"}, "strict": True}
    status, _ = carts[2].refused("POST", "/checkout", said)
    assert status == 422

    soon(lambda: refusals(shop), {("code_exhausted", "Few"): 2})


def test_who_only_wants_to_know_is_not_counted(shop: Shop):
    shop.add_codes(shop.promotion(end="2025-01-01"), "OLD")
    ask = {"codes": ["OLD"]}
    for more in ({"explain": True}, {"at": "2026-01-01T00:00:00Z"}, {"items": []}):
        assert shop.http.post(f"{PROMOTIONS}/evaluations", json=evaluation_body(**ask, **more)).status_code == 200
    cart = CartClient(shop)
    cart.add(custom_item())
    cart.items()
    assert shop.http.post(f"{PROMOTIONS}/evaluations", json=evaluation_body(codes=["sprung"])).status_code == 200

    soon(lambda: refusals(shop), {("unknown_code", None): 1})


def test_the_codes_used_most_are_told_with_what_is_left(shop: Shop):
    summer = shop.promotion(name="Summer")
    shop.add_codes(summer, {"code": "MANY", "uses": 10}, "SOME", "NONE")
    shop.promotion(name="Always", automatic=True)
    for code in ("SOME", "MANY", "MANY"):
        redeemed(shop, code)

    def codes() -> list[tuple[Any, ...]]:
        rows = told(shop, "codes")
        return [(one["code"], one["name"], one["redemptions"], one.get("remaining")) for one in rows]

    soon(codes, [("MANY", "Summer", 2, 8), ("SOME", "Summer", 1, None)])
    assert shop.http.get(f"{STATISTICS}/codes").json()["meta"]["complete"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "yesterday"}, "from must be a day: 2026-06-01"),
        ({"to": "2026-13-01"}, "to must be a day: 2026-06-01"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from must not be after to"),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "At most 366 days are told at once"),
        ({"by": "moon"}, "by must be one of: day, promotion"),
        ({"format": "xml"}, "format must be one of: json, csv"),
        ({"promotion_id": "x"}, "promotion_id must be the id of a promotion"),
    ],
)
def test_what_cannot_be_told_is_refused(shop: Shop, query: dict[str, str], said: str):
    answer = shop.http.get(f"{STATISTICS}/redemptions", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (400, said)


def test_tables_are_csv_that_no_spreadsheet_runs(shop: Shop):
    hostile = "=cmd|' /C calc'!A0"
    shop.add_codes(shop.promotion(name=hostile), hostile, '"><img')
    redeemed(shop, hostile)
    soon(lambda: len(told(shop, "redemptions")), 1)

    by_promotion = shop.http.get(f"{STATISTICS}/redemptions", params={"by": "promotion", "format": "csv"})
    codes = shop.http.get(f"{STATISTICS}/codes", params={"format": "csv"})

    assert by_promotion.headers["content-type"].startswith("text/csv")
    header, row, end = by_promotion.text.split("\r\n")
    assert header == "promotion_id,name,currency,redemptions,discount,returned,returned_discount"
    assert (row.split(",")[1], end) == (f"'{hostile}", "")
    assert f",'{hostile},1," in codes.text
