"""Killing workers in the middle of jobs: no code is lost, made twice or made up."""

import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from installation import Installation, Process, kill, until
from support import EXPORT, Shop

pytestmark = pytest.mark.timeout(150)


def completed(number_of_codes: int) -> dict[str, object]:
    return {"status": "completed", "result": {"generated": number_of_codes, "deleted": 0}}


def outcome(job: dict[str, object]) -> dict[str, object]:
    return {"status": job["status"], "result": job["result"]}


def test_a_batch_that_was_loaded_but_not_committed_is_made_again(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as worker:
        job = shop.generate(promotion, 200_000)
        until(lambda: installation.done(job))
        with installation.locked(job):
            until(lambda: installation.waiting("UPDATE promotion_jobs SET done"))
            before = installation.done(job)
            kill(worker)
            assert installation.codes(promotion) == (before, before, before)
    with installation.worker():
        assert outcome(shop.ended_job(promotion, job)) == completed(200_000)
    installation.assert_exact(promotion, 200_000)


def test_a_worker_is_killed_right_after_each_batch(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 200_000)
    for _ in range(3):
        before = installation.done(job)
        with installation.worker() as worker:
            until(lambda before=before: installation.done(job) > before)
            kill(worker)
    with installation.worker():
        assert outcome(shop.ended_job(promotion, job)) == completed(200_000)
    installation.assert_exact(promotion, 200_000)


def test_another_worker_goes_on_where_a_killed_one_stopped(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as first:
        job = shop.generate(promotion, 200_000)
        until(lambda: installation.done(job))
        with installation.worker():
            kill(first)
            before = installation.done(job)
            until(lambda: installation.done(job) > before, 15)
            assert outcome(shop.ended_job(promotion, job)) == completed(200_000)
            installation.assert_exact(promotion, 200_000)
            # What was delivered to the dead is forgotten, too.
            until(lambda: installation.deliveries() == 0, 60)


def drawing(worker: Process) -> list[psutil.Process]:
    """Return the living processes in which a worker draws codes."""
    found: list[psutil.Process] = []
    for process in psutil.Process(worker.pid).children():
        with suppress(psutil.NoSuchProcess):  # a zombie is one too
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def test_a_killed_worker_leaves_no_process_that_draws(installation: Installation, shop: Shop):
    with installation.worker() as worker:
        job = shop.generate(shop.promotion(), 300_000)
        until(lambda: installation.done(job) and drawing(worker))
        [orphan] = drawing(worker)
        kill(worker)
        until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE, 10)


def test_a_job_outlives_the_process_that_draws_for_it(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as worker:
        job = shop.generate(promotion, 300_000)
        until(lambda: installation.done(job) and drawing(worker))
        drawing(worker)[0].kill()
        assert outcome(shop.ended_job(promotion, job)) == completed(300_000)
        until(lambda: not drawing(worker), 10)
    installation.assert_exact(promotion, 300_000)


def test_a_job_delivered_twice_is_worked_on_once(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker(), installation.worker():
        job = shop.generate(promotion, 150_000)
        with installation.locked(job):
            until(lambda: installation.waiting("promotion_jobs"))
            for _ in range(4):
                installation.rows(DELIVER, [shop.store_id, promotion, job])
            until(lambda: installation.deliveries() == 1)
        assert outcome(shop.ended_job(promotion, job)) == completed(150_000)
        until(lambda: installation.deliveries() == 0)
    installation.assert_exact(promotion, 150_000)


DELIVER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    'default', 'couponry.run_job', 0, NULL, NULL,
    jsonb_build_object('store_id', %s::text, 'promotion_id', %s::text, 'job_id', %s::text), NULL
)::procrastinate_job_to_defer_v1])
"""


def test_a_worker_told_to_stop_leaves_its_job_to_the_next(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as worker:
        job = shop.generate(promotion, 1_000_000)
        until(lambda: installation.done(job))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    until(lambda: installation.deliveries() == 0)
    status, done, _ = installation.job(job)
    assert status == "processing"
    assert 0 < done < 1_000_000
    with installation.worker() as worker:
        assert outcome(shop.ended_job(promotion, job)) == completed(1_000_000)
        installation.assert_exact(promotion, 1_000_000)
        export = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        assert shop.ended_job(promotion, export)["status"] == "completed"
        assert peak_megabytes(worker) < 150


def peak_megabytes(process: Process) -> int:
    """Return the most memory that a process ever had."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024
