"""What each operation on orders and their payments takes, answers and refuses."""

from couponry.api import order_examples as examples
from couponry.api.operation import Operation, Tag
from couponry.api.order_answers import (
    AnonymizedOrders,
    OrderAnswer,
    OrderItemsAnswer,
    OrderList,
    TransactionAnswer,
    TransactionsAnswer,
)
from couponry.api.order_documents import (
    AnonymizeOrdersDocument,
    CancellationDocument,
    CaptureDocument,
    CheckoutDocument,
    OrderUpdateDocument,
    PaymentConfirmationDocument,
    PaymentDocument,
    RefundDocument,
)
from couponry.api.shipping_answers import ShippingGroupAnswer, ShippingGroupsAnswer
from couponry.domain import cart_errors, errors, order_errors, redemption_errors
from couponry.storage import order_lists

NO_ORDER = order_errors.OrderNotFound()
NO_TRANSACTION = order_errors.TransactionNotFound()
KEY = {"Idempotency-Key": "The same for every retry of one request, and for no other."}
KEY_REFUSES = (
    errors.BadRequest("An Idempotency-Key has 1 to 255 characters."),
    redemption_errors.IdempotencyKeyReused(),
)
SORTS = tuple(name for name in order_lists.ORDERS if name)

ORDERS = Tag(
    "Orders",
    "A cart becomes an order at checkout, and stays: it can be checked out again. Uses of codes are counted with the"
    " order, not with its payment. But for checking out, orders are for merchants.",
    {
        "checkoutAPI": Operation(
            "The cart is judged for whoever orders. A code that has run out since it was entered, and a gift that"
            " cannot be had, is left out and told of in `meta.messages`, or refused where the request or the store is"
            " `strict`. A retry with the same"
            " `Idempotency-Key` gets the first answer, with the header `Idempotent-Replayed: true`.",
            answer=OrderAnswer,
            body=CheckoutDocument,
            examples=examples.CHECKOUTS,
            headers=KEY,
            refuses=(
                cart_errors.CartNotFound(),
                errors.BadRequest("An Idempotency-Key has 1 to 255 characters."),
                order_errors.EmptyCartNotCheckedOut(),
                order_errors.PreviewNotCheckedOut(),
                order_errors.GiftOutOfStock(sku="gift2"),
                cart_errors.ProductNotAdded("USD", sku="gift2"),
                redemption_errors.FullyConsumed(
                    "The code has been used, or is held, 10 of 10 times.", code="spring-sale", reason="code_exhausted"
                ),
                redemption_errors.NotApplicable("The promotion ended.", code="spring-sale", reason="ended"),
                redemption_errors.IdempotencyKeyReused(),
                cart_errors.CartBusy(),
            ),
        ),
        "getCustomerOrders": Operation(
            "The newest come first. `X-Moltin-Customer-Token` leaves only those of that customer. More than ten"
            " thousand are not counted to the end.",
            answer=OrderList,
            includes=("items", "promotions"),
            filters=order_lists.FILTERS,
            orders=SORTS,
        ),
        "getAnOrder": Operation(
            "The promotions beside it are those off the whole order, and with its items also those of its lines.",
            answer=OrderAnswer,
            includes=("items", "promotions"),
            refuses=(NO_ORDER,),
        ),
        "getOrderItems": Operation(
            "They keep their discounts. A discount of the whole order has a line of its own, of the type"
            " `promotion_item`; the other lines carry their parts of it already.",
            answer=OrderItemsAnswer,
            includes=("promotions",),
            refuses=(NO_ORDER,),
        ),
        "getOrderShippingGroups": Operation(
            "As the cart had them when it was checked out.", answer=ShippingGroupsAnswer, refuses=(NO_ORDER,)
        ),
        "getShippingGroupsById": Operation(
            "As the cart had it when it was checked out.",
            answer=ShippingGroupAnswer,
            refuses=(NO_ORDER, order_errors.OrderGroupNotFound()),
        ),
        "confirmOrder": Operation(
            "Elastic Path fetches here what became of a payment elsewhere. What the shop tells of payments is true"
            " already: nothing is changed, and the payment that the order stands on is answered.",
            answer=TransactionAnswer,
            refuses=(NO_ORDER, order_errors.OrderNotConfirmable()),
        ),
        "updateAnOrder": Operation(
            "What is not fulfilled can be cancelled, what is paid can be fulfilled. Cancelling refunds nothing, and"
            " gives uses of codes back only where the store is set so; what it is already changes nothing.",
            answer=OrderAnswer,
            body=OrderUpdateDocument,
            examples=examples.ORDER_UPDATES,
            refuses=(NO_ORDER, order_errors.OrderSettled()),
        ),
        "anonymizeOrders": Operation(
            "All of them, or none. Names, e-mail addresses, addresses and what payments are called are replaced by"
            " `**`, in the usages of the orders as well; ids of customers and accounts stay, and so does every limit.",
            answer=AnonymizedOrders,
            body=AnonymizeOrdersDocument,
            refuses=(
                NO_ORDER,
                order_errors.NotAnonymizable(
                    "496c29a1-6e7a-4ab6-a4e7-d1ec9a08b85e", "incomplete", "unpaid", "unfulfilled"
                ),
            ),
        ),
    },
)

