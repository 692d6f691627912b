"""The table of carts, and the cart settings of stores."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from couponry.domain.cart_settings import CartSettings
from couponry.domain.shopping_cart import ShoppingCart
from couponry.storage.database import Connection, by_index


class StoredCart(msgspec.Struct, frozen=True):
    """A cart as it stands; of version 0 where nobody has stored it yet."""

    cart: ShoppingCart
    version: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    known_by: Sequence[bytes] = ()
    """What everybody is known by whom it has belonged to."""


_decoder = msgspec.json.Decoder(ShoppingCart)


async def get(connection: Connection, store_id: UUID, id_: str, at: datetime) -> StoredCart | None:
    """Return the cart with that id that has not expired *at* a moment, if the store has one."""
    cursor = await connection.execute(
        """
        SELECT state, version, created_at, updated_at, expires_at, shoppers FROM carts
        WHERE store_id = %s AND id = %s AND expires_at > %s
        """,
        [store_id, id_, at],
    )
    row = await cursor.fetchone()
    return StoredCart(_decoder.decode(row[0]), *row[1:]) if row else None


async def put(connection: Connection, store_id: UUID, id_: str, new: StoredCart) -> bool:
    """Store *new* as the next after its version, and return whether nobody else has changed the cart meanwhile."""
    state = msgspec.json.encode(new.cart).decode()
    if new.version == 0:
        # A cart that is made anew under its old id begins anywhere, so that it is never taken for the old one.
        cursor = await connection.execute(
            """
            INSERT INTO carts (store_id, id, state, version, created_at, updated_at, expires_at, shoppers)
            VALUES (%s, %s, %s, 1 + floor(random() * 1e9)::int, %s, %s, %s, %s::bytea[])
            ON CONFLICT (store_id, id) DO UPDATE SET
                state = excluded.state, version = carts.version + 1, created_at = excluded.created_at,
                updated_at = excluded.updated_at, expires_at = excluded.expires_at, shoppers = excluded.shoppers
            WHERE carts.expires_at <= excluded.created_at
            """,
            [store_id, id_, state, new.created_at, new.updated_at, new.expires_at, list(new.known_by)],
        )
    else:
        cursor = await connection.execute(
            """
            UPDATE carts SET state = %s, version = version + 1, updated_at = %s, expires_at = %s, shoppers = %s::bytea[]
            WHERE store_id = %s AND id = %s AND version = %s
            """,
            [state, new.updated_at, new.expires_at, list(new.known_by), store_id, id_, new.version],
        )
    return cursor.rowcount == 1


async def delete(connection: Connection, store_id: UUID, id_: str) -> None:
    """Delete a cart, if there is one."""
    await connection.execute("DELETE FROM carts WHERE store_id = %s AND id = %s", [store_id, id_])


async def delete_expired(connection: Connection, store_id: UUID, at: datetime, most: int) -> None:
    """Delete some of the store's carts that had expired *at* a moment; nobody waits for anybody."""
    await connection.execute(
        """
        DELETE FROM carts WHERE store_id = %s AND id IN (
            SELECT id FROM carts WHERE store_id = %s AND expires_at <= %s ORDER BY expires_at LIMIT %s
            FOR UPDATE SKIP LOCKED
        )
        """,
        [store_id, store_id, at, most],
    )


async def of_shoppers(connection: Connection, store_id: UUID, shoppers: Iterable[bytes]) -> dict[str, ShoppingCart]:
    """Return the carts of whoever has one of these hashes, by id, locked in their order."""
    # OFFSET 0 makes PostgreSQL look the hashes up, and not read all carts of the store.
    async with by_index(connection):
        cursor = await connection.execute(
            """
            SELECT one.id, one.state FROM unnest(ARRAY(
                SELECT id FROM (
                    SELECT store_id, id FROM carts WHERE shoppers && %s::bytea[] AND shoppers <> '{}' OFFSET 0
                ) AS known WHERE store_id = %s ORDER BY id
            )) AS wanted, LATERAL (
                SELECT id, state FROM carts WHERE store_id = %s AND id = wanted FOR NO KEY UPDATE OFFSET 0
            ) AS one
            """,
            [list(shoppers), store_id, store_id],
        )
        return {id_: _decoder.decode(state) for id_, state in await cursor.fetchall()}


async def replace(connection: Connection, store_id: UUID, changed: Mapping[str, ShoppingCart]) -> None:
    """Store locked carts as they are given; whoever was changing one begins again."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "UPDATE carts SET state = %s, version = version + 1 WHERE store_id = %s AND id = %s",
            [(msgspec.json.encode(cart).decode(), store_id, id_) for id_, cart in changed.items()],
        )


async def settings(connection: Connection, store_id: UUID, *, lock: bool = False) -> CartSettings:
    """Return the cart settings of a store; with *lock*, nobody else changes them until the transaction ends."""
    if lock:
        await connection.execute("SELECT FROM stores WHERE store_id = %s FOR NO KEY UPDATE", [store_id])
    cursor = await connection.execute("SELECT cart_settings::text FROM stores WHERE store_id = %s", [store_id])
    row = await cursor.fetchone()
    assert row is not None
    return msgspec.json.decode(row[0], type=CartSettings)


async def set_settings(connection: Connection, store_id: UUID, new: CartSettings) -> None:
    """Change the cart settings of a store."""
    await connection.execute(
        "UPDATE stores SET cart_settings = %s WHERE store_id = %s", [msgspec.json.encode(new).decode(), store_id]
    )
