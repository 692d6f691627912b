"""The worker: takes what the queue delivers, and looks after what nobody attends to: jobs, figures, old keys."""

import asyncio
import importlib
import logging
import math
import signal
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from uuid import UUID

import procrastinate
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import PoolTimeout

from couponry import logs
from couponry.services import audit, figures
from couponry.services.code_uploads import sweep_uploads
from couponry.services.memory import return_what_is_freed
from couponry.services.retries import sweep_keys
from couponry.services.running import INTERRUPTIONS, Workshop, purge_promotion, run_job
from couponry.settings import Settings, settings
from couponry.storage import jobs, promotions, queue, statistics
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles

logger = logging.getLogger(__name__)

Chore = Callable[[], Awaitable[object]]

LOOK_SECONDS = 3
"""How often a worker looks for jobs that nobody attends to: their worker may have died."""

PRUNE_SECONDS = 3600
"""How often a worker lets entries of the audit log go that are too old."""

PAUSE_SECONDS = 1
"""How long a worker waits before it turns to a database that went away."""

CONNECT_SECONDS = 10
"""How long a worker that begins tries to reach the database before it tries anew."""

GRACE_SECONDS = 1.0
"""How long a worker that is told to stop lets its jobs run: a small one ends, a large one stops at its last batch."""

STALLED_SECONDS = 20
"""A worker that has given no sign of life for so long is dead to the queue."""


def create_queue(url: str, workshop: Workshop) -> procrastinate.App:
    """Return the queue's application with its two tasks."""
    app = procrastinate.App(
        # Short attempts and waits: however long the database was away, we are back soon after it is.
        connector=PsycopgConnector(conninfo=url, min_size=1, max_size=4, reconnect_timeout=2, timeout=10)
    )

    @app.task(name=queue.RUN_JOB)
    async def run(store_id: str, promotion_id: str, job_id: str) -> None:
        with _interrupted(job_id):
            await run_job(workshop, UUID(store_id), UUID(promotion_id), UUID(job_id))

    @app.task(name=queue.PURGE_PROMOTION)
    async def purge(store_id: str, promotion_id: str) -> None:
        with _interrupted(promotion_id):
            await purge_promotion(workshop, UUID(store_id), UUID(promotion_id))

    return app


@contextmanager
def _interrupted(id_: str) -> Generator[None]:
    """Note in one line that the database went away: what was under way is delivered again."""
    try:
        yield
    except INTERRUPTIONS as error:
        logger.warning("interrupted at %s: %s", id_, error)


async def look_after(workshop: Workshop, app: procrastinate.App, audit_days: int) -> None:
    """For ever, deliver again what is unfinished, analyze what has grown, sum days up, remove what is useless."""
    database = workshop.database
    chores: list[Chore] = [
        lambda: _deliver_unattended(database),
        lambda: _forget_dead(app),
        lambda: _refresh_statistics(database),
        lambda: figures.take_in(database),
        lambda: sweep_uploads(database, workshop.files),
        lambda: sweep_keys(database),
        _now_and_then(lambda: audit.prune(database, audit_days)),
    ]
    while True:
        await _look_once(chores)
        await asyncio.sleep(LOOK_SECONDS)


async def _look_once(chores: Iterable[Chore]) -> None:
    """Do the *chores*: one that fails keeps none of the others from being done, but that the database is away."""
    for chore in chores:
        try:
            await chore()
        except (*INTERRUPTIONS, ConnectorException) as error:
            logger.warning("could not look after the database: %s", error)
            return
        except Exception:
            logger.exception("could not look after the database")


def _now_and_then(chore: Chore) -> Chore:
    """Return *chore*, done once in `PRUNE_SECONDS`."""
    done = -math.inf

    async def due() -> None:
        nonlocal done
        if time.monotonic() >= done + PRUNE_SECONDS:
            done = time.monotonic()
            await chore()

    return due


async def _refresh_statistics(database: Database) -> None:
    async with database.connection() as connection:
        await statistics.refresh(connection)


async def _deliver_unattended(database: Database) -> None:
    async with database.connection() as connection:
        for store_id, promotion_id, job_id in await jobs.unattended(connection):
            await queue.deliver_job(connection, store_id, promotion_id, job_id)
        for store_id, promotion_id in await promotions.deleted(connection):
            await queue.deliver_purge(connection, store_id, promotion_id)


async def _forget_dead(app: procrastinate.App) -> None:
    """Drop deliveries that died with their worker; the jobs themselves are delivered again by us."""
    for delivery in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.finish_job(delivery, status=Status.FAILED, delete_job=True)
    await app.job_manager.prune_stalled_workers(STALLED_SECONDS)


async def work(app: procrastinate.App, concurrency: int, stop: asyncio.Event) -> None:
    """Run what the queue delivers until *stop*, however often the database goes away and comes back."""
    while not stop.is_set():
        try:
            await app.run_worker_async(
                concurrency=concurrency,
                delete_jobs="always",
                shutdown_graceful_timeout=GRACE_SECONDS,
                update_heartbeat_interval=5,
                stalled_worker_timeout=STALLED_SECONDS,
                install_signal_handlers=False,
            )
        except ConnectorException as error:
            logger.warning("the queue went away: %s", error.__cause__ or error)
        await asyncio.sleep(PAUSE_SECONDS)


async def run(chosen: Settings) -> None:
    """Work until told to stop by SIGTERM or SIGINT; what is unfinished then goes on with the next worker."""
    assert chosen.database_url is not None
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_work_when_it_is_there(chosen.database_url, chosen, stop))
        await stop.wait()
        working.cancel()


async def _work_when_it_is_there(url: str, chosen: Settings, stop: asyncio.Event) -> None:
    """Work on the database at *url* from the moment that it takes connections."""
    await _taken_in(url)
    database = Database(url, connections=2 * chosen.worker_concurrency + 2)
    await database.open()
    workshop = Workshop(database, ExportFiles(chosen.exports_url, chosen.data_dir / "exports"))
    app = create_queue(url, workshop)
    try:
        await _open(app)
        async with asyncio.TaskGroup() as group:
            group.create_task(work(app, chosen.worker_concurrency, stop))
            group.create_task(look_after(workshop, app, chosen.audit_days))
    finally:
        await app.close_async()
        await database.close()


async def _taken_in(url: str) -> None:
    """Return when the database takes connections; that it does not, as while it recovers, is said once."""
    told = False
    while True:
        try:
            connection = await AsyncConnection.connect(url, connect_timeout=CONNECT_SECONDS)
        except OperationalError as error:
            if not told:
                logger.warning("waiting for the database: %s", " ".join(str(error).split()))
            told = True
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            await connection.close()
            return


async def _open(app: procrastinate.App) -> None:
    """Open the queue, however often the database goes away meanwhile."""
    while True:
        try:
            await app.open_async()
        except PoolTimeout as error:
            logger.warning("the queue cannot be opened: %s", error)
            await app.close_async()
        else:
            return


def main() -> None:
    """Run a worker with the settings of this process."""
    return_what_is_freed()
    logs.configure(settings())
    asyncio.run(run(settings()))


if __name__ == "__main__":
    importlib.import_module("couponry.worker").main()  # under its own name, by which the queue knows its tasks
