"""Looking up the codes that a shopper entered: the one statement of an evaluation."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from couponry.domain.codes import CodeLimits, MaxUsesPerShopper
from couponry.domain.entered import Grant
from couponry.storage.database import Connection


class Entered(msgspec.Struct, frozen=True):
    """The codes that one shopper entered, by their keys, and all that the shopper is known by."""

    keys: tuple[str, ...]
    shoppers: tuple[bytes, ...] = ()


class Known(msgspec.Struct, frozen=True):
    """What a store knows of entered codes, and which version of its promotions they belong to."""

    version: int
    """The store's `promotions_version`."""
    grants: dict[str, list[Grant]]
    """By key; codes that nobody knows are not in it."""


async def look_up(connection: Connection, store_id: UUID, entered: Sequence[Entered]) -> list[Known]:
    """Return what a store knows of the codes that each of several shoppers *entered*, all in one statement.

    All is as of one moment. What those who entered a code did before is told with it. Holds that have expired count
    as free.

    A grant may be of a promotion that has been deleted, whose codes outlive it for a while; whoever has the
    promotions of that version knows.
    """
    # Codes that are not limited by shopper are asked for by many in the same words: each is looked up once.
    said = [_spelled(one.shoppers) for one in entered]
    asked: dict[tuple[str, str], list[Grant]] = {
        (key, shoppers): [] for one, shoppers in zip(entered, said, strict=True) for key in one.keys
    }
    # OFFSET 0 makes PostgreSQL look each key up, and not read all codes to compare them. No key has a line feed.
    # Expired holds are asked for only where they matter: where a limit is reached, or what is left bounds a discount.
    cursor = await connection.execute(
        """
        SELECT promotions_version, found.* FROM stores LEFT JOIN (
            SELECT number, code.* FROM ROWS FROM (
                string_to_table(%(keys)s, E'\\n'), string_to_table(%(shoppers)s, E'\\n')
            ) WITH ORDINALITY AS asked (key, shoppers, number), LATERAL (
                SELECT promotion_id::text, code, id, max_uses, used - CASE
                        WHEN used >= max_uses OR (used > 0 AND consume_unit = 'per_application') THEN (
                            SELECT coalesce(sum(uses), 0) FROM usages
                            WHERE store_id = %(store)s AND promotion_id = one.promotion_id AND code_id = one.id
                                AND state = 'held' AND expires_at <= now()
                        ) ELSE 0 END,
                    "user", consume_unit, shopper_max_uses, includes_guests, is_for_new_shopper,
                    CASE WHEN is_for_new_shopper OR shopper_max_uses > 0 THEN (
                        SELECT max(used - CASE
                            WHEN used >= CASE WHEN is_for_new_shopper THEN 1 ELSE shopper_max_uses END THEN (
                                SELECT count(*) FROM usages
                                WHERE store_id = %(store)s AND promotion_id = one.promotion_id AND code_id = one.id
                                    AND state = 'held' AND expires_at <= now() AND shopper = ANY(usages.shoppers)
                            ) ELSE 0 END)
                        FROM unnest(string_to_array(asked.shoppers, ',')::bytea[]) AS known, LATERAL (
                            SELECT shopper, used FROM code_shoppers
                            WHERE store_id = %(store)s AND promotion_id = one.promotion_id AND code_id = one.id
                                AND shopper = known OFFSET 0
                        ) AS counter
                    ) END,
                    is_for_new_shopper AND EXISTS (
                        SELECT FROM unnest(string_to_array(asked.shoppers, ',')::bytea[]) AS known, LATERAL (
                            SELECT FROM paying_shoppers WHERE store_id = %(store)s AND shopper = known OFFSET 0
                        ) AS paying
                    )
                FROM promotion_codes AS one WHERE store_id = %(store)s AND code_key = key COLLATE "C" OFFSET 0
            ) AS code
        ) AS found ON true
        WHERE stores.store_id = %(store)s
        """,
        {
            "keys": "\n".join([key for key, _ in asked]),
            "shoppers": "\n".join([shoppers for _, shoppers in asked]),
            "store": store_id,
        },
    )
    rows = await cursor.fetchall()
    found = list(asked.values())
    for _, number, *columns in rows:
        if number is not None:
            found[int(number) - 1].append(_grant(columns))
    return [
        Known(rows[0][0], {key: grants for key in one.keys if (grants := asked[key, shoppers])})
        for one, shoppers in zip(entered, said, strict=True)
    ]


def _spelled(shoppers: Sequence[bytes]) -> str:
    """Return *shoppers* as PostgreSQL reads them, in one word."""
    return ",".join([f"\\x{shopper.hex()}" for shopper in shoppers])


def _grant(columns: Sequence[Any]) -> Grant:
    promotion_id, code, id_, max_uses, used, user, consume_unit, shopper_max_uses, guests, is_for_new, *past = columns
    limits = CodeLimits(
        max_uses=UNSET if max_uses is None else max_uses,
        user=UNSET if user is None else user,
        consume_unit=UNSET if consume_unit is None else consume_unit,
        max_uses_per_shopper=_per_shopper(shopper_max_uses, guests),
        is_for_new_shopper=UNSET if is_for_new is None else is_for_new,
    )
    remaining = None if max_uses is None else max_uses - int(used)
    used_by_shopper, paying = int(past[0] or 0), bool(past[1])
    # Who holds a code for a first order, or has used it, has that order already.
    new_shopper = not (is_for_new and (paying or used_by_shopper))
    return Grant(promotion_id, code, limits, id_, remaining, used_by_shopper, new_shopper)


def _per_shopper(max_uses: int | None, includes_guests: bool | None) -> MaxUsesPerShopper | msgspec.UnsetType:
    if max_uses is None:
        return UNSET
    return MaxUsesPerShopper(max_uses=max_uses, includes_guests=UNSET if includes_guests is None else includes_guests)
