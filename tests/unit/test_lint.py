"""What is told of promotions that were hardly meant so, and of those that may be silence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from couponry.api.documents import decode_promotion
from couponry.domain.lint import Finding, lint
from couponry.domain.promotion_book import Entry, entry
from couponry.domain.shadowing import lint_store
from support import promotion_body

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANY = {"strategy": "cart_total", "operator": "gte", "args": [0]}
TEN = {"strategy": "cart_discount", "args": ["percent", 10]}


def leaf(strategy: str, operator: str, *args: Any, **more: Any) -> dict[str, Any]:
    return {"strategy": strategy, "operator": operator, "args": list(args), **more}


def every(*children: Any) -> dict[str, Any]:
    return {"strategy": "and", "children": list(children)}


def either(*children: Any) -> dict[str, Any]:
    return {"strategy": "or", "children": list(children)}


def findings(rules: Any = ANY, *actions: Any, codes: int | None = None, **members: Any) -> list[Finding]:
    rule_set = {"rules": rules, "actions": list(actions) or [TEN], **members.pop("rule_set", {})}
    body = promotion_body(rule_set=rule_set, **members)
    return lint(decode_promotion(msgspec.json.encode(body)), NOW, codes=codes)


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in found]


TOTAL = ("cart_total",)
IMPOSSIBLE = [
    (leaf("cart_total", "lt", 0), "rules"),
    (leaf("cart_total", "eq", 10.5), "rules"),
    (leaf("item_quantity", "lt", 1), "rules"),
    (leaf("item_quantity", "gt", 1_000_000), "rules"),
    (leaf("item_price", "lt", 0), "rules"),
    (every(leaf("cart_total", "gte", 5000), leaf("cart_total", "lt", 5000)), "rules"),
    (every(leaf("cart_total", "gte", 5000), every(leaf("cart_total", "range", 1, 4999))), "rules"),
    (every(leaf("item_price", "gt", 100), leaf("item_price", "lte", 100)), "rules"),
    (every(leaf("item_quantity", "gt", 1), leaf("item_quantity", "lt", 2)), "rules"),
    (every(leaf("item_sku", "in", "a"), leaf("item_sku", "nin", "a", "b")), "rules.children.0"),
    (every(leaf("item_category", "in", "a"), leaf("item_category", "nin", "a")), "rules.children.0"),
    (leaf("item_category", "in", "a", children=[leaf("item_category", "nin", "a")]), "rules"),
    (
        leaf("item_category", "in", "a", children=[leaf("item_sku", "in", "x"), leaf("item_sku", "in", "y")]),
        "rules",
    ),
    (leaf("cart_total", "gte", 1, children=[every(leaf("item_price", "gt", 2), leaf("item_price", "lt", 2))]), None),
    (either(leaf("cart_total", "lt", 0), leaf("item_quantity", "lt", 1)), "rules.children.0"),
    (every(leaf("account_tags", "contains_any", "a"), leaf("account_tags", "not_contains_any", "a", "b")), "rules"),
    (every(leaf("account_tags", "contains_all", "a", "b"), leaf("account_tags", "not_contains_any", "b")), "rules"),
    (every(leaf("account_tags", "contains_all", "a", "b"), leaf("account_tags", "not_contains_all", "b")), "rules"),
    (
        every(
            leaf("cart_custom_attribute", "eq", "k", "string", "x"),
            leaf("cart_custom_attribute", "in", "k", "string", "y", "z"),
        ),
        "rules",
    ),
    (
        every(
            leaf("cart_custom_attribute", "gt", "k", "integer", 4),
            leaf("cart_custom_attribute", "lt", "k", "integer", 5),
        ),
        "rules",
    ),
    (
        every(
            leaf("cart_custom_attribute", "eq", "k", "integer", 4),
            leaf("cart_custom_attribute", "eq", "k", "string", "4"),
        ),
        "rules",
    ),
    (
        every(
            leaf("cart_custom_attribute", "in", "k", "string", "x"),
            leaf("cart_custom_attribute", "nin", "k", "string", "x"),
        ),
        "rules",
    ),
]


@pytest.mark.parametrize(("rules", "path"), IMPOSSIBLE)
def test_rules_that_no_cart_meets(rules: Any, path: str | None):
    [found] = findings(rules)
    assert (found.code, found.severity) == ("never_holds", "error")
    assert path is None or found.path == f"rule_set.{path}"


POSSIBLE = [
    ANY,
    leaf("cart_total", "lte", 0),
    every(leaf("cart_total", "gte", 5000), leaf("cart_total", "lte", 5000)),
    every(leaf("item_price", "gt", 1), leaf("item_price", "lt", 2)),  # a unit of a discounted line may cost 1.5
    # Each finds a line of its own.
    every(leaf("item_sku", "in", "a"), leaf("item_sku", "in", "b")),
    every(leaf("item_sku", "in", "a", "b"), leaf("item_sku", "nin", "a")),
    # A line is in several categories, and a field has several values.
    leaf("item_category", "in", "a", children=[leaf("item_category", "in", "b")]),
    # What is nested is judged by itself.
    every(leaf("item_price", "gt", 5), every(leaf("item_sku", "in", "a"), leaf("item_price", "lt", 3))),
    # Nothing counted is a total of 0.
    leaf("cart_total", "lt", 10, children=[leaf("item_quantity", "lt", 1)]),
    every(leaf("account_tags", "contains_any", "a", "c"), leaf("account_tags", "not_contains_any", "a", "b")),
    every(leaf("cart_custom_attribute", "gt", "k", "float", 4), leaf("cart_custom_attribute", "lt", "k", "float", 5)),
    every(
        leaf("cart_custom_attribute", "nin", "k", "integer", 4),
        leaf("cart_custom_attribute", "eq", "k", "string", "4"),
    ),
    {
        "strategy": "items_bundle",
        "children": [every(leaf("item_sku", "in", "a"), leaf("item_quantity", "gte", 2)), leaf("item_sku", "in", "b")],
    },
]


@pytest.mark.parametrize("rules", POSSIBLE)
def test_nothing_is_said_of_rules_that_a_cart_may_meet(rules: Any):
    assert findings(rules) == []


def test_an_alternative_that_never_holds_is_told_beside_one_that_may():
    rules = either(ANY, every(leaf("cart_total", "gt", 5), leaf("cart_total", "lt", 5)))
    assert told(findings(rules)) == [("dead_branch", "rule_set.rules.children.1")]


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ({"strategy": "cart_discount", "args": ["percent", 0]}, "args"),
        ({"strategy": "cart_discount", "args": ["fixed", 0]}, "args"),
        (TEN | {"limitations": {"max_discount": 0}}, "limitations.max_discount"),
        (TEN | {"condition": leaf("item_quantity", "lt", 1)}, "condition"),
        (
            {
                "strategy": "item_discount",
                "args": ["fixed_price", 3, 1000],
                "limitations": {"items": {"max_units": 2}},
            },
            "limitations.items.max_units",
        ),
    ],
)
def test_actions_that_take_nothing(action: dict[str, Any], path: str):
    assert told(findings(ANY, action)) == [("never_applies", f"rule_set.actions.0.{path}")]
    assert told(findings(ANY, TEN, action)) == [("takes_nothing", f"rule_set.actions.1.{path}")]


def test_a_bundle_must_be_named_somewhere():
    action = {"strategy": "items_bundle_discount", "args": ["percent", 10]}
    assert told(findings(ANY, action)) == [("never_applies", "rule_set.actions.0")]
    assert findings({"strategy": "items_bundle", "children": [leaf("item_sku", "in", "a")]}, action) == []


def test_more_than_was_meant():
    assert told(findings(ANY, {"strategy": "cart_discount", "args": ["percent", 100]})) == [
        ("everything_free", "rule_set.actions.0.args")
    ]
    sixty = {"strategy": "cart_discount", "args": ["percent", 60]}
    [over] = findings(ANY, sixty, sixty)
    assert over.code == "over_100_percent"
    assert "84 % in all" in over.sentence
    assert findings(ANY, sixty, sixty | {"condition": leaf("item_sku", "in", "a")}) == []

    fixed = {"strategy": "cart_discount", "args": ["fixed", 500]}
    assert told(findings(leaf("cart_total", "gte", 500), fixed)) == [("free_cart", "rule_set.actions.0.args")]
    assert findings(leaf("cart_total", "gt", 500), fixed) == []
    assert findings(either(leaf("cart_total", "gt", 500), leaf("item_sku", "in", "a")), fixed) == []
    assert told(findings(ANY, fixed | {"limitations": {"max_discount": 500}})) == [
        ("idle_limit", "rule_set.actions.0.limitations.max_discount")
    ]


def test_what_is_over_and_what_nobody_can_enter():
    assert told(findings(end="2026-06-01")) == [("ended", "end")]
    assert findings(end="2026-06-01", enabled=False) == []
    assert told(findings(codes=0)) == [("no_codes", "automatic")]
    assert findings(codes=0, automatic=True) == findings(codes=1) == []
    for currencies, severity in ((["EURO"], "error"), (["EURO", "USD"], "warning")):
        [found] = findings(rule_set={"currencies": currencies})
        assert (found.code, found.severity) == ("unknown_currency", severity)


# Beside others


def standing(id_: str, order: int, rules: Any = ANY, **members: Any) -> Entry:
    body = promotion_body(
        rule_set={"rules": rules, "actions": [members.pop("action", TEN)], **members.pop("rule_set", {})}, **members
    )
    promotion = decode_promotion(msgspec.json.encode(body))
    return entry(id_, promotion, NOW - timedelta(days=order))


ALONE = {"automatic": True, "stackable": False}


def shadowed(*entries: Entry) -> set[str]:
    found = lint_store(entries, NOW)
    return {id_ for id_, some in found.items() if any(one.code == "shadowed" for one in some)}


def test_what_comes_first_and_does_not_stack_shadows_the_rest():
    first = standing("first", 1, **ALONE)
    assert shadowed(first, standing("later", 2)) == {"later"}
    assert shadowed(first, standing("later", 2, leaf("cart_total", "gte", 900))) == {"later"}
    assert shadowed(standing("first", 1, leaf("item_sku", "in", "a"), **ALONE), standing("later", 2)) == set()


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({}, {"priority": 3}),  # which is then the first
        ({"automatic": False}, {}),  # needs a code
        ({"stackable": True}, {}),
        ({}, {"override_stacking": True}),
        ({"enabled": False}, {}),
        ({"end": "2026-12-01"}, {}),
        ({"start": "2026-07-01"}, {}),
        ({"rule_set": {"currencies": ["EUR"]}}, {}),
        ({"rule_set": {"catalog_ids": ["a"]}}, {}),
        ({}, {"rule_set": {"catalog_ids": ["a"]}}),
        ({"action": {"strategy": "shipping_discount", "args": ["percent", 10]}}, {}),
    ],
)
def test_what_may_leave_room_shadows_nothing(first: dict[str, Any], later: dict[str, Any]):
    assert shadowed(standing("first", 1, **(ALONE | first)), standing("later", 2, **later)) == set()


def test_what_may_be_kept_out_itself_shadows_nothing():
    first = standing("first", 1, leaf("item_sku", "in", "a"), stackable=True)
    assert shadowed(first, standing("second", 2, **ALONE), standing("later", 3)) == set()


def test_rules_that_a_discount_makes_true_are_not_taken_for_the_same():
    small = leaf("cart_total", "lte", 900)
    assert shadowed(standing("first", 1, small, **ALONE), standing("later", 2, small)) == set()


def test_two_that_say_the_same_are_told():
    found = lint_store([standing("a", 1, automatic=True), standing("b", 2, automatic=True)], NOW)
    assert {id_: [one.code for one in some] for id_, some in found.items()} == {"b": ["twin"]}
    assert lint_store([standing("a", 1, automatic=True), standing("b", 2)], NOW) == {}
