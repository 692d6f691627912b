"""Forgetting who carts and orders belong to; the hashes that limits are kept by stay.

Locks are taken in the order of everybody else: carts, orders, and then what usages need.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from couponry.domain.audit import Action, Object
from couponry.domain.forgetting import forgotten_cart, forgotten_order
from couponry.domain.order_errors import NotAnonymizable, OrderNotFound
from couponry.domain.orders import Order
from couponry.services import audit
from couponry.services.checkout import Placed
from couponry.services.context import Context
from couponry.storage import anonymizing, carts, orders


async def forget_carts(context: Context, shoppers: Iterable[bytes]) -> None:
    """Forget what the carts of whoever has one of these hashes say of them."""
    found = await carts.of_shoppers(context.connection, context.store_id, shoppers)
    changed = {id_: forgotten_cart(cart) for id_, cart in found.items()}
    await carts.replace(
        context.connection, context.store_id, {id_: cart for id_, cart in changed.items() if cart != found[id_]}
    )


async def forget_orders(context: Context, ids: Iterable[UUID]) -> list[Order]:
    """Forget who made those of the store's orders that have one of these *ids*, and return them in their order."""
    return await _forgotten(context, await orders.lock(context.connection, context.store_id, ids))


async def anonymize_orders(context: Context, ids: Sequence[UUID]) -> list[Order]:
    """Forget who made these orders, all of which have come to their end.

    Raises:
        OrderNotFound: the store does not have one of them.
        NotAnonymizable: one is neither fulfilled nor cancelled nor refunded.
    """
    found = await orders.lock(context.connection, context.store_id, ids)
    if len(found) != len(set(ids)):
        raise OrderNotFound
    for one in found:
        if one.shipping != "fulfilled" and one.status != "cancelled" and one.payment != "refunded":
            raise NotAnonymizable(str(one.id), one.status, one.payment, one.shipping)
    await audit.note(context, Action.ORDERS_ANONYMIZED, Object("orders"), count=len(found))
    return await _forgotten(context, found)


async def _forgotten(context: Context, found: Sequence[Order]) -> list[Order]:
    connection, store_id = context.connection, context.store_id
    forgotten = [after for one in found if (after := forgotten_order(one)) != one]
    changed = {one.id: msgspec.structs.replace(one, updated_at=context.now) for one in forgotten}
    await orders.put(connection, store_id, changed.values())
    answers = await anonymizing.answers(connection, store_id, list(changed))
    await anonymizing.replace(connection, store_id, {}, {key: _cleaned(answer) for key, answer in answers.items()})
    return [changed.get(one.id, one) for one in found]


def _cleaned(answer: bytes) -> bytes:
    placed = msgspec.json.decode(answer, type=Placed)
    return msgspec.json.encode(msgspec.structs.replace(placed, order=forgotten_order(placed.order)))
