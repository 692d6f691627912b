"""The engine gives what the naive judge gives, and keeps the laws of money."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from msgspec import UNSET

from couponry.domain.evaluation import evaluate
from couponry.domain.outcome import Evaluation
from couponry.domain.promotion_book import Book, book, entry
from property.carts import World, worlds
from property.oracle import Verdict, judge
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
