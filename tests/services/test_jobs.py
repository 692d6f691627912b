"""Jobs over HTTP, with a real worker."""

import time

import psycopg

from support import EXPORT, Shop


def test_a_job_generates_as_many_codes_as_asked_for(shop: Shop):
    promotion = shop.promotion()
    job = shop.ended_job(promotion, shop.generate(promotion, 1000, code_prefix="summer-", max_uses_per_code=2))

    assert job["status"] == "completed"
    assert job["result"] == job["generate_result"] == {"generated": 1000, "deleted": 0}
    codes = shop.list_codes(promotion, **{"page[limit]": "100"})
    assert all(code["code"].startswith("summer-") and len(code["code"]) == 15 for code in codes)
    assert all(code["uses"] == code["max_uses"] == 2 for code in codes)


def test_an_export_has_a_file(shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, "a", "b")
    answer = shop.start_job(promotion, EXPORT)
    job = shop.ended_job(promotion, answer.json()["data"]["id"])

    assert job["status"] == "completed"


def test_postgresql_knows_at_once_what_a_large_job_has_loaded(shop: Shop, database_url: str):
    promotion = shop.promotion()
    shop.ended_job(promotion, shop.generate(promotion, 20_000))

    with psycopg.connect(database_url, autocommit=True) as connection:
        analyzed = "SELECT FROM pg_stats WHERE tablename = 'promotion_codes' AND attname = 'promotion_id'"
        deadline = time.monotonic() + 10
        while not connection.execute(analyzed).rowcount:
            assert time.monotonic() < deadline
            time.sleep(0.05)
