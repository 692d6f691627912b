"""Orders: listed, read, changed and anonymized. Only merchants may: nothing tells whose order a shopper may see."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, Router, get, post, put
from litestar.params import FromPath

from couponry.api.auth import require_merchant
from couponry.api.cart_views import ITEMS, PROMOTIONS
from couponry.api.carts import asked_beside, desk_of
from couponry.api.documents import decode
from couponry.api.listing import filter_asked, list_document, order_asked, page_asked
from couponry.api.order_answers import AnonymizedOrders, OrderAnswer, OrderItemsAnswer, OrderList
from couponry.api.order_documents import AnonymizeOrdersDocument, OrderUpdateDocument
from couponry.api.order_views import included, order_groups, order_items, order_resource, promotions_of
from couponry.api.shipping_answers import ShippingGroupAnswer, ShippingGroupsAnswer
from couponry.api.state import context_of
from couponry.api.wire import id_in_path, json_answer, json_body
from couponry.domain.listing import All, Comparison
from couponry.domain.order_errors import OrderGroupNotFound, OrderNotFound
from couponry.domain.orders import Order
from couponry.domain.promotion_book import Entry
from couponry.services import carts, forgetting, orders
from couponry.services.access import Token
from couponry.storage.order_lists import ORDERS


@get("/", operation_id="getCustomerOrders")
async def list_orders(request: Request[Any, Token, Any]) -> Response[bytes]:
    """List the orders of the store, or of the customer whom the head names."""
    wanted, page, order = filter_asked(request), page_asked(request), order_asked(request, list(ORDERS))
    customer, items = request.headers.get("x-moltin-customer-token"), ITEMS in asked_beside(request)
    if customer is not None:  # also what can be no id: it has no orders
        wanted = All((wanted, Comparison("eq", "customer_id", (customer.strip(),))))
    async with context_of(request) as context:
        listed = await orders.list_orders(context, wanted, order, page)
    promotions = await _promotions(request, listed.rows, items=items)
    data = [order_resource(one, promotions=promotions is not None) for one in listed.rows]
    document = list_document(request, page, listed, data)
    beside = included(listed.rows, promotions, items=items)
    return json_answer(OrderList(data=document.data, included=beside, links=document.links, meta=document.meta))


@get("/{order_id:str}", operation_id="getAnOrder")
async def get_order(request: Request[Any, Token, Any], order_id: FromPath[str]) -> Response[bytes]:
    """Get an order."""
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    items = ITEMS in asked_beside(request)
    promotions = await _promotions(request, [order], items=items)
    data = order_resource(order, promotions=promotions is not None)
    return json_answer(OrderAnswer(data=data, included=included([order], promotions, items=items)))


@get("/{order_id:str}/items", operation_id="getOrderItems")
async def get_order_items(request: Request[Any, Token, Any], order_id: FromPath[str]) -> Response[bytes]:
    """List the lines of an order."""
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    promotions = await _promotions(request, [order], items=True)
    data = order_items(order, promotions=promotions is not None)
    return json_answer(OrderItemsAnswer(data=data, included=included([order], promotions)))


@get("/{order_id:str}/shipping-groups", operation_id="getOrderShippingGroups")
async def get_order_groups(request: Request[Any, Token, Any], order_id: FromPath[str]) -> Response[bytes]:
    """List the shipping groups of an order."""
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    return json_answer(ShippingGroupsAnswer(order_groups(order)))


@get("/{order_id:str}/shipping-groups/{group_id:str}", operation_id="getShippingGroupsById")
async def get_order_group(
    request: Request[Any, Token, Any], order_id: FromPath[str], group_id: FromPath[str]
) -> Response[bytes]:
    """Get a shipping group of an order."""
    async with context_of(request) as context:
        order = await orders.get_order(context, id_in_path(order_id, OrderNotFound))
    for group in order_groups(order):
        if group.id == group_id:
            return json_answer(ShippingGroupAnswer(group))
    raise OrderGroupNotFound


@put("/{order_id:str}", operation_id="updateAnOrder")
async def update_order(request: Request[Any, Token, Any], order_id: FromPath[str]) -> Response[bytes]:
    """Change an order: cancel it, fulfil it, or say where it goes and what it is called."""
    said = decode(await json_body(request), OrderUpdateDocument).data
    async with context_of(request) as context:
        order = await orders.update_order(context, id_in_path(order_id, OrderNotFound), said)
    return json_answer(OrderAnswer(data=order_resource(order)))


@post("/anonymize", operation_id="anonymizeOrders", status_code=200)
async def anonymize_orders(request: Request[Any, Token, Any]) -> Response[bytes]:
    """Anonymize orders: forget names, e-mail addresses and addresses, also in usages, and keep every limit."""
    ids = decode(await json_body(request), AnonymizeOrdersDocument).data.order_ids
    async with context_of(request) as context:
        found = await forgetting.anonymize_orders(context, ids)
    return json_answer(AnonymizedOrders([order_resource(one) for one in found]))


async def _promotions(request: Request[Any, Token, Any], shown: Sequence[Order], *, items: bool) -> list[Entry] | None:
    """Return the promotions of orders that the store still has, if they are asked for."""
    if PROMOTIONS not in asked_beside(request):
        return None
    named = [id_ for one in shown for id_ in promotions_of(one, items=items)]
    return await carts.promotions_of(desk_of(request), named)


router = Router(
    "/v2/orders",
    route_handlers=[
        list_orders,
        get_order,
        get_order_items,
        get_order_groups,
        get_order_group,
        update_order,
        anonymize_orders,
    ],
    guards=[require_merchant],
    tags=["Orders"],
)
