"""Generating codes in bulk: sorted slices of the code space, each loaded and counted in one transaction."""

import asyncio
import secrets

import msgspec
from psycopg.errors import UniqueViolation

from couponry.domain.codes import CodePattern
from couponry.domain.errors import NoJobsAllowed
from couponry.domain.ids import series
from couponry.domain.jobs import GenerateParameters, PromotionJob
from couponry.services.context import utc_now
from couponry.storage import code_rows, codes, jobs, promotions, stores
from couponry.storage.database import Connection, Database

BATCH = 50_000
"""How many codes are committed together."""

FETCHED_KEYS = 6 * BATCH
"""Up to so many existing codes of a slice are fetched before drawing; where there are more, PostgreSQL is
asked about each drawn code instead."""


class Stopped(Exception):
    """The job may not go on: it is being cancelled, or its promotion was deleted."""


class JobFailed(Exception):
    """The job cannot be finished; the message is the job's `error`."""


class _Batch(msgspec.Struct, frozen=True):
    rows: bytearray
    count: int


async def generate_codes(database: Database, connection: Connection, job: PromotionJob) -> PromotionJob:
    """Generate the codes that *job* still lacks and return the job as it then stands.

    While PostgreSQL loads one batch, the next is drawn in a thread.

    Raises:
        Stopped: it may not go on.
        JobFailed: the promotion may not have its codes any more.
    """
    upcoming = asyncio.create_task(_prepare(database, job))
    try:
        while job.done < job.total:
            batch = await upcoming
            after = msgspec.structs.replace(job, done=job.done + batch.count)
            upcoming = asyncio.create_task(_prepare(database, after))
            try:
                await _load(connection, job, batch)
            except UniqueViolation as error:
                if error.diag.constraint_name != codes.UNIQUE:
                    raise
                # Somebody added one of these very codes since they were drawn: draw this batch again.
                await _drop(upcoming)
                upcoming = asyncio.create_task(_prepare(database, job))
            else:
                job = after
    finally:
        await _drop(upcoming)
    return job


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


async def _prepare(database: Database, job: PromotionJob) -> _Batch:
    """Draw the next codes of *job*, none of which the store has, as rows ready to load."""
    count = min(BATCH, job.total - job.done)
    if count == 0:
        return _Batch(bytearray(), 0)
    parameters = job.parameters
    assert isinstance(parameters, GenerateParameters)
    pattern = parameters.pattern
    leads = pattern.slice(job.done, count, job.total)
    async with database.connection() as connection:
        bodies = await _draw(connection, job, pattern, leads, count)
    origin = code_rows.Origin(job.store_id, job.promotion_id, job.created_by, utc_now())
    first_id = series(job.id) + job.done
    rows = await asyncio.to_thread(code_rows.generated_rows, origin, first_id, pattern, parameters.limits, bodies)
    return _Batch(rows, count)


async def _draw(
    connection: Connection, job: PromotionJob, pattern: CodePattern, leads: range, count: int
) -> list[bytes]:
    first, last = pattern.key_range(leads)
    known = await codes.endings_between(connection, job.store_id, first, last, pattern.length, FETCHED_KEYS)
    taken = pattern.bodies_in(known or b"")
    bodies = await asyncio.to_thread(pattern.draw, leads, count, taken, secrets.token_bytes)
    while known is None:
        keys = [pattern.key_of(body) for body in bodies]
        clashing = pattern.bodies_of(await codes.keys_known(connection, job.store_id, keys))
        if not clashing:
            break
        bodies = await asyncio.to_thread(
            pattern.draw, leads, count, clashing, secrets.token_bytes, set(bodies) - clashing
        )
    return bodies
