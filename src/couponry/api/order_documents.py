"""What is sent about orders and their payments."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from couponry.domain.checkout import Checkout
from couponry.domain.orders import OrderUpdate
from couponry.domain.payments import Amount, MoneyMove, Payment, Reference

MAX_ORDERS = 100
"""The most orders that one request names."""


class CheckoutDocument(msgspec.Struct, frozen=True):
    """The body that checks a cart out."""

    data: Checkout


class OrderUpdateDocument(msgspec.Struct, frozen=True):
    """The body that changes an order."""

    data: OrderUpdate


class PaymentDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body that pays an order."""

    data: Payment


class Capture(MoneyMove, frozen=True, omit_defaults=True, kw_only=True):
    """What is known when an authorized payment is made."""

    custom_reference: Reference | UnsetType | None = UNSET
    """Replaces that of the authorization; an empty one removes it."""


class CaptureDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body that captures a payment; it may be left out."""

    data: Capture = Capture()


class Refund(MoneyMove, frozen=True, omit_defaults=True, kw_only=True):
    """How much is given back."""

    amount: Amount | UnsetType = UNSET
    """In minor units; without one, all that is left."""


class RefundDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body that refunds a payment; it may be left out."""

    data: Refund = Refund()


class PaymentConfirmationDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body that confirms a payment; it may be left out, and nothing of it is kept."""

    data: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Cancellation(MoneyMove, frozen=True, omit_defaults=True, kw_only=True):
    """Why an authorization is cancelled; nothing of it is kept."""

    reason: str | UnsetType = UNSET


class CancellationDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body that cancels an authorization; it may be left out."""

    data: Cancellation = Cancellation()


class OrdersToAnonymize(msgspec.Struct, frozen=True):
    """Orders by their ids."""

    order_ids: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MAX_ORDERS)]


class AnonymizeOrdersDocument(msgspec.Struct, frozen=True):
    """The body that anonymizes orders."""

    data: OrdersToAnonymize
