"""Claiming all that several redemptions ask for in one transaction, each of them wholly or not at all."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from couponry.domain.audit import Entry
from couponry.domain.redemption import Claim, Code, Left, RedemptionState, Standing, Wanted, decide
from couponry.storage import audit, claims, idempotency, redemptions, usages
from couponry.storage.database import Connection, Database
from couponry.storage.idempotency import Answered, Key
from couponry.storage.redemptions import NewRedemption
from couponry.storage.usages import Usage

TRIES = 10
"""How often a claim may be overtaken: by first orders that were paid between a look and a note, each of them once."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption that is to be, as soon as it gets what it asks for."""

    wanted: Wanted
    redemption: NewRedemption
    usages: tuple[Usage, ...]
    key: Key | None
    answer: bytes
    """What every retry under the key is told."""
    noted: Entry | None = None
    """What the audit log has of it, where it is made by hand."""


def mark_of(attempt: Attempt) -> str | None:
    """Return what no other attempt in the same transaction may have: the key."""
    return None if attempt.key is None else attempt.key.key


Outcome: TypeAlias = Literal["granted", "refused"] | Answered
"""`Answered` for a retry of what was answered before, or another request under its key."""


async def claim(database: Database, store_id: UUID, attempts: Sequence[Attempt]) -> list[Outcome]:
    """Grant or refuse *attempts* in the order in which they came, all in one transaction.

    Locks are taken in one order, here as everywhere: keys, redemptions, codes, rows of the ledger, paying shoppers.
    """
    for _ in range(TRIES):
        try:
            async with database.transaction() as connection:
                return await _claimed(connection, store_id, attempts)
        except claims.Overtaken:
            continue  # what overtook us is there to be seen now
    raise claims.Overtaken


async def _claimed(connection: Connection, store_id: UUID, attempts: Sequence[Attempt]) -> list[Outcome]:
    known = await _known(connection, store_id, attempts)
    new = [one for one in attempts if mark_of(one) not in known]
    asked = [claim for one in new for claim in one.wanted.claims if claim.counted]
    standing = await lock(connection, store_id, {claim.code: claim.used.code for claim in asked})
    verdicts = decide([one.wanted for one in new], await left(connection, store_id, asked, standing))
    granted = [one for one, verdict in zip(new, verdicts, strict=True) if verdict]
    refused = [one.key.key for one, verdict in zip(new, verdicts, strict=True) if one.key and not verdict]
    await idempotency.forget(connection, store_id, refused)
    await _write(connection, store_id, granted, standing)
    ids = {one.redemption.id for one in granted}
    return [known.get(mark_of(one)) or ("granted" if one.redemption.id in ids else "refused") for one in attempts]


async def _known(connection: Connection, store_id: UUID, attempts: Sequence[Attempt]) -> dict[str | None, Answered]:
    """Take the keys of *attempts*, and return what was answered under those that were taken before."""
    keyed = [(one.key, one.answer) for one in attempts if one.key is not None]
    free = await idempotency.take(connection, store_id, keyed)
    taken = [key.key for key, _ in keyed if key.key not in free]
    return {**await idempotency.find(connection, store_id, taken)}


async def lock(connection: Connection, store_id: UUID, codes: Mapping[Code, str]) -> dict[Code, Standing]:
    """Lock those of *codes* that anything limits, take back their expired holds, and return how they stand.

    Each code comes with its spelling.
    """
    standing = await claims.lock_codes(connection, store_id, codes)
    while expired := {code: codes[code] for code, how in standing.items() if how.expired}:
        freed = await usages.free_expired(connection, store_id, expired)
        await claims.give_back(connection, store_id, freed)
        standing |= await claims.lock_codes(connection, store_id, expired)
        if len(freed) < usages.AT_ONCE:
            break
    return standing


async def left(connection: Connection, store_id: UUID, asked: Sequence[Claim], standing: dict[Code, Standing]) -> Left:
    """Return what is left of locked codes for those who are *asked* for."""
    shoppers = {(claim.code, shopper) for claim in asked for shopper in claim.shoppers}
    new = {shopper for claim in asked if claim.first_time for shopper in claim.shoppers}
    return Left(
        standing,
        await claims.used_by(connection, store_id, shoppers),
        await claims.paying(connection, store_id, new),
    )


async def _write(
    connection: Connection, store_id: UUID, granted: Sequence[Attempt], standing: dict[Code, Standing]
) -> None:
    if not granted:
        return
    counted = [claim for one in granted for claim in one.wanted.claims if claim.counted]
    await claims.charge(connection, store_id, counted, standing)
    used = [usage for one in granted for usage in one.usages]
    await redemptions.add(connection, store_id, [one.redemption for one in granted], used)
    for one in granted:
        if one.noted is not None:
            await audit.add(connection, one.noted)
    paid = [one.wanted for one in granted if one.redemption.state is RedemptionState.CONFIRMED]
    new = await claims.add_paying(connection, store_id, {shopper for one in paid for shopper in one.shoppers})
    for one in paid:
        if one.first_time and not new.issuperset(one.shoppers):
            raise claims.Overtaken
