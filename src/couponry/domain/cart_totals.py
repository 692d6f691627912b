"""What a judged cart costs, with its shipping."""

import msgspec

from couponry.domain.outcome import Evaluation
from couponry.domain.shopping_cart import ShoppingCart


class CartTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a cart costs, in minor units; discounts are negative."""

    with_tax: int
    """After discounts, with shipping."""
    without_tax: int
    tax: int
    discount: int
    """Off the lines; that off shipping stands by itself."""
    without_discount: int
    shipping: int
    """Before discounts."""
    shipping_discount: int


def totals_of(cart: ShoppingCart, evaluation: Evaluation) -> CartTotals:
    """Return what *cart* costs as it was judged; only shipping that some line is in is paid for."""
    totals, used = evaluation.totals, {line.shipping_group_id for line in cart.lines}
    groups = [group for group in cart.groups if group.id in used]
    shipping, tax = sum(group.total for group in groups), sum(group.tax for group in groups)
    after = totals.with_discount + shipping + totals.shipping_discount
    return CartTotals(
        with_tax=after,
        without_tax=after - tax,
        tax=tax,
        discount=totals.discount,
        without_discount=totals.without_discount + shipping,
        shipping=shipping,
        shipping_discount=totals.shipping_discount,
    )
