"""How a store keeps its carts: read, and changed."""

from collections.abc import Callable

from couponry.domain.audit import Action, Object, changes
from couponry.domain.cart_settings import CartSettings
from couponry.services import audit
from couponry.services.context import Context
from couponry.storage import carts


async def get_settings(context: Context) -> CartSettings:
    """Return the cart settings of the store."""
    return await carts.settings(context.connection, context.store_id)


async def update_settings(context: Context, change: Callable[[CartSettings], CartSettings]) -> CartSettings:
    """Change the cart settings of the store; carts that exist keep what they began with."""
    before = await carts.settings(context.connection, context.store_id, lock=True)
    changed = change(before)
    await carts.set_settings(context.connection, context.store_id, changed)
    if differing := changes(before, changed):
        await audit.note(context, Action.SETTINGS_CHANGED, Object("settings", name="cart"), differing)
    return changed
