"""Orders and their payments as they are answered."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from couponry.api.answers import Timestamps
from couponry.api.cart_answers import ItemResource, Reference, References
from couponry.api.cart_views import condensed
from couponry.api.item_views import item_resource, price, promotion_resource
from couponry.api.order_answers import (
    NoLinks,
    One,
    OrderIncluded,
    OrderItemRelationships,
    OrderItemResource,
    OrderMeta,
    OrderPrices,
    OrderRelationships,
    OrderResource,
    OrderTimestamps,
    RefundedAmount,
    TransactionMeta,
    TransactionRelationships,
    TransactionResource,
)
from couponry.api.shipping_answers import ShippingGroupResource
from couponry.api.shipping_views import group_resource
from couponry.api.wire import moment
from couponry.domain.cart_judged import Message
from couponry.domain.orders import Order, Transaction
from couponry.domain.promotion_book import Entry

T = TypeVar("T")


def order_resource(order: Order, messages: Sequence[Message] = (), *, promotions: bool = False) -> OrderResource:
    """Return an order as it is answered; with *promotions*, those off the whole order are among its relationships."""
    return OrderResource(
        id=order.id,
        status=order.status,
        payment=order.payment,
        shipping=order.shipping,
        anonymized=order.anonymized,
        order_number=_or_unset(order.order_number),
        external_ref=_or_unset(order.external_ref),
        customer=_or_unset(order.customer),
        contact=_or_unset(order.contact),
        billing_address=_or_unset(order.billing_address),
        shipping_address=_or_unset(order.shipping_address),
        custom_attributes=order.cart.custom_attributes or UNSET,
        links=NoLinks(),
        meta=OrderMeta(
            _prices(order),
            OrderTimestamps(
                moment(order.created_at),
                moment(order.updated_at),
                moment(order.fully_paid_at) if order.fully_paid_at else UNSET,
            ),
            list(messages) or UNSET,
        ),
        relationships=_relationships(order, promotions=promotions),
    )


def order_items(order: Order, *, promotions: bool = False) -> list[OrderItemResource]:
    """Return the lines of an order as they are answered; with *promotions*, these are among their relationships."""
    judged = {line.id: line for line in order.evaluation.items}
    currency = order.evaluation.currency
    shown = [item_resource(line, judged[line.id], currency, promotions=promotions) for line in order.cart.lines]
    shown += [promotion_resource(line, currency, promotions=promotions) for line in order.cart.promotion_lines]
    return [_item(order, line) for line in shown]


def order_groups(order: Order) -> list[ShippingGroupResource]:
    """Return the shipping groups of an order as they are answered."""
    judged = {one.id: one for one in order.evaluation.shipping_groups}
    currency = order.evaluation.currency
    return [group_resource("order", str(order.id), one, judged[one.id], currency) for one in order.cart.groups]


def promotions_of(order: Order, *, items: bool) -> list[str]:
    """Return the promotions of an order to show: those off the whole of it, and those of its lines with its *items*."""
    shown = [*order.cart.promotion_lines, *(order.cart.discounts if items else ())]
    return list(dict.fromkeys(one.promotion_id for one in shown))


def included(
    orders: Sequence[Order], promotions: Sequence[Entry] | None, *, items: bool = False
) -> OrderIncluded | UnsetType:
    """Return what is answered beside *orders*: their *promotions* if these are given, and their *items*."""
    if promotions is None and not items:
        return UNSET
    shown = promotions is not None
    return OrderIncluded(
        items=[item for one in orders for item in order_items(one, promotions=shown)] if items else UNSET,
        promotions=UNSET if promotions is None else [condensed(one) for one in promotions],
    )


def transaction_resource(order_id: UUID, one: Transaction, currency: str) -> TransactionResource:
    """Return a transaction of an order as it is answered."""
    return TransactionResource(
        id=one.id,
        reference="manual",
        name=_or_unset(one.name),
        custom_reference=_or_unset(one.custom_reference),
        gateway="manual",
        amount=one.amount,
        refunded_amount=one.refunded,
        currency=currency,
        transaction_type=one.type,
        status=one.status,
        relationships=TransactionRelationships(_one("order", str(order_id))),
        meta=TransactionMeta(
            price(one.amount, currency),
            RefundedAmount(price(one.refunded, currency)),
            Timestamps(moment(one.created_at), moment(one.updated_at)),
        ),
    )


def _prices(order: Order) -> OrderPrices:
    amounts: dict[str, int] = asdict(order.totals)
    amounts |= {"balance_owing": order.owing, "paid": order.paid}
    amounts |= {"authorized": order.authorized, "refunded": order.refunded}
    return OrderPrices(**{name: price(amount, order.evaluation.currency) for name, amount in amounts.items()})


def _relationships(order: Order, *, promotions: bool) -> OrderRelationships:
    lines = (*order.cart.lines, *order.cart.promotion_lines)
    customer, account = order.customer, order.account
    off = [Reference("promotion", id_) for id_ in promotions_of(order, items=False)]
    return OrderRelationships(
        items=References([Reference("item", order.item_ids[line.id]) for line in lines]),
        customer=_one("customer", customer.id) if customer and customer.id else UNSET,
        account=_one("account", account.id) if account else UNSET,
        account_member=_one("account_member", account.member_id) if account and account.member_id else UNSET,
        promotions=References(off) if promotions else UNSET,
    )


def _item(order: Order, line: ItemResource) -> OrderItemResource:
    off = line.type == "promotion_item"
    related = line.relationships
    return OrderItemResource(
        type="promotion_item" if off else "order_item",
        id=order.item_ids[line.id],
        quantity=line.quantity,
        product_id=line.promotion_id if off else line.product_id,
        name=line.name,
        sku=line.sku,
        unit_price=line.unit_price,
        value=line.value,
        discounts=line.discounts,
        catalog_id=line.catalog_id,
        catalog_source=line.catalog_source,
        custom_inputs=line.custom_inputs,
        shipping_group_id=line.shipping_group_id,
        promotion_source=line.promotion_source,
        links=NoLinks(),
        meta=line.meta,
        relationships=OrderItemRelationships(
            _one(line.type, line.id), UNSET if related is UNSET else related.promotions
        ),
    )


def _one(type_: str, id_: str) -> One:
    return One(Reference(type_, id_))


def _or_unset(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value
