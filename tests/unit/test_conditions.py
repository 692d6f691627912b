from typing import Any, get_args

import msgspec
import pytest

from couponry.domain import conditions, item_conditions
from couponry.domain.conditions import AnyCondition, Condition, ItemCondition, RuleCondition, ShippingType
from couponry.domain.errors import Fault
from couponry.domain.money import MAX_AMOUNT
from couponry.domain.nesting import MAX_DEPTH, strategy_of, too_deep, walk
from couponry.domain.validity import Contradiction, placed


def in_rules(document: dict[str, Any]) -> Any:
    return msgspec.convert(document, RuleCondition)


def on_items(document: dict[str, Any]) -> Any:
    return msgspec.convert(document, ItemCondition)


def contradictions(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(msgspec.ValidationError) as refusal:
        in_rules(document)
    assert isinstance(refusal.value.__cause__, Contradiction)
    return [(fault.title, fault.source) for fault in refusal.value.__cause__.faults]


def sku(*skus: str, operator: str = "in") -> dict[str, Any]:
    return {"strategy": "item_sku", "operator": operator, "args": list(skus or ("shirt",))}


def quantity(count: Any, operator: str = "eq", **members: Any) -> dict[str, Any]:
    return {"strategy": "item_quantity", "operator": operator, "args": [count], **members}


def all_of(*children: Any) -> dict[str, Any]:
    return {"strategy": "and", "children": list(children)}


def bundle(*requirements: Any) -> dict[str, Any]:
    return {"strategy": "items_bundle", "children": list(requirements)}


ARGS: dict[str, list[Any]] = {
    "account_tags": ["3fa12770-cdf5-4168-a893-9a29eb1b43cc"],
    "cart_total": [10000],
    "cart_custom_attribute": ["visits", "integer", 5],
    "item_sku": ["shirt"],
    "item_product_id": ["not-even-a-uuid"],
    "item_identifier": [{"skus": ["shirt"], "ids": ["44d8077f"]}],
    "item_category": ["shoes"],
    "item_attribute": ["products(shoes)", "brand", "string", "EP"],
    "item_price": [1999],
    "item_quantity": [2],
    "shipping_type": ["fedex_ground"],
}
OPERATORS = {
    "account_tags": "contains_all contains_any not_contains_any not_contains_all",
    "cart_total": "gte gt lte lt eq",
    "cart_custom_attribute": "in nin eq gt lt gte lte",
    "item_sku": "in nin",
    "item_product_id": "in nin",
    "item_identifier": "in nin",
    "item_category": "in nin",
    "item_attribute": "in nin",
    "item_price": "gte gt lte lt eq",
    "item_quantity": "gte gt lte lt eq",
}


@pytest.mark.parametrize(
    ("strategy", "operator"), [(name, word) for name, words in OPERATORS.items() for word in words.split()]
)
def test_rules_take_every_operator_of_every_strategy_and_give_it_back(strategy, operator):
    document = {"strategy": strategy, "operator": operator, "args": ARGS[strategy]}
    assert msgspec.json.decode(msgspec.json.encode(in_rules(document))) == document


@pytest.mark.parametrize("strategy", OPERATORS)
def test_rules_take_no_other_operator(strategy):
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value"):
        in_rules({"strategy": strategy, "operator": "like", "args": ARGS[strategy]})


@pytest.mark.parametrize("strategy", ["item_price", "item_quantity"])
def test_conditions_on_items_compare_with_ne_too(strategy):
    assert on_items({"strategy": strategy, "operator": "ne", "args": [1]}).operator == "ne"


@pytest.mark.parametrize(
    "strategy", ["cart_total", "account_tags", "cart_custom_attribute", "items_bundle", "shipping_type"]
)
def test_conditions_on_items_know_nothing_of_carts_accounts_or_shipping(strategy):
    with pytest.raises(msgspec.ValidationError, match="Invalid value"):
        on_items({"strategy": strategy, "operator": "eq", "args": ARGS.get(strategy, [])})


def test_shipping_types_are_no_rule():
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'shipping_type'"):
        in_rules({"strategy": "shipping_type", "operator": "in", "args": ["fedex"]})


@pytest.mark.parametrize("condition", [*get_args(RuleCondition), *get_args(ItemCondition), ShippingType])
def test_every_condition_refuses_members_that_nobody_reads(condition):
    with pytest.raises(msgspec.ValidationError, match="unknown field `limit`"):
        msgspec.convert({"limit": 1, "strategy": strategy_of(condition)}, condition)


def test_the_unions_hold_every_condition_there_is():
    classes = {
        value
        for module in (conditions, item_conditions)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Condition) and not value.__subclasses__()
    }
    assert set(get_args(AnyCondition)) == classes


