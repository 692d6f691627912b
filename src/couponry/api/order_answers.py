"""What is answered about orders and their payments, as Structs."""

from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from couponry.api.answers import Instant, Links, ListMeta, Timestamps
from couponry.api.cart_answers import (
    CartPrices,
    CondensedPromotion,
    FormattedPrice,
    LineDiscount,
    LineMeta,
    Money,
    Reference,
    References,
)
from couponry.domain.cart import CustomAttribute
from couponry.domain.cart_judged import Message
from couponry.domain.orders import (
    OrderContact,
    OrderCustomer,
    OrderStatus,
    PaymentStatus,
    ShippingStatus,
    TransactionType,
)
from couponry.domain.shopping_cart import Address


class One(Struct, frozen=True):
    """Something that is told elsewhere."""

    data: Reference


class NoLinks(Struct, frozen=True):
    """There are none."""


class OrderPrices(CartPrices, frozen=True, kw_only=True):
    """What an order costs, and what of that has been paid."""

    balance_owing: FormattedPrice
    """What is neither paid nor authorized."""
    paid: FormattedPrice
    """What was purchased and captured, whether or not it was refunded since."""
    authorized: FormattedPrice
    refunded: FormattedPrice
    """Ours: what was given back."""


class OrderTimestamps(Struct, frozen=True, omit_defaults=True):
    """When the order was made, when it last changed, and when it was paid in full for the first time."""

    created_at: Instant
    updated_at: Instant
    fully_paid_at: Instant | UnsetType = UNSET


class OrderMeta(Struct, frozen=True, omit_defaults=True):
    """What is known of an order beside what it says."""

    display_price: OrderPrices
    timestamps: OrderTimestamps
    messages: list[Message] | UnsetType = UNSET
    """Told at checkout: how the discounts differ from those that the cart showed."""


class OrderRelationships(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What an order has to do with."""

    items: References
    customer: One | UnsetType = UNSET
    account: One | UnsetType = UNSET
    account_member: One | UnsetType = UNSET
    promotions: References | UnsetType = UNSET


class OrderResource(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="order"):
    """An order."""

    id: UUID
    status: OrderStatus
    payment: PaymentStatus
    shipping: ShippingStatus
    anonymized: bool
    order_number: str | UnsetType = UNSET
    external_ref: str | UnsetType = UNSET
    customer: OrderCustomer | UnsetType = UNSET
    contact: OrderContact | UnsetType = UNSET
    billing_address: Address | UnsetType = UNSET
    shipping_address: Address | UnsetType = UNSET
    custom_attributes: dict[str, CustomAttribute] | UnsetType = UNSET
    links: NoLinks
    meta: OrderMeta
    relationships: OrderRelationships


class OrderItemRelationships(Struct, frozen=True, omit_defaults=True):
    """What a line of an order has to do with."""

    cart_item: One
    promotions: References | UnsetType = UNSET


class OrderItemResource(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A line of an order: units of something, or a promotion that is off the whole order."""

    type: Literal["order_item", "promotion_item"]
    id: str
    quantity: int
    product_id: str | UnsetType = UNSET
    """Of a promotion, its id."""
    name: str
    sku: str | UnsetType = UNSET
    """Of a promotion, the code."""
    unit_price: Money
    value: Money
    """`unit_price` times `quantity`, before discounts."""
    discounts: list[LineDiscount] | UnsetType = UNSET
    catalog_id: str | UnsetType = UNSET
    catalog_source: Literal["pim"] | UnsetType = UNSET
    custom_inputs: dict[str, Any] | UnsetType = UNSET
    shipping_group_id: str | UnsetType = UNSET
    promotion_source: Literal["rule-promotion"] | UnsetType = UNSET
    links: NoLinks
    meta: LineMeta
    relationships: OrderItemRelationships


class OrderIncluded(Struct, frozen=True, omit_defaults=True):
    """What was asked for beside."""

    items: list[OrderItemResource] | UnsetType = UNSET
    promotions: list[CondensedPromotion] | UnsetType = UNSET


class OrderAnswer(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One order."""

    data: OrderResource
    included: OrderIncluded | UnsetType = UNSET


class OrderList(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One page of orders."""

    data: list[OrderResource]
    included: OrderIncluded | UnsetType = UNSET
    links: Links
    meta: ListMeta


class OrderItemsAnswer(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The lines of an order."""

    data: list[OrderItemResource]
    included: OrderIncluded | UnsetType = UNSET


class AnonymizedOrders(Struct, frozen=True):
    """The orders as they stand now."""

    data: list[OrderResource]


class RefundedAmount(Struct, frozen=True):
    """How much of a payment was given back."""

    total: FormattedPrice


class TransactionMeta(Struct, frozen=True):
    """What is known of a transaction beside what it says."""

    display_price: FormattedPrice
    display_refunded_amount: RefundedAmount
    timestamps: Timestamps


class TransactionRelationships(Struct, frozen=True):
    """The order that a transaction is of."""

    order: One


class TransactionResource(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="transaction"):
    """A payment, or the authorization of one."""

    id: UUID
    reference: Literal["manual"]
    name: str | UnsetType = UNSET
    custom_reference: str | UnsetType = UNSET
    gateway: Literal["manual"]
    amount: int
    refunded_amount: int
    currency: str
    transaction_type: TransactionType
    """What was paid is `refund` as soon as all of it has been given back."""
    status: Literal["complete", "cancelled"]
    relationships: TransactionRelationships
    meta: TransactionMeta


class TransactionAnswer(Struct, frozen=True):
    """One transaction."""

    data: TransactionResource


class TransactionsAnswer(Struct, frozen=True):
    """The transactions of an order."""

    data: list[TransactionResource]
