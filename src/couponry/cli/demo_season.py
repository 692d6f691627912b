"""The season that `couponry demo` tells of: a shop for clothes, its promotions, and who bought what."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

MARK = "couponry_demo"
"""The custom field that tells what `demo` made."""
SEED = 20
"""The same season every time."""

PRODUCTS = (
    ("tee-white", "Organic tee, white", 1900, "shirts"),
    ("tee-navy", "Organic tee, navy", 1900, "shirts"),
    ("shirt-linen", "Linen shirt", 5900, "shirts"),
    ("jeans-slim", "Slim jeans", 7900, "trousers"),
    ("chino-sand", "Chino, sand", 6900, "trousers"),
    ("sock-wool", "Wool socks", 1200, "socks"),
    ("sock-sport", "Sport socks, three pairs", 1500, "socks"),
    ("boots-chelsea", "Chelsea boots", 14900, "shoes"),
    ("sneaker-court", "Court sneakers", 9900, "shoes"),
    ("coat-winter", "Winter coat", 24900, "outerwear"),
    ("scarf-merino", "Merino scarf", 3900, "outerwear"),
    ("tote-canvas", "Canvas tote", 900, "extras"),
)
"""Id, name, price in cents, category."""


class Code(NamedTuple):
    """A code of a promotion, and how often shoppers come with it, compared with others."""

    code: str
    share: int
    limits: dict[str, Any] = {}  # noqa: RUF012 # never changed


class Campaign(NamedTuple):
    """A promotion of the season; it starts and ends so many days from now."""

    name: str
    description: str
    starts: int
    ends: int
    rules: dict[str, Any]
    actions: list[dict[str, Any]]
    codes: tuple[Code, ...] = ()
    generated: int = 0
    """How many codes are drawn for it, each for one use."""
    more: dict[str, Any] = {}  # noqa: RUF012 # never changed


def _total(least: int) -> dict[str, Any]:
    return {"strategy": "cart_total", "operator": "gte", "args": [least]}


def _category(name: str) -> dict[str, Any]:
    return {"strategy": "item_category", "operator": "in", "args": [name]}


def _cart(kind: str, number: int, **limitations: Any) -> dict[str, Any]:  # noqa: ANN401
    action: dict[str, Any] = {"strategy": "cart_discount", "args": [kind, number]}
    return action | ({"limitations": limitations} if limitations else {})


CAMPAIGNS = (
    Campaign(
        "Welcome",
        "10 % off a first order",
        -120,
        365,
        _total(2000),
        [_cart("percent", 10)],
        (Code("WELCOME10", 14, {"is_for_new_shopper": True}),),
    ),
    Campaign(
        "Summer sale",
        "20 % off shirts",
        -110,
        -30,
        _category("shirts"),
        [{"strategy": "item_discount", "args": ["percent", 20], "condition": _category("shirts")}],
        (Code("SUMMER20", 22),),
    ),
    Campaign(
        "Newsletter",
        "5.00 off carts of 50.00, once each",
        -90,
        200,
        _total(5000),
        [_cart("fixed", 500)],
        (Code("NEWS5", 16, {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}),),
        generated=250,
    ),
    Campaign(
        "Back to work",
        "15 % off carts of 100.00, 30.00 at most",
        -45,
        14,
        _total(10000),
        [_cart("percent", 15, max_discount=3000)],
        (Code("DESK15", 18, {"uses": 400}), Code("PARTNER15", 7, {"uses": 60})),
    ),
    Campaign(
        "Flash weekend",
        "25 % off shoes, for the first forty",
        -12,
        5,
        _category("shoes"),
        [{"strategy": "item_discount", "args": ["percent", 25], "condition": _category("shoes")}],
        (Code("FLASH25", 10, {"uses": 40}),),
    ),
    Campaign(
        "Three pairs of socks",
        "Three for 30.00, by itself",
        -60,
        120,
        _category("socks"),
        [{"strategy": "item_discount", "args": ["fixed_price", 3, 3000], "condition": _category("socks")}],
        more={"automatic": True, "priority": 5},
    ),
    Campaign(
        "Free tote",
        "A tote with carts of 150.00",
        -20,
        60,
        _total(15000),
        [
            {
                "strategy": "item_discount",
                "args": ["percent", 100],
                "condition": {"strategy": "item_sku", "operator": "in", "args": ["tote-canvas"]},
                "limitations": {"max_quantity": 1},
            }
        ],
        more={"automatic": True, "priority": 3},
    ),
    Campaign(
        "Winter launch",
        "10 % off outerwear",
        21,
        80,
        _category("outerwear"),
        [{"strategy": "item_discount", "args": ["percent", 10], "condition": _category("outerwear")}],
        (Code("WINTER10", 0),),
        generated=500,
    ),
    Campaign(
        "Staff",
        "Paused while we look into it",
        -100,
        300,
        _total(0),
        [_cart("percent", 30)],
        (Code("TEAM30", 0),),
        more={"enabled": False},
    ),
)


MISTAKEN = ("SUMER20", "WELCOME", "NEWS5OFF", "TEAM30", "WINTER10", "SUMMER20")
"""What some shoppers enter: misspelt, not for them, too early or too late."""


def promotion(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """Return a promotion of the season, which is at its middle *now*, as the API takes it."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "type": "rule_promotion",
        "name": campaign.name,
        "description": campaign.description,
        "enabled": True,
        "start": (day + timedelta(days=campaign.starts)).isoformat(),
        "end": (day + timedelta(days=campaign.ends)).isoformat(),
        "rule_set": {"rules": campaign.rules, "actions": campaign.actions},
        MARK: True,
        **campaign.more,
    }