PAYMENTS = Tag(
    "Payments",
    "Orders are paid elsewhere, and the shop tells of it here (the manual gateway). Whoever has paid, or was authorized"
    " to, has had their first order; no refund and no cancellation takes that back.",
    {
        "paymentSetup": Operation(
            "An order may be paid in parts. A retry with the same `Idempotency-Key` pays nothing more and gets the"
            " first answer, with the header `Idempotent-Replayed: true`; so it is with the moves of a transaction.",
            answer=TransactionAnswer,
            headers=KEY,
            body=PaymentDocument,
            examples=examples.PAYMENTS,
            refuses=(
                NO_ORDER,
                order_errors.OrderNotPayable(),
                order_errors.WrongAmount(10000),
                order_errors.TooManyTransactions(),
                *KEY_REFUSES,
            ),
        ),
        "getOrderTransactions": Operation(
            "In the order they were made.", answer=TransactionsAnswer, refuses=(NO_ORDER,)
        ),
        "getATransaction": Operation(
            "It is answered as it stands.", answer=TransactionAnswer, refuses=(NO_ORDER, NO_TRANSACTION)
        ),
        "confirmPayment": Operation(
            "The body may be left out. Elastic Path fetches here what a gateway knows; the manual one knows nothing"
            " that the shop has not told: nothing is changed, and the transaction is answered as it stands.",
            answer=TransactionAnswer,
            body=PaymentConfirmationDocument,
            body_required=False,
            refuses=(NO_ORDER, NO_TRANSACTION),
        ),
        "captureATransaction": Operation(
            "The body may be left out. The authorization becomes the payment.",
            answer=TransactionAnswer,
            body=CaptureDocument,
            body_required=False,
            headers=KEY,
            refuses=(NO_ORDER, NO_TRANSACTION, order_errors.NotCapturable(), *KEY_REFUSES),
        ),
        "refundATransaction": Operation(
            "The body may be left out: then all that is left is refunded. An order that was paid and is all refunded is"
            " `refunded`.",
            answer=TransactionAnswer,
            body=RefundDocument,
            body_required=False,
            headers=KEY,
            refuses=(
                NO_ORDER,
                NO_TRANSACTION,
                order_errors.NotRefundable(),
                order_errors.WrongAmount(10000),
                *KEY_REFUSES,
            ),
        ),
        "cancelATransaction": Operation(
            "The body may be left out. Only authorizations can be cancelled; what was paid is refunded.",
            answer=TransactionAnswer,
            body=CancellationDocument,
            body_required=False,
            headers=KEY,
            refuses=(NO_ORDER, NO_TRANSACTION, order_errors.NotCancellable(), *KEY_REFUSES),
        ),
    },
)
