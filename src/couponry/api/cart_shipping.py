"""Shipping groups of carts."""

from typing import Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath

from couponry.api import cart_documents
from couponry.api.auth import require_token
from couponry.api.cart_documents import ShippingGroupDocument
from couponry.api.carts import desk_of, known_id
from couponry.api.documents import decode
from couponry.api.shipping_answers import ShippingGroupAnswer, ShippingGroupResource, ShippingGroupsAnswer
from couponry.api.shipping_views import group_resource
from couponry.api.wire import json_answer, json_body, no_content
from couponry.domain.cart_errors import ShippingGroupNotFound
from couponry.domain.cart_shipping import with_changed_group, with_group, without_group
from couponry.domain.outcome import JudgedShippingGroup
from couponry.domain.shopping_cart import CartGroup
from couponry.services import carts
from couponry.services.access import Token
from couponry.services.carts import CartView, Change
from couponry.services.context import fresh_id


@get("/", operation_id="getShippingGroups")
async def list_groups(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """List the shipping groups of a cart."""
    view = await carts.look_at(desk_of(request), known_id(cart_id))
    judged = {one.id: one for one in view.evaluation.shipping_groups}
    return json_answer(ShippingGroupsAnswer([_resource(view, one, judged[one.id]) for one in view.cart.groups]))


@post("/", operation_id="createShippingGroup")
async def create_group(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Add a shipping group to a cart."""
    said = decode(await json_body(request), ShippingGroupDocument, cart_documents.GROUP).data
    desk, group_id = desk_of(request), str(fresh_id())
    scene = desk.scene(known_id(cart_id))
    view = await carts.change(desk, cart_id, lambda cart: Change(with_group(cart, said, group_id, scene)))
    return json_answer(_answer(view, group_id), 201)


@get("/{group_id:str}", operation_id="getShippingGroupById")
async def get_group(
    request: Request[Any, Token, Any], cart_id: FromPath[str], group_id: FromPath[str]
) -> Response[bytes]:
    """Get a shipping group of a cart."""
    return json_answer(_answer(await carts.look_at(desk_of(request), known_id(cart_id)), group_id))


@put("/{group_id:str}", operation_id="updateShippingGroup")
async def update_group(
    request: Request[Any, Token, Any], cart_id: FromPath[str], group_id: FromPath[str]
) -> Response[bytes]:
    """Change a shipping group; what is left out stays as it is."""
    said = decode(await json_body(request), ShippingGroupDocument, cart_documents.GROUP).data
    desk = desk_of(request)
    scene = desk.scene(known_id(cart_id))
    view = await carts.change(desk, cart_id, lambda cart: Change(with_changed_group(cart, group_id, said, scene)))
    return json_answer(_answer(view, group_id))


@delete("/{group_id:str}", operation_id="deleteCartShippingGroup", status_code=204)
async def delete_group(
    request: Request[Any, Token, Any], cart_id: FromPath[str], group_id: FromPath[str]
) -> Response[None]:
    """Remove a shipping group that no line is in."""
    desk = desk_of(request)
    scene = desk.scene(known_id(cart_id))
    await carts.change(desk, cart_id, lambda cart: Change(without_group(cart, group_id, scene)))
    return no_content()


def _answer(view: CartView, group_id: str) -> ShippingGroupAnswer:
    """Return a shipping group as it is answered.

    Raises:
        ShippingGroupNotFound: the cart has none with that id.
    """
    group = view.cart.group(group_id)
    if group is None:
        raise ShippingGroupNotFound(view.id, group_id)
    judged = next(one for one in view.evaluation.shipping_groups if one.id == group_id)
    return ShippingGroupAnswer(_resource(view, group, judged))


def _resource(view: CartView, group: CartGroup, judged: JudgedShippingGroup) -> ShippingGroupResource:
    return group_resource("cart", view.id, group, judged, view.evaluation.currency)


router = Router(
    "/v2/carts/{cart_id:str}/shipping-groups",
    route_handlers=[list_groups, create_group, get_group, update_group, delete_group],
    guards=[require_token],
    tags=["Carts"],
)
