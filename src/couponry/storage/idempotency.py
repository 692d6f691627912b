"""The table of idempotency keys: what was asked under each, and the answer that every retry gets."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from couponry.storage.database import Connection


class Key(msgspec.Struct, frozen=True):
    """A key that a client chose for one request."""

    key: str
    request: bytes
    """A hash of what was asked."""


class Answered(msgspec.Struct, frozen=True):
    """What was asked under a key, and the answer."""

    request: bytes
    answer: bytes


async def find(connection: Connection, store_id: UUID, keys: Sequence[str]) -> dict[str, Answered]:
    """Return what was answered under those of *keys* that have been used."""
    if not keys:
        return {}
    cursor = await connection.execute(
        """
        SELECT known.* FROM unnest(%s::text[]) AS asked, LATERAL (
            SELECT key, request, answer FROM idempotency_keys WHERE store_id = %s AND key = asked COLLATE "C" OFFSET 0
        ) AS known
        """,
        [list(keys), store_id],
    )
    return {key: Answered(request, answer) for key, request, answer in await cursor.fetchall()}


async def take(connection: Connection, store_id: UUID, answers: Sequence[tuple[Key, bytes]]) -> set[str]:
    """Store *answers*, each under its key, and return the keys that were free until now.

    Waits for whoever is using one of the keys: it is free if that request comes to nothing.
    """
    if not answers:
        return set()
    ordered = sorted(answers, key=lambda one: one[0].key)
    cursor = await connection.execute(
        "INSERT INTO idempotency_keys (store_id, key, request, answer)"
        " SELECT %s, key, request, answer FROM unnest(%s::text[], %s::bytea[], %s::bytea[])"
        " AS new (key, request, answer) ON CONFLICT DO NOTHING RETURNING key",
        [
            store_id,
            [key.key for key, _ in ordered],
            [key.request for key, _ in ordered],
            [answer for _, answer in ordered],
        ],
    )
    return {key for (key,) in await cursor.fetchall()}


async def answer(connection: Connection, store_id: UUID, key: str, said: bytes) -> None:
    """Store what was answered under a key that this transaction has taken."""
    await connection.execute(
        "UPDATE idempotency_keys SET answer = %s WHERE store_id = %s AND key = %s", [said, store_id, key]
    )


async def delete_older(connection: Connection, age: timedelta, most: int) -> int:
    """Delete *most* of the keys of all stores that are older than *age*, the oldest first; return how many these were.

    Keys that somebody else is about to delete or to change are passed over.
    """
    cursor = await connection.execute(
        """
        DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM idempotency_keys WHERE created_at < now() - %s
            ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
        ))
        """,
        [age, most],
    )
    return cursor.rowcount


async def forget(connection: Connection, store_id: UUID, keys: Sequence[str]) -> None:
    """Free *keys* again, whose requests were refused."""
    if keys:
        await connection.execute(
            "DELETE FROM idempotency_keys WHERE store_id = %s AND key = ANY(%s)", [store_id, list(keys)]
        )
