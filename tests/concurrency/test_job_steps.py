"""Jobs interrupted, doubled and crossed at every step, in this process and a database of its own."""

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from couponry.domain.codes import ALPHABET, NewCode
from couponry.domain.jobs import GenerateParameters, NewExportJob, NewGenerateJob, PromotionJob
from couponry.services import access, generating
from couponry.services.codes import create_codes
from couponry.services.context import Context, fresh_id
from couponry.services.jobs import cancel_job, create_job
from couponry.services.promotions import delete_promotion
from couponry.services.running import Workshop, purge_promotion, run_job
from couponry.storage import jobs, lending
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles
from installation import Records

pytestmark = pytest.mark.timeout(60)


class Bench(Records):
    """A store, and a workshop that runs its jobs when told to."""

    def __init__(self, workshop: Workshop, store_id: UUID) -> None:
        super().__init__(workshop.database.url)
        self.workshop, self.store_id = workshop, store_id

    async def ask(self, use_case: Callable[..., Any], *arguments: Any) -> Any:
        async with self.workshop.database.transaction() as connection:
            return await use_case(Context(connection, self.store_id, "test"), *arguments)

    def promotion(self) -> UUID:
        id_ = fresh_id()
        self.change(PROMOTION, [self.store_id, id_, self.store_id, id_])
        return id_

    async def generate(self, promotion: UUID, number_of_codes: int, **parameters: Any) -> PromotionJob:
        wanted = GenerateParameters(number_of_codes=number_of_codes, **parameters)
        return await self.ask(create_job, promotion, NewGenerateJob("promotion_job", wanted))

    async def export(self, promotion: UUID) -> PromotionJob:
        return await self.ask(create_job, promotion, NewExportJob("promotion_job"))

    async def run(self, job: PromotionJob) -> None:
        await run_job(self.workshop, job.store_id, job.promotion_id, job.id)

    async def reached(self, job: PromotionJob, done: int) -> None:
        deadline = time.monotonic() + 20
        while self.done(str(job.id)) < done:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)

    def assert_made(self, job: PromotionJob, status: str, done: int, deleted: int = 0) -> None:
        assert self.job(str(job.id)) == (status, done, deleted)

    def error(self, job: PromotionJob) -> str | None:
        return self.rows("SELECT error FROM promotion_jobs WHERE id = %s", [job.id])[0][0]


PROMOTION = """
WITH added AS (
    INSERT INTO promotions (
        store_id, id, name, enabled, automatic, stackable, override_stacking, "start", "end", rule_set, created_by,
        updated_by, created_at, updated_at
    ) VALUES (%s, %s, 'x', true, false, true, false, '2024-01-01', '2099-01-01', '{}', 'x', 'x', now(), now())
)
INSERT INTO code_counts (store_id, promotion_id) VALUES (%s, %s)
"""


@pytest.fixture
async def bench(own_database_url: str, tmp_path: Path) -> AsyncGenerator[Bench]:
    database = Database(own_database_url)
    await database.open()
    async with database.transaction() as connection:
        store = await access.create_store(connection, access.new_store(secrets.token_hex(8), None, 50))
    yield Bench(Workshop(database, ExportFiles(None, tmp_path / "a b%20c")), store.store_id)
    await database.close()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generating, "BATCH", 500)


def assert_exact(bench: Bench, promotion: UUID, number_of_codes: int) -> None:
    bench.assert_exact(str(promotion), number_of_codes)


@pytest.mark.usefixtures("small_batches")
async def test_a_job_interrupted_again_and_again_is_made_exactly(bench: Bench):
    promotion = bench.promotion()
    job = await bench.generate(promotion, 20_000)
    dice, interruptions = random.Random(7), 0
    while bench.job(str(job.id))[0] != "completed":
        running = asyncio.create_task(bench.run(job))
        await asyncio.wait([running], timeout=dice.uniform(0, 0.12))
        interruptions += not running.done()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert interruptions > 3
    bench.assert_made(job, "completed", 20_000)
    assert_exact(bench, promotion, 20_000)
    async with bench.workshop.database.connection() as connection, jobs.held(connection, job.id) as held:
        assert held


@pytest.mark.usefixtures("small_batches")
async def test_a_job_interrupted_while_clearing_up_is_cleared_exactly(bench: Bench):
    promotion = bench.promotion()
    job = await bench.generate(promotion, 5000)
    running = asyncio.create_task(bench.run(job))
    await bench.reached(job, 2000)
    await bench.ask(cancel_job, promotion, job.id)
    while bench.job(str(job.id))[0] != "cancelled":
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        running = asyncio.create_task(bench.run(job))
        await asyncio.wait([running], timeout=0.2)
    await running
    done = bench.done(str(job.id))
    bench.assert_made(job, "cancelled", done, done)
    assert_exact(bench, promotion, 0)


