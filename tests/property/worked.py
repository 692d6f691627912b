"""The worked numbers of behaviour.md sections 4, 5.6 and 9: data that any judge of carts can be held against.

Promotions are named by one letter, which ends their id; a promotion is automatic unless a code grants it. Unless a
case says otherwise, later letters are older.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from couponry.domain.cart import Cart
from couponry.domain.entered import EnteredCode
from couponry.domain.promotions import PromotionAttributes
from property.oracle import OraclePromotion

Json: TypeAlias = dict[str, Any]

AT = datetime(2025, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Expected:
    """What a judgement must say; members that are None are not looked at."""

    lines: dict[str, list[int]] = field(default_factory=dict)
    """The amounts by line, in the order of their ordinals. Lines that are not named have no discounts."""
    groups: dict[str, list[int]] = field(default_factory=dict)
    """The same of shipping groups."""
    applied: list[tuple[str, int, int, int]] | None = None
    """Letter, amount, applications and uses."""
    refused: dict[tuple[str | None, str], str] = field(default_factory=dict)
    """Reasons by letter and code, automatic promotions included."""
    units: dict[str, list[int | None]] | None = None
    ordinals: dict[str, list[int]] | None = None
    of_cart: dict[str, list[bool]] | None = None
    totals: tuple[int, int, int, int, int] | None = None


@dataclass(frozen=True)
class Worked:
    """One worked case; its name begins with the paragraph."""

    name: str
    cart: Json
    promotions: list[Json]
    codes: list[Json]
    expected: Expected

    def world(self) -> tuple[Cart, list[OraclePromotion], list[EnteredCode], datetime]:
        """Return the case as a judge takes it."""
        entered = msgspec.convert(self.codes, list[EnteredCode])
        coded = {grant.promotion_id for code in entered for grant in code.grants}
        promotions = []
        for document in self.promotions:
            id_ = promotion_id(document["letter"])
            attributes = msgspec.convert({"automatic": id_ not in coded, **document}, PromotionAttributes)
            age = document.get("age", ord(document["letter"]))
            promotions.append(OraclePromotion(id_, attributes, AT - age * DAY))
        return msgspec.convert(self.cart, Cart), promotions, entered, AT


def promotion_id(letter: str) -> str:
    return f"00000000-0000-0000-0000-00000000000{letter}"


# Carts, conditions, actions, promotions and codes, in few words


def line(sku: str, price: int, quantity: int = 1, **members: Any) -> Json:
    """Return a line named like its SKU."""
    return {"id": sku, "sku": sku, "unit_price": price, "quantity": quantity, **members}


def cart(*lines: Json, **members: Any) -> Json:
    return {"currency": "USD", "items": list(lines), **members}


def group(id_: str, base_price: int, *item_ids: str, shipping_type: str = "ground") -> Json:
    return {"id": id_, "shipping_type": shipping_type, "base_price": base_price, "item_ids": item_ids}


def asks(strategy: str, compares: str, *args: Any, children: Sequence[Json] = ()) -> Json:
    document = {"strategy": strategy, "operator": compares, "args": list(args)}
    return {**document, "children": list(children)} if children else document


def sku(*skus: str) -> Json:
    return asks("item_sku", "in", *skus)


def no_sku(*skus: str) -> Json:
    return asks("item_sku", "nin", *skus)


def category(*nodes: str) -> Json:
    return asks("item_category", "in", *nodes)


def both(*children: Json) -> Json:
    return {"strategy": "and", "children": list(children)}


def either(*children: Json) -> Json:
    return {"strategy": "or", "children": list(children)}


def bundle(*requirements: Json) -> Json:
    return {"strategy": "items_bundle", "children": list(requirements)}


def units_of(count: int, selector: Json) -> Json:
    return both(selector, asks("item_quantity", "eq", count))


ANY_CART = asks("cart_total", "gte", 0)


def action(strategy: str, *args: Any, condition: Json | None = None, **limitations: Any) -> Json:
    return {"strategy": strategy, "args": list(args), "condition": condition, "limitations": limitations}


def off_cart(*args: Any, **members: Any) -> Json:
    return action("cart_discount", *args, **members)


def off_items(*args: Any, **members: Any) -> Json:
    return action("item_discount", *args, **members)


def off_bundle(*args: Any, **members: Any) -> Json:
    return action("items_bundle_discount", *args, **members)


def off_shipping(*args: Any, types: Sequence[str] = ()) -> Json:
    condition = asks("shipping_type", "in", *types) if types else None
    return {"strategy": "shipping_discount", "args": list(args), "condition": condition}


def promotion(letter: str, rules: Json, *actions: Json, **members: Any) -> Json:
    rule_set = {name: members.pop(name) for name in ("catalog_ids", "currencies") if name in members}
    return {
        "letter": letter,
        "name": letter,
        "enabled": True,
        "start": AT - DAY,
        "end": AT + DAY,
        "rule_set": {"rules": rules, "actions": list(actions), **rule_set},
        **members,
    }


def code(name: str, *letters: str, shopper: Json | None = None, **limits: Any) -> Json:
    """Return an entered code; *shopper* is what is known of the shopper's use of it."""
    known = {"code": name, "limits": limits, "remaining": limits.get("max_uses"), **(shopper or {})}
    return {"code": name, "grants": [{**known, "promotion_id": promotion_id(letter)} for letter in letters]}


