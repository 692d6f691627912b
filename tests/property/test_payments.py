"""Laws of payments, whatever is paid, captured, refunded and cancelled in whatever order."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from couponry.domain.errors import Refusal
from couponry.domain.evaluation import evaluate
from couponry.domain.orders import Order, OrderUpdate, updated
from couponry.domain.payments import Payment, cancelled, captured, paid, refunded
from couponry.domain.promotion_book import book
from couponry.domain.shopping_cart import CartLine, ShoppingCart, to_judge

NOW = datetime(2026, 1, 1, tzinfo=UTC)

amounts = st.just(UNSET) | st.integers(0, 12)
numbers = st.integers(0, 4)
moves = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["purchase", "authorize"]), st.just(0), amounts),
        st.tuples(st.sampled_from(["capture", "cancel", "refund"]), numbers, amounts),
        st.tuples(st.sampled_from(["cancelled", "fulfilled"]), st.just(0), st.just(UNSET)),
    ),
    max_size=12,
)


def order_of(total: int) -> Order:
    line = CartLine(id="1", type="custom_item", name="x", quantity=1, unit_price=total, created_at=NOW, updated_at=NOW)
    cart = ShoppingCart(lines=(line,))
    judged = evaluate(to_judge(cart), book(()), (), NOW)
    return Order(id=UUID(int=1), cart_id="c", cart=cart, item_ids={}, evaluation=judged, created_at=NOW, updated_at=NOW)


def moved(order: Order, what: str, number: int, amount: int, id_: UUID) -> Order:
    match what:
        case "purchase" | "authorize":
            return paid(order, Payment(gateway="manual", method=what, amount=amount), id_, NOW)
        case "capture":
            return captured(order, UUID(int=number), UNSET, NOW)
        case "cancel":
            return cancelled(order, UUID(int=number), NOW)
        case "refund":
            return refunded(order, UUID(int=number), amount, NOW)
        case "cancelled":
            return updated(order, OrderUpdate(type="order", status="cancelled"), NOW)
        case _:
            return updated(order, OrderUpdate(type="order", shipping="fulfilled"), NOW)


def payment_of(order: Order, total: int) -> str:
    """Say how an order is paid, slowly."""
    standing = [one for one in order.transactions if one.status == "complete"]
    kinds = {one.type for one in standing} - {"authorize"}
    if order.fully_paid_at:
        return "refunded" if kinds == {"refund"} else "paid"
    if kinds - {"refund"}:
        return "paid" if order.paid == total else "partially_paid"
    if any(one.type == "authorize" for one in standing):
        return "authorized" if order.authorized == total else "partially_authorized"
    return "unpaid"


@given(st.integers(0, 10), moves)
def test_money_is_neither_made_nor_lost(total: int, wanted: list[tuple[str, int, int]]):
    order = order_of(total)
    for what, number, amount in wanted:
        before = order
        try:
            order = moved(order, what, number, amount, UUID(int=len(order.transactions)))
        except Refusal:
            continue
        assert order.paid + order.authorized + order.owing == total
        assert order.owing >= 0
        assert all(0 <= one.refunded <= one.amount for one in order.transactions)
        assert order.payment == payment_of(order, total)
        assert (order.status == "complete") <= (order.payment in ("paid", "refunded"))
        assert (before.status == "cancelled") <= (order.status == "cancelled" and order.paid <= before.paid)
        assert (before.shipping == "fulfilled") <= (order.shipping == "fulfilled" and order.status != "cancelled")
