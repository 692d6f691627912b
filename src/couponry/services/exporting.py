"""Exporting the codes of a promotion into a CSV file."""

import asyncio

import msgspec

from couponry.domain.jobs import PromotionJob
from couponry.services.context import utc_now
from couponry.services.generating import Stopped
from couponry.storage import exports, jobs
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles


def file_path(job: PromotionJob) -> str:
    """Return where the file of an export lies; a job that starts over writes to the same place."""
    return f"{job.store_id}/{job.promotion_id}/{job.id}_{job.created_at:%Y%m%d_%H%M%S}_codes.csv"


async def export_codes(database: Database, files: ExportFiles, job: PromotionJob) -> PromotionJob:
    """Write the file of *job*, from its beginning, and return the job as it then stands.

    A job that starts over counts from 0 again.

    Raises:
        Stopped: the job is being cancelled.
    """
    loop, path = asyncio.get_running_loop(), file_path(job)
    reached, wanted = job, True

    async def advance(done: int) -> bool:
        nonlocal reached
        async with database.connection() as connection:
            advanced = await jobs.advance(connection, reached, done, utc_now())
        reached = msgspec.structs.replace(reached, done=done)
        return advanced

    def report(done: int) -> bool:
        return wanted and asyncio.run_coroutine_threadsafe(advance(done), loop).result()

    try:
        done = await asyncio.to_thread(files.write_codes, database.url, job, path, report)
    except exports.Stopped as error:
        raise Stopped from error
    finally:
        wanted = False  # when the worker stops, its thread must soon stop too
    return msgspec.structs.replace(job, done=done, file=path)
