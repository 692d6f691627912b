"""Running jobs, so that a job which is interrupted anywhere goes on exactly where it stopped.

What keeps that promise: every step commits its codes together with how far the job has come, and only the
connection that holds the job's lock takes steps. When a worker dies, PostgreSQL rolls its step back and frees
the lock; whoever takes the job next reads how far it is and goes on.
"""

import asyncio
import logging
from concurrent.futures import BrokenExecutor
from uuid import UUID

import msgspec
from psycopg import OperationalError
from psycopg.errors import DiskFull

from couponry.domain.jobs import JobStatus, PromotionJob
from couponry.services.context import utc_now
from couponry.services.exporting import export_codes, file_path
from couponry.services.generating import JobFailed, Stopped, generate_codes
from couponry.services.importing import import_codes, report_path
from couponry.storage import code_imports, codes, jobs, promotions
from couponry.storage.database import Connection, Database, DatabaseUnusable
from couponry.storage.exports import ExportFiles

logger = logging.getLogger(__name__)

INTERRUPTIONS = (OperationalError, DatabaseUnusable, BrokenExecutor)
"""What interrupts a job without ending it: the database went away, or the process that draws codes was killed."""

WORTH_ANALYZING = 10_000
"""So many new codes change what PostgreSQL should know of them."""

CLEARED_AT_ONCE = 20_000
"""How many codes one step of clearing up deletes."""


class Workshop(msgspec.Struct, frozen=True):
    """What running a job takes."""

    database: Database
    files: ExportFiles


async def run_job(workshop: Workshop, store_id: UUID, promotion_id: UUID, id_: UUID) -> None:
    """Carry a job on to its end; does nothing when it has ended or somebody else is at it."""
    async with workshop.database.connection() as connection, jobs.held(connection, id_) as held:
        job = await _start(connection, store_id, promotion_id, id_) if held else None
        if job is not None and job.status == JobStatus.PROCESSING:
            job = await _work(workshop, connection, job)
        if job is not None and job.job_type != "code_export" and job.done >= WORTH_ANALYZING:
            await codes.analyze(connection)
        if job is not None and job.status == JobStatus.CANCELLING:
            await _clear_up(workshop, connection, job)


async def _start(connection: Connection, store_id: UUID, promotion_id: UUID, id_: UUID) -> PromotionJob | None:
    async with connection.transaction():
        job = await jobs.get(connection, store_id, promotion_id, id_, lock=True)
        if job is None or job.status != JobStatus.PENDING:
            return job
        now = utc_now()
        await jobs.move(connection, job, JobStatus.PROCESSING, now)
        return msgspec.structs.replace(job, status=JobStatus.PROCESSING, started_at=now)


async def _work(workshop: Workshop, connection: Connection, job: PromotionJob) -> PromotionJob | None:
    """Do what the job is for and return how it then stands."""
    try:
        if job.job_type == "code_generate":
            job = await generate_codes(workshop.database, connection, job)
        elif job.job_type == "code_import":
            job = await import_codes(workshop.database.url, workshop.files, connection, job)
        else:
            job = await export_codes(connection, workshop.database.url, workshop.files, job)
    except Stopped:
        return await jobs.get(connection, job.store_id, job.promotion_id, job.id)
    except JobFailed as error:
        return await _end(connection, msgspec.structs.replace(job, file=error.file), JobStatus.FAILED, str(error))
    except DiskFull:
        return await _end(connection, job, JobStatus.FAILED, "The database has no disk space left.")
    except INTERRUPTIONS:
        raise  # the job stays as it is, and is carried on later
    except Exception:
        logger.exception("job failed", extra={"job_id": str(job.id)})
        return await _end(connection, job, JobStatus.FAILED, "The job met an internal error; see the worker's log.")
    return await _end(connection, job, JobStatus.COMPLETED)


async def _end(
    connection: Connection, job: PromotionJob, status: JobStatus, error: str | None = None
) -> PromotionJob | None:
    """End a job, unless it was cancelled meanwhile, and return how it then stands."""
    async with connection.transaction():
        now = await jobs.get(connection, job.store_id, job.promotion_id, job.id, lock=True)
        if now is None or now.status != JobStatus.PROCESSING:
            return now
        ended = msgspec.structs.replace(now, file=job.file, error=msgspec.UNSET if error is None else error)
        if job.job_type != "code_generate" and status == JobStatus.COMPLETED:
            ended = msgspec.structs.replace(ended, done=job.done, total=job.done)
        if job.job_type == "code_import":
            await code_imports.forget_lines(connection, job)
        await jobs.move(connection, ended, status, utc_now())
        return msgspec.structs.replace(ended, status=status)


async def _clear_up(workshop: Workshop, connection: Connection, job: PromotionJob) -> None:
    """Delete the unused codes of a cancelled job step by step, or its file, then end it."""
    deleting = job.job_type != "code_export"
    while deleting:
        async with connection.transaction():
            deleted = await codes.delete_unused_of_job(
                connection, job.store_id, job.promotion_id, job.id, CLEARED_AT_ONCE
            )
            await jobs.note_deleted(connection, job, deleted, utc_now())
            await codes.grow_count(connection, job.store_id, job.promotion_id, -deleted)
        deleting = deleted > 0
    if job.job_type != "code_generate":
        path = file_path(job) if job.job_type == "code_export" else report_path(job)
        await asyncio.to_thread(workshop.files.remove, path)
    async with connection.transaction():
        if job.job_type == "code_import":
            await code_imports.forget_lines(connection, job)
        cleared = await jobs.get(connection, job.store_id, job.promotion_id, job.id, lock=True)
        if cleared is not None and cleared.status == JobStatus.CANCELLING:
            await jobs.move(connection, cleared, JobStatus.CANCELLED, utc_now())


async def purge_promotion(workshop: Workshop, store_id: UUID, promotion_id: UUID) -> None:
    """Remove what a deleted promotion left: its codes step by step, its files, at last itself.

    Does nothing while a job of it has not ended, or somebody else is at it.
    """
    async with workshop.database.connection() as connection, jobs.held(connection, promotion_id) as held:
        if not held or await jobs.any_unfinished(connection, store_id, promotion_id):
            return
        deleted = 1
        while deleted:
            async with connection.transaction():
                deleted = await codes.delete_some(connection, store_id, promotion_id, CLEARED_AT_ONCE)
        await asyncio.to_thread(workshop.files.remove_all, store_id, promotion_id)
        await promotions.remove_deleted(connection, store_id, promotion_id)
