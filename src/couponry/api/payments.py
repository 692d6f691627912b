"""Payments of orders by the manual gateway."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from couponry.api.auth import require_merchant
from couponry.api.documents import decode, read
from couponry.api.order_answers import TransactionAnswer, TransactionsAnswer
from couponry.api.order_documents import (
    CancellationDocument,
    CaptureDocument,
    PaymentConfirmationDocument,
    PaymentDocument,
    RefundDocument,
)
from couponry.api.order_views import transaction_resource
from couponry.api.retries import REPLAYED, key_sent
from couponry.api.state import context_of
from couponry.api.wire import id_in_path, json_answer, json_body
from couponry.domain import payments
from couponry.domain.order_errors import OrderNotFound, TransactionNotFound
from couponry.domain.orders import Moved, Order
from couponry.services import orders
from couponry.services.access import Token
from couponry.services.context import Context, fresh_id
from couponry.services.retries import once
from couponry.storage.idempotency import Key

NOTHING = b"{}"
"""What a body that is left out says."""


@post("/payments", operation_id="paymentSetup", status_code=200)
async def pay_order(request: Request[Any, Token, Any], order_id: FromPath[str]) -> Response[bytes]:
    """Pay an order, or authorize its payment."""
    said, id_ = decode(await json_body(request), PaymentDocument).data, fresh_id()
    return await _move(request, order_id, id_, lambda order, context: payments.paid(order, said, id_, context.now))


@get("/transactions", operation_id="getOrderTransactions")
async def list_transactions(request: Request[Any, Token, Any], order_id: FromPath[str]) -> Response[bytes]:
    """List the transactions of an order."""
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    currency = order.evaluation.currency
    shown = [transaction_resource(order.id, one, currency) for one in order.transactions]
    return json_answer(TransactionsAnswer(shown))


@get("/transactions/{transaction_id:str}", operation_id="getATransaction")
async def get_transaction(
    request: Request[Any, Token, Any], order_id: FromPath[str], transaction_id: FromPath[str]
) -> Response[bytes]:
    """Get a transaction of an order."""
    id_ = id_in_path(transaction_id, TransactionNotFound)
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    return json_answer(_answer(_moved_to(order, id_)))


@post("/confirm", operation_id="confirmOrder", status_code=200)
async def confirm_order(request: Request[Any, Token, Any], order_id: FromPath[str]) -> Response[bytes]:
    """Confirm an order: answer the payment that it stands on."""
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    return json_answer(_answer(Moved(order.id, payments.standing(order), order.evaluation.currency)))


@post("/transactions/{transaction_id:str}/confirm", operation_id="confirmPayment", status_code=200)
async def confirm_payment(
    request: Request[Any, Token, Any], order_id: FromPath[str], transaction_id: FromPath[str]
) -> Response[bytes]:
    """Confirm a payment: answer it as it stands."""
    decode(await json_body(request) or NOTHING, PaymentConfirmationDocument)
    id_ = id_in_path(transaction_id, TransactionNotFound)
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    return json_answer(_answer(_moved_to(order, id_)))


@post("/transactions/{transaction_id:str}/capture", operation_id="captureATransaction", status_code=200)
async def capture_transaction(
    request: Request[Any, Token, Any], order_id: FromPath[str], transaction_id: FromPath[str]
) -> Response[bytes]:
    """Capture a payment that was authorized."""
    reference = decode(await json_body(request) or NOTHING, CaptureDocument).data.custom_reference
    id_ = id_in_path(transaction_id, TransactionNotFound)
    return await _move(
        request, order_id, id_, lambda order, context: payments.captured(order, id_, reference, context.now)
    )


@post("/transactions/{transaction_id:str}/refund", operation_id="refundATransaction", status_code=200)
async def refund_transaction(
    request: Request[Any, Token, Any], order_id: FromPath[str], transaction_id: FromPath[str]
) -> Response[bytes]:
    """Refund a payment, or a part of it."""
    amount = decode(await json_body(request) or NOTHING, RefundDocument).data.amount
    id_ = id_in_path(transaction_id, TransactionNotFound)
    return await _move(
        request, order_id, id_, lambda order, context: payments.refunded(order, id_, amount, context.now)
    )


@post("/transactions/{transaction_id:str}/cancel", operation_id="cancelATransaction", status_code=200)
async def cancel_transaction(
    request: Request[Any, Token, Any], order_id: FromPath[str], transaction_id: FromPath[str]
) -> Response[bytes]:
    """Cancel the authorization of a payment."""
    decode(await json_body(request) or NOTHING, CancellationDocument)
    id_ = id_in_path(transaction_id, TransactionNotFound)
    return await _move(request, order_id, id_, lambda order, context: payments.cancelled(order, id_, context.now))


async def _move(
    request: Request[Any, Token, Any], order_id: str, id_: UUID, move: Callable[[Order, Context], Order]
) -> Response[bytes]:
    """Move a payment; a retry with the same key moves nothing and gets the first answer."""
    order, name = id_in_path(order_id, OrderNotFound), key_sent(request)
    key = None if name is None else Key(name, await _fingerprint(request))
    async with context_of(request) as context:

        async def work() -> bytes:
            paid = await orders.pay(context, order, lambda order: move(order, context))
            return msgspec.json.encode(_moved_to(paid, id_))

        kept, replayed = await once(context, key, work)
    answer = json_answer(_answer(msgspec.json.decode(kept, type=Moved)))
    if replayed:
        answer.headers[REPLAYED] = "true"
    return answer


async def _fingerprint(request: Request[Any, Token, Any]) -> bytes:
    """Return a hash of what is asked: the payment and how to move it, however the body spells it."""
    said = read(await json_body(request) or NOTHING)
    return hashlib.sha256(msgspec.json.encode([request.url.path.rstrip("/"), said], order="deterministic")).digest()


def _moved_to(order: Order, id_: UUID) -> Moved:
    return Moved(order.id, payments.transaction(order, id_), order.evaluation.currency)


def _answer(moved: Moved) -> TransactionAnswer:
    return TransactionAnswer(transaction_resource(moved.id, moved.transaction, moved.currency))


router = Router(
    "/v2/orders/{order_id:str}",
    route_handlers=[
        pay_order,
        list_transactions,
        get_transaction,
        confirm_order,
        confirm_payment,
        capture_transaction,
        refund_transaction,
        cancel_transaction,
    ],
    guards=[require_merchant],
    tags=["Payments"],
)
