"""Finding usages in a whole store, as people ask for them."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from couponry.domain.cart import Shopper
from couponry.domain.codes import spelling_faults
from couponry.domain.redemption import shoppers_of
from couponry.domain.usages import FoundUsage
from couponry.services.context import Context
from couponry.storage import usage_search
from couponry.storage.database import Connection, Database
from couponry.storage.usage_search import Place, Wanted

AT_ONCE = 1_000
"""How many usages are read together where all of them are asked for."""


class Search(NamedTuple):
    """Which usages somebody looks for; None looks for nothing."""

    promotion_id: UUID | None = None
    code: str | None = None
    shopper: Shopper | None = None
    order: str | None = None
    """What the shop calls the order: its id, number or reference."""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


class Finds(NamedTuple):
    """Usages, newest first, and where to go on; None where there are no more."""

    usages: list[FoundUsage]
    more: Place | None


async def find(context: Context, key: bytes, search: Search, limit: int, before: Place | None = None) -> Finds:
    """Return the newest usages of the store that are looked for, of those older than *before*.

    *key* is what shoppers' identities are hashed with. Of a shopper, or an order, with very many redemptions only the
    newest thousand are looked through.
    """
    wanted = await _wanted(context.connection, context.store_id, key, search)
    if wanted is None:
        return Finds([], None)
    wanted = wanted._replace(before=before)
    found = await usage_search.find(context.connection, context.store_id, wanted, limit + 1)
    more = Place(found[limit - 1].used_on, found[limit - 1].id) if len(found) > limit else None
    return Finds(found[:limit], more)


async def every(database: Database, store_id: UUID, key: bytes, search: Search) -> AsyncGenerator[list[FoundUsage]]:
    """Yield all usages that are looked for, promotion after promotion, each one's newest first.

    In flat memory, and without keeping anybody waiting: what changes meanwhile may be told as it was or as it is.
    """
    async with database.connection() as connection:
        wanted = await _wanted(connection, store_id, key, search)
        promotions = await usage_search.promotions(connection, store_id)
    if wanted is None:
        return
    if wanted.redemptions is not None:
        async with database.connection() as connection:
            yield await usage_search.find(connection, store_id, wanted, usage_search.MOST_REDEMPTIONS)
        return
    for promotion in promotions if search.promotion_id is None else [search.promotion_id]:
        here, before = wanted._replace(promotion_id=promotion), None
        while True:
            async with database.connection() as connection:
                found = await usage_search.find(connection, store_id, here._replace(before=before), AT_ONCE)
            if found:
                yield found
            if len(found) < AT_ONCE:
                break
            before = Place(found[-1].used_on, found[-1].id)


async def _wanted(connection: Connection, store_id: UUID, key: bytes, search: Search) -> Wanted | None:
    """Return what to look up; None where nothing can be found."""
    if search.code is not None and any(spelling_faults([search.code], "")):
        return None
    redemptions: set[UUID] | None = None
    if search.shopper is not None:
        redemptions = set()
        for shopper in shoppers_of(key, store_id, search.shopper):
            redemptions.update(await usage_search.redemptions_of_shopper(connection, store_id, shopper))
    if search.order is not None:
        of_order = await usage_search.redemptions_of_order(connection, store_id, search.order)
        redemptions = set(of_order) if redemptions is None else redemptions.intersection(of_order)
    return Wanted(
        search.promotion_id,
        search.code,
        search.since,
        search.until,
        None if redemptions is None else sorted(redemptions),
    )
