"""The queue that wakes workers. It only delivers: what there is to do stands in our own tables."""

from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from couponry.storage.database import Connection

if TYPE_CHECKING:
    from procrastinate import App

RUN_JOB = "couponry.run_job"
PURGE_PROMOTION = "couponry.purge_promotion"


@cache
def _sender() -> "App":
    from procrastinate import App, PsycopgConnector  # many commands deliver nothing

    return App(connector=PsycopgConnector())


async def deliver_job(connection: Connection, store_id: UUID, promotion_id: UUID, job_id: UUID) -> None:
    """Ask for a worker to run a job, once this transaction commits."""
    await _send(connection, RUN_JOB, str(job_id), store_id=store_id, promotion_id=promotion_id, job_id=job_id)


async def deliver_purge(connection: Connection, store_id: UUID, promotion_id: UUID) -> None:
    """Ask for a worker to remove what a deleted promotion left, once this transaction commits."""
    await _send(connection, PURGE_PROMOTION, str(promotion_id), store_id=store_id, promotion_id=promotion_id)


async def _send(connection: Connection, task: str, lock: str, **arguments: UUID) -> None:
    """Queue *task* unless it waits there already under the same *lock*."""
    from procrastinate.exceptions import AlreadyEnqueued

    deferrer = _sender().configure_task(task, queueing_lock=lock, connection=connection, allow_unknown=True)
    texts = {name: str(argument) for name, argument in arguments.items()}
    try:
        async with connection.transaction():
            await deferrer.defer_async(**texts)
    except AlreadyEnqueued:
        return
