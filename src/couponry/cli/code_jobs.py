"""Jobs that the command line starts and sees to their end."""

import asyncio
import csv
import io
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import BinaryIO
from uuid import UUID

import typer

from couponry.cli.client import PROMOTIONS, Client, Document, Local
from couponry.cli.errors import Refused, UserError
from couponry.cli.output import note, progress
from couponry.cli.watching import Advance, path_of, seen_to_its_end
from couponry.domain.ids import series_bounds
from couponry.domain.jobs import JobStatus

# What a job takes in this process is imported where one is: whoever asks a server does without.

INTERRUPTED = 130


async def made_here(client: Client, promotion_id: str, parameters: Document) -> Document:
    """Have codes generated without a word, and return the completed job.

    Raises:
        UserError: it did not complete.
    """
    body = {"type": "promotion_job", "job_type": "code_generate", "parameters": parameters}
    job = await asked_for(client, promotion_id, body)
    async with _attended(client.local, job):
        job = await seen_to_its_end(client, job, lambda done, total: None)
    require_completed(job)
    return job


async def generated(client: Client, promotion_id: str, parameters: Document) -> Document:
    """Have codes generated and return the completed job.

    Raises:
        UserError: it did not complete.
        typer.Exit: the user interrupted it.
    """
    body = {"type": "promotion_job", "job_type": "code_generate", "name": "command line", "parameters": parameters}
    job = await attended_to(client, await asked_for(client, promotion_id, body), "generating")
    note(f"{job['result']['generated']} codes generated.")
    return job


async def attended_to(client: Client, job: Document, verb: str) -> Document:
    """Show a bar until *job* has ended, and return it completed; here, it is run in this process.

    Raises:
        UserError: it did not complete.
        typer.Exit: the user interrupted it.
    """
    job = await ended_here(client, job, verb)
    require_completed(job)
    return job


async def ended_here(client: Client, job: Document, verb: str) -> Document:
    """Show a bar until *job* has ended, and return it however it did; here, it is run in this process.

    Raises:
        typer.Exit: the user interrupted it.
    """
    async with _attended(client.local, job):
        try:
            with progress(verb) as advance:
                job = await seen_to_its_end(client, job, advance)
        except asyncio.CancelledError:
            await _interrupted(client, job)
    return job


async def asked_for(client: Client, promotion_id: str, body: Document) -> Document:
    """Ask for a job and return it; the operator is not bound by the store's limit on jobs, and attends to it here."""
    if client.local is None:
        return await client.one("POST", f"{PROMOTIONS}/{promotion_id}/jobs", body)
    from couponry.cli.jobs_here import created

    id_ = await created(client.local, UUID(promotion_id), body)
    return await client.one("GET", f"{PROMOTIONS}/{promotion_id}/jobs/{id_}")


def require_completed(job: Document) -> None:
    """End with a sentence unless *job* is completed."""
    if job["status"] != JobStatus.COMPLETED:
        raise UserError(f"The job {job['id']} ended {job['status']}: {job.get('error', 'somebody cancelled it')}.")


@asynccontextmanager
async def _attended(local: Local | None, job: Document) -> AsyncGenerator[None]:
    """Run *job* in this process for the block where the command works here; a server does so itself."""
    if local is None:
        yield
        return
    from couponry.cli.jobs_here import attended

    async with attended(local, job):
        yield


async def _interrupted(client: Client, job: Document) -> None:
    """Say what becomes of *job* after Ctrl-C, and cancel it if that is wanted."""
    goes_on = "goes on at the server" if client.local is None else "goes on when a worker runs (`couponry serve`)"
    commands = f"`couponry jobs watch {job['promotion_id']} {job['id']}`; `jobs cancel` ends it"
    if not (sys.stdin.isatty() and _wants_to_cancel()):
        note(f"The job {job['id']} {goes_on}: {commands}.")
        raise typer.Exit(INTERRUPTED)
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
    try:
        await client.ask("POST", f"{path_of(job)}/cancel")
    except Refused:
        note("It has ended meanwhile.")  # which its status will say
    job = await seen_to_its_end(client, job, lambda done, total: None)
    deleted = job.get("result", {}).get("deleted", 0)
    note(f"The job {job['id']} is {job['status']}; {deleted} codes deleted.")
    raise typer.Exit(INTERRUPTED)


def _wants_to_cancel() -> bool:
    try:
        return typer.confirm("\nCancel the job, and delete its codes?", err=True)
    except (typer.Abort, EOFError):
        return False


# Writing codes


async def write_codes(client: Client, promotion_id: str, file: BinaryIO, job: Document | None = None) -> int:
    """Write the codes of a promotion as CSV, or only those that *job* made, and return how many they are."""
    bounds = None if job is None else series_bounds(UUID(job["id"]))
    with progress("writing") as advance:
        if client.local is None:
            return await _download(client, promotion_id, file, bounds, advance)
        return await _read(client.local, promotion_id, file, bounds, advance)


Bounds = tuple[UUID, UUID] | None


async def _read(local: Local, promotion_id: str, file: BinaryIO, bounds: Bounds, advance: Advance) -> int:
    from couponry.storage import codes
    from couponry.storage.code_csv import csv_of

    store_id, id_ = local.store.store_id, UUID(promotion_id)
    async with local.api.database.connection() as connection:
        total = None if bounds else await codes.count(connection, store_id, id_)
    count = 0
    for rows in csv_of(local.api.database.url, store_id, id_, bounds):
        file.write(rows.text)
        count += rows.count
        advance(count, total)
    return count


async def _download(client: Client, promotion_id: str, file: BinaryIO, bounds: Bounds, advance: Advance) -> int:
    """Have the server write its file, and take of it what is wanted."""
    body = {"type": "promotion_job", "job_type": "code_export", "name": "command line"}
    job = await client.one("POST", f"{PROMOTIONS}/{promotion_id}/jobs", body)
    try:
        job = await seen_to_its_end(client, job, advance)
    except asyncio.CancelledError:
        with suppress(Refused):
            await client.ask("POST", f"{path_of(job)}/cancel")
        raise
    require_completed(job)
    sieve = _Sieve(file, bounds)
    async with aclosing(client.file(path_of(job))) as pieces:
        async for piece in pieces:
            sieve.write(piece)
            advance(sieve.count, None)
    sieve.close()
    return sieve.count


class _Sieve:
    """Writes lines of CSV, of codes those alone whose ids are within bounds; no cell has a line break."""

    def __init__(self, file: BinaryIO, bounds: Bounds) -> None:
        self.file, self.bounds = file, bounds
        self.rest = b""
        self.count = -1
        """How many codes are written; the first line names the columns."""

    def write(self, piece: bytes) -> None:
        *lines, self.rest = (self.rest + piece).split(b"\n")
        for line in lines:
            self._line(line + b"\n")

    def close(self) -> None:
        if self.rest:
            self._line(self.rest)
        self.count = max(self.count, 0)

    def _line(self, line: bytes) -> None:
        if self.bounds is None or self.count < 0 or self.bounds[0] <= self._id(line) <= self.bounds[1]:
            self.file.write(line)
            self.count += 1

    def _id(self, line: bytes) -> UUID:
        [cells] = csv.reader(io.StringIO(line.decode(), newline=""))
        return UUID(cells[-1])
