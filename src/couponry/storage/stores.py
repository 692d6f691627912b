"""The tables of stores, their API clients, and the keys that sign what Couponry hands out."""

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import sql

from couponry.domain.listing import Page
from couponry.storage.database import Connection, rows_of


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant and its limits; an unset limit does not limit."""

    store_id: UUID
    name: str
    max_codes_per_job: int | None = None
    max_codes_per_promotion: int | None = None
    max_automatic_promotions: int
    created_at: datetime


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask for tokens: an id, and the SHA-256 of its secret."""

    store_id: UUID
    client_id: str
    name: str
    secret_hash: bytes = b""
    created_at: datetime
    revoked_at: datetime | None = None
    created_by: str | None = None
    last_used_at: datetime | None = None
    """When it last got a token or signed in, to the hour."""


LIMITS: dict[str, LiteralString] = {
    "max_codes_per_job": "UPDATE stores SET max_codes_per_job = %s WHERE store_id = %s",
    "max_codes_per_promotion": "UPDATE stores SET max_codes_per_promotion = %s WHERE store_id = %s",
    "max_automatic_promotions": "UPDATE stores SET max_automatic_promotions = %s WHERE store_id = %s",
}
"""The settings of a store that an operator may change, and how."""

_STORE: LiteralString = (
    "SELECT store_id, name, max_codes_per_job, max_codes_per_promotion, max_automatic_promotions, created_at"
    " FROM stores"
)
_CLIENT: LiteralString = (
    "SELECT store_id, client_id, name, secret_hash, created_at, revoked_at, created_by, last_used_at FROM clients"
)


async def add_store(connection: Connection, store: Store) -> bool:
    """Add *store* and return True, or return False when one of that name exists."""
    cursor = await connection.execute(
        "INSERT INTO stores (store_id, name, max_codes_per_job, max_codes_per_promotion,"
        " max_automatic_promotions, created_at) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            store.store_id,
            store.name,
            store.max_codes_per_job,
            store.max_codes_per_promotion,
            store.max_automatic_promotions,
            store.created_at,
        ],
    )
    return cursor.rowcount == 1


async def stores(connection: Connection) -> list[Store]:
    """Return every store, by name."""
    async with connection.cursor(row_factory=rows_of(Store)) as cursor:
        await cursor.execute(sql.SQL(_STORE) + sql.SQL(" ORDER BY name"))
        return await cursor.fetchall()


async def store_named(connection: Connection, name: str) -> Store | None:
    """Return the store with that name or, written out, that id."""
    async with connection.cursor(row_factory=rows_of(Store)) as cursor:
        await cursor.execute(sql.SQL(_STORE) + sql.SQL(" WHERE name = %s OR store_id::text = %s"), [name, name])
        return await cursor.fetchone()


async def store_of(connection: Connection, store_id: UUID) -> Store:
    """Return a store that exists."""
    async with connection.cursor(row_factory=rows_of(Store)) as cursor:
        await cursor.execute(sql.SQL(_STORE) + sql.SQL(" WHERE store_id = %s"), [store_id])
        store = await cursor.fetchone()
        assert store is not None
        return store


async def set_limit(connection: Connection, store_id: UUID, limit: str, value: int | None) -> None:
    """Set one of `LIMITS` of a store; None lifts it."""
    await connection.execute(LIMITS[limit], [value, store_id])


async def queue_promotion_change(connection: Connection, store_id: UUID) -> None:
    """Wait for the store's other promotion changes to commit, and note that there is a new one."""
    await connection.execute(
        "UPDATE stores SET promotions_version = promotions_version + 1 WHERE store_id = %s", [store_id]
    )


async def add_client(connection: Connection, client: Client) -> bool:
    """Add *client* and return True, or return False when its id is taken."""
    cursor = await connection.execute(
        "INSERT INTO clients (store_id, client_id, name, secret_hash, created_at, created_by)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [
            client.store_id,
            client.client_id,
            client.name,
            client.secret_hash,
            client.created_at,
            client.created_by,
        ],
    )
    return cursor.rowcount == 1


