"""Redeeming over HTTP: what is claimed, what is refused and why, confirming, releasing, and retries."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from support import Shop, evaluation_body

REDEMPTIONS = "/v2/rule-promotions/redemptions"
UNKNOWN = "00000000-0000-7000-8000-000000000000"
ONCE_EACH = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
ANN = {"email": "ann@example.com"}
BY_UNIT = {
    "rules": {"strategy": "cart_total", "operator": "gte", "args": [1000]},
    "actions": [{"strategy": "item_discount", "args": ["percent", 50]}],
}


def redemption_body(*codes: str, **members: Any) -> dict[str, Any]:
    return evaluation_body(type="redemption", codes=list(codes), **members)


def redeem(shop: Shop, *codes: str, key: str | None = None, **members: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return shop.http.post(REDEMPTIONS, json=redemption_body(*codes, **members), headers=headers)


def redeemed(shop: Shop, *codes: str, **members: Any) -> dict[str, Any]:
    answer = redeem(shop, *codes, **members)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def refused(answer: httpx.Response) -> list[tuple[str, str, str]]:
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert {error["status"] for error in errors} == {"422"}
    return [(error["title"], error["meta"]["code"], error["meta"]["reason"]) for error in errors]


def move(shop: Shop, redemption: dict[str, Any], to: str, **body: Any) -> httpx.Response:
    return shop.http.post(f"{REDEMPTIONS}/{redemption['id']}/{to}", **({"json": {"data": body}} if body else {}))


def uses_left(shop: Shop, promotion: str) -> dict[str, Any]:
    return {code["code"]: code.get("uses") for code in shop.list_codes(promotion)}


def assert_exact(shop: Shop) -> None:
    found = shop.http.get("/v2/rule-promotions/invariants").json()["data"]
    assert (found["ok"], found["drift"]) == (True, []), found


@pytest.fixture
def records(database_url: str) -> Callable[..., list[tuple[Any, ...]]]:
    def run(query: Any, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(database_url, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def expire(records: Callable[..., Any]) -> Callable[[dict[str, Any]], None]:
    """Lets a hold expire at once."""

    def run(redemption: dict[str, Any]) -> None:
        for table, column in (("usages", "redemption_id"), ("redemptions", "id")):
            records(f"UPDATE {table} SET expires_at = now() - interval '1 s' WHERE {column} = %s", redemption["id"])

    return run


# What is answered


def test_a_hold_is_answered_with_its_evaluation_and_uses(shop: Shop):
    automatic = shop.promotion(automatic=True)
    coded = shop.promotion()
    code = shop.add_codes(coded, {"code": "Spring", "uses": 3}).json()["data"][0]

    made = redeemed(shop, "SPRING", order_id="order-1", hold_seconds=60)

    assert set(made) == {"type", "id", "state", "expires_at", "order_id", "evaluation", "uses"}
    assert (made["type"], made["state"], made["order_id"]) == ("redemption", "held", "order-1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made["expires_at"])
    assert made["evaluation"]["totals"]["discount"] == -380
    auto_code = next(one for one in shop.list_codes(automatic))
    assert sorted(made["uses"], key=lambda use: use["code"]) == [
        {"promotion_id": coded, "code_id": code["id"], "code": "Spring", "uses": 1},
        {"promotion_id": automatic, "code_id": auto_code["id"], "code": f"auto_{automatic}", "uses": 1},
    ]
    assert uses_left(shop, coded) == {"Spring": 2}
    assert shop.http.get(f"{REDEMPTIONS}/{made['id']}").json()["data"] == made
    assert_exact(shop)


def test_a_confirmed_redemption_has_no_expiry(shop: Shop):
    made = redeemed(shop, state="confirmed")
    assert made["state"] == "confirmed"
    assert "expires_at" not in made
    assert made["uses"] == []


def test_uses_per_application_are_charged(shop: Shop):
    promotion = shop.promotion(rule_set=BY_UNIT)
    shop.add_codes(promotion, {"code": "units", "uses": 3, "consume_unit": "per_application"})

    assert redeemed(shop, "units")["uses"][0]["uses"] == 2
    assert redeemed(shop, "units")["uses"][0]["uses"] == 1
    assert refused(redeem(shop, "units")) == [("Fully Consumed", "units", "code_exhausted")]
    assert_exact(shop)


def test_a_code_of_several_promotions_uses_each(shop: Shop):
    for promotion in (shop.promotion(), shop.promotion()):
        shop.add_codes(promotion, {"code": "both", "uses": 1})
    assert len(redeemed(shop, "both")["uses"]) == 2
    assert refused(redeem(shop, "both")) == [("Fully Consumed", "both", "code_exhausted")]


# Refusals


def test_strict_all_or_nothing(shop: Shop):
    promotion, other = shop.promotion(), shop.promotion()
    shop.add_codes(promotion, {"code": "some", "uses": 5})
    shop.add_codes(other, {"code": "none", "uses": 0})

    answer = redeem(shop, "some", "none", "unheard-of", explain=True)

    assert refused(answer) == [
        ("Fully Consumed", "none", "code_exhausted"),
        ("Not Applicable", "unheard-of", "unknown_code"),
    ]
    assert answer.json()["errors"][0]["detail"] == "The code has been used, or is held, 0 of 0 times."
    assert uses_left(shop, promotion) == {"some": 5}


def test_not_strict_goes_on_without_what_cannot_be_had(shop: Shop):
    promotion, other = shop.promotion(), shop.promotion()
    shop.add_codes(promotion, {"code": "some", "uses": 5})
    shop.add_codes(other, {"code": "none", "uses": 0})

    made = redeemed(shop, "some", "none", "unheard-of", strict=False)

    assert [use["code"] for use in made["uses"]] == ["some"]
    reasons = {one["code"]: one["reason"] for one in made["evaluation"]["refused"]}
    assert reasons == {"none": "code_exhausted", "unheard-of": "unknown_code"}
    assert_exact(shop)


def test_codes_of_a_promotion_that_became_automatic_give_nothing(shop: Shop):
    """behaviour.md A38."""
    promotion = shop.promotion()
    shop.add_codes(promotion, "inert")
    body = {"data": {"type": "rule_promotion", "automatic": True}}
    assert shop.http.put(f"/v2/rule-promotions/{promotion}", json=body).status_code == 200

    assert refused(redeem(shop, "inert")) == [("Not Applicable", "inert", "unknown_code")]
    made = redeemed(shop, "inert", strict=False)
    assert [use["code"] for use in made["uses"]] == [f"auto_{promotion}"]
    assert [one["code"] for one in made["evaluation"]["refused"]] == ["inert"]
    redeemed(shop, f"auto_{promotion}")


def test_explained_automatic_promotions_refuse_nothing(shop: Shop):
    shop.promotion(automatic=True, enabled=False)
    made = redeemed(shop, explain=True)
    assert [one["reason"] for one in made["evaluation"]["refused"]] == ["disabled"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"type": "evaluation"}, ("data.type", "enum")),
        ({"state": "released"}, ("data.state", "enum")),
        ({"hold_seconds": 0}, ("data.hold_seconds", "number_gte")),
        ({"hold_seconds": 86_401}, ("data.hold_seconds", "number_lte")),
        ({"strict": 1}, ("data.strict", "invalid_type")),
        ({"order_id": ""}, ("data.order_id", "string_gte")),
        ({"at": "2030-01-01"}, ("data.at", "additional_property_not_allowed")),
        ({"promotions": []}, ("data.promotions", "additional_property_not_allowed")),
    ],
    ids=repr,
)
def test_bodies_that_are_refused(shop: Shop, members: dict[str, Any], expected: tuple[str, str]):
    answer = shop.http.post(REDEMPTIONS, json=evaluation_body(**{"type": "redemption", **members}))
    assert answer.status_code == 400
    assert [(error["source"], error["title"]) for error in answer.json()["errors"]] == [expected]


# Shoppers


def test_a_shopper_is_known_by_each_of_their_names(shop: Shop):
    shop.add_codes(shop.promotion(), {"code": "each", **ONCE_EACH})

    redeemed(shop, "each", shopper={"email": " Ann@Example.com"})
    for shopper in ({"email": "ann@example.COM "}, {"email": "ANN@EXAMPLE.COM", "customer_id": "ann"}):
        assert refused(redeem(shop, "each", shopper=shopper)) == [("Fully Consumed", "each", "shopper_exhausted")]
    redeemed(shop, "each", shopper={"customer_id": "bob", "email": "bob@example.com"})
    for shopper in ({"customer_id": "bob"}, {"customer_id": "eve", "email": "bob@example.com"}):
        assert refused(redeem(shop, "each", shopper=shopper))
    redeemed(shop, "each", shopper={"account_id": "bob"})
    assert_exact(shop)


def test_shoppers_of_another_store_are_strangers(new_shop: Callable[..., Shop]):
    for shop in (new_shop(), new_shop()):
        shop.add_codes(shop.promotion(), {"code": "each", **ONCE_EACH})
        redeemed(shop, "each", shopper=ANN)


def test_a_code_for_a_first_order_is_for_one_order_at_a_time_and_none_after_it(shop: Shop):
    shop.add_codes(shop.promotion(), {"code": "hello", "is_for_new_shopper": True})

    first = redeemed(shop, "hello", shopper=ANN)
    assert refused(redeem(shop, "hello", shopper=ANN)) == [("Not Applicable", "hello", "not_new_shopper")]
    assert move(shop, first, "release").is_success
    again = redeemed(shop, "hello", shopper=ANN)
    assert move(shop, again, "confirm").is_success
    assert refused(redeem(shop, "hello", shopper=ANN)) == [("Not Applicable", "hello", "not_new_shopper")]
    # A reversal gives the use back, but it was an order.
    assert move(shop, again, "release").is_success
    assert refused(redeem(shop, "hello", shopper=ANN)) == [("Not Applicable", "hello", "not_new_shopper")]
    assert_exact(shop)


def test_any_confirmed_redemption_is_an_order(shop: Shop):
    shop.add_codes(shop.promotion(), {"code": "hello", "is_for_new_shopper": True})
    redeemed(shop, shopper=ANN)
    redeemed(shop, "hello", shopper={"email": "ANN@example.com", "customer_id": "ann"}, hold_seconds=1)
    redeemed(shop, shopper={"customer_id": "bob"}, state="confirmed")
    assert refused(redeem(shop, "hello", shopper={"customer_id": "bob"}))


def test_a_first_order_with_a_code_that_counts_units(shop: Shop):
    shop.add_codes(
        shop.promotion(rule_set=BY_UNIT),
        {"code": "hello", "is_for_new_shopper": True, "consume_unit": "per_application"},
    )
    made = redeemed(shop, "hello", shopper=ANN)
    assert made["uses"][0]["uses"] == 2
    assert_exact(shop)
    move(shop, made, "release")
    assert_exact(shop)
    redeemed(shop, "hello", shopper=ANN)


# What evaluations see


def test_evaluations_see_what_was_used(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "each", **ONCE_EACH}, {"code": "hello", "is_for_new_shopper": True})
    redeemed(shop, "each", shopper=ANN)
    redeemed(shop, "hello", shopper=ANN)

    def reasons(**shopper: str) -> dict[str, str]:
        body = evaluation_body(codes=["each", "hello"], shopper=shopper)
        refused = shop.http.post("/v2/rule-promotions/evaluations", json=body).json()["data"]["refused"]
        return {one["code"]: one["reason"] for one in refused}

    assert reasons(email="ANN@EXAMPLE.COM") == {"each": "shopper_exhausted", "hello": "not_new_shopper"}
    assert reasons(customer_id="x", email="ann@example.com")["each"] == "shopper_exhausted"
    assert reasons(email="bob@example.com") == {"hello": "cannot_stack"}


def test_expired_holds_count_as_free(shop: Shop, expire: Callable[[dict[str, Any]], None]):
    promotion = shop.promotion(rule_set=BY_UNIT)
    shop.add_codes(
        promotion,
        {"code": "units", "uses": 3, "consume_unit": "per_application"},
        {"code": "each", "uses": 1, **ONCE_EACH},
        {"code": "hello", "is_for_new_shopper": True},
    )
    body = evaluation_body(codes=["units"], shopper=ANN)

    def discount(code: str) -> int:
        judged = shop.http.post("/v2/rule-promotions/evaluations", json={"data": body["data"] | {"codes": [code]}})
        return judged.json()["data"]["totals"]["discount"]

    held = [redeemed(shop, code, shopper=ANN) for code in ("units", "each", "hello")]
    assert [discount(code) for code in ("units", "each", "hello")] == [-500, 0, 0]
    assert uses_left(shop, promotion) == {"units": 1, "each": 0, "hello": None}
    for one in held:
        expire(one)
    assert [discount(code) for code in ("units", "each", "hello")] == [-1000, -1000, -1000]
    assert uses_left(shop, promotion) == {"units": 3, "each": 1, "hello": None}
    for code in ("hello", "units", "each"):
        redeemed(shop, code, shopper=ANN, state="confirmed")
    assert uses_left(shop, promotion) == {"units": 1, "each": 0, "hello": None}
    assert_exact(shop)


# Confirming and releasing


def test_confirming_is_idempotent_and_names_the_order(shop: Shop):
    shop.add_codes(shop.promotion(), {"code": "once", "uses": 1})
    made = redeemed(shop, "once", order_id="cart")

    confirmed = move(shop, made, "confirm", order_id="order-7")
    assert confirmed.status_code == 200
    expected = {key: value for key, value in made.items() if key != "expires_at"}
    expected |= {"state": "confirmed", "order_id": "order-7"}
    assert confirmed.json()["data"] == expected
    for again in (move(shop, made, "confirm"), move(shop, made, "confirm", order_id="order-7")):
        assert again.json()["data"] == expected
    other = move(shop, made, "confirm", order_id="order-8")
    assert (other.status_code, other.json()["errors"][0]["title"]) == (409, "Conflict")
    assert shop.http.get(f"{REDEMPTIONS}/{made['id']}").json()["data"] == expected
    assert_exact(shop)


@pytest.mark.parametrize("confirm", [False, True])
def test_releasing_gives_uses_back_once(shop: Shop, confirm: bool, records: Callable[..., Any]):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "few", "uses": 2, **ONCE_EACH})
    made, other = redeemed(shop, "few", shopper=ANN), redeemed(shop, "few", shopper={"customer_id": "bob"})
    assert uses_left(shop, promotion) == {"few": 0}
    if confirm:
        move(shop, made, "confirm")

    for _ in range(3):
        released = move(shop, made, "release")
        assert (released.status_code, released.json()["data"]["state"]) == (200, "released")
        assert uses_left(shop, promotion) == {"few": 1}
    states = records(
        "SELECT state::text, released_at IS NOT NULL FROM usages WHERE store_id = %s ORDER BY id", shop.store_id
    )
    assert states == [("released", True), ("held", False)]
    refusal = move(shop, made, "confirm")
    assert (refusal.status_code, refusal.json()["errors"][0]["detail"]) == (409, "The redemption has been released.")
    redeemed(shop, "few", shopper=ANN)
    assert move(shop, other, "confirm").is_success
    assert_exact(shop)


def test_an_expired_hold_is_confirmed_while_its_uses_are_free(
    shop: Shop, expire: Callable[[dict[str, Any]], None], records: Callable[..., Any]
):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "once", "uses": 1})
    untouched = redeemed(shop, "once")
    expire(untouched)
    assert move(shop, untouched, "confirm").json()["data"]["state"] == "confirmed"
    assert refused(redeem(shop, "once"))
    move(shop, untouched, "release")

    taken_back = redeemed(shop, "once")
    expire(taken_back)
    move(shop, redeemed(shop, "once"), "release")
    assert records("SELECT state::text FROM usages WHERE redemption_id = %s", taken_back["id"]) == [("released",)]
    assert move(shop, taken_back, "confirm").json()["data"]["state"] == "confirmed"
    assert_exact(shop)
    assert refused(redeem(shop, "once"))
    move(shop, taken_back, "release")

    lost = redeemed(shop, "once")
    expire(lost)
    redeemed(shop, "once", state="confirmed")
    answer = move(shop, lost, "confirm")
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (409, "Redemption Expired")
    assert shop.http.get(f"{REDEMPTIONS}/{lost['id']}").json()["data"]["state"] == "held"
    assert move(shop, lost, "release").json()["data"]["state"] == "released"
    assert uses_left(shop, promotion) == {"once": 0}
    assert_exact(shop)


def test_an_expired_hold_of_two_codes_is_confirmed_wholly_or_not(shop: Shop, expire: Callable[[dict[str, Any]], None]):
    for code in ("one", "two"):
        shop.add_codes(shop.promotion(), {"code": code, "uses": 1})
    hold = redeemed(shop, "one", "two")
    expire(hold)
    other = redeemed(shop, "one")
    assert move(shop, hold, "confirm").status_code == 409
    move(shop, other, "release")
    assert move(shop, hold, "confirm").status_code == 200
    for code in ("one", "two"):
        assert refused(redeem(shop, code))
    assert_exact(shop)


def test_an_expired_first_order_is_lost_once_another_was_paid(shop: Shop, expire: Callable[[dict[str, Any]], None]):
    shop.add_codes(shop.promotion(), {"code": "hello", "is_for_new_shopper": True})
    hold = redeemed(shop, "hello", shopper=ANN)
    expire(hold)
    move(shop, redeemed(shop, "hello", shopper=ANN), "release")  # takes the first hold back
    redeemed(shop, shopper=ANN, state="confirmed")
    assert move(shop, hold, "confirm").status_code == 409
    assert_exact(shop)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/confirm"), ("POST", "/release")])
@pytest.mark.parametrize("id_", [UNKNOWN, "nonsense"])
def test_what_does_not_exist(shop: Shop, method: str, path: str, id_: str):
    answer = shop.http.request(method, f"{REDEMPTIONS}/{id_}{path}")
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (404, "redemption not found")


def test_shoppers_may_not_redeem(shop: Shop):
    assert shop.shopper.post(REDEMPTIONS, json=redemption_body()).status_code == 403


# Retries


def test_a_retry_gets_the_first_answer(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "once", "uses": 1})

    first = redeem(shop, "once", key="a key", hold_seconds=900)
    retry = redeem(shop, "once", key="a key")

    assert (first.status_code, retry.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first.headers
    assert retry.headers["Idempotent-Replayed"] == "true"
    assert retry.json() == first.json()
    move(shop, first.json()["data"], "confirm")
    assert redeem(shop, "once", key="a key").json() == first.json()
    assert refused(redeem(shop, "once", key="another"))
    assert_exact(shop)


def test_a_key_is_for_one_body_and_one_store(shop: Shop, new_shop: Callable[..., Shop]):
    first = redeem(shop, key="key")
    other = redeem(shop, key="key", state="confirmed")
    assert (other.status_code, other.json()["errors"][0]["title"]) == (422, "Idempotency Key Reused")
    elsewhere = redeem(new_shop(), key="key", state="confirmed")
    assert (first.status_code, elsewhere.status_code) == (201, 201)
    for key in ("", "x" * 256):
        assert redeem(shop, key=key).status_code == 400


def test_a_retry_of_a_move_gets_the_first_answer_whatever_came_after(shop: Shop):
    shop.add_codes(shop.promotion(), {"code": "few", "uses": 2})
    made, other = redeemed(shop, "few"), redeemed(shop, "few")

    def ask(to: str, redemption: dict[str, Any], key: str, **body: Any) -> httpx.Response:
        return shop.http.post(
            f"{REDEMPTIONS}/{redemption['id']}/{to}", json={"data": body}, headers={"Idempotency-Key": key}
        )

    confirmed = ask("confirm", made, "pay", order_id="7")
    released = ask("release", made, "back")
    assert (confirmed.status_code, released.status_code) == (200, 200)
    for again, first in (
        (ask("confirm", made, "pay", order_id="7"), confirmed),
        (ask("release", made, "back"), released),
    ):
        assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert ask("confirm", made, "later").status_code == 409
    assert ask("release", other, "later").status_code == 200  # refusals are not remembered
    for another in (
        ask("confirm", made, "pay", order_id="8"),
        ask("confirm", other, "pay", order_id="7"),
        ask("release", made, "pay"),
        redeem(shop, "few", key="pay"),
    ):
        assert (another.status_code, another.json()["errors"][0]["title"]) == (422, "Idempotency Key Reused")
    assert ask("confirm", made, "").status_code == 400
    assert_exact(shop)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data": {}}'])
def test_confirming_needs_no_body(shop: Shop, body: bytes):
    made = redeemed(shop)
    path, head = f"{REDEMPTIONS}/{made['id']}/confirm", {"Content-Type": "application/json"}
    assert shop.http.post(path, content=b'{"order_id": "7"}', headers=head).status_code == 400
    answer = shop.http.post(path, content=body, headers=head)
    assert (answer.status_code, answer.json()["data"]["state"]) == (200, "confirmed")


def test_refusals_are_not_remembered(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "once", "uses": 1})
    taken = redeemed(shop, "once")
    assert refused(redeem(shop, "once", key="key"))
    move(shop, taken, "release")
    answer = redeem(shop, "once", key="key")
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


# Codes that are used


def test_cancelling_a_job_keeps_the_codes_that_were_used(shop: Shop, records: Callable[..., Any]):
    """Codes without limits have no counter: only the ledger knows."""
    promotion = shop.promotion()
    job = shop.generate(promotion, 50)
    shop.ended_job(promotion, job)
    used, returned, *_ = [code["code"] for code in shop.list_codes(promotion)]
    redeemed(shop, used)
    move(shop, redeemed(shop, returned), "release")
    records("UPDATE promotion_jobs SET status = 'processing' WHERE id = %s", job)

    assert shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel").is_success

    ended = shop.ended_job(promotion, job)
    assert (ended["status"], ended["result"]["deleted"]) == ("cancelled", 49)
    assert [code["code"] for code in shop.list_codes(promotion)] == [used]


# Invariants


def test_drift_is_found(shop: Shop, records: Callable[..., Any]):
    promotion = shop.promotion()
    made = shop.add_codes(promotion, {"code": "few", "uses": 9}, {"code": "each", **ONCE_EACH}, "free").json()["data"]
    redeemed(shop, "few", shopper=ANN)
    redeemed(shop, "each", shopper=ANN)
    found = shop.http.get("/v2/rule-promotions/invariants").json()
    assert found == {"data": {"type": "invariants", "ok": True, "checked": 2, "drift": []}}

    records("UPDATE promotion_codes SET used = 4 WHERE id = %s", made[0]["id"])
    records("UPDATE code_shoppers SET used = 0 WHERE code_id = %s", made[1]["id"])
    assert shop.http.get("/v2/rule-promotions/invariants").json()["data"] == {
        "type": "invariants",
        "ok": False,
        "checked": 2,
        "drift": [
            {"code_id": made[0]["id"], "code": "few", "promotion_id": promotion, "counter": 4, "ledger": 1},
            {"code_id": made[1]["id"], "code": "each", "promotion_id": promotion, "counter": 0, "ledger": 1},
        ],
    }
    records("DELETE FROM code_shoppers WHERE code_id = %s", made[1]["id"])
    assert len(shop.http.get("/v2/rule-promotions/invariants").json()["data"]["drift"]) == 2


def test_a_blank_address_is_none(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "once", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}})
    shop.add_codes(promotion, {"code": "first", "is_for_new_shopper": True})
    for code in ("once", "first"):
        [(_, _, reason)] = refused(redeem(shop, code, shopper={"email": "   "}, state="confirmed"))
        assert reason == "guest_email_missing"


def test_an_address_is_one_however_it_is_spelled(shop: Shop):
    shop.add_codes(shop.promotion(), {"code": "once", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}})
    redeemed(shop, "once", shopper={"email": "jos\u00e9@shop.example"}, state="confirmed")
    [(_, _, reason)] = refused(redeem(shop, "once", shopper={"email": " JOSE\u0301@shop.example "}))
    assert reason == "shopper_exhausted"


def test_the_largest_cart_can_be_redeemed(shop: Shop):
    """Each application of an unlimited code is a use: more than a million a line."""
    action = {"strategy": "item_discount", "args": ["fixed", 1]}
    rules = {"strategy": "cart_total", "operator": "gte", "args": [0]}
    promotion = shop.promotion(rule_set={"rules": rules, "actions": [action] * 3})
    shop.add_codes(promotion, {"code": "each", "consume_unit": "per_application"})
    items = [{"id": str(n), "sku": "s", "quantity": 1_000_000, "unit_price": 100} for n in range(1000)]
    uses = redeemed(shop, "each", items=items, state="confirmed")["uses"]
    assert uses[0]["uses"] > 2**31
