"""Whatever is sent, the answer is an error in the error shape or a success: never a fault."""

import json
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponry.api.app import create_app
from couponry.api.cart_examples import ACCOUNTS, CART_SETTINGS, CARTS, CUSTOMERS, ITEMS, NEW_CARTS, SHIPPING_GROUPS
from couponry.api.examples import EVALUATIONS, NEW_JOBS, PRODUCTS, REDEMPTIONS
from couponry.api.openapi import endpoints
from couponry.api.usage_operations import FORGOTTEN
from couponry.settings import Settings
from support import Shop, codes_body, promotion_body

ENDPOINTS = {one.handler.operation_id: one for one in endpoints(create_app(Settings()))}


@pytest.fixture
def target(shop: Shop) -> str:
    """A promotion with a code."""
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    return promotion


VALID = {
    "createRulePromotion": promotion_body(),
    "updateRulePromotion": promotion_body(),
    "createRulePromotionCodes": codes_body("spring-sale"),
    "deleteRulePromotionCodes": codes_body("spring-sale"),
    "createRulePromotionJob": NEW_JOBS["Generate codes"],
    "evaluateCart": {
        "data": EVALUATIONS["A draft, as of next spring"]["data"] | EVALUATIONS["A cart with a code, explained"]["data"]
    },
    "createRedemption": REDEMPTIONS["A cart, held for five minutes"],
    "anonymizeRulePromotionUsages": FORGOTTEN["Everything of a customer"],
    "putProducts": PRODUCTS["A sock, and a gift"],
    "createACart": {"data": {**NEW_CARTS["A guest's"]["data"], **NEW_CARTS["With custom attributes"]["data"]}},
    "updateACart": {"data": {**CARTS["A preview of next spring"]["data"], "name": "A cart"}},
    "manageCarts": ITEMS["Several at once"],
    "bulkUpdateItemsInCart": {"data": [{"id": "a", "quantity": 1, "custom_inputs": {"a": "b"}}]},
    "updateACartItem": {"data": {"id": "a", "type": "cart_item", "quantity": 1, "shipping_group_id": "a"}},
    "createCustomerCartAssociation": CUSTOMERS["A customer"],
    "createAccountCartAssociation": ACCOUNTS["An account with its tags"],
    "createShippingGroup": SHIPPING_GROUPS["A parcel"],
    "updateCartSettings": CART_SETTINGS["Two weeks"],
}
JSON = {"content-type": "application/json"}


def _deep(levels: int) -> bytes:
    return b'{"data":' * levels + b"1" + b"}" * levels


MALFORMED = {
    "nothing": b"",
    "a space": b" ",
    "half an object": b'{"data":',
    "two documents": b"{}{}",
    "a trailing comma": b'{"data":{},}',
    "single quotes": b"{'data':1}",
    "null": b"null",
    "an array": b"[]",
    "a string": b'"data"',
    "a number": b"1",
    "NUL": b"\0",
    "NUL after the document": b"{}\0",
    "NUL in a string": b'{"data":"\0"}',
    "an escaped NUL in a name": b'{"data":{"\\u0000":1}}',
    "a byte order mark": b'\xef\xbb\xbf{"data":1}',
    "UTF-16": '{"data":{}}'.encode("utf-16"),
    "invalid UTF-8": b'{"data":"\xff"}',
    "an overlong NUL": b'{"data":"\xc0\x80"}',
    "a lone surrogate": b'{"data":"\\ud800"}',
    "NaN": b'{"data":NaN}',
    "infinity": b'{"data":Infinity}',
    "a number without end": b'{"data":' + b"9" * 100_000 + b"}",
    "a number beyond floats": b'{"data":1e999}',
    "65 levels": _deep(65),
    "100,000 levels": _deep(100_000),
    "100,000 arrays": b"[" * 100_000 + b"]" * 100_000,
    "an object that is empty": b"{}",
    "data that is null": b'{"data":null}',
    "data that is empty": b'{"data":{"type":"no-such-type"}}',
    "data that is a list": b'{"data":[{}]}',
}

UNREAD = {(id_, "65 levels") for id_ in ("createACart", "updateACart", "updateACartItem", "createShippingGroup")}
"""Where every member may be left out, what stands below an unknown one is passed over."""

HOSTILE_VALUES = {
    "an escaped NUL": "\0",
    "2**64": 2**64,
    "10**400": 10**400,
    "null": None,
    "a long string": "x" * 100_000,
    "control characters": "a\nb\x7f\u2028",
    "letters without end": "\u0345" * 1000,
    "an object": {"": {"\u0001": []}},
    "an array": [[], {}, None, -1],
    "many": [{}] * 1000,
}