def products() -> list[dict[str, Any]]:
    """Return the products of the shop, as the API takes them."""
    return [
        {
            "type": "product",
            "id": id_,
            "sku": id_,
            "name": name,
            "prices": {"EUR": price},
            "category_ids": [category],
        }
        for id_, name, price, category in PRODUCTS
    ]


class Visit(NamedTuple):
    """A cart that somebody came with, when, and what became of it."""

    at: datetime
    cart: dict[str, Any]
    """As a redemption takes it."""
    returned: bool
    """Whether it was sent back."""


def visits(count: int, now: datetime) -> list[Visit]:
    """Return *count* visits of the season up to *now*, the earliest first; more of them lately, and in the evening."""
    random = Random(SEED)  # noqa: S311 # a tale, no secret
    moments = sorted(now - timedelta(days=100 * random.random() ** 1.6, minutes=1) for _ in range(count))
    return [_visit(random, number, at, now) for number, at in enumerate(moments, 1)]


def _visit(random: Random, number: int, at: datetime, now: datetime) -> Visit:
    chosen = random.sample(PRODUCTS, k=random.choice((1, 1, 2, 2, 3, 4)))
    items = [
        {
            "id": id_,
            "sku": id_,
            "product_id": id_,
            "quantity": 3 if category == "socks" and random.random() < 0.4 else random.choice((1, 1, 1, 2)),
            "unit_price": price,
            "category_ids": [category],
        }
        for id_, _, price, category in chosen
    ]
    days = (at - now).total_seconds() / 86_400
    codes = [code for one in CAMPAIGNS if one.starts <= days < one.ends for code in one.codes if code.share]
    [entered] = random.choices(codes, [code.share for code in codes])
    code = random.choice(MISTAKEN) if random.random() < 0.07 else entered.code
    shopper = f"shopper{random.randrange(600):03}@example.com"
    cart = {
        "currency": "EUR",
        "items": items,
        "codes": [code] if random.random() < 0.85 else [],
        "shopper": {"email": shopper},
        "order_id": f"order-{number:05}",
    }
    return Visit(at, cart, random.random() < 0.03)
