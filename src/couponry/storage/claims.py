"""The counters that limits are kept by: of codes, of shoppers, and which shoppers have paid for an order.

Whoever changes a counter of a code holds the code's row until the transaction ends. Codes are locked in the order
of promotion and id, so that nobody waits for another in a circle.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from couponry.domain.codes import code_key
from couponry.domain.redemption import Claim, Code, Standing
from couponry.storage.database import Connection, json_rows
from couponry.storage.usages import Freed


class Overtaken(Exception):
    """Somebody else took what was there when it was decided; begin anew."""


async def lock_codes(connection: Connection, store_id: UUID, codes: Mapping[Code, str]) -> dict[Code, Standing]:
    """Lock those of *codes* that anything limits, and return how they stand; others are neither locked nor returned.

    Each code comes with its spelling: PostgreSQL finds codes by id or by key, whichever of two indexes it chooses,
    and before it has statistics it knows no better.

    A code for first orders counts as limited to one use by each shopper: it can be held once.
    """
    ordered = sorted(codes)
    if not ordered:
        return {}
    # OFFSET 0 makes PostgreSQL look each code up and lock it, in the order given.
    cursor = await connection.execute(
        """
        SELECT code.* FROM json_to_recordset(%s::json) AS wanted (promotion_id uuid, id uuid, key text), LATERAL (
            SELECT promotion_id, id, max_uses - used, CASE WHEN is_for_new_shopper THEN 1 ELSE shopper_max_uses END,
                is_for_new_shopper IS TRUE, EXISTS (
                    SELECT FROM usages WHERE store_id = %s AND promotion_id = wanted.promotion_id
                        AND code_id = wanted.id AND state = 'held' AND expires_at <= now()
                ), code_key
            FROM promotion_codes
            WHERE store_id = %s AND promotion_id = wanted.promotion_id AND id = wanted.id
                AND code_key = wanted.key COLLATE "C"
                AND (max_uses IS NOT NULL OR shopper_max_uses IS NOT NULL OR is_for_new_shopper)
            FOR NO KEY UPDATE OFFSET 0
        ) AS code
        """,
        [
            json_rows([{"promotion_id": code[0], "id": code[1], "key": code_key(codes[code])} for code in ordered]),
            store_id,
            store_id,
        ],
    )
    return {(promotion, id_): Standing(*how) for promotion, id_, *how in await cursor.fetchall()}


async def used_by(
    connection: Connection, store_id: UUID, shoppers: Iterable[tuple[Code, bytes]]
) -> dict[tuple[Code, bytes], int]:
    """Return how often each of these shoppers has used that code; those who never did are left out."""
    asked = list(shoppers)
    if not asked:
        return {}
    cursor = await connection.execute(
        """
        SELECT counter.* FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS asked (promotion_id, code_id, shopper),
        LATERAL (
            SELECT promotion_id, code_id, shopper, used FROM code_shoppers
            WHERE store_id = %s AND promotion_id = asked.promotion_id AND code_id = asked.code_id
                AND shopper = asked.shopper OFFSET 0
        ) AS counter
        """,
        [*map(list, zip(*((*code, shopper) for code, shopper in asked), strict=True)), store_id],
    )
    return {((promotion, code), shopper): used for promotion, code, shopper, used in await cursor.fetchall()}


async def paying(connection: Connection, store_id: UUID, shoppers: Iterable[bytes]) -> frozenset[bytes]:
    """Return those of *shoppers* that have paid for an order."""
    asked = sorted(set(shoppers))
    if not asked:
        return frozenset()
    cursor = await connection.execute(
        """
        SELECT asked FROM unnest(%s::bytea[]) AS asked, LATERAL (
            SELECT FROM paying_shoppers WHERE store_id = %s AND shopper = asked OFFSET 0
        ) AS paying
        """,
        [asked, store_id],
    )
    return frozenset(shopper for (shopper,) in await cursor.fetchall())


async def add_paying(connection: Connection, store_id: UUID, shoppers: Iterable[bytes]) -> frozenset[bytes]:
    """Note that *shoppers* have paid for an order, and return those that had not before."""
    ordered = sorted(set(shoppers))
    if not ordered:
        return frozenset()
    cursor = await connection.execute(
        "INSERT INTO paying_shoppers (store_id, shopper) SELECT %s, shopper FROM unnest(%s::bytea[]) AS shopper"
        " ON CONFLICT DO NOTHING RETURNING shopper",
        [store_id, ordered],
    )
    return frozenset(shopper for (shopper,) in await cursor.fetchall())


async def charge(
    connection: Connection, store_id: UUID, claims: Sequence[Claim], standing: dict[Code, Standing]
) -> None:
    """Count what *claims* take from the counters of codes that are locked.

    Raises:
        Overtaken: there is not so much left.
    """
    uses, shoppers = Counter[Code](), Counter[tuple[Code, bytes]]()
    for claim in claims:
        if claim.code in standing and standing[claim.code].left is not None:
            uses[claim.code] += claim.used.uses
        shoppers.update((claim.code, shopper) for shopper in claim.shoppers)
    taken = [(code, standing[code].key, count) for code, count in uses.items()]
    if await _count(connection, store_id, taken) != len(taken):
        raise Overtaken
    await _charge_shoppers(connection, store_id, shoppers, standing)


async def _count(connection: Connection, store_id: UUID, uses: Iterable[tuple[Code, str, int]]) -> int:
    """Count *uses* (code, key, how many) of locked codes; return how many codes had so much left, or have a limit."""
    found = list(uses)
    if not found:
        return 0
    cursor = await connection.execute(
        """
        UPDATE promotion_codes SET used = used + counted.uses FROM (
            SELECT wanted.uses, code.at FROM json_to_recordset(%s::json)
                AS wanted (promotion_id uuid, id uuid, key text, uses bigint), LATERAL (
                    SELECT ctid AS at FROM promotion_codes
                    WHERE store_id = %s AND promotion_id = wanted.promotion_id AND id = wanted.id
                        AND code_key = wanted.key COLLATE "C" OFFSET 0
                ) AS code
        ) AS counted
        WHERE ctid = counted.at AND used + counted.uses <= max_uses
        """,
        [
            json_rows(
                [{"promotion_id": code[0], "id": code[1], "key": key, "uses": count} for code, key, count in found]
            ),
            store_id,
        ],
    )
    return cursor.rowcount


async def _charge_shoppers(
    connection: Connection, store_id: UUID, shoppers: Counter[tuple[Code, bytes]], standing: dict[Code, Standing]
) -> None:
    if not shoppers:
        return
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO code_shoppers (store_id, promotion_id, code_id, shopper, used)"
            " SELECT %(store)s, %(promotion)s, %(code)s, %(shopper)s, %(uses)s WHERE %(uses)s <= %(limit)s::int"
            " ON CONFLICT (store_id, promotion_id, code_id, shopper) DO UPDATE"
            " SET used = code_shoppers.used + excluded.used WHERE code_shoppers.used + excluded.used <= %(limit)s",
            [
                {
                    "store": store_id,
                    "promotion": code[0],
                    "code": code[1],
                    "shopper": shopper,
                    "uses": count,
                    "limit": standing[code].shopper_limit,
                }
                for (code, shopper), count in shoppers.items()
            ],
        )
        if cursor.rowcount != len(shoppers):
            raise Overtaken


async def give_back(connection: Connection, store_id: UUID, freed: Sequence[Freed]) -> None:
    """Take *freed* uses off the counters of codes that are locked."""
    uses, shoppers = Counter[tuple[Code, str]](), Counter[tuple[Code, bytes]]()
    for one in freed:
        uses[one.code, code_key(one.spelled)] += one.uses
        shoppers.update((one.code, shopper) for shopper in one.shoppers)
    await _count(connection, store_id, [(code, key, -count) for (code, key), count in uses.items()])
    if shoppers:
        async with connection.cursor() as cursor:
            await cursor.executemany(
                "UPDATE code_shoppers SET used = used - %s"
                " WHERE store_id = %s AND promotion_id = %s AND code_id = %s AND shopper = %s",
                [(count, store_id, *code, shopper) for (code, shopper), count in shoppers.items()],
            )
