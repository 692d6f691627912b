"""The OpenAPI document says what the API does, no less and no more."""

from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from couponry.api.app import create_app
from couponry.api.openapi import document_of, endpoints
from couponry.api.operations import TAGS, Operation
from couponry.settings import Settings
from support import CartClient, Shop, custom_item, evaluation_body


@schemathesis.serializer("text/csv")
def as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


APP = create_app(Settings())
DOCUMENT = document_of(APP)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.phases.coverage.enabled = False
SYSTEMATIC = schemathesis.openapi.from_dict(DOCUMENT)
SYSTEMATIC.config.phases.coverage.unexpected_methods = {"patch"}

OPERATIONS: dict[str, Operation] = {id_: one for tag in TAGS for id_, one in tag.operations.items()}
DOCUMENTED = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}

OF_CARTS = {id_ for id_, (_, path, _) in DOCUMENTED.items() if path.startswith("/v2/carts")}
FOR_MERCHANTS = {"createACart", "updateACart", "createAccountCartAssociation"}
"""What every token may ask of carts, but for some members of the body."""
FOR_EVERYBODY = {"getProducts", "getProduct", *(OF_CARTS - FOR_MERCHANTS)}
"""What every token may ask for."""

# The document


def test_every_endpoint_is_documented_and_every_documented_operation_exists():
    routes = {(one.path, one.method, one.handler.operation_id) for one in endpoints(APP)}
    documented = {(path, method, id_) for id_, (method, path, _) in DOCUMENTED.items()}
    assert documented == routes
    assert set(OPERATIONS) == set(DOCUMENTED)


def test_the_document_is_openapi():
    SCHEMA.validate()


def test_every_reference_leads_somewhere():
    references = set(_references(DOCUMENT))
    assert references
    for reference in references:
        part: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


@pytest.mark.parametrize("id_", DOCUMENTED)
def test_an_operation_says_what_it_is_for_and_how_it_can_fail(id_: str):
    _, path, operation = DOCUMENTED[id_]
    assert operation["summary"]
    assert operation["description"]
    statuses = set(operation["responses"])
    assert any(status[0] == "2" for status in statuses)
    if path.startswith("/v2/"):
        assert operation["security"]
        assert {"401", "503"} <= statuses
        assert ("403" in statuses) != (id_ in FOR_EVERYBODY)
    if path.startswith("/v2/") and "{" in path:
        assert "404" in statuses
    if "requestBody" in operation:
        assert {"400", "413"} <= statuses
    for response in operation["responses"].values():
        assert response["description"]


@pytest.mark.parametrize("id_", [id_ for id_, one in OPERATIONS.items() if one.body is not None])
def test_a_body_is_required_unless_it_may_be_left_out(shop: Shop, id_: str):
    method, path, operation = DOCUMENTED[id_]
    order_id, transaction_id = order(shop)
    names = {"order_id": order_id, "transaction_id": transaction_id, "redemption_id": redemption(shop)}
    others = dict.fromkeys(("promotion_id", "item_id", "group_id"), shop.promotion())
    answer = shop.http.request(method, path.format(**names, **others, cart_id="ordered"))
    assert (answer.status_code == 400) == operation["requestBody"]["required"], answer.text


def test_every_member_of_a_body_or_an_answer_is_a_member_of_a_struct():
    promotion = DOCUMENT["components"]["schemas"]["PromotionData"]
    assert "custom_fields" not in promotion["properties"]
    assert promotion["additionalProperties"]
    partial = DOCUMENT["components"]["schemas"]["PartialPromotionData"]
    assert partial["properties"].keys() == promotion["properties"].keys()
    assert "required" not in partial


@pytest.mark.parametrize(
    ("id_", "title"), [(id_, title) for id_, operation in OPERATIONS.items() for title in operation.examples]
)
def test_examples_are_accepted(shop: Shop, id_: str, title: str):
    method, path, operation = DOCUMENTED[id_]
    example = OPERATIONS[id_].examples[title]
    if id_ == "createAccessToken":
        example = {**example, "client_id": shop.client_id, "client_secret": shop.client_secret}
        answer = shop.http.post(path, data=example)
    else:
        if id_ == "checkoutAPI":
            CartClient(shop).add(custom_item())
        order_id, _ = order(shop)
        url = path.format(
            promotion_id=shop.promotion(), redemption_id=redemption(shop), cart_id="my-cart", order_id=order_id
        )
        answer = shop.http.request(method, url, json=example)
    assert 200 <= answer.status_code < 300, answer.text
    assert str(answer.status_code) in operation["responses"]


# Whatever is sent

PROMISES = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.unsupported_method,
    openapi_checks.missing_required_header,
    openapi_checks.ignored_auth,
]


MAX_QUERY = 32_000
"""Far above it, the HTTP parser gives up on the request before the API sees it."""

BOUNDED = settings(
    max_examples=6, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@SCHEMA.parametrize()
@BOUNDED
def test_every_answer_is_as_documented(case: schemathesis.Case, shop: Shop, target: dict[str, str]):
    _assert_kept(case, shop, target)


# Walking through a rule set or a cart systematically takes minutes.
ENDLESS = ["createRulePromotion", "updateRulePromotion", "evaluateCart", "createRedemption"]


@SYSTEMATIC.exclude(operation_id=ENDLESS).parametrize()
@settings(BOUNDED, max_examples=1)
def test_every_bound_is_as_documented(case: schemathesis.Case, shop: Shop, target: dict[str, str]):
    _assert_kept(case, shop, target)


def _assert_kept(case: schemathesis.Case, shop: Shop, target: dict[str, str]) -> None:
    if len(quote(str(case.query))) > MAX_QUERY:
        return
    _aim(case.path_parameters, target)
    case.call_and_validate(
        base_url=str(shop.http.base_url),
        headers={"Authorization": shop.http.headers["Authorization"]},
        checks=PROMISES,
    )


def _aim(parameters: dict[str, Any], target: dict[str, str]) -> None:
    """Make every other promotion, order or cart asked for one that exists."""
    for name, there in target.items():
        asked = parameters.get(name)
        if isinstance(asked, str) and sum(asked.encode(errors="replace")) % 2:
            parameters[name] = there


@pytest.fixture
def target(shop: Shop) -> dict[str, str]:
    """A promotion with a code, an order with a payment, and the cart that it was made of."""
    promotion = shop.promotion()
    shop.add_codes(promotion, "spring")
    order_id, transaction_id = order(shop)
    return {
        "promotion_id": promotion,
        "order_id": order_id,
        "transaction_id": transaction_id,
        "cart_id": "ordered",
    }


def order(shop: Shop) -> tuple[str, str]:
    """Check a cart out and authorize a part of its payment; return the ids of both."""
    cart = CartClient(shop, "ordered")
    cart.add(custom_item())
    made = cart.ok("POST", "/checkout", {"customer": {"id": "ann"}})["data"]["id"]
    body = {"data": {"gateway": "manual", "method": "authorize", "amount": 1}}
    return made, shop.http.post(f"/v2/orders/{made}/payments", json=body).json()["data"]["id"]


def redemption(shop: Shop) -> str:
    """Redeem without a code, and return the id."""
    answer = shop.http.post("/v2/rule-promotions/redemptions", json=evaluation_body(type="redemption"))
    return answer.json()["data"]["id"]


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        own += [*part.get("discriminator", {}).get("mapping", {}).values()]
        return own + [found for value in part.values() for found in _references(value)]
    return [found for value in part for found in _references(value)] if isinstance(part, list) else []
