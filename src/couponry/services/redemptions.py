"""Redemptions that exist: listing them, looking at one, confirming it, giving its uses back."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from msgspec import UNSET

from couponry.domain.audit import Action, Object, Via
from couponry.domain.listing import Filter, Listed, Page
from couponry.domain.redemption import Claim, Code, Redemption, RedemptionState, Standing, Wanted, decide
from couponry.domain.redemption_errors import RedemptionExpired, RedemptionMoved, RedemptionNotFound
from couponry.domain.usages import NamedShopper
from couponry.services import audit
from couponry.services.claiming import left, lock
from couponry.services.context import Context
from couponry.storage import claims, redemption_lists, redemptions, usage_lists, usages
from couponry.storage.redemption_lists import RedemptionRow
from couponry.storage.redemptions import Kept
from couponry.storage.usages import Recorded

CONFIRMED, RELEASED = RedemptionState.CONFIRMED, RedemptionState.RELEASED


async def get_redemption(context: Context, id_: UUID) -> Redemption:
    """Return a redemption.

    Raises:
        RedemptionNotFound: this store has none with that id.
    """
    kept = await _kept(context, id_)
    return _with_uses(kept.redemption, await usages.of_redemption(context.connection, context.store_id, id_))


async def shopper_of(context: Context, id_: UUID) -> NamedShopper | None:
    """Return who made a redemption, as far as that is known; it is kept with what was used, so of nothing it is not."""
    return await usage_lists.shopper_of(context.connection, context.store_id, id_)


async def list_redemptions(context: Context, wanted: Filter, page: Page) -> Listed[RedemptionRow]:
    """Return one page of the store's redemptions that pass *wanted*, the newest first."""
    found = await redemption_lists.page_of(context.connection, context.store_id, wanted, page)
    total, exact = await redemption_lists.total(context.connection, context.store_id, wanted)
    return Listed(found, total, exact)


async def confirm_redemption(context: Context, id_: UUID, order_id: str | None = None) -> Redemption:
    """Confirm a redemption, for the order named or the one it was made for; again changes nothing.

    Raises:
        RedemptionNotFound: this store has none with that id.
        RedemptionExpired: the hold has expired, and somebody else has its uses.
        RedemptionMoved: it was released, or confirmed for another order.
    """
    kept = await _kept(context, id_, lock=True)
    redemption, connection, store_id = kept.redemption, context.connection, context.store_id
    recorded = await usages.of_redemption(connection, store_id, id_)
    if redemption.state is CONFIRMED and order_id in (None, _order_of(redemption)):
        return _with_uses(redemption, recorded)
    if not redemption.state.may_become(CONFIRMED):
        raise RedemptionMoved(_why_not(redemption))
    if not await usages.confirm_held(connection, store_id, id_, context.actor):
        await _claim_again(context, id_, recorded)
    await claims.add_paying(connection, store_id, kept.shoppers)
    order: dict[str, str] = {} if order_id is None else {"order_id": order_id}
    confirmed = msgspec.structs.replace(redemption, state=CONFIRMED, expires_at=UNSET, **order)
    await redemptions.move(connection, store_id, confirmed, context.actor)
    await _note(context, Action.REDEMPTION_CONFIRMED, confirmed, recorded)
    return _with_uses(confirmed, recorded)


async def release_redemption(context: Context, id_: UUID) -> Redemption:
    """Give the uses of a redemption back, whether it is held or confirmed; again changes nothing.

    Raises:
        RedemptionNotFound: this store has none with that id.
    """
    redemption, _ = await _kept(context, id_, lock=True)
    connection, store_id = context.connection, context.store_id
    recorded = await usages.of_redemption(connection, store_id, id_)
    if not redemption.state.may_become(RELEASED):
        return _with_uses(redemption, recorded)
    await claims.lock_codes(connection, store_id, codes_of(recorded))
    freed = await usages.release(connection, store_id, id_, context.actor)
    await claims.give_back(connection, store_id, freed)
    released = msgspec.structs.replace(redemption, state=RELEASED, expires_at=UNSET)
    await redemptions.move(connection, store_id, released, context.actor)
    await _note(context, Action.REDEMPTION_RELEASED, released, recorded)
    return _with_uses(released, recorded)


async def _note(context: Context, action: Action, redemption: Redemption, recorded: Sequence[Recorded]) -> None:
    """Note what is done by hand; of what shops do by the API, the ledger tells."""
    if context.via is not Via.API:
        moved = Object("redemption", str(redemption.id), redemption.order_id)
        await audit.note(context, action, moved, **audit.entered(one.used for one in recorded))


async def _kept(context: Context, id_: UUID, *, lock: bool = False) -> Kept:
    kept = await redemptions.get(context.connection, context.store_id, id_, lock=lock)
    if kept is None:
        raise RedemptionNotFound
    return kept


async def _claim_again(context: Context, id_: UUID, recorded: Sequence[Recorded]) -> None:
    """Claim anew what was taken back of an expired hold."""
    connection, store_id = context.connection, context.store_id
    standing = await lock(connection, store_id, codes_of(recorded))
    # Looking for expired holds may just have taken back the rest of this one as well.
    gone = [one for one in await usages.of_redemption(connection, store_id, id_) if not one.counts]
    asked = tuple(_claim(one, standing) for one in gone)
    if decide([Wanted(asked)], await left(connection, store_id, asked, standing)) != [True]:
        raise RedemptionExpired
    await claims.charge(connection, store_id, asked, standing)
    await usages.use_again(connection, store_id, id_, context.actor)


def _claim(one: Recorded, standing: Mapping[Code, Standing]) -> Claim:
    now = standing.get(_code(one))
    return Claim(one.used, counted=True, shoppers=tuple(one.shoppers), first_time=now is not None and now.first_time)


def _code(one: Recorded) -> Code:
    return one.used.promotion_id, one.used.code_id


def codes_of(recorded: Sequence[Recorded]) -> dict[Code, str]:
    """Return the codes that were used, each with its spelling."""
    return {_code(one): one.used.code for one in recorded}


def _with_uses(redemption: Redemption, recorded: Sequence[Recorded]) -> Redemption:
    return msgspec.structs.replace(redemption, uses=tuple(one.used for one in recorded))


def _order_of(redemption: Redemption) -> str | None:
    return None if redemption.order_id is UNSET else redemption.order_id


def _why_not(redemption: Redemption) -> str:
    if redemption.state is RELEASED:
        return "The redemption has been released."
    return f"The redemption has been confirmed for the order {_order_of(redemption)}."
