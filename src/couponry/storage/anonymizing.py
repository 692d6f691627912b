"""Forgetting the e-mail addresses of shoppers, wherever redemptions have left them.

The hashes that limits are kept by stay, and no counter is touched.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from couponry.domain.usages import FORGOTTEN
from couponry.storage.database import Connection, by_index


class Traced(NamedTuple):
    """A row of the ledger, held or used or given back, and the address that it has."""

    promotion_id: UUID
    id: UUID
    code_id: UUID
    code: str
    held: bool
    address: str | None
    """None where there is none, or it was forgotten."""


async def redemptions_of_shopper(connection: Connection, store_id: UUID, shopper: bytes) -> list[UUID]:
    """Return the redemptions of whoever has that hash, in their order."""
    # OFFSET 0 makes PostgreSQL look the hash up, and not read all redemptions of the store.
    async with by_index(connection):
        cursor = await connection.execute(
            "SELECT id FROM (SELECT store_id, id FROM redemptions WHERE shoppers @> ARRAY[%s::bytea] OFFSET 0) AS known"
            " WHERE store_id = %s ORDER BY id",
            [shopper, store_id],
        )
        return [id_ for (id_,) in await cursor.fetchall()]


async def redemptions_of_usages(connection: Connection, store_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Return the redemptions that these usages belong to, in their order."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT redemption_id FROM unnest(%s::uuid[]) AS asked, LATERAL (
            SELECT redemption_id FROM usages WHERE store_id = %s AND id = asked OFFSET 0
        ) AS one ORDER BY redemption_id
        """,
        [list(ids), store_id],
    )
    return [id_ for (id_,) in await cursor.fetchall()]


async def lock_redemptions(connection: Connection, store_id: UUID, ids: Sequence[UUID]) -> None:
    """Let nobody else move these redemptions until the transaction ends; *ids* are in order."""
    await connection.execute(
        """
        SELECT FROM unnest(%s::uuid[]) AS wanted, LATERAL (
            SELECT id FROM redemptions WHERE store_id = %s AND id = wanted FOR NO KEY UPDATE OFFSET 0
        ) AS one
        """,
        [list(ids), store_id],
    )


async def traces(connection: Connection, store_id: UUID, redemption_ids: Sequence[UUID]) -> list[Traced]:
    """Return what the ledger has of these redemptions, as they were made."""
    cursor = await connection.execute(
        """
        SELECT one.* FROM unnest(%s::uuid[]) AS redemption, LATERAL (
            SELECT promotion_id, id, code_id, code, state = 'held', CASE WHEN NOT anonymized THEN customer_email END
            FROM usages WHERE store_id = %s AND redemption_id = redemption OFFSET 0
        ) AS one ORDER BY id
        """,
        [list(redemption_ids), store_id],
    )
    return [Traced(*row) for row in await cursor.fetchall()]


async def forget(connection: Connection, store_id: UUID, traced: Sequence[Traced], by: str) -> None:
    """Forget the addresses of those rows of the ledger; one that was forgotten before is left as it is."""
    if not traced:
        return
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "UPDATE usages SET customer_email = %s, anonymized = true, updated_at = now(), updated_by = %s"
            " WHERE store_id = %s AND promotion_id = %s AND id = %s AND NOT anonymized",
            [(FORGOTTEN, by, store_id, one.promotion_id, one.id) for one in traced],
        )


async def evaluations(connection: Connection, store_id: UUID, redemption_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return the carts of these redemptions as they were judged, as JSON."""
    cursor = await connection.execute(
        """
        SELECT one.* FROM unnest(%s::uuid[]) AS redemption, LATERAL (
            SELECT id, evaluation::text FROM redemptions WHERE store_id = %s AND id = redemption OFFSET 0
        ) AS one
        """,
        [list(redemption_ids), store_id],
    )
    return {id_: text.encode() for id_, text in await cursor.fetchall()}


async def answers(connection: Connection, store_id: UUID, redemption_ids: Sequence[UUID]) -> dict[str, bytes]:
    """Return the answers that are kept for retries of these redemptions, each by its idempotency key."""
    cursor = await connection.execute(
        """
        SELECT one.* FROM unnest(%s::bytea[]) AS beginning, LATERAL (
            SELECT key, answer FROM idempotency_keys
            WHERE store_id = %s AND substring(answer FROM 1 FOR 44) = beginning OFFSET 0
        ) AS one
        """,
        [[f'{{"id":"{id_}"'.encode() for id_ in redemption_ids], store_id],
    )
    return dict(await cursor.fetchall())


async def replace(
    connection: Connection, store_id: UUID, judged: Mapping[UUID, bytes], kept: Mapping[str, bytes]
) -> None:
    """Store the evaluations of locked redemptions, and the answers under idempotency keys, in place of what was."""
    async with connection.cursor() as cursor:
        if judged:
            await cursor.executemany(
                "UPDATE redemptions SET evaluation = %s::json WHERE store_id = %s AND id = %s",
                [(evaluation.decode(), store_id, id_) for id_, evaluation in judged.items()],
            )
        if kept:
            await cursor.executemany(
                "UPDATE idempotency_keys SET answer = %s WHERE store_id = %s AND key = %s",
                [(answer, store_id, key) for key, answer in kept.items()],
            )
