"""Export files: codes straight from PostgreSQL into a file, in flat memory, wherever files are kept."""

import shutil
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import closing, suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import LiteralString, cast
from urllib.parse import unquote, urlsplit
from uuid import UUID

import msgspec
import obstore
import psycopg
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from couponry.domain.jobs import PromotionJob

EXPORT: LiteralString = """
COPY (
    SELECT code, max_uses - used AS uses, max_uses, consume_unit, "user",
        shopper_max_uses AS max_uses_per_shopper, includes_guests::text, is_for_new_shopper::text, created_by,
        to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at, id
    FROM promotion_codes WHERE store_id = %s AND promotion_id = %s AND id BETWEEN %s AND %s ORDER BY id
) TO STDOUT (FORMAT csv, HEADER)
"""
"""Every code of a promotion as CSV, in the order they were made; behaviour.md 3.6 names the columns."""

_ROWS_A_WRITE = 10_000
_SECONDS_A_REPORT = 0.25
_PART_BYTES = 5 * 1024 * 1024


_IN_KEY_ORDER = "-c TimeZone=UTC -c statement_timeout=0 -c enable_sort=off -c enable_bitmapscan=off"
"""Read along the primary key: the first row comes at once, and PostgreSQL never sorts millions on disk."""


class Stopped(Exception):
    """The export is no longer wanted."""


class ExportFiles:
    """Where export files are kept: a local folder, or a bucket by URL (`s3://`, `gs://`, `az://`)."""

    def __init__(self, url: str | None, folder: Path) -> None:
        if url is None:
            url = folder.resolve().as_uri()
        local = url.startswith("file:")
        self._store: ObjectStore = LocalStore.from_url(url, mkdir=True) if local else from_url(url)
        self._folder = Path(unquote(urlsplit(url).path)) if local else None

    @property
    def local(self) -> bool:
        """Whether the files lie in a folder, so that Couponry itself must hand them out."""
        return self._folder is not None

    def sign(self, path: str, seconds: int) -> str:
        """Return a link of the bucket's own to a file, good for that long."""
        assert isinstance(self._store, S3Store | GCSStore | AzureStore)
        return obstore.sign(self._store, "GET", path, timedelta(seconds=seconds))

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
        exported, reported = 0, time.monotonic()
        with (
            closing(csv_of(url, job.store_id, job.promotion_id)) as pieces,
            obstore.open_writer(self._store, path, buffer_size=_PART_BYTES) as file,
        ):
            for rows in pieces:
                file.write(rows.text)
                exported += rows.count
                if time.monotonic() - reported > _SECONDS_A_REPORT:
                    reported = time.monotonic()
                    if not report(exported):
                        raise Stopped
        return exported

    def remove(self, path: str) -> None:
        """Remove a file, or what there is of it; blocks."""
        self._discard_partial(path)
        with suppress(FileNotFoundError):
            obstore.delete(self._store, path)

    def remove_all(self, store_id: UUID, promotion_id: UUID) -> None:
        """Remove every file of a promotion; blocks."""
        prefix = f"{store_id}/{promotion_id}"
        if self._folder is not None:
            shutil.rmtree(self._folder / prefix, ignore_errors=True)
            return
        for found in obstore.list(self._store, prefix):  # pyright: ignore[reportUnknownMemberType]
            obstore.delete(self._store, [meta["path"] for meta in found])

    def _discard_partial(self, path: str) -> None:
        """Remove what a worker that was killed while writing left beside the file."""
        if self._folder is not None:
            for partial in (self._folder / path).parent.glob(f"{Path(path).name}#*"):
                partial.unlink(missing_ok=True)


class CsvRows(msgspec.Struct, frozen=True):
    """Some lines of a CSV file, and how many codes are among them."""

    text: bytes
    count: int


def csv_of(url: str, store_id: UUID, promotion_id: UUID, bounds: tuple[UUID, UUID] | None = None) -> Generator[CsvRows]:
    """Yield the codes of a promotion as CSV (RFC 4180), the header first; *bounds* are the first and last id.

    Blocks while it waits for the database at *url*.
    """
    first, last = bounds or (UUID(int=0), UUID(int=(1 << 128) - 1))
    with (
        psycopg.connect(url, application_name="couponry export", options=_IN_KEY_ORDER) as connection,
        connection.cursor().copy(EXPORT, [store_id, promotion_id, first, last]) as copy,
    ):
        header = 1
        while rows := list(islice(copy, _ROWS_A_WRITE)):
            # RFC 4180 ends lines with CR LF. No value has a line break, so each one is the end of a line.
            yield CsvRows(b"".join(cast("list[bytes]", rows)).replace(b"\n", b"\r\n"), len(rows) - header)
            header = 0