def test_the_strategies_of_rules_are_the_documented_ones():
    documented = {*OPERATORS, "and", "or", "items_bundle"}
    assert {strategy_of(condition) for condition in get_args(RuleCondition)} == documented


def test_every_condition_on_items_may_also_be_a_rule():
    assert {strategy_of(one) for one in get_args(ItemCondition)} < {strategy_of(one) for one in get_args(RuleCondition)}


@pytest.mark.parametrize(
    ("strategy", "most"),
    [("account_tags", 25), ("item_sku", 400), ("item_product_id", 400), ("item_category", 400)],
)
def test_lists_of_words_have_a_least_and_a_most(strategy, most):
    operator = OPERATORS[strategy].split()[0]
    for count in (1, most):
        document = {"strategy": strategy, "operator": operator, "args": ["x"] * count}
        assert len(in_rules(document).args) == count
    for count in (0, most + 1):
        with pytest.raises(msgspec.ValidationError, match=r"array.*length"):
            in_rules({"strategy": strategy, "operator": operator, "args": ["x"] * count})


@pytest.mark.parametrize("word", ["", "x" * 1025, 5, None])
def test_words_are_text_of_some_length(word):
    with pytest.raises(msgspec.ValidationError):
        in_rules({"strategy": "item_sku", "operator": "in", "args": [word]})


def test_identifiers_are_one_object_of_up_to_400_each():
    def identifier(*args: Any) -> Any:
        return in_rules({"strategy": "item_identifier", "operator": "nin", "args": list(args)})

    assert len(identifier({"skus": ["x"] * 400, "ids": ["y"] * 400}).args[0].ids) == 400
    for args in [(), ({"skus": ["x"]}, {"skus": ["y"]}), ({"skus": ["x"] * 401},), ({"names": ["x"]},), ("x",)]:
        with pytest.raises(msgspec.ValidationError):
            identifier(*args)


def test_identifiers_name_something():
    for empty in ({}, {"skus": []}, {"skus": [], "ids": []}):
        document = {"strategy": "item_identifier", "operator": "nin", "args": [empty]}
        assert contradictions(document) == [("array_min_items", "skus")]


@pytest.mark.parametrize("strategy", ["cart_total", "item_price", "item_quantity"])
def test_numbers_are_whole_or_not_and_bounded(strategy):
    for number in (0, 10000, 99.5, MAX_AMOUNT):
        (given,) = in_rules({"strategy": strategy, "operator": "gte", "args": [number]}).args
        assert (given, type(given)) == (number, type(number))
    for number in (-1, -0.5, MAX_AMOUNT + 1, 1e16, True, "10", None):
        with pytest.raises(msgspec.ValidationError):
            in_rules({"strategy": strategy, "operator": "gte", "args": [number]})


@pytest.mark.parametrize("strategy", ["item_price", "item_quantity"])
def test_prices_and_quantities_are_compared_with_one_number(strategy):
    for args in ([], [1, 2]):
        with pytest.raises(msgspec.ValidationError, match="length"):
            in_rules({"strategy": strategy, "operator": "eq", "args": args})


def total(operator: str, *args: Any) -> dict[str, Any]:
    return {"strategy": "cart_total", "operator": operator, "args": list(args)}


def test_a_range_of_totals_has_a_least_and_a_most():
    assert in_rules(total("range", 100, 200)).args == (100, 200)
    assert in_rules(total("range", 100, 100)).args == (100, 100)
    assert contradictions(total("range", 100)) == [("array_min_items", "args")]
    assert contradictions(total("range", 200, 199.5)) == [("number_gte", "args.1")]


def test_other_comparisons_of_totals_take_one_number():
    assert contradictions(total("gte", 100, 200)) == [("array_max_items", "args")]
    for args in ([], [1, 2, 3]):
        with pytest.raises(msgspec.ValidationError, match="length"):
            in_rules(total("range", *args))


VALUES = {"string": "gold", "boolean": True, "integer": 5, "float": 75.5}


