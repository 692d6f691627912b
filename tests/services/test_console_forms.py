"""Creating and changing promotions with the form of the console; what the rule builder is made from."""

import json
import re
from html import unescape
from typing import Any, get_args

import msgspec
import pytest

from couponry.console import words
from couponry.console.rules import reading
from couponry.console.sentences import sentence
from couponry.domain.actions import AnyAction
from couponry.domain.code_files import LIMITS
from couponry.domain.conditions import AnyCondition
from couponry.domain.promotions import RuleSet
from support import Shop
from visitor import Visitor

RULES: dict[str, Any] = {
    "rules": {"strategy": "cart_total", "operator": "gte", "args": [5000]},
    "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
}


def filled(**fields: str | None) -> dict[str, str]:
    """Return a form that creates a promotion, with *fields* in place of the usual ones; None leaves one out."""
    usual = {
        "name": "Summer",
        "start": "2026-06-01T00:00",
        "end": "2036-09-01T12:30:15",
        "stackable": "on",
        "rule_set": json.dumps(RULES),
    }
    return {name: value for name, value in (usual | fields).items() if value is not None}


def stored(guest: Visitor, path: str) -> dict[str, Any]:
    return guest.shop.http.get(f"/v2/rule-promotions/{path.rpartition('/')[2]}").json()["data"]


def form_on(text: str) -> dict[str, str]:
    """Return what the form of a page says as it stands."""
    inputs = re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', text)
    fields = {name: unescape(value) for name, value in inputs}
    fields |= dict.fromkeys(re.findall(r'type="checkbox" id="\w+" name="(\w+)" checked', text), "on")
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', text, re.DOTALL)
    return fields | {name: unescape(value) for name, value in areas}


def test_a_form_creates_what_it_says(guest: Visitor):
    answer = guest.post("/promotions", **filled(enabled="on", priority="-3", description=" For June "))

    assert answer.status_code == 303
    made = stored(guest, answer.headers["location"])
    assert made["name"] == "Summer"
    assert made["description"] == "For June"
    assert (made["enabled"], made["automatic"], made["stackable"], made["priority"]) == (True, False, True, -3)
    assert (made["start"], made["end"]) == ("2026-06-01T00:00:00Z", "2036-09-01T12:30:15Z")
    assert made["rule_set"] == RULES
    assert made["created_by"] == guest.shop.client_id


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"name": ""}, "name", "Fill this in."),
        ({"priority": "high"}, "priority", "Write a whole number."),
        ({"priority": "1,5"}, "priority", "Write a whole number."),
        ({"start": "soon"}, "start", "Write a date and a time."),
        ({"start": None}, "start", "Fill this in."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    guest: Visitor, fields: dict[str, str | None], field: str, message: str
):
    answer = guest.post("/promotions", **filled(**fields, description="typed already"))

    assert answer.status_code == 422
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="{field}-fault', answer.text)
    assert f'<p class="fault" id="{field}-fault">{message}</p>' in answer.text
    assert "typed already" in answer.text
    assert unescape(form_on(answer.text)["rule_set"]) == json.dumps(RULES)


def test_faults_of_rules_are_told_with_their_place(guest: Visitor):
    rules = {"strategy": "and", "children": [{"strategy": "item_sku", "operator": "is", "args": []}]}

    answer = guest.post("/promotions", **filled(rule_set=json.dumps(RULES | {"rules": rules})))

    assert answer.status_code == 422
    told = json.loads(answer.text.partition("data-faults>")[2].partition("</script>")[0])
    assert {fault["source"] for fault in told} == {"rules.children.0.operator", "rules.children.0.args"}


MUG = {"strategy": "item_sku", "operator": "in", "args": ["mug", ""]}
TEN = {"strategy": "cart_discount", "args": ["percent", 10]}


