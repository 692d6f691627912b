"""Storing, finding and deleting products."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation

from couponry.domain.audit import Action, Object
from couponry.domain.listing import Filter, Listed, Page
from couponry.domain.product_errors import DuplicateSku, ProductNotFound
from couponry.domain.products import NewProduct, Product
from couponry.services import audit
from couponry.services.context import Context
from couponry.storage import products


async def put_products(context: Context, new: Sequence[NewProduct]) -> list[Product]:
    """Store all of *new*, whose ids and skus are distinct, or none; each replaces the product with its id whole.

    Raises:
        DuplicateSku: a product that is not among them has the sku of one.
    """
    await products.queue_change(context.connection, context.store_id)
    try:
        async with context.connection.transaction():
            created_at = await products.put(context.connection, context.store_id, new, context.now)
    except UniqueViolation as error:
        sku = await products.sku_taken(context.connection, context.store_id, new)
        assert sku is not None
        raise DuplicateSku(sku) from error
    only = Object("product", new[0].id, new[0].name) if len(new) == 1 else Object("product")
    await audit.note(context, Action.PRODUCTS_STORED, only, count=len(new))
    return [_stored(one, created_at[one.id], context.now) for one in new]


def _stored(new: NewProduct, created_at: datetime, updated_at: datetime) -> Product:
    said: dict[str, Any] = {name: getattr(new, name) for name in NewProduct.__struct_fields__}
    return Product(**said, created_at=created_at, updated_at=updated_at)


async def get_product(context: Context, id_: str) -> Product:
    """Return a product.

    Raises:
        ProductNotFound: this store has none with that id.
    """
    found = await products.by_ids(context.connection, context.store_id, [id_])
    if not found:
        raise ProductNotFound
    return found[0]


async def products_by_sku(context: Context, skus: Sequence[str]) -> dict[str, Product]:
    """Return those products of the store that have one of *skus*, by sku."""
    found = await products.by_skus(context.connection, context.store_id, skus) if skus else []
    return {product.sku: product for product in found if product.sku is not None}


async def list_products(context: Context, wanted: Filter, page: Page) -> Listed[Product]:
    """Return one page of the store's products that pass *wanted*, by id."""
    found = await products.page_of(context.connection, context.store_id, wanted, page)
    total, exact = await products.total(context.connection, context.store_id, wanted)
    return Listed(found, total, exact)


async def delete_product(context: Context, id_: str) -> None:
    """Delete a product for good.

    Raises:
        ProductNotFound: this store has none with that id.
    """
    await products.queue_change(context.connection, context.store_id)
    if not await products.delete(context.connection, context.store_id, id_):
        raise ProductNotFound
    await audit.note(context, Action.PRODUCT_DELETED, Object("product", id_))