def attribute(operator: str, *args: Any) -> dict[str, Any]:
    return {"strategy": "cart_custom_attribute", "operator": operator, "args": list(args)}


@pytest.mark.parametrize("type_", VALUES)
@pytest.mark.parametrize(
    ("operator", "comparable"),
    [
        ("in", "string boolean integer float"),
        ("nin", "string boolean integer float"),
        ("eq", "string boolean integer"),
        ("gt", "integer float"),
        ("lt", "integer float"),
        ("gte", "integer"),
        ("lte", "integer"),
    ],
)
def test_operators_compare_only_the_types_that_they_can(operator, comparable, type_):
    document = attribute(operator, "key", type_, VALUES[type_])
    if type_ in comparable.split():
        assert in_rules(document).args[2] == VALUES[type_]
    else:
        assert contradictions(document) == [("enum", "args.1")]


@pytest.mark.parametrize("type_", VALUES)
def test_values_of_cart_attributes_are_of_the_declared_type(type_):
    fitting = {"float": {"float", "integer"}}.get(type_, {type_})
    for other, value in VALUES.items():
        document = attribute("in", "key", type_, VALUES[type_], value)
        if other in fitting:
            in_rules(document)
        else:
            assert contradictions(document) == [("invalid_type", "args.3")]


def test_membership_takes_20_values_and_comparison_one():
    assert len(in_rules(attribute("in", "key", "integer", *range(20))).args) == 22
    for args in (["key", "integer"], ["key", "integer", *range(21)]):
        with pytest.raises(msgspec.ValidationError, match="length"):
            in_rules(attribute("in", *args))
    assert contradictions(attribute("gte", "key", "integer", 1, 2)) == [("array_max_items", "args")]


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "key\n", "a.b"])
def test_keys_of_cart_attributes_are_plain(key):
    assert contradictions(attribute("eq", key, "integer", 1)) == [("pattern", "args.0")]


def test_every_contradiction_of_an_attribute_is_told_at_once():
    document = attribute("gte", 5, "integer", "x", True)
    assert contradictions(document) == [
        ("invalid_type", "args.0"),
        ("invalid_type", "args.2"),
        ("invalid_type", "args.3"),
        ("array_max_items", "args"),
    ]
    assert contradictions(attribute("in", "key", 7, 1)) == [("invalid_type", "args.1")]


def product_attribute(*args: Any) -> dict[str, Any]:
    return {"strategy": "item_attribute", "operator": "in", "args": list(args)}


@pytest.mark.parametrize(("type_", "value"), [*VALUES.items(), ("date", "2024-02-01"), ("float", 3)])
def test_product_attributes_have_every_type_of_template_fields(type_, value):
    assert in_rules(product_attribute("products(shoes)", "brand", type_, value)).args[3] == value


def test_product_attributes_take_20_values():
    assert in_rules(product_attribute("t", "f", "integer", *range(20)))
    for args in (["t", "f", "integer"], ["t", "f", "integer", *range(21)]):
        with pytest.raises(msgspec.ValidationError, match="length"):
            in_rules(product_attribute(*args))


def test_product_attributes_are_named_and_typed():
    assert in_rules(product_attribute("t" * 255, "f" * 255, "string", ""))
    assert contradictions(product_attribute("", "f" * 256, "colour", "x")) == [
        ("string_gte", "args.0"),
        ("string_lte", "args.1"),
        ("enum", "args.2"),
    ]
    assert contradictions(product_attribute(1, 2, 3, "x"))[1:] == [
        ("invalid_type", "args.1"),
        ("invalid_type", "args.2"),
    ]
    assert contradictions(product_attribute("t", "f", "date", 20240201)) == [("invalid_type", "args.3")]


@pytest.mark.parametrize("strategy", ["cart_total", "item_category", "item_attribute", "item_price", "item_quantity"])
def test_conditions_narrow_themselves_with_children(strategy):
    document = {"strategy": strategy, "operator": OPERATORS[strategy].split()[0], "args": ARGS[strategy]}
    assert in_rules(document | {"children": [sku("a", operator="nin")]}).children[0].operator == "nin"
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'cart_total'"):
        in_rules(document | {"children": [total("eq", 1)]})


