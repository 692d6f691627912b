"""The table of promotion codes, and the count of them kept beside it."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import LiteralString
from uuid import UUID

from psycopg import sql

from couponry.domain.codes import PromotionCode, auto_code, code_key
from couponry.domain.ids import series_bounds
from couponry.domain.listing import EVERYTHING, Filter, Page
from couponry.storage.code_rows import COPY_CODES
from couponry.storage.database import Connection, end_with_commit, rows_of
from couponry.storage.filters import Attribute, Attributes, where

COLUMNS: LiteralString = """
    id, code, max_uses - used + CASE WHEN used > 0 THEN (
        SELECT coalesce(sum(uses), 0)::integer FROM usages
        WHERE usages.store_id = promotion_codes.store_id AND usages.promotion_id = promotion_codes.promotion_id
            AND code_id = promotion_codes.id AND state = 'held' AND expires_at <= now()
    ) ELSE 0 END AS uses, max_uses, "user", consume_unit, is_for_new_shopper, created_by, created_at,
    CASE WHEN num_nonnulls(shopper_max_uses, includes_guests) > 0 THEN jsonb_strip_nulls(
        jsonb_build_object('max_uses', shopper_max_uses, 'includes_guests', includes_guests)
    ) END AS max_uses_per_shopper
"""

"""Expired holds count as free: they are taken back as soon as somebody needs their uses."""

FILTERS: Attributes = {
    "code": Attribute({"eq": "code_key = %s", "gt": "code_key > %s"}, read=code_key),
}

ORDERS: dict[str | None, LiteralString] = {None: "id", "code": "code_key", "-code": "code_key DESC"}
"""What a list of codes can be sorted by; unsorted, they come in the order they were made."""

UNIQUE = "promotion_codes_are_unique"
"""The constraint that keeps a promotion's codes unique."""

_LINE = "\n"
"""Separates keys sent as one text, ten times as fast as an array. No key contains it: codes have no control
characters."""

COUNTED = 10_100
"""Where counting the codes that pass a filter stops: just past the last element that a page can show."""


async def add(connection: Connection, rows: bytes | bytearray) -> None:
    """Add the codes that *rows* hold (see `code_rows`); all or none."""
    async with adding(connection, [rows]):
        pass


@asynccontextmanager
async def adding(connection: Connection, rows: Iterable[bytes | bytearray]) -> AsyncGenerator[None]:
    """Add the codes that *rows* hold, all or none; the block runs while PostgreSQL is busy with them."""
    async with connection.cursor() as cursor, AsyncExitStack() as copying:
        copy = await copying.enter_async_context(cursor.copy(COPY_CODES))
        for some in rows:
            await copy.write(some)
        # PostgreSQL gathers a thousand rows before it inserts any, so the block must not keep the end from it.
        ending = asyncio.ensure_future(copying.pop_all().aclose())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await ending


async def analyze(connection: Connection) -> None:
    """Let the planner know the table as it is now, unless somebody is at it; not inside a transaction.

    Between a job that loads millions of codes and the next round of autovacuum it would guess, and read them all
    where an index has the answer.
    """
    await connection.execute("ANALYZE (SKIP_LOCKED) promotion_codes")


