"""Exporting the codes of a promotion into a CSV file."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import msgspec

from couponry.domain.ids import series_bounds
from couponry.domain.jobs import PromotionJob
from couponry.services.context import utc_now
from couponry.services.generating import Stopped
from couponry.storage import code_csv, exports, jobs
from couponry.storage.database import Connection, Database
from couponry.storage.exports import ExportFiles

AT_ONCE = 10_000
"""How many codes are read at a time where somebody waits for them."""


def file_path(job: PromotionJob) -> str:
    """Return where the file of an export lies; a job that starts over writes to the same place."""
    return f"{job.store_id}/{job.promotion_id}/{job.id}_{job.created_at:%Y%m%d_%H%M%S}_codes.csv"


async def codes_made_by(database: Database, job: PromotionJob) -> AsyncGenerator[bytes]:
    """Yield the codes that *job* made as an export writes them, those alone, in flat memory.

    No connection is kept while whoever takes them is slow.
    """
    first, last = series_bounds(job.id)
    at: UUID | None = first
    while at is not None:
        async with database.connection() as connection:
            text, at = await code_csv.csv_from(
                connection, job.store_id, job.promotion_id, (at, last), AT_ONCE, header=at == first
            )
        yield text


async def export_codes(connection: Connection, url: str, files: ExportFiles, job: PromotionJob) -> PromotionJob:
    """Write the file of *job*, from its beginning, and return the job as it then stands.

    The codes are read from the database at *url*; *connection* holds the job. A job that starts over counts
    from 0 again.

    Raises:
        Stopped: the job is being cancelled.
    """
    loop, path = asyncio.get_running_loop(), file_path(job)
    reached, wanted = job, True

    async def advance(done: int) -> bool:
        nonlocal reached
        advanced = await jobs.advance(connection, reached, done, utc_now())
        reached = msgspec.structs.replace(reached, done=done)
        return advanced

    def report(done: int) -> bool:
        return wanted and asyncio.run_coroutine_threadsafe(advance(done), loop).result()

    writing = asyncio.create_task(asyncio.to_thread(files.write_codes, url, job, path, report))
    try:
        done = await asyncio.shield(writing)
    except exports.Stopped as error:
        raise Stopped from error
    finally:
        # A worker that stops waits for its thread, which must not use the connection after us.
        wanted = False
        await asyncio.gather(writing, return_exceptions=True)
    return msgspec.structs.replace(job, done=done, file=path)
