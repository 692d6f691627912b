from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from couponry.domain.actions import CartDiscount, Fixed
from couponry.domain.conditions import And
from couponry.domain.item_conditions import ItemAnd, ItemPrice, ItemSku
from couponry.domain.moments import parse_moment
from couponry.domain.promotion_errors import UnprocessablePromotion
from couponry.domain.promotions import MAX_CUSTOM_FIELDS, PromotionAttributes, PromotionStatus, RuleSet
from couponry.domain.validity import Contradiction

START = datetime(2024, 2, 1, tzinfo=UTC)
END = datetime(2024, 3, 1, tzinfo=UTC)
SKU = ItemSku(operator="in", args=("shirt",))


def rule_set(**members: Any) -> RuleSet:
    return RuleSet(**{"rules": SKU, "actions": (CartDiscount(Fixed(500)),)} | members)


def promotion(**members: Any) -> PromotionAttributes:
    return PromotionAttributes(**{"name": "Spring", "start": START, "end": END, "rule_set": rule_set()} | members)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-01", "2024-02-01T00:00:00+00:00"),
        ("2024-02-01 10:30", "2024-02-01T10:30:00+00:00"),
        ("2024-02-01 10:30:15", "2024-02-01T10:30:15+00:00"),
        ("2024-02-01T10:30", "2024-02-01T10:30:00+00:00"),
        ("2024-02-01T10:30:15Z", "2024-02-01T10:30:15+00:00"),
        ("2024-02-01t10:30:15z", "2024-02-01T10:30:15+00:00"),
        ("2024-02-01T10:30:15.5Z", "2024-02-01T10:30:15.500000+00:00"),
        ("2024-02-01T10:30:15.123456789Z", "2024-02-01T10:30:15.123456+00:00"),
        ("2024-02-01T10:30:15+02:00", "2024-02-01T08:30:15+00:00"),
        ("2024-02-01 00:30:00-01:30", "2024-02-01T02:00:00+00:00"),
        ("2024-02-29", "2024-02-29T00:00:00+00:00"),
        ("0001-01-01", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
        ("9999-12-31T23:59:59+23:59", "9999-12-31T00:00:59+00:00"),
    ],
)
def test_a_moment_is_a_date_a_date_and_time_or_rfc_3339(text, moment):
    assert parse_moment(text).isoformat() == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2024",
        "2024-02",
        "2024-2-1",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "0000-01-01",
        "10000-01-01",
        "20240201",
        "2024-W05-4",
        "2024-02-01Z",
        "2024-02-01 10",
        "2024-02-01 24:00",
        "2024-02-01T10:60",
        "2024-02-01T10:30:60Z",
        "2024-02-01T10:30:15.Z",
        "2024-02-01T10:30:15+24:00",
        "2024-02-01T10:30:15+02:60",
        "2024-02-01T10:30:15+0200",
        "2024-02-01T10:30:15 Z",
        " 2024-02-01",
        "2024-02-01\n",
        "٢٠٢٤-02-01",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_nothing_else_is_a_moment(text):
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)


def test_a_promotion_says_little_unless_told():
    bare = promotion()
    assert (bare.enabled, bare.automatic, bare.stackable, bare.override_stacking) == (False, False, True, False)
    assert (bare.priority, bare.description, bare.custom_fields) == (None, None, {})
    assert (bare.rule_set.catalog_ids, bare.rule_set.currencies) == (None, None)


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (START - timedelta(microseconds=1), "scheduled"),
        (START, "running"),
        (END - timedelta(microseconds=1), "running"),
        (END, "ended"),
    ],
)
def test_a_promotion_runs_from_its_start_until_just_before_its_end(at, status):
    assert promotion(enabled=True).status(at) is PromotionStatus(status)
    assert promotion(enabled=False).status(at) is PromotionStatus.DISABLED


@pytest.mark.parametrize("end", [START, START - timedelta(seconds=1)])
def test_the_start_is_before_the_end(end):
    with pytest.raises(UnprocessablePromotion, match="start of a promotion must be before its end"):
        promotion(end=end)


def gift(share: Any, *, auto_add: bool = True) -> RuleSet:
    document = {
        "rules": {"strategy": "item_sku", "operator": "in", "args": ["shoes"]},
        "actions": [
            {
                "strategy": "item_discount",
                "args": ["percent", share] if share is not None else ["fixed", 100],
                "limitations": {"items": {"auto_add": auto_add}},
            }
        ],
    }
    return msgspec.convert(document, RuleSet)


@pytest.mark.parametrize("share", [100, 100.0])
def test_gifts_are_added_by_automatic_promotions(share):
    assert promotion(automatic=True, rule_set=gift(share))


@pytest.mark.parametrize(("automatic", "share"), [(False, 100), (True, 99.999999), (True, 50), (True, None)])
def test_nothing_else_is_added(automatic, share):
    with pytest.raises(UnprocessablePromotion, match="auto_add"):
        promotion(automatic=automatic, rule_set=gift(share))
    assert promotion(automatic=automatic, rule_set=gift(share, auto_add=False))


def test_moments_are_utc():
    for zone in (None, timezone(timedelta(hours=1))):
        with pytest.raises(Contradiction, match="date-time"):
            promotion(start=START.replace(tzinfo=zone))


def test_rules_do_not_compare_with_ne():
    different = ItemPrice(operator="ne", args=(5,))
    with pytest.raises(Contradiction, match=r"rules\.children\.1\.operator must be one of .*\"eq\"$"):
        rule_set(rules=And(children=(SKU, different)))
    assert rule_set(actions=(CartDiscount(Fixed(1), condition=different),))


def test_conditions_of_actions_nest_no_deeper_than_rules():
    deep: Any = SKU
    for _ in range(10):
        deep = ItemAnd(children=(deep,))
    with pytest.raises(Contradiction, match="nest at most 10 deep"):
        rule_set(actions=(CartDiscount(Fixed(1), condition=deep),))
    assert rule_set(actions=(CartDiscount(Fixed(1), condition=deep.children[0]),))


def test_custom_fields_are_bounded():
    room = MAX_CUSTOM_FIELDS - len('{"note":""}')
    assert promotion(custom_fields={"note": "x" * room})
    with pytest.raises(Contradiction, match="65536"):
        promotion(custom_fields={"note": "x" * (room + 1)})
    assert promotion(custom_fields={"n" * 255: 1})
    for name in ("", "n" * 256):
        with pytest.raises(Contradiction, match="String length"):
            promotion(custom_fields={name: 1})
