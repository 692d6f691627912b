"""Forgetting who carts, orders and redemptions belong to; the hashes that limits are kept by stay.

Locks are taken in the order of everybody else: shoppers, carts, orders, redemptions, codes, rows of the ledger.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from couponry.domain.audit import Action, Object
from couponry.domain.forgetting import forgotten_cart, forgotten_order, forgotten_transaction
from couponry.domain.order_errors import NotAnonymizable, OrderNotFound
from couponry.domain.orders import Moved, Order, Placed, Transaction
from couponry.domain.redemption import Redemption
from couponry.domain.usages import without_addresses
from couponry.services import audit
from couponry.services.context import Context
from couponry.storage import anonymizing, carts, claims, forgotten, orders
from couponry.storage.database import Connection, Database

AT_ONCE = 100
"""How many orders, or judged carts, are looked into together."""


class Watch:
    """Sees whether a shopper is forgotten while a request is under way that names them.

    No lock is held meanwhile: only what the request writes at its end waits for whoever is forgetting.
    """

    def __init__(self, database: Database, store_id: UUID) -> None:
        self._database, self._store_id = database, store_id
        self._seen: dict[bytes, int] = {}
        self._last: tuple[bytes, ...] = ()

    async def over(self, shoppers: tuple[bytes, ...]) -> None:
        """Watch over *shoppers* from now on, over those whom a former attempt has named since then."""
        self._last = shoppers
        new = [one for one in shoppers if one not in self._seen]
        if new:
            async with self._database.connection() as connection:
                self._seen |= await forgotten.times(connection, self._store_id, new)

    async def ended(self, connection: Connection) -> bool:
        """Tell whether one of them has been forgotten; until the transaction ends, nobody else is."""
        await forgotten.share(connection, self._last)
        times = await forgotten.times(connection, self._store_id, self._last)
        return any(times[one] != self._seen[one] for one in self._last)


class TouchedOrder(NamedTuple):
    """An order that has forgotten who made it."""

    id: UUID
    is_over: bool
    """Otherwise something may still be to be sent, and nobody knows whereto any more."""


async def forget_carts(context: Context, shoppers: Iterable[bytes], address: str | None) -> list[str]:
    """Forget what the carts of whoever has one of these hashes say of them, and return their ids."""
    found = await carts.of_shoppers(context.connection, context.store_id, shoppers)
    changed = {id_: forgotten_cart(cart, [address or ""]) for id_, cart in found.items()}
    await carts.replace(
        context.connection, context.store_id, {id_: cart for id_, cart in changed.items() if cart != found[id_]}
    )
    return list(found)


async def forget_orders(context: Context, ids: Iterable[UUID], address: str | None = None) -> list[TouchedOrder]:
    """Forget who made those of the store's orders that have one of these *ids*, and return them in their order."""
    ordered, touched = sorted(set(ids)), list[TouchedOrder]()
    for first in range(0, len(ordered), AT_ONCE):
        some = await orders.lock(context.connection, context.store_id, ordered[first : first + AT_ONCE])
        touched += [TouchedOrder(one.id, one.is_over) for one in await _forgotten(context, some, address)]
    return touched


async def forget_placed(context: Context, placed: Placed) -> Placed:
    """Forget who made an order that this transaction has placed, its cart and its usages too; return what is left."""
    [order] = await _forgotten(context, [placed.order], None)
    await carts.replace(context.connection, context.store_id, {order.cart_id: order.cart})
    await forget_usages(context, [order.id])
    return replace(placed, order=order)


async def anonymize_orders(context: Context, ids: Sequence[UUID]) -> list[Order]:
    """Forget who made these orders, all of which have come to their end, and who made their usages.

    Raises:
        OrderNotFound: the store does not have one of them.
        NotAnonymizable: one is neither fulfilled nor cancelled nor refunded.
    """
    found = await orders.lock(context.connection, context.store_id, ids)
    if len(found) != len(set(ids)):
        raise OrderNotFound
    for one in found:
        if not one.is_over:
            raise NotAnonymizable(str(one.id), one.status, one.payment, one.shipping)
    await audit.note(context, Action.ORDERS_ANONYMIZED, Object("orders"), count=len(found))
    done = await _forgotten(context, found, None)
    await forget_usages(context, [one.id for one in done])
    return done


