"""Taking in files of codes: streamed to where workers find them, then a job that imports them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from msgspec import UNSET

from couponry.domain.code_errors import TooManyCodes
from couponry.domain.code_files import MAX_LINE, read_columns
from couponry.domain.errors import BodyTooLarge, Refusal
from couponry.domain.job_errors import TooManyJobs, UnusableFile
from couponry.domain.jobs import NewImport, PromotionJob
from couponry.services import jobs
from couponry.services.context import Context, fresh_id
from couponry.storage import code_imports
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles
from couponry.storage.jobs import Key

NOTED_SECONDS = 5.0
"""How often it is noted that a file is still coming: well within `code_imports.SILENT_SECONDS`."""

Opening = Callable[[], AbstractAsyncContextManager[Context]]
"""Opens a transaction in which a use case does its work; it commits when its block ends."""


def upload_path(key: Key) -> str:
    """Return where the file of the import with that *key* lies until it has ended."""
    store_id, promotion_id, job_id = key
    return f"{store_id}/{promotion_id}/{job_id}_upload.csv"


def source_path(job: PromotionJob) -> str:
    """Return where the file of the import *job* lies: what a dry run looked at is not uploaded again."""
    id_ = job.id if job.dry_run_id is UNSET else job.dry_run_id
    return upload_path((job.store_id, job.promotion_id, id_))


async def import_file(
    opening: Opening,
    files: ExportFiles,
    promotion_id: UUID,
    pieces: AsyncIterator[bytes],
    wanted: NewImport,
    *,
    max_bytes: int | None = None,
    limited: bool = True,
) -> PromotionJob:
    """Take in the file that comes in *pieces*, never whole in memory, and return the job that imports it.

    *limited* as in `jobs.create_job`. One file of a promotion comes at a time. Of a file that is refused, or breaks
    off, nothing stays.

    Raises:
        PromotionNotFound, NoJobsAllowed, TooManyJobs, TooManyCodes: as `jobs.create_import` says.
        TooManyJobs: another file is coming for that promotion.
        UnusableFile: its first line does not name the columns of codes.
        BodyTooLarge: it has more than *max_bytes*.
    """
    async with opening() as context:
        await jobs.require_importable(context, promotion_id)
        most = await jobs.most_codes(context) if limited else None
        key = (context.store_id, promotion_id, fresh_id())
        if not await code_imports.begin_upload(context.connection, key):
            raise TooManyJobs.uploading()
    intake, path = _Intake(max_bytes, most), upload_path(key)
    try:
        await files.receive(path, _going_on(opening, key, intake.passed_on(pieces)))
        async with opening() as context:
            await _require_kept(context, key)
            return await jobs.create_import(context, promotion_id, key[2], wanted, intake.lines(), limited=limited)
    except BaseException as error:
        await asyncio.to_thread(files.remove, path)
        async with opening() as context:
            await code_imports.forget_upload(context.connection, key)
        if not isinstance(error, Refusal):  # the folder goes with a promotion that is deleted meanwhile
            async with opening() as context:
                await jobs.require_importable(context, promotion_id)
        raise


async def _going_on(opening: Opening, key: Key, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield *pieces*, and let others know now and then that the file is still coming.

    Raises:
        TooManyJobs: nothing had come for so long that another began.
    """
    noted = time.monotonic()
    async for piece in pieces:
        if time.monotonic() >= noted + NOTED_SECONDS:
            noted = time.monotonic()
            async with opening() as context:
                if not await code_imports.go_on_with_upload(context.connection, key):
                    raise TooManyJobs.uploading()
        yield piece


async def _require_kept(context: Context, key: Key) -> None:
    if not await code_imports.keep_upload(context.connection, key):
        raise UnusableFile("The file took longer than a day to come.")


async def sweep_uploads(database: Database, files: ExportFiles) -> None:
    """Remove the files that nobody needs any more."""
    async with database.connection() as connection:
        useless = await code_imports.useless_uploads(connection)
    for key in useless:
        async with database.transaction() as connection:
            # Somebody may just have begun to import what a dry run looked at.
            held = await code_imports.keep_upload(connection, key)
            if held and key in await code_imports.useless_uploads(connection):
                await asyncio.to_thread(files.remove, upload_path(key))
                await code_imports.forget_upload(connection, key)


class _Intake:
    """Looks at a file as it passes: its first line, its size, and how many lines it has."""

    def __init__(self, max_bytes: int | None, max_lines: int | None) -> None:
        self._max_bytes, self._max_lines = max_bytes, max_lines
        self._size = self._breaks = 0
        self._head: bytes | None = b""
        """What has come of the first line, until it is read."""
        self._last = b"\n"

    def lines(self) -> int:
        """Return how many lines there are behind the first; to be asked when everything has passed."""
        return max(self._breaks + (self._last != b"\n") - 1, 0)

    async def passed_on(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield *pieces*, which are refused as soon as they can be."""
        async for piece in pieces:
            if piece:
                self._look_at(piece)
                yield piece
        self._read_head(at_end=True)

    def _look_at(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._max_bytes is not None and self._size > self._max_bytes:
            raise BodyTooLarge
        self._breaks += piece.count(b"\n")
        self._last = piece[-1:]
        if self._max_lines is not None and self._breaks - 1 > self._max_lines:
            raise TooManyCodes(self._max_lines)
        if self._head is not None:
            self._head += piece
            self._read_head()

    def _read_head(self, *, at_end: bool = False) -> None:
        if self._head is None:
            return
        first, found, _ = self._head.partition(b"\n")
        if found or at_end or len(first) > MAX_LINE:
            read_columns(first[: MAX_LINE + 1])
            self._head = None