async def clients(connection: Connection, store_id: UUID, page: Page | None = None) -> list[Client]:
    """Return a store's clients or one *page* of them, revoked ones too, oldest first."""
    limit, offset = (None, 0) if page is None else (page.limit, page.offset)
    async with connection.cursor(row_factory=rows_of(Client)) as cursor:
        await cursor.execute(
            sql.SQL(_CLIENT) + sql.SQL(" WHERE store_id = %s ORDER BY created_at, client_id LIMIT %s OFFSET %s"),
            [store_id, limit, offset],
        )
        return await cursor.fetchall()


async def count_clients(connection: Connection, store_id: UUID) -> int:
    """Return how many clients a store has, revoked ones too."""
    cursor = await connection.execute("SELECT count(*) FROM clients WHERE store_id = %s", [store_id])
    row = await cursor.fetchone()
    return row[0] if row else 0


async def client_of(connection: Connection, store_id: UUID, client_id: str) -> Client | None:
    """Return the client of a store with that id, be it revoked or not."""
    async with connection.cursor(row_factory=rows_of(Client)) as cursor:
        await cursor.execute(
            sql.SQL(_CLIENT) + sql.SQL(" WHERE store_id = %s AND client_id = %s"), [store_id, client_id]
        )
        return await cursor.fetchone()


async def client_names(connection: Connection, store_id: UUID, client_ids: Collection[str]) -> dict[str, str]:
    """Return what those of a store's clients are called that have one of these ids, revoked ones too, by id."""
    cursor = await connection.execute(
        "SELECT client_id, name FROM clients WHERE store_id = %s AND client_id = ANY(%s)", [store_id, list(client_ids)]
    )
    return dict(await cursor.fetchall())


async def note_used(connection: Connection, client: Client, at: datetime, before: datetime) -> None:
    """Note that a client came *at* a moment, unless it is noted that it came since *before*."""
    await connection.execute(
        "UPDATE clients SET last_used_at = %s"
        " WHERE store_id = %s AND client_id = %s AND (last_used_at IS NULL OR last_used_at <= %s)",
        [at, client.store_id, client.client_id, before],
    )


async def client(connection: Connection, client_id: str) -> Client | None:
    """Return the client with that id that is not revoked, whatever its store."""
    async with connection.cursor(row_factory=rows_of(Client)) as cursor:
        await cursor.execute(sql.SQL(_CLIENT) + sql.SQL(" WHERE client_id = %s AND revoked_at IS NULL"), [client_id])
        return await cursor.fetchone()


async def set_secret(connection: Connection, store_id: UUID, client_id: str, secret_hash: bytes) -> None:
    """Give a client another secret."""
    await connection.execute(
        "UPDATE clients SET secret_hash = %s WHERE store_id = %s AND client_id = %s",
        [secret_hash, store_id, client_id],
    )


async def revoke_client(connection: Connection, store_id: UUID, client_id: str, at: datetime) -> bool:
    """Revoke a client and return whether there was one to revoke."""
    cursor = await connection.execute(
        "UPDATE clients SET revoked_at = %s WHERE store_id = %s AND client_id = %s AND revoked_at IS NULL",
        [at, store_id, client_id],
    )
    return cursor.rowcount == 1


async def signing_key(connection: Connection, purpose: str, drawn: bytes) -> bytes:
    """Return the key for *purpose*: the one kept, or *drawn* when none was kept before."""
    await connection.execute("INSERT INTO signing_keys VALUES (%s, %s) ON CONFLICT DO NOTHING", [purpose, drawn])
    cursor = await connection.execute("SELECT key FROM signing_keys WHERE purpose = %s", [purpose])
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def lock_access(connection: Connection) -> None:
    """Let nobody else begin with stores and clients until this transaction ends."""
    await connection.execute("LOCK TABLE stores IN SHARE ROW EXCLUSIVE MODE")


async def has_stores(connection: Connection) -> bool:
    """Tell whether any store exists yet."""
    cursor = await connection.execute("SELECT EXISTS (SELECT FROM stores)")
    row = await cursor.fetchone()
    return bool(row and row[0])


async def revision(connection: Connection) -> str | None:
    """Return which migration the schema is at, or None before the first."""
    cursor = await connection.execute("SELECT version_num FROM alembic_version")
    row = await cursor.fetchone()
    return row[0] if row else None
