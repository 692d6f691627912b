"""Judging carts over HTTP: what merchants and shoppers are told, drafts, moments, and bodies that are refused."""

import time
from typing import Any

import httpx
import pytest

from support import Shop, codes_body, evaluation_body, promotion_body

EVALUATIONS = "/v2/rule-promotions/evaluations"
FORBIDDEN = {"errors": [{"title": "Forbidden", "status": 403}]}
NOT_APPLICABLE = "No promotion could be found with the given code."
OUT_OF_REACH = {"strategy": "cart_total", "operator": "gte", "args": [5000]}


def draft(**members: Any) -> dict[str, Any]:
    return promotion_body(**members)["data"]


def percent_off(share: float, **members: Any) -> dict[str, Any]:
    return {"rules": RULES, "actions": [{"strategy": "cart_discount", "args": ["percent", share]}], **members}


RULES = {"strategy": "cart_total", "operator": "gte", "args": [1000]}


def ask(client: httpx.Client, **members: Any) -> httpx.Response:
    return client.post(EVALUATIONS, json=evaluation_body(**members))


def judged(client: httpx.Client, **members: Any) -> dict[str, Any]:
    answer = ask(client, **members)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def faults(client: httpx.Client, **members: Any) -> list[tuple[str, str, str]]:
    answer = ask(client, **members)
    assert answer.status_code == 400, answer.text
    return [(error["source"], error["title"], error["detail"]) for error in answer.json()["errors"]]


def names(evaluation: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["promotion_id"], one["code"]) for one in evaluation["applied"]]


def reasons(evaluation: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["reason"]) for one in evaluation["refused"]]


# What merchants are told


def test_an_automatic_promotion_and_a_code_apply_one_after_the_other(shop: Shop):
    automatic = shop.promotion(automatic=True, priority=2)
    coded = shop.promotion(rule_set=percent_off(50))
    shop.add_codes(coded, "Half-Off")

    evaluation = judged(shop.http, codes=["half-off"])

    assert evaluation == {
        "type": "evaluation",
        "currency": "EUR",
        "totals": {
            "without_discount": 2000,
            "discount": -1100,
            "with_discount": 900,
            "shipping": 0,
            "shipping_discount": 0,
        },
        "items": [
            {
                "id": "line",
                "quantity": 2,
                "unit_price": 1000,
                "value": 2000,
                "discount": -1100,
                "discounted_value": 900,
                "discounts": [
                    {
                        "promotion_id": automatic,
                        "code": f"auto_{automatic}",
                        "amount": -200,
                        "ordinal": 1,
                        "is_cart_discount": True,
                    },
                    {
                        "promotion_id": coded,
                        "code": "Half-Off",
                        "amount": -900,
                        "ordinal": 2,
                        "is_cart_discount": True,
                    },
                ],
            }
        ],
        "shipping_groups": [],
        "applied": [
            {
                "promotion_id": id_,
                "code": code,
                "name": "Ten percent off",
                "amount": amount,
                "applications": 1,
                "uses": 1,
            }
            for id_, code, amount in ((automatic, f"auto_{automatic}", -200), (coded, "Half-Off", -900))
        ],
        "refused": [],
        "added_items": [],
        "suggestions": [],
    }


def test_a_code_may_stand_for_several_promotions(shop: Shop):
    first, second = shop.promotion(), shop.promotion()
    for promotion in (first, second):
        shop.add_codes(promotion, "both")

    assert names(judged(shop.http, codes=["both"])) == [(second, "both"), (first, "both")]


def test_without_its_code_a_promotion_is_not_even_named(shop: Shop):
    shop.add_codes(shop.promotion(), "secret")

    evaluation = judged(shop.http, explain=True)
    assert evaluation["applied"] == evaluation["refused"] == []


