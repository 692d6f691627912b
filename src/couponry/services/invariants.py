"""Verifying that the counters of uses are what the ledger says."""

from uuid import UUID

import msgspec

from couponry.storage import books, invariants
from couponry.storage.database import Database
from couponry.storage.invariants import Drift


class Invariants(msgspec.Struct, frozen=True, tag_field="type", tag="invariants"):
    """What was verified."""

    ok: bool
    """Whether every counter is what the ledger says."""
    checked: int
    """How many counters there are."""
    drift: list[Drift]
    """Those that are not."""


async def verify(database: Database, store_id: UUID) -> Invariants:
    """Recompute every counter of a store from the ledger, as of one moment; nobody is kept waiting."""
    async with database.connection() as connection, books.one_moment(connection):
        codes, wrong_codes = await invariants.codes(connection, store_id)
        shoppers, wrong_shoppers = await invariants.shoppers(connection, store_id)
    drift = [*wrong_codes, *wrong_shoppers]
    return Invariants(not drift, codes + shoppers, drift)
