"""The table of orders."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import sql

from couponry.domain.orders import Order
from couponry.storage.database import Connection, by_index


class StoredOrder(NamedTuple):
    """An order, and all that whoever made it is known by."""

    order: Order
    shoppers: list[bytes]


_decoder = msgspec.json.Decoder(Order)


def read(state: str) -> Order:
    """Return the order that a row has."""
    return _decoder.decode(state)


async def add(
    connection: Connection, store_id: UUID, order: Order, shoppers: Sequence[bytes], named: Sequence[bytes]
) -> None:
    """Write a new order down: *shoppers* is all that whoever made it is known by, *named* that of all whom it names."""
    row = _row(store_id, order) | {"shoppers": list(shoppers), "named": list(named), "created_at": order.created_at}
    await connection.execute(
        """
        INSERT INTO orders (
            store_id, id, state, shoppers, named, status, payment, shipping, currency, with_tax, without_tax,
            order_number, external_ref, customer_id, name, email, account_id, account_member_id, contact_name,
            contact_email, shipping_postcode, billing_postcode, goods, created_at, updated_at
        ) VALUES (
            %(store_id)s, %(id)s, %(state)s, %(shoppers)s::bytea[], %(named)s::bytea[], %(status)s, %(payment)s,
            %(shipping)s, %(currency)s, %(with_tax)s, %(without_tax)s, %(order_number)s, %(external_ref)s,
            %(customer_id)s, %(name)s, %(email)s, %(account_id)s, %(account_member_id)s, %(contact_name)s,
            %(contact_email)s, %(shipping_postcode)s, %(billing_postcode)s, %(goods)s::text[], %(created_at)s,
            %(updated_at)s
        )
        """,
        row,
    )


async def get(connection: Connection, store_id: UUID, id_: UUID, *, lock: bool = False) -> StoredOrder | None:
    """Return an order or None; with *lock*, nobody else changes it until the transaction ends."""
    query = sql.SQL("SELECT state, shoppers FROM orders WHERE store_id = %s AND id = %s{lock}")
    locking = sql.SQL(" FOR NO KEY UPDATE" if lock else "")
    cursor = await connection.execute(query.format(lock=locking), [store_id, id_])
    row = await cursor.fetchone()
    return StoredOrder(read(row[0]), row[1]) if row else None


async def lock(connection: Connection, store_id: UUID, ids: Iterable[UUID]) -> list[Order]:
    """Return those of the store's orders that have one of these *ids*, locked in their order."""
    cursor = await connection.execute(
        """
        SELECT one.state FROM unnest(%s::uuid[]) AS wanted, LATERAL (
            SELECT state FROM orders WHERE store_id = %s AND id = wanted FOR NO KEY UPDATE OFFSET 0
        ) AS one
        """,
        [sorted(set(ids)), store_id],
    )
    return [read(state) for (state,) in await cursor.fetchall()]


async def of_shopper(connection: Connection, store_id: UUID, shopper: bytes) -> list[UUID]:
    """Return the orders that name whoever has that hash, in their order."""
    # OFFSET 0 makes PostgreSQL look the hash up, and not read all orders of the store.
    async with by_index(connection):
        cursor = await connection.execute(
            "SELECT id FROM (SELECT store_id, id FROM orders WHERE named @> ARRAY[%s::bytea] OFFSET 0) AS known"
            " WHERE store_id = %s ORDER BY id",
            [shopper, store_id],
        )
        return [id_ for (id_,) in await cursor.fetchall()]


async def put(connection: Connection, store_id: UUID, orders: Iterable[Order]) -> None:
    """Store locked orders as they are given."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE orders SET
                state = %(state)s, status = %(status)s, payment = %(payment)s, shipping = %(shipping)s,
                order_number = %(order_number)s, external_ref = %(external_ref)s, name = %(name)s,
                email = %(email)s, contact_name = %(contact_name)s, contact_email = %(contact_email)s,
                shipping_postcode = %(shipping_postcode)s, billing_postcode = %(billing_postcode)s,
                updated_at = %(updated_at)s
            WHERE store_id = %(store_id)s AND id = %(id)s
            """,
            [_row(store_id, order) for order in orders],
        )


def _row(store_id: UUID, order: Order) -> dict[str, Any]:
    customer, contact, account = order.customer, order.contact, order.account
    return {
        "store_id": store_id,
        "id": order.id,
        "state": msgspec.json.encode(order).decode(),
        "status": order.status,
        "payment": order.payment,
        "shipping": order.shipping,
        "currency": order.evaluation.currency,
        "with_tax": order.totals.with_tax,
        "without_tax": order.totals.without_tax,
        "order_number": order.order_number,
        "external_ref": order.external_ref,
        "customer_id": customer and customer.id,
        "name": customer and customer.name,
        "email": customer and customer.email,
        "account_id": account and account.id,
        "account_member_id": account and account.member_id,
        "contact_name": contact and contact.name,
        "contact_email": contact and contact.email,
        "shipping_postcode": order.shipping_address and order.shipping_address.postcode,
        "billing_postcode": order.billing_address and order.billing_address.postcode,
        "goods": list(_goods(order)),
        "updated_at": order.updated_at,
    }


def _goods(order: Order) -> Iterator[str]:
    for line in order.cart.lines:
        if line.product_id:
            yield f"product_id:{line.product_id}"
        if line.sku:
            yield f"product_sku:{line.sku}"
