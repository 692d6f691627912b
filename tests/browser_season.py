"""A store as it looks in the middle of a season, and names made to do harm."""

import psycopg

from support import EXPORT, Shop

HOSTILE = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>']


def season(shop: Shop, database_url: str) -> tuple[str, str]:
    """Fill a store; return a promotion with everything, and one of its codes."""
    percent = [{"strategy": "cart_discount", "args": ["percent", 10]}]
    total = {"strategy": "cart_total", "operator": "gte", "args": [4000]}
    shop.promotion(name="Spring clearance", end="2025-04-01", rule_set={"rules": total, "actions": percent})
    shop.promotion(
        name="Free shipping weekend",
        start="2098-01-01",
        rule_set={"rules": total, "actions": [{"strategy": "shipping_discount", "args": ["percent", 100]}]},
    )
    shop.promotion(name="Staff", enabled=False)
    tags = {"strategy": "account_tags", "operator": "contains_any", "args": ["member", "friend"]}
    members = shop.promotion(name="Day of members", automatic=True, rule_set={"rules": tags, "actions": percent})
    shoes = {"strategy": "item_category", "operator": "in", "args": ["shoes"]}
    pairs = {"strategy": "item_quantity", "operator": "gte", "args": [2]}
    half = {
        "strategy": "item_discount",
        "args": ["percent", 50],
        "limitations": {"items": {"max_units": 1, "price_strategy": "cheapest"}},
    }
    summer = shop.promotion(
        name="Second pair half off",
        description="For the newsletter of June.",
        rule_set={"rules": {"strategy": "and", "children": [shoes, pairs]}, "actions": [half]},
    )
    codes = [{"code": "SUMMER", "uses": 500}, {"code": "HELLO", "is_for_new_shopper": True}]
    made = shop.add_codes(summer, *codes).json()["data"]
    shop.ended_job(summer, shop.generate(summer, 250, code_prefix="sun-", max_uses_per_code=1))
    shop.ended_job(summer, shop.start_job(summer, {**EXPORT}).json()["data"]["id"])
    _use(shop, database_url, [summer, members], made[0]["id"])
    return summer, made[0]["id"]


def _use(shop: Shop, database_url: str, promotions: list[str], code: str) -> None:
    """Put uses of the last 30 days on record, more of them lately: always the same."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for promotion in promotions:
            connection.execute(
                "INSERT INTO usages (store_id, promotion_id, id, redemption_id, code_id, state, uses, expires_at,"
                " used_on, updated_at, code, updated_by, shoppers, currency, discount)"
                " SELECT %s, %s, gen_random_uuid(), gen_random_uuid(), %s, 'used', 1, now(),"
                " now() - day * interval '1 day', now(), 'SUMMER', 'shop', '{}', 'EUR', 1290"
                " FROM generate_series(0, 29) AS day, generate_series(1, 4 + (29 - day) * 2 / 3 + day * 7 %% 5)",
                [shop.store_id, promotion, code],
            )
            connection.execute(
                "INSERT INTO usage_days SELECT store_id, (used_on AT TIME ZONE 'UTC')::date, promotion_id, currency,"
                " count(*), 0, 0, 0 FROM usages WHERE store_id = %s AND promotion_id = %s GROUP BY 1, 2, 3, 4",
                [shop.store_id, promotion],
            )
        connection.execute(
            "UPDATE promotion_codes SET used = (SELECT count(*) FROM usages WHERE store_id = %s AND promotion_id = %s)"
            " WHERE store_id = %s AND id = %s",
            [shop.store_id, promotions[0], shop.store_id, code],
        )