async def grow_count(connection: Connection, store_id: UUID, promotion_id: UUID, by: int) -> int:
    """Note that a promotion has *by* more codes (or fewer), and return how many it has now."""
    cursor = await connection.execute(
        "UPDATE code_counts SET codes = codes + %s WHERE store_id = %s AND promotion_id = %s RETURNING codes",
        [by, store_id, promotion_id],
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def grow_at_last(connection: Connection, store_id: UUID, promotion_id: UUID, by: int) -> None:
    """Note that a promotion has *by* more codes, with the commit; nothing may be asked after it."""
    await end_with_commit(connection)
    await connection.execute(
        "UPDATE code_counts SET codes = codes + %s WHERE store_id = %s AND promotion_id = %s",
        [by, store_id, promotion_id],
    )


async def count(connection: Connection, store_id: UUID, promotion_id: UUID) -> int:
    """Return how many codes a promotion has."""
    cursor = await connection.execute(
        "SELECT codes FROM code_counts WHERE store_id = %s AND promotion_id = %s", [store_id, promotion_id]
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def page_of(
    connection: Connection,
    store_id: UUID,
    promotion_id: UUID,
    wanted: Filter,
    order: str | None,
    page: Page,
) -> list[PromotionCode]:
    """Return one page of a promotion's codes that pass *wanted*, in one of `ORDERS`."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT {columns} FROM promotion_codes WHERE store_id = %s AND promotion_id = %s AND {condition}"
        " ORDER BY {order} LIMIT %s OFFSET %s"
    ).format(columns=sql.SQL(COLUMNS), condition=condition, order=sql.SQL(ORDERS[order]))
    async with connection.cursor(row_factory=rows_of(PromotionCode)) as cursor:
        await cursor.execute(query, [store_id, promotion_id, *parameters, page.limit, page.offset])
        return await cursor.fetchall()


async def total(connection: Connection, store_id: UUID, promotion_id: UUID, wanted: Filter) -> tuple[int, bool]:
    """Return how many codes pass *wanted*, and whether that is exact or counting stopped at `COUNTED`."""
    if wanted == EVERYTHING:
        return await count(connection, store_id, promotion_id), True
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT count(*) FROM (SELECT FROM promotion_codes"
        " WHERE store_id = %s AND promotion_id = %s AND {condition} LIMIT %s) AS passing"
    ).format(condition=condition)
    cursor = await connection.execute(query, [store_id, promotion_id, *parameters, COUNTED])
    row = await cursor.fetchone()
    passing = row[0] if row else 0
    return passing, passing < COUNTED


async def keys_elsewhere(connection: Connection, store_id: UUID, promotion_id: UUID, keys: Sequence[str]) -> set[str]:
    """Return those of *keys* that other promotions of the store use too."""
    # OFFSET 0 keeps the planner from starting at the promotions and reading all of their codes.
    cursor = await connection.execute(
        """
        SELECT DISTINCT key FROM unnest(string_to_array(%s, E'\\n')) AS key, LATERAL (
            SELECT promotion_id FROM promotion_codes
            WHERE store_id = %s AND code_key = key COLLATE "C" AND promotion_id <> %s OFFSET 0
        ) AS code
        JOIN promotions ON promotions.store_id = %s AND promotions.id = promotion_id AND deleted_at IS NULL
        """,
        [_LINE.join(keys), store_id, promotion_id, store_id],
    )
    return {key for (key,) in await cursor.fetchall()}


async def endings_between(
    connection: Connection, store_id: UUID, first: str, last: str, size: int, limit: int
) -> bytes | None:
    """Return how the store's code keys from *first* to *last* end, the last *size* characters of each, in one piece.

    Only keys as long as *first*, in characters and in bytes, count: the endings of others are of another pattern.
    Return None when there are more than *limit* keys in that range.
    """
    cursor = await connection.execute(
        """
        SELECT count(*), string_agg(right(code_key, %s), '')
            FILTER (WHERE length(code_key) = %s AND octet_length(code_key) = %s)
        FROM (
            SELECT code_key FROM promotion_codes WHERE store_id = %s AND code_key BETWEEN %s AND %s
            ORDER BY code_key LIMIT %s
        ) AS found
        """,
        [size, len(first), len(first.encode()), store_id, first, last, limit + 1],
    )
    row = await cursor.fetchone()
    assert row is not None
    return None if row[0] > limit else (row[1] or "").encode()


async def keys_known(connection: Connection, store_id: UUID, keys: Sequence[str]) -> list[str]:
    """Return those of *keys* that some promotion of the store uses."""
    # OFFSET 0 makes PostgreSQL look each key up, and not read all codes to compare them.
    cursor = await connection.execute(
        """
        SELECT key FROM unnest(string_to_array(%s, E'\\n')) AS key, LATERAL (
            SELECT FROM promotion_codes WHERE store_id = %s AND code_key = key COLLATE "C" OFFSET 0 LIMIT 1
        ) AS known
        """,
        [_LINE.join(keys), store_id],
    )
    return [key for (key,) in await cursor.fetchall()]


async def keys_here(connection: Connection, store_id: UUID, promotion_id: UUID, keys: Sequence[str]) -> set[str]:
    """Return those of *keys* that a promotion uses."""
    # OFFSET 0 makes PostgreSQL look each key up, and not read all codes to compare them.
    cursor = await connection.execute(
        """
        SELECT key FROM unnest(string_to_array(%s, E'\\n')) AS key, LATERAL (
            SELECT FROM promotion_codes
            WHERE store_id = %s AND promotion_id = %s AND code_key = key COLLATE "C" OFFSET 0
        ) AS known
        """,
        [_LINE.join(keys), store_id, promotion_id],
    )
    return {key for (key,) in await cursor.fetchall()}


async def count_beginning(connection: Connection, store_id: UUID, promotion_id: UUID, start: str, most: int) -> int:
    """Return how many keys of a promotion begin with *start*; counting stops at *most*."""
    # A bound that no key reaches: letters of the highest code points are none that anybody types.
    cursor = await connection.execute(
        """
        SELECT count(*) FROM (
            SELECT FROM promotion_codes
            WHERE store_id = %s AND promotion_id = %s AND code_key >= %s AND code_key < %s ORDER BY code_key LIMIT %s
        ) AS beginning
        """,
        [store_id, promotion_id, start, start + chr(0x10FFFF), most],
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def delete_named(connection: Connection, store_id: UUID, promotion_id: UUID, keys: Sequence[str]) -> list[str]:
    """Delete the codes with these *keys* and return those that there were, as they were spelled."""
    cursor = await connection.execute(
        "DELETE FROM promotion_codes WHERE store_id = %s AND promotion_id = %s AND code_key = ANY(%s) RETURNING code",
        [store_id, promotion_id, list(keys)],
    )
    return [code for (code,) in await cursor.fetchall()]


async def key_of(connection: Connection, store_id: UUID, promotion_id: UUID, id_: UUID) -> str | None:
    """Return the key of the code with that id, or None."""
    cursor = await connection.execute(
        "SELECT code_key FROM promotion_codes WHERE store_id = %s AND promotion_id = %s AND id = %s",
        [store_id, promotion_id, id_],
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def auto_ids(connection: Connection, store_id: UUID, promotion_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the ids of the codes that stand for these automatic promotions, by promotion."""
    # OFFSET 0 makes PostgreSQL look each code up, and not read all codes to compare them.
    cursor = await connection.execute(
        """
        SELECT code.* FROM unnest(%s::uuid[], %s::text[]) AS asked (promotion, key), LATERAL (
            SELECT promotion_id, id FROM promotion_codes
            WHERE store_id = %s AND promotion_id = promotion AND code_key = key COLLATE "C" OFFSET 0
        ) AS code
        """,
        [list(promotion_ids), [code_key(auto_code(id_)) for id_ in promotion_ids], store_id],
    )
    return dict(await cursor.fetchall())


async def delete_unused_of_job(
    connection: Connection, store_id: UUID, promotion_id: UUID, job_id: UUID, limit: int
) -> int:
    """Delete up to *limit* codes that a job made and nobody has used; return how many."""
    return await _delete_range(connection, store_id, promotion_id, series_bounds(job_id), limit, unused=True)


async def delete_some(connection: Connection, store_id: UUID, promotion_id: UUID, limit: int) -> int:
    """Delete up to *limit* codes of a promotion, used or not; return how many."""
    bounds = UUID(int=0), UUID(int=(1 << 128) - 1)
    return await _delete_range(connection, store_id, promotion_id, bounds, limit, unused=False)


_DELETABLE: LiteralString = """
    (%(all)s OR used = 0 AND (max_uses IS NOT NULL OR (
        SELECT id FROM usages
        WHERE store_id = one.store_id AND promotion_id = one.promotion_id AND code_id = one.id
            AND state < 'released'
        ORDER BY state, expires_at LIMIT 1
    ) IS NULL))
"""
"""Codes without limits have no counter: of their uses only the ledger knows.

Sorted as its index is, a code is looked up there; for any one row PostgreSQL may read the whole table instead.
"""


async def _delete_range(
    connection: Connection,
    store_id: UUID,
    promotion_id: UUID,
    bounds: tuple[UUID, UUID],
    limit: int,
    *,
    unused: bool,
) -> int:
    """Delete the first *limit* codes whose ids lie within *bounds*: one range of the primary key.

    A join with a list of them would be planned by statistics, which codes just loaded have none of.
    """
    query = sql.SQL(
        """
        DELETE FROM promotion_codes AS one
        WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND {deletable}
            AND id BETWEEN %(first)s AND coalesce(
            (
                SELECT id FROM promotion_codes AS one
                WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND {deletable}
                    AND id BETWEEN %(first)s AND %(last)s
                ORDER BY id OFFSET %(passed)s LIMIT 1
            ),
            %(last)s
        )
        """
    ).format(deletable=sql.SQL(_DELETABLE))
    first, last = bounds
    cursor = await connection.execute(
        query,
        {
            "store": store_id,
            "promotion": promotion_id,
            "first": first,
            "last": last,
            "passed": limit - 1,
            "all": not unused,
        },
    )
    return cursor.rowcount
