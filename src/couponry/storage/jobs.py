"""The table of promotion jobs, and handing them to workers."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.types.json import Jsonb

from couponry.domain.jobs import JobStatus, PromotionJob, Tally
from couponry.domain.listing import Filter, Page
from couponry.storage.database import Connection, rows_of
from couponry.storage.filters import Attribute, Attributes, where

COLUMNS: LiteralString = """
    store_id, promotion_id, id, job_type, name, parameters, status, error, total, done, deleted, file,
    created_by, created_at, updated_at, started_at, changes, dry_run, dry_run_id, tally
"""

_STATUS_SYNONYMS = {"complete": "completed"}

FILTERS: Attributes = {
    "job_type": Attribute({"eq": "job_type = %s"}),
    "status": Attribute({"eq": "status = %s"}, read=lambda status: _STATUS_SYNONYMS.get(status, status)),
}


async def add(connection: Connection, job: PromotionJob) -> None:
    """Add a pending job.

    Raises:
        UniqueViolation: of `one_active_job_per_promotion`, when another is pending or processing; of
            `one_import_of_a_dry_run`, when another imports, or has imported, what the same dry run looked at.
    """
    members = {name: None if value is msgspec.UNSET else value for name, value in msgspec.structs.asdict(job).items()}
    if members["parameters"] is not None:
        members["parameters"] = Jsonb(members["parameters"])
    await connection.execute(
        """
        INSERT INTO promotion_jobs (
            store_id, promotion_id, id, job_type, name, parameters, status, total, dry_run, dry_run_id,
            created_by, created_at, updated_at
        ) VALUES (
            %(store_id)s, %(promotion_id)s, %(id)s, %(job_type)s, %(name)s, %(parameters)s, %(status)s,
            %(total)s, %(dry_run)s, %(dry_run_id)s, %(created_by)s, %(created_at)s, %(updated_at)s
        )
        """,
        members,
    )


async def get(
    connection: Connection, store_id: UUID, promotion_id: UUID, id_: UUID, *, lock: bool = False
) -> PromotionJob | None:
    """Return a job or None; with *lock*, nobody else moves it until the transaction ends."""
    query = sql.SQL("SELECT {} FROM promotion_jobs WHERE store_id = %s AND promotion_id = %s AND id = %s{}")
    async with connection.cursor(row_factory=rows_of(PromotionJob)) as cursor:
        locking = sql.SQL(" FOR UPDATE" if lock else "")
        await cursor.execute(query.format(sql.SQL(COLUMNS), locking), [store_id, promotion_id, id_])
        return await cursor.fetchone()


async def import_of(connection: Connection, store_id: UUID, promotion_id: UUID, dry_run: UUID) -> PromotionJob | None:
    """Return the job that imports, or has imported, what a dry run looked at; none that failed or was cancelled."""
    query = sql.SQL(
        "SELECT {} FROM promotion_jobs WHERE store_id = %s AND promotion_id = %s AND dry_run_id = %s"
        " AND status NOT IN ('failed', 'cancelled')"
    ).format(sql.SQL(COLUMNS))
    async with connection.cursor(row_factory=rows_of(PromotionJob)) as cursor:
        await cursor.execute(query, [store_id, promotion_id, dry_run])
        return await cursor.fetchone()


Key = tuple[UUID, UUID, UUID]
"""Names a job: its store, its promotion, itself."""


async def standing(connection: Connection, keys: Sequence[Key]) -> list[PromotionJob]:
    """Return how these jobs stand, those of them that there are."""
    # OFFSET 0 makes PostgreSQL look each job up, and not read all of them to compare.
    query = sql.SQL(
        """
        SELECT job.* FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS asked (store, promotion, job), LATERAL (
            SELECT {} FROM promotion_jobs WHERE store_id = store AND promotion_id = promotion AND id = job OFFSET 0
        ) AS job
        """
    )
    async with connection.cursor(row_factory=rows_of(PromotionJob)) as cursor:
        columns = [list(column) for column in zip(*keys, strict=True)]
        await cursor.execute(query.format(sql.SQL(COLUMNS)), columns)
        return await cursor.fetchall()


async def page_of(
    connection: Connection, store_id: UUID, promotion_id: UUID, wanted: Filter, page: Page
) -> list[PromotionJob]:
    """Return one page of a promotion's jobs that pass *wanted*, newest first."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT {} FROM promotion_jobs WHERE store_id = %s AND promotion_id = %s AND {}"
        " ORDER BY id DESC LIMIT %s OFFSET %s"
    ).format(sql.SQL(COLUMNS), condition)
    async with connection.cursor(row_factory=rows_of(PromotionJob)) as cursor:
        await cursor.execute(query, [store_id, promotion_id, *parameters, page.limit, page.offset])
        return await cursor.fetchall()