def test_each_code_is_told_why_it_gives_nothing(shop: Shop):
    for name, members in {
        "off": {"enabled": False},
        "early": {"start": "2098-01-01"},
        "late": {"end": "2024-02-01"},
        "dollars": {"rule_set": percent_off(10, currencies=["USD"])},
        "catalog": {"rule_set": percent_off(10, catalog_ids=["other"])},
        "more": {"rule_set": percent_off(10) | {"rules": OUT_OF_REACH}},
        "nothing": {"rule_set": percent_off(0)},
    }.items():
        shop.add_codes(shop.promotion(**members), name)
    limited = [
        {"code": "used-up", "uses": 0},
        {"code": "bobs", "user": "bob"},
        {"code": "members", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": False}},
        {"code": "known", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}},
    ]
    shop.add_codes(shop.promotion(), *limited)
    codes = ["off", "early", "late", "dollars", "catalog", "more", "nothing", "used-up", "bobs", "members", "known"]

    assert dict(reasons(judged(shop.http, codes=[*codes, "nobody's"]))) == {
        "off": "disabled",
        "early": "not_started",
        "late": "ended",
        "dollars": "currency_mismatch",
        "catalog": "catalog_mismatch",
        "more": "rules_not_met",
        "nothing": "no_discount",
        "used-up": "code_exhausted",
        "bobs": "wrong_shopper",
        "members": "guest_not_allowed",
        "known": "guest_email_missing",
        "nobody's": "unknown_code",
    }


def test_the_limits_of_a_code_are_looked_up(shop: Shop):
    """What is left of a code per application bounds how many units it is for."""
    rule_set = {"rules": RULES, "actions": [{"strategy": "item_discount", "args": ["percent", 50]}]}
    promotion = shop.promotion(rule_set=rule_set)
    shop.add_codes(promotion, {"code": "once", "uses": 1, "consume_unit": "per_application", "user": "bob"})

    evaluation = judged(shop.http, codes=["once"], shopper={"customer_id": "bob"})

    assert evaluation["totals"]["discount"] == -500
    assert (evaluation["applied"][0]["applications"], evaluation["applied"][0]["uses"]) == (1, 1)


def test_a_code_entered_twice_counts_once_and_one_that_cannot_be_is_unknown(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, "Spring")
    impossible = ["", " \t", "a\nb", "x" * 256, "\u2028"]

    evaluation = judged(shop.http, codes=[" SPRING", "spring ", *impossible, "a\nb", "nope", "NOPE"])

    assert names(evaluation) == [(promotion, "Spring")]
    unknown = [("", "unknown_code"), ("a\nb", "unknown_code"), ("x" * 256, "unknown_code"), ("nope", "unknown_code")]
    assert reasons(evaluation) == unknown


def test_explained_automatic_promotions_are_named_and_conditions_told(shop: Shop):
    rule_set = percent_off(10) | {"rules": OUT_OF_REACH}
    promotion = shop.promotion(automatic=True, rule_set=rule_set)

    assert judged(shop.http)["refused"] == []
    [refused] = judged(shop.http, explain=True)["refused"]
    assert (refused["promotion_id"], refused["reason"]) == (promotion, "rules_not_met")
    assert refused["trace"].items() >= {**OUT_OF_REACH, "holds": False, "found": 2000}.items()


def test_all_that_a_cart_has_is_looked_at(shop: Shop):
    conditions = [
        {"strategy": "cart_custom_attribute", "operator": "eq", "args": ["channel", "string", "app"]},
        {"strategy": "account_tags", "operator": "contains_any", "args": ["vip"]},
        {"strategy": "item_category", "operator": "in", "args": ["shoes"]},
        {"strategy": "item_attribute", "operator": "in", "args": ["products(x)", "brand", "string", "EP"]},
    ]
    actions = [{"strategy": "shipping_discount", "args": ["percent", 50]}]
    shop.promotion(automatic=True, rule_set={"rules": {"strategy": "and", "children": conditions}, "actions": actions})
    line = {"id": "line", "sku": "boots", "quantity": 1, "unit_price": 1000, "category_ids": ["shoes"]}

    evaluation = judged(
        shop.http,
        items=[line | {"attributes": {"products(x)": {"brand": "EP"}}}],
        shipping_groups=[{"id": "parcel", "shipping_type": "standard", "base_price": 500, "item_ids": ["line"]}],
        custom_attributes={"channel": {"type": "string", "value": "app"}},
        shopper={"account_tags": ["vip"]},
    )

    assert evaluation["shipping_groups"][0]["discount"] == -250


def test_an_empty_cart_is_judged(shop: Shop):
    shop.promotion(automatic=True)

    evaluation = judged(shop.http, items=[])
    assert (evaluation["items"], evaluation["applied"]) == ([], [])


def test_nothing_is_stored(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, {"code": "once", "uses": 1})

    answers = [judged(shop.http, codes=["once"]) for _ in range(3)]

    assert answers[0]["applied"]
    assert answers[0] == answers[1] == answers[2]
    assert shop.list_codes(promotion)[0]["uses"] == 1