@pytest.mark.parametrize(
    "strategy", ["item_sku", "item_product_id", "item_identifier", "account_tags", "cart_custom_attribute"]
)
def test_other_leaves_have_no_children(strategy):
    document = {"strategy": strategy, "operator": OPERATORS[strategy].split()[0], "args": ARGS[strategy]}
    with pytest.raises(msgspec.ValidationError, match="unknown field `children`"):
        in_rules(document | {"children": [sku()]})


@pytest.mark.parametrize("strategy", ["and", "or", "items_bundle"])
def test_and_or_and_bundles_need_children(strategy):
    with pytest.raises(msgspec.ValidationError, match="length >= 1"):
        in_rules({"strategy": strategy, "children": []})


def test_and_and_or_nest_as_they_like():
    assert in_rules(all_of({"strategy": "or", "children": [sku(), all_of(total("eq", 1), sku())]}, quantity(1)))


class TestRequirementsOfBundles:
    @pytest.mark.parametrize(
        "requirement",
        [
            sku(),
            {
                "strategy": "or",
                "children": [sku("a"), {"strategy": "item_product_id", "operator": "in", "args": ["b"]}],
            },
            all_of(sku(), quantity(2)),
            all_of(quantity(1), sku(), sku("b", operator="nin")),
            all_of(sku(), quantity(3, operator="gte"), {"strategy": "item_price", "operator": "gt", "args": [10]}),
            all_of(sku()),
        ],
    )
    def test_a_selector_alone_or_with_a_number_of_units(self, requirement):
        assert len(in_rules(bundle(requirement)).children) == 1

    @pytest.mark.parametrize(
        ("requirement", "faults"),
        [
            (quantity(2), [("enum", "children.0.strategy")]),
            ({"strategy": "item_price", "operator": "gt", "args": [1]}, [("enum", "children.0.strategy")]),
            (all_of(quantity(2)), [("enum", "children.0.children.0.strategy")]),
            (all_of(sku(), quantity(2, operator="lt")), [("enum", "children.0.children.1.operator")]),
            (all_of(sku(), quantity(0)), [("number_gte", "children.0.children.1.args.0")]),
            (all_of(sku(), quantity(1.5)), [("invalid_type", "children.0.children.1.args.0")]),
            (all_of(sku(), quantity(1, children=[sku()])), [("array_max_items", "children.0.children.1.children")]),
            (all_of(sku(), quantity(1), quantity(2)), [("enum", "children.0.children.2.strategy")]),
            (all_of(all_of(sku(), quantity(1))), [("enum", "children.0.children.0.children.1.strategy")]),
            (all_of(sku(), quantity(0, operator="gt")), [
                ("enum", "children.0.children.1.operator"),
                ("number_gte", "children.0.children.1.args.0"),
            ]),
        ],
    )  # fmt: skip
    def test_nothing_else(self, requirement, faults):
        assert contradictions(bundle(requirement)) == faults

    def test_faults_of_all_requirements_are_told(self):
        assert contradictions(bundle(quantity(1), sku(), quantity(1))) == [
            ("enum", "children.0.strategy"),
            ("enum", "children.2.strategy"),
        ]


def nested(depth: int) -> Any:
    condition = sku()
    for _ in range(depth - 1):
        condition = all_of(condition)
    return in_rules(condition)


def test_conditions_nest_ten_deep_and_no_deeper():
    assert list(too_deep(nested(MAX_DEPTH))) == []
    (fault,) = too_deep(nested(MAX_DEPTH + 1))
    assert fault.title == "array_max_items"
    assert fault.source == ".".join(["children.0"] * (MAX_DEPTH - 1) + ["children"])


def test_a_tree_is_walked_from_the_root_in_the_order_of_children():
    tree = in_rules(all_of(sku("a"), all_of(sku("b")), sku("c")))
    paths = [(path, depth) for path, depth, _ in walk(tree)]
    assert paths == [("", 1), ("children.0", 2), ("children.1", 2), ("children.1.children.0", 3), ("children.2", 2)]


def test_conditions_made_in_python_are_judged_as_well():
    with pytest.raises(Contradiction, match="at most 1 items"):
        conditions.CartTotal(operator="gte", args=(1, 2))


def test_a_fault_is_told_from_the_root():
    fault = placed(Fault("enum", "{field} must be one of", "operator"), "data.rule_set.rules")
    assert fault.source == "data.rule_set.rules.operator"
    assert fault.detail == "data.rule_set.rules.operator must be one of"
