"""Payments of orders by the manual gateway: the shop is paid elsewhere, and tells so."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from couponry.domain.errors import Fault
from couponry.domain.order_errors import (
    NotCancellable,
    NotCapturable,
    NotRefundable,
    OrderNotConfirmable,
    OrderNotPayable,
    TooManyTransactions,
    TransactionNotFound,
    WrongAmount,
)
from couponry.domain.orders import Order, OrderStatus, PaymentStatus, Transaction
from couponry.domain.validity import Consistent, unknown

MAX_TRANSACTIONS = 100
"""The most transactions of an order."""

Amount = Annotated[int, Meta(ge=0, le=10**15)]
Reference = Annotated[str, Meta(max_length=255)]


class MoneyMove(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is said of money; a member that nobody knows is refused, as it may be a misspelt amount."""

    type: str | UnsetType = UNSET
    """Taken, as Elastic Path takes it, and not kept."""
    options: dict[str, Any] | UnsetType | None = UNSET
    """For the gateways of Elastic Path; the manual one has no use for any."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of an amount where nobody looks for it."""
        if self.options and "amount" in self.options:
            yield unknown("amount", "options")


class PaymentNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What the shop calls a payment."""

    name: Reference | None = None
    custom_reference: Reference | None = None


class Payment(MoneyMove, frozen=True, omit_defaults=True, kw_only=True):
    """How an order is paid."""

    gateway: Literal["manual"]
    method: Literal["purchase", "authorize"]
    amount: Amount | UnsetType = UNSET
    """In minor units; without one, all that is owing."""
    paymentmethod_meta: PaymentNote = PaymentNote()


def paid(order: Order, said: Payment, id_: UUID, now: datetime) -> Order:
    """Return *order* with a payment, or the authorization of one.

    Raises:
        OrderNotPayable: it is cancelled or refunded, or has nothing owing.
        WrongAmount: more than is owing.
        TooManyTransactions: it has a hundred.
    """
    if order.status == "cancelled" or order.payment in ("paid", "authorized", "refunded") or order.owing < 0:
        raise OrderNotPayable
    if order.owing == 0 and order.payment != "unpaid":
        raise OrderNotPayable
    if len(order.transactions) >= MAX_TRANSACTIONS:
        raise TooManyTransactions
    amount = order.owing if said.amount is UNSET else said.amount
    if amount > order.owing or (amount == 0 and order.owing > 0):
        raise WrongAmount(order.owing)
    new = Transaction(
        id=id_,
        type=said.method,
        amount=amount,
        name=said.paymentmethod_meta.name,
        custom_reference=said.paymentmethod_meta.custom_reference,
        created_at=now,
        updated_at=now,
    )
    return _settled(replace(order, transactions=(*order.transactions, new)), now)


def captured(order: Order, id_: UUID, reference: str | UnsetType | None, now: datetime) -> Order:
    """Return *order* with what was authorized paid; another *reference* replaces the one it had.

    Raises:
        TransactionNotFound: it has no such transaction.
        NotCapturable: that is no authorization, or was captured or cancelled; or the order is cancelled.
    """
    one = transaction(order, id_)
    if order.status == "cancelled" or one.type != "authorize" or one.status != "complete":
        raise NotCapturable
    kept = one.custom_reference if reference is UNSET else reference or None
    return _with(order, replace(one, type="capture", custom_reference=kept, updated_at=now), now)


def refunded(order: Order, id_: UUID, amount: int | UnsetType, now: datetime) -> Order:
    """Return *order* with *amount* of a payment given back, or all that is left of it.

    Raises:
        TransactionNotFound: it has no such transaction.
        NotRefundable: nothing was paid by it, or all was refunded.
        WrongAmount: more than is left.
    """
    one = transaction(order, id_)
    if one.type not in ("purchase", "capture"):
        raise NotRefundable
    left = one.amount - one.refunded
    back = left if amount is UNSET else amount
    if back > left or (back == 0 and left > 0):
        raise WrongAmount(left)
    type_ = "refund" if back == left else one.type
    return _with(order, replace(one, type=type_, refunded=one.refunded + back, updated_at=now), now)


def cancelled(order: Order, id_: UUID, now: datetime) -> Order:
    """Return *order* without an authorization.

    Raises:
        TransactionNotFound: it has no such transaction.
        NotCancellable: that is no authorization, or was captured or cancelled.
    """
    one = transaction(order, id_)
    if one.type != "authorize" or one.status != "complete":
        raise NotCancellable
    return _with(order, replace(one, status="cancelled", updated_at=now), now)


def standing(order: Order) -> Transaction:
    """Return the payment that *order* stands on, or the authorization of one: the last that counts.

    Raises:
        OrderNotConfirmable: it is cancelled, or nothing is paid or authorized.
    """
    counted = [one for one in order.transactions if one.status == "complete" and one.type != "refund"]
    if order.status == "cancelled" or not counted:
        raise OrderNotConfirmable
    return counted[-1]


def transaction(order: Order, id_: UUID) -> Transaction:
    """Return a transaction of *order*.

    Raises:
        TransactionNotFound: it has no such transaction.
    """
    for one in order.transactions:
        if one.id == id_:
            return one
    raise TransactionNotFound


def _with(order: Order, changed: Transaction, now: datetime) -> Order:
    others = tuple(changed if one.id == changed.id else one for one in order.transactions)
    return _settled(replace(order, transactions=others), now)


def _settled(order: Order, now: datetime) -> Order:
    """Return *order* with the states that follow from its transactions."""
    payment = _payment_of(order)
    first = order.fully_paid_at or (now if payment == "paid" else None)
    status = order.status if order.status == "cancelled" else _STATUS[payment]
    return replace(order, payment=payment, status=status, fully_paid_at=first, updated_at=now)


_STATUS: dict[PaymentStatus, OrderStatus] = {
    "unpaid": "incomplete",
    "partially_authorized": "processing",
    "authorized": "processing",
    "partially_paid": "processing",
    "paid": "complete",
    "refunded": "complete",
}


def _payment_of(order: Order) -> PaymentStatus:
    standing = [one for one in order.transactions if one.status == "complete"]
    payments = [one for one in standing if one.type != "authorize"]
    kept = [one for one in payments if one.type != "refund"]
    if order.fully_paid_at is not None:
        return "paid" if kept else "refunded"
    if kept:
        return "paid" if order.paid >= order.totals.with_tax else "partially_paid"
    if len(standing) > len(payments):
        return "authorized" if order.authorized >= order.totals.with_tax else "partially_authorized"
    return "unpaid"
