"""Small but nasty carts, and promotions and codes that often apply to them.

The names of things come from tiny alphabets, so that they collide; amounts are such that shares seldom come out even.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from couponry.domain.cart import Cart
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.promotions import PromotionAttributes
from property.oracle import OraclePromotion

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
"""The moment of every judgement."""

SKUS = ("A", "B", "C")
PRODUCTS = ("p1", "p2", "p3")
NODES = ("n1", "n2", "n3")
CATALOGS = ("k1", "k2")
TAGS = ("t1", "t2", "t3")
SHIPPING_TYPES = ("ground", "air")
PRICES = (1, 2, 3, 5, 7, 10, 33, 99, 100, 101, 0, 333, 999, 1000, 1400, 10000, 19999)
AMOUNTS = (1, 2, 5, 10, 50, 99, 100, 333, 500, 1000, 5000, 20000, 0)
QUANTITIES = (1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 11)
SHARES = (5, 10, 50, 12.5, 20, 33.333333, 50, 66.6, 99.999999, 100, 0)
FIELD_VALUES: dict[str, tuple[Any, ...]] = {
    "brand": ("EP", "XY"),
    "size": (5, 5.0, 7, "5"),
    "width": (0.1, 1, 2.5),
    "sale": (True, False, 1),
    "launched": ("2024-01-01", "2025-01-01"),
}
FIELD_TYPES = {"brand": "string", "size": "integer", "width": "float", "sale": "boolean", "launched": "date"}
ARGS_OF_TYPE: dict[str, tuple[Any, ...]] = {
    "string": ("EP", "XY", "5"),
    "boolean": (True, False),
    "integer": (5, 7, 1),
    "float": (0.1, 1, 1.0, 2.5, 5),
    "date": ("2024-01-01", "2025-01-01"),
}
KEYS = ("gift", "level")
OPERATORS_OF_TYPE = {
    "string": ("in", "nin", "eq"),
    "boolean": ("in", "nin", "eq"),
    "integer": ("in", "nin", "eq", "gt", "lt", "gte", "lte"),
    "float": ("in", "nin", "gt", "lt"),
}


class World(NamedTuple):
    """Everything that a judgement is asked about."""

    cart: Cart
    promotions: list[OraclePromotion]
    entered: list[EnteredCode]
    at: datetime


def rarely(draw: st.DrawFn, one_in: int = 8) -> bool:
    return draw(st.integers(1, one_in)) == one_in


def some(values: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=len(values), unique_by=repr)


# Carts


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of a product template, of the declared types or not, missing, empty, or with several values."""
    template = {}
    for name in draw(st.lists(st.sampled_from(list(FIELD_VALUES)), max_size=3, unique=True)):
        one = st.sampled_from(FIELD_VALUES[name])
        template[name] = draw(one | one | st.lists(one, max_size=2) | st.none())
    return template


@st.composite
def lines(draw: st.DrawFn, id_: str) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": id_,
        "sku": draw(st.sampled_from((*SKUS, *SKUS, None))),
        "product_id": draw(st.sampled_from((*PRODUCTS, None))),
        "quantity": draw(st.sampled_from(QUANTITIES)),
        "unit_price": draw(st.sampled_from(PRICES)),
        "catalog_id": draw(st.sampled_from(("k1", "k1", "k2", None))),
        "category_ids": draw(st.lists(st.sampled_from(NODES), max_size=2, unique=True)),
        "custom": rarely(draw),
    }
    if draw(st.booleans()):
        line["attributes"] = {draw(st.sampled_from(("products(a)", "products(a)", "products(b)"))): draw(fields())}
    return line


shoppers = st.fixed_dictionaries(
    {},
    optional={
        "customer_id": st.just("customer-1"),
        "account_id": st.just("account-1"),
        "email": st.sampled_from(("Jo@Example.com", "other@example.com")),
        "account_tags": st.lists(st.sampled_from(TAGS), max_size=3, unique=True),
    },
)