def auto(letter: str) -> tuple[str, str]:
    """Return where the refusal of an automatic promotion stands."""
    return letter, f"auto_{promotion_id(letter)}"


def taken(name: str, of: Json, *promotions: Json, codes: Sequence[Json] = (), **expected: Any) -> Worked:
    return Worked(name, of, list(promotions), list(codes), Expected(**expected))


def eligible(name: str, of: Json, rules: Json, *ids: str, met: bool = True) -> Worked:
    """Return a case where half of each line that the rules match is taken off: all are worth 100."""
    expected = Expected({id_: [-50] for id_ in ids}) if met else Expected(refused={auto("a"): "rules_not_met"})
    return Worked(name, of, [promotion("a", rules, off_items("percent", 50))], [], expected)


def unused(name: str, shopper: Json, known: Json, reason: str | None, **limits: Any) -> Worked:
    """Return a case of one code that takes 10 off a cart, or is refused."""
    refused = {("a", "SAVE"): reason} if reason else {}
    lines = {} if reason else {"A": [-10]}
    of = cart(line("A", 100), shopper=shopper)
    entered = code("SAVE", "a", shopper=known, **limits)
    terms = promotion("a", ANY_CART, off_cart("fixed", 10))
    return Worked(name, of, [terms], [entered], Expected(lines=lines, refused=refused))


ONE = cart(line("A", 100))
TWO = cart(line("A", 100), line("B", 100))
TEN_PERCENT = off_cart("percent", 10)
HALF_PRICE = off_items("percent", 50)


def shoes(name: str, price: int = 100, quantity: int = 1, **attributes: Any) -> Json:
    """Return a line of a product with the fields of a template."""
    return line(name, price, quantity, category_ids=["shoes", "top"], attributes={"products(shoes)": attributes})


TAKING_PART = [
    taken("4.1 from its start on", ONE, promotion("a", ANY_CART, TEN_PERCENT, start=AT), lines={"A": [-10]}),
    *[
        taken(f"4.1 {reason}", ONE, promotion("a", ANY_CART, TEN_PERCENT, **members), refused={auto("a"): reason})
        for reason, members in {
            "disabled": {"enabled": False, "end": AT},
            "not_started": {"start": AT + DAY / 2, "currencies": ["EUR"]},
            "ended": {"end": AT},
            "currency_mismatch": {"currencies": ["EUR", "CAD"], "catalog_ids": ["k1"]},
            "catalog_mismatch": {"catalog_ids": ["k1"]},
        }.items()
    ],
    taken(
        "4.1 a mismatch of currencies leaves other promotions alone",
        ONE,
        promotion("a", ANY_CART, TEN_PERCENT, currencies=["EUR"]),
        promotion("b", ANY_CART, TEN_PERCENT, currencies=[]),
        lines={"A": [-10]},
        refused={auto("a"): "currency_mismatch"},
    ),
    taken(
        "4.1 only lines of the catalogs, and no custom items",
        cart(
            line("A", 1000, catalog_id="k1"),
            line("B", 1000, catalog_id="k2"),
            line("C", 1000, custom=True),
            line("D", 1000, catalog_id="k1", custom=True),
        ),
        promotion("a", asks("cart_total", "eq", 1000), TEN_PERCENT, catalog_ids=["k1", "k3"]),
        lines={"A": [-100]},
    ),
    taken(
        "4.1 without catalogs custom items as well",
        cart(line("A", 1000, catalog_id="k1"), line("C", 1000, custom=True)),
        promotion("a", ANY_CART, TEN_PERCENT, catalog_ids=[]),
        lines={"A": [-100], "C": [-100]},
    ),
    taken(
        "4.1 shipping prices never influence eligibility",
        cart(line("A", 900), shipping_groups=[group("g", 200, "A")]),
        promotion("a", asks("cart_total", "gte", 1000), TEN_PERCENT),
        refused={auto("a"): "rules_not_met"},
    ),
    taken(
        "4.1 the rules decide on an empty cart",
        cart(),
        promotion("a", sku("A"), TEN_PERCENT, catalog_ids=["k1"]),
        refused={auto("a"): "rules_not_met"},
    ),
]