@pytest.mark.parametrize(
    ("rules", "action", "place"),
    [
        (None, {"strategy": "cart_discount", "args": ["percent", 120]}, "What they get 1, Percent off"),
        (None, {"strategy": "cart_discount", "args": ["fixed", "x"]}, "What they get 1, Amount off"),
        (None, {"strategy": "cart_discount", "args": ["most"]}, "What they get 1, How much"),
        (None, {"strategy": "item_discount", "args": ["fixed_price", 0, 1]}, "What they get 1, Units together"),
        (None, {"strategy": "shipping_discount", "args": ["fixed_price", -1]}, "What they get 1, Price together"),
        (None, TEN | {"limitations": {"max_discount": -1}}, "What they get 1, Limits, At most this much off"),
        ({"strategy": "and", "children": [TEN, MUG]}, None, "Who qualifies, Conditions 2, Values, line 2"),
        ({"strategy": "cart_total", "operator": "gte", "args": ["x"]}, None, "Who qualifies, Amount"),
        ({"strategy": "cart_total", "operator": "range", "args": [1, "x"]}, None, "Who qualifies, To"),
        ({"strategy": "item_quantity", "operator": "gte", "args": ["x"]}, None, "Who qualifies, Number"),
        ({"strategy": "item_identifier", "operator": "in", "args": [{"skus": [""]}]}, None,
         "Who qualifies, SKUs, line 1"),
        ({"strategy": "cart_custom_attribute", "operator": "eq", "args": ["visits", "money", 1]}, None,
         "Who qualifies, Type"),
        ({"strategy": "item_sku", "operator": "is", "args": ["mug"]}, None, "Who qualifies, How"),
        ([], None, "Who qualifies"),
    ],
)  # fmt: skip
def test_the_summary_calls_the_fields_of_rules_as_the_form_does(
    guest: Visitor, rules: object, action: object, place: str
):
    said = {"rules": RULES["rules"] if rules is None else rules, "actions": [action or TEN]}

    answer = guest.post("/promotions", **filled(rule_set=json.dumps(said)))

    assert answer.status_code == 422
    assert place in re.findall(r'data-fault-link="[^"]*">([^<]*)</a>', answer.text)
    assert not re.search(r">[^<]*\b(rules|actions|args|children)\.\d*[^<]*<", answer.text.partition("<form class")[0])


@pytest.mark.parametrize("text", ["{", "[1]", "null", '"x"', "", "[" * 5000])
def test_json_that_is_no_rule_set_is_refused(guest: Visitor, text: str):
    answer = guest.post("/promotions", **filled(rule_set=text))

    assert answer.status_code == 422
    assert "data-faults>[{" in answer.text


def test_refusals_of_the_store_are_told_and_nothing_is_lost(guest: Visitor):
    guest.post("/promotions", **filled(priority="1", enabled="on", start="2024-01-01T00:00"))

    answer = guest.post("/promotions", **filled(priority="1", enabled="on", name="Second"))

    assert answer.status_code == 422
    assert "Priority already in use" in answer.text
    assert 'value="Second"' in answer.text


def test_what_is_not_touched_stays_as_it_is(guest: Visitor):
    id_ = guest.shop.promotion(start="2026-06-01T00:00:00.123456Z", custom="kept", description="old", priority=4)
    form = form_on(guest.shown(f"/promotions/{id_}/edit"))

    answer = guest.post(f"/promotions/{id_}", **(form | {"name": "New name"}))

    assert answer.status_code == 303
    now = stored(guest, id_)
    assert (now["name"], now["custom"], now["description"], now["priority"]) == ("New name", "kept", "old", 4)
    assert now["start"] == "2026-06-01T00:00:00.123456Z"


def test_a_fraction_of_a_second_stays_though_browsers_leave_out_seconds_that_are_0(guest: Visitor):
    id_ = guest.shop.promotion(end="2036-06-01T10:00:00.500Z")
    form = form_on(guest.shown(f"/promotions/{id_}/edit"))

    guest.post(f"/promotions/{id_}", **(form | {"end": "2036-06-01T10:00"}))
    assert stored(guest, id_)["end"] == "2036-06-01T10:00:00.500000Z"
    form = form_on(guest.shown(f"/promotions/{id_}/edit"))
    guest.post(f"/promotions/{id_}", **(form | {"end": "2036-06-01T10:01"}))
    assert stored(guest, id_)["end"] == "2036-06-01T10:01:00Z"


