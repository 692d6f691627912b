"""Whatever bytes come in, a document is understood or refused; and what was understood is answered unchanged."""

from typing import Any, Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from couponry.api import aliases
from couponry.api.documents import amend_promotion, decode, decode_promotion, read
from couponry.domain.codes import NewCode
from couponry.domain.errors import InvalidDocument, MalformedDocument, Refusal
from couponry.domain.jobs import NewJob
from couponry.domain.promotions import PromotionAttributes, RuleSet


class CodesData(msgspec.Struct):
    type: Literal["promotion_codes"]
    codes: list[NewCode]


class CodesDocument(msgspec.Struct):
    data: CodesData


class JobDocument(msgspec.Struct):
    data: NewJob


unhurried = settings(deadline=None)
"""How long an example takes depends on who else is on the machine."""
thorough = settings(deadline=None, max_examples=200)

VOCABULARY = """
    data type name description start end enabled automatic priority rule_set rules actions strategy operator args
    children condition limitations items max_items max_units max_discount max_quantity price_strategy auto_add
    catalog_ids currencies skus ids and or cart_total cart_custom_attribute account_tags items_bundle item_sku
    item_identifier item_category item_attribute item_price item_quantity shipping_type cart_discount item_discount
    items_bundle_discount item_bundle_discount shipping_discount fixed percent fixed_price in nin gte eq ne range
    string boolean integer float date rule_promotion promotion_codes promotion_job codes code uses user consume_unit
    max_uses_per_shopper max_users_per_shopper includes_guest includes_guests max_uses is_for_new_shopper per_cart
    job_type code_generate code_export parameters number_of_codes code_prefix code_length 2024-01-01
"""

words = st.sampled_from(VOCABULARY.split()) | st.text(max_size=5)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1, 101)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(words, inner, max_size=6),
    max_leaves=30,
)


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> dict[str, Any]:
    """Documents that look like conditions, right or wrong."""
    document: dict[str, Any] = {"strategy": draw(words)}
    for member, values in (("operator", words), ("args", st.lists(words | numbers | json_values, max_size=4))):
        if draw(st.booleans()):
            document[member] = draw(values)
    if depth and draw(st.booleans()):
        document["children"] = draw(st.lists(conditions(depth - 1), max_size=3))
    return document


actions = st.fixed_dictionaries(
    {"strategy": words, "args": st.tuples(words, numbers) | json_values},
    optional={"condition": conditions() | st.lists(conditions(), max_size=2), "limitations": json_values},
)
promotions = st.fixed_dictionaries(
    {
        "type": st.just("rule_promotion"),
        "name": st.text(min_size=1),
        "start": st.just("2024-01-01") | words,
        "end": st.just("2025-01-01") | words,
        "rule_set": st.fixed_dictionaries(
            {"rules": conditions() | st.lists(conditions(), max_size=2), "actions": st.lists(actions, max_size=2)}
        ),
    },
    optional={"priority": json_values, "colour": json_values, "enabled": st.booleans()},
)


def judged(act: Any, *args: Any) -> Any:
    """Return what *act* does, or its refusal, which can be answered."""
    try:
        return act(*args)
    except Refusal as refusal:
        return answerable(refusal)


def answerable(refusal: Refusal) -> Refusal:
    if isinstance(refusal, InvalidDocument):
        assert refusal.faults
        assert all(fault.title and fault.detail and "{field}" not in fault.detail for fault in refusal.faults)
        assert msgspec.json.encode(refusal.faults)
    return refusal


STORED = decode_promotion(
    encoded(
        {
            "data": {
                "type": "rule_promotion",
                "name": "Stored",
                "start": "2024-01-01",
                "end": "2025-01-01",
                "rule_set": {
                    "rules": {"strategy": "item_sku", "operator": "in", "args": ["a"]},
                    "actions": [{"strategy": "cart_discount", "args": ["fixed", 1]}],
                },
            }
        }
    )
)


@unhurried
@given(st.binary() | st.text().map(str.encode) | json_values.map(encoded))
def test_any_bytes_are_read_or_refused(body: bytes):
    judged(read, body)


