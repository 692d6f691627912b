"""What would be too much, or could not be read back, is refused at the door, and quickly."""

import time
from typing import Any

import pytest

from support import Shop, codes_body, generate_body, promotion_body


def titles(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.text
    return [(error["title"], error["source"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize("text", ["abc\n", "a\nb", "\x00", "a\x85", "a\u2028"])
def test_no_control_character_gets_into_codes_or_files(shop: Shop, text: str):
    promotion = shop.promotion()
    if text != "\x00":
        refused = shop.start_job(promotion, generate_body(1, code_prefix=text))
        assert titles(refused) == [("pattern", "data.parameters.code_prefix")]
        assert titles(shop.start_job(promotion, generate_body(1) | {"name": text})) == [("pattern", "data.name")]
        refused = shop.add_codes(promotion, {"code": "a", "user": text})
        assert titles(refused) == [("pattern", "data.codes.0.user")]
    assert shop.add_codes(promotion, {"code": "a", "user": f"b{text}"}).status_code == 400
    assert shop.list_codes(promotion) == []


def test_a_request_creates_ten_thousand_codes_and_no_more(shop: Shop):
    promotion = shop.promotion()
    assert titles(shop.add_codes(promotion, *(f"c{n}" for n in range(10_001)))) == [("array_max_items", "data.codes")]
    assert shop.add_codes(promotion, *(f"c{n}" for n in range(10_000))).status_code == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", promotion_body(rule_set={"rules": {"strategy": "item_sku", "operator": "in", "args": [1] * 10**6}})),
        ("/codes", codes_body(*[{}] * 10**6)),
    ],
    ids=["args", "codes"],
)
def test_a_million_wrong_items_are_refused_before_they_are_looked_at(shop: Shop, path: str, body: dict[str, Any]):
    where = f"/{shop.promotion()}{path}" if path else ""
    begun = time.monotonic()
    refused = shop.http.post(f"/v2/rule-promotions{where}", json=body)
    assert refused.status_code == 400
    assert time.monotonic() - begun < 6  # naming each took more than twenty seconds


def test_a_rule_set_has_a_greatest_size(shop: Shop):
    rules = {"strategy": "item_sku", "operator": "in", "args": ["s" * 1000] * 300}
    actions = [{"strategy": "cart_discount", "args": ["percent", 10]}]
    refused = shop.http.post("/v2/rule-promotions", json=promotion_body(rule_set={"rules": rules, "actions": actions}))
    assert titles(refused) == [("string_lte", "data.rule_set")]


@pytest.mark.parametrize("value", [[1e308] * 213, 1e20, -0.0, 2**63, {"a": [None, True, "ü"]}])
def test_custom_fields_are_read_back_as_they_were_written(shop: Shop, value: Any):
    promotion = shop.promotion(extra=value)
    assert shop.http.get(f"/v2/rule-promotions/{promotion}").json()["data"]["extra"] == value
    assert [found["extra"] for found in shop.http.get("/v2/rule-promotions").json()["data"]] == [value]


@pytest.mark.parametrize("digits", range(9, 25))
def test_a_moment_of_any_length_is_a_moment_or_refused(shop: Shop, digits: int):
    answer = shop.http.get("/v2/rule-promotions", params={"filter": f"eq(start,{'9' * digits})"})
    assert answer.status_code in (200, 400)
