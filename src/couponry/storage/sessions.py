"""The table of the console's sessions."""

from datetime import datetime
from uuid import UUID

import msgspec

from couponry.storage.database import Connection, rows_of
from couponry.storage.stores import Client

SWEPT = 100
"""How many rows that are over go with each new one: more than come, so that none pile up."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and until when."""

    store_id: UUID
    store_name: str
    client_id: str
    client_name: str
    expires_at: datetime


async def add(connection: Connection, id_: bytes, client: Client, expires_at: datetime) -> bool:
    """Add a session of *client* and return True, or False where it was revoked, or has another secret, by now.

    Until the transaction ends, neither can happen: whoever does it then finds the session.
    """
    cursor = await connection.execute(
        """
        WITH standing AS (
            SELECT store_id, client_id FROM clients
            WHERE store_id = %s AND client_id = %s AND secret_hash = %s AND revoked_at IS NULL FOR SHARE
        )
        INSERT INTO console_sessions (id, store_id, client_id, expires_at)
        SELECT %s, store_id, client_id, %s FROM standing
        """,
        [client.store_id, client.client_id, client.secret_hash, id_, expires_at],
    )
    return cursor.rowcount == 1


async def get(connection: Connection, id_: bytes, at: datetime) -> Session | None:
    """Return a session, or None when it is over or its client was revoked."""
    async with connection.cursor(row_factory=rows_of(Session)) as cursor:
        await cursor.execute(
            """
            SELECT session.store_id, stores.name AS store_name, session.client_id,
                clients.name AS client_name, expires_at
            FROM console_sessions AS session
            JOIN clients ON clients.store_id = session.store_id AND clients.client_id = session.client_id
            JOIN stores ON stores.store_id = session.store_id
            WHERE session.id = %s AND expires_at > %s AND revoked_at IS NULL
            """,
            [id_, at],
        )
        return await cursor.fetchone()


async def remove(connection: Connection, id_: bytes) -> None:
    """Remove a session."""
    await connection.execute("DELETE FROM console_sessions WHERE id = %s", [id_])


async def remove_all(connection: Connection, store_id: UUID, client_id: str) -> None:
    """Remove every session of a client."""
    await connection.execute(
        "DELETE FROM console_sessions WHERE store_id = %s AND client_id = %s", [store_id, client_id]
    )


async def count(connection: Connection, store_id: UUID, client_id: str, at: datetime) -> int:
    """Return how many sessions of a client are not over."""
    cursor = await connection.execute(
        "SELECT count(*) FROM console_sessions WHERE store_id = %s AND client_id = %s AND expires_at > %s",
        [store_id, client_id, at],
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def sweep(connection: Connection, at: datetime) -> None:
    """Remove some of the sessions that are over."""
    await connection.execute(
        "DELETE FROM console_sessions WHERE id IN (SELECT id FROM console_sessions WHERE expires_at <= %s"
        " ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [at, SWEPT],
    )