def test_a_year_has_four_digits_in_a_field(guest: Visitor):
    id_ = guest.shop.promotion(start="0001-01-01T00:00:00Z")

    form = form_on(guest.shown(f"/promotions/{id_}/edit"))

    assert form["start"] == "0001-01-01T00:00:00"
    assert guest.post(f"/promotions/{id_}", **(form | {"start": "0002-01-01T00:00"})).status_code == 303
    assert stored(guest, id_)["start"] == "0002-01-01T00:00:00Z"


def test_what_is_emptied_is_gone(guest: Visitor):
    id_ = guest.shop.promotion(description="old", priority=4)
    form = form_on(guest.shown(f"/promotions/{id_}/edit"))
    form.pop("enabled")

    guest.post(f"/promotions/{id_}", **(form | {"description": "", "priority": ""}))

    now = stored(guest, id_)
    assert ("description" in now, "priority" in now, now["enabled"]) == (False, False, False)


def test_of_two_who_change_a_promotion_the_second_is_told(guest: Visitor):
    id_ = guest.shop.promotion()
    form = form_on(guest.shown(f"/promotions/{id_}/edit"))
    assert guest.post(f"/promotions/{id_}", **(form | {"name": "First"})).status_code == 303

    answer = guest.post(f"/promotions/{id_}", **(form | {"name": "Second"}))

    assert answer.status_code == 422
    assert "Somebody else has changed" in answer.text
    assert stored(guest, id_)["name"] == "First"


def test_another_store_s_promotion_cannot_be_changed(guest: Visitor, new_shop):
    other: Shop = new_shop()
    foreign = other.promotion(name="Foreign")

    assert guest.get(f"/promotions/{foreign}/edit").status_code == 404
    assert guest.post(f"/promotions/{foreign}", **filled()).status_code == 404


def test_the_builder_is_given_every_strategy_operator_action_and_limitation(guest: Visitor):
    blocks = guest.get("/rules.json").json()
    shapes = blocks["shapes"]
    known = {
        shape["properties"]["strategy"]["enum"][0]
        for shape in shapes.values()
        if "strategy" in shape.get("properties", {})
    }

    assert known == {one.__struct_config__.tag for one in (*get_args(AnyCondition), *get_args(AnyAction))}
    assert shapes["CartTotal"]["properties"]["operator"]["enum"] == ["eq", "gt", "gte", "lt", "lte", "range"]
    assert set(shapes["TargetItems"]["properties"]) >= {"max_items", "max_units", "price_strategy", "auto_add"}
    assert shapes["FixedPriceFor"]["names"] == ["quantity", "total"]


def test_every_part_of_rule_sets_has_a_word():
    strategies = {one.__struct_config__.tag for one in (*get_args(AnyCondition), *get_args(AnyAction))}

    assert strategies == set(words.STRATEGIES)
    assert strategies - {"and", "or"} == set(words.HINTS)
    assert set(LIMITS) == set(words.COLUMNS)


def test_every_example_of_the_documentation_is_said_in_a_sentence(pytestconfig: pytest.Config):
    text = (pytestconfig.rootpath / "docs/strategies.md").read_text()
    examples = [
        one for block in re.findall(r"```json promotions\n(.*?)```", text, re.DOTALL) for one in json.loads(block)
    ]

    for example in examples:
        said = sentence(msgspec.convert(example["rule_set"], RuleSet))
        assert re.fullmatch(r"When .*[^ ]\.", said), said
        assert not re.search(r"item_|cart_|_discount|\(\)|None|\{", said), said
    assert len(examples) > 30


