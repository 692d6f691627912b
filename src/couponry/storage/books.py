"""Reading the promotions of a store for judging carts: all of them once, then only what changed."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec

from couponry.domain.promotions import PromotionAttributes
from couponry.storage.database import Connection


class Row(msgspec.Struct, frozen=True):
    """A promotion as it is kept, undecoded."""

    id: UUID
    created_at: datetime
    members: dict[str, object]
    rule_set: str

    def promotion(self) -> PromotionAttributes:
        """Return the promotion, without its custom fields.

        Raises:
            ValueError, Refusal: it was kept by rules that are no longer ours.
        """
        return msgspec.convert({**self.members, "rule_set": msgspec.json.decode(self.rule_set)}, PromotionAttributes)


@asynccontextmanager
async def one_moment(connection: Connection) -> AsyncGenerator[None]:
    """Let the block see the database as it is at one moment."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


async def version(connection: Connection, store_id: UUID) -> int:
    """Return the version of a store's promotions."""
    cursor = await connection.execute("SELECT promotions_version FROM stores WHERE store_id = %s", [store_id])
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def marks(connection: Connection, store_id: UUID) -> dict[UUID, str]:
    """Return for each of a store's promotions a mark that is another one after each change."""
    cursor = await connection.execute(
        "SELECT id, xmin::text FROM promotions WHERE store_id = %s AND deleted_at IS NULL", [store_id]
    )
    return dict(await cursor.fetchall())


async def rows(connection: Connection, store_id: UUID, ids: Sequence[UUID]) -> list[Row]:
    """Return those promotions of a store that are named."""
    cursor = await connection.execute(
        """
        SELECT id, created_at, rule_set::text, name, description, enabled, automatic, priority, stackable,
            override_stacking, "start", "end"
        FROM promotions WHERE store_id = %s AND id = ANY(%s)
        """,
        [store_id, list(ids)],
    )
    names = [column.name for column in cursor.description or ()][3:]
    found = await cursor.fetchall()
    return [Row(row[0], row[1], dict(zip(names, row[3:], strict=True)), row[2]) for row in found]
