"""Importing codes from a file: so many lines at a time, each batch committed with how far the file is done."""

import asyncio
from concurrent.futures import Executor
from functools import partial

import msgspec

from couponry.domain.code_files import MAX_LINE, Columns, read_columns
from couponry.domain.ids import series
from couponry.domain.job_errors import NoJobsAllowed
from couponry.domain.jobs import PromotionJob, Tally
from couponry.services.code_uploads import source_path
from couponry.services.context import utc_now
from couponry.services.drawing import drawing
from couponry.services.generating import JobFailed, Stopped
from couponry.services.import_batches import Batch, read_batch
from couponry.storage import code_imports, code_rows, codes, jobs, promotions, stores
from couponry.storage.database import Connection
from couponry.storage.exports import ExportFiles

BATCH = 25_000
"""How many lines are committed together."""

READ_AT_ONCE = 1024 * 1024
"""How many bytes of a file are read at a time; longer lines than most make smaller batches."""

MISSING = "The uploaded file is not in the place for files; API processes and workers must share it."


class _Next(msgspec.Struct, frozen=True):
    batch: Batch
    position: int
    """Where the line behind the batch begins."""


def report_path(job: PromotionJob) -> str:
    """Return where the report of an import lies."""
    return f"{job.store_id}/{job.promotion_id}/{job.id}_{job.created_at:%Y%m%d_%H%M%S}_refused.csv"


async def import_codes(url: str, files: ExportFiles, connection: Connection, job: PromotionJob) -> PromotionJob:
    """Import what *job* still lacks of its file, write its report, and return the job as it then stands.

    While PostgreSQL takes one batch in, the next is read.

    Raises:
        Stopped: it may not go on.
        JobFailed: the promotion may not have its codes, of which a report is written, or the file is not there.
    """
    file = await _File.opened(files, job)
    with drawing(job.total - job.done) as place:
        upcoming = asyncio.create_task(file.next(job.done, place()))
        try:
            while (found := await upcoming).batch.lines:
                upcoming = asyncio.create_task(file.next(job.done + found.batch.lines, place()))
                job = await _take_in(connection, job, found)
        except JobFailed as error:
            await _write_report(url, files, job)
            error.file = report_path(job)
            raise
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)
    await _write_report(url, files, job)
    return msgspec.structs.replace(job, file=report_path(job))


async def _take_in(connection: Connection, job: PromotionJob, found: _Next) -> PromotionJob:
    """Commit what became of one batch together with the news of it, or nothing; return the job as it then stands."""
    batch, before = found.batch, job.tally if isinstance(job.tally, Tally) else Tally(0)
    async with connection.transaction():
        new, duplicate = await code_imports.take_in(connection, job, batch.rows) if batch.count else (0, 0)
        if batch.refused:
            await code_imports.refuse(connection, job, batch.refused)
        tally = Tally(
            found.position, before.new + new, before.duplicate + duplicate, before.invalid + len(batch.refused)
        )
        # Only now, so that nobody waits for these rows while the codes are loading.
        automatic = await promotions.is_automatic(connection, job.store_id, job.promotion_id)
        if automatic is None:
            raise Stopped
        if automatic:
            raise JobFailed(NoJobsAllowed.sentence)
        done = job.done + batch.lines
        if not await jobs.advance(connection, job, done, utc_now(), tally):
            raise Stopped
        if new:
            await _count(connection, job, tally, new)
    return msgspec.structs.replace(job, done=done, tally=tally)


async def _count(connection: Connection, job: PromotionJob, tally: Tally, new: int) -> None:
    """Count *new* codes, of which a dry run adds none, and fail where the promotion has no room for them."""
    if job.dry_run is True:
        total = tally.new + await codes.count(connection, job.store_id, job.promotion_id)
    else:
        total = await codes.grow_count(connection, job.store_id, job.promotion_id, new)
    limit = (await stores.store_of(connection, job.store_id)).max_codes_per_promotion
    if limit is not None and total > limit:
        told = f"codes limit exceeded: the promotion may have {limit} codes"
        raise JobFailed(told if job.dry_run is True else f"{told}; {_done_of(job)}")


def _done_of(job: PromotionJob) -> str:
    return f"the file is imported up to line {job.done + 1}" if job.done else "nothing of the file is imported"


async def _write_report(url: str, files: ExportFiles, job: PromotionJob) -> None:
    wanted = True
    writing = asyncio.create_task(asyncio.to_thread(files.write_refusals, url, job, report_path(job), lambda _: wanted))
    try:
        await asyncio.shield(writing)
    finally:
        # A worker that stops waits for its thread.
        wanted = False
        await asyncio.gather(writing, return_exceptions=True)


class _File:
    """The file of an import, read on from where the job is."""

    def __init__(self, files: ExportFiles, job: PromotionJob, size: int, columns: Columns, position: int) -> None:
        self._files, self._job, self._size = files, job, size
        self._path = source_path(job)
        self._columns = columns
        self._position = position
        """Where what is in memory ends."""
        self._held = b""

    @classmethod
    async def opened(cls, files: ExportFiles, job: PromotionJob) -> "_File":
        """Return the file of *job*.

        Raises:
            JobFailed: it is not there.
        """
        path = source_path(job)
        size = await files.size(path)
        if size is None:
            raise JobFailed(MISSING)
        head = await asyncio.to_thread(files.read, path, 0, min(size, MAX_LINE + 1))
        first, found, _ = head.partition(b"\n")
        position = job.tally.position if isinstance(job.tally, Tally) else len(first) + len(found)
        return cls(files, job, size, read_columns(first), position)

    async def next(self, done: int, place: Executor | None) -> _Next:
        """Read the next lines, *done* of which come before them, in *place*; none at the end of the file."""
        text = await asyncio.to_thread(self._take)
        position = self._position - len(self._held)
        if not text:
            return _Next(Batch(b"", 0, [], 0), position)
        origin = code_rows.Origin(self._job.store_id, self._job.promotion_id, self._job.created_by, utc_now())
        make = partial(read_batch, origin, series(self._job.id), self._columns, text, done + 2)
        return _Next(await asyncio.get_running_loop().run_in_executor(place, make), position)

    def _take(self) -> bytes:
        """Take the lines of a batch out of the file, or what is left of it."""
        while self._held.count(b"\n") < BATCH and len(self._held) < READ_AT_ONCE and self._position < self._size:
            self._held += self._read_on(READ_AT_ONCE - len(self._held))
        *lines, rest = self._held.split(b"\n", BATCH)
        if lines:
            self._held = rest
            return b"\n".join(lines) + b"\n"
        if self._position < self._size:
            return self._cut()
        self._held = b""
        return rest

    def _cut(self) -> bytes:
        """Take a line that is longer than what is read at once, cut to what shows that it is too long."""
        line = self._held[: MAX_LINE + 1] + b"\n"
        self._held, end = b"", b""
        while not end and self._position < self._size:
            _, end, self._held = self._read_on(READ_AT_ONCE).partition(b"\n")
        return line

    def _read_on(self, length: int) -> bytes:
        found = self._files.read(self._path, self._position, min(length, self._size - self._position))
        self._position += len(found)
        return found
