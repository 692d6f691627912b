"""Export files: codes straight from PostgreSQL into a file, in flat memory, wherever files are kept."""

import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import LiteralString, cast
from uuid import UUID

import obstore
import psycopg
from obstore.store import LocalStore, ObjectStore, from_url

from couponry.domain.jobs import PromotionJob

EXPORT: LiteralString = """
COPY (
    SELECT code, max_uses - used AS uses, max_uses, consume_unit, "user",
        shopper_max_uses AS max_uses_per_shopper, includes_guests::text, is_for_new_shopper::text, created_by,
        to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at, id
    FROM promotion_codes WHERE store_id = %s AND promotion_id = %s ORDER BY id
) TO STDOUT (FORMAT csv, HEADER)
"""
"""Every code of a promotion as CSV, in the order they were made; behaviour.md 3.6 names the columns."""

_ROWS_A_WRITE = 10_000
_SECONDS_A_REPORT = 0.25
_PART_BYTES = 5 * 1024 * 1024


_IN_KEY_ORDER = "-c TimeZone=UTC -c enable_sort=off -c enable_bitmapscan=off"
"""Read along the primary key: the first row comes at once, and PostgreSQL never sorts millions on disk."""


class Stopped(Exception):
    """The export is no longer wanted."""


class ExportFiles:
    """Where export files are kept: a local folder, or a bucket by URL (`s3://`, `gs://`, `az://`)."""

    def __init__(self, url: str | None, folder: Path) -> None:
        if url is None:
            url = folder.resolve().as_uri()
        local = url.startswith("file:")
        self._store: ObjectStore = LocalStore.from_url(url, mkdir=True) if local else cast("ObjectStore", from_url(url))
        self._folder = Path(url.removeprefix("file://")) if local else None

    @property
    def local(self) -> bool:
        """Whether the files lie in a folder, so that Couponry itself must hand them out."""
        return self._folder is not None

    def sign(self, path: str, seconds: int) -> str:
        """Return a link of the bucket's own to a file, good for that long."""
        return obstore.sign(self._store, "GET", path, timedelta(seconds=seconds))  # pyright: ignore[reportArgumentType]

    async def size(self, path: str) -> int | None:
        """Return how many bytes a file has, or None when there is none."""
        try:
            return (await obstore.head_async(self._store, path))["size"]
        except FileNotFoundError:
            return None

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """Yield a file piece by piece."""
        found = await obstore.get_async(self._store, path)
        async for piece in found.stream(min_chunk_size=1024 * 1024):
            yield bytes(piece)

    def write_codes(self, url: str, job: PromotionJob, path: str, report: Callable[[int], bool]) -> int:
        """Write the CSV of the job's promotion from the database at *url* and return how many codes it has.

        Blocks: run it in a thread. The file appears under *path* when it is whole, never before. *report* is
        told now and then how many codes are written.

        Raises:
            Stopped: *report* answered False.
        """
        self._discard_partial(path)
        exported, reported = -1, time.monotonic()  # the first row is the header
        with (
            psycopg.connect(url, application_name="couponry export", options=_IN_KEY_ORDER) as connection,
            connection.cursor().copy(EXPORT, [job.store_id, job.promotion_id]) as copy,
            obstore.open_writer(self._store, path, buffer_size=_PART_BYTES) as file,
        ):
            for rows in _batches(copy):
                exported += len(rows)
                # RFC 4180 ends lines with CR LF; no value has a line break, codes cannot.
                file.write(b"".join(rows).replace(b"\n", b"\r\n"))
                if time.monotonic() - reported > _SECONDS_A_REPORT:
                    reported = time.monotonic()
                    if not report(exported):
                        raise Stopped
        return exported

    def remove_all(self, store_id: UUID, promotion_id: UUID) -> None:
        """Remove every file of a promotion; blocks."""
        prefix = f"{store_id}/{promotion_id}"
        if self._folder is not None:
            shutil.rmtree(self._folder / prefix, ignore_errors=True)
            return
        for found in obstore.list(self._store, prefix):
            obstore.delete(self._store, [meta["path"] for meta in found])

    def _discard_partial(self, path: str) -> None:
        """Remove what a worker that was killed while writing left beside the file."""
        if self._folder is not None:
            for partial in (self._folder / path).parent.glob(f"{Path(path).name}#*"):
                partial.unlink(missing_ok=True)


def _batches(copy: psycopg.Copy) -> Iterator[list[bytes]]:
    rows: list[bytes] = []
    for row in copy:
        rows.append(cast("bytes", row))
        if len(rows) == _ROWS_A_WRITE:
            yield rows
            rows = []
    if rows:
        yield rows