GIFT = {"gift": {"type": "string", "value": "yes"}}
ACCOUNT = {"shopper": {"account_id": "one", "account_tags": ["t1", "t2"]}}
CONDITIONS = [
    *[
        eligible(
            f"4.2 cart_total {compares} {args}", TWO, asks("cart_total", compares, *args), *"AB"[: 2 * met], met=met
        )
        for compares, args, met in (
            ("range", (200, 300), True),
            ("range", (100, 200), True),
            ("range", (100, 199), False),
            ("range", (200.5, 300), False),
            ("gte", (200,), True),
            ("gt", (200,), False),
            ("lte", (200,), True),
            ("lt", (200,), False),
            ("eq", (200,), True),
        )
    ],
    eligible(
        "4.2 an excluded SKU leaves the total",
        TWO,
        asks("cart_total", "gte", 150, children=[no_sku("B")]),
        met=False,
    ),
    eligible(
        "4.2 only what passes all children counts",
        TWO,
        asks("cart_total", "eq", 100, children=[no_sku("B"), sku("A", "B")]),
        "A",
    ),
    eligible("4.2 args are or-ed", TWO, sku("A", "B", "C"), *"AB"),
    eligible("4.2 sku nin", TWO, no_sku("A"), "B"),
    eligible("4.2 item_product_id", cart(line("A", 100, product_id="p")), asks("item_product_id", "in", "p"), "A"),
    *[
        eligible(
            f"4.2 item_identifier {compares} SKU or product",
            cart(line("A", 100), line("B", 100, product_id="p"), line("C", 100)),
            asks("item_identifier", compares, {"skus": ["A"], "ids": ["p"]}),
            *ids,
        )
        for compares, ids in (("in", "AB"), ("nin", "C"))
    ],
    eligible("4.2 any parent node", cart(shoes("A"), line("B", 100)), category("top"), "A"),
    *[
        eligible(
            f"4.2 item_attribute {compares} {args}",
            cart(shoes("A", brand="EP", size=5.0, sale=True, colours=["red", "blue"]), line("B", 100)),
            asks("item_attribute", compares, "products(shoes)", *args),
            *ids,
            met=bool(ids),
        )
        for compares, args, ids in (
            ("in", ("brand", "string", "EP"), "A"),
            ("nin", ("brand", "string", "EP"), "B"),
            ("in", ("size", "integer", 5), "A"),
            ("in", ("size", "string", "5.0"), ""),
            ("in", ("sale", "boolean", True), "A"),
            ("in", ("sale", "integer", 1), ""),
            ("in", ("colours", "string", "green", "blue"), "A"),
            ("in", ("missing", "string", "EP"), ""),
            ("nin", ("missing", "string", "EP"), "AB"),
        )
    ],
    eligible(
        "4.2 children are met by the same line",
        cart(shoes("A"), line("B", 50, 2)),
        asks("item_category", "in", "shoes", children=[asks("item_quantity", "gte", 2)]),
        met=False,
    ),
    eligible(
        "4.2 a category but for one item",
        cart(shoes("A"), shoes("B"), line("C", 100)),
        both(category("shoes"), no_sku("B")),
        "A",
    ),
    eligible(
        "4.2 products of both categories",
        cart(shoes("A"), line("B", 100, category_ids=["hats"]), line("C", 100)),
        both(category("shoes"), category("hats")),
        *"AB",
    ),
    eligible("4.2 nothing of one category", cart(shoes("A")), both(category("shoes"), category("hats")), met=False),
    eligible(
        "4.2 any of several products, so many units",
        cart(line("A", 100), line("B", 50, 2, product_id="p"), line("C", 50, 2)),
        both(either(sku("A"), asks("item_product_id", "in", "p")), asks("item_quantity", "gte", 2)),
        "B",
    ),
    eligible("4.2 no filtered line", ONE, both(sku("A"), no_sku("A")), met=False),
    eligible("4.2 filters alone", TWO, both(no_sku("B"), asks("item_price", "gte", 100)), "A"),
    eligible("4.2 conditions on the cart choose no lines", TWO, both(ANY_CART, sku("A")), "A"),
    eligible("4.2 conditions on the cart alone", TWO, both(ANY_CART, asks("cart_total", "eq", 200)), *"AB"),
    eligible("4.2 or is the union of what is eligible", TWO, either(sku("A"), sku("B"), sku("C")), *"AB"),
    eligible("4.2 nothing to choose from", TWO, either(sku("C"), asks("cart_total", "gt", 200)), met=False),
    *[
        eligible(
            f"4.2 cart attribute {compares} {args}",
            cart(line("A", 100), custom_attributes={**GIFT, "n": {"type": "integer", "value": 5}}),
            asks("cart_custom_attribute", compares, *args),
            *"A"[:met],
            met=met,
        )
        for compares, args, met in (
            ("in", ("gift", "string", "no", "yes"), True),
            ("nin", ("gift", "string", "no", "yes"), False),
            ("eq", ("gift", "string", "yes"), True),
            ("eq", ("missing", "string", "yes"), False),
            ("nin", ("missing", "string", "yes"), True),
            ("gte", ("n", "integer", 5), True),
            ("gt", ("n", "integer", 5), False),
            ("lte", ("n", "integer", 5), True),
            ("lt", ("n", "float", 9.5), False),
            ("nin", ("n", "float", 5), True),
        )
    ],
    *[
        eligible(
            f"4.2 account_tags {compares} {tags}",
            cart(line("A", 100), **ACCOUNT),
            asks("account_tags", compares, *tags),
            *"A"[:met],
            met=met,
        )
        for compares, tags, met in (
            ("contains_all", ("t1", "t2"), True),
            ("contains_all", ("t1", "t3"), False),
            ("contains_any", ("t1", "t3"), True),
            ("contains_any", ("t3",), False),
            ("not_contains_any", ("t3",), True),
            ("not_contains_any", ("t1", "t3"), False),
            ("not_contains_all", ("t1", "t3"), True),
            ("not_contains_all", ("t1", "t2"), False),
        )
    ],
    *[
        eligible(
            f"4.2 account_tags {compares} without an account", ONE, asks("account_tags", compares, "t1"), met=False
        )
        for compares in ("contains_all", "contains_any", "not_contains_any", "not_contains_all")
    ],
    eligible("R3 the line's own quantity", TWO, asks("item_quantity", "gte", 2), met=False),
    taken(
        "R3 the running price of a unit, exactly",
        cart(line("A", 100, 3)),
        promotion("a", ANY_CART, off_cart("fixed", 1)),
        promotion("b", asks("item_price", "eq", 100), TEN_PERCENT),
        promotion("c", asks("item_price", "lt", 99.7), HALF_PRICE),
        lines={"A": [-1, -150]},
        refused={auto("b"): "rules_not_met"},
    ),
    taken(
        "4.2 conditions of actions look at each line",
        cart(shoes("A", 100, 2), shoes("B"), line("C", 50, 2)),
        promotion(
            "a",
            ANY_CART,
            off_items("fixed", 10, condition=both(category("shoes"), asks("item_quantity", "ne", 1))),
            off_items("fixed", 1, condition=either(sku("B"), both(sku("C"), no_sku("D")))),
        ),
        lines={"A": [-20], "B": [-1], "C": [-2]},
    ),
]

