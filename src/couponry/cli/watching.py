"""Seeing a job to its end: a server tells its news as they come, the database here is asked for them."""

import asyncio
import time
from collections.abc import Callable

import httpx
import msgspec

from couponry.cli.client import PROMOTIONS, Client, Document
from couponry.cli.errors import Unreachable
from couponry.domain.jobs import JobStatus

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 30.0
"""How long a server may be out of reach, as while it is restarted, before that is an error."""
PAUSE_SECONDS = 1.0
"""How long to wait before a server is turned to again."""
Advance = Callable[[int, int | None], None]


def path_of(job: Document) -> str:
    """Return where the API has *job*."""
    return f"{PROMOTIONS}/{job['promotion_id']}/jobs/{job['id']}"


def ended(job: Document) -> bool:
    """Tell whether nothing more will become of *job*."""
    return JobStatus(job["status"]).ended


def done_of(job: Document) -> int | None:
    """Return how many codes or lines *job* has done, as far as it says so."""
    if (made := job["meta"].get("progress")) is not None:
        return made["done"]
    result: dict[str, int] = job.get("result") or {}
    return sum(count for name, count in result.items() if name != "deleted") if result else None


async def seen_to_its_end(client: Client, job: Document, advance: Advance) -> Document:
    """Return *job* once it has ended, telling *advance* meanwhile how far it is.

    Raises:
        Unreachable: the server has not answered for `PATIENCE_SECONDS`.
    """
    while not ended(job):
        if client.local is None:
            job = await _told(client, job, advance)
        else:
            await asyncio.sleep(POLL_SECONDS)
            job = await client.one("GET", path_of(job))
            _show(job, advance)
    return job


def _show(job: Document, advance: Advance) -> None:
    done = done_of(job)
    if done is not None:
        advance(done, job["meta"].get("progress", {}).get("total", done))


async def _told(client: Client, job: Document, advance: Advance) -> Document:
    """Follow a server's events until the job has ended or they break off, and return the job as it then stands."""
    try:
        async with client.http.stream("GET", f"{path_of(job)}/events") as answer:
            async for line in answer.aiter_lines():
                if answer.is_success and line.startswith("data:"):
                    job = msgspec.json.decode(line.removeprefix("data:"))["data"]
                    _show(job, advance)
    except httpx.TransportError:
        pass  # asked below
    return job if ended(job) else await _asked(client, job)


async def _asked(client: Client, job: Document) -> Document:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            return await client.one("GET", path_of(job))
        except Unreachable:
            if time.monotonic() > deadline:
                raise
