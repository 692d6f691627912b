from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from couponry.domain import actions
from couponry.domain.actions import Action, AnyAction, Fixed, FixedPrice, FixedPriceFor, Percent
from couponry.domain.money import MAX_AMOUNT

STRATEGIES = ("cart_discount", "item_discount", "items_bundle_discount", "shipping_discount")


def action(strategy: str, *args: Any, **members: Any) -> Any:
    return msgspec.convert({"strategy": strategy, "args": list(args), **members}, AnyAction)


def refused(strategy: str, *args: Any, **members: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as refusal:
        action(strategy, *args, **members)
    return str(refusal.value)


def test_the_union_holds_every_action_there_is():
    classes = {
        value
        for value in vars(actions).values()
        if isinstance(value, type) and issubclass(value, Action) and value is not Action
    }
    assert set(get_args(AnyAction)) == classes
    assert {one.__struct_config__.tag for one in classes} == set(STRATEGIES)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_action_takes_off_an_amount_or_a_percentage(strategy):
    assert action(strategy, "fixed", 500).args == Fixed(500)
    assert action(strategy, "percent", 20).args == Percent(20)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("amount", [0, 1, MAX_AMOUNT])
def test_amounts_are_whole_from_nothing_up(strategy, amount):
    assert action(strategy, "fixed", amount).args.amount == amount


@pytest.mark.parametrize("amount", [-1, MAX_AMOUNT + 1, 10**30, 1.5, "500", True, None])
def test_other_amounts_are_refused(amount):
    assert refused("cart_discount", "fixed", amount)


@pytest.mark.parametrize("share", [0, 20, 100, 12.5, 0.000001, 99.999999, 33.333333, 100.0])
def test_percentages_leave_exactly_and_go_back_as_they_came(share):
    percent = action("cart_discount", "percent", share).args
    assert percent.exact == Decimal(str(share))
    assert msgspec.json.encode(percent) == msgspec.json.encode(["percent", share])


@pytest.mark.parametrize("share", [-1, -0.5, 101, 100.000001, 0.0000001, 12.1234567, "20", True, None])
def test_other_percentages_are_refused(share):
    assert refused("cart_discount", "percent", share)


@pytest.mark.parametrize("strategy", ["items_bundle_discount", "shipping_discount"])
def test_bundles_and_shipping_have_a_fixed_price(strategy):
    assert action(strategy, "fixed_price", 20000).args == FixedPrice(20000)
    assert "length" in refused(strategy, "fixed_price", 2, 20000)


def test_items_have_a_fixed_price_for_so_many():
    assert action("item_discount", "fixed_price", 2, 10000).args == FixedPriceFor(2, 10000)
    assert action("item_discount", "fixed_price", 1, 0).args == FixedPriceFor(1, 0)
    for args in [(2,), (0, 100), (1, -1), (1, 2, 3), (1.5, 3)]:
        assert refused("item_discount", "fixed_price", *args)


def test_carts_have_no_fixed_price():
    assert "fixed_price" in refused("cart_discount", "fixed_price", 100)


@pytest.mark.parametrize("args", [[], ["fixed"], ["fixed", 1, 2], ["percent", 1, 2], ["free", 1], [5, 5]])
def test_args_have_the_length_and_the_word_that_they_must(args):
    assert refused("cart_discount", *args)


SKU = {"strategy": "item_sku", "operator": "in", "args": ["a"]}
BUNDLE = {"strategy": "items_bundle", "children": [SKU]}
SHIPPING = {"strategy": "shipping_type", "operator": "in", "args": ["fedex"]}


@pytest.mark.parametrize(
    ("strategy", "condition"),
    [
        ("cart_discount", SKU),
        ("item_discount", SKU),
        ("item_discount", {"strategy": "item_quantity", "operator": "ne", "args": [1]}),
        ("item_discount", {"strategy": "or", "children": [SKU, {"strategy": "and", "children": [SKU]}]}),
        ("items_bundle_discount", BUNDLE),
        ("shipping_discount", SHIPPING),
    ],
)
def test_an_action_has_conditions_of_its_kind(strategy, condition):
    assert action(strategy, "fixed", 1, condition=condition).condition is not None


@pytest.mark.parametrize(
    ("strategy", "condition"),
    [
        ("cart_discount", BUNDLE),
        ("cart_discount", SHIPPING),
        ("cart_discount", {"strategy": "cart_total", "operator": "gt", "args": [1]}),
        ("item_discount", SHIPPING),
        ("item_discount", {"strategy": "or", "children": [SKU, SHIPPING]}),
        ("items_bundle_discount", SKU),
        ("shipping_discount", SKU),
        ("shipping_discount", {**SHIPPING, "operator": "nin"}),
        ("shipping_discount", {**SHIPPING, "args": []}),
        ("shipping_discount", {**SHIPPING, "args": ["x"] * 401}),
    ],
)
def test_an_action_has_conditions_of_no_other_kind(strategy, condition):
    assert refused(strategy, "fixed", 1, condition=condition)


def test_items_are_limited_in_every_way():
    limitations = {
        "max_discount": 1000,
        "max_quantity": 2,
        "items": {
            "max_items": 2,
            "max_units": 3,
            "price_strategy": "expensive",
            "auto_add": True,
            "show_suggestions": False,
        },
    }
    given = action("item_discount", "percent", 50, limitations=limitations)
    assert msgspec.to_builtins(given)["limitations"] == limitations


@pytest.mark.parametrize("strategy", ["cart_discount", "items_bundle_discount"])
def test_carts_and_bundles_are_limited_in_total_only(strategy):
    assert action(strategy, "percent", 50, limitations={"max_discount": 0}).limitations.max_discount == 0
    assert "max_quantity" in refused(strategy, "percent", 50, limitations={"max_quantity": 1})


def test_shipping_has_no_limitations():
    assert "limitations" in refused("shipping_discount", "percent", 50, limitations={"max_discount": 1})


@pytest.mark.parametrize(
    "limitations",
    [
        {"max_discount": -1},
        {"max_discount": 1.5},
        {"max_discount": MAX_AMOUNT + 1},
        {"max_quantity": 0},
        {"max_quantity": 2**31},
        {"max_uses": 1},
        {"items": {"max_items": 0}},
        {"items": {"max_units": 0}},
        {"items": {"max": 1}},
        {"items": {"price_strategy": "random"}},
        {"items": {"auto_add": "yes"}},
        {"items": []},
        [],
    ],
)
def test_other_limitations_are_refused_rather_than_dropped(limitations):
    assert refused("item_discount", "percent", 50, limitations=limitations)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_unknown_member_is_refused_rather_than_dropped(strategy):
    assert "unknown field `limit`" in refused(strategy, "fixed", 1, limit=1)


def test_what_is_unset_stays_unset():
    bare = {"strategy": "item_discount", "args": ["fixed", 1]}
    assert msgspec.to_builtins(action("item_discount", "fixed", 1, condition=None, limitations=None)) == bare
