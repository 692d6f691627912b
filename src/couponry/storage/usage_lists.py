"""Reading the ledger of uses: what was used, and what of that was given back."""

from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import sql

from couponry.domain.codes import code_key
from couponry.domain.listing import Filter, Page, asked
from couponry.domain.usages import NamedShopper, Usage
from couponry.storage.codes import COUNTED
from couponry.storage.database import Connection, rows_of
from couponry.storage.filters import Attribute, Attributes, read_moment, where

ORDER_ID: LiteralString = """
    coalesce(
        (SELECT order_id FROM redemptions WHERE store_id = usages.store_id AND id = usages.redemption_id),
        (SELECT id::text FROM orders WHERE store_id = usages.store_id AND id = usages.redemption_id)
    )
"""
"""The order that a use was made for, as the shop calls it."""

COLUMNS: LiteralString = f"""
    id, {ORDER_ID} AS order_id, code_id, code, uses AS times_used, used_on, customer_id, account_id, customer_email,
    updated_at, updated_by, anonymized, released_at
"""

ON_RECORD: LiteralString = "used_on IS NOT NULL"
"""What was used, and may have been given back; a hold that was never confirmed is not on record."""

FILTERS: Attributes = {
    "id": Attribute({"eq": "id = %s"}, read=UUID),
    "code": Attribute({"eq": 'lower(code COLLATE "C") = lower(%s COLLATE "C")'}, read=str.strip),
    "used_on": Attribute(
        {"gt": "used_on > %s", "ge": "used_on >= %s", "le": "used_on <= %s", "lt": "used_on < %s"}, read=read_moment
    ),
    "order_id": Attribute({"eq": f"{ORDER_ID} = %s"}),
    "customer_id": Attribute({"eq": "customer_id = %s"}),
    "customer_email": Attribute(
        {"eq": 'lower(btrim(customer_email) COLLATE "C") = lower(%s COLLATE "C")'}, read=str.strip
    ),
}

BY_SHOPPER: Attributes = {
    **FILTERS,
    "code": Attribute({"eq": 'lower(code COLLATE "C") || \'\' = lower(%s COLLATE "C")'}, read=str.strip),
}
"""`FILTERS` for the usages of one shopper, which are few: PostgreSQL is to look the shopper up, not a hot code."""

USAGES: LiteralString = "usages"
OF_ORDER: LiteralString = """
    (
        SELECT one.* FROM (
            SELECT id FROM redemptions WHERE store_id = %s AND order_id = %s
            UNION ALL SELECT id FROM orders WHERE store_id = %s AND id = %s
        ) AS made, LATERAL (SELECT * FROM usages WHERE store_id = %s AND redemption_id = made.id OFFSET 0) AS one
    ) AS usages
"""
"""The usages of one order, looked up by it: no index of usages knows orders, which redemptions are told later."""

ORDERS: dict[str | None, LiteralString] = {
    None: "used_on, id",
    "used_on": "used_on, id",
    "-used_on": "used_on DESC, id DESC",
}
"""What a list of usages can be sorted by; unsorted, they come as they were made."""


class UsedCode(NamedTuple):
    """A code whose usages are asked for."""

    code: str
    id: UUID | None = None
    """None for every code that was ever spelled so."""


async def page_of(
    connection: Connection,
    store_id: UUID,
    promotion_id: UUID,
    wanted: Filter,
    order: str | None,
    page: Page,
    code: UsedCode | None = None,
) -> list[Usage]:
    """Return one page of the usages of a promotion, or of one of its codes, that pass *wanted*, in one of `ORDERS`."""
    source, parameters = _passing(store_id, promotion_id, wanted, code)
    query = sql.SQL("SELECT {columns} FROM {source} ORDER BY {order} LIMIT %s OFFSET %s").format(
        columns=sql.SQL(COLUMNS), source=source, order=sql.SQL(ORDERS[order])
    )
    async with connection.cursor(row_factory=rows_of(Usage)) as cursor:
        await cursor.execute(query, [*parameters, page.limit, page.offset])
        return await cursor.fetchall()


async def total(
    connection: Connection, store_id: UUID, promotion_id: UUID, wanted: Filter, code: UsedCode | None = None
) -> tuple[int, bool]:
    """Return how many usages pass *wanted*, and whether that is exact or counting stopped at `COUNTED`."""
    source, parameters = _passing(store_id, promotion_id, wanted, code)
    query = sql.SQL("SELECT count(*) FROM (SELECT FROM {source} LIMIT %s) AS passing").format(source=source)
    cursor = await connection.execute(query, [*parameters, COUNTED])
    row = await cursor.fetchone()
    passing = row[0] if row else 0
    return passing, passing < COUNTED