async def forget_usages(
    context: Context, redemptions: Sequence[UUID], only: set[UUID] | None = None, also: str | None = None
) -> list[UUID]:
    """Forget whose these redemptions, or orders, are in the ledger, in all their usages or in *only* some.

    Returns the ids of those usages. *also* is an address that is forgotten in what the redemptions say.

    Redemptions, codes and rows of the ledger are locked as redeeming does. Holds are guarded by their codes, as
    whoever takes expired ones back does not lock redemptions.
    """
    connection, store_id = context.connection, context.store_id
    await anonymizing.lock_redemptions(connection, store_id, redemptions)
    traced = await anonymizing.traces(connection, store_id, redemptions)
    told = [one for one in traced if only is None or one.id in only]
    held = {(one.promotion_id, one.code_id): one.code for one in told if one.held}
    await claims.lock_codes(connection, store_id, held)
    await anonymizing.forget(connection, store_id, told, context.actor)
    addresses = {address for address in (also, *(one.address for one in told)) if address}
    await _forget_in_evaluations(context, redemptions, sorted(addresses))
    return [one.id for one in told]


async def _forgotten(context: Context, found: Sequence[Order], address: str | None) -> list[Order]:
    """Forget who made orders that are locked, also in what retries of their requests are told."""
    connection, store_id = context.connection, context.store_id
    told = [address or ""]
    forgotten = [after for one in found if (after := forgotten_order(one, told)) != one]
    changed = {one.id: replace(one, updated_at=context.now) for one in forgotten}
    await orders.put(connection, store_id, changed.values())
    answers = await anonymizing.answers(connection, store_id, list(changed))
    cleaned = {key: _cleaned(answer, told) for key, answer in answers.items()}
    await anonymizing.replace(connection, store_id, {}, cleaned)
    return [changed.get(one.id, one) for one in found]


class _Kept(msgspec.Struct):
    """What tells the answers that are kept of an order apart."""

    transaction: Transaction | None = None


def _cleaned(answer: bytes, addresses: Sequence[str]) -> bytes:
    if msgspec.json.decode(answer, type=_Kept).transaction is not None:
        moved = msgspec.json.decode(answer, type=Moved)
        return msgspec.json.encode(replace(moved, transaction=forgotten_transaction(moved.transaction)))
    placed = msgspec.json.decode(answer, type=Placed)
    return msgspec.json.encode(replace(placed, order=forgotten_order(placed.order, addresses)))


async def _forget_in_evaluations(context: Context, redemptions: Sequence[UUID], addresses: Sequence[str]) -> None:
    """Take *addresses* out of the judged carts of locked redemptions, and out of the copies that retries are told."""
    connection, store_id = context.connection, context.store_id
    for first in range(0, len(redemptions) if addresses else 0, AT_ONCE):
        some = redemptions[first : first + AT_ONCE]
        judged = {
            id_: cleaned
            for id_, evaluation in (await anonymizing.evaluations(connection, store_id, some)).items()
            if (cleaned := without_addresses(evaluation, addresses)) is not None
        }
        kept = await anonymizing.answers(connection, store_id, list(judged))
        await anonymizing.replace(
            connection, store_id, judged, {key: _with_cleaned(answer, judged) for key, answer in kept.items()}
        )


def _with_cleaned(answer: bytes, judged: dict[UUID, bytes]) -> bytes:
    redemption = msgspec.json.decode(answer, type=Redemption)
    return msgspec.json.encode(replace(redemption, evaluation=msgspec.Raw(judged[redemption.id])))
