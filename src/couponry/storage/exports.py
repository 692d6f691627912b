"""Files of exports and imports, wherever they are kept: a local folder or a bucket."""

import shutil
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from couponry.domain.jobs import PromotionJob
from couponry.storage.code_csv import CsvRows, csv_of, refusals_of

_SECONDS_A_REPORT = 0.25
_PART_BYTES = 5 * 1024 * 1024
_PARTS = 3
"""How many parts are on their way at once: what an upload keeps in memory."""


class Stopped(Exception):
    """The export is no longer wanted."""


class ExportFiles:
    """Where export files are kept: a local folder, or a bucket by URL (`s3://`, `gs://`, `az://`)."""

    def __init__(self, url: str | None, folder: Path) -> None:
        if url is None:
            url = folder.resolve().as_uri()
        local = url.startswith("file:")
        self._folder = Path(unquote(urlsplit(url).path)) if local else None
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # codes are money
        self._store: ObjectStore = LocalStore.from_url(url) if local else from_url(url)

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
        return self._write(path, csv_of(url, job.store_id, job.promotion_id), report)

    def write_refusals(self, url: str, job: PromotionJob, path: str, report: Callable[[int], bool]) -> int:
        """Write the report of an import as `write_codes` writes codes, and return how many lines it refused."""
        return self._write(path, refusals_of(url, job.store_id, job.promotion_id, job.id), report)

    def _write(self, path: str, pieces: Generator[CsvRows], report: Callable[[int], bool]) -> int:
        self._discard_partial(path)
        exported, reported = 0, time.monotonic()
        with (
            closing(pieces),
            obstore.open_writer(self._store, path, buffer_size=_PART_BYTES, max_concurrency=_PARTS) as file,
        ):
            for rows in pieces:
                file.write(rows.text)
                exported += rows.count
                if time.monotonic() - reported > _SECONDS_A_REPORT:
                    reported = time.monotonic()
                    if not report(exported):
                        raise Stopped
        return exported

    async def receive(self, path: str, pieces: AsyncIterator[bytes]) -> None:
        """Keep what comes in *pieces* as a file; it appears when it is whole, or not at all when *pieces* raises."""
        await obstore.put_async(
            self._store, path, pieces, use_multipart=True, chunk_size=_PART_BYTES, max_concurrency=_PARTS
        )

    def read(self, path: str, start: int, length: int) -> bytes:
        """Return a part of a file; blocks."""
        return bytes(obstore.get_range(self._store, path, start=start, length=length))

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
