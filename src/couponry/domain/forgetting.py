"""What is left of a cart or an order when whoever it belongs to is forgotten."""

from typing import TypeVar

from msgspec.structs import asdict, replace

from couponry.domain.orders import Order, OrderContact
from couponry.domain.shopping_cart import DEFAULT_NAME, Address, ShoppingCart
from couponry.domain.usages import FORGOTTEN

ContactT = TypeVar("ContactT", bound=OrderContact)


def forgotten_cart(cart: ShoppingCart) -> ShoppingCart:
    """Return *cart* without what it is called, how its guest is reached, and where it goes; ids of shoppers stay."""
    return replace(
        cart,
        name=DEFAULT_NAME,
        description="",
        contact_email=None,
        groups=tuple(replace(group, address=None) for group in cart.groups),
    )


def forgotten_order(order: Order) -> Order:
    """Return *order* with `FORGOTTEN` in place of names, e-mail addresses and addresses; ids of shoppers stay."""
    return replace(
        order,
        customer=_contact(order.customer),
        contact=_contact(order.contact),
        billing_address=_address(order.billing_address),
        shipping_address=_address(order.shipping_address),
        cart=forgotten_cart(order.cart),
        anonymized=True,
    )


def _contact(contact: ContactT | None) -> ContactT | None:
    if contact is None:
        return None
    return replace(contact, email=contact.email and FORGOTTEN, name=contact.name and FORGOTTEN)


def _address(address: Address | None) -> Address | None:
    if address is None:
        return None
    return replace(address, **{name: FORGOTTEN for name, said in asdict(address).items() if said is not None})
