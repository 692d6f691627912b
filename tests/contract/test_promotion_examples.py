"""Every request that the reference shows is accepted, and answered as it was written."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from couponry.api.documents import amend_promotion, decode_promotion

REPOSITORY = Path(__file__).parents[2]
REFERENCE = Path(os.environ.get("COUPONRY_REFERENCE_DIR", REPOSITORY.parent / "shared" / "reference"))
SPECIFICATION = REFERENCE / "rule-promotions.openapi.yaml"


def sku(*skus: str, operator: str = "in") -> dict[str, Any]:
    return {"strategy": "item_sku", "operator": operator, "args": list(skus)}


def identifier(operator: str, **names: list[str]) -> dict[str, Any]:
    return {"strategy": "item_identifier", "operator": operator, "args": [names]}


def category(*children: Any) -> dict[str, Any]:
    plain = {"strategy": "item_category", "operator": "in", "args": ["shoes"]}
    return plain | ({"children": list(children)} if children else {})


def total(operator: str, *amounts: int, **members: Any) -> dict[str, Any]:
    return {"strategy": "cart_total", "operator": operator, "args": list(amounts), **members}


def attribute(operator: str, *args: Any) -> dict[str, Any]:
    return {"strategy": "cart_custom_attribute", "operator": operator, "args": list(args)}


def tags(operator: str) -> dict[str, Any]:
    return {"strategy": "account_tags", "operator": operator, "args": ["wholesale", "loyal"]}


def units(selector: Any, count: int) -> dict[str, Any]:
    return {
        "strategy": "and",
        "children": [selector, {"strategy": "item_quantity", "operator": "eq", "args": [count]}],
    }


def act(strategy: str, *args: Any, **members: Any) -> dict[str, Any]:
    return {"strategy": strategy, "args": list(args), **members}


CART = act("cart_discount", "percent", 20)
NO_SALE = {"strategy": "item_attribute", "operator": "nin", "args": ["products(shoes)", "sale", "string", "now"]}
BUNDLE = {"strategy": "items_bundle", "children": [units(sku("racket"), 2), units(sku("ball"), 3)]}

EXAMPLES: dict[str, tuple[Any, list[Any]]] = {
    "percent off the cart from a total": (total("gte", 10000), [CART]),
    "percent off the cart within a range of totals": (total("range", 10000, 20000), [CART]),
    "buy one thing and get another cheaper": (sku("x"), [act("item_discount", "percent", 50, condition=sku("y"))]),
    "percent off products with an attribute": (NO_SALE | {"operator": "in"}, [act("item_discount", "percent", 20)]),
    "off the cart and off an item": (sku("a"), [act("item_discount", "percent", 50, condition=sku("a")), CART]),
    "a fixed amount off an item": (sku("a"), [act("item_discount", "fixed", 1000)]),
    "two for a fixed price": (sku("a"), [act("item_discount", "fixed_price", 2, 10000)]),
    "a fixed amount off the cart": (total("gte", 10000), [act("cart_discount", "fixed", 500)]),
    "a custom attribute among several values": (attribute("in", "status", "string", "gold", "platinum"), [CART]),
    "a custom attribute that is true": (attribute("eq", "is_vip", "boolean", True), [CART]),
    "a custom attribute above a number": (attribute("gt", "visits", "integer", 5), [CART]),
    "a custom attribute up to a number": (attribute("lte", "visits", "integer", 3), [CART]),
    "a custom attribute above a fraction": (attribute("gt", "score", "float", 75.5), [CART]),
    "all of the cart but one item": (
        total("gte", 10000, children=[sku("b", operator="nin")]),
        [CART | {"condition": sku("b", operator="nin")}],
    ),
    "no more than one free": (
        sku("shirt"),
        [act("item_discount", "percent", 100, limitations={"max_quantity": 1}, condition=sku("hat"))],
    ),
    "a SKU or a product": (identifier("in", skus=["a"], ids=["44d8077f-8fa3-4780-9df5-91d052be583f"]), [CART]),
    "a category without some items": (
        category(identifier("nin", skus=["a"], ids=["b"])),
        [act("item_discount", "percent", 50, condition=category(identifier("nin", skus=["a"], ids=["b"])))],
    ),
    "a total of a category without an attribute": (
        total("gte", 10000, children=[category(), NO_SALE]),
        [act("item_discount", "percent", 50, condition=category(NO_SALE))],
    ),
    "the cheapest of a category": (
        {"strategy": "and", "children": [category(), sku("a", operator="nin")]},
        [
            act(
                "item_discount",
                "percent",
                50,
                limitations={
                    "max_quantity": 2,
                    "max_discount": 1000,
                    "items": {"max_items": 2, "price_strategy": "cheapest"},
                },
            )
        ],
    ),
    "free shipping of a type": (
        total("gte", 10000),
        [
            act(
                "shipping_discount",
                "percent",
                100,
                condition={"strategy": "shipping_type", "operator": "in", "args": ["fedex_ground"]},
            )
        ],
    ),
    "a bundle at a fixed price": (BUNDLE, [act("items_bundle_discount", "fixed_price", 20000, condition=BUNDLE)]),
    "a bundle from one category": (
        {"strategy": "items_bundle", "children": [units(category(), 2)]},
        [act("items_bundle_discount", "percent", 50)],
    ),
    "accounts with all tags": (tags("contains_all"), [CART]),
    "accounts with none of the tags": (tags("not_contains_any"), [CART]),
    "accounts without some of the tags": (tags("not_contains_all"), [CART]),
    "a gift that is added": (
        identifier("in", skus=["shoes"]),
        [
            act(
                "item_discount",
                "percent",
                100,
                condition=identifier("in", skus=["socks"]),
                limitations={"items": {"auto_add": True}},
            )
        ],
    ),
}


def promotion(rules: Any, actions: Any) -> dict[str, Any]:
    return {
        "type": "rule_promotion",
        "name": "An example",
        "automatic": True,
        "start": "2024-02-01",
        "end": "2050-01-01",
        "rule_set": {"rules": rules, "actions": actions},
    }


def answered(data: dict[str, Any]) -> Any:
    decoded = decode_promotion(msgspec.json.encode({"data": data}))
    return msgspec.json.decode(msgspec.json.encode(decoded.rule_set))


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_merchants_want_is_accepted_and_answered_as_written(name):
    rules, actions = EXAMPLES[name]
    assert answered(promotion(rules, actions)) == {"rules": rules, "actions": actions}


@pytest.mark.parametrize("name", EXAMPLES)
def test_rules_and_conditions_in_lists_are_answered_as_objects(name):
    rules, actions = EXAMPLES[name]
    listed = [action | ({"condition": [action["condition"]]} if "condition" in action else {}) for action in actions]
    assert answered(promotion([rules], listed)) == {"rules": rules, "actions": actions}


def unlisted(rule_set: dict[str, Any]) -> dict[str, Any]:
    """Return a rule set of the reference with single conditions in place of lists of one."""

    def single(value: Any) -> Any:
        return value[0] if isinstance(value, list) else value

    actions = [
        {name: single(value) if name == "condition" else value for name, value in action.items()}
        for action in rule_set["actions"]
    ]
    return rule_set | {"rules": single(rule_set["rules"]), "actions": actions}


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the reference is not here")
def test_every_request_of_the_reference_is_accepted_and_answered_as_written():
    import yaml

    paths = yaml.safe_load(SPECIFICATION.read_text())["paths"]
    stored = decode_promotion(msgspec.json.encode({"data": promotion(*EXAMPLES["accounts with all tags"])}))
    seen = 0
    for path, method in (("/v2/rule-promotions", "post"), ("/v2/rule-promotions/{promotionID}", "put")):
        content = paths[path][method]["requestBody"]["content"]["application/json"]
        for name, example in content["examples"].items():
            body = msgspec.json.encode(example["value"])
            decoded = decode_promotion(body) if method == "post" else amend_promotion(body)(stored)
            given = example["value"]["data"]
            assert msgspec.json.decode(msgspec.json.encode(decoded.rule_set)) == unlisted(given["rule_set"]), name
            assert (decoded.name, decoded.enabled) == (given["name"], given["enabled"])
            seen += 1
    assert seen >= 28
