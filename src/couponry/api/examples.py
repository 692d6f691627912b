"""Request bodies to try, by what they are for: the OpenAPI document shows them, and tests send them."""

from typing import Any

Bodies = dict[str, Any]

TEN_PERCENT = {
    "type": "rule_promotion",
    "name": "Ten percent off above 50.00",
    "enabled": True,
    "start": "2030-03-01T00:00:00Z",
    "end": "2030-04-01T00:00:00Z",
    "rule_set": {
        "currencies": ["EUR"],
        "rules": {"strategy": "cart_total", "operator": "gte", "args": [5000]},
        "actions": [{"strategy": "cart_discount", "args": ["percent", 10], "limitations": {"max_discount": 2000}}],
    },
}
THIRD_PAIR_FREE = {
    "type": "rule_promotion",
    "name": "Three pairs of socks for the price of two",
    "automatic": True,
    "priority": 7,
    "start": "2030-03-01T00:00:00Z",
    "end": "2030-04-01T00:00:00Z",
    "rule_set": {
        "rules": {
            "strategy": "items_bundle",
            "children": [
                {
                    "strategy": "and",
                    "children": [
                        {"strategy": "item_sku", "operator": "in", "args": ["sock-red", "sock-blue"]},
                        {"strategy": "item_quantity", "operator": "gte", "args": [3]},
                    ],
                }
            ],
        },
        "actions": [
            {
                "strategy": "item_discount",
                "args": ["percent", 100],
                "condition": {"strategy": "item_sku", "operator": "in", "args": ["sock-red", "sock-blue"]},
                "limitations": {"items": {"max_units": 1, "price_strategy": "cheapest"}},
            }
        ],
    },
}

NEW_PROMOTIONS: Bodies = {
    "A percentage off the cart": {"data": TEN_PERCENT},
    "The cheapest of three for free": {"data": THIRD_PAIR_FREE},
}

CHANGES: Bodies = {
    "Give it a priority": {"data": {"type": "rule_promotion", "priority": 3}},
    "Switch it off": {"data": {"type": "rule_promotion", "enabled": False}},
}

NEW_CODES: Bodies = {
    "Codes without limits": {
        "data": {"type": "promotion_codes", "codes": [{"code": "spring-sale"}, {"code": "WELCOME10%"}]}
    },
    "A hundred uses, one for each shopper": {
        "data": {
            "type": "promotion_codes",
            "codes": [
                {
                    "code": "FIRST-HUNDRED",
                    "uses": 100,
                    "consume_unit": "per_checkout",
                    "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True},
                }
            ],
        }
    },
}

NAMED_CODES: Bodies = {
    "Two codes": {"data": {"type": "promotion_codes", "codes": [{"code": "spring-sale"}, {"code": "WELCOME10%"}]}}
}

NEW_JOBS: Bodies = {
    "Generate codes": {
        "data": {
            "type": "promotion_job",
            "job_type": "code_generate",
            "name": "Newsletter of May",
            "parameters": {"number_of_codes": 500, "max_uses_per_code": 1, "code_prefix": "may-"},
        }
    },
    "Export codes": {"data": {"type": "promotion_job", "job_type": "code_export"}},
}

PRODUCTS: Bodies = {
    "A sock, and a gift": {
        "data": [
            {
                "type": "product",
                "id": "7d0f3b0e-6f3c-4b8f-9b0c-2f1f6c1c9a10",
                "sku": "sock-red",
                "name": "Red sock",
                "prices": {"EUR": 900, "USD": 1000},
                "category_ids": ["clothes", "socks"],
                "attributes": {"products(socks)": {"brand": "EP", "sizes": [39, 42]}},
            },
            {"type": "product", "id": "gift-1", "sku": "sticker", "name": "A sticker", "prices": {"EUR": 100}},
        ]
    }
}

EVALUATIONS: Bodies = {
    "A cart with a code, explained": {
        "data": {
            "type": "evaluation",
            "currency": "EUR",
            "items": [
                {"id": "line-1", "sku": "sock-red", "quantity": 2, "unit_price": 900},
                {"id": "line-2", "sku": "boots", "quantity": 1, "unit_price": 7900, "category_ids": ["shoes"]},
            ],
            "shipping_groups": [
                {"id": "parcel", "shipping_type": "standard", "base_price": 490, "item_ids": ["line-1", "line-2"]}
            ],
            "custom_attributes": {"channel": {"type": "string", "value": "app"}},
            "shopper": {"email": "ann@example.com"},
            "codes": ["spring-sale"],
            "explain": True,
        }
    },
    "A draft, as of next spring": {
        "data": {
            "type": "evaluation",
            "currency": "EUR",
            "items": [{"id": "line-1", "sku": "boots", "quantity": 1, "unit_price": 7900}],
            "at": "2030-03-15T12:00:00Z",
            "promotions": [{**TEN_PERCENT, "id": "spring-draft"}],
        }
    },
}

REDEMPTIONS: Bodies = {
    "A cart, held for five minutes": {
        "data": {
            "type": "redemption",
            "currency": "EUR",
            "items": [{"id": "line-1", "sku": "sock-red", "quantity": 2, "unit_price": 900}],
            "shopper": {"email": "ann@example.com"},
            "order_id": "order-1",
            "hold_seconds": 300,
        }
    },
    "Used at once, codes that give nothing left out": {
        "data": {
            "type": "redemption",
            "currency": "EUR",
            "items": [{"id": "line-1", "sku": "boots", "quantity": 1, "unit_price": 7900}],
            "codes": ["spring-sale"],
            "state": "confirmed",
            "strict": False,
        }
    },
}

CONFIRMATIONS: Bodies = {"The order that was paid": {"data": {"order_id": "order-1"}}}

TOKENS: Bodies = {
    "A merchant": {
        "grant_type": "client_credentials",
        "client_id": "your-client-id",
        "client_secret": "your-client-secret",
    }
}
