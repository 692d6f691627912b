"""Jobs that a command makes on the database here, and runs in its own process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import msgspec

from couponry.cli.client import Document, Local
from couponry.cli.errors import UserError
from couponry.cli.session import context
from couponry.domain.jobs import NewJob
from couponry.services import jobs
from couponry.services.running import INTERRUPTIONS, Workshop, run_job

RETRY_SECONDS = 2.0
"""How often to try to take over a job that a worker began and may not finish."""


async def created(local: Local, promotion_id: UUID, body: Document) -> UUID:
    """Make a job and return its id; the store's limit on jobs does not bind the operator.

    Raises:
        UserError: *body* asks for no job.
        Refusal: it cannot be made.
    """
    try:
        new = msgspec.convert(body, NewJob)
    except msgspec.ValidationError as error:
        raise UserError(f"{error}.") from error
    async with context(local.api.database, local.store) as operator:
        return (await jobs.create_job(operator, promotion_id, new, limited=False)).id


@asynccontextmanager
async def attended(local: Local, job: Document) -> AsyncGenerator[None]:
    """Run *job* in this process for the block, unless a worker has it; if that one dies, go on in its place."""
    over = asyncio.Event()
    running = asyncio.create_task(_run_to_end(local, job, over))
    try:
        yield
        over.set()
        await running  # what is left to do when a job has ended, such as looking at the table, is done in peace
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _run_to_end(local: Local, job: Document, over: asyncio.Event) -> None:
    workshop = Workshop(local.api.database, local.api.files)
    promotion_id, id_ = UUID(job["promotion_id"]), UUID(job["id"])
    while not over.is_set():
        with suppress(*INTERRUPTIONS):  # it goes on where it stopped
            await run_job(workshop, local.store.store_id, promotion_id, id_)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), RETRY_SECONDS)
