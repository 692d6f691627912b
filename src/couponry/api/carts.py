"""Carts: begun, read, changed and deleted."""

import re
from typing import Any
from urllib.parse import unquote

from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath

from couponry.api import cart_documents
from couponry.api.auth import require_token
from couponry.api.cart_documents import CartDocument, NewCartDocument
from couponry.api.cart_views import ITEMS, PROMOTIONS, cart_answer
from couponry.api.documents import decode
from couponry.api.state import api_of
from couponry.api.wire import json_answer, json_body, no_content
from couponry.domain.cart_errors import CartNotFound
from couponry.domain.cart_profile import CartProfile, with_profile
from couponry.domain.errors import BadRequest, Forbidden
from couponry.domain.promotion_book import Entry
from couponry.services import cart_items, carts
from couponry.services.access import Token
from couponry.services.carts import CartView, Change, Desk
from couponry.services.context import fresh_id, utc_now

_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029/]{1,255}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CUSTOMER = re.compile(r"[\x21-\x7e]{1,255}")


def desk_of(request: Request[Any, Token, Any]) -> Desk:
    """Return on whose behalf a request uses a cart.

    Raises:
        BadRequest: it names a currency that can be none.
    """
    currency = request.headers.get("x-moltin-currency", "").strip().upper() or None
    if currency is not None and not _CURRENCY.fullmatch(currency):
        raise BadRequest("X-Moltin-Currency must be three letters")
    customer = request.headers.get("x-moltin-customer-token", "").strip()
    return Desk(
        till=api_of(request).till,
        store_id=request.auth.store_id,
        now=utc_now(),
        customer_id=customer if _CUSTOMER.fullmatch(customer) else None,
        currency=currency,
        explains=request.auth.grant == "client_credentials",
    )


def known_id(text: str) -> str:
    """Return the id of a cart that a path names.

    Raises:
        CartNotFound: no cart can have it.
    """
    if not _ID.fullmatch(text):
        raise CartNotFound
    return text


def asked_beside(request: Request[Any, Any, Any]) -> set[str]:
    """Return what is asked for beside the answer."""
    return {name.strip() for name in request.query_params.get("include", "").split(",")}


@post("/", operation_id="createACart")
async def create_cart(request: Request[Any, Token, Any]) -> Response[bytes]:
    """Begin a cart."""
    said = decode(await json_body(request), NewCartDocument, cart_documents.CART).data
    cart_id = known_id(str(fresh_id()) if said.id is None else said.id)
    return json_answer(cart_answer(await _changed(request, cart_id, said)), 201)


@get("/{cart_id:str}", operation_id="getACart")
async def get_cart(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Get a cart, which is empty if nobody has put anything into it yet."""
    desk = desk_of(request)
    view = await carts.look_at(desk, known_id(cart_id))
    beside = asked_beside(request)
    promotions = await shown_promotions(desk, view, items=ITEMS in beside) if PROMOTIONS in beside else None
    return json_answer(cart_answer(view, promotions, items=ITEMS in beside))


@put("/{cart_id:str}", operation_id="updateACart")
async def update_cart(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Change what a cart is called, its settings, attributes, contact or date; the rest stays as it is."""
    said = decode(await json_body(request), CartDocument, cart_documents.CART).data
    return json_answer(cart_answer(await _changed(request, known_id(cart_id), said)))


@delete("/{cart_id:str}", operation_id="deleteACart", status_code=204)
async def delete_cart(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[None]:
    """Delete a cart with all that is in it."""
    await carts.delete(desk_of(request), known_id(cart_id))
    return no_content()


@delete("/{cart_id:str}/discounts/{code:path}", operation_id="deleteAPromotionViaPromotionCode", status_code=204)
async def delete_discount(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[None]:
    """Take a code off a cart."""
    # As it was sent: a decoded path has lost which slashes belong to the code.
    sent = request.scope["raw_path"].decode("ascii", "replace").partition("/discounts/")[2]
    await cart_items.detach(desk_of(request), known_id(cart_id), unquote(sent))
    return no_content()


async def shown_promotions(desk: Desk, view: CartView, *, items: bool) -> list[Entry]:
    """Return the promotions of a cart to show: those off the whole cart, and those of its lines with its *items*."""
    shown = [*view.cart.promotion_lines, *(view.cart.discounts if items else ())]
    return await carts.promotions_of(desk, [one.promotion_id for one in shown])


async def _changed(request: Request[Any, Token, Any], cart_id: str, said: CartProfile) -> CartView:
    """Change a cart as it is *said* to be.

    Raises:
        Forbidden: a shopper asks what promotions there will be.
    """
    if said.snapshot_date and request.auth.grant != "client_credentials":
        raise Forbidden
    desk = desk_of(request)
    scene = desk.scene(cart_id)
    return await carts.change(desk, cart_id, lambda cart: Change(with_profile(cart, said, scene)))


router = Router(
    "/v2/carts",
    route_handlers=[create_cart, get_cart, update_cart, delete_cart, delete_discount],
    guards=[require_token],
    tags=["Carts"],
)
