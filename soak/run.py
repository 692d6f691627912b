"""A whole run: the fire, the settling, what is left, and the reckoning."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

from soak import ledger, store
from soak.audit import examined
from soak.customer import Customer
from soak.fire import Fire
from soak.plan import drawn
from soak.report import Reckoning, Row, Verified, table
from soak.servers import Server, environment

CLIENTS = 64
PROCESSES = 2

Tell = Callable[[str], None]


class Size(NamedTuple):
    """How much is asked for."""

    redemptions: int
    seed: int
    kills: int
    """How often an API process is killed while everybody redeems; then each is killed once more."""
    seconds: float
    """After which nothing new is asked for."""


class Result(NamedTuple):
    """What a run came to."""

    rows: list[Row]
    findings: list[str]
    """Sentences about everything that is not as it must be."""


def run(database_url: str, data_dir: Path, size: Size, tell: Tell = lambda _: None) -> Result:
    """Redeem under fire on a database that has the schema, and reckon; *tell* hears of the progress.

    Raises:
        NobodyAnswers: a request was repeated for two minutes.
    """
    with serving(database_url, data_dir) as servers:
        return uvloop.run(_run(database_url, data_dir, size, servers, tell))


@contextmanager
def serving(database_url: str, data_dir: Path) -> Generator[list[Server]]:
    """Run two API processes for the block."""
    started = [Server(environment(database_url, data_dir)) for _ in range(PROCESSES)]
    try:
        for server in started:
            server.await_ready()
        yield started
    finally:
        for server in started:
            server.stop()


async def _run(database_url: str, data_dir: Path, size: Size, servers: Sequence[Server], tell: Tell) -> Result:
    plan = drawn(size.seed, size.redemptions)
    ours = await store.opened(database_url, servers[0].url)
    store.stocked(ours, servers[0].url, plan)
    before = ledger.read(database_url, ours.id)
    fire = Fire(plan, servers, ours.token, size.seed, size.kills)
    seconds = await _burned(fire, size, tell)
    tell("Reckoning.")
    after = ledger.read(database_url, ours.id)
    found = Reckoning(
        examined(plan, fire.stories),
        ledger.differences(fire.stories, after),
        after.deadlocks - before.deadlocks,
        _verified(database_url, data_dir, ours.name),
    )
    return Result(table(fire, found, size.redemptions, seconds), [*fire.findings, *found.findings])


async def _burned(fire: Fire, size: Size, tell: Tell) -> float:
    """Redeem, kill every process, settle, and use up what is left; return how many seconds the redeeming took."""
    customers = [Customer(fire.servers, random.Random(f"{size.seed} {n}"), fire.tally) for n in range(CLIENTS + 1)]
    watchman, *clients = customers
    watchman.calm = True
    begun = time.time()
    watching = fire.watch(watchman, min(5.0, size.redemptions / 2000))
    async with _meanwhile(watching, _progress(fire, begun, tell)):
        await fire.burn(clients, begun + size.seconds)
        seconds = time.time() - begun
        for server in fire.servers:
            fire.kill(server)
        for server in fire.servers:
            await asyncio.to_thread(server.await_ready)
        await asyncio.sleep(1)  # what waited for the dead processes is done by then
        for customer in clients:
            customer.calm = True
        tell("Settling what clients do not know for certain.")
        await fire.settle(clients)
        await fire.expire()
        tell("Using up what is left.")
        await fire.top_up(clients)
    for customer in customers:
        customer.close()
    return seconds


@asynccontextmanager
async def _meanwhile(*works: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Do *works*, which have no end, while the block runs; what one of them raises is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _progress(fire: Fire, begun: float, tell: Tell) -> None:
    while True:
        await asyncio.sleep(5)
        asked, killed = len(fire.stories), fire.tally["killed"]
        granted = sum(story.id is not None for story in fire.stories)
        rate = asked / (time.time() - begun)
        tell(
            f"{asked:,} of {len(fire.plan.wishes):,} redemptions, {rate:,.0f}/s: {granted:,} granted,"
            f" {fire.unanswered:,} requests unanswered, {killed} processes killed, {len(fire.findings)} faults"
        )


def _verified(database_url: str, data_dir: Path, name: str) -> Verified:
    """Let `couponry verify` look at a store."""
    done = subprocess.run(
        [sys.executable, "-m", "couponry.cli", "verify", "--store", name],
        env=environment(database_url, data_dir),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Verified(done.returncode, done.stdout.splitlines(), done.stderr.splitlines()[-1])
