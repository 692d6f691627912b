"""Shipping groups as they are answered."""

from typing import Literal

from msgspec import UNSET

from couponry.api.cart_answers import Reference
from couponry.api.item_views import item_discounts, price
from couponry.api.shipping_answers import (
    Estimate,
    Owner,
    ShippingGroupResource,
    ShippingMeta,
    ShippingPrices,
    ShippingRelationships,
)
from couponry.api.wire import moment
from couponry.domain.outcome import JudgedShippingGroup
from couponry.domain.shopping_cart import CartGroup


def group_resource(
    relation: Literal["cart", "order"], owner_id: str, group: CartGroup, judged: JudgedShippingGroup, currency: str
) -> ShippingGroupResource:
    """Return a shipping group of a cart, or of an order, as it is answered."""
    estimate, owner = group.delivery_estimate, Owner(Reference(relation, owner_id))
    return ShippingGroupResource(
        id=group.id,
        type="shipping_group",
        relation=relation,
        cart_id=owner_id if relation == "cart" else UNSET,
        order_id=owner_id if relation == "order" else UNSET,
        shipping_type=group.shipping_type,
        tracking_reference=group.tracking_reference or UNSET,
        includes_tax=UNSET if group.includes_tax is None else group.includes_tax,
        address=group.address or UNSET,
        delivery_estimate=UNSET
        if estimate is None
        else Estimate(
            moment(estimate.start) if estimate.start else UNSET, moment(estimate.end) if estimate.end else UNSET
        ),
        discounts=item_discounts(judged.discounts, currency) or UNSET,
        created_at=moment(group.created_at),
        updated_at=moment(group.updated_at),
        relationships=ShippingRelationships(cart=owner) if relation == "cart" else ShippingRelationships(order=owner),
        meta=ShippingMeta(
            ShippingPrices(
                total=price(group.total + judged.discount, currency),
                base=price(group.base, currency),
                tax=price(group.tax, currency),
                fees=price(group.fees, currency),
                discount=price(judged.discount, currency),
            )
        ),
    )
