"""Who was forgotten, and how often: what was begun before somebody was forgotten tells nothing of them after.

Whoever forgets a shopper holds the shopper alone until the transaction ends, and whoever writes of one together with
others. These are the first locks of a transaction, taken in one order.
"""

from collections.abc import Iterable
from uuid import UUID

from couponry.storage.database import Connection


async def times(connection: Connection, store_id: UUID, shoppers: Iterable[bytes]) -> dict[bytes, int]:
    """Return how often each of *shoppers* has been forgotten, 0 for those that never were."""
    asked = list(shoppers)
    cursor = await connection.execute(
        """
        SELECT asked, known.times FROM unnest(%s::bytea[]) AS asked, LATERAL (
            SELECT times FROM forgotten_shoppers WHERE store_id = %s AND shopper = asked OFFSET 0
        ) AS known
        """,
        [asked, store_id],
    )
    return dict.fromkeys(asked, 0) | dict(await cursor.fetchall())


async def share(connection: Connection, shoppers: Iterable[bytes]) -> None:
    """Let nobody forget *shoppers* until the transaction ends; waits for whoever is forgetting one."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock_shared(lock) FROM unnest(%s::bigint[]) AS lock", [_locks(shoppers)]
    )


async def note(connection: Connection, store_id: UUID, shoppers: Iterable[bytes]) -> None:
    """Note that *shoppers* are being forgotten; waits for whoever is writing of one, and lets nobody else do it."""
    ordered = sorted(set(shoppers))
    await connection.execute("SELECT pg_advisory_xact_lock(lock) FROM unnest(%s::bigint[]) AS lock", [_locks(ordered)])
    await connection.execute(
        "INSERT INTO forgotten_shoppers (store_id, shopper, times) SELECT %s, shopper, 1 FROM unnest(%s::bytea[])"
        " AS shopper ON CONFLICT (store_id, shopper) DO UPDATE SET times = forgotten_shoppers.times + 1",
        [store_id, ordered],
    )


def _locks(shoppers: Iterable[bytes]) -> list[int]:
    """Return the advisory locks that stand for *shoppers*, in order: a part of each hash."""
    return sorted({int.from_bytes(shopper[:8], signed=True) for shopper in shoppers})