# Moments


def test_a_promotion_runs_from_its_start_and_before_its_end(shop: Shop):
    shop.promotion(automatic=True, start="2024-03-31T22:00:00Z", end="2024-04-30 22:00")

    def applies(at: str) -> bool:
        return bool(judged(shop.http, at=at)["applied"])

    assert not applies("2024-03-31T21:59:59.999999Z")
    assert applies("2024-03-31T22:00:00Z")
    assert applies("2024-03-31 22:00")
    assert applies("2024-04-01")
    assert applies("2024-04-01T00:00:00+02:00")
    assert not applies("2024-04-01T00:00:00+03:00")
    assert applies("2024-04-30T21:59:59.999999Z")
    assert not applies("2024-04-30T22:00:00Z")
    assert not applies("2024-04-30T18:00:00-04:00")


def test_null_is_now(shop: Shop):
    shop.promotion(automatic=True)
    assert judged(shop.http, at=None, promotions=None)["applied"]


@pytest.mark.parametrize("at", ["tomorrow", "2024-02-30", "0001-01-01T00:00:00+14:00", ""])
def test_what_is_no_moment_is_refused(shop: Shop, at: str):
    assert faults(shop.http, at=at) == [("data.at", "format", "Does not match format 'date-time'")]


# What shoppers are told


def test_a_shopper_is_told_of_discounts_and_in_the_same_words_of_everything_else(shop: Shop):
    """Whatever is wrong with a code, the answer is the same but for the code itself."""
    shop.promotion(automatic=True, priority=1)
    shop.promotion(automatic=True, rule_set=percent_off(10) | {"rules": OUT_OF_REACH})
    shop.add_codes(shop.promotion(), {"code": "exhausted", "uses": 0}, {"code": "bobs", "user": "bob"})
    shop.add_codes(shop.promotion(end="2024-02-01"), "ended")
    shop.add_codes(shop.promotion(start="2098-01-01"), "early")
    shop.add_codes(shop.promotion(enabled=False), "disabled")
    shop.add_codes(shop.promotion(stackable=False), "alone")
    shop.add_codes(shop.promotion(rule_set=percent_off(10) | {"rules": OUT_OF_REACH}), "unmet")
    shop.add_codes(gone := shop.promotion(), "deleted")
    shop.http.delete(f"/v2/rule-promotions/{gone}")

    codes = ["exhausted", "bobs", "ended", "early", "disabled", "alone", "unmet", "deleted", "unknown", "x\ny", ""]
    bodies = [
        ask(shop.shopper, codes=[code]).text.replace(f'"code":"{code}"'.replace("\n", "\\n"), "") for code in codes
    ]
    explained = ask(shop.shopper, codes=["unknown"], explain=True).text.replace('"code":"unknown"', "")

    assert set(bodies) == {explained}
    evaluation = judged(shop.shopper, codes=["Ended", "unknown", "ENDED "])
    assert evaluation["totals"]["discount"] == -200
    assert evaluation["refused"] == [
        {"code": code, "reason": "not_applicable", "detail": NOT_APPLICABLE} for code in ("Ended", "unknown")
    ]


def test_drafts_whose_answer_would_be_endless_are_refused(shop: Shop):
    action = {"strategy": "cart_discount", "args": ["fixed", 1]}
    draft = promotion_body()["data"] | {
        "rule_set": {"rules": {"strategy": "cart_total", "operator": "gte", "args": [0]}}
    }
    draft["rule_set"]["actions"] = [action] * 100
    lines = [{"id": str(n), "quantity": 1, "unit_price": 100} for n in range(1000)]
    body = {
        "type": "evaluation",
        "currency": "USD",
        "items": lines,
        "promotions": [draft | {"id": str(n)} for n in range(11)],
    }
    answer = shop.http.post("/v2/rule-promotions/evaluations", json={"data": body})
    assert answer.status_code == 400
    [fault] = answer.json()["errors"]
    assert (fault["title"], fault["detail"]) == (
        "too_much",
        "1,000 lines times 1,100 actions of drafts are 1,100,000; at most 1,000,000 at once",
    )


