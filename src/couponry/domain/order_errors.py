"""What checkout, orders and payments say no to, in the words of Elastic Path where it has any."""

from couponry.domain.errors import Category, NotFound, Refusal
from couponry.domain.redemption_errors import CodesRefused


class PreviewNotCheckedOut(Refusal):
    """A preview cart is judged as of another moment."""

    category = Category.CART_BAD_REQUEST
    title = "Bad Request"
    sentence = "Checking out carts with snapshot dates not permitted"


class EmptyCartNotCheckedOut(Refusal):
    """There is nothing in the cart."""

    category = Category.CART_BAD_REQUEST
    title = "Bad Request"
    sentence = "Cannot check out an empty cart"


class GiftOutOfStock(Refusal):
    """A gift that is due, and whose product the store does not have any more."""

    category = Category.CART_BAD_REQUEST
    title = "Insufficient stock"

    def __init__(self, **meta: str) -> None:
        [named] = meta.values()
        super().__init__(f"There is not enough stock to add {named} to your cart", **meta)


class GiftsRefused(CodesRefused):
    """Gifts that a strict checkout cannot have, each with its own refusal."""

    category = Category.CART_BAD_REQUEST


class OrderNotFound(NotFound):
    """No order of this store has that id."""

    sentence = "Order not found"


class TransactionNotFound(NotFound):
    """No transaction of that order has that id."""

    sentence = "Transaction not found"


class OrderGroupNotFound(NotFound):
    """No shipping group of that order has that id."""

    sentence = "Shipping group not found"


class OrderSettled(Refusal):
    """An order that is in no state to be changed so: cancelled, fulfilled, or not paid yet."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Order cannot be updated in its current state"


class OrderNotPayable(Refusal):
    """An order that is cancelled, refunded, or has nothing owing."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Order cannot be paid in its current state"


class OrderNotConfirmable(Refusal):
    """An order that is cancelled, or of which nothing is paid or authorized."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Order cannot be confirmed in its current state"


class WrongAmount(Refusal):
    """A payment above what is owing, or a refund above what is left of the payment; or one of nothing."""

    category = Category.UNPROCESSABLE
    title = "Invalid Amount"

    def __init__(self, most: int) -> None:
        super().__init__(f"The amount must be between 1 and {most}", most=most)


class TooManyTransactions(Refusal):
    """An order has at most a hundred transactions."""

    category = Category.UNPROCESSABLE
    title = "Too many transactions"
    sentence = "An order can have a maximum of 100 transactions"


class NotCapturable(Refusal):
    """A transaction that is no authorization, or has been captured or cancelled; or an order that is cancelled."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Transaction cannot be captured in its current state"


class NotRefundable(Refusal):
    """A transaction by which nothing was paid, or all of which has been refunded."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Transaction cannot be refunded in its current state"


class NotCancellable(Refusal):
    """A transaction that is no authorization, or has been captured or cancelled."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Transaction cannot be cancelled in its current state"


class NotAnonymizable(Refusal):
    """An order that is neither fulfilled nor cancelled nor refunded may still need its addresses."""

    category = Category.CART_UNPROCESSABLE
    title = "Could not anonymize orders"

    def __init__(self, order_id: str, status: str, payment: str, shipping: str) -> None:
        super().__init__(
            f"Order has status: order:{status}, payment:{payment}, shipping:{shipping};"
            " only fulfilled or refunded or cancelled orders may be anonymized",
            order_id=order_id,
        )
