"""The figures of what was redeemed before there were figures."""

from importlib import import_module

import psycopg

from couponry.services.context import fresh_id

PAST = import_module("couponry.storage.migrations.versions.0014_figures").PAST

JUDGED = (
    '{{"currency": "EUR", "applied": [{{"promotion_id": "{0}", "code": "SUN", "amount": -150}},'
    ' {{"promotion_id": "{1}", "code": "auto_{1}", "amount": -30}}]}}'
)


def test_past_uses_get_what_they_took_off_from_their_carts(own_database_url: str):
    store, summer, always, redeemed, ordered = (fresh_id() for _ in range(5))
    judged = JUDGED.format(summer, always)
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO stores VALUES (%s, 'past', NULL, NULL, 50, 0, now())", [store])
        connection.execute(
            "INSERT INTO redemptions VALUES (%s, %s, 'confirmed', NULL, now(), %s, '{}', 'me', 'me', now(), now())",
            [store, redeemed, judged],
        )
        connection.execute(
            "INSERT INTO orders VALUES (%s, %s, %s, '{}', 'x', 'x', 'x', 'EUR', 0, 0, NULL, NULL, NULL, NULL, NULL,"
            " NULL, NULL, NULL, NULL, NULL, NULL, '{}', now(), now(), '{}')",
            [store, ordered, f'{{"evaluation": {judged}}}'],
        )
        for redemption, promotion, state, used_on, released_at in (
            (redeemed, summer, "used", "2026-03-01 23:59:59Z", None),
            (redeemed, always, "released", "2026-03-01 23:59:59Z", "2026-03-05Z"),
            (ordered, summer, "used", "2026-03-02 00:00:00Z", None),
            (ordered, always, "held", None, None),
        ):
            connection.execute(
                "INSERT INTO usages (store_id, promotion_id, id, redemption_id, code_id, state, uses, expires_at,"
                " used_on, released_at, updated_at, code, updated_by, shoppers)"
                " VALUES (%s, %s, %s, %s, %s, %s, 1, now(), %s, %s, now(), '**', 'me', '{}')",
                [store, promotion, fresh_id(), redemption, fresh_id(), state, used_on, released_at],
            )

        connection.execute(PAST)

        found = connection.execute(
            "SELECT day::text, promotion_id, currency, redemptions, discount, returned, returned_discount"
            " FROM usage_days ORDER BY day, discount DESC"
        ).fetchall()
    assert found == [
        ("2026-03-01", summer, "EUR", 1, 150, 0, 0),
        ("2026-03-01", always, "EUR", 1, 30, 1, 30),
        ("2026-03-02", summer, "EUR", 1, 150, 0, 0),
    ]