def test_a_draft_named_like_an_entered_code_is_not_taken_for_it(shop: Shop):
    drafts = [
        promotion_body(name="one")["data"] | {"id": "SAVE10"},
        promotion_body(name="two")["data"] | {"code": "save10"},
    ]
    body = {"type": "evaluation", "currency": "USD", "items": [{"id": "a", "quantity": 1, "unit_price": 10_000}]}
    answer = shop.http.post("/v2/rule-promotions/evaluations", json={"data": body | {"promotions": drafts}}).json()[
        "data"
    ]
    assert [one["promotion_id"] for one in answer["applied"]] == ["SAVE10"]


def test_a_shopper_learns_nothing_of_a_code_by_what_it_suggests(shop: Shop):
    target = {"strategy": "item_sku", "operator": "in", "args": ["nowhere"]}
    action = {
        "strategy": "item_discount",
        "args": ["percent", 50],
        "condition": target,
        "limitations": {"items": {"max_items": 1, "show_suggestions": True}},
    }
    anything = {"strategy": "cart_total", "operator": "gte", "args": [0]}
    promotion = shop.promotion(rule_set={"rules": anything, "actions": [action]})
    shop.add_codes(promotion, "half-off")
    cart = {"type": "evaluation", "currency": "USD", "items": [{"id": "a", "quantity": 1, "unit_price": 100}]}
    path = "/v2/rule-promotions/evaluations"
    answers = [
        shop.shopper.post(path, json={"data": cart | {"codes": [code]}}).json() for code in ("half-off", "half-on")
    ]
    known, unknown = (answer["data"] for answer in answers)
    assert known.pop("refused")[0].pop("code") == "half-off"
    assert unknown.pop("refused")[0].pop("code") == "half-on"
    assert known == unknown
    told = shop.http.post(path, json={"data": cart | {"codes": ["half-off"]}}).json()["data"]
    assert len(told["suggestions"]) == 1


def test_a_shopper_s_code_applies_and_is_not_refused_besides(shop: Shop):
    promotion, ended = shop.promotion(), shop.promotion(end="2024-02-01")
    for one in (promotion, ended):
        shop.add_codes(one, "Spring")

    evaluation = judged(shop.shopper, codes=["nope", "SPRING"])

    assert names(evaluation) == [(promotion, "Spring")]
    assert reasons(evaluation) == [("nope", "not_applicable")]


@pytest.mark.parametrize("members", [{"at": "2030-01-01"}, {"promotions": []}, {"promotions": [draft()]}])
def test_a_shopper_may_not_look_at_what_is_to_come(shop: Shop, members: dict[str, Any]):
    answer = ask(shop.shopper, **members)
    assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


# Drafts


def test_drafts_are_judged_instead_of_the_store_s_promotions(shop: Shop):
    shop.promotion(automatic=True)
    shop.add_codes(shop.promotion(), "spring")

    assert judged(shop.http, promotions=[], codes=["spring"], explain=True)["applied"] == []
    evaluation = judged(shop.http, promotions=[draft()], codes=["spring"])
    assert names(evaluation) == [("draft-0", "draft-0")]
    assert reasons(evaluation) == [("spring", "unknown_code")]


def test_drafts_are_named_and_come_by_their_codes(shop: Shop):
    drafts = [
        draft(),
        draft(automatic=True),
        draft(automatic=True, id="gift"),
        draft(id="summer"),
        draft(code=" Both ", id="first"),
        draft(code="BOTH"),
        draft(code="unsaid"),
        draft(automatic=True, code="inert"),
    ]

    evaluation = judged(shop.http, promotions=drafts, codes=["both", "inert"])

    assert names(evaluation) == [  # the last counts as the newest
        ("draft-7", "auto_draft-7"),
        ("draft-5", "BOTH"),
        ("first", "Both"),
        ("summer", "summer"),
        ("gift", "auto_gift"),
        ("draft-1", "auto_draft-1"),
        ("draft-0", "draft-0"),
    ]
    assert reasons(evaluation) == [("inert", "unknown_code")]


def test_a_draft_s_name_may_be_entered_as_well(shop: Shop):
    evaluation = judged(shop.http, promotions=[draft(id="Summer"), draft(id="SUMMER")], codes=["summer"])
    assert names(evaluation) == [("SUMMER", "SUMMER"), ("Summer", "Summer")]
    assert evaluation["refused"] == []