SHIPPED = cart(
    line("A", 100),
    line("B", 100),
    shipping_groups=[
        group("g1", 1000, "A", "B"),
        group("g2", 600, "B", shipping_type="air"),
        group("g3", 500),
        group("g4", 300, "A"),
    ],
)
ACTIONS = [
    taken(
        "4.3 a fixed discount takes no more than the cart",
        cart(line("A", 700), line("B", 300)),
        promotion("a", ANY_CART, off_cart("fixed", 5000)),
        lines={"A": [-700], "B": [-300]},
        applied=[("a", -1000, 1, 1)],
    ),
    taken(
        "4.3 only lines of the condition count and receive",
        cart(line("A", 700), line("B", 300)),
        promotion("a", ANY_CART, off_cart("percent", 10, condition=sku("A"))),
        lines={"A": [-70]},
    ),
    taken(
        "4.3 max_discount of a cart caps the amount before it is spread",
        cart(line("A", 10000), line("B", 20000)),
        promotion("a", ANY_CART, off_cart("percent", 10, max_discount=1000)),
        lines={"A": [-333], "B": [-667]},
    ),
    taken(
        "4.3 fixed per unit",
        cart(line("A", 2500, 3)),
        promotion("a", sku("A"), off_items("fixed", 1000)),
        lines={"A": [-3000]},
        applied=[("a", -3000, 3, 1)],
        units={"A": [3]},
    ),
    taken(
        "4.3 fixed never below 0",
        cart(line("A", 500, 3)),
        promotion("a", sku("A"), off_items("fixed", 1000)),
        lines={"A": [-1500]},
    ),
    taken(
        "4.3 two for $100",
        cart(line("A", 7000), line("B", 8000)),
        promotion("a", sku("A", "B"), off_items("fixed_price", 2, 10000)),
        lines={"A": [-2333], "B": [-2667]},
        applied=[("a", -5000, 1, 1)],
        units={"A": [1], "B": [1]},
    ),
    taken(
        "4.3 two for $100, as often as there are two",
        cart(line("A", 6000, 5)),
        promotion("a", sku("A"), off_items("fixed_price", 2, 10000)),
        lines={"A": [-4000]},
        applied=[("a", -4000, 2, 1)],
        units={"A": [4]},
    ),
    taken(
        "4.3 buy X get Y at half its price",
        cart(line("X", 1000), line("Y", 601)),
        promotion("a", sku("X"), off_items("percent", 50, condition=sku("Y"))),
        lines={"Y": [-301]},
    ),
    taken(
        "4.3 half off, at most $10, of two units of the two cheapest lines of a category",
        cart(shoes("A", 3000, 3), shoes("B", 2000, 3), shoes("C", 1500), shoes("X", 10)),
        promotion(
            "a",
            both(category("shoes"), no_sku("X")),
            off_items(
                "percent",
                50,
                max_quantity=2,
                max_discount=1000,
                items={"max_items": 2, "price_strategy": "cheapest"},
            ),
        ),
        lines={"B": [-727], "C": [-273]},
        applied=[("a", -1000, 3, 1)],
        units={"B": [2], "C": [1]},
    ),
    taken(
        "4.3 half off one SKU and a fifth off the cart",
        cart(line("A", 1000), line("B", 500)),
        promotion("a", sku("A"), off_items("percent", 50, condition=sku("A")), off_cart("percent", 20)),
        lines={"A": [-500, -100], "B": [-100]},
        applied=[("a", -700, 2, 1)],
        ordinals={"A": [1, 2], "B": [2]},
    ),
    taken(
        "4.3 six decimals",
        cart(line("A", 10**9)),
        promotion("a", sku("A"), off_items("percent", 33.333333)),
        lines={"A": [-333_333_330]},
    ),
    taken(
        "4.3 max_units over all lines, the cheapest first",
        cart(line("A", 900, 2), line("B", 100, 2), line("C", 500, 2)),
        promotion("a", ANY_CART, off_items("percent", 10, items={"max_units": 3})),
        lines={"B": [-20], "C": [-50]},
        units={"B": [2], "C": [1]},
    ),
    taken(
        "4.3 the most expensive line",
        cart(line("A", 900), line("B", 100), line("C", 950)),
        promotion("a", ANY_CART, off_items("percent", 10, items={"max_items": 1, "price_strategy": "expensive"})),
        lines={"C": [-95]},
    ),
    taken(
        "4.3 lines worth nothing take no place",
        cart(line("A", 0), line("B", 100)),
        promotion("a", ANY_CART, off_items("percent", 10, items={"max_items": 1})),
        lines={"B": [-10]},
    ),
    taken(
        "R6 the earlier of equal prices",
        cart(line("A", 200), line("B", 100), line("C", 100)),
        promotion("a", ANY_CART, off_items("percent", 10, items={"max_items": 1})),
        lines={"B": [-10]},
    ),
    taken(
        "4.3 free shipping by type, of groups with a line",
        SHIPPED,
        promotion("a", ANY_CART, off_shipping("percent", 100, types=["ground"])),
        groups={"g1": [-1000], "g4": [-300]},
        applied=[("a", -1300, 2, 1)],
    ),
    taken(
        "4.3 shipping costs a fixed price",
        SHIPPED,
        promotion("a", ANY_CART, off_shipping("fixed_price", 500)),
        groups={"g1": [-500], "g2": [-100]},
        applied=[("a", -600, 2, 1)],
    ),
    taken(
        "R10 two shipping discounts",
        SHIPPED,
        promotion("a", ANY_CART, off_shipping("percent", 50)),
        promotion("b", ANY_CART, off_shipping("fixed", 400)),
        groups={"g1": [-500, -400], "g2": [-300, -300], "g4": [-150, -150]},
        applied=[("a", -950, 3, 1), ("b", -850, 3, 1)],
    ),
    taken(
        "R5 groups in cart order",
        cart(line("A", 3000), line("B", 9000), line("C", 1000), line("D", 2000)),
        promotion("a", ANY_CART, off_items("fixed_price", 2, 10000)),
        lines={"A": [-500], "B": [-1500]},
        applied=[("a", -2000, 1, 1)],
    ),
    taken(
        "R5 the most expensive first",
        cart(line("A", 3000), line("B", 9000), line("C", 1000), line("D", 8000)),
        promotion("a", ANY_CART, off_items("fixed_price", 2, 10000, items={"price_strategy": "expensive"})),
        lines={"B": [-3706], "D": [-3294]},
        applied=[("a", -7000, 1, 1)],
    ),
    taken(
        "R5 unit by unit across lines",
        cart(line("A", 600, 3), line("B", 500, 2)),
        promotion("a", ANY_CART, off_items("fixed_price", 2, 1000)),
        lines={"A": [-255], "B": [-45]},
        applied=[("a", -300, 2, 1)],
        units={"A": [3], "B": [1]},
    ),
    taken(
        "R4 the cap is spread over the discounts",
        cart(line("A", 1000), line("B", 2000), line("C", 3000)),
        promotion("a", ANY_CART, off_items("percent", 10, max_discount=100)),
        lines={"A": [-17], "B": [-33], "C": [-50]},
    ),
]

