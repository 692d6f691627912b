"""Orders: a cart as it was checked out, and what became of it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from couponry.domain.cart_judged import Message
from couponry.domain.cart_totals import CartTotals, totals_of
from couponry.domain.checkout import AccountMember, ExternalRef, OrderNumber
from couponry.domain.order_errors import OrderSettled
from couponry.domain.outcome import Evaluation
from couponry.domain.shopping_cart import Address, ShoppingCart

OrderStatus = Literal["incomplete", "processing", "complete", "cancelled"]
PaymentStatus = Literal["unpaid", "partially_authorized", "authorized", "partially_paid", "paid", "refunded"]
ShippingStatus = Literal["unfulfilled", "fulfilled"]

TransactionType = Literal["purchase", "authorize", "capture", "refund"]
"""What was paid is `refund` as soon as all of it has been given back."""


class Transaction(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A payment, or the authorization of one, as the shop did it by itself."""

    id: UUID
    type: TransactionType
    status: Literal["complete", "cancelled"] = "complete"
    amount: int
    """In minor units."""
    refunded: int = 0
    """How much of it was given back."""
    name: str | None = None
    custom_reference: str | None = None
    created_at: datetime
    updated_at: datetime


class OrderContact(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How to reach who ordered."""

    email: str | None = None
    name: str | None = None


class OrderCustomer(OrderContact, frozen=True, omit_defaults=True, kw_only=True):
    """The customer, or the guest, who ordered."""

    id: str | None = None


class Order(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A cart as it was checked out, and what became of it since."""

    id: UUID
    status: OrderStatus = "incomplete"
    payment: PaymentStatus = "unpaid"
    shipping: ShippingStatus = "unfulfilled"
    order_number: str | None = None
    external_ref: str | None = None
    cart_id: str
    customer: OrderCustomer | None = None
    account: AccountMember | None = None
    contact: OrderContact | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    cart: ShoppingCart
    """As it was when it was checked out."""
    item_ids: dict[str, str]
    """What each line of the cart is called in the order."""
    evaluation: Evaluation
    """How the cart was judged; of what did not apply, nothing is kept."""
    transactions: tuple[Transaction, ...] = ()
    anonymized: bool = False
    created_at: datetime
    updated_at: datetime
    fully_paid_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be sent any more: it is fulfilled, cancelled or refunded."""
        return self.shipping == "fulfilled" or self.status == "cancelled" or self.payment == "refunded"

    @property
    def totals(self) -> CartTotals:
        """What it costs."""
        return totals_of(self.cart, self.evaluation)

    @property
    def paid(self) -> int:
        """What was purchased and captured: once that was all, whatever is refunded since; before, what was kept."""
        if self.fully_paid_at is not None:
            return self.totals.with_tax
        return sum(one.amount - one.refunded for one in self.transactions if one.type != "authorize")

    @property
    def refunded(self) -> int:
        """What was given back of what was purchased and captured."""
        return sum(one.refunded for one in self.transactions)

    @property
    def authorized(self) -> int:
        """What is authorized and neither captured nor cancelled."""
        return sum(one.amount for one in self.transactions if one.type == "authorize" and one.status == "complete")

    @property
    def owing(self) -> int:
        """What is neither paid nor authorized yet."""
        return self.totals.with_tax - self.paid - self.authorized


class Placed(msgspec.Struct, frozen=True):
    """An order as it was made, and what there is to tell of it: the answer that retries of a checkout get."""

    id: UUID
    """First, as kept answers are looked up by it."""
    order: Order
    messages: list[Message]
    """How the discounts differ from those that the cart showed."""


class Moved(msgspec.Struct, frozen=True):
    """A transaction as a move has left it: the answer that retries of the move get."""

    id: UUID
    """Of the order; first, as kept answers are looked up by it."""
    transaction: Transaction
    currency: str


class OrderUpdate(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a request changes of an order; what it leaves out stays as it is."""

    type: Literal["order"]
    status: Literal["cancelled"] | UnsetType = UNSET
    shipping: Literal["fulfilled"] | UnsetType = UNSET
    shipping_address: Address | UnsetType = UNSET
    order_number: OrderNumber | UnsetType | None = UNSET
    """An empty one removes it."""
    external_ref: ExternalRef | UnsetType | None = UNSET
    """An empty one removes it."""


def updated(order: Order, said: OrderUpdate, now: datetime) -> Order:
    """Return *order* as it is *said* to be; what it is already changes nothing.

    Raises:
        OrderSettled: it is cancelled or fulfilled, or to be fulfilled without having been paid.
    """
    changed = order
    if said.order_number is not UNSET:
        changed = replace(changed, order_number=said.order_number or None)
    if said.external_ref is not UNSET:
        changed = replace(changed, external_ref=said.external_ref or None)
    if said.shipping_address is not UNSET and said.shipping_address != order.shipping_address:
        _require_open(order)
        changed = replace(changed, shipping_address=said.shipping_address)
    if said.status is not UNSET and said.status != order.status:
        _require_open(order)
        changed = replace(changed, status=said.status)
    if said.shipping is not UNSET and said.shipping != order.shipping:
        _require_open(changed)
        if order.payment != "paid":
            raise OrderSettled
        changed = replace(changed, shipping=said.shipping)
    return changed if changed == order else replace(changed, updated_at=now)


def _require_open(order: Order) -> None:
    if order.status == "cancelled" or order.shipping == "fulfilled":
        raise OrderSettled
