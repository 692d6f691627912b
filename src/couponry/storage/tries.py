"""The table of the tries to come in by a secret."""

from datetime import datetime, timedelta

import msgspec

from couponry.storage.database import Connection

SWEPT = 100
"""How many rows that are forgotten go with each new one: more than come, so that none pile up."""


class Slowness(msgspec.Struct, frozen=True, kw_only=True):
    """How tries are slowed: after *free* of them each waits twice as long as the last, up to *longest*."""

    free: int
    longest: timedelta
    forgotten: timedelta
    """After how long without a try nothing is held against anybody."""


async def count_try(connection: Connection, who: bytes, at: datetime, slowness: Slowness) -> float | None:
    """Count a try of *who* and return None; where it comes too soon, return the seconds to wait instead.

    Tries of the same *who* at the same moment are counted one after the other, in whatever processes they arrive.
    """
    cursor = await connection.execute(
        """
        INSERT INTO sign_in_tries AS known (who, tries, last_try) VALUES (%(who)s, 1, %(at)s)
        ON CONFLICT (who) DO UPDATE SET last_try = %(at)s,
            tries = CASE WHEN known.last_try <= %(forgotten)s THEN 1 ELSE known.tries + 1 END
        WHERE known.tries < %(free)s OR known.last_try <= %(forgotten)s OR known.last_try
            + make_interval(secs => least(power(2, least(known.tries - %(free)s, 30)), %(longest)s)) <= %(at)s
        """,
        _parameters(who, at, slowness),
    )
    if cursor.rowcount:
        return None
    return await waiting(connection, who, at, slowness) or 0.0


async def is_new(connection: Connection, what: bytes, at: datetime, forgotten: timedelta) -> bool:
    """Note *what* was tried and return True, or False where that was noted and is not *forgotten*."""
    cursor = await connection.execute(
        """
        INSERT INTO sign_in_tries AS known (who, tries, last_try) VALUES (%(what)s, 1, %(at)s)
        ON CONFLICT (who) DO UPDATE SET last_try = %(at)s WHERE known.last_try <= %(forgotten)s
        """,
        {"what": what, "at": at, "forgotten": at - forgotten},
    )
    return cursor.rowcount == 1


async def waiting(connection: Connection, who: bytes, at: datetime, slowness: Slowness) -> float | None:
    """Return the seconds until a try of *who* would be counted again; None where it would be by now."""
    cursor = await connection.execute(
        """
        SELECT extract(epoch FROM last_try
            + make_interval(secs => least(power(2, least(tries - %(free)s, 30)), %(longest)s)) - %(at)s)::float8
        FROM sign_in_tries WHERE who = %(who)s AND tries >= %(free)s AND last_try > %(forgotten)s
        """,
        _parameters(who, at, slowness),
    )
    row = await cursor.fetchone()
    return row[0] if row and row[0] > 0 else None


def _parameters(who: bytes, at: datetime, slowness: Slowness) -> dict[str, object]:
    return {
        "who": who,
        "at": at,
        "free": slowness.free,
        "longest": slowness.longest.total_seconds(),
        "forgotten": at - slowness.forgotten,
    }


async def forgive(connection: Connection, who: bytes) -> None:
    """Hold no earlier try against *who*."""
    await connection.execute("DELETE FROM sign_in_tries WHERE who = %s", [who])


async def sweep(connection: Connection, before: datetime) -> None:
    """Remove some of the tries before a moment."""
    await connection.execute(
        "DELETE FROM sign_in_tries WHERE who IN (SELECT who FROM sign_in_tries WHERE last_try <= %s"
        " ORDER BY last_try LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, SWEPT],
    )
