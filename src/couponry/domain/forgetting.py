"""What is left of a cart or an order when whoever it belongs to is forgotten.

Money, goods and dates stay, and so do ids: of customers and accounts, and those that the shop has given itself. Texts
that somebody wrote freely go.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec.structs import asdict, replace

from couponry.domain.orders import Order, OrderContact, Transaction
from couponry.domain.shopping_cart import DEFAULT_NAME, Address, CartLine, ShoppingCart
from couponry.domain.usages import FORGOTTEN, erasing

ContactT = TypeVar("ContactT", bound=OrderContact)


def forgotten_cart(cart: ShoppingCart, addresses: Iterable[str] = ()) -> ShoppingCart:
    """Return *cart* without what it is called, how its guest is reached, where it goes, and what is written on goods.

    Of custom attributes, texts go; names of its own items stay but for the e-mail *addresses* in them.
    """
    erase = erasing([*addresses, cart.contact_email or ""])
    return replace(
        cart,
        name=DEFAULT_NAME,
        description="",
        contact_email=None,
        custom_attributes={key: one for key, one in cart.custom_attributes.items() if one.type != "string"},
        groups=tuple(replace(group, address=None, tracking_reference=None) for group in cart.groups),
        lines=tuple(_line(line, erase) for line in cart.lines),
    )


def forgotten_order(order: Order, addresses: Iterable[str] = ()) -> Order:
    """Return *order* with `FORGOTTEN` in place of names, e-mail addresses, addresses and what payments are called.

    Its number and reference stay but for the e-mail *addresses* in them, and those that the order itself has.
    """
    told = [*addresses, *_addresses(order)]
    erase = erasing(told)
    return replace(
        order,
        order_number=order.order_number and erase(order.order_number),
        external_ref=order.external_ref and erase(order.external_ref),
        customer=_contact(order.customer),
        contact=_contact(order.contact),
        billing_address=_address(order.billing_address),
        shipping_address=_address(order.shipping_address),
        cart=forgotten_cart(order.cart, told),
        transactions=tuple(forgotten_transaction(one) for one in order.transactions),
        anonymized=True,
    )


def forgotten_transaction(one: Transaction) -> Transaction:
    """Return a transaction with `FORGOTTEN` in place of what the shop has noted of who paid."""
    return replace(one, name=one.name and FORGOTTEN, custom_reference=one.custom_reference and FORGOTTEN)


def _addresses(order: Order) -> list[str]:
    said = (order.customer and order.customer.email, order.contact and order.contact.email, order.cart.contact_email)
    return [address for address in said if address]


def _line(line: CartLine, erase: Callable[[str], str]) -> CartLine:
    if line.type == "custom_item":
        line = replace(line, name=erase(line.name), description=erase(line.description))
    return replace(line, custom_inputs=None)


def _contact(contact: ContactT | None) -> ContactT | None:
    if contact is None:
        return None
    return replace(contact, email=contact.email and FORGOTTEN, name=contact.name and FORGOTTEN)


def _address(address: Address | None) -> Address | None:
    if address is None:
        return None
    return replace(address, **{name: FORGOTTEN for name, said in asdict(address).items() if said is not None})
