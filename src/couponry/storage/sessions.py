"""The tables of the console's sessions, and of the tries to sign in."""

from datetime import datetime, timedelta
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


class Slowness(msgspec.Struct, frozen=True, kw_only=True):
    """How tries are slowed: after *free* of them each waits twice as long as the last, up to *longest*."""

    free: int
    longest: timedelta
    forgotten: timedelta
    """After how long without a try nothing is held against anybody."""


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


async def count_try(connection: Connection, who: bytes, at: datetime, slowness: Slowness) -> float | None:
    """Count a try of *who* and return None; where it comes too soon, return the seconds to wait instead.

    Tries of the same *who* at the same moment are counted one after the other, in whatever processes they arrive.
    """
    parameters = {
        "who": who,
        "at": at,
        "free": slowness.free,
        "longest": slowness.longest.total_seconds(),
        "forgotten": at - slowness.forgotten,
    }
    cursor = await connection.execute(
        """
        INSERT INTO sign_in_tries AS known (who, tries, last_try) VALUES (%(who)s, 1, %(at)s)
        ON CONFLICT (who) DO UPDATE SET last_try = %(at)s,
            tries = CASE WHEN known.last_try <= %(forgotten)s THEN 1 ELSE known.tries + 1 END
        WHERE known.tries < %(free)s OR known.last_try <= %(forgotten)s OR known.last_try
            + make_interval(secs => least(power(2, least(known.tries - %(free)s, 30)), %(longest)s)) <= %(at)s
        """,
        parameters,
    )
    if cursor.rowcount:
        return None
    cursor = await connection.execute(
        """
        SELECT extract(epoch FROM last_try
            + make_interval(secs => least(power(2, least(tries - %(free)s, 30)), %(longest)s)) - %(at)s)::float8
        FROM sign_in_tries WHERE who = %(who)s
        """,
        parameters,
    )
    row = await cursor.fetchone()
    return max(row[0], 0.0) if row else 0.0


async def forgive(connection: Connection, who: list[bytes]) -> None:
    """Hold no earlier try against *who*."""
    await connection.execute("DELETE FROM sign_in_tries WHERE who = ANY(%s)", [who])


async def sweep_tries(connection: Connection, before: datetime) -> None:
    """Remove some of the tries before a moment."""
    await connection.execute(
        "DELETE FROM sign_in_tries WHERE who IN (SELECT who FROM sign_in_tries WHERE last_try <= %s"
        " ORDER BY last_try LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, SWEPT],
    )