BUNDLES = [
    *[
        taken(
            f"4.4 $150 and $100 together {args}",
            cart(line("A", 15000), line("B", 10000), line("C", 7000)),
            promotion("a", bundle(sku("A"), sku("B")), off_bundle(*args)),
            lines={"A": [-3000], "B": [-2000]},
            applied=[("a", -5000, 1, 1)],
        )
        for args in (("fixed", 5000), ("percent", 20), ("fixed_price", 20000))
    ],
    *[
        taken(
            f"4.4 any three office supplies: {quantities}",
            cart(*(shoes(name, 1000, quantity) for name, quantity in quantities.items())),
            promotion("a", bundle(units_of(3, category("shoes"))), off_bundle("percent", 10)),
            lines={name: [-100 * quantity] for name, quantity in quantities.items()},
            applied=[("a", -300, 1, 1)],
        )
        for quantities in ({"A": 2, "B": 1}, {"A": 1, "B": 2}, {"A": 1, "B": 1, "C": 1}, {"A": 3})
    ],
    eligible("4.4 one is missing", cart(shoes("A"), shoes("B")), bundle(units_of(3, category("shoes"))), met=False),
    taken(
        "4.4 a single sufficient line is preferred",
        cart(shoes("A", 1000, 1), shoes("B", 1000, 2)),
        promotion("a", bundle(units_of(2, category("shoes"))), off_bundle("percent", 10)),
        lines={"B": [-200]},
        units={"B": [2]},
    ),
    taken(
        "4.4 requirements are met by distinct lines",
        cart(line("A", 1000, 2)),
        promotion("a", bundle(sku("A"), sku("A")), off_bundle("percent", 10)),
        refused={auto("a"): "rules_not_met"},
    ),
    *[
        taken(
            f"4.4 the order of addition matters: {order}",
            cart(*(line(name, 1000) for name in order)),
            promotion("a", bundle(sku("A", "B"), sku("A")), off_bundle("percent", 10)),
            **expected,
        )
        for order, expected in (
            ("BA", {"lines": {"A": [-100], "B": [-100]}}),
            ("AB", {"refused": {auto("a"): "rules_not_met"}}),
        )
    ],
    taken(
        "4.4 whole bundles repeat",
        cart(line("A", 1000, 5), line("B", 500, 3)),
        promotion("a", bundle(units_of(2, sku("A")), sku("B")), off_bundle("fixed", 250)),
        lines={"A": [-400], "B": [-100]},
        applied=[("a", -500, 2, 1)],
        units={"A": [4], "B": [2]},
    ),
    taken(
        "4.4 as often as uses are left",
        cart(line("A", 1000, 5), line("B", 500, 3)),
        promotion("a", bundle(units_of(2, sku("A")), sku("B")), off_bundle("fixed_price", 2000)),
        codes=[code("SAVE", "a", max_uses=1, consume_unit="per_application")],
        lines={"A": [-400], "B": [-100]},
        applied=[("a", -500, 1, 1)],
    ),
    taken(
        "4.4 never dearer than it was",
        cart(line("A", 1000), line("B", 500)),
        promotion("a", bundle(sku("A"), sku("B")), off_bundle("fixed_price", 2000)),
        refused={auto("a"): "no_discount"},
    ),
    taken(
        "4.4 the bundle of the action, not of the rules",
        cart(line("A", 1000), line("B", 500)),
        promotion("a", both(ANY_CART, bundle(sku("A"))), off_bundle("percent", 10, condition=bundle(sku("B")))),
        lines={"B": [-50]},
    ),
    taken(
        "4.4 bundles are capped as well",
        cart(line("A", 15000), line("B", 10000)),
        promotion("a", bundle(sku("A"), sku("B")), off_bundle("percent", 50, max_discount=100)),
        lines={"A": [-60], "B": [-40]},
    ),
]

