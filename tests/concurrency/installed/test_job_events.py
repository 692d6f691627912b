"""Following jobs by Server-Sent Events: real servers, real streams, workers that come, go and die."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import msgspec
import pytest

from couponry.domain.jobs import PromotionJob
from couponry.services.watching import LOOK_SECONDS, Watching
from couponry.storage import jobs
from couponry.storage.database import Connection, Database
from installation import Installation, kill, until
from support import EXPORT, Shop, await_answer, end, environment

pytestmark = pytest.mark.timeout(150)


class Event(NamedTuple):
    id: int
    job: dict[str, Any]
    """Empty for a comment."""


@contextmanager
def following(shop: Shop, promotion: str, job: str, last: int | None = None) -> Generator[Iterator[Event]]:
    """Follow a job for the block, from the event *last* on."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    path = f"/v2/rule-promotions/{promotion}/jobs/{job}/events"
    with shop.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-cache"
        yield events_of(answer)


def events_of(answer: httpx.Response) -> Iterator[Event]:
    said: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(":")
        if line:
            said[name] = value.strip()
        elif said:
            yield Event(int(said.get("id", -1)), json.loads(said["data"])["data"] if "data" in said else {})
            said = {}


def cancel(shop: Shop, promotion: str, job: str) -> None:
    assert shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel").status_code == 200


def test_a_job_is_followed_from_its_beginning_to_its_end(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 400_000)
    with following(shop, promotion, job) as events:
        seen = [next(events)]
        assert seen[0].job == shop.job(promotion, job)
        assert seen[0].job["status"] == "pending"
        with installation.worker():
            seen += events
    seen = [event for event in seen if event.job]
    assert [event.id for event in seen] == sorted({event.id for event in seen})
    done = [event.job["meta"]["progress"]["done"] for event in seen if event.job["status"] == "processing"]
    assert len(done) >= 2
    assert done == sorted(done)
    assert seen[-1].job == shop.job(promotion, job)
    assert seen[-1].job["status"] == "completed"


