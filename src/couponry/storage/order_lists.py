"""Lists of orders: filtered, sorted, page by page."""

from typing import LiteralString
from uuid import UUID

from psycopg import sql

from couponry.domain.listing import Filter, Operator, Page
from couponry.domain.orders import Order
from couponry.storage.codes import COUNTED
from couponry.storage.database import Connection
from couponry.storage.filters import Attribute, Attributes, read_moment, read_pattern, where
from couponry.storage.orders import read


def _whole(operand: str) -> int:
    if abs(number := int(operand)) >= 2**63:
        raise ValueError(operand)
    return number


def _word(column: LiteralString) -> Attribute:
    return Attribute({"eq": f"{column} = %s"})


def _text(column: LiteralString) -> Attribute:
    return Attribute({"eq": f"{column} = %s", "like": f"{column} LIKE %s"}, reads={"like": read_pattern})


def _address(column: LiteralString) -> Attribute:
    operators: dict[Operator, LiteralString] = {
        "eq": f'lower({column}) = lower(%s COLLATE "C")',
        "like": f'lower({column}) LIKE lower(%s COLLATE "C")',
    }
    return Attribute(operators, read=str.strip, reads={"like": read_pattern})


def _bounds(column: LiteralString) -> dict[Operator, LiteralString]:
    return {"gt": f"{column} > %s", "ge": f"{column} >= %s", "lt": f"{column} < %s", "le": f"{column} <= %s"}


def _moment(column: LiteralString) -> Attribute:
    return Attribute({"eq": f"{column} = %s", **_bounds(column)}, read=read_moment)


def _goods(kind: str) -> Attribute:
    return Attribute({"eq": "goods @> ARRAY[%s]"}, read=lambda operand: f"{kind}:{operand}")


FILTERS: Attributes = {
    "status": _word("status"),
    "payment": _word("payment"),
    "shipping": _word("shipping"),
    "name": _text("name"),
    "email": _address("email"),
    "customer_id": _text("customer_id"),
    "account_id": _text("account_id"),
    "account_member_id": _text("account_member_id"),
    "contact.name": _text("contact_name"),
    "contact.email": _address("contact_email"),
    "shipping_postcode": _text("shipping_postcode"),
    "billing_postcode": _text("billing_postcode"),
    "with_tax": Attribute(_bounds("with_tax"), read=_whole),
    "without_tax": Attribute(_bounds("without_tax"), read=_whole),
    "currency": _word("currency"),
    "product_id": _goods("product_id"),
    "product_sku": _goods("product_sku"),
    "created_at": _moment("created_at"),
    "updated_at": _moment("updated_at"),
    "external_ref": _text("external_ref"),
    "order_number": _text("order_number"),
}

ORDERS: dict[str | None, LiteralString] = {
    None: "created_at DESC, id DESC",
    "created_at": "created_at, id",
    "-created_at": "created_at DESC, id DESC",
    "payment": "payment, created_at, id",
    "-payment": "payment DESC, created_at DESC, id DESC",
    "shipping": "shipping, created_at, id",
    "-shipping": "shipping DESC, created_at DESC, id DESC",
    "status": "status, created_at, id",
    "-status": "status DESC, created_at DESC, id DESC",
    "with_tax": "with_tax, created_at, id",
    "-with_tax": "with_tax DESC, created_at DESC, id DESC",
}
"""What a list of orders can be sorted by; unsorted, the newest come first."""


async def page_of(connection: Connection, store_id: UUID, wanted: Filter, order: str | None, page: Page) -> list[Order]:
    """Return one page of the store's orders that pass *wanted*, in one of `ORDERS`."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT state FROM orders WHERE store_id = %s AND {condition} ORDER BY {order} LIMIT %s OFFSET %s"
    ).format(condition=condition, order=sql.SQL(ORDERS[order]))
    cursor = await connection.execute(query, [store_id, *parameters, page.limit, page.offset])
    return [read(state) for (state,) in await cursor.fetchall()]


async def total(connection: Connection, store_id: UUID, wanted: Filter) -> tuple[int, bool]:
    """Return how many orders pass *wanted*, and whether that is exact or counting stopped at `COUNTED`."""
    condition, parameters = where(wanted, FILTERS)
    # Of all orders of a store PostgreSQL would collect every one first, unless they are asked for in an order.
    query = sql.SQL(
        "SELECT count(*) FROM (SELECT FROM orders WHERE store_id = %s AND {condition}{order} LIMIT %s) AS passing"
    ).format(condition=condition, order=sql.SQL("" if parameters else " ORDER BY created_at, id"))
    cursor = await connection.execute(query, [store_id, *parameters, COUNTED])
    row = await cursor.fetchone()
    passing = row[0] if row else 0
    return passing, passing < COUNTED