def _passing(
    store_id: UUID, promotion_id: UUID, wanted: Filter, code: UsedCode | None
) -> tuple[sql.Composed, list[Any]]:
    """Return where the usages that pass *wanted* are read from, with their condition, and its parameters."""
    order_id = asked(wanted, "order_id")
    one_shopper = any(asked(wanted, attribute) is not None for attribute in ("customer_id", "customer_email"))
    attributes = BY_SHOPPER if one_shopper else FILTERS
    passing, parameters = where(wanted, attributes)
    source = sql.SQL(USAGES if order_id is None else OF_ORDER)
    looked_up: list[Any] = [] if order_id is None else [store_id, order_id, store_id, _as_id(order_id), store_id]
    parts: list[sql.Composable] = [sql.SQL("store_id = %s AND promotion_id = %s"), sql.SQL(ON_RECORD)]
    of_code: list[Any] = []
    if code is not None:
        parts.append(sql.SQL(attributes["code"].operators["eq"]))
        of_code.append(code.code)
    if code is not None and code.id is not None:
        parts.append(sql.SQL("code_id::text = %s::text" if one_shopper else "code_id = %s"))
        of_code.append(code.id)
    condition = sql.SQL(" AND ").join([*parts, passing])
    query = sql.SQL("{source} WHERE {condition}").format(source=source, condition=condition)
    return query, [*looked_up, store_id, promotion_id, *of_code, *parameters]


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def code_with_id(connection: Connection, store_id: UUID, promotion_id: UUID, id_: UUID) -> UsedCode | None:
    """Return the code of a promotion with that id, even if it is gone and only its uses are on record."""
    # Sorted as its index is, a row is looked up there; for any one row PostgreSQL may read the whole table instead.
    cursor = await connection.execute(
        """
        SELECT coalesce(
            (
                SELECT code FROM promotion_codes
                WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND id = %(id)s
            ),
            (
                SELECT code FROM usages
                WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND code_id = %(id)s AND state > 'held'
                ORDER BY state, expires_at LIMIT 1
            )
        )
        """,
        {"store": store_id, "promotion": promotion_id, "id": id_},
    )
    row = await cursor.fetchone()
    return UsedCode(row[0], id_) if row and row[0] is not None else None


async def code_named(connection: Connection, store_id: UUID, promotion_id: UUID, name: str) -> UsedCode | None:
    """Return the code of a promotion that is spelled so, even if it is gone and only its uses are on record."""
    cursor = await connection.execute(
        """
        SELECT coalesce(
            (
                SELECT code FROM promotion_codes
                WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND code_key = %(key)s
            ),
            (
                SELECT code FROM usages
                WHERE store_id = %(store)s AND promotion_id = %(promotion)s AND used_on IS NOT NULL
                    AND lower(code COLLATE "C") = lower(%(name)s COLLATE "C")
                ORDER BY used_on, id LIMIT 1
            )
        )
        """,
        {"store": store_id, "promotion": promotion_id, "key": code_key(name), "name": name.strip()},
    )
    row = await cursor.fetchone()
    return UsedCode(row[0]) if row and row[0] is not None else None


async def shopper_of(connection: Connection, store_id: UUID, redemption_id: UUID) -> NamedShopper | None:
    """Return who made a redemption that used something, or holds it; None for one that does neither."""
    async with connection.cursor(row_factory=rows_of(NamedShopper)) as cursor:
        await cursor.execute(
            "SELECT customer_id, account_id, customer_email, anonymized FROM usages"
            " WHERE store_id = %s AND redemption_id = %s ORDER BY promotion_id, code_id LIMIT 1",
            [store_id, redemption_id],
        )
        return await cursor.fetchone()


async def of_ids(connection: Connection, store_id: UUID, ids: Sequence[UUID]) -> list[Usage]:
    """Return the usages with these ids, in their order; those that are not on record are left out."""
    query = sql.SQL(
        "SELECT one.* FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (asked, place), LATERAL ("
        " SELECT {columns} FROM usages WHERE store_id = %s AND id = asked AND {on_record} OFFSET 0"
        ") AS one ORDER BY place"
    ).format(columns=sql.SQL(COLUMNS), on_record=sql.SQL(ON_RECORD))
    async with connection.cursor(row_factory=rows_of(Usage)) as cursor:
        await cursor.execute(query, [list(ids), store_id])
        return await cursor.fetchall()