@st.composite
def custom_attributes(draw: st.DrawFn) -> dict[str, Any]:
    attributes = {}
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=2, unique=True)):
        declared = draw(st.sampled_from(list(OPERATORS_OF_TYPE)))
        attributes[key] = {"type": declared, "value": draw(st.sampled_from(ARGS_OF_TYPE[declared]))}
    return attributes


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    """Carts of up to six lines and three shipping groups, some of them empty or of lines that are not there."""
    ids = [f"line-{number}" for number in range(draw(st.sampled_from((1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 0))))]
    groups = [
        {
            "id": f"group-{number}",
            "shipping_type": draw(st.sampled_from(SHIPPING_TYPES)),
            "base_price": draw(st.sampled_from((1, 99, 500, 1001, 0))),
            "item_ids": draw(some([*ids, "gone"])),
        }
        for number in range(draw(st.sampled_from((1, 2, 3, 0))))
    ]
    document = {
        "currency": "EUR" if rarely(draw, 10) else "USD",
        "items": [draw(lines(id_)) for id_ in ids],
        "shipping_groups": groups,
        "custom_attributes": draw(custom_attributes()),
        "shopper": draw(shoppers),
    }
    return msgspec.convert(document, Cart)


# Conditions


def membership(strategy: str, args: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    operators = st.sampled_from(("in", "in", "in", "nin"))
    return st.fixed_dictionaries({"strategy": st.just(strategy), "operator": operators, "args": args})


identifiers = st.fixed_dictionaries({"skus": some(SKUS)}, optional={"ids": some(PRODUCTS)}) | st.fixed_dictionaries(
    {"ids": some(PRODUCTS)}
)


@st.composite
def attribute_args(draw: st.DrawFn) -> list[Any]:
    name = draw(st.sampled_from(list(FIELD_TYPES)))
    declared = FIELD_TYPES[name] if not rarely(draw) else draw(st.sampled_from(list(ARGS_OF_TYPE)))
    return ["products(a)", name, declared, *draw(some(ARGS_OF_TYPE[declared]))]


named = (
    membership("item_sku", some(SKUS))
    | membership("item_product_id", some(PRODUCTS))
    | membership("item_identifier", identifiers.map(lambda one: [one]))
)
category_or_attribute = membership("item_category", some(NODES)) | membership("item_attribute", attribute_args())


def measured(in_rules: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions on prices and quantities, mostly such as are met."""
    operators = ("gte", "gte", "gt", "lte", "lt", "eq") + (() if in_rules else ("ne",))
    prices = st.fixed_dictionaries(
        {
            "strategy": st.just("item_price"),
            "operator": st.sampled_from(operators),
            "args": st.sampled_from((0, 1, 2.5, 33.3, 80, 100, 1000, 1e4)).map(lambda number: [number]),
        }
    )
    quantities = st.fixed_dictionaries(
        {
            "strategy": st.just("item_quantity"),
            "operator": st.sampled_from(operators),
            "args": st.sampled_from((0, 1, 1, 2, 2.0, 2.5, 3)).map(lambda number: [number]),
        }
    )
    return prices | quantities


@st.composite
def with_children(
    draw: st.DrawFn, parents: st.SearchStrategy[dict[str, Any]], below: st.SearchStrategy[list[dict[str, Any]]]
) -> dict[str, Any]:
    condition = draw(parents)
    return {**condition, "children": draw(below)} if rarely(draw, 4) else condition


def item_leaves(in_rules: bool, *, measure: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions on a line; without *measure*, none on prices or quantities."""
    parents = category_or_attribute | measured(in_rules) if measure else category_or_attribute
    below = named | measured(in_rules) if measure else named
    return named | with_children(parents, st.lists(below, min_size=1, max_size=2))


def nested(leaves: st.SearchStrategy[dict[str, Any]], most: int) -> st.SearchStrategy[dict[str, Any]]:
    def around(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        children = st.lists(inner, min_size=1, max_size=3)
        return st.fixed_dictionaries({"strategy": st.sampled_from(("and", "or")), "children": children})

    return st.recursive(leaves, around, max_leaves=most)


item_conditions = named | nested(item_leaves(in_rules=False), 4)


selectors = named | nested(item_leaves(in_rules=False, measure=False), 3)


@st.composite
def requirements(draw: st.DrawFn) -> dict[str, Any]:
    selector = draw(selectors)
    if draw(st.booleans()):
        return selector
    count = {
        "strategy": "item_quantity",
        "operator": draw(st.sampled_from(("eq", "eq", "gte"))),
        "args": [draw(st.sampled_from((1, 2, 2, 3, 4)))],
    }
    parts = [selector, count]
    if rarely(draw):
        parts.append({"strategy": "item_price", "operator": "gte", "args": [draw(st.sampled_from((1, 100)))]})
    return {"strategy": "and", "children": draw(st.permutations(parts))}


bundles = st.lists(requirements(), min_size=1, max_size=3).map(
    lambda children: {"strategy": "items_bundle", "children": children}
)


further = st.lists(item_leaves(in_rules=True), min_size=1, max_size=2)


@st.composite
def cart_totals(draw: st.DrawFn) -> dict[str, Any]:
    compares = draw(st.sampled_from(("gte", "gte", "gt", "lte", "lt", "eq", "range")))
    bounds = sorted(draw(st.tuples(*[st.sampled_from((0, 1, 100, 333.5, 1000, 2000, 30000))] * 2)))
    condition = {
        "strategy": "cart_total",
        "operator": compares,
        "args": bounds if compares == "range" else [bounds[1] if compares in ("lte", "lt") else bounds[0]],
    }
    if rarely(draw, 3):
        condition["children"] = draw(further)
    return condition


@st.composite
def cart_attribute_conditions(draw: st.DrawFn) -> dict[str, Any]:
    declared = draw(st.sampled_from(list(OPERATORS_OF_TYPE)))
    compares = draw(st.sampled_from(OPERATORS_OF_TYPE[declared]))
    values = draw(some(ARGS_OF_TYPE[declared]))
    if compares not in ("in", "nin"):
        values = values[:1]
    return {
        "strategy": "cart_custom_attribute",
        "operator": compares,
        "args": [draw(st.sampled_from(KEYS)), declared, *values],
    }


account_tags = st.fixed_dictionaries(
    {
        "strategy": st.just("account_tags"),
        "operator": st.sampled_from(("contains_all", "contains_any", "not_contains_any", "not_contains_all")),
        "args": some(TAGS),
    }
)
always = {"strategy": "cart_total", "operator": "gte", "args": [0]}

rule_leaves = (
    item_leaves(in_rules=True)
    | named
    | cart_totals()
    | st.just(always)
    | bundles
    | cart_attribute_conditions()
    | account_tags
)
rules = st.just(always) | named | nested(named | st.just(always), 3) | nested(rule_leaves, 5)


# Actions

shares = st.sampled_from(SHARES)
amounts = st.sampled_from(AMOUNTS)
percent = shares.map(lambda share: ["percent", share])
fixed = amounts.map(lambda amount: ["fixed", amount])
fixed_price = amounts.map(lambda total: ["fixed_price", total])
fixed_price_for = st.tuples(st.integers(1, 4), amounts).map(lambda both: ["fixed_price", *both])
max_discount = {"max_discount": st.sampled_from((1, 10, 50, 100, 1000, 0))}


target_items = st.fixed_dictionaries(
    {},
    optional={
        "max_items": st.integers(1, 3),
        "max_units": st.integers(1, 6),
        "price_strategy": st.sampled_from(("cheapest", "expensive")),
    },
)
caps = st.fixed_dictionaries({}, optional=max_discount)
item_limitations = st.fixed_dictionaries(
    {}, optional={**max_discount, "max_quantity": st.integers(1, 3), "items": target_items}
)
shipping_types = some(SHIPPING_TYPES).map(lambda types: {"strategy": "shipping_type", "operator": "in", "args": types})


@st.composite
def action(
    draw: st.DrawFn, strategy: str, args: st.SearchStrategy[list[Any]], **members: st.SearchStrategy[Any]
) -> dict[str, Any]:
    """Draw an action with some of its members."""
    chosen = {name: draw(values) for name, values in members.items() if rarely(draw, 3)}
    return {"strategy": strategy, "args": draw(args), **chosen}


item_discounts = action(
    "item_discount", percent | fixed | fixed_price_for, condition=item_conditions, limitations=item_limitations
)
actions = (
    action("cart_discount", percent | fixed, condition=item_conditions, limitations=caps)
    | item_discounts
    | item_discounts
    | action("items_bundle_discount", percent | fixed | fixed_price, condition=bundles, limitations=caps)
    | action("shipping_discount", percent | fixed | fixed_price, condition=shipping_types)
)


own_bundle_discounts = action("items_bundle_discount", percent | fixed | fixed_price, limitations=caps)


@st.composite
def rule_sets(draw: st.DrawFn) -> dict[str, Any]:
    """Rule sets; where the rules ask for a bundle, bundles are likely to be discounted."""
    if rarely(draw, 5):
        some_actions = st.lists(own_bundle_discounts | actions, min_size=1, max_size=2)
        document = {"rules": draw(bundles), "actions": draw(some_actions)}
    else:
        document = {"rules": draw(rules), "actions": draw(st.lists(actions, min_size=1, max_size=3))}
    if rarely(draw, 6):
        document["catalog_ids"] = draw(st.sampled_from((["k1"], ["k2"], ["k1", "k2"], [], None)))
    if rarely(draw, 6):
        document["currencies"] = draw(st.sampled_from((["USD"], ["EUR"], ["USD", "EUR"], [], None)))
    return document


# Promotions and codes

DAY = timedelta(days=1)
PERIODS = (
    *[(AT - DAY, AT + DAY)] * 20,
    (AT, AT + DAY),
    (AT - DAY, AT),
    (AT + DAY, AT + 2 * DAY),
    (AT - 2 * DAY, AT - DAY),
)


def promotion_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


@st.composite
def promotion_lists(draw: st.DrawFn) -> list[OraclePromotion]:
    """Up to four promotions in any order; those with a priority have one of their own."""
    count = draw(st.sampled_from((1, 1, 2, 2, 3, 4)))
    priorities = draw(st.permutations((1, 2, 3, 0)))
    promotions = []
    for number in draw(st.permutations(range(count))):
        start, end = draw(st.sampled_from(PERIODS))
        document = {
            "name": f"Promotion {number}",
            "enabled": not rarely(draw, 20),
            "automatic": draw(st.booleans()),
            "priority": draw(st.sampled_from((None, priorities[number]))),
            "stackable": not rarely(draw, 4),
            "override_stacking": rarely(draw, 5),
            "start": start,
            "end": end,
            "rule_set": draw(rule_sets()),
        }
        created_at = AT - draw(st.integers(1, 2)) * DAY
        attributes = msgspec.convert(document, PromotionAttributes)
        promotions.append(OraclePromotion(promotion_id(number), attributes, created_at))
    return promotions


max_uses_per_shopper = st.fixed_dictionaries(
    {"max_uses": st.sampled_from((1, 2, 3, 0))}, optional={"includes_guests": st.booleans()}
)


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    """Limits of a code that do not exclude each other."""
    kinds = ("none", "none", "per_checkout", "per_application", "per_application", "shopper", "user", "new")
    kind = draw(st.sampled_from(kinds))
    document: dict[str, Any] = {}
    if kind in ("per_checkout", "per_application"):
        document["consume_unit"] = kind
        document["max_uses"] = draw(st.sampled_from((1, 2, 3, 5, 8, 0)))
    elif kind == "shopper":
        document["max_uses_per_shopper"] = draw(max_uses_per_shopper)
        if draw(st.booleans()):
            document["max_uses"] = draw(st.integers(0, 3))
    elif kind == "user":
        document["user"] = draw(st.sampled_from(("customer-1", " jo@EXAMPLE.com", "account-1", "nobody@example.com")))
    elif kind == "new":
        document["is_for_new_shopper"] = draw(st.sampled_from((True, True, False)))
        document["consume_unit"] = draw(st.sampled_from(("per_checkout", "per_application")))
    return document


@st.composite
def grants(draw: st.DrawFn, promotion: str, code: str) -> dict[str, Any]:
    limited = draw(limits())
    most = limited.get("max_uses")
    return {
        "promotion_id": promotion,
        "code": code,
        "limits": limited,
        "remaining": None if most is None else draw(st.sampled_from((most, most, most // 2, 0))),
        "used_by_shopper": draw(st.sampled_from((0, 0, 1, 2))),
        "new_shopper": draw(st.booleans()),
    }


@st.composite
def entered_codes(draw: st.DrawFn, promotions: Sequence[OraclePromotion]) -> list[EnteredCode]:
    """Codes for most promotions; some for several, some promotions behind several, some known to nobody."""
    coded = [one.id for one in promotions if not one.attributes.automatic]
    automatic = [one.id for one in promotions if one.attributes.automatic]
    behind: dict[str, list[str]] = {"CODE-1": [], "CODE-2": [], "CODE-3": []}
    for promotion in coded:
        for code in draw(st.lists(st.sampled_from(list(behind)), min_size=1, max_size=2, unique=True)):
            behind[code].append(promotion)
    if automatic and rarely(draw):
        behind["CODE-1"].append(automatic[0])
    codes = [code for code, ids in behind.items() if ids]
    if coded and rarely(draw, 10):
        codes.pop()
    if rarely(draw, 10):
        codes.append("NOBODY")
    return [
        EnteredCode(
            code.lower() if rarely(draw, 4) else code,
            tuple(
                msgspec.convert(draw(grants(promotion, code)), Grant)
                for promotion in draw(st.permutations(behind.get(code, [])))
            ),
        )
        for code in draw(st.permutations(codes))
    ]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A cart, promotions, and codes of them."""
    cart = draw(carts())
    promotions = draw(promotion_lists())
    return World(cart, promotions, draw(entered_codes(promotions)), AT)