@unhurried
@given(json_values)
def test_any_json_without_nul_is_read_as_it_is(value: Any):
    body = encoded(value)
    assert isinstance(judged(read, body), MalformedDocument) if b"\\u0000" in body else read(body) == value


@thorough
@given(json_values | st.fixed_dictionaries({"data": json_values | promotions | st.dictionaries(words, json_values)}))
def test_any_document_is_understood_or_refused(document: Any):
    body = encoded(document)
    judged(decode_promotion, body)
    judged(lambda: amend_promotion(body)(STORED))
    judged(decode, body, CodesDocument, aliases.CODES)
    judged(decode, body, JobDocument, aliases.JOB)


@unhurried
@given(
    st.lists(
        st.fixed_dictionaries(
            {"code": st.text()},
            optional={
                "uses": numbers,
                "max_uses_per_shopper": json_values,
                "max_users_per_shopper": st.fixed_dictionaries({}, optional={"max_uses": numbers}),
            },
        ),
        max_size=5,
    )
)
def test_any_codes_are_understood_or_refused(codes: list[Any]):
    body = encoded({"data": {"type": "promotion_codes", "codes": codes}})
    judged(decode, body, CodesDocument, aliases.CODES)


item_leaves = st.one_of(
    st.fixed_dictionaries(
        {
            "strategy": st.sampled_from(["item_sku", "item_product_id", "item_category"]),
            "operator": st.sampled_from(["in", "nin"]),
            "args": st.lists(st.text("ab-é", min_size=1), min_size=1, max_size=5),
        }
    ),
    st.fixed_dictionaries(
        {
            "strategy": st.sampled_from(["item_price", "item_quantity"]),
            "operator": st.sampled_from(["gte", "gt", "lte", "lt", "eq"]),
            "args": st.lists(st.integers(0, 10**15) | st.floats(0, 1e15), min_size=1, max_size=1),
        }
    ),
)
valid_conditions = st.recursive(
    item_leaves,
    lambda inner: st.fixed_dictionaries(
        {"strategy": st.sampled_from(["and", "or"]), "children": st.lists(inner, min_size=1, max_size=3)}
    ),
    max_leaves=6,
)
shares = st.integers(0, 10**8).map(lambda millionths: millionths / 10**6) | st.integers(0, 100)
valid_actions = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(["cart_discount", "item_discount"]),
        "args": st.tuples(st.just("percent"), shares).map(list)
        | st.tuples(st.just("fixed"), st.integers(0, 10**15)).map(list),
    },
    optional={
        "condition": valid_conditions,
        "limitations": st.fixed_dictionaries({}, optional={"max_discount": st.integers(0, 10**15)}),
    },
)
valid_rule_sets = st.fixed_dictionaries(
    {"rules": valid_conditions, "actions": st.lists(valid_actions, min_size=1, max_size=3)},
    optional={"currencies": st.lists(st.sampled_from(["EUR", "USD"]), max_size=2)},
)


@unhurried
@given(valid_rule_sets)
def test_a_rule_set_is_answered_as_it_was_written(document: dict[str, Any]):
    read_back = msgspec.json.decode(msgspec.json.encode(msgspec.convert(document, RuleSet)))
    assert read_back == document


@unhurried
@given(valid_rule_sets, st.dictionaries(st.text(min_size=1, max_size=9), json_values, max_size=3))
def test_what_was_decoded_is_decoded_again_to_the_same(rule_set: dict[str, Any], custom_fields: dict[str, Any]):
    written = {"type": "rule_promotion", "name": "n", "start": "2024-01-01", "end": "2025-01-01", "rule_set": rule_set}
    first = judged(decode_promotion, encoded({"data": custom_fields | written}))
    if isinstance(first, PromotionAttributes):
        members = msgspec.to_builtins(first)
        again = {"type": "rule_promotion", **members.pop("custom_fields"), **members}
        assert decode_promotion(encoded({"data": again})) == first
        assert amend_promotion(encoded({"data": again}))(STORED) == first