ORDER = [
    taken(
        "4.5 100, 80, 72",
        ONE,
        promotion("b", sku("A"), off_items("percent", 10), priority=10),
        promotion("a", sku("A"), off_items("percent", 20), priority=90),
        lines={"A": [-20, -8]},
        ordinals={"A": [1, 2]},
        totals=(100, -28, 72, 0, 0),
    ),
    taken(
        "4.5 5 % of 2 x 1400, then 10 % of the cart",
        cart(line("A", 1400, 2)),
        promotion("a", sku("A"), off_items("percent", 5), priority=2),
        promotion("b", ANY_CART, off_cart("percent", 10), priority=1),
        lines={"A": [-140, -266]},
        ordinals={"A": [1, 2]},
        units={"A": [2, None]},
        of_cart={"A": [False, True]},
    ),
    taken(
        "4.5 without a priority last, and the newest first",
        cart(line("A", 1000)),
        promotion("a", ANY_CART, off_cart("percent", 10), age=5),
        promotion("b", ANY_CART, off_cart("percent", 20), age=4),
        promotion("c", ANY_CART, off_cart("percent", 50), age=9, priority=-1),
        lines={"A": [-500, -100, -40]},
        applied=[("c", -500, 1, 1), ("b", -100, 1, 1), ("a", -40, 1, 1)],
    ),
    taken(
        "R8 then by id",
        cart(line("A", 1000)),
        promotion("b", ANY_CART, off_cart("percent", 50), age=1),
        promotion("a", ANY_CART, off_cart("percent", 10), age=1),
        lines={"A": [-100, -450]},
    ),
    taken(
        "4.5 cart_total is the running total",
        cart(line("A", 1000)),
        promotion("a", ANY_CART, off_cart("percent", 10)),
        promotion("b", asks("cart_total", "gte", 1000), off_cart("percent", 10)),
        lines={"A": [-100]},
        refused={auto("b"): "rules_not_met"},
    ),
    taken(
        "4.5 actions in the order listed",
        cart(line("A", 1000)),
        promotion("a", sku("A"), off_cart("fixed", 500), off_items("percent", 10), off_cart("percent", 10)),
        lines={"A": [-500, -50, -45]},
        ordinals={"A": [1, 2, 3]},
    ),
    taken(
        "R9 shipping stands by itself",
        cart(line("A", 1000, 2), shipping_groups=[group("g", 500, "A")]),
        promotion("a", ANY_CART, off_cart("percent", 10), off_shipping("percent", 50)),
        lines={"A": [-200]},
        groups={"g": [-250]},
        applied=[("a", -450, 2, 1)],
        totals=(2000, -200, 1800, 500, -250),
    ),
]


def stacked(name: str, first: Json, second: Json, *, stack: bool) -> Worked:
    """Return a case of an item discount and a cart discount that both qualify."""
    return taken(
        f"4.6 {name}",
        cart(line("A", 1000)),
        promotion("a", sku("A"), off_items("percent", 10), priority=9, **first),
        promotion("b", ANY_CART, off_cart("percent", 10), priority=8, **second),
        lines={"A": [-100, -90] if stack else [-100]},
        refused={} if stack else {auto("b"): "cannot_stack"},
    )