@pytest.mark.parametrize(
    ("rule_set", "said"),
    [
        (RULES, "When the cart comes to 50.00 or more, take 10 % off the cart."),
        (
            {
                "currencies": ["EUR"],
                "rules": {
                    "strategy": "and",
                    "children": [
                        {
                            "strategy": "or",
                            "children": [
                                {"strategy": "item_sku", "operator": "in", "args": ["a", "b", "c", "d", "e", "f", "g"]},
                                {"strategy": "account_tags", "operator": "contains_all", "args": ["vip", "eu"]},
                            ],
                        },
                        {"strategy": "item_price", "operator": "lt", "args": [1999]},
                    ],
                },
                "actions": [
                    {
                        "strategy": "item_discount",
                        "args": ["fixed", 250],
                        "limitations": {"max_discount": 1000, "max_quantity": 1},
                    },
                    {"strategy": "shipping_discount", "args": ["percent", 12.5]},
                ],
            },
            (
                "When (the cart has an item whose SKU is “a”, “b”, “c”, “d”, “e” or 2 more or the account has the tags"
                " “vip” and “eu”), counting only items costing less than 19.99, take 2.50 off each unit of the items"
                " that matched, at most 1 unit of each line, at most 10.00 in total; then take 12.5 % off shipping,"
                " only for currency “EUR”."
            ),
        ),
    ],
)
def test_rules_are_said_as_they_are_judged(rule_set: dict[str, Any], said: str):
    assert reading(msgspec.json.encode(rule_set)).sentence == said.replace(" %", "\N{NO-BREAK SPACE}%")


@pytest.mark.parametrize(
    ("currencies", "said"),
    [
        (None, "When the cart comes to 50.00 or more, take 5.00 off the cart."),
        (["jpy"], "When the cart comes to 5,000 or more, take 500 off the cart, only for currency “jpy”."),
        (["KWD"], "When the cart comes to 5.000 or more, take 0.500 off the cart, only for currency “KWD”."),
        (["USD", "EUR"], "comes to 50.00 or more, take 5.00 off the cart"),
        (["USD", "JPY"], "comes to 50.00 USD or 5,000 JPY or more, take 5.00 USD or 500 JPY off the cart"),
    ],
)
def test_amounts_of_rules_have_the_decimals_of_their_currencies(currencies: list[str] | None, said: str):
    rules = {"strategy": "cart_total", "operator": "gte", "args": [5000]}
    actions = [{"strategy": "cart_discount", "args": ["fixed", 500]}]
    named = {} if currencies is None else {"currencies": currencies}

    told = reading(json.dumps({"rules": rules, "actions": actions} | named).encode()).sentence

    assert told is not None
    assert said in told


def test_the_reading_is_for_modules_of_our_own_pages(guest: Visitor):
    body = json.dumps(RULES)
    own = guest.headers | {"Origin": guest.origin, "X-Form-Token": guest.token()}

    answer = guest.http.post("/console/rules/reading", content=body, headers=own)
    assert answer.json()["sentence"].startswith("When the cart comes to 50.00 or more")
    for header in ("Origin", "X-Form-Token"):
        headers = {name: value for name, value in own.items() if name != header}
        assert guest.http.post("/console/rules/reading", content=body, headers=headers).status_code == 403


def test_a_module_is_told_that_the_session_is_over(visitor: Visitor):
    answer = visitor.http.get("/console/rules.json", headers={"Accept": "application/json"})

    assert answer.status_code == 401


def test_a_rule_that_every_cart_meets_is_read_as_always():
    percent = {"strategy": "cart_discount", "args": ["percent", 10]}

    def read(**rules: Any) -> str:
        return sentence(msgspec.convert({"rules": {"strategy": "cart_total"} | rules, "actions": [percent]}, RuleSet))

    assert read(operator="gte", args=[0]) == "Always take 10\N{NO-BREAK SPACE}% off the cart."
    assert read(operator="gt", args=[0]).startswith("When the cart comes to more than 0.00, take 10")
    assert read(operator="gte", args=[1]).startswith("When the cart comes to 0.01 or more, take 10")
    mugs = {"strategy": "item_sku", "operator": "in", "args": ["mug"]}
    assert read(operator="gte", args=[0], children=[mugs]).startswith("When what it has of items whose SKU is “mug”")
