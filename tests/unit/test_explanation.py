"""What a trace tells: what was found, which lines matched, and how far off a cart was."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from couponry.domain.cart import Cart
from couponry.domain.evaluation import evaluate
from couponry.domain.promotion_book import book, entry
from couponry.domain.promotions import PromotionAttributes

AT = datetime(2026, 1, 1, tzinfo=UTC)


def told(rules: dict[str, Any], *lines: tuple[str, int, int], **members: Any) -> dict[str, Any]:
    """Return the trace of *rules* for lines of a SKU, so many units, at a price."""
    items = [
        {"id": sku, "sku": sku, "quantity": quantity, "unit_price": price, "category_ids": ["all"]}
        for sku, quantity, price in lines
    ]
    cart = msgspec.convert({"currency": "USD", "items": items, **members}, Cart)
    action = {"strategy": "cart_discount", "args": ["percent", 10]}
    promotion = {
        "name": "Ten off",
        "enabled": True,
        "automatic": True,
        "start": "2024-01-01T00:00:00Z",
        "end": "2099-01-01T00:00:00Z",
        "rule_set": {"rules": rules, "actions": [action]},
    }
    answer = evaluate(cart, book([entry("one", msgspec.convert(promotion, PromotionAttributes))]), [], AT, explain=True)
    [judged] = [*answer.applied, *answer.refused]
    return msgspec.to_builtins(judged)["trace"]


def asks(strategy: str, operator: str, *args: Any, **members: Any) -> dict[str, Any]:
    return {"strategy": strategy, "operator": operator, "args": list(args), **members}


def every(*children: Any) -> dict[str, Any]:
    return {"strategy": "and", "children": list(children)}


@pytest.mark.parametrize(
    ("operator", "args", "short"),
    [
        ("gte", [1820], "add 820 more"),
        ("gt", [1000], "add 1 more"),
        ("eq", [1500], "add 500 more"),
        ("eq", [900], "100 too much"),
        ("lte", [400], "600 too much"),
        ("lt", [1000], "1 too much"),
        ("range", [1200, 1500], "add 200 more"),
        ("range", [100, 900], "100 too much"),
        ("gte", [1000.5], "add 1 more"),
        ("gt", [1000.5], "add 1 more"),
        ("lte", [999.5], "1 too much"),
        ("lt", [999.5], "1 too much"),
    ],
)
def test_a_total_says_what_is_missing(operator: str, args: list[int], short: str):
    trace = told(asks("cart_total", operator, *args), ("tee", 1, 1000))
    assert (trace["found"], trace["holds"], trace["short"]) == (1000, False, short)


def test_a_quantity_beside_a_choice_is_told_of_the_lines_chosen():
    rules = every(asks("item_sku", "in", "tee"), asks("item_quantity", "gte", 3))
    trace = told(rules, ("tee", 2, 100), ("mug", 5, 100))
    chosen, quantity = trace["children"]
    assert not trace["holds"]
    assert (quantity["found"], quantity["holds"], quantity["short"]) == ({"tee": 2}, False, "1 more unit")
    assert not chosen["holds"]
    assert chosen["short"] == "the lines it finds do not meet the conditions beside it"


def test_a_choice_within_another_is_told_to_fail_by_the_conditions_beside_it():
    tees = {"strategy": "or", "children": [asks("item_sku", "in", "tee")]}
    trace = told(every(tees, asks("item_sku", "nin", "tee")), ("tee", 2, 100), ("mug", 5, 100))
    [choice, others] = trace["children"]
    assert (trace["holds"], choice["holds"], others["holds"]) == (False, False, True)
    assert choice["lines"] == ["tee"]
    assert choice["short"] == "the lines it finds do not meet the conditions beside it"


@pytest.mark.parametrize(
    "rules",
    [
        every(asks("item_price", "gte", 500), asks("item_quantity", "gte", 3)),
        asks("item_category", "in", "all", children=[asks("item_price", "gte", 500), asks("item_quantity", "gte", 3)]),
    ],
)
def test_conditions_that_different_lines_meet_are_told_apart_from_those_that_none_meets(rules: dict[str, Any]):
    trace = told(rules, ("tee", 1, 900), ("mug", 5, 100))
    assert not trace["holds"]
    assert all(child["holds"] for child in trace["children"])
    assert trace["short"] == "each part is met, but no line meets all of them"


def test_half_a_unit_is_told_as_a_whole_one():
    assert told(asks("item_quantity", "gte", 2.5), ("tee", 1, 100))["short"] == "2 more units"
    assert told(asks("item_quantity", "gt", 2.5), ("tee", 2, 100))["short"] == "1 more unit"


def test_lines_that_meet_a_requirement_together_do_so_in_the_trace():
    need = every(asks("item_sku", "in", "red", "blue"), asks("item_quantity", "eq", 3))
    met = told({"strategy": "items_bundle", "children": [need]}, ("red", 2, 100), ("blue", 2, 100))
    assert met["holds"]
    [requirement] = met["children"]
    assert (requirement["holds"], requirement["found"], requirement["lines"]) == (True, 4, ["red", "blue"])
    unmet = told({"strategy": "items_bundle", "children": [need]}, ("red", 2, 100))
    assert unmet["short"] == "1 more unit for requirement 1"
    assert unmet["children"][0]["short"] == "1 more unit"


def test_attributes_and_tags_say_what_is_not_there():
    tier = asks("cart_custom_attribute", "in", "tier", "string", "gold")
    assert told(tier, ("tee", 1, 100))["short"] == "the cart has no string attribute tier"
    silver = {"tier": {"type": "string", "value": "silver"}}
    assert told(tier, ("tee", 1, 100), custom_attributes=silver)["found"] == silver["tier"]
    tags = asks("account_tags", "contains_all", "vip", "b2b")
    assert told(tags, ("tee", 1, 100))["short"] == "the cart has no account"
    shopper = {"account_id": "a", "account_tags": ["vip"]}
    assert told(tags, ("tee", 1, 100), shopper=shopper)["short"] == "the account lacks b2b"


def test_what_matched_is_named():
    trace = told(
        asks("item_category", "in", "all", children=[asks("item_price", "lt", 500)]), ("a", 2, 400), ("b", 1, 900)
    )
    assert trace["lines"] == ["a"]
    assert trace["children"][0]["found"] == {"a": 400, "b": 900}