ALONE = {"stackable": False}
OVER = {"override_stacking": True}
STACKING = [
    stacked("stackable by default", {}, {}, stack=True),
    stacked("nothing stacks with a non-stackable promotion", ALONE, {}, stack=False),
    stacked("nor does it stack with others", {}, ALONE, stack=False),
    stacked("two that do not stack", ALONE, ALONE, stack=False),
    stacked("override first", OVER, ALONE, stack=True),
    stacked("override last", ALONE, OVER, stack=True),
    stacked("a non-stackable promotion that overrides another", {**ALONE, **OVER}, ALONE, stack=True),
    stacked("two that override", {**ALONE, **OVER}, {**ALONE, **OVER}, stack=False),
    stacked("one that overrides but stacks, and one that does neither", OVER, {**ALONE, **OVER}, stack=False),
    stacked("overriding helps only against what does not stack", {**ALONE, **OVER}, {}, stack=False),
    taken(
        "4.6 what was not admitted blocks nobody",
        cart(line("A", 1000)),
        promotion("a", ANY_CART, off_cart("percent", 10)),
        promotion("b", ANY_CART, off_cart("percent", 10), stackable=False),
        promotion("c", ANY_CART, off_cart("percent", 10)),
        lines={"A": [-100, -90]},
        refused={auto("b"): "cannot_stack"},
    ),
    taken(
        "R7 a discount of zero blocks nobody",
        cart(line("A", 1)),
        promotion("a", ANY_CART, off_cart("percent", 49), stackable=False),
        promotion("b", ANY_CART, off_cart("fixed", 1)),
        lines={"A": [-1]},
        ordinals={"A": [1]},
        refused={auto("a"): "no_discount"},
    ),
]

ROUNDING = [
    taken(
        "4.7 1000 over 10000 and 20000",
        cart(line("A", 10000), line("B", 20000)),
        promotion("a", ANY_CART, off_cart("fixed", 1000)),
        lines={"A": [-333], "B": [-667]},
        of_cart={"A": [True], "B": [True]},
    ),
    taken(
        "4.7 shares of zero are listed",
        cart(line("A", 5), line("B", 5), line("C", 0)),
        promotion("a", ANY_CART, off_cart("fixed", 1)),
        lines={"A": [-1], "B": [0], "C": [0]},
    ),
    taken(
        "R2 half away from zero, per line",
        cart(line("A", 1), line("B", 1), line("C", 3)),
        promotion("a", ANY_CART, HALF_PRICE),
        lines={"A": [-1], "B": [-1], "C": [-2]},
    ),
    taken(
        "R2 once for the cart, ties to the earlier line",
        cart(line("A", 1), line("B", 1), line("C", 1)),
        promotion("a", ANY_CART, off_cart("percent", 50)),
        lines={"A": [-1], "B": [-1], "C": [0]},
    ),
    taken(
        "R2 a part of the units of a line",
        cart(line("A", 333, 3)),
        promotion("a", sku("A"), off_cart("fixed", 1), off_items("percent", 50, max_quantity=1)),
        lines={"A": [-1, -166]},
    ),
    taken(
        "R2 spread over running values",
        cart(line("A", 1000), line("B", 1000)),
        promotion("a", ANY_CART, off_items("percent", 50, condition=sku("A")), off_cart("fixed", 100)),
        lines={"A": [-500, -33], "B": [-67]},
    ),
]

THREE = ("A", "B", "C")
PER_APPLICATION = {"max_uses": 2, "consume_unit": "per_application"}
USES = [
    taken(
        "4.8 two uses, several units of the first",
        cart(*(line(name, 1000, 3) for name in THREE)),
        promotion("a", sku(*THREE), HALF_PRICE),
        codes=[code("SAVE", "a", **PER_APPLICATION)],
        lines={"A": [-1000]},
        applied=[("a", -1000, 2, 2)],
        units={"A": [2]},
    ),
    taken(
        "4.8 two uses, one unit of each",
        cart(*(line(name, 1000) for name in THREE)),
        promotion("a", sku(*THREE), HALF_PRICE),
        codes=[code("SAVE", "a", **PER_APPLICATION)],
        lines={"A": [-500], "B": [-500]},
        applied=[("a", -1000, 2, 2)],
    ),
    taken(
        "4.8 in the order of prices where there is one",
        cart(line("A", 1000), line("B", 3000), line("C", 2000)),
        promotion("a", sku(*THREE), off_items("percent", 50, items={"price_strategy": "expensive"})),
        codes=[code("SAVE", "a", **PER_APPLICATION)],
        lines={"B": [-1500], "C": [-1000]},
    ),
    taken(
        "4.8 one use for each checkout",
        cart(*(line(name, 1000, 3) for name in THREE)),
        promotion("a", sku(*THREE), HALF_PRICE),
        codes=[code("SAVE", "a", max_uses=1, consume_unit="per_checkout")],
        lines={name: [-1500] for name in THREE},
        applied=[("a", -4500, 9, 1)],
    ),
    taken(
        "4.8 unlimited, but counted",
        cart(line("A", 1000, 3)),
        promotion("a", sku("A"), HALF_PRICE),
        codes=[code("SAVE", "a", consume_unit="per_application")],
        lines={"A": [-1500]},
        applied=[("a", -1500, 3, 3)],
    ),
    taken(
        "4.8 groups of a fixed price",
        cart(line("A", 1000, 7)),
        promotion("a", sku("A"), off_items("fixed_price", 2, 1500)),
        codes=[code("SAVE", "a", **PER_APPLICATION)],
        lines={"A": [-1000]},
        applied=[("a", -1000, 2, 2)],
    ),
    taken(
        "4.8 shipping groups in cart order",
        SHIPPED,
        promotion("a", ANY_CART, off_shipping("percent", 100)),
        codes=[code("SAVE", "a", **PER_APPLICATION)],
        groups={"g1": [-1000], "g2": [-600]},
        applied=[("a", -1600, 2, 2)],
    ),
    taken(
        "4.8 uses are shared by the actions",
        cart(line("A", 1000), line("B", 1000)),
        promotion("a", sku("A"), off_cart("fixed", 100), HALF_PRICE, off_cart("fixed", 100)),
        codes=[code("SAVE", "a", **PER_APPLICATION)],
        lines={"A": [-50, -475], "B": [-50]},
        applied=[("a", -575, 2, 2)],
    ),
]