@pytest.mark.usefixtures("small_batches")
async def test_four_workers_at_one_job_make_it_once(bench: Bench):
    promotion = bench.promotion()
    job = await bench.generate(promotion, 5000)
    await asyncio.gather(*(bench.run(job) for _ in range(4)))
    bench.assert_made(job, "completed", 5000)
    assert_exact(bench, promotion, 5000)


@pytest.mark.usefixtures("small_batches")
async def test_a_worker_that_lost_its_hold_makes_nothing_any_more(bench: Bench):
    promotion = bench.promotion()
    job = await bench.generate(promotion, 3000)
    async with bench.workshop.database.connection() as connection:
        stale = await jobs.get(connection, bench.store_id, promotion, job.id)
        assert stale is not None
        await bench.run(job)
        bench.change("UPDATE promotion_jobs SET status = 'processing' WHERE id = %s", [job.id])
        with pytest.raises(psycopg.errors.UniqueViolation):
            await generating.generate_codes(bench.workshop.database, connection, stale)
        assert not await jobs.advance(connection, stale, 500, job.created_at)
    assert_exact(bench, promotion, 3000)


@pytest.mark.usefixtures("small_batches")
async def test_codes_added_singly_may_fill_a_promotion_before_its_job_does(bench: Bench):
    bench.change("UPDATE stores SET max_codes_per_promotion = 5000 WHERE store_id = %s", [bench.store_id])
    promotion = bench.promotion()
    job = await bench.generate(promotion, 4900)
    running = asyncio.create_task(bench.run(job))
    await bench.ask(create_codes, promotion, [NewCode(code=f"single-{i}") for i in range(101)])
    await running
    bench.assert_made(job, "failed", 4500)
    assert bench.error(job) == "codes limit exceeded"
    assert_exact(bench, promotion, 4601)


@pytest.mark.usefixtures("small_batches")
async def test_no_codes_are_added_to_a_promotion_that_became_automatic(bench: Bench):
    promotion = bench.promotion()
    job = await bench.generate(promotion, 5000)
    running = asyncio.create_task(bench.run(job))
    await bench.reached(job, 1)
    # In a thread: it waits for the batch that is being committed, which this very loop must go on with.
    await asyncio.to_thread(bench.change, "UPDATE promotions SET automatic = true WHERE id = %s", [promotion])
    await running
    assert bench.error(job) == "Cannot add codes to an automatic promotion"
    assert_exact(bench, promotion, bench.done(str(job.id)))


def draws(spellings: list[str]) -> Callable[[int], bytes]:
    """Return entropy that draws the *spellings*, which ascend within a batch, one after the other, again and again.

    A code of a whole code space is drawn from 4 bytes a tail of 4 letters, then 8 bytes its lead of 4.
    """
    tails = itertools.cycle(b"".join(bytes(ALPHABET.index(letter) for letter in s[4:].encode()) for s in spellings))
    leads = itertools.cycle(b"".join(_lead_bytes(s[:4]) for s in spellings))
    calls = itertools.cycle([tails, leads])
    return lambda size: bytes(itertools.islice(next(calls), size))


def _lead_bytes(letters: str) -> bytes:
    number = 0
    for letter in letters.encode():
        number = number * 32 + ALPHABET.index(letter)
    return ((number << 44) + (1 << 43)).to_bytes(8, "little")


async def test_codes_that_collide_are_drawn_again(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    promotion = bench.promotion()
    await bench.ask(create_codes, promotion, [NewCode(code="aaaaaaaa"), NewCode(code="ffffffff")])
    repeated = ["AAAAAAAA", "AAAAAAAA", "BBBBBBBB", "BBBBBBBB", "CCCCCCCC", "FFFFFFFF", "DDDDDDDD"]
    monkeypatch.setattr(generating, "secrets", SimpleNamespace(token_bytes=draws(repeated)))
    job = await bench.generate(promotion, 3)
    await bench.run(job)
    bench.assert_made(job, "completed", 3)
    assert_exact(bench, promotion, 5)
    found = bench.rows("SELECT code_key FROM promotion_codes WHERE promotion_id = %s ORDER BY 1", [promotion])
    assert [key[0] for (key,) in found] == ["a", "b", "c", "d", "f"]


@pytest.mark.parametrize("fetched_keys", [0, 20_000])
async def test_a_code_added_singly_while_it_is_loaded_is_drawn_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, fetched_keys: int
):
    promotion = bench.promotion()
    monkeypatch.setattr(generating, "FETCHED_KEYS", fetched_keys)
    monkeypatch.setattr(generating, "secrets", SimpleNamespace(token_bytes=draws(["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"])))
    job = await bench.generate(promotion, 2)
    running: asyncio.Task[None]
    async with bench.workshop.database.transaction() as connection:
        await create_codes(Context(connection, bench.store_id, "test"), promotion, [NewCode(code="bbbbbbbb")])
        running = asyncio.create_task(bench.run(job))
        deadline = time.monotonic() + 20
        while not bench.waiting("COPY promotion_codes"):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
    await running
    bench.assert_made(job, "completed", 2)
    assert_exact(bench, promotion, 3)


