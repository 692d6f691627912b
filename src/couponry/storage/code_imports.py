"""Importing codes: files that were uploaded, codes on their way in, and the lines that are refused."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from couponry.domain.code_files import Refused
from couponry.domain.ids import series_bounds
from couponry.domain.jobs import PromotionJob
from couponry.storage.code_rows import COPY_INCOMING
from couponry.storage.database import Connection
from couponry.storage.jobs import Key

# Uploads


SILENT_SECONDS = 20
"""A file of which no more has come for so long is in nobody's way: who sent it, or took it in, may be gone."""

_ALONE = sql.SQL(
    """
NOT EXISTS (
    SELECT FROM uploads AS other
    WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND job_id <> %(job)s
        AND created_at > clock_timestamp() - %(silent)s * interval '1 second'
        AND NOT EXISTS (
            SELECT FROM promotion_jobs
            WHERE store_id = other.store_id AND promotion_id = other.promotion_id AND id = other.job_id
        )
)
"""
)
"""No other file of the promotion is coming; one that has come has its job."""

_BEGIN_UPLOAD = sql.SQL(
    """
    INSERT INTO uploads (store_id, promotion_id, job_id, created_at)
    SELECT %(store)s, %(promotion)s, %(job)s, clock_timestamp() WHERE {alone}
    """
).format(alone=_ALONE)

_GO_ON = sql.SQL(
    """
    UPDATE uploads SET created_at = clock_timestamp()
    WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND job_id = %(job)s AND {alone}
    """
).format(alone=_ALONE)


async def begin_upload(connection: Connection, key: Key) -> bool:
    """Note that a file for the job with that *key* may come to be; False when another of its promotion is coming.

    Who begins at the same moment waits until this transaction has ended.
    """
    return await _note_upload(connection, key, _BEGIN_UPLOAD)


async def go_on_with_upload(connection: Connection, key: Key) -> bool:
    """Note that more of a file has come; False when another has begun after it was silent, or it is forgotten."""
    return await _note_upload(connection, key, _GO_ON)


async def _note_upload(connection: Connection, key: Key, statement: sql.Composed) -> bool:
    store_id, promotion_id, job_id = key
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"upload {promotion_id}"])
    parameters = {"store": store_id, "promotion": promotion_id, "job": job_id, "silent": SILENT_SECONDS}
    return (await connection.execute(statement, parameters)).rowcount == 1


async def keep_upload(connection: Connection, key: Key) -> bool:
    """Keep others from forgetting a file until the transaction ends; False when it is forgotten already."""
    cursor = await connection.execute(
        "SELECT FROM uploads WHERE store_id = %s AND promotion_id = %s AND job_id = %s FOR UPDATE", [*key]
    )
    return await cursor.fetchone() is not None


async def useless_uploads(connection: Connection) -> list[Key]:
    """Return the jobs whose files nobody needs any more.

    They have ended; a completed dry run's file is kept for a day, though, unless it is imported before. Or they have
    not come to be within a day.
    """
    cursor = await connection.execute(
        """
        SELECT upload.store_id, upload.promotion_id, upload.job_id
        FROM uploads AS upload
        LEFT JOIN LATERAL (
            SELECT status, dry_run FROM promotion_jobs
            WHERE store_id = upload.store_id AND promotion_id = upload.promotion_id AND id = upload.job_id OFFSET 0
        ) AS job ON true
        LEFT JOIN LATERAL (
            SELECT status FROM promotion_jobs
            WHERE store_id = upload.store_id AND promotion_id = upload.promotion_id AND dry_run_id = upload.job_id
                AND status NOT IN ('failed', 'cancelled') OFFSET 0
        ) AS import ON true
        WHERE job.status IN ('failed', 'cancelled')
            OR job.status = 'completed' AND (job.dry_run IS NOT TRUE OR import.status = 'completed')
            OR (job.status IS NULL OR job.status = 'completed') AND import.status IS NULL
                AND upload.created_at < now() - interval '1 day'
        """
    )
    return await cursor.fetchall()


async def forget_upload(connection: Connection, key: Key) -> None:
    """Forget a file that has been removed."""
    await connection.execute("DELETE FROM uploads WHERE store_id = %s AND promotion_id = %s AND job_id = %s", [*key])


# Lines that were refused


async def refused(connection: Connection, job: PromotionJob, most: int) -> list[Refused]:
    """Return the first lines that an import has refused so far; none when it has ended."""
    cursor = await connection.execute(
        "SELECT line, code, reason FROM import_refusals WHERE store_id = %s AND promotion_id = %s AND job_id = %s"
        " ORDER BY line LIMIT %s",
        [job.store_id, job.promotion_id, job.id, most],
    )
    return [Refused(*row) for row in await cursor.fetchall()]


