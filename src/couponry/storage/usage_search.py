"""Finding usages in a whole store: by promotion, code, shopper, order or day, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from couponry.domain.usages import FoundUsage
from couponry.storage.database import Connection, by_index, rows_of
from couponry.storage.usage_lists import COLUMNS, ON_RECORD

MOST_REDEMPTIONS = 1_000
"""How many redemptions of a shopper, or of an order, are looked through: the newest."""


class Place(NamedTuple):
    """A usage, by where it stands in the order of usages."""

    used_on: datetime
    id: UUID


class Wanted(NamedTuple):
    """Which usages are wanted; None asks for nothing."""

    promotion_id: UUID | None = None
    code: str | None = None
    """However its case."""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    redemptions: Sequence[UUID] | None = None
    """Only those of these redemptions and orders."""
    before: Place | None = None
    """Only those that come after this one in the list, which is older."""


async def promotions(connection: Connection, store_id: UUID) -> list[UUID]:
    """Return the promotions of a store, newest first."""
    cursor = await connection.execute(
        "SELECT id FROM promotions WHERE store_id = %s AND deleted_at IS NULL ORDER BY id DESC", [store_id]
    )
    return [id_ for (id_,) in await cursor.fetchall()]


async def redemptions_of_order(connection: Connection, store_id: UUID, order: str) -> list[UUID]:
    """Return the redemptions and orders that go by this id, number or reference."""
    cursor = await connection.execute(
        """
        (SELECT id FROM redemptions WHERE store_id = %(store)s AND order_id = %(order)s LIMIT %(most)s)
        UNION ALL (SELECT id FROM orders WHERE store_id = %(store)s AND id = %(id)s)
        UNION ALL (
            SELECT id FROM orders WHERE store_id = %(store)s AND order_number = %(order)s COLLATE "C"
            ORDER BY created_at, id LIMIT %(most)s
        )
        UNION ALL (
            SELECT id FROM orders WHERE store_id = %(store)s AND external_ref = %(order)s COLLATE "C"
            ORDER BY created_at, id LIMIT %(most)s
        )
        """,
        {"store": store_id, "order": order, "id": _as_id(order), "most": MOST_REDEMPTIONS},
    )
    return list({id_ for (id_,) in await cursor.fetchall()})


async def redemptions_of_shopper(connection: Connection, store_id: UUID, shopper: bytes) -> list[UUID]:
    """Return the newest redemptions and orders of whoever has that hash."""
    # OFFSET 0 makes PostgreSQL look the hash up, and not read all redemptions of the store.
    async with by_index(connection):
        cursor = await connection.execute(
            """
            SELECT id FROM (
                SELECT store_id, id FROM redemptions WHERE shoppers @> ARRAY[%(shopper)s::bytea] OFFSET 0
            ) AS redeemed WHERE store_id = %(store)s
            UNION ALL
            SELECT id FROM (
                SELECT store_id, id FROM orders
                WHERE named @> ARRAY[%(shopper)s::bytea] AND shoppers @> ARRAY[%(shopper)s::bytea] OFFSET 0
            ) AS ordered WHERE store_id = %(store)s
            ORDER BY id DESC LIMIT %(most)s
            """,
            {"store": store_id, "shopper": shopper, "most": MOST_REDEMPTIONS},
        )
        found = await cursor.fetchall()
    return [id_ for (id_,) in found]


async def find(connection: Connection, store_id: UUID, wanted: Wanted, limit: int) -> list[FoundUsage]:
    """Return the newest *limit* usages of the store's promotions that are *wanted*, newest first."""
    find_ = _along_promotions if wanted.redemptions is None else _of_redemptions
    condition, parameters = _condition(wanted)
    query = find_.format(columns=sql.SQL(COLUMNS), condition=condition)
    asked = {"store": store_id, "limit": limit, "redemptions": list(wanted.redemptions or ())} | parameters
    async with connection.cursor(row_factory=rows_of(FoundUsage)) as cursor:
        await cursor.execute(query, asked)
        return await cursor.fetchall()


# Each promotion's uses are read along its index, as few as are asked for, and the newest of all are kept.
_along_promotions = sql.SQL(
    """
    SELECT {columns}, usages.promotion_id, usages.name AS promotion_name, redemption_id, discount, currency FROM (
        SELECT newest.*, promotions.name FROM promotions, LATERAL (
            SELECT * FROM usages
            WHERE store_id = %(store)s AND usages.promotion_id = promotions.id AND {condition}
            ORDER BY used_on DESC, id DESC LIMIT %(limit)s
        ) AS newest
        WHERE promotions.store_id = %(store)s AND deleted_at IS NULL
            AND promotions.id = coalesce(%(promotion)s, promotions.id)
        ORDER BY newest.used_on DESC, newest.id DESC LIMIT %(limit)s
    ) AS usages ORDER BY used_on DESC, id DESC
    """
)

_of_redemptions = sql.SQL(
    """
    SELECT {columns}, usages.promotion_id, usages.name AS promotion_name, redemption_id, discount, currency FROM (
        SELECT one.*, promotions.name FROM unnest(%(redemptions)s::uuid[]) AS redemption, LATERAL (
            SELECT * FROM usages WHERE store_id = %(store)s AND redemption_id = redemption AND {condition} OFFSET 0
        ) AS one
        CROSS JOIN LATERAL (
            SELECT name FROM promotions WHERE store_id = %(store)s AND id = one.promotion_id AND deleted_at IS NULL
            OFFSET 0
        ) AS promotions
        WHERE one.promotion_id = coalesce(%(promotion)s, one.promotion_id)
        ORDER BY one.used_on DESC, one.id DESC LIMIT %(limit)s
    ) AS usages ORDER BY used_on DESC, id DESC
    """
)


def _condition(wanted: Wanted) -> tuple[sql.Composed, dict[str, Any]]:
    parts = [sql.SQL(ON_RECORD)]
    if wanted.code is not None:
        parts.append(sql.SQL('lower(code COLLATE "C") = lower(%(code)s COLLATE "C")'))
    if wanted.since is not None:
        parts.append(sql.SQL("used_on >= %(since)s"))
    if wanted.until is not None:
        parts.append(sql.SQL("used_on < %(until)s"))
    if wanted.before is not None:
        parts.append(sql.SQL("(used_on, id) < (%(used_on)s, %(id)s)"))
    last = wanted.before
    return sql.SQL(" AND ").join(parts), {
        "promotion": wanted.promotion_id,
        "code": wanted.code,
        "since": wanted.since,
        "until": wanted.until,
        "used_on": last and last.used_on,
        "id": last and last.id,
    }


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
