"""The ledger of uses: a row for each redemption, promotion and code.

Whatever changes what was used on a day notes that beside the ledger, in the same statement: see `usage_days`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Rollback

from couponry.domain.redemption import Code, Used
from couponry.storage.database import Connection, hexadecimal, json_rows
from couponry.storage.usage_days import MOST, NOTE_RETURNED, NOTE_USED

AT_ONCE = 1000
"""How many expired holds of a code are released in one go."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """A use that is to be written down."""

    id: UUID
    redemption_id: UUID
    used: Used
    expires_at: datetime
    used_on: datetime
    customer_id: str | None
    account_id: str | None
    customer_email: str | None
    updated_by: str
    shoppers: tuple[bytes, ...]
    """Those whom it counts against in the counters of shoppers."""
    discount: int
    """What the promotion took off, in minor units; more than `usage_days.MOST` is kept as that."""
    currency: str
    held: bool


class Freed(NamedTuple):
    """A use that counted until now."""

    code: Code
    spelled: str
    uses: int
    shoppers: list[bytes]


class Recorded(NamedTuple):
    """A use as the ledger has it."""

    used: Used
    counts: bool
    """Whether it is held or used; otherwise it was given back, or taken back."""
    shoppers: list[bytes]


_ADD: LiteralString = """
    INSERT INTO usages (
        store_id, promotion_id, id, redemption_id, code_id, state, uses, expires_at, used_on, updated_at, code,
        customer_id, account_id, customer_email, updated_by, shoppers, discount, currency
    )
    SELECT %(store)s, new.* FROM json_to_recordset(%(usages)s::json) AS new (
        promotion_id uuid, id uuid, redemption_id uuid, code_id uuid, state usage_state, uses bigint,
        expires_at timestamptz, used_on timestamptz, updated_at timestamptz, code text, customer_id text,
        account_id text, customer_email text, updated_by text, shoppers bytea[], discount bigint, currency text
    )
    RETURNING store_id, promotion_id, used_on, currency, discount
"""

ADDING: LiteralString = f"changed AS ({_ADD}) {NOTE_USED}"
"""Writes down the `rows` of usages: the end of a statement that begins with WITH."""

_RELEASE: LiteralString = """
    UPDATE usages SET state = 'released', released_at = now(), updated_at = now(), updated_by = %s
    WHERE store_id = %s AND redemption_id = %s AND state <> 'released'
    RETURNING store_id, promotion_id, used_on, currency, discount, code_id, code, uses, shoppers
"""

_FREED: LiteralString = "SELECT promotion_id, code_id, code, uses, shoppers FROM changed"

_CONFIRM: LiteralString = """
    UPDATE usages SET state = 'used', used_on = now(), updated_at = now(), updated_by = %s
    WHERE store_id = %s AND redemption_id = %s AND state = 'held'
    RETURNING store_id, promotion_id, used_on, currency, discount
"""

_USE_AGAIN: LiteralString = """
    UPDATE usages SET state = 'used', released_at = NULL, used_on = now(), updated_at = now(), updated_by = %s
    WHERE store_id = %s AND redemption_id = %s
    RETURNING store_id, promotion_id, used_on, currency, discount
