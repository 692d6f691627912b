"""What is in carts: added, listed, changed and taken out."""

from typing import Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath

from couponry.api import cart_documents
from couponry.api.auth import require_token
from couponry.api.cart_documents import ItemDocument, ItemsDocument, ItemUpdatesDocument
from couponry.api.cart_views import PROMOTIONS, items_answer
from couponry.api.carts import asked_beside, desk_of, known_id, shown_promotions
from couponry.api.documents import decode
from couponry.api.wire import json_answer, json_body, no_content
from couponry.services import cart_items, carts
from couponry.services.access import Token
from couponry.services.carts import CartView, Desk


@get("/", operation_id="getCartItems")
async def get_items(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """List the lines of a cart."""
    desk = desk_of(request)
    return await _answer(request, desk, await carts.look_at(desk, known_id(cart_id)))


@post("/", operation_id="manageCarts")
async def add_items(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Add products, items of the cart's own, and promotion codes."""
    said = decode(await json_body(request), ItemsDocument, cart_documents.ITEMS)
    several = isinstance(said.data, tuple)
    items = said.data if isinstance(said.data, tuple) else (said.data,)
    desk = desk_of(request)
    whole = said.options.add_all_or_nothing or not several
    view = await cart_items.add(desk, known_id(cart_id), items, all_or_nothing=whole)
    return await _answer(request, desk, view, 201)


@put("/", operation_id="bulkUpdateItemsInCart")
async def update_items(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Change lines of a cart."""
    said = decode(await json_body(request), ItemUpdatesDocument)
    desk = desk_of(request)
    updates = [(one.id, one) for one in said.data]
    whole = said.options.update_all_or_nothing
    return await _answer(request, desk, await cart_items.update(desk, known_id(cart_id), updates, all_or_nothing=whole))


@delete("/", operation_id="deleteAllCartItems", status_code=204)
async def delete_items(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[None]:
    """Empty a cart; what it is called and whose it is stays."""
    await cart_items.empty(desk_of(request), known_id(cart_id))
    return no_content()


@put("/{item_id:str}", operation_id="updateACartItem")
async def update_item(
    request: Request[Any, Token, Any], cart_id: FromPath[str], item_id: FromPath[str]
) -> Response[bytes]:
    """Change a line of a cart."""
    said = decode(await json_body(request), ItemDocument).data
    desk = desk_of(request)
    return await _answer(request, desk, await cart_items.update(desk, known_id(cart_id), [(item_id, said)]))


@delete("/{item_id:str}", operation_id="deleteACartItem", status_code=200)
async def delete_item(
    request: Request[Any, Token, Any], cart_id: FromPath[str], item_id: FromPath[str]
) -> Response[bytes]:
    """Take a line out of a cart, with the code behind it if it shows a promotion."""
    desk = desk_of(request)
    return await _answer(request, desk, await cart_items.remove(desk, known_id(cart_id), item_id))


async def _answer(request: Request[Any, Token, Any], desk: Desk, view: CartView, status: int = 200) -> Response[bytes]:
    wanted = PROMOTIONS in asked_beside(request)
    promotions = await shown_promotions(desk, view, items=True) if wanted else None
    return json_answer(items_answer(view, promotions), status)


router = Router(
    "/v2/carts/{cart_id:str}/items",
    route_handlers=[get_items, add_items, update_items, delete_items, update_item, delete_item],
    guards=[require_token],
    tags=["Carts"],
)