@pytest.mark.parametrize("id_", VALID)
def test_malformed_bodies_are_refused(shop: Shop, target: str, id_: str):
    malformed = {name: body for name, body in MALFORMED.items() if (id_, name) not in UNREAD}
    answers = {name: _send(shop, id_, body, promotion=target) for name, body in malformed.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(malformed, 400)
    for answer in answers.values():
        _assert_refused(answer, 400)


@pytest.mark.parametrize("id_", VALID)
def test_hostile_values_never_break_anything(shop: Shop, target: str, id_: str):
    """Every value of a valid body, in turn, becomes something else: it is refused or taken, nothing else."""
    for path in _paths(VALID[id_]):
        for name, value in HOSTILE_VALUES.items():
            body = json.dumps(_replaced(VALID[id_], path, value)).encode()
            answer = _send(shop, id_, body, promotion=target)
            _assert_no_fault(answer, f"{name} at {path}")


@pytest.mark.parametrize("id_", VALID)
@given(data=st.data())
@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_unknown_members_never_break_anything(shop: Shop, target: str, id_: str, data: st.DataObject):
    name, value = data.draw(st.text()), data.draw(_ANY_JSON)
    within = ("data", 0) if isinstance(VALID[id_]["data"], list) else ("data",)
    body = _replaced(VALID[id_], (*within, name), value)
    _assert_no_fault(_send(shop, id_, msgspec.json.encode(body), promotion=target), repr(body))


@pytest.mark.parametrize("id_", VALID)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"])
def test_wrong_content_types_are_refused(shop: Shop, id_: str, kind: str):
    answer = _send(shop, id_, json.dumps(VALID[id_]).encode(), headers={"content-type": kind})
    _assert_refused(answer, 415)


@pytest.mark.parametrize("id_", [*VALID, "createAccessToken"])
def test_bodies_without_end_are_refused(shop: Shop, id_: str):
    def endless():
        for _ in range(9 * 16):
            yield b" " * 65536

    path, method, _ = ENDPOINTS[id_]
    url = path.format(promotion_id=shop.store_id, cart_id="a-cart", item_id="a")
    try:
        answer = shop.http.request(method, url, content=endless(), headers=JSON)
    except httpx.TransportError:
        return  # the answer came, and the connection closed, before all was sent
    _assert_refused(answer, 413)


@pytest.mark.parametrize(
    "form",
    [
        *MALFORMED.values(),
        b"grant_type=client_credentials&client_id=%00&client_secret=x",
        b"grant_type=client_credentials&client_id=%ff&client_secret=x",
        b"grant_type=implicit&client_id=\xff",
        b'{"grant_type":"implicit","client_id":"\\u0000"}',
        b'{"grant_type":"implicit","client_id":"\\ud800"}',
        b'{"grant_type":"implicit","client_id":1}',
        b"&" * 100_000,
        b"a=b&" * 1000,
        b"grant_type=implicit&client_id=" + b"x" * 1_000_000,
    ],
    ids=lambda form: repr(form[:40]),
)
def test_malformed_forms_get_no_token(api: str, form: bytes):
    _assert_refused(httpx.post(f"{api}/oauth/access_token", content=form))


HOSTILE_TEXTS = [
    "%00",
    "a%00b",
    "%ff",
    "%c0%80",
    "%ed%a0%80",
    "%F0%9F%8E%81",
    "%2e%2e%2f",
    "%0d%0aX-Injected:%201",
    "'",
    "%25",
    "%",
    "{}",
    "x" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_paths_are_not_found(shop: Shop, text: str):
    promotion = shop.promotion()
    under = f"/v2/rule-promotions/{promotion}"
    for method, path in (
        ("GET", f"/v2/rule-promotions/{text}"),
        ("DELETE", f"/v2/rule-promotions/{text}"),
        ("GET", f"/v2/rule-promotions/{text}/codes"),
        ("DELETE", f"{under}/codes/{text}"),
        ("GET", f"{under}/jobs/{text}"),
        ("GET", f"{under}/jobs/{text}/file"),
        ("POST", f"{under}/jobs/{text}/cancel"),
        ("GET", f"/files/{text}?Expires=99999999999&Signature={text}"),
        ("GET", f"/docs/{text}"),
        ("GET", f"/{text}"),
    ):
        _assert_refused(shop.http.request(method, path), 404)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@pytest.mark.parametrize("list_", ["", "/{}/codes", "/{}/jobs"], ids=["promotions", "codes", "jobs"])
def test_hostile_queries_never_break_anything(shop: Shop, target: str, list_: str, text: str):
    url = "/v2/rule-promotions" + list_.format(target)
    for query in (
        f"page[limit]={text}",
        f"page[offset]={text}",
        f"page%5Blimit%5D=1&page%5Boffset%5D={text}",
        f"sort={text}",
        f"filter={text}",
        f"filter=eq(code,{text})",
        f"filter=gt(code,{text})",
        f"filter=eq(code,'{text}')",
        f"filter=ilike(name,*{text}*)",
        f"filter=in(rule_set.rules.strategy,{text},{text})",
        f"filter=gt(start,{text})",
        f"filter=eq(status,{text})",
        f"filter={'(' * 1000}{text}",
        f"{text}={text}",
        f"{text}",
    ):
        _assert_no_fault(shop.http.get(f"{url}?{query}"), query)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  .", "Basic eDp5", "Bearer a.b.c", b"Bearer \xff", b"\xff"])
def test_hostile_tokens_are_refused(api: str, header: str | bytes):
    _assert_refused(httpx.get(f"{api}/v2/rule-promotions", headers={"authorization": header}), 401)


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def _send(
    shop: Shop, id_: str, body: bytes, headers: dict[str, str] = JSON, promotion: str | None = None
) -> httpx.Response:
    path, method, _ = ENDPOINTS[id_]
    url = path.format(promotion_id=promotion or shop.store_id, cart_id="a-cart", item_id="a")
    return shop.http.request(method, url, content=body, headers=headers)


def _assert_refused(answer: httpx.Response, status: int | None = None) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert status in (None, answer.status_code), answer.text
    errors = answer.json()["errors"]
    assert errors
    for error in errors:
        assert error["title"]
        assert int(error["status"]) == answer.status_code
    assert "x-injected" not in answer.headers


def _assert_no_fault(answer: httpx.Response, said: str) -> None:
    assert answer.status_code < 500, f"{said}: {answer.text}"
    if answer.status_code >= 400:
        _assert_refused(answer)


def _paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in items for path in [(*at, key), *_paths(item, (*at, key))]]


def _replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    old = copy.get(path[0]) if isinstance(copy, dict) else copy[path[0]]
    copy[path[0]] = _replaced(old, path[1:], new)
    return copy
