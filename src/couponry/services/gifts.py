"""Judging carts with their gifts: those that promotions add, and those that are none any more."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from couponry.domain.cart_changes import Scene, product_line
from couponry.domain.cart_errors import ProductMissing, ProductNotAdded
from couponry.domain.errors import Refusal
from couponry.domain.outcome import AddedItem, Evaluation
from couponry.domain.products import Product
from couponry.domain.shopping_cart import MAX_ITEMS, CartLine, ShoppingCart
from couponry.storage import products
from couponry.storage.database import Database

ROUNDS = 5
"""How often a gift may lead to further gifts."""

Judge = Callable[[ShoppingCart], Awaitable[Evaluation]]


class Judged(NamedTuple):
    """A cart with the gifts that it gets, and what is said of it."""

    cart: ShoppingCart
    evaluation: Evaluation
    missed: list[tuple[AddedItem, Refusal]]
    """Gifts that could not be added, and why."""


async def judged(cart: ShoppingCart, judge: Judge, database: Database, store_id: UUID, scene: Scene) -> Judged:
    """Return *cart* judged with exactly the gifts that are due to it; those that it has keep their lines."""
    known = {(line.gift_of, line.product_id): line for line in cart.lines}
    cart = replace(cart, lines=tuple(line for line in cart.lines if line.gift_of is None))
    evaluation = await judge(cart)
    missed: list[tuple[AddedItem, Refusal]] = []
    for _ in range(ROUNDS):
        due = [one for one in evaluation.added_items if one not in [item for item, _ in missed]]
        if not due or len(cart.lines) + len(cart.codes) + len(due) > MAX_ITEMS:
            break
        lines = await _lines(due, missed, evaluation.currency, (database, store_id), scene)
        cart = replace(cart, lines=(*cart.lines, *(_kept(known, line) for line in lines)))
        if lines:
            evaluation = await judge(cart)
    paid = _paid(cart, evaluation)
    if paid:
        cart = replace(cart, lines=tuple(line for line in cart.lines if line.id not in paid))
        evaluation = await judge(cart)
    return Judged(cart, evaluation, missed)


async def _lines(
    due: Sequence[AddedItem],
    missed: list[tuple[AddedItem, Refusal]],
    currency: str,
    where: tuple[Database, UUID],
    scene: Scene,
) -> list[CartLine]:
    """Return a line for each gift that can be had, and note the others as *missed*."""
    found = await find(*where, [one.product_id or "" for one in due], [one.sku or "" for one in due])
    lines: list[CartLine] = []
    for one in due:
        product = next((it for it in found if one.product_id == it.id or (one.sku or "") == it.sku), None)
        if product is None:
            meta: dict[str, Any] = {"sku": one.sku} if one.sku is not UNSET else {"id": one.product_id}
            missed.append((one, ProductMissing(**meta)))
        else:
            try:
                line = product_line(product, one.quantity, currency, scene)
                lines.append(replace(line, gift_of=one.promotion_id))
            except ProductNotAdded as refusal:
                missed.append((one, refusal))
    return lines


def _kept(known: dict[tuple[str | None, str | None], CartLine], line: CartLine) -> CartLine:
    """Return the line of the same gift that the cart had before, as the product is now."""
    before = known.get((line.gift_of, line.product_id))
    if before is None:
        return line
    kept = replace(
        line,
        id=before.id,
        created_at=before.created_at,
        updated_at=before.updated_at,
        shipping_group_id=before.shipping_group_id,
        custom_inputs=before.custom_inputs,
    )
    return before if kept == before else replace(kept, updated_at=line.updated_at)


def _paid(cart: ShoppingCart, evaluation: Evaluation) -> set[str]:
    """Return the gifts that their promotion takes nothing off: adding them changed what the cart qualifies for."""
    given = {line.id: {one.promotion_id for one in line.discounts} for line in evaluation.items}
    return {line.id for line in cart.lines if line.gift_of is not None and line.gift_of not in given[line.id]}


async def find(database: Database, store_id: UUID, ids: Sequence[str], skus: Sequence[str]) -> list[Product]:
    """Return the products of the store with one of these *ids* or *skus*."""
    async with database.connection() as connection:
        found = await products.by_ids(connection, store_id, ids) if any(ids) else []
        return found + (await products.by_skus(connection, store_id, skus) if any(skus) else [])