@pytest.mark.usefixtures("small_batches")
async def test_a_promotion_is_not_removed_before_its_job_has_ended(bench: Bench):
    promotion = bench.promotion()
    job = await bench.generate(promotion, 50_000)
    running = asyncio.create_task(bench.run(job))
    await bench.reached(job, 1)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await bench.ask(delete_promotion, promotion)
    await purge_promotion(bench.workshop, bench.store_id, promotion)
    assert bench.job(str(job.id))[0] == "cancelling"
    await bench.run(job)
    assert bench.job(str(job.id))[0] == "cancelled"
    await purge_promotion(bench.workshop, bench.store_id, promotion)
    for table in ("promotion_codes", "promotion_jobs", "code_counts"):
        assert not bench.rows(f"SELECT FROM {table} WHERE promotion_id = %s", [promotion])


class CancelledAtTheEnd(ExportFiles):
    """Files whose export is cancelled when the last byte is written."""

    def write_codes(self, url: str, job: PromotionJob, path: str, report: Callable[[int], bool]) -> int:
        exported = super().write_codes(url, job, path, report)
        Records(url).change("UPDATE promotion_jobs SET status = 'cancelling' WHERE id = %s", [job.id])
        return exported


async def test_an_export_cancelled_at_its_end_leaves_no_file(bench: Bench, tmp_path: Path):
    folder = tmp_path / "50% off #1"
    workshop = Workshop(bench.workshop.database, CancelledAtTheEnd(None, folder))
    job = await bench.export(bench.promotion())
    await run_job(workshop, job.store_id, job.promotion_id, job.id)
    bench.assert_made(job, "cancelled", 0)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_files_go_with_their_promotion_whatever_the_folder_is_called(bench: Bench, tmp_path: Path):
    folder = tmp_path / "50% off #1"
    workshop = Workshop(bench.workshop.database, ExportFiles(None, folder))
    promotion = bench.promotion()
    job = await bench.export(promotion)
    await run_job(workshop, job.store_id, job.promotion_id, job.id)
    assert [path for path in folder.rglob("*") if path.is_file()]
    await bench.ask(delete_promotion, promotion)
    await purge_promotion(workshop, bench.store_id, promotion)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_a_job_nobody_holds_is_found(bench: Bench):
    async def unattended() -> list[UUID]:
        async with bench.workshop.database.connection() as connection:
            return [id_ for _, _, id_ in await jobs.unattended(connection) if id_ in ids]

    job = await bench.generate(bench.promotion(), 10)
    ids = {job.id}
    assert await unattended() == []  # it is delivered
    bench.change("DELETE FROM procrastinate_jobs")
    assert await unattended() == [job.id]
    async with bench.workshop.database.connection() as connection, jobs.held(connection, job.id) as held:
        assert held
        assert await unattended() == []
    assert await unattended() == [job.id]
    await bench.run(job)
    assert await unattended() == []


async def test_a_job_is_free_however_its_holder_is_interrupted(bench: Bench):
    id_ = fresh_id()

    async def hold() -> None:
        async with bench.workshop.database.connection() as connection, jobs.held(connection, id_):
            await asyncio.sleep(60)

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0.2)
    async with bench.workshop.database.connection() as connection:
        async with jobs.held(connection, id_) as held:
            assert not held
        holding.cancel()
        with suppress(asyncio.CancelledError):
            await holding
        deadline = time.monotonic() + 20
        while True:  # PostgreSQL needs a moment to see that the connection is gone
            async with jobs.held(connection, id_) as held:
                if held:
                    break
            assert time.monotonic() < deadline


async def test_a_database_without_a_free_connection_fails_no_job(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    promotion = bench.promotion()
    job = await bench.generate(promotion, 10)
    lean = Database(bench.url, connections=1)
    await lean.open()
    monkeypatch.setattr(lending, "TIMEOUT", 0.5)
    with pytest.raises(Exception, match="did not answer in time"):
        await run_job(Workshop(lean, bench.workshop.files), job.store_id, promotion, job.id)
    await lean.close()
    assert bench.job(str(job.id))[0] == "processing"
    await bench.run(job)
    bench.assert_made(job, "completed", 10)