async def total(connection: Connection, store_id: UUID, promotion_id: UUID, wanted: Filter) -> int:
    """Return how many of a promotion's jobs pass *wanted*."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL("SELECT count(*) FROM promotion_jobs WHERE store_id = %s AND promotion_id = %s AND {}").format(
        condition
    )
    cursor = await connection.execute(query, [store_id, promotion_id, *parameters])
    row = await cursor.fetchone()
    return row[0] if row else 0


async def move(connection: Connection, job: PromotionJob, status: JobStatus, at: datetime) -> None:
    """Move a locked *job* to *status*, keeping its other members as given."""
    assert job.status.may_become(status), f"{job.status} -> {status}"
    optional = {
        name: None if value is msgspec.UNSET else value
        for name, value in (("error", job.error), ("deleted", job.deleted), ("file", job.file))
    }
    await connection.execute(
        """
        UPDATE promotion_jobs SET status = %(status)s, updated_at = %(at)s, done = %(done)s, total = %(total)s,
            error = %(error)s, deleted = %(deleted)s, file = %(file)s, changes = changes + 1,
            started_at = CASE WHEN %(status)s = 'processing' THEN %(at)s ELSE started_at END
        WHERE store_id = %(store_id)s AND promotion_id = %(promotion_id)s AND id = %(id)s
        """,
        optional
        | {
            "status": status,
            "at": at,
            "done": job.done,
            "total": job.total,
            "store_id": job.store_id,
            "promotion_id": job.promotion_id,
            "id": job.id,
        },
    )


async def advance(
    connection: Connection, job: PromotionJob, done: int, at: datetime, tally: Tally | None = None
) -> bool:
    """Note that *job*, which had come to `job.done`, has come to *done*; False when it may not go on.

    It may not when it is being cancelled, or when somebody else has carried it on meanwhile.
    """
    cursor = await connection.execute(
        "UPDATE promotion_jobs SET done = %s, updated_at = %s, changes = changes + 1, tally = coalesce(%s, tally)"
        " WHERE store_id = %s AND promotion_id = %s AND id = %s AND status = 'processing' AND done = %s",
        [done, at, tally and Jsonb(tally), job.store_id, job.promotion_id, job.id, job.done],
    )
    return cursor.rowcount == 1


async def note_deleted(connection: Connection, job: PromotionJob, count: int, at: datetime) -> None:
    """Note that *count* more codes of a cancelled *job* are gone."""
    await connection.execute(
        "UPDATE promotion_jobs SET deleted = coalesce(deleted, 0) + %s, updated_at = %s, changes = changes + 1"
        " WHERE store_id = %s AND promotion_id = %s AND id = %s",
        [count, at, job.store_id, job.promotion_id, job.id],
    )


async def generated_with(connection: Connection, store_id: UUID, promotion_id: UUID, prefix: str, length: int) -> int:
    """Return how many codes earlier jobs of a promotion have generated after the same pattern."""
    cursor = await connection.execute(
        "SELECT coalesce(sum(done - coalesce(deleted, 0)), 0)::bigint FROM promotion_jobs"
        " WHERE store_id = %s AND promotion_id = %s AND job_type = 'code_generate'"
        " AND lower(coalesce(parameters ->> 'code_prefix', '')) = lower(%s)"
        " AND coalesce((parameters ->> 'code_length')::integer, 8) = %s",
        [store_id, promotion_id, prefix, length],
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def cancel_all(connection: Connection, store_id: UUID, promotion_id: UUID, at: datetime) -> None:
    """Let every job of a promotion end: the pending at once, the processing after clearing up."""
    await connection.execute(
        """
        UPDATE promotion_jobs SET updated_at = %s, changes = changes + 1,
            status = CASE status WHEN 'pending' THEN 'cancelled' ELSE 'cancelling' END
        WHERE store_id = %s AND promotion_id = %s AND status IN ('pending', 'processing')
        """,
        [at, store_id, promotion_id],
    )


async def unattended(connection: Connection) -> list[tuple[UUID, UUID, UUID]]:
    """Return store, promotion and id of unfinished jobs that nobody holds and no delivery waits for."""
    cursor = await connection.execute(
        """
        SELECT store_id, promotion_id, id FROM promotion_jobs AS job
        WHERE status IN ('pending', 'processing', 'cancelling')
          AND NOT EXISTS (
              SELECT FROM pg_locks
              WHERE locktype = 'advisory' AND objsubid = 1
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND classid::bigint << 32 | objid::bigint = hashtextextended('job ' || job.id, 0)
          )
          AND NOT EXISTS (
              SELECT FROM procrastinate_jobs WHERE queueing_lock = job.id::text AND status = 'todo'
          )
        ORDER BY created_at
        """
    )
    return await cursor.fetchall()


async def any_active(connection: Connection, store_id: UUID, promotion_id: UUID) -> bool:
    """Tell whether a job of a promotion is pending or processing, so that no other may begin."""
    cursor = await connection.execute(
        "SELECT FROM promotion_jobs WHERE store_id = %s AND promotion_id = %s"
        " AND status IN ('pending', 'processing') LIMIT 1",
        [store_id, promotion_id],
    )
    return await cursor.fetchone() is not None


async def any_unfinished(connection: Connection, store_id: UUID, promotion_id: UUID) -> bool:
    """Tell whether a job of a promotion has not ended yet."""
    cursor = await connection.execute(
        "SELECT FROM promotion_jobs WHERE store_id = %s AND promotion_id = %s"
        " AND status IN ('pending', 'processing', 'cancelling') LIMIT 1",
        [store_id, promotion_id],
    )
    return await cursor.fetchone() is not None


_FOR_LONG_WORK: LiteralString = """
    SET statement_timeout = 0; SET idle_session_timeout = 0;
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = '30s'
"""
"""A session works on a job for as long as it takes, and PostgreSQL soon misses a host that vanished."""


@asynccontextmanager
async def held(connection: Connection, id_: UUID) -> AsyncGenerator[bool]:
    """Hold a job for the length of the block, unless somebody else does; says whether it is held.

    PostgreSQL lets go when the connection ends, so a job whose worker died is free at once. A block that is
    interrupted ends the connection, too: nobody is lent one that may still hold a job.
    """
    key = f"job {id_}"
    try:
        await connection.execute(_FOR_LONG_WORK)
        cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        taken = await cursor.fetchone() == (True,)
        yield taken
        if taken:
            await connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
    except BaseException:
        await connection.close()
        raise


async def count_unfinished(connection: Connection) -> dict[str, int]:
    """Return how many jobs of all stores have not ended, by status."""
    cursor = await connection.execute(
        "SELECT status, count(*) FROM promotion_jobs WHERE status IN ('pending', 'processing', 'cancelling')"
        " GROUP BY status"
    )
    return dict(await cursor.fetchall())
