"""Who asks: the token endpoint, and the guards that stand before everything under /v2."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from couponry.api.state import address_of, api_of
from couponry.api.wire import json_answer
from couponry.domain.errors import Forbidden, InvalidToken, Unauthenticated
from couponry.services import access
from couponry.services.access import Token

MAX_TOKEN_FORM = 16 * 1024
"""How many bytes a form has at most that anybody may send, as reading one takes the processor of all."""


@post(
    "/oauth/access_token",
    operation_id="createAccessToken",
    status_code=200,
    request_max_body_size=MAX_TOKEN_FORM,
)
async def create_access_token(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Exchange a client id (and, for merchants, its secret) for a bearer token that is good for one hour."""
    api = api_of(request)
    form = _read_form(await request.body())
    async with api.database.connection() as connection:
        token = await access.issue_token(connection, form, api.keys.tokens, address_of(request))
    return json_answer(token)


def _read_form(body: bytes) -> Mapping[str, str]:
    """Read a form whatever its content type says, as clients send both; JSON members do as well."""
    try:
        if body.lstrip().startswith(b"{"):
            return msgspec.json.decode(body, type=dict[str, str])
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}


async def require_merchant(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let only merchants pass: tokens of the `client_credentials` grant."""
    token = await _authenticate(connection)
    if token.grant != "client_credentials":
        raise Forbidden


async def require_token(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let everybody pass who has a token, merchants and shoppers."""
    await _authenticate(connection)


async def _authenticate(connection: ASGIConnection[Any, Any, Any, Any]) -> Token:
    scheme, _, text = connection.headers.get("authorization", "").partition(" ")
    if not text or scheme.lower() != "bearer":
        raise Unauthenticated
    api = api_of(connection)
    token = access.read_token(text.strip(), api.keys.tokens)
    if not await api.active_clients.has(api.database, token):
        raise InvalidToken
    connection.scope["auth"] = token
    return token
