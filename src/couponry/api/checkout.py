"""Checking carts out."""

from typing import Any

from litestar import Request, Response, Router, post
from litestar.params import FromPath

from couponry.api.auth import require_token
from couponry.api.carts import desk_of, known_id
from couponry.api.documents import decode
from couponry.api.order_answers import OrderAnswer
from couponry.api.order_documents import CheckoutDocument
from couponry.api.order_views import order_resource
from couponry.api.retries import REPLAYED, key_sent
from couponry.api.wire import json_answer, json_body
from couponry.services import checkout
from couponry.services.access import Token


@post("/", operation_id="checkoutAPI")
async def check_out(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Make an order of a cart."""
    said = decode(await json_body(request) or b"{}", CheckoutDocument).data
    asked = checkout.Request(
        desk=desk_of(request),
        actor=request.auth.client_id,
        cart_id=known_id(cart_id),
        said=said,
        key=key_sent(request),
    )
    placed, replayed = await checkout.check_out(asked)
    answer = json_answer(OrderAnswer(data=order_resource(placed.order, placed.messages)), 201)
    if replayed:
        answer.headers[REPLAYED] = "true"
    return answer


router = Router("/v2/carts/{cart_id:str}/checkout", route_handlers=[check_out], guards=[require_token], tags=["Orders"])
