"""Whose a cart is: customers and accounts associated with it, or no longer."""

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, Router, delete, post
from litestar.params import FromPath
from msgspec import UNSET

from couponry.api import cart_documents
from couponry.api.auth import require_token
from couponry.api.cart_answers import AccountsAnswer, CustomersAnswer
from couponry.api.cart_documents import AccountsDocument, CustomersDocument
from couponry.api.carts import desk_of, known_id
from couponry.api.documents import decode
from couponry.api.wire import json_answer, json_body, no_content
from couponry.domain.cart_shoppers import (
    AccountReference,
    CustomerReference,
    with_accounts,
    with_customers,
    without_accounts,
    without_customers,
)
from couponry.domain.errors import Forbidden
from couponry.domain.shopping_cart import ShoppingCart
from couponry.services import carts
from couponry.services.access import Token
from couponry.services.carts import Change


@post("/customers", operation_id="createCustomerCartAssociation", status_code=200)
async def add_customers(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Associate a cart with customers."""
    customers = await _customers(request)
    await _change(request, cart_id, lambda cart: with_customers(cart, customers))
    return json_answer(CustomersAnswer(list(customers)))


@delete("/customers", operation_id="deleteCustomerCartAssociation", status_code=204)
async def remove_customers(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[None]:
    """Take customers off a cart."""
    customers = await _customers(request)
    await _change(request, cart_id, lambda cart: without_customers(cart, customers))
    return no_content()


@post("/accounts", operation_id="createAccountCartAssociation", status_code=200)
async def add_accounts(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[bytes]:
    """Associate a cart with accounts."""
    accounts = await _accounts(request)
    if request.auth.grant != "client_credentials" and any(one.account_tags is not UNSET for one in accounts):
        raise Forbidden
    await _change(request, cart_id, lambda cart: with_accounts(cart, accounts))
    return json_answer(AccountsAnswer(list(accounts)))


@delete("/accounts", operation_id="deleteAccountCartAssociation", status_code=204)
async def remove_accounts(request: Request[Any, Token, Any], cart_id: FromPath[str]) -> Response[None]:
    """Take accounts off a cart."""
    accounts = await _accounts(request)
    await _change(request, cart_id, lambda cart: without_accounts(cart, accounts))
    return no_content()


async def _customers(request: Request[Any, Token, Any]) -> tuple[CustomerReference, ...]:
    return decode(await json_body(request), CustomersDocument, cart_documents.SHOPPERS).data


async def _accounts(request: Request[Any, Token, Any]) -> tuple[AccountReference, ...]:
    return decode(await json_body(request), AccountsDocument, cart_documents.SHOPPERS).data


async def _change(
    request: Request[Any, Token, Any], cart_id: str, change: Callable[[ShoppingCart], ShoppingCart]
) -> None:
    await carts.change(desk_of(request), known_id(cart_id), lambda cart: Change(change(cart)))


router = Router(
    "/v2/carts/{cart_id:str}/relationships",
    route_handlers=[add_customers, remove_customers, add_accounts, remove_accounts],
    guards=[require_token],
    tags=["Carts"],
)
