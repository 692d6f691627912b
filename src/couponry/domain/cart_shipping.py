"""Shipping groups of carts: what is shipped together, how, whereto, and for how much."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from couponry.domain.cart import Price
from couponry.domain.cart_changes import Scene, currency_of
from couponry.domain.cart_errors import (
    CurrencyMismatch,
    DatesDiscrepant,
    ShippingGroupAttached,
    ShippingGroupNotFound,
    TooManyItems,
)
from couponry.domain.errors import Fault
from couponry.domain.shopping_cart import MAX_ITEMS, Address, CartGroup, DeliveryEstimate, ShoppingCart
from couponry.domain.validity import Consistent, outside, within

GroupText = Annotated[str, Meta(max_length=255)]


class ShippingPrice(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What shipping costs, in minor units; promotions look at `base` alone."""

    base: Price = 0
    tax: Price = 0
    fees: Price = 0


class GroupData(Consistent, frozen=True, omit_defaults=True, kw_only=True):
    """What a request says of a shipping group; what it leaves out stays as it is."""

    type: Literal["shipping_group"] = "shipping_group"
    shipping_type: GroupText | UnsetType = UNSET
    tracking_reference: GroupText | UnsetType = UNSET
    shipping_price: ShippingPrice | UnsetType = UNSET
    includes_tax: bool | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    delivery_estimate: DeliveryEstimate | UnsetType = UNSET

    def contradictions(self) -> Iterator[Fault]:
        """Tell of moments outside UTC."""
        estimate = self.delivery_estimate or DeliveryEstimate()
        for member, moment in (("start", estimate.start), ("end", estimate.end)):
            if moment is not None and moment.utcoffset() != timedelta(0):
                yield from within([outside("format", "date-time", member)], "delivery_estimate")


def with_group(cart: ShoppingCart, said: GroupData, id_: str, scene: Scene) -> ShoppingCart:
    """Add a shipping group with that id.

    Raises:
        CurrencyMismatch: the request is in another currency than the cart.
        DatesDiscrepant, TooManyItems: what cannot be.
    """
    currency = currency_of(cart, scene)
    if scene.currency not in (None, currency):
        raise CurrencyMismatch(currency, str(scene.currency), "shipping group")
    if len(cart.groups) >= MAX_ITEMS:
        raise TooManyItems(f"A cart can contain a maximum of {MAX_ITEMS} shipping groups")
    group = _said(CartGroup(id=id_, created_at=scene.now, updated_at=scene.now), said)
    return replace(cart, groups=(*cart.groups, group), currency=currency)


def with_changed_group(cart: ShoppingCart, id_: str, said: GroupData, scene: Scene) -> ShoppingCart:
    """Change a shipping group.

    Raises:
        ShippingGroupNotFound, DatesDiscrepant: there is none; what cannot be.
    """
    group = cart.group(id_)
    if group is None:
        raise ShippingGroupNotFound(scene.cart_id, id_)
    changed = replace(_said(group, said), updated_at=scene.now)
    return replace(cart, groups=tuple(changed if one.id == id_ else one for one in cart.groups))


def without_group(cart: ShoppingCart, id_: str, scene: Scene) -> ShoppingCart:
    """Remove a shipping group.

    Raises:
        ShippingGroupNotFound, ShippingGroupAttached: there is none; lines are in it.
    """
    if cart.group(id_) is None:
        raise ShippingGroupNotFound(scene.cart_id, id_)
    if any(line.shipping_group_id == id_ for line in cart.lines):
        raise ShippingGroupAttached
    return replace(cart, groups=tuple(one for one in cart.groups if one.id != id_))


def _said(group: CartGroup, said: GroupData) -> CartGroup:
    price = said.shipping_price
    if price is not UNSET:
        group = replace(group, base=price.base, tax=price.tax, fees=price.fees)
    estimate = said.delivery_estimate
    if estimate and estimate.start and estimate.end and estimate.start > estimate.end:
        raise DatesDiscrepant
    others = ("shipping_type", "tracking_reference", "includes_tax", "address", "delivery_estimate")
    given = {name: value for name in others if (value := getattr(said, name)) is not UNSET}
    return replace(group, **given)
