"""What is said when a cart is checked out: who orders, and where it goes."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from couponry.domain.cart import Id, Shopper
from couponry.domain.emails import is_email
from couponry.domain.errors import Fault
from couponry.domain.promotions import Name
from couponry.domain.shopping_cart import Address
from couponry.domain.validity import Consistent, missing, outside

Email = Annotated[str, Meta(min_length=1, max_length=320)]


class CheckoutContact(Consistent, frozen=True, omit_defaults=True, kw_only=True):
    """Whom to write to."""

    email: Email | None = None
    name: Name | None = None

    def contradictions(self) -> Iterator[Fault]:
        """Tell of what is no e-mail address."""
        if self.email is not None and not is_email(self.email):
            yield outside("format", "email", "email")


class CheckoutCustomer(CheckoutContact, frozen=True, omit_defaults=True, kw_only=True):
    """A customer by the id, or a guest by the e-mail address."""

    id: Id | None = None


class AccountMember(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An account, and which of its members orders."""

    id: Id
    member_id: Id | None = None


OrderNumber = Annotated[str, Meta(max_length=255)]
ExternalRef = Annotated[str, Meta(max_length=64)]


class Checkout(Consistent, frozen=True, omit_defaults=True, kw_only=True):
    """Who orders, and where it goes."""

    customer: CheckoutCustomer | None = None
    account: AccountMember | None = None
    contact: CheckoutContact | None = None
    """How to reach who orders for an account."""
    billing_address: Address | None = None
    shipping_address: Address | None = None
    order_number: OrderNumber | None = None
    external_ref: ExternalRef | None = None
    strict: bool = False
    """Ours: whether to refuse the checkout when a code of the cart has run out, or a gift cannot be had; otherwise it
    is left out, and told of. A store that is set so refuses it whatever is said."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of an order that nobody makes."""
        if self.account is None and self.customer is None and (self.contact is None or self.contact.email is None):
            yield missing("customer")
        if self.customer is not None and self.customer.id is None and self.customer.email is None:
            yield missing("email", "customer")

    @property
    def emails(self) -> list[str]:
        """Every address that is said; the first is that of who orders."""
        return [one.email.strip() for one in (self.customer, self.contact) if one is not None and one.email is not None]

    @property
    def email(self) -> str | None:
        """The address of who orders."""
        return next(iter(self.emails), None)


def shopper_at_checkout(known: Shopper, said: Checkout) -> Shopper:
    """Return who orders: as is *said*, and for the rest as the cart has it *known*."""
    account_id = known.account_id if said.account is None else said.account.id
    return replace(
        known,
        customer_id=said.customer.id
        if said.customer is not None and said.customer.id is not None
        else known.customer_id,
        account_id=account_id,
        email=said.email or known.email,
        account_tags=known.account_tags if account_id == known.account_id else None,
    )