def test_drafts_are_written_as_promotions_are(shop: Shop):
    condition = {"strategy": "item_sku", "operator": "in", "args": ["sock"]}
    rule_set = {
        "rules": [{"strategy": "and", "operator": "", "args": None, "children": [condition]}],
        "actions": [{"strategy": "item_bundle_discount", "args": ["percent", 10]}],
    }
    stored = shop.http.get(f"/v2/rule-promotions/{shop.promotion(color='red', empty=None)}").json()["data"]

    assert ask(shop.http, promotions=[draft(rule_set=rule_set, start="2024-01-01 10:00", color="red")]).is_success
    assert names(judged(shop.http, promotions=[stored])) == [(stored["id"], stored["id"])]


def test_drafts_take_priority_stacking_and_moments_as_promotions_do(shop: Shop):
    drafts = [draft(priority=5, stackable=False), draft(), draft(end="2024-02-01"), draft(enabled=False)]

    evaluation = judged(shop.http, promotions=drafts)
    assert names(evaluation) == [("draft-0", "draft-0")]
    assert sorted(reasons(evaluation)) == [("draft-1", "cannot_stack"), ("draft-2", "ended"), ("draft-3", "disabled")]
    assert names(judged(shop.http, promotions=drafts[2:], at="2024-01-15")) == [("draft-0", "draft-0")]


def test_faults_of_drafts_are_named_each_with_its_place(shop: Shop):
    no_actions = {"rules": RULES, "actions": []}
    long_name = draft(**{"x" * 256: 1})
    bad_share = percent_off(101)
    drafts = [draft(), draft(name=7), draft(rule_set=no_actions), long_name, draft(rule_set=bad_share), 5, draft(id="")]

    assert faults(shop.http, currency="eur", promotions=drafts) == [
        ("data.currency", "pattern", "Does not match pattern '^[A-Z]{3}$'"),
        ("data.promotions.1.name", "invalid_type", "Invalid type. Expected: string, given: integer"),
        ("data.promotions.2.rule_set.actions", "array_min_items", "Array must have at least 1 items"),
        (
            f"data.promotions.3.{'x' * 256}",
            "string_lte",
            "String length must be less than or equal to 255",
        ),
        ("data.promotions.4.rule_set.actions.0.args.1", "number_lte", "Must be less than or equal to 100"),
        ("data.promotions.5", "invalid_type", "Invalid type. Expected: object, given: integer"),
        ("data.promotions.6.id", "string_gte", "String length must be greater than or equal to 1"),
    ]


def test_drafts_that_cannot_be_told_apart_and_codes_that_cannot_be_are_refused(shop: Shop):
    drafts = [draft(id="a"), draft(id="draft-2"), draft(), draft(id="a"), draft(code=" "), draft(code="a\tb")]

    assert faults(shop.http, promotions=drafts) == [
        ("data.promotions.2.id", "unique", "draft-2 names another one already"),
        ("data.promotions.3.id", "unique", "a names another one already"),
        ("data.promotions.4.code", "string_gte", "String length must be greater than or equal to 1"),
        ("data.promotions.5.code", "pattern", "Does not match pattern '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]+$'"),
    ]


def test_a_draft_that_contradicts_itself_is_refused_as_a_promotion_is(shop: Shop):
    upside_down = draft(start="2030-01-02", end="2030-01-01")
    alone = shop.http.post("/v2/rule-promotions", json={"data": upside_down}).json()["errors"][0]

    answer = ask(shop.http, promotions=[draft(), upside_down])
    assert answer.status_code == 422
    assert answer.json()["errors"] == [alone | {"meta": {"promotion_id": "draft-1"}}]
    # Faults are named first, all of them.
    both = faults(shop.http, promotions=[upside_down, draft(enabled="yes")])
    assert [source for source, _, _ in both] == ["data.promotions.1.enabled"]


def test_a_thousand_drafts_are_judged_and_no_more(shop: Shop):
    drafts = [draft(priority=index, rule_set=percent_off(1)) for index in range(1000)]
    assert len(judged(shop.http, promotions=drafts)["applied"]) > 50
    assert faults(shop.http, promotions=[*drafts, draft()]) == [
        ("data.promotions", "array_max_items", "Array must have at most 1000 items")
    ]


