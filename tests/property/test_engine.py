"""The engine gives what the naive judge gives, and keeps the laws of money."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from msgspec import UNSET

from couponry.domain.cart import Cart
from couponry.domain.codes import CodeLimits
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.evaluation import evaluate
from couponry.domain.item_conditions import (
    Identifiers,
    ItemAttribute,
    ItemCategory,
    ItemIdentifier,
    ItemProductId,
    ItemSku,
)
from couponry.domain.outcome import Evaluation
from couponry.domain.promotion_book import Book, book, entry
from couponry.domain.promotions import PromotionAttributes
from couponry.domain.running import RunningCart
from property.carts import AT, World, worlds
from property.oracle import OraclePromotion, Verdict, judge
from property.worked import WORKED


def book_of(world: World) -> Book:
    return book(entry(one.id, one.attributes, one.created_at) for one in world.promotions)


def evaluated(world: World, *, explain: bool = True) -> Evaluation:
    return evaluate(world.cart, book_of(world), world.entered, world.at, explain=explain)


def assert_same(found: Evaluation, expected: Verdict) -> None:
    lines = {
        line.id: [
            (one.promotion_id, one.code, one.amount, one.ordinal, one.units or None, one.is_cart_discount)
            for one in line.discounts
        ]
        for line in found.items
    }
    assert lines == expected.lines
    groups = {
        group.id: [(one.promotion_id, one.code, one.amount, one.ordinal) for one in group.discounts]
        for group in found.shipping_groups
    }
    assert groups == expected.groups
    applied = [(one.promotion_id, one.code, one.amount, one.applications, one.uses) for one in found.applied]
    assert applied == expected.applied
    refused = {(None if one.promotion_id is UNSET else one.promotion_id, one.code): one.reason for one in found.refused}
    assert refused == expected.refused
    assert found.totals == expected.totals


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_the_engine_agrees_with_the_naive_judge(world: World):
    note(msgspec.json.format(msgspec.json.encode(world._asdict()), indent=1).decode())
    assert_same(evaluated(world), judge(world.cart, world.promotions, world.entered, world.at))


@pytest.mark.parametrize("case", WORKED, ids=lambda case: case.name)
def test_worked_numbers(case):
    world = World(*case.world())
    assert_same(evaluated(world), judge(world.cart, world.promotions, world.entered, world.at))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_explaining_changes_nothing(world: World):
    told, silent = evaluated(world), evaluated(world, explain=False)
    assert silent.items == told.items
    assert silent.shipping_groups == told.shipping_groups
    assert [one.promotion_id for one in silent.applied] == [one.promotion_id for one in told.applied]
    coded = {one.code for one in silent.refused}
    assert [one.code for one in told.refused if one.code in coded] == [one.code for one in silent.refused]


# Laws


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_money_adds_up_and_no_discount_exceeds_what_it_is_off(world: World):
    found = evaluated(world, explain=False)
    for line in found.items:
        assert line.value == line.quantity * line.unit_price
        assert line.discount == sum(one.amount for one in line.discounts)
        assert 0 <= line.discounted_value == line.value + line.discount
        assert all(one.amount <= 0 for one in line.discounts)
    for group in found.shipping_groups:
        assert group.discount == sum(one.amount for one in group.discounts)
        assert group.base_price + group.discount >= 0
    everywhere = [*found.items, *found.shipping_groups]
    for one in found.applied:
        assert one.amount == sum(
            discount.amount
            for place in everywhere
            for discount in place.discounts
            if discount.promotion_id == one.promotion_id
        )
        assert one.amount < 0
    totals = found.totals
    assert (
        totals.with_discount
        == totals.without_discount + totals.discount
        == sum(line.discounted_value for line in found.items)
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_in_which_promotions_are_read_does_not_matter(world: World, chance: Random):
    shuffled = list(world.promotions)
    chance.shuffle(shuffled)
    first = evaluated(world)
    assert evaluated(world) == first
    assert evaluated(world._replace(promotions=shuffled)) == first


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_what_is_not_in_is_nin(world: World):
    running = RunningCart(world.cart, [("products(shoes)", "brand")])
    for strategy, args in (
        (ItemSku, ("A", "B")),
        (ItemProductId, ("p1", "p2")),
        (ItemCategory, ("c1",)),
        (ItemAttribute, ("products(shoes)", "brand", "string", "EP")),
        (ItemIdentifier, (Identifiers(skus=("A",), ids=("p2",)),)),
    ):
        those = strategy(operator="in", args=args).selector()(running, running.every)
        others = strategy(operator="nin", args=args).selector()(running, running.every)
        assert those | others == running.every
        assert not those & others


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_promotions_for_what_is_not_there_change_nothing(world: World):
    absent = [
        msgspec.convert(
            {
                "name": "absent",
                "enabled": True,
                "automatic": True,
                "start": "2000-01-01T00:00:00Z",
                "end": "2099-01-01T00:00:00Z",
                "rule_set": {
                    "rules": {"strategy": strategy, "operator": "in", "args": args},
                    "actions": [{"strategy": "cart_discount", "args": ["percent", 50]}],
                },
            },
            PromotionAttributes,
        )
        for strategy, args in (
            ("item_sku", ["nowhere"]),
            ("item_category", ["nowhere"]),
            ("item_attribute", ["products(shoes)", "brand", "string", "nowhere"]),
        )
    ]
    entries = [entry(one.id, one.attributes, one.created_at) for one in world.promotions]
    more = book([*entries, *(entry(f"absent-{n}", one) for n, one in enumerate(absent))])
    assert evaluate(world.cart, more, world.entered, world.at) == evaluated(world, explain=False)


@pytest.mark.parametrize("currency", ["JPY", "USD", "KWD"])
@pytest.mark.parametrize(("quantity", "price"), [(1_000_000, 10**12), (999_999, 10**12 - 1), (3, 1), (7, 0)])
def test_the_largest_carts_are_exact_in_every_currency(currency: str, quantity: int, price: int):
    share = Fraction("33.333333") / 100
    percent = msgspec.convert(
        {
            "name": "a third",
            "enabled": True,
            "automatic": True,
            "start": "2000-01-01T00:00:00Z",
            "end": "2099-01-01T00:00:00Z",
            "rule_set": {
                "rules": {"strategy": "cart_total", "operator": "gte", "args": [0]},
                "actions": [
                    {"strategy": "item_discount", "args": ["percent", 33.333333]},
                    {"strategy": "cart_discount", "args": ["percent", 33.333333]},
                ],
            },
        },
        PromotionAttributes,
    )
    lines = [{"id": str(n), "quantity": quantity, "unit_price": max(price - n, 0)} for n in range(3)]
    cart = msgspec.convert({"currency": currency, "items": lines}, Cart)
    found = evaluate(cart, book([entry("one", percent)]), [], datetime(2026, 1, 1, tzinfo=UTC))
    values = [line.value for line in found.items]
    off = [floor(value * share + Fraction(1, 2)) for value in values]
    left = sum(values) - sum(off)
    whole = floor(left * share + Fraction(1, 2))
    assert -found.totals.discount == sum(off) + whole
    assert found.totals.without_discount == sum(values)


EVERY_CART = {"strategy": "cart_total", "operator": "gte", "args": [0]}
NUMBER = {"strategy": "item_quantity", "operator": "eq"}


def sku(operator: str, *skus: str) -> dict[str, Any]:
    return {"strategy": "item_sku", "operator": operator, "args": skus}


def promotion(
    action: dict[str, Any], *, rules: dict[str, Any] = EVERY_CART, automatic: bool = True
) -> PromotionAttributes:
    """Return a promotion, for every cart unless *rules* say otherwise."""
    return msgspec.convert(
        {
            "name": "any",
            "enabled": True,
            "automatic": automatic,
            "start": "2000-01-01T00:00:00Z",
            "end": "2099-01-01T00:00:00Z",
            "rule_set": {"rules": rules, "actions": [action]},
        },
        PromotionAttributes,
    )


def cart_of(*lines: tuple[str, int, int]) -> Cart:
    """Return a cart of SKUs, so many units, at a price."""
    items = [{"id": sku, "sku": sku, "quantity": units, "unit_price": price} for sku, units, price in lines]
    return msgspec.convert({"currency": "USD", "items": items}, Cart)


def test_units_that_lose_nothing_take_no_use():
    limits = CodeLimits(max_uses=2, consume_unit="per_application")
    entered = [EnteredCode("SAVE", (Grant("a", "SAVE", limits, remaining=2),))]
    cart = cart_of(("penny", 1, 1), ("tee", 5, 100))
    for limitations in ({}, {"limitations": {"items": {"price_strategy": "cheapest"}}}):
        ten_off = promotion({"strategy": "item_discount", "args": ["percent", 10], **limitations}, automatic=False)
        found = evaluate(cart, book([entry("a", ten_off)]), entered, AT)
        assert [line.discount for line in found.items] == [0, -20]
        assert [(one.applications, one.uses) for one in found.applied] == [(2, 2)]
        assert_same(found, judge(cart, [OraclePromotion("a", ten_off, AT)], entered, AT))


def test_the_code_that_stands_for_an_automatic_promotion_changes_nothing():
    one = promotion({"strategy": "cart_discount", "args": ["percent", 10]})
    entered = [EnteredCode("AUTO_a"), EnteredCode("auto_b")]
    found = evaluate(cart_of(("tee", 1, 100)), book([entry("a", one)]), entered, AT)
    assert [applied.code for applied in found.applied] == ["auto_a"]
    assert [(refused.code, refused.reason) for refused in found.refused] == [("auto_b", "unknown_code")]


def test_the_bundle_of_the_rules_is_not_made_of_lines_that_they_leave_out():
    two_shoes = {"strategy": "and", "children": [sku("in", "sale", "new"), {**NUMBER, "args": [2]}]}
    but_sale = {
        "strategy": "and",
        "children": [sku("nin", "sale"), {"strategy": "items_bundle", "children": [two_shoes]}],
    }
    half = promotion({"strategy": "items_bundle_discount", "args": ["percent", 50]}, rules=but_sale)
    cart = cart_of(("sale", 5, 100), ("new", 2, 100))
    found = evaluate(cart, book([entry("a", half)]), [], AT)
    assert [line.discount for line in found.items] == [0, -100]
    assert_same(found, judge(cart, [OraclePromotion("a", half, AT)], [], AT))


@pytest.mark.parametrize(
    ("limitations", "units", "added"),
    [
        ({"items": {}}, 5, ["b", "c"]),
        ({"items": {"max_items": 2}}, 5, ["b"]),
        ({"items": {"max_units": 2}}, 1, ["b"]),
        ({"items": {"max_units": 2}}, 5, []),
        ({"max_quantity": 1, "items": {"max_units": 2}}, 5, ["b"]),
    ],
)
def test_gifts_are_added_while_the_discount_has_room_for_them(limitations: Any, units: int, added: list[str]):
    gift = promotion(
        {
            "strategy": "item_discount",
            "args": ["percent", 100],
            "condition": {"strategy": "item_sku", "operator": "in", "args": ["a", "b", "c"]},
            "limitations": limitations | {"items": limitations["items"] | {"auto_add": True}},
        }
    )
    found = evaluate(cart_of(("tee", 1, 100), ("a", units, 100)), book([entry("one", gift)]), [], AT)
    assert [one.sku for one in found.added_items] == added


def test_a_promotion_runs_from_its_start_until_before_its_end():
    [world, *_] = [World(*case.world()) for case in WORKED if case.name.startswith("R2")]
    [first, *_] = world.promotions
    start, end = first.attributes.start, first.attributes.end
    moment = timedelta(microseconds=1)
    for at, reason in ((start - moment, "not_started"), (start, None), (end - moment, None), (end, "ended")):
        found = evaluated(world._replace(at=at, promotions=[first]))
        assert [one.reason for one in found.refused] == ([] if reason is None else [reason])
