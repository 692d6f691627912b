"""The slow judge of carts gives every number that the reference works out, and keeps the laws of discounts."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from property.carts import World, worlds
from property.oracle import judge, rounded, spread
from property.worked import WORKED, Worked


@pytest.mark.parametrize("case", WORKED, ids=[case.name for case in WORKED])
def test_worked_numbers_come_out(case: Worked):
    verdict, expected = judge(*case.world()), case.expected

    def by_line(member: str) -> dict[str, list[Any]]:
        return {id_: [getattr(one, member) for one in entries] for id_, entries in verdict.lines.items() if entries}

    assert by_line("amount") == expected.lines
    assert {
        id_: [one.amount for one in entries] for id_, entries in verdict.groups.items() if entries
    } == expected.groups
    assert {(id_ and id_[-1], code): reason for (id_, code), reason in verdict.refused.items()} == expected.refused
    if expected.applied is not None:
        assert [(one.promotion_id[-1], *one[2:]) for one in verdict.applied] == expected.applied
    for member, values in (
        ("units", expected.units),
        ("ordinal", expected.ordinals),
        ("is_cart_discount", expected.of_cart),
    ):
        if values is not None:
            assert by_line(member) == values
    if expected.totals is not None:
        totals = verdict.totals
        found = (totals.without_discount, totals.discount, totals.with_discount)
        assert (*found, totals.shipping, totals.shipping_discount) == expected.totals


def test_names_of_worked_numbers_are_unique():
    assert len({case.name for case in WORKED}) == len(WORKED)


@pytest.mark.parametrize(
    ("amount", "nearest"),
    [(Fraction(19333, 2), 9667), (Fraction(-667, 2), -334), (Fraction(1, 3), 0), (Fraction(0), 0), (Fraction(7), 7)],
)
def test_halves_are_rounded_away_from_zero(amount: Fraction, nearest: int):
    assert rounded(amount) == nearest


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (1000, (10000, 20000), [333, 667]),
        (1, (1, 1, 1), [1, 0, 0]),
        (2, (1, 1, 1), [1, 1, 0]),
        (5, (0, 3), [0, 5]),
        (10, (5, 3, 1), [6, 3, 1]),
    ],
)
def test_amounts_are_spread_by_largest_remainder(amount: int, weights: Sequence[int], parts: list[int]):
    assert spread(amount, [Fraction(weight) for weight in weights]) == parts


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_discounts_keep_within_what_they_are_taken_off(world: World):
    verdict = judge(*world)
    for line in world.cart.items:
        amounts = [one.amount for one in verdict.lines[line.id]]
        assert max(amounts, default=0) <= 0 <= line.unit_price * line.quantity + sum(amounts)
        ordinals = [one.ordinal for one in verdict.lines[line.id]]
        assert ordinals == sorted(set(ordinals))
        assert all(one.units is None or 1 <= one.units <= line.quantity for one in verdict.lines[line.id])
    for group in world.cart.shipping_groups:
        assert group.base_price + sum(one.amount for one in verdict.groups[group.id]) >= 0
    everything = verdict.totals.discount + verdict.totals.shipping_discount
    assert everything == sum(one.amount for one in verdict.applied)


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_every_promotion_and_code_is_answered_once(world: World):
    verdict = judge(*world)
    automatic = {one.id for one in world.promotions if one.attributes.automatic}
    offered = {(id_, f"auto_{id_}") for id_ in automatic}
    for code in world.entered:
        offered |= {(one.promotion_id, one.code) for one in code.grants if one.promotion_id not in automatic}
    inert = [code for code in world.entered if all(one.promotion_id in automatic for one in code.grants)]
    unknown = {(None, code.code) for code in inert}
    applied = {(one.promotion_id, one.code) for one in verdict.applied}
    assert not applied & verdict.refused.keys()
    assert applied | verdict.refused.keys() == offered | unknown
    assert judge(*world) == verdict