JO = {"customer_id": "jo", "email": "jo@example.com"}
GUEST = {"email": "Guest@Example.com"}
PER_SHOPPER = {"max_uses_per_shopper": {"max_uses": 2}}
WITH_GUESTS = {"max_uses_per_shopper": {"max_uses": 2, "includes_guests": True}}
CODES = [
    unused("5.6 no limits", {}, {}, None),
    unused("5.6 the only user, by id", JO, {}, None, user="jo"),
    unused("5.6 the only user, by e-mail", JO, {}, None, user=" Jo@Example.com"),
    unused("5.6 another user", JO, {}, "wrong_shopper", user="jim"),
    unused("5.6 never accounts", {"account_id": "jim"}, {}, "wrong_shopper", user="jim"),
    unused("5.6 often enough", JO, {"used_by_shopper": 2}, "shopper_exhausted", **PER_SHOPPER),
    unused("5.6 once more", JO, {"used_by_shopper": 1}, None, **PER_SHOPPER),
    unused("5.6 no guests", GUEST, {}, "guest_not_allowed", **PER_SHOPPER),
    unused("5.6 guests as well", GUEST, {"used_by_shopper": 1}, None, **WITH_GUESTS),
    unused("5.6 guests often enough", GUEST, {"used_by_shopper": 2}, "shopper_exhausted", **WITH_GUESTS),
    unused("5.6 guests without e-mail", {}, {}, "guest_email_missing", **WITH_GUESTS),
    unused("5.6 accounts are no guests", {"account_id": "one"}, {}, None, **PER_SHOPPER),
    unused("5.6 new", JO, {"new_shopper": True}, None, is_for_new_shopper=True),
    unused("5.6 new guest", GUEST, {"new_shopper": True}, None, is_for_new_shopper=True),
    unused("5.6 not new", JO, {"new_shopper": False}, "not_new_shopper", is_for_new_shopper=True),
    unused("5.6 new without e-mail", {}, {}, "guest_email_missing", is_for_new_shopper=True),
    unused("5.6 for everybody", JO, {"new_shopper": False}, None, is_for_new_shopper=False),
    unused("4.8 used up per checkout", JO, {"remaining": 0}, "code_exhausted", max_uses=3),
    unused(
        "4.8 used up per application",
        JO,
        {"remaining": 0},
        "code_exhausted",
        max_uses=3,
        consume_unit="per_application",
    ),
    taken("5.2 nobody knows the code", ONE, codes=[code("NOBODY")], refused={(None, "NOBODY"): "unknown_code"}),
    taken(
        "5.2 one code of two promotions",
        cart(line("A", 1000)),
        promotion("a", ANY_CART, off_cart("percent", 10)),
        promotion("b", sku("B"), off_cart("percent", 10)),
        codes=[code("SAVE", "a", "b")],
        lines={"A": [-100]},
        refused={("b", "SAVE"): "rules_not_met"},
    ),
    taken(
        "5.2 two codes of one promotion",
        cart(line("A", 1000)),
        promotion("a", ANY_CART, off_cart("percent", 10)),
        codes=[code("GONE", "a", max_uses=0), code("SAVE", "a"), code("MORE", "a")],
        lines={"A": [-100]},
        refused={("a", "GONE"): "code_exhausted", ("a", "MORE"): "cannot_stack"},
    ),
    taken(
        "5.2 two codes of a promotion that does not apply",
        cart(line("A", 1000)),
        promotion("a", sku("B"), off_cart("percent", 10)),
        codes=[code("GONE", "a", max_uses=0), code("SAVE", "a"), code("MORE", "a")],
        refused={
            ("a", "GONE"): "code_exhausted",
            ("a", "SAVE"): "rules_not_met",
            ("a", "MORE"): "rules_not_met",
        },
    ),
]

WORKED = [*TAKING_PART, *CONDITIONS, *ACTIONS, *BUNDLES, *ORDER, *STACKING, *ROUNDING, *USES, *CODES]
