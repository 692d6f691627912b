"""The worker: takes what the queue delivers, and looks after jobs that nobody attends to."""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

import procrastinate
from procrastinate import PsycopgConnector
from procrastinate.jobs import Status

from couponry import logs
from couponry.services.context import utc_now
from couponry.services.running import Workshop, purge_promotion, run_job
from couponry.settings import Settings, settings
from couponry.storage import jobs, promotions, queue
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles

logger = logging.getLogger(__name__)

UNATTENDED_SECONDS = 5
"""A job that nobody has touched for so long is delivered again: its worker may have died."""

LOOK_SECONDS = 3
"""How often a worker looks for such jobs."""

GRACE_SECONDS = 1.0
"""How long a worker that is told to stop lets its jobs run: a small one ends, a large one stops at its last batch."""

STALLED_SECONDS = 20
"""A worker that has given no sign of life for so long is dead to the queue."""


def create_queue(url: str, workshop: Workshop) -> procrastinate.App:
    """Return the queue's application with its two tasks."""
    app = procrastinate.App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=4))

    @app.task(name=queue.RUN_JOB)
    async def run(store_id: str, promotion_id: str, job_id: str) -> None:
        await run_job(workshop, UUID(store_id), UUID(promotion_id), UUID(job_id))

    @app.task(name=queue.PURGE_PROMOTION)
    async def purge(store_id: str, promotion_id: str) -> None:
        await purge_promotion(workshop, UUID(store_id), UUID(promotion_id))

    return app


async def look_after(database: Database, app: procrastinate.App) -> None:
    """Deliver again, for ever, what stands unfinished in our tables and nobody attends to."""
    while True:
        try:
            await _deliver_unattended(database)
            await _forget_dead(app)
        except Exception:  # the database may be away for a while; the next look is soon
            logger.warning("could not look for unattended jobs", exc_info=True)
        await asyncio.sleep(LOOK_SECONDS)


async def _deliver_unattended(database: Database) -> None:
    async with database.connection() as connection:
        before = utc_now() - timedelta(seconds=UNATTENDED_SECONDS)
        for store_id, promotion_id, job_id in await jobs.unattended(connection, before):
            await queue.deliver_job(connection, store_id, promotion_id, job_id)
        for store_id, promotion_id in await promotions.deleted(connection):
            await queue.deliver_purge(connection, store_id, promotion_id)


async def _forget_dead(app: procrastinate.App) -> None:
    """Drop deliveries that died with their worker; the jobs themselves are delivered again by us."""
    for delivery in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.finish_job(delivery, status=Status.FAILED, delete_job=True)


async def run(chosen: Settings) -> None:
    """Work until told to stop by SIGTERM or SIGINT; what is unfinished then goes on with the next worker."""
    assert chosen.database_url is not None
    database = Database(chosen.database_url, connections=2 * chosen.worker_concurrency + 2)
    await database.open()
    files = ExportFiles(chosen.exports_url, chosen.data_dir / "exports")
    app = create_queue(chosen.database_url, Workshop(database, files))
    async with app.open_async():
        looking = asyncio.create_task(look_after(database, app))
        try:
            await app.run_worker_async(
                concurrency=chosen.worker_concurrency,
                delete_jobs="always",
                shutdown_graceful_timeout=GRACE_SECONDS,
                update_heartbeat_interval=5,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        finally:
            looking.cancel()
            await database.close()


def main() -> None:
    """Run a worker with the settings of this process."""
    logs.configure(settings())
    asyncio.run(run(settings()))


if __name__ == "__main__":
    main()
