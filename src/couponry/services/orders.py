"""Orders that exist: looking at them, changing them, and their payments."""

from collections.abc import Callable
from uuid import UUID

from couponry.domain import orders as domain
from couponry.domain.listing import Filter, Listed, Page
from couponry.domain.order_errors import OrderNotFound
from couponry.domain.orders import Order, OrderUpdate
from couponry.services.context import Context
from couponry.services.redemptions import codes_of
from couponry.storage import carts, claims, order_lists, orders, usages
from couponry.storage.orders import StoredOrder


async def get_order(context: Context, id_: UUID) -> Order:
    """Return an order.

    Raises:
        OrderNotFound: this store has none with that id.
    """
    return (await _stored(context, id_)).order


async def list_orders(context: Context, wanted: Filter, order: str | None, page: Page) -> Listed[Order]:
    """Return one page of the store's orders that pass *wanted*, in one of `order_lists.ORDERS`."""
    found = await order_lists.page_of(context.connection, context.store_id, wanted, order, page)
    total, exact = await order_lists.total(context.connection, context.store_id, wanted)
    return Listed(found, total, exact)


async def update_order(context: Context, id_: UUID, said: OrderUpdate) -> Order:
    """Change an order; where the store is set so, the one that cancels it gives its uses back.

    Raises:
        OrderNotFound: this store has none with that id.
        OrderSettled: it is cancelled or fulfilled, or to be fulfilled without having been paid.
    """
    order, _ = await _stored(context, id_, lock=True)
    changed = domain.updated(order, said, context.now)
    if changed.status == "cancelled" and order.status != "cancelled":
        await _give_back(context, id_)
    await orders.put(context.connection, context.store_id, [changed])
    return changed


async def pay(context: Context, id_: UUID, move: Callable[[Order], Order]) -> Order:
    """Move the payments of an order; whoever has paid, or was authorized to, has had their first order.

    Of two that move at the same moment, the second sees what the first did.

    Raises:
        OrderNotFound: this store has none with that id; and whatever *move* raises.
    """
    order, shoppers = await _stored(context, id_, lock=True)
    changed = move(order)
    await orders.put(context.connection, context.store_id, [changed])
    if changed.payment != "unpaid":
        await claims.add_paying(context.connection, context.store_id, shoppers)
    return changed


async def _stored(context: Context, id_: UUID, *, lock: bool = False) -> StoredOrder:
    stored = await orders.get(context.connection, context.store_id, id_, lock=lock)
    if stored is None:
        raise OrderNotFound
    return stored


async def _give_back(context: Context, order_id: UUID) -> None:
    """Give the uses of an order back, if the store is set so: those that it still has, so never twice."""
    connection, store_id = context.connection, context.store_id
    if not (await carts.settings(connection, store_id)).give_back_on_cancel:
        return
    recorded = await usages.of_redemption(connection, store_id, order_id)
    await claims.lock_codes(connection, store_id, codes_of(recorded))
    freed = await usages.release(connection, store_id, order_id, context.actor)
    await claims.give_back(connection, store_id, freed)
