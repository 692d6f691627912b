"""Carts and promotions to judge, as a shop of two hundred products has them."""

import random
from datetime import UTC, datetime
from typing import Any

import msgspec

from couponry.domain.codes import CodeLimits
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.promotion_book import Book, Entry, book, entry
from couponry.domain.promotions import PromotionAttributes

AT = datetime(2026, 1, 1, tzinfo=UTC)
SKUS = 200
"""How many products the shop has; carts hold the first of them."""
CATEGORIES = [f"category-{n}" for n in range(40)]
BRANDS = [f"brand-{n}" for n in range(12)]


def cart(lines: int) -> dict[str, Any]:
    """Return the cart of a shop: so many lines, each of a product with two categories and two attributes."""
    chance = random.Random(7)
    items = [
        {
            "id": f"line-{n}",
            "sku": f"sku-{n}",
            "product_id": f"product-{n}",
            "quantity": chance.randint(1, 4),
            "unit_price": chance.randint(100, 20_000),
            "catalog_id": "catalog",
            "category_ids": chance.sample(CATEGORIES, 2),
            "attributes": {"products(shoes)": {"brand": chance.choice(BRANDS), "size": chance.randint(36, 46)}},
        }
        for n in range(lines)
    ]
    return {"type": "evaluation", "currency": "USD", "items": items, "codes": ["CODE0", "CODE1"]}


def promotions(count: int, skus: int = SKUS) -> list[PromotionAttributes]:
    """Return promotions of mixed strategies, each for some of so many products; fewer products, more apply."""
    chance = random.Random(11)
    return [_promotion(n, chance, skus) for n in range(count)]


def _promotion(number: int, chance: random.Random, skus: int) -> PromotionAttributes:
    rules, action = _MIX[number % len(_MIX)](chance, skus)
    body = {
        "name": f"promotion {number}",
        "enabled": True,
        "automatic": True,
        "start": "2024-01-01T00:00:00Z",
        "end": "2099-01-01T00:00:00Z",
        "rule_set": {"rules": rules, "actions": [action]},
    }
    return msgspec.convert(body, PromotionAttributes)


def _sku(chance: random.Random, skus: int) -> str:
    return f"sku-{chance.randrange(skus)}"


def _has(strategy: str, *args: Any, operator: str = "in", **members: Any) -> dict[str, Any]:
    return {"strategy": strategy, "operator": operator, "args": list(args), **members}


def _off(strategy: str, *args: Any, **members: Any) -> dict[str, Any]:
    return {"strategy": strategy, "args": list(args), **members}


def _all(*children: Any) -> dict[str, Any]:
    return {"strategy": "and", "children": list(children)}


_MIX: list[Any] = [
    lambda chance, n: (_has("item_sku", _sku(chance, n), _sku(chance, n)), _off("item_discount", "percent", 5)),
    lambda chance, n: (_has("cart_total", 10_000_000, operator="gte"), _off("cart_discount", "percent", 10)),
    lambda chance, n: (
        _all(_has("item_category", chance.choice(CATEGORIES)), _has("item_sku", _sku(chance, n), operator="nin")),
        _off("item_discount", "percent", 2.5, limitations={"items": {"max_units": 3}}),
    ),
    lambda chance, n: (
        _has("item_attribute", "products(shoes)", "brand", "string", chance.choice(BRANDS)),
        _off("item_discount", "fixed", 50, limitations={"max_discount": 500}),
    ),
    lambda chance, n: (
        {
            "strategy": "items_bundle",
            "children": [_has("item_sku", _sku(chance, n)), _has("item_category", chance.choice(CATEGORIES))],
        },
        _off("items_bundle_discount", "percent", 5),
    ),
    lambda chance, n: (
        _all(_has("item_price", 15_000, operator="gte"), _has("item_quantity", 4, operator="gte")),
        _off("item_discount", "percent", 3),
    ),
    lambda chance, n: (_has("item_sku", "not-there"), _off("item_discount", "percent", 50)),
    lambda chance, n: (
        _has("cart_total", 5_000, operator="gte", children=[_has("item_category", chance.choice(CATEGORIES))]),
        _off("cart_discount", "fixed", 100, condition=_has("item_sku", _sku(chance, n), _sku(chance, n))),
    ),
    lambda chance, n: (
        _has("item_identifier", {"skus": [_sku(chance, n)], "ids": ["product-0"]}),
        _off("item_discount", "fixed_price", 2, 100),
    ),
    lambda chance, n: (
        _has("cart_custom_attribute", "tier", "string", "gold"),
        _off("cart_discount", "percent", 5),
    ),
]


def stocked(count: int, skus: int = SKUS, *, absent: int = 0) -> tuple[Book, list[EnteredCode]]:
    """Return so many automatic promotions and two with codes, and *absent* ones for what no cart has."""
    entries: list[Entry] = [entry(f"p{n:05}", one, AT) for n, one in enumerate(promotions(count, skus))]
    entries += [entry(f"a{n:05}", _promotion(6, random.Random(n), skus), AT) for n in range(absent)]
    coded = [msgspec.structs.replace(one, automatic=False) for one in promotions(2, skus)]
    entries += [entry(f"c{n}", one, AT) for n, one in enumerate(coded)]
    codes = [EnteredCode(f"CODE{n}", (Grant(f"c{n}", f"CODE{n}", CodeLimits()),)) for n in range(2)]
    return book(entries), codes
