"""Whose a cart is: customers and accounts."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from couponry.domain.attributes import Word
from couponry.domain.cart import Id
from couponry.domain.cart_errors import AccountBesideEmail, CustomerBesideEmail, TooManyItems
from couponry.domain.shopping_cart import Account, ShoppingCart

MAX_SHOPPERS = 100
"""The most customers, or accounts, of one cart."""
TOO_MANY = f"A cart can be associated with a maximum of {MAX_SHOPPERS} customers and {MAX_SHOPPERS} accounts"


class CustomerReference(msgspec.Struct, frozen=True):
    """A customer."""

    type: Literal["customer"]
    id: Id


class AccountReference(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account."""

    type: Literal["account"]
    id: Id
    account_tags: Annotated[tuple[Word, ...], Meta(max_length=1000)] | UnsetType = UNSET
    """Ours: the tags of the account, for promotions that ask for them. Merchants only."""


def with_customers(cart: ShoppingCart, customers: tuple[CustomerReference, ...]) -> ShoppingCart:
    """Associate *customers*; the first of a cart is who shops.

    Raises:
        CustomerBesideEmail: the cart has a contact e-mail.
        TooManyItems: it has too many customers.
    """
    if cart.contact_email:
        raise CustomerBesideEmail
    known = dict.fromkeys([*cart.customers, *(one.id for one in customers)])
    if len(known) > MAX_SHOPPERS:
        raise TooManyItems(TOO_MANY)
    return replace(cart, customers=tuple(known))


def without_customers(cart: ShoppingCart, customers: tuple[CustomerReference, ...]) -> ShoppingCart:
    """Remove the association of *customers*."""
    gone = {one.id for one in customers}
    return replace(cart, customers=tuple(one for one in cart.customers if one not in gone))


def with_accounts(cart: ShoppingCart, accounts: tuple[AccountReference, ...]) -> ShoppingCart:
    """Associate *accounts*; tags that are given replace those known.

    Raises:
        AccountBesideEmail: the cart has a contact e-mail.
        TooManyItems: it has too many accounts.
    """
    if cart.contact_email:
        raise AccountBesideEmail
    known = {one.id: one for one in cart.accounts}
    for one in accounts:
        before = known.get(one.id)
        tags = (before.tags if before else None) if one.account_tags is UNSET else one.account_tags
        known[one.id] = Account(one.id, tags)
    if len(known) > MAX_SHOPPERS:
        raise TooManyItems(TOO_MANY)
    return replace(cart, accounts=tuple(known.values()))


def without_accounts(cart: ShoppingCart, accounts: tuple[AccountReference, ...]) -> ShoppingCart:
    """Remove the association of *accounts*."""
    gone = {one.id for one in accounts}
    return replace(cart, accounts=tuple(one for one in cart.accounts if one.id not in gone))
