"""Lists of redemptions: filtered, page by page, the newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from couponry.domain.listing import Filter, Page, asked
from couponry.domain.redemption import RedemptionState, Used
from couponry.storage.codes import COUNTED
from couponry.storage.database import Connection
from couponry.storage.filters import Attribute, Attributes, where

FILTERS: Attributes = {
    "order_id": Attribute({"eq": "order_id = %s"}),
    "state": Attribute({"eq": "state = %s"}, read=lambda operand: str(RedemptionState(operand))),
}

BESIDE: Attributes = {**FILTERS, "state": Attribute({"eq": "state || '' = %s"}, read=FILTERS["state"].read)}
"""`FILTERS` where PostgreSQL is not to look the state up: an order has few redemptions, and most are confirmed."""

UNCONFIRMED: Attributes = {
    **FILTERS,
    "state": Attribute({"eq": "(state = %s AND state <> 'confirmed')"}, read=FILTERS["state"].read),
}
"""`FILTERS` for redemptions that are held or released: the index by state has those alone."""


class RedemptionRow(NamedTuple):
    """A redemption without the cart that was judged, and what it uses."""

    id: UUID
    state: RedemptionState
    order_id: str | None
    expires_at: datetime
    """Of a hold: until when it is one."""
    created_at: datetime
    updated_at: datetime
    uses: tuple[Used, ...]


def _condition(wanted: Filter) -> tuple[sql.Composed, list[Any]]:
    state = asked(wanted, "state")
    beside = state is None or state == RedemptionState.CONFIRMED or asked(wanted, "order_id") is not None
    return where(wanted, BESIDE if beside else UNCONFIRMED)


async def page_of(connection: Connection, store_id: UUID, wanted: Filter, page: Page) -> list[RedemptionRow]:
    """Return one page of the store's redemptions that pass *wanted*, the newest first."""
    condition, parameters = _condition(wanted)
    query = sql.SQL(
        "SELECT id, state, order_id, expires_at, created_at, updated_at FROM redemptions"
        " WHERE store_id = %s AND {condition} ORDER BY id DESC LIMIT %s OFFSET %s"
    ).format(condition=condition)
    cursor = await connection.execute(query, [store_id, *parameters, page.limit, page.offset])
    rows = await cursor.fetchall()
    uses = await _uses(connection, store_id, [id_ for id_, *_ in rows])
    return [
        RedemptionRow(
            id_, RedemptionState(state), order_id, expires_at, created_at, updated_at, tuple(uses.get(id_, ()))
        )
        for id_, state, order_id, expires_at, created_at, updated_at in rows
    ]


async def _uses(connection: Connection, store_id: UUID, ids: Sequence[UUID]) -> dict[UUID, list[Used]]:
    """Return what each of these redemptions uses, in the order in which promotions applied."""
    # OFFSET 0 makes PostgreSQL look each redemption up, and not read the ledger.
    cursor = await connection.execute(
        """
        SELECT redemption, one.* FROM unnest(%s::uuid[]) AS redemption, LATERAL (
            SELECT promotion_id, code_id, code, uses, id FROM usages
            WHERE store_id = %s AND redemption_id = redemption OFFSET 0
        ) AS one ORDER BY id
        """,
        [list(ids), store_id],
    )
    found: dict[UUID, list[Used]] = {}
    for redemption, *used, _ in await cursor.fetchall():
        found.setdefault(redemption, []).append(Used(*used))
    return found


async def total(connection: Connection, store_id: UUID, wanted: Filter) -> tuple[int, bool]:
    """Return how many redemptions pass *wanted*, and whether that is exact or counting stopped at `COUNTED`."""
    condition, parameters = _condition(wanted)
    # In the order of an index, so that PostgreSQL stops with the last that counts.
    query = sql.SQL(
        "SELECT count(*) FROM ("
        "SELECT FROM redemptions WHERE store_id = %s AND {condition} ORDER BY id LIMIT %s) AS passing"
    ).format(condition=condition)
    cursor = await connection.execute(query, [store_id, *parameters, COUNTED])
    row = await cursor.fetchone()
    passing = row[0] if row else 0
    return passing, passing < COUNTED
