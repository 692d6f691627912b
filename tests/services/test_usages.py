"""Usages over HTTP: what is on record, what is found of it, and forgetting who made them (behaviour.md 5.8)."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from support import Shop, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
REDEMPTIONS = f"{PROMOTIONS}/redemptions"
ANONYMIZE = f"{PROMOTIONS}/usages/anonymize"
ANN = {"email": "ann@example.com"}
ONCE_EACH = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
NO_PROMOTION = {
    "errors": [
        {
            "title": "Promotion Not Found",
            "status": 404,
            "detail": "No usages found for the specified promotion ID.",
        }
    ]
}
NO_CODE = {
    "errors": [
        {
            "title": "Promotion Code Not Found",
            "status": 404,
            "detail": "No usages found for the specified promotion code.",
        }
    ]
}


def redeem(shop: Shop, *codes: str, key: str | None = None, **members: Any) -> httpx.Response:
    usual = {"type": "redemption", "state": "confirmed", "codes": list(codes), "shopper": ANN}
    headers = {} if key is None else {"Idempotency-Key": key}
    return shop.http.post(REDEMPTIONS, json=evaluation_body(**(usual | members)), headers=headers)


def redeemed(shop: Shop, *codes: str, **members: Any) -> dict[str, Any]:
    answer = redeem(shop, *codes, **members)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def move(shop: Shop, redemption: dict[str, Any], to: str) -> None:
    answer = shop.http.post(f"{REDEMPTIONS}/{redemption['id']}/{to}")
    assert answer.status_code == 200, answer.text


def page(shop: Shop, promotion: str, code: str | None = None, **query: Any) -> dict[str, Any]:
    path = f"{PROMOTIONS}/{promotion}" + ("" if code is None else f"/codes/{code}") + "/usages"
    answer = shop.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def usages(shop: Shop, promotion: str, code: str | None = None, **query: Any) -> list[dict[str, Any]]:
    return page(shop, promotion, code, **query)["data"]


def anonymize(shop: Shop, **members: Any) -> httpx.Response:
    return shop.http.post(ANONYMIZE, json={"data": members})


def anonymized(shop: Shop, **members: Any) -> list[dict[str, Any]]:
    answer = anonymize(shop, **members)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json()
    return answer.json()["data"]


def assert_exact(shop: Shop) -> None:
    found = shop.http.get(f"{PROMOTIONS}/invariants").json()["data"]
    assert (found["ok"], found["drift"]) == (True, []), found


@pytest.fixture
def stored(database_url: str, shop: Shop) -> Callable[[], str]:
    """Returns all that redemptions have left in the store, as text."""

    def read() -> str:
        with psycopg.connect(database_url, autocommit=True) as connection:
            rows = [
                connection.execute(
                    f"SELECT one::text FROM {table} AS one WHERE store_id = %s", [shop.store_id]
                ).fetchall()
                for table in ("usages", "redemptions")
            ]
            answers = connection.execute(
                "SELECT convert_from(answer, 'UTF8') FROM idempotency_keys WHERE store_id = %s", [shop.store_id]
            ).fetchall()
            return repr([rows, answers]).lower()

    return read


# What is on record


def test_a_usage_says_who_used_which_code_when_and_for_which_order(shop: Shop):
    promotion = shop.promotion()
    code = shop.add_codes(promotion, {"code": "Spring", "uses": 5}).json()["data"][0]
    shopper = {"customer_id": "customer-1", "account_id": "account-1", "email": "Ann@Example.com"}
    redeemed(shop, "SPRING", shopper=shopper, order_id="order-1")

    [usage] = usages(shop, promotion)

    used_on = usage.pop("used_on")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", used_on)
    assert re.fullmatch(r"[0-9a-f-]{36}", usage.pop("id"))
    assert usage == {
        "order_id": "order-1",
        "code_id": code["id"],
        "code": "Spring",
        "times_used": 1,
        "customer_id": "customer-1",
        "account_id": "account-1",
        "customer_email": "Ann@Example.com",
        "meta": {"timestamps": {"updated_at": used_on}},
        "updated_by": shop.client_id,
        "anonymized": False,
    }


def test_what_is_not_known_is_null(shop: Shop):
    promotion = shop.promotion(automatic=True)
    redeemed(shop, shopper={})

    [usage] = usages(shop, promotion)

    assert usage["code"] == f"auto_{promotion}"
    for member in ("order_id", "customer_id", "account_id", "customer_email"):
        assert usage[member] is None


def test_applications_count_where_they_are_what_is_consumed(shop: Shop):
    actions = [{"strategy": "item_discount", "args": ["percent", 50]}]
    promotion = shop.promotion(
        rule_set={"rules": {"strategy": "cart_total", "operator": "gte", "args": [1]}, "actions": actions}
    )
    shop.add_codes(promotion, {"code": "units", "uses": 5, "consume_unit": "per_application"})
    redeemed(shop, "units")

    assert [one["times_used"] for one in usages(shop, promotion)] == [2]


def test_a_redemption_leaves_one_usage_for_each_promotion(shop: Shop):
    promotions = [shop.promotion(), shop.promotion()]
    for promotion in promotions:
        shop.add_codes(promotion, "both")
    redeemed(shop, "both", order_id="order-1")

    found = [usages(shop, promotion) for promotion in promotions]

    assert [[one["order_id"] for one in each] for each in found] == [["order-1"], ["order-1"]]
    assert found[0][0]["id"] != found[1][0]["id"]


def test_a_hold_is_a_usage_once_it_is_confirmed(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "spring", "uses": 9})
    held = redeemed(shop, "spring", state="held")
    assert usages(shop, promotion) == usages(shop, promotion, "spring") == []
    assert page(shop, promotion)["meta"]["results"] == {"total": 0, "total_method": "exact"}

    move(shop, held, "confirm")
    assert len(usages(shop, promotion)) == 1


def test_a_hold_that_was_released_never_was_a_usage(shop: Shop, database_url: str):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "spring", "uses": 1})
    move(shop, redeemed(shop, "spring", state="held"), "release")
    expired = redeemed(shop, "spring", state="held")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE usages SET expires_at = now() WHERE redemption_id = %s", [expired["id"]])
    redeemed(shop, "spring", order_id="order-3")  # takes back what has expired

    assert [one["order_id"] for one in usages(shop, promotion)] == ["order-3"]


@pytest.mark.parametrize("state", ["held", "confirmed"])
def test_a_use_that_is_given_back_stays_on_record(shop: Shop, state: str):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "spring", "uses": 1})
    redemption = redeemed(shop, "spring", state=state)
    if state == "held":
        move(shop, redemption, "confirm")
    [before] = usages(shop, promotion)
    move(shop, redemption, "release")

    [after] = usages(shop, promotion)

    changed = {member for member in after if after[member] != before.get(member)}
    assert changed - {"meta"} == {"released_at"}
    assert after["meta"]["timestamps"]["updated_at"] == after["released_at"] >= before["used_on"]


def test_usages_outlive_their_code_and_can_be_asked_for_by_both_its_names(shop: Shop):
    promotion = shop.promotion()
    first = shop.add_codes(promotion, "spring", "other").json()["data"][0]
    redeemed(shop, "spring")
    shop.http.delete(f"{PROMOTIONS}/{promotion}/codes/spring")

    for name in ("Spring", first["id"]):
        assert [one["code_id"] for one in usages(shop, promotion, name)] == [first["id"]]
    second = shop.add_codes(promotion, "SPRING").json()["data"][0]
    redeemed(shop, "spring")
    assert [one["code_id"] for one in usages(shop, promotion, "spring")] == [first["id"], second["id"]]
    assert [one["code_id"] for one in usages(shop, promotion, second["id"])] == [second["id"]]
    assert len(usages(shop, promotion, filter="eq(code,SpRiNg)")) == 2


# What is asked for


def test_usages_of_a_code_are_those_of_no_other(shop: Shop):
    promotion, other = shop.promotion(), shop.promotion()
    ids = [code["id"] for code in shop.add_codes(promotion, "äpfel", "birnen").json()["data"]]
    shop.add_codes(other, "äpfel")
    redeemed(shop, "ÄPFEL")
    redeemed(shop, "birnen")

    for names in (("Äpfel", "BIRNEN"), ids):
        assert [[one["code"] for one in usages(shop, promotion, name)] for name in names] == [["äpfel"], ["birnen"]]
    assert len(usages(shop, other, "äpfel")) == 1
    assert usages(shop, promotion, "äpfel", filter="eq(code,birnen)") == []
    assert len(usages(shop, promotion)) == 2


def test_what_was_never_used_is_an_empty_list(shop: Shop):
    promotion = shop.promotion()
    [code] = shop.add_codes(promotion, "spring").json()["data"]

    for name in (None, "spring", code["id"]):
        empty = page(shop, promotion, name)
        assert (empty["data"], empty["meta"]["results"]["total"]) == ([], 0)


def test_an_unknown_promotion_or_code_has_no_usages(shop: Shop):
    promotion, deleted = shop.promotion(), shop.promotion()
    shop.add_codes(deleted, "gone")
    redeemed(shop, "gone")
    shop.http.delete(f"{PROMOTIONS}/{deleted}")

    for unknown in (str(uuid4()), "1", "%00", "%FF", "x" * 3000, deleted):
        for path in (f"{unknown}/usages", f"{unknown}/codes/gone/usages"):
            answer = shop.http.get(f"{PROMOTIONS}/{path}")
            assert (answer.status_code, answer.json()) == (404, NO_PROMOTION), path
    for unknown in (str(uuid4()), "none", "%00", "%FF", "%0A", "%20", "x" * 3000, "🎁"):
        answer = shop.http.get(f"{PROMOTIONS}/{promotion}/codes/{unknown}/usages")
        assert (answer.status_code, answer.json()) == (404, NO_CODE), unknown


@pytest.fixture
def five(shop: Shop, database_url: str) -> tuple[str, list[str]]:
    """A promotion with five usages on five days of May, the fourth day first; their ids by day."""
    promotion = shop.promotion()
    shop.add_codes(promotion, "one", "two")
    with psycopg.connect(database_url, autocommit=True) as connection:
        for day in (4, 1, 2, 3, 5):
            redemption = redeemed(shop, "two" if day % 2 else "one", order_id=f"order-{day}")
            connection.execute(
                "UPDATE usages SET used_on = %s WHERE redemption_id = %s", [f"2024-05-0{day}T12:00Z", redemption["id"]]
            )
    return promotion, [one["id"] for one in usages(shop, promotion, sort="used_on")]


@pytest.mark.parametrize(
    ("test", "days"),
    [
        ("gt(used_on,2024-05-03)", "345"),
        ("gt(used_on,2024-05-03T12:00:00.000Z)", "45"),
        ("ge(used_on,2024-05-03T12:00:00Z)", "345"),
        ("le(used_on,2024-05-03T12:00:00Z)", "123"),
        ("lt(used_on,'2024-05-03T14:00:00+02:00')", "12"),
        ("lt(used_on,1714737600000)", "12"),
        ("eq(code,ONE)", "24"),
        ("eq(code,none)", ""),
        ("ge(used_on,2024-05-02):le(used_on,2024-05-04T13:00:00Z):eq(code,two)", "3"),
        ("(lt(used_on,2024-05-02)|gt(used_on,2024-05-05)):eq(code,two)", "15"),
    ],
)
def test_filters(shop: Shop, five: tuple[str, list[str]], test: str, days: str):
    promotion, _ = five
    found = page(shop, promotion, filter=test)

    assert [one["order_id"] for one in found["data"]] == [f"order-{day}" for day in days]
    assert found["meta"]["results"]["total"] == len(days)
    of_code = usages(shop, promotion, "two", filter=test)
    assert [one["order_id"] for one in of_code] == [f"order-{day}" for day in days if int(day) % 2]


def test_a_usage_is_found_by_its_id(shop: Shop, five: tuple[str, list[str]]):
    promotion, ids = five
    assert [one["id"] for one in usages(shop, promotion, filter=f"eq(id,{ids[2]})")] == [ids[2]]
    assert usages(shop, promotion, "one", filter=f"eq(id,{ids[2]})") == []
    assert usages(shop, promotion, filter=f"eq(id,{uuid4()})") == []


def test_usages_are_sorted_by_when_they_were_made(shop: Shop, five: tuple[str, list[str]]):
    promotion, ids = five
    for query, expected in (({}, ids), ({"sort": "used_on"}, ids), ({"sort": "-used_on"}, ids[::-1])):
        assert [one["id"] for one in usages(shop, promotion, **query)] == expected
    assert [one["order_id"] for one in usages(shop, promotion, "one", sort="-used_on")] == ["order-4", "order-2"]


def test_pages_lead_through_all_of_them(shop: Shop, five: tuple[str, list[str]]):
    promotion, ids = five
    found = page(shop, promotion, **{"page[limit]": 2, "sort": "-used_on"})
    seen = [one["id"] for one in found["data"]]
    while found["links"]["next"]:
        found = shop.http.get(found["links"]["next"]).json()
        seen += [one["id"] for one in found["data"]]

    assert seen == ids[::-1]
    assert found["meta"] == {
        "page": {"limit": 2, "offset": 4, "current": 3, "total": 3},
        "results": {"total": 5, "total_method": "exact"},
    }


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "like(code,*)"},
        {"filter": "eq(used_on,2024-05-01)"},
        {"filter": "gt(used_on,soon)"},
        {"filter": "gt(used_on,99999999999999999999)"},
        {"filter": "gt(used_on,0000-01-01)"},
        {"filter": "eq(id,1)"},
        {"filter": "like(customer_email,ann*)"},
        {"sort": "code"},
        {"page[offset]": "10001"},
    ],
)
def test_what_cannot_be_asked_is_refused(shop: Shop, query: dict[str, str]):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    for path in ("usages", "codes/spring/usages"):
        answer = shop.http.get(f"{PROMOTIONS}/{promotion}/{path}", params=query)
        assert (answer.status_code, answer.json()["errors"][0]["status"]) == (400, "400"), query


# Forgetting who it was


def test_usages_are_anonymized_by_their_ids(shop: Shop, new_shop: Callable[..., Shop]):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    for number in range(3):
        redeemed(shop, "spring", shopper={"customer_id": "c", **ANN}, order_id=f"order-{number}")
    before = usages(shop, promotion)

    first, second = anonymized(shop, usage_ids=[before[1]["id"], before[0]["id"], before[1]["id"]])

    for after, was in ((first, before[1]), (second, before[0])):
        changed = {member for member in after if after[member] != was[member]}
        assert changed == {"customer_email", "anonymized", "meta"}
        assert (after["customer_email"], after["anonymized"], after["customer_id"]) == ("**", True, "c")
        assert after["meta"]["timestamps"]["updated_at"] > was["meta"]["timestamps"]["updated_at"]
    assert usages(shop, promotion) == [second, first, before[2]]


def test_anonymizing_again_changes_nothing(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    redeemed(shop, "spring")
    [usage] = usages(shop, promotion)

    once = anonymized(shop, usage_ids=[usage["id"]])

    for members in ({"usage_ids": [usage["id"].upper()]}, {"customer_email": ANN["email"]}):
        assert anonymized(shop, **members) == once


def test_only_the_usages_that_are_named_are_anonymized(shop: Shop):
    promotions = [shop.promotion(), shop.promotion()]
    for promotion in promotions:
        shop.add_codes(promotion, "both")
    redeemed(shop, "both")
    [named], [other] = (usages(shop, promotion) for promotion in promotions)

    anonymized(shop, usage_ids=[named["id"]])

    assert usages(shop, promotions[0])[0]["customer_email"] == "**"
    assert usages(shop, promotions[1]) == [other]


def test_ids_that_no_usage_has_are_named(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    redeemed(shop, "spring")
    held = redeemed(shop, "spring", state="held")
    [usage] = usages(shop, promotion)
    unknown = ["d4e5f6g7-h8i9-0j1k-2l3m-4n5o6p7q8r9s", str(uuid4()), held["id"], "", "x" * 5000, "🎁"]

    answer = anonymize(shop, usage_ids=[unknown[0], usage["id"], *unknown[1:]])

    assert answer.status_code == 200
    assert [(one["id"], one["anonymized"]) for one in answer.json()["data"]] == [(usage["id"], True)]
    assert answer.json()["errors"] == [
        {
            "title": "Could not anonymize some usages",
            "status": "404",
            "detail": "Usages not found.",
            "meta": {"usage_ids": unknown},
        }
    ]
    answer = anonymize(shop, usage_ids=unknown)
    assert (answer.status_code, answer.json()) == (
        404,
        {
            "errors": [
                {
                    "title": "Usages Not Found",
                    "status": 404,
                    "detail": "Some usage IDs could not be found.",
                    "meta": {"usage_ids": unknown},
                }
            ]
        },
    )


def test_a_shopper_is_forgotten_everywhere_by_address(shop: Shop, stored: Callable[[], str]):
    promotions = [shop.promotion(), shop.promotion()]
    for promotion in promotions:
        shop.add_codes(promotion, "spring", {"code": "bob-only", "user": "bob@example.com"})
    redeemed(shop, "spring", shopper={"email": " ANN@example.com"})
    redeemed(shop, "spring", shopper={"customer_id": "c", **ANN})
    redeemed(shop, "spring", "bob-only", strict=False, key="key-1")  # told that the code is for Bob, not for Ann
    redeemed(shop, "bob-only", strict=False)  # has no usage at all
    redeemed(shop, "spring", shopper={"email": "joann@example.com"})
    held = redeemed(shop, "spring", state="held")
    assert "belongs to ann@example.com" in stored()

    told = anonymized(shop, customer_email="Ann@Example.com ")

    assert len(told) == 6
    assert {(one["customer_email"], one["anonymized"]) for one in told} == {("**", True)}
    left = stored()
    assert not re.search(r"(?<!jo)ann@", left)
    assert "joann@example.com" in left
    assert "cart belongs to **" in left
    move(shop, held, "confirm")
    assert [one["customer_email"] for one in usages(shop, promotions[0])].count("**") == 4


def test_a_shopper_is_forgotten_everywhere_by_customer(shop: Shop, stored: Callable[[], str]):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    for address in ("ann@example.com", "ann@example.org"):
        redeemed(shop, "spring", shopper={"customer_id": "Ann", "email": address})
    redeemed(shop, "spring", shopper={"customer_id": "ann", "email": "bob@example.com"})

    answer = anonymize(shop, customer_id="Ann")

    assert [(one["customer_id"], one["customer_email"]) for one in answer.json()["data"]] == [("Ann", "**")] * 2
    nothing = {"total": 0, "ids": []}
    assert answer.json()["meta"] == {
        "results": {"total": 2, "total_method": "exact"},
        **dict.fromkeys(("orders", "open_orders", "carts"), nothing),
    }
    assert "ann@" not in stored()
    assert [one["anonymized"] for one in usages(shop, promotion)] == [True, True, False]


def test_an_address_is_forgotten_of_whom_no_usage_tells(shop: Shop, stored: Callable[[], str]):
    shop.add_codes(shop.promotion(), {"code": "bobs", "user": "bob"})
    redeemed(shop, "bobs", strict=False)
    assert ANN["email"] in stored()

    assert anonymized(shop, customer_email=ANN["email"]) == []
    assert ANN["email"] not in stored()


def test_a_retry_is_told_nothing_that_was_forgotten(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring", {"code": "bobs", "user": "bob"})
    members = {"strict": False, "key": "key-1"}
    first = redeem(shop, "spring", "bobs", **members)
    anonymized(shop, customer_email=ANN["email"])

    again = redeem(shop, "spring", "bobs", **members)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["data"]["evaluation"]["refused"][0]["detail"].endswith("the cart belongs to **.")
    assert again.text == first.text.replace(ANN["email"], "**")
    assert again.json()["data"] == shop.http.get(f"{REDEMPTIONS}/{again.json()['data']['id']}").json()["data"]


def test_a_retry_of_a_move_is_told_nothing_that_was_forgotten(shop: Shop):
    shop.add_codes(shop.promotion(), {"code": "bobs", "user": "bob"})
    made = redeemed(shop, "bobs", strict=False, state="held")

    def confirm() -> httpx.Response:
        return shop.http.post(f"{REDEMPTIONS}/{made['id']}/confirm", headers={"Idempotency-Key": "key-2"})

    first = confirm()
    assert ANN["email"] in first.text
    anonymized(shop, customer_email=ANN["email"])

    again = confirm()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.text == first.text.replace(ANN["email"], "**")


def test_whoever_left_nothing_is_forgotten_already(shop: Shop):
    for members in ({"customer_email": "nobody@example.com"}, {"customer_email": " "}, {"customer_id": "nobody"}):
        assert anonymized(shop, **members) == []


def test_limits_outlive_who_they_are_for(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "once", "uses": 2, **ONCE_EACH}, {"code": "new", "is_for_new_shopper": True})
    redeemed(shop, "once")
    anonymized(shop, customer_email=ANN["email"])
    anonymized(shop, usage_ids=[one["id"] for one in usages(shop, promotion)])

    for code, title, reason in (
        ("once", "Fully Consumed", "shopper_exhausted"),
        ("new", "Not Applicable", "not_new_shopper"),
    ):
        for shopper in (ANN, {"customer_id": "c", "email": "ANN@example.com"}):
            answer = redeem(shop, code, shopper=shopper)
            assert answer.status_code == 422, answer.text
            [error] = answer.json()["errors"]
            assert (error["title"], error["meta"]["reason"]) == (title, reason)
    assert_exact(shop)
    redeemed(shop, "once", shopper={"email": "bob@example.com"})
    assert {code["code"]: code.get("uses") for code in shop.list_codes(promotion)} == {"once": 0, "new": None}


def test_what_was_forgotten_can_be_given_back(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "once", "uses": 1, **ONCE_EACH})
    redemption = redeemed(shop, "once")
    anonymized(shop, customer_email=ANN["email"])
    move(shop, redemption, "release")

    redeemed(shop, "once")
    assert_exact(shop)
    assert [one["anonymized"] for one in usages(shop, promotion)] == [True, False]


@pytest.mark.parametrize(
    ("data", "title", "source"),
    [
        ({}, "number_one_of", "data"),
        ({"usage_ids": ["1"], "customer_id": "c"}, "number_one_of", "data"),
        ({"customer_id": "c", "customer_email": "ann@example.com"}, "number_one_of", "data"),
        ({"usage_ids": []}, "array_min_items", "data.usage_ids"),
        ({"usage_ids": ["1"] * 1001}, "array_max_items", "data.usage_ids"),
        ({"usage_ids": [7]}, "invalid_type", "data.usage_ids.0"),
        ({"usage_ids": "1"}, "invalid_type", "data.usage_ids"),
        ({"usage_ids": None}, "invalid_type", "data.usage_ids"),
        ({"customer_id": ""}, "string_gte", "data.customer_id"),
        ({"customer_email": "x" * 321}, "string_lte", "data.customer_email"),
        ([], "invalid_type", "data"),
    ],
)
def test_exactly_one_of_the_three_must_be_named(shop: Shop, data: Any, title: str, source: str):
    answer = shop.http.post(ANONYMIZE, json={"data": data})

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["title"], error["status"], error["source"]) == (title, 400, source)


@pytest.mark.parametrize("body", [b"", b"{", b'{"data":{"usage_ids":["\\u0000"]}}'])
def test_what_is_no_json_is_malformed(shop: Shop, body: bytes):
    answer = shop.http.post(ANONYMIZE, content=body)
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (400, "Invalid Request")


def test_usages_of_another_store_are_neither_found_nor_forgotten(shop: Shop, new_shop: Callable[..., Shop]):
    stranger, promotion = new_shop(), shop.promotion()
    shop.add_codes(promotion, "spring")
    redeemed(shop, "spring", shopper={"customer_id": "c", **ANN})
    before = usages(shop, promotion)

    assert anonymize(stranger, usage_ids=[before[0]["id"]]).status_code == 404
    for members in ({"customer_id": "c"}, {"customer_email": ANN["email"]}):
        assert anonymized(stranger, **members) == []
    own = stranger.promotion()
    assert usages(stranger, own, filter=f"eq(id,{before[0]['id']})") == usages(stranger, own) == []
    assert usages(shop, promotion) == before