# Bodies that are refused


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"type": "cart"}, [("data.type", "enum")]),
        ({"currency": None}, [("data.currency", "invalid_type")]),
        ({"items": {}}, [("data.items", "invalid_type")]),
        ({"codes": ["a"] * 101}, [("data.codes", "array_max_items")]),
        ({"codes": "spring"}, [("data.codes", "invalid_type")]),
        ({"codes": ["a", 5, None]}, [("data.codes.1", "invalid_type"), ("data.codes.2", "invalid_type")]),
        ({"explain": "yes"}, [("data.explain", "invalid_type")]),
        ({"at": 5}, [("data.at", "invalid_type")]),
        ({"promotions": {}}, [("data.promotions", "invalid_type")]),
        ({"code": "spring"}, [("data.code", "additional_property_not_allowed")]),
        ({"shopper": {"mail": "a"}}, [("data.shopper.mail", "additional_property_not_allowed")]),
        ({"custom_attributes": {"a": 5}}, [("data.custom_attributes.a", "invalid_type")]),
        (
            {"custom_attributes": {"a": {"type": "integer", "value": "5"}}},
            [("data.custom_attributes.a.value", "invalid_type")],
        ),
        ({"shipping_groups": [{"id": "a", "shipping_type": "b"}]}, [("data.shipping_groups.0.base_price", "required")]),
        (
            {"items": [{"id": "a", "quantity": 0, "unit_price": -1}, {"sku": "", "quantity": 1.5, "unit_price": True}]},
            [
                ("data.items.0.quantity", "number_gte"),
                ("data.items.0.unit_price", "number_gte"),
                ("data.items.1.id", "required"),
                ("data.items.1.quantity", "invalid_type"),
                ("data.items.1.sku", "string_gte"),
                ("data.items.1.unit_price", "invalid_type"),
            ],
        ),
        ({"items": [{"id": "a", "quantity": 1, "unit_price": 1}] * 2}, [("data.items.1.id", "unique")]),
    ],
    ids=repr,
)
def test_every_fault_of_a_body_is_named(shop: Shop, members: dict[str, Any], expected: list[tuple[str, str]]):
    for client in (shop.http, shop.shopper):
        assert sorted(fault[:2] for fault in faults(client, **members)) == expected


def test_the_faults_of_a_huge_body_are_named_in_little_time(shop: Shop):
    """One body must not keep an API process from everybody else."""
    numbers = {str(index): [1] * 100 for index in range(35)}
    line = {"quantity": 1, "unit_price": 1, "attributes": {"template": {**numbers, "bad": {}}}}
    began = time.monotonic()

    found = faults(shop.shopper, items=[{"id": str(index), **line} for index in range(900)])

    assert time.monotonic() - began < 10
    assert found[0][:2] == ("data.items.0.attributes.template.bad", "invalid_type")


def test_what_is_right_does_not_hide_what_is_wrong(shop: Shop):
    fields = {str(index): index for index in range(400)}
    line = {"quantity": 0, "unit_price": 1, "attributes": {str(index): fields for index in range(50)}}

    found = faults(shop.http, items=[{"id": str(index), **line} for index in range(3)])

    assert [fault[:2] for fault in found] == [(f"data.items.{index}.quantity", "number_gte") for index in range(3)]


def test_no_data_no_evaluation(shop: Shop):
    for body in ({}, {"data": None}, {"data": []}, {"type": "evaluation"}, codes_body("a")):
        answer = shop.http.post(EVALUATIONS, json=body)
        assert answer.status_code == 400, answer.text
    required = shop.http.post(EVALUATIONS, json={"data": {}}).json()["errors"]
    assert [error["detail"] for error in required] == [f"{name} is required" for name in ("currency", "items", "type")]


def test_a_thousand_lines_are_judged_and_no_more(shop: Shop):
    shop.promotion(automatic=True)
    lines = [{"id": str(index), "quantity": 1, "unit_price": 100} for index in range(1001)]

    assert judged(shop.http, items=lines[:1000])["totals"]["discount"] == -10_000
    assert faults(shop.http, items=lines) == [("data.items", "array_max_items", "Array must have at most 1000 items")]


def test_a_hundred_codes_are_looked_up(shop: Shop):
    promotion = shop.promotion()
    codes = [f"code-{index}" for index in range(100)]
    shop.add_codes(promotion, *codes)

    evaluation = judged(shop.http, codes=codes)
    assert names(evaluation) == [(promotion, "code-0")]
    assert reasons(evaluation) == [(code, "cannot_stack") for code in codes[1:]]
