"""Lists of the audit log: filtered, newest first, page by page."""

from typing import LiteralString
from uuid import UUID

from psycopg import sql

from couponry.domain.audit import Entry
from couponry.domain.listing import Filter, Page
from couponry.storage.codes import COUNTED
from couponry.storage.database import Connection, rows_of
from couponry.storage.filters import Attribute, Attributes, read_moment, where

COLUMNS: LiteralString = """
    store_id, id, at, via, client_id, action, object_type, object_id, object_name, details, changes, request_id
"""

FILTERS: Attributes = {
    "action": Attribute({"eq": "action = %s"}),
    "client_id": Attribute({"eq": "client_id = %s"}),
    "object_id": Attribute({"eq": "object_id = %s"}),
    "at": Attribute({"gt": "at > %s", "ge": "at >= %s", "lt": "at < %s", "le": "at <= %s"}, read=read_moment),
}


async def page_of(connection: Connection, store_id: UUID, wanted: Filter, page: Page) -> list[Entry]:
    """Return one page of the store's entries that pass *wanted*, newest first."""
    condition, tested = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT {columns} FROM audit_log WHERE store_id = %s AND {condition}"
        " ORDER BY at DESC, id DESC LIMIT %s OFFSET %s"
    ).format(columns=sql.SQL(COLUMNS), condition=condition)
    async with connection.cursor(row_factory=rows_of(Entry)) as cursor:
        await cursor.execute(query, [store_id, *tested, page.limit, page.offset])
        return await cursor.fetchall()


async def total(connection: Connection, store_id: UUID, wanted: Filter) -> tuple[int, bool]:
    """Return how many entries pass *wanted*, and whether that is exact or counting stopped at `COUNTED`."""
    condition, tested = where(wanted, FILTERS)
    # Sorted as the indexes are, so that no entry of another store is read.
    query = sql.SQL(
        "SELECT count(*) FROM (SELECT FROM audit_log WHERE store_id = %s AND {condition}"
        " ORDER BY at DESC, id DESC LIMIT %s) AS passing"
    ).format(condition=condition)
    cursor = await connection.execute(query, [store_id, *tested, COUNTED])
    row = await cursor.fetchone()
    passing = row[0] if row else 0
    return passing, passing < COUNTED