# Codes on their way in

_LINE: LiteralString = "('x' || right(replace({}::text, '-', ''), 10))::bit(40)::bigint"
"""The line of a code with that id: an import's codes are the series of its job, counted by their lines."""

_BEGIN: LiteralString = "CREATE TEMPORARY TABLE incoming_codes (LIKE promotion_codes INCLUDING DEFAULTS) ON COMMIT DROP"

# In the order of their keys, as they came: so no two transactions wait for each other in a circle.
_ADD: LiteralString = """
INSERT INTO promotion_codes SELECT * FROM incoming_codes
ON CONFLICT ON CONSTRAINT promotion_codes_are_unique DO NOTHING
"""

# A subquery for each row is a look-up; as a join PostgreSQL might read all codes to compare them.
_SEE: LiteralString = """
INSERT INTO import_keys (store_id, promotion_id, job_id, code_key, line)
SELECT store_id, promotion_id, %(job)s, code_key, {line} FROM incoming_codes AS incoming
WHERE (
    SELECT id FROM promotion_codes
    WHERE store_id = incoming.store_id AND promotion_id = incoming.promotion_id AND code_key = incoming.code_key
    OFFSET 0
) IS NULL
ON CONFLICT DO NOTHING
"""

_REFUSE_OTHERS: LiteralString = """
INSERT INTO import_refusals (store_id, promotion_id, job_id, line, code, reason)
SELECT incoming.store_id, incoming.promotion_id, %(job)s, {line}, incoming.code,
    CASE WHEN mine THEN 'line ' || {known_line} || ' has this code already'
        WHEN seen.line IS NOT NULL THEN 'line ' || seen.line || ' has this code already'
        ELSE 'the promotion has this code already' END
FROM incoming_codes AS incoming
LEFT JOIN LATERAL (
    SELECT id, id BETWEEN %(first)s AND %(last)s FROM promotion_codes
    WHERE store_id = incoming.store_id AND promotion_id = incoming.promotion_id AND code_key = incoming.code_key
    OFFSET 0
) AS known (id, mine) ON true
LEFT JOIN LATERAL (
    SELECT line FROM import_keys
    WHERE store_id = incoming.store_id AND promotion_id = incoming.promotion_id AND job_id = %(job)s
        AND code_key = incoming.code_key
    OFFSET 0
) AS seen ON true
WHERE known.id IS DISTINCT FROM incoming.id AND seen.line IS DISTINCT FROM {line}
"""


async def take_in(connection: Connection, job: PromotionJob, rows: bytes) -> tuple[int, int]:
    """Add the codes that *rows* hold (see `code_rows`), if they are new; return how many are, and how many are not.

    A dry run only notes which they are. The others are noted as refused, with the reason.
    """
    await connection.execute(_BEGIN)
    async with connection.cursor() as cursor:
        async with cursor.copy(COPY_INCOMING) as copy:
            await copy.write(rows)
        incoming = cursor.rowcount
    first, last = series_bounds(job.id)
    parameters = {"job": job.id, "first": first, "last": last}
    line, known_line = sql.SQL(_LINE.format("incoming.id")), sql.SQL(_LINE.format("known.id"))
    statement = sql.SQL(_SEE).format(line=line) if job.dry_run is True else sql.SQL(_ADD)
    new = (await connection.execute(statement, parameters)).rowcount
    if new < incoming:
        await connection.execute(sql.SQL(_REFUSE_OTHERS).format(line=line, known_line=known_line), parameters)
    return new, incoming - new


async def refuse(connection: Connection, job: PromotionJob, refused: Sequence[Refused]) -> None:
    """Note the lines that were *refused*."""
    columns = "store_id, promotion_id, job_id, line, code, reason"
    async with connection.cursor() as cursor, cursor.copy(f"COPY import_refusals ({columns}) FROM STDIN") as copy:
        for one in refused:
            await copy.write_row((job.store_id, job.promotion_id, job.id, one.line, one.code, one.reason))


async def forget_lines(connection: Connection, job: PromotionJob) -> None:
    """Forget what was noted of the lines of an import that ends in this transaction."""
    for table in ("import_refusals", "import_keys"):
        await connection.execute(
            sql.SQL("DELETE FROM {} WHERE store_id = %s AND promotion_id = %s AND job_id = %s").format(
                sql.Identifier(table)
            ),
            [job.store_id, job.promotion_id, job.id],
        )
