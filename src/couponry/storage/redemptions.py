"""The table of redemptions."""

from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET
from psycopg import sql

from couponry.domain.redemption import Redemption, RedemptionState
from couponry.storage import usages
from couponry.storage.database import Connection, hexadecimal, json_rows
from couponry.storage.usages import Usage


class NewRedemption(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption that is to be written down."""

    id: UUID
    state: RedemptionState
    order_id: str | None
    expires_at: datetime
    evaluation: bytes
    """As JSON."""
    shoppers: tuple[bytes, ...]
    created_by: str
    created_at: datetime


class Kept(NamedTuple):
    """A redemption as it is kept, without its uses, and all that its shopper is known by."""

    redemption: Redemption
    shoppers: list[bytes]


ADD: LiteralString = """
    INSERT INTO redemptions (
        store_id, id, state, order_id, expires_at, evaluation, shoppers, created_by, updated_by, created_at, updated_at
    )
    SELECT %(store)s, id, state, order_id, expires_at, evaluation, shoppers, "by", "by", "at", "at"
    FROM json_to_recordset(%(redemptions)s::json) AS new (
        id uuid, state text, order_id text, expires_at timestamptz, evaluation json, shoppers bytea[], "by" text,
        "at" timestamptz
    )
"""


async def add(
    connection: Connection, store_id: UUID, redemptions: Iterable[NewRedemption], uses: Iterable[Usage]
) -> None:
    """Write *redemptions* down, and all that they use."""
    await connection.execute(
        f"WITH made AS ({ADD}), {usages.ADDING}",
        {"store": store_id, "redemptions": _rows(redemptions), "usages": usages.rows(uses)},
    )


def _rows(redemptions: Iterable[NewRedemption]) -> str:
    return json_rows(
        [
            {
                "id": one.id,
                "state": one.state,
                "order_id": one.order_id,
                "expires_at": one.expires_at,
                "evaluation": msgspec.Raw(one.evaluation),
                "shoppers": hexadecimal(one.shoppers),
                "by": one.created_by,
                "at": one.created_at,
            }
            for one in redemptions
        ]
    )


async def get(connection: Connection, store_id: UUID, id_: UUID, *, lock: bool = False) -> Kept | None:
    """Return a redemption or None; with *lock*, nobody else moves it until the transaction ends."""
    query = sql.SQL(
        "SELECT id, state, expires_at, order_id, evaluation::text, shoppers FROM redemptions"
        " WHERE store_id = %s AND id = %s{lock}"
    )
    locking = sql.SQL(" FOR NO KEY UPDATE" if lock else "")
    cursor = await connection.execute(query.format(lock=locking), [store_id, id_])
    row = await cursor.fetchone()
    if row is None:
        return None
    state = RedemptionState(row[1])
    redemption = Redemption(
        id=row[0],
        state=state,
        expires_at=row[2] if state is RedemptionState.HELD else UNSET,
        order_id=UNSET if row[3] is None else row[3],
        evaluation=msgspec.Raw(row[4].encode()),
    )
    return Kept(redemption, row[5])


async def move(connection: Connection, store_id: UUID, redemption: Redemption, by: str) -> None:
    """Move a locked redemption to the state and order that it is given with."""
    await connection.execute(
        "UPDATE redemptions SET state = %s, order_id = %s, updated_by = %s, updated_at = now()"
        " WHERE store_id = %s AND id = %s",
        [
            str(redemption.state),
            None if redemption.order_id is UNSET else redemption.order_id,
            by,
            store_id,
            redemption.id,
        ],
    )