"""


async def add(connection: Connection, store_id: UUID, usages: Iterable[Usage]) -> None:
    """Write *usages* down."""
    await connection.execute(f"WITH {ADDING}", {"store": store_id, "usages": rows(usages)})


def rows(usages: Iterable[Usage]) -> str:
    """Return *usages* as `ADDING` takes them."""
    return json_rows(
        [
            {
                "promotion_id": one.used.promotion_id,
                "id": one.id,
                "redemption_id": one.redemption_id,
                "code_id": one.used.code_id,
                "state": "held" if one.held else "used",
                "uses": one.used.uses,
                "expires_at": one.expires_at,
                "used_on": None if one.held else one.used_on,
                "updated_at": one.used_on,
                "code": one.used.code,
                "customer_id": one.customer_id,
                "account_id": one.account_id,
                "customer_email": one.customer_email,
                "updated_by": one.updated_by,
                "shoppers": hexadecimal(one.shoppers),
                "discount": min(one.discount, MOST),
                "currency": one.currency,
            }
            for one in usages
        ]
    )


async def of_redemption(connection: Connection, store_id: UUID, redemption_id: UUID) -> list[Recorded]:
    """Return what a redemption uses, in the order in which promotions applied."""
    cursor = await connection.execute(
        "SELECT promotion_id, code_id, code, uses, state <> 'released', shoppers FROM usages"
        " WHERE store_id = %s AND redemption_id = %s ORDER BY id",
        [store_id, redemption_id],
    )
    return [Recorded(Used(*row[:4]), *row[4:]) for row in await cursor.fetchall()]


async def free_expired(connection: Connection, store_id: UUID, codes: Iterable[Code]) -> list[Freed]:
    """Release the expired holds of *codes*, which are locked, up to `AT_ONCE` of each, and return what they freed.

    Waits for whoever is confirming one of them. PostgreSQL's clock decides, so that servers whose clocks differ
    agree.
    """
    ordered = sorted(codes)
    if not ordered:
        return []
    cursor = await connection.execute(
        """
        SELECT expired.* FROM unnest(%s::uuid[], %s::uuid[]) AS locked (promotion_id, id), LATERAL (
            SELECT promotion_id, id, code_id, code, uses, shoppers FROM usages
            WHERE store_id = %s AND promotion_id = locked.promotion_id AND code_id = locked.id
                AND state = 'held' AND expires_at <= now()
            ORDER BY expires_at LIMIT %s FOR NO KEY UPDATE
        ) AS expired
        """,
        [[promotion for promotion, _ in ordered], [id_ for _, id_ in ordered], store_id, AT_ONCE],
    )
    expired = await cursor.fetchall()
    if expired:
        async with connection.cursor() as updating:
            await updating.executemany(
                "UPDATE usages SET state = 'released', released_at = now(), updated_at = now()"
                " WHERE store_id = %s AND promotion_id = %s AND id = %s",
                [(store_id, promotion, id_) for promotion, id_, *_ in expired],
            )
    return [Freed((promotion, code), *of_it) for promotion, _, code, *of_it in expired]


async def release(connection: Connection, store_id: UUID, redemption_id: UUID, by: str) -> list[Freed]:
    """Release what a redemption still uses, and return what that freed: nothing when it was released before."""
    cursor = await connection.execute(
        f"WITH changed AS ({_RELEASE}), noted AS ({NOTE_RETURNED}) {_FREED}",
        [by, store_id, redemption_id],
    )
    return [Freed((promotion, code), *of_it) for promotion, code, *of_it in await cursor.fetchall()]


async def confirm_held(connection: Connection, store_id: UUID, redemption_id: UUID, by: str) -> bool:
    """Make used all that a redemption holds; False, and nothing is changed, when some of it was taken back.

    Locks no code: what a hold counted, the use counts.
    """
    async with connection.transaction() as attempt:
        await connection.execute(
            f"WITH changed AS ({_CONFIRM}) {NOTE_USED}",
            [by, store_id, redemption_id],
        )
        # Whoever goes on to lock codes may hold no row of the ledger: others wait for those while they hold codes.
        if not all(one.counts for one in await of_redemption(connection, store_id, redemption_id)):
            raise Rollback(attempt)
        return True
    return False


async def use_again(connection: Connection, store_id: UUID, redemption_id: UUID, by: str) -> None:
    """Make used all of a redemption, what was taken back as well: it has been claimed anew."""
    await connection.execute(
        f"WITH changed AS ({_USE_AGAIN}) {NOTE_USED}",
        [by, store_id, redemption_id],
    )
