"""Generating codes in bulk: sorted slices of the code space, each loaded and counted in one transaction."""

import asyncio
import secrets
from concurrent.futures import Executor
from functools import partial
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from psycopg.errors import UniqueViolation

from couponry.domain.codes import CodePattern
from couponry.domain.ids import series
from couponry.domain.job_errors import NoJobsAllowed
from couponry.domain.jobs import GenerateParameters, PromotionJob
from couponry.services.context import utc_now
from couponry.services.drawing import drawing
from couponry.storage import code_rows, codes, jobs, promotions, stores
from couponry.storage.database import Connection, Database

BATCH = 25_000
"""How many codes are committed together."""

FETCHED_KEYS = 6
"""Up to so many existing codes of a slice, for each one to draw, are fetched before drawing; where there are
more, PostgreSQL is asked about each drawn code instead."""


class Stopped(Exception):
    """The job may not go on: it is being cancelled, or its promotion was deleted."""


class JobFailed(Exception):
    """The job cannot be finished; the message is the job's `error`."""

    file: str | UnsetType = UNSET
    """Where there is a file of what became of it until then."""


class _Batch(msgspec.Struct, frozen=True):
    rows: bytearray
    count: int


async def generate_codes(database: Database, connection: Connection, job: PromotionJob) -> PromotionJob:
    """Generate the codes that *job* still lacks and return the job as it then stands.

    While PostgreSQL loads one batch, the next is drawn.

    Raises:
        Stopped: it may not go on.
        JobFailed: the promotion may not have its codes any more.
    """
    with drawing(job.total - job.done) as place:
        upcoming = asyncio.create_task(_prepare(database, job, place()))
        try:
            while job.done < job.total:
                batch = await upcoming
                after = msgspec.structs.replace(job, done=job.done + batch.count)
                upcoming = asyncio.create_task(_prepare(database, after, place()))
                if await _loaded(connection, job, batch):
                    job = after
                else:
                    await _drop(upcoming)
                    upcoming = asyncio.create_task(_prepare(database, job, place()))
        finally:
            await _drop(upcoming)
    return job


async def _loaded(connection: Connection, job: PromotionJob, batch: _Batch) -> bool:
    """Load a batch; False when somebody added one of these very codes since they were drawn."""
    try:
        await _load(connection, job, batch)
    except UniqueViolation as error:
        if error.diag.constraint_name != codes.UNIQUE:
            raise
        return False
    return True


async def _drop(upcoming: "asyncio.Task[_Batch]") -> None:
    """End a batch's drawing, so that it holds no connection any more; whatever it met does not matter."""
    upcoming.cancel()
    await asyncio.gather(upcoming, return_exceptions=True)


async def _load(connection: Connection, job: PromotionJob, batch: _Batch) -> None:
    """Commit one batch of codes together with the news of it, or nothing."""
    async with connection.transaction():
        await codes.add(connection, batch.rows)
        # Only now, so that nobody waits for these rows while the codes are loading.
        automatic = await promotions.is_automatic(connection, job.store_id, job.promotion_id)
        if automatic is None:
            raise Stopped
        if automatic:
            raise JobFailed(NoJobsAllowed.sentence)
        if not await jobs.advance(connection, job, job.done + batch.count, utc_now()):
            raise Stopped
        total = await codes.grow_count(connection, job.store_id, job.promotion_id, batch.count)
        limit = (await stores.store_of(connection, job.store_id)).max_codes_per_promotion
        if limit is not None and total > limit:
            raise JobFailed("codes limit exceeded")


async def _prepare(database: Database, job: PromotionJob, place: Executor | None) -> _Batch:
    """Draw the next codes of *job*, none of which the store has, as rows ready to load."""
    count = min(BATCH, job.total - job.done)
    if count == 0:
        return _Batch(bytearray(), 0)
    parameters = job.parameters
    assert isinstance(parameters, GenerateParameters)
    pattern, limits = parameters.pattern, parameters.limits
    leads = pattern.slice(job.done, count, job.total)
    origin = code_rows.Origin(job.store_id, job.promotion_id, job.created_by, utc_now())
    first_id = series(job.id) + job.done
    first, last = pattern.key_range(leads)
    fetched = FETCHED_KEYS * count
    async with database.connection() as connection:
        known = await codes.endings_between(connection, job.store_id, first, last, pattern.length, fetched)
        if known is None:
            bodies = await _draw_asking(connection, job.store_id, pattern, leads, count)
            rows = await asyncio.to_thread(code_rows.generated_rows, origin, first_id, pattern, limits, bodies)
            return _Batch(rows, count)
    make = partial(code_rows.drawn_rows, origin, first_id, pattern, limits, leads, count, known, secrets.token_bytes)
    return _Batch(await asyncio.get_running_loop().run_in_executor(place, make), count)


async def _draw_asking(
    connection: Connection, store_id: UUID, pattern: CodePattern, leads: range, count: int
) -> list[bytes]:
    """Draw codes and ask PostgreSQL which of them exist, until none does."""
    taken: set[bytes] = set()
    bodies: list[bytes] = []
    while not bodies or taken:
        kept = set(bodies) - taken
        bodies = await asyncio.to_thread(pattern.draw, leads, count, taken, secrets.token_bytes, kept)
        keys = [pattern.key_of(body) for body in bodies]
        taken = pattern.bodies_of(await codes.keys_known(connection, store_id, keys))
    return bodies
