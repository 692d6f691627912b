"""Answering retries: a request that was sent before, under the same key, gets the first answer."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from couponry.domain.redemption_errors import IdempotencyKeyReused
from couponry.services.context import Context
from couponry.storage import idempotency
from couponry.storage.database import Database
from couponry.storage.idempotency import Answered, Key

KEPT = timedelta(hours=24)
"""How long the answer to a request is kept for its retries, at least; as long as any hold."""

AT_ONCE = 1_000
"""How many keys are deleted in one transaction."""

BATCHES = 20
"""How many such transactions there are in one go."""


async def sweep_keys(database: Database) -> None:
    """Delete the oldest of the keys that no retry is expected for any more."""
    for _ in range(BATCHES):
        async with database.transaction() as connection:
            if await idempotency.delete_older(connection, KEPT, AT_ONCE) < AT_ONCE:
                return


async def answered(database: Database, store_id: UUID, key: Key) -> bytes | None:
    """Return what a retry gets; None for the first request under a key.

    Raises:
        IdempotencyKeyReused: the key was sent with another request.
    """
    async with database.connection() as connection:
        found = await idempotency.find(connection, store_id, [key.key])
    return checked(key, found[key.key]) if found else None


async def awaited(database: Database, store_id: UUID, key: Key) -> bytes | None:
    """Return what a retry gets once the first request is through, if that was granted anything.

    Raises:
        IdempotencyKeyReused: the key was sent with another request.
    """
    async with database.connection() as connection, connection.transaction(force_rollback=True):
        if await idempotency.take(connection, store_id, [(key, b"")]):
            return None
        return checked(key, (await idempotency.find(connection, store_id, [key.key]))[key.key])


async def once(context: Context, key: Key | None, work: Callable[[], Awaitable[bytes]]) -> tuple[bytes, bool]:
    """Return what *work* answers, which is done once for each key; and whether it was answered before.

    The key is taken in the transaction that does the work, so a request that is refused leaves it free.

    Raises:
        IdempotencyKeyReused: the key was sent with another request; and whatever *work* raises.
    """
    if key is None:
        return await work(), False
    connection, store_id = context.connection, context.store_id
    if not await idempotency.take(connection, store_id, [(key, b"")]):
        return checked(key, (await idempotency.find(connection, store_id, [key.key]))[key.key]), True
    answer = await work()
    await idempotency.answer(connection, store_id, key.key, answer)
    return answer, False


def checked(key: Key, found: Answered) -> bytes:
    """Return what was answered under a key.

    Raises:
        IdempotencyKeyReused: the key was sent with another request.
    """
    if found.request != key.request:
        raise IdempotencyKeyReused
    return found.answer
