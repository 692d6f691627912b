"""Looking at an import: how its file begins, and which lines it refuses."""

import asyncio
import csv
import io

from msgspec import UNSET

from couponry.domain.code_files import MAX_LINE, Preview, Refused, preview
from couponry.domain.jobs import PromotionJob
from couponry.services.code_uploads import source_path
from couponry.services.context import Context
from couponry.storage import code_imports
from couponry.storage.exports import ExportFiles

PREVIEWED = 8
"""How many lines of a file are shown."""

TOLD = 100
"""How many refused lines are told; the report has all."""

_REPORT_HEAD = 256 * 1024
"""So many lines of a report are shorter: a code has at most 255 characters, and reasons are sentences."""


async def preview_of(files: ExportFiles, job: PromotionJob) -> Preview | None:
    """Return how the file of an import begins; None when it is not kept any more."""
    found = await _head(files, source_path(job), 2 * MAX_LINE)
    return None if found is None else preview(found[0], PREVIEWED, whole=found[1])


async def refused_so_far(context: Context, job: PromotionJob) -> list[Refused]:
    """Return the first lines that an import under way has refused."""
    return await code_imports.refused(context.connection, job, TOLD)


async def reported(files: ExportFiles, job: PromotionJob) -> list[Refused]:
    """Return the first lines of the report of an import that has completed, or failed on the way."""
    found = None if job.file is UNSET else await _head(files, job.file, _REPORT_HEAD)
    if found is None:
        return []
    text, whole = found
    lines = text.decode(errors="replace").splitlines(keepends=True)[1 : TOLD + 1]
    if not whole and len(lines) < TOLD:
        lines = lines[:-1]
    return [Refused(int(line), code, reason) for line, code, reason in csv.reader(io.StringIO("".join(lines)))]


async def _head(files: ExportFiles, path: str, length: int) -> tuple[bytes, bool] | None:
    """Return how a file begins, and whether that is all of it; None when there is none."""
    size = await files.size(path)
    if size is None:
        return None
    try:
        return await asyncio.to_thread(files.read, path, 0, min(size, length)) if size else b"", size <= length
    except FileNotFoundError:
        return None  # a worker has removed it just now
