"""Cancelling jobs and deleting promotions at any moment, and killing workers that clear up."""

import logging
import os
import random
import signal
import time
from typing import Any

import psycopg
import pytest

from installation import Installation, kill, until
from support import EXPORT, Shop

pytestmark = pytest.mark.timeout(150)

CLEARED_AT_ONCE = 20_000


def use_a_code(installation: Installation, promotion: str) -> int:
    """Let a shopper have used one of the promotion's codes, and return how many codes are used."""
    return installation.change(
        "UPDATE promotion_codes SET used = 1 WHERE (store_id, promotion_id, id) IN"
        " (SELECT store_id, promotion_id, id FROM promotion_codes WHERE promotion_id = %s AND used = 0 LIMIT 1)",
        [promotion],
    )


def cancel(shop: Shop, promotion: str, job: str) -> Any:
    return shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel")


def test_whenever_jobs_are_cancelled_what_they_say_is_true(installation: Installation, shop: Shop):
    seed = int(os.environ.get("COUPONRY_TEST_SEED", time.time_ns() % 1_000_000))
    logging.getLogger(__name__).warning("COUPONRY_TEST_SEED=%s", seed)
    dice, used, answers = random.Random(seed), {}, {}
    promotions = [shop.promotion() for _ in range(8)]
    with installation.worker():
        jobs = {promotion: shop.generate(promotion, 60_000, max_uses_per_code=1) for promotion in promotions}
        begun = time.monotonic()
        for moment, promotion in sorted((dice.uniform(0, 6), promotion) for promotion in promotions):
            time.sleep(max(0.0, begun + moment - time.monotonic()))
            used[promotion] = use_a_code(installation, promotion)
            answers[promotion] = cancel(shop, promotion, jobs[promotion])
        for promotion, job in jobs.items():
            ended, answer = shop.ended_job(promotion, job), answers[promotion]
            result = ended["result"]
            left = result["generated"] - result["deleted"]
            installation.assert_exact(promotion, left)
            if answer.status_code == 200:
                assert answer.json()["data"]["status"] in ("cancelling", "cancelled")
                assert ended["status"] == "cancelled"
                assert left == used[promotion]
            else:
                assert answer.status_code == 422
                [error] = answer.json()["errors"]
                assert error["detail"] == "Only pending or processing jobs can be cancelled."
                assert ended["status"] == "completed"
                assert result == {"generated": 60_000, "deleted": 0}
        until(lambda: installation.deliveries() == 0)


def test_a_worker_killed_while_clearing_up_is_replaced(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as worker:
        job = shop.generate(promotion, 400_000)
        until(lambda: installation.done(job) > 2 * CLEARED_AT_ONCE + 5000)
        with psycopg.connect(installation.url) as connection:
            connection.execute(
                "SELECT FROM promotion_codes WHERE promotion_id = %s AND id = ("
                "SELECT id FROM promotion_codes WHERE promotion_id = %s ORDER BY id OFFSET %s LIMIT 1) FOR UPDATE",
                [promotion, promotion, 2 * CLEARED_AT_ONCE + 5000],
            )
            assert cancel(shop, promotion, job).json()["data"]["status"] == "cancelling"
            until(lambda: installation.job(job)[2] == 2 * CLEARED_AT_ONCE)
            until(lambda: installation.waiting("DELETE FROM promotion_codes"))
            kill(worker)
            status, done, deleted = installation.job(job)
            assert (status, deleted) == ("cancelling", 2 * CLEARED_AT_ONCE)
            installation.assert_exact(promotion, done - deleted)
    with installation.worker():
        assert shop.ended_job(promotion, job)["result"] == {"generated": done, "deleted": done}
    installation.assert_exact(promotion, 0)
    assert installation.job(job) == ("cancelled", done, done)


def test_nothing_is_left_of_a_promotion_deleted_while_its_job_runs(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker():
        job = shop.generate(promotion, 1000)
        shop.ended_job(promotion, job)
        export = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        shop.ended_job(promotion, export)
        assert installation.files()
        job = shop.generate(promotion, 200_000)
        until(lambda: installation.done(job))
        assert shop.http.delete(f"/v2/rule-promotions/{promotion}").status_code == 204
        until(lambda: not installation.rows("SELECT FROM promotions WHERE id = %s", [promotion]))
    assert left_of(installation, promotion) == {}
    assert installation.files() == []


def test_nothing_is_left_when_the_worker_is_killed_while_removing_a_promotion(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as worker:
        shop.ended_job(promotion, shop.generate(promotion, 100_000))
        assert shop.http.delete(f"/v2/rule-promotions/{promotion}").status_code == 204
        until(lambda: installation.rows(HOW_MANY, [promotion])[0][0] < 100_000)
        kill(worker)
    with installation.worker():
        until(lambda: not installation.rows("SELECT FROM promotions WHERE id = %s", [promotion]))
    assert left_of(installation, promotion) == {}


HOW_MANY = "SELECT count(*) FROM promotion_codes WHERE promotion_id = %s"


def left_of(installation: Installation, promotion: str) -> dict[str, int]:
    """Return how many rows each table still has of a promotion."""
    tables = installation.rows(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'promotion_id' AND table_schema = 'public'"
    )
    assert ("promotion_codes",) in tables
    counts = {
        table: installation.rows(f"SELECT count(*) FROM {table} WHERE promotion_id = %s", [promotion])[0][0]
        for (table,) in tables
    }
    return {table: count for table, count in counts.items() if count}


def test_an_export_that_was_killed_starts_over(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as worker:
        shop.ended_job(promotion, shop.generate(promotion, 150_000))
        job = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        until(lambda: any("#" in name for name in installation.files()))
        kill(worker)
    assert any("#" in name for name in installation.files())
    with installation.worker():
        assert shop.ended_job(promotion, job)["status"] == "completed"
    [name] = installation.files()
    assert name.startswith(job)
    assert name.endswith("_codes.csv")
    lines = exported(shop, promotion, job)
    assert len(lines) == len(set(lines)) == 150_001
    assert installation.done(job) == 150_000
    shop.http.delete(f"/v2/rule-promotions/{promotion}")


@pytest.mark.parametrize("killed", [False, True])
def test_a_cancelled_export_leaves_no_file(installation: Installation, shop: Shop, killed: bool):
    promotion = shop.promotion()
    with installation.worker() as worker:
        until(lambda: not installation.files())  # of promotions that were deleted before
        shop.ended_job(promotion, shop.generate(promotion, 150_000))
        job = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        until(lambda: any("#" in name for name in installation.files()))
        worker.send_signal(signal.SIGSTOP)
        assert cancel(shop, promotion, job).status_code == 200
        if killed:
            kill(worker)
        else:
            worker.send_signal(signal.SIGCONT)
            assert shop.ended_job(promotion, job)["status"] == "cancelled"
    if killed:
        with installation.worker():
            assert shop.ended_job(promotion, job)["status"] == "cancelled"
    assert installation.files() == []
    installation.assert_exact(promotion, 150_000)


def test_an_export_of_no_codes_is_a_header(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker():
        job = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        assert shop.ended_job(promotion, job)["status"] == "completed"
    [header] = exported(shop, promotion, job)
    assert header.startswith("code,uses,max_uses,")


def exported(shop: Shop, promotion: str, job: str) -> list[str]:
    """Return the lines of an export's file."""
    link = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs/{job}/file").json()["href"]
    text = shop.shopper.get(link, headers={"Authorization": ""}).text
    assert text.endswith("\r\n")
    return text.split("\r\n")[:-1]