def test_who_comes_back_gets_the_present_state_at_once_and_never_an_older_one(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job, last = shop.generate(promotion, 300_000), 0
    with installation.worker() as worker:
        for _ in range(5):
            with following(shop, promotion, job, last) as events:
                begun = time.monotonic()
                event = next(events)
                assert time.monotonic() - begun < 1
                assert event.id >= last
                last = event.id
                until(lambda last=last: installation.rows(CHANGES, [job])[0][0] > last)
        kill(worker)
    with installation.worker(), following(shop, promotion, job, last) as events:
        seen = [event for event in events if event.job]
    assert min(event.id for event in seen) >= last
    assert seen[-1].job["status"] == "completed"


CHANGES = "SELECT changes FROM promotion_jobs WHERE id = %s"


def test_a_stream_that_has_ended_is_not_begun_again(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 10)
    with installation.worker():
        shop.ended_job(promotion, job)
    with following(shop, promotion, job) as events:
        [event] = events
    assert event.job["status"] == "completed"
    path = f"/v2/rule-promotions/{promotion}/jobs/{job}/events"
    assert shop.http.get(path, headers={"Last-Event-ID": str(event.id)}).status_code == 204
    for other in (str(event.id - 1), "", "x", "9" * 300):
        assert shop.http.get(path, headers={"Last-Event-ID": other}).status_code == 200


def test_a_cancelled_job_says_so(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    waiting, running = shop.generate(promotion, 10), ""
    with following(shop, promotion, waiting) as events:
        next(events)
        cancel(shop, promotion, waiting)
        assert [event.job["status"] for event in events] == ["cancelled"]
    with installation.worker():
        running = shop.generate(promotion, 300_000)
        with following(shop, promotion, running) as events:
            until(lambda: installation.done(running))
            cancel(shop, promotion, running)
            last = [event for event in events if event.job][-1].job
    assert last["status"] == "cancelled"
    assert last["result"]["deleted"] == last["result"]["generated"] > 0


def test_a_job_that_fails_says_why(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 300_000)
    limit = "UPDATE stores SET max_codes_per_promotion = 50000 WHERE store_id = %s"
    installation.change(limit, [shop.store_id])
    with following(shop, promotion, job) as events, installation.worker():
        last = list(events)[-1].job
    assert (last["status"], last["error"]) == ("failed", "codes limit exceeded")


def test_an_export_that_starts_over_is_told_as_what_is_newer(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with installation.worker() as worker:
        shop.ended_job(promotion, shop.generate(promotion, 150_000))
        job = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        until(lambda: installation.done(job))
        kill(worker)
    with following(shop, promotion, job) as events, installation.worker():
        seen = [event for event in events if event.job]
    assert [event.id for event in seen] == sorted({event.id for event in seen})
    assert seen[-1].job["status"] == "completed"


def test_silence_is_broken_and_ends_when_the_client_is_revoked(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    with following(shop, promotion, shop.generate(promotion, 10)) as events:
        assert next(events).job
        begun = time.monotonic()
        assert next(events) == Event(-1, {})
        assert 3 < time.monotonic() - begun < 10
        installation.change("UPDATE clients SET revoked_at = now() WHERE client_id = %s", [shop.client_id])
        assert {event.id for event in events} <= {-1}
    assert time.monotonic() - begun < 25


def test_a_stream_ends_with_its_promotion(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 10)
    with following(shop, promotion, job) as events:
        next(events)
        installation.change("DELETE FROM promotions WHERE id = %s", [promotion])
        assert list(events) == []
    assert shop.http.get(f"/v2/rule-promotions/{promotion}/jobs/{job}/events").status_code == 404


def test_only_merchants_of_the_store_may_follow(installation: Installation, own_api: str, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 10)
    path = f"/v2/rule-promotions/{promotion}/jobs/{job}/events"
    other = installation.shop(own_api)
    assert shop.nobody.get(path).status_code == 401
    assert shop.shopper.get(path).status_code == 403
    assert other.http.get(path).status_code == 404
    other.close()
    cancel(shop, promotion, job)


def test_a_server_that_is_told_to_stop_does_not_wait_for_streams(installation: Installation, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 10)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = subprocess.Popen(
            [sys.executable, "-m", "couponry.api.process", str(listening.fileno())],
            env=environment(installation.url, installation.data_dir),
            pass_fds=[listening.fileno()],
        )
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        await_answer(f"{url}/readyz", server)
        there = Shop(url, shop.store_id, shop.client_id, shop.client_secret)
        with following(there, promotion, job) as events:
            next(events)
            server.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            assert list(events) == []  # it ends as streams end, not as connections break
            assert server.wait(10) in (0, -signal.SIGTERM)
            assert time.monotonic() - begun < 3
        there.close()
    finally:
        end(server)
    cancel(shop, promotion, job)


# Within one process


class Counting(Database):
    """A database that counts how often a connection is lent."""

    lent = 0

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        self.lent += 1
        async with super().connection() as connection:
            yield connection


@asynccontextmanager
async def watching_a_job(
    installation: Installation, shop: Shop
) -> AsyncGenerator[tuple[Counting, PromotionJob, Watching]]:
    """Lend a job that nobody runs, and what watches it in a database that counts."""
    promotion = shop.promotion()
    id_ = shop.generate(promotion, 10)
    database = Counting(installation.url)
    await database.open()
    async with database.connection() as connection:
        job = await jobs.get(connection, UUID(shop.store_id), UUID(promotion), UUID(id_))
    assert job is not None
    watching = Watching(database)
    yield database, job, watching
    await watching.finish()
    await database.close()
    cancel(shop, promotion, id_)


CHANGE = "UPDATE promotion_jobs SET done = done + 1, changes = changes + 1 WHERE id = %s"


async def test_however_many_listen_the_database_is_asked_once_a_look(installation: Installation, shop: Shop):
    async with watching_a_job(installation, shop) as (database, job, watching):
        heard = 0

        async def listen() -> None:
            nonlocal heard
            async for later in watching.changes(job, 60):
                heard += later is not None

        listeners = [asyncio.create_task(listen()) for _ in range(200)]
        before, looks = database.lent, 8
        for _ in range(looks):
            await asyncio.to_thread(installation.change, CHANGE, [job.id])
            await asyncio.sleep(LOOK_SECONDS)
        assert 3 <= database.lent - before <= looks + 2
        await asyncio.sleep(2 * LOOK_SECONDS)
        assert heard >= 200 * 3
        for listener in listeners:
            listener.cancel()
        await asyncio.wait(listeners)
        await asyncio.sleep(2 * LOOK_SECONDS)
        before = database.lent
        await asyncio.sleep(3 * LOOK_SECONDS)
        assert database.lent == before  # nobody listens, nobody looks


async def test_who_is_slow_misses_states_but_not_the_last(installation: Installation, shop: Shop):
    async with watching_a_job(installation, shop) as (_, job, watching):
        async with asyncio.timeout(20):
            listening = watching.changes(job, 60)
            await asyncio.to_thread(installation.change, CHANGE, [job.id])
            first = await anext(listening)
            for _ in range(20):
                await asyncio.to_thread(installation.change, CHANGE, [job.id])
                await asyncio.sleep(LOOK_SECONDS / 4)
            await asyncio.sleep(2 * LOOK_SECONDS)
            second = await anext(listening)
            assert first is not None
            assert second is not None
            assert (first.changes, second.changes) == (1, 21)
            watching.close()
            assert await anext(listening, "over") == "over"


async def test_a_look_that_began_before_somebody_came_tells_them_nothing_older(installation: Installation, shop: Shop):
    async with watching_a_job(installation, shop) as (_, job, watching):
        async for later in watching.changes(msgspec.structs.replace(job, changes=1), 4 * LOOK_SECONDS):
            assert later is None
            break


async def test_listeners_wait_while_the_database_is_away(installation: Installation, shop: Shop):
    async with watching_a_job(installation, shop) as (_, job, watching):
        async with asyncio.timeout(60):
            listening = watching.changes(job, 0.5)
            assert await anext(listening) is None
            await asyncio.to_thread(installation.kill_postgres)
            assert await anext(listening) is None
            await asyncio.to_thread(installation.restart_postgres)
            await asyncio.to_thread(installation.change, CHANGE, [job.id])
            while (later := await anext(listening)) is None:
                pass
            assert later.changes == 1
        until(lambda: shop.http.get(f"/v2/rule-promotions/{job.promotion_id}/jobs/{job.id}").status_code == 200)
