"""Who visits: the cookies of the console, and forms that nobody else's page can send."""

import hmac
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from couponry.api.state import api_of, request_id_of
from couponry.domain.audit import Via
from couponry.domain.errors import BadRequest, Forbidden
from couponry.services import sessions
from couponry.services.context import Context
from couponry.services.sessions import Key, Session

SESSION_COOKIE = "couponry_session"
VISITOR_COOKIE = "couponry_visitor"
TOKEN_FIELD = "form_token"  # noqa: S105 # a name
TOKEN_HEADER = "x-form-token"  # noqa: S105 # a name
MAX_FIELDS = 100
LOOK_SECONDS = 2.0
"""How long a stream goes on at most before it is asked whether its visitor is still signed in."""

Form: TypeAlias = dict[str, str]

AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]


def key_in(connection: AnyConnection) -> Key | None:
    """Return the key that a visitor's cookie holds, if we handed it out."""
    text, _, signed = connection.cookies.get(SESSION_COOKIE, "").partition(".")
    right = sessions.signature(text, "session", api_of(connection).keys.sessions)
    return Key(text) if text and hmac.compare_digest(signed.encode(), right.encode()) else None


def session_in(connection: AnyConnection) -> Session | None:
    """Return the session that was found for this request, if any."""
    return cast("dict[str, Any]", connection.scope).get("auth")


def session_cookie(request: AnyRequest, key: Key) -> Cookie:
    """Return the cookie that keeps a visitor signed in."""
    signed = sessions.signature(key.text, "session", api_of(request).keys.sessions)
    seconds = int(sessions.SESSION.total_seconds())
    return _cookie(request, SESSION_COOKIE, f"{key.text}.{signed}", seconds)


def visitor_cookie(request: AnyRequest) -> Cookie:
    """Return the cookie that tells one visitor who is not signed in from another."""
    return _cookie(request, VISITOR_COOKIE, visitor_of(request))


def _cookie(request: AnyRequest, name: str, value: str, seconds: int | None = None) -> Cookie:
    secure = _is_https(request)
    return Cookie(name, path="/console", value=value, max_age=seconds, httponly=True, samesite="strict", secure=secure)


def _is_https(request: AnyRequest) -> bool:
    public = api_of(request).settings.public_url or ""
    return request.url.scheme == "https" or public.startswith("https:")


def visitor_of(connection: AnyConnection) -> str:
    """Return what tells a visitor from others: of the cookie, or drawn for this request."""
    known = connection.cookies.get(VISITOR_COOKIE) or connection.scope["state"].get(VISITOR_COOKIE)
    if known is None:
        known = connection.scope["state"][VISITOR_COOKIE] = secrets.token_urlsafe(16)
    return known


def form_token(connection: AnyConnection) -> str:
    """Return what each form of this visitor must say: only our own pages know it."""
    key = key_in(connection)
    holder = visitor_of(connection) if key is None or session_in(connection) is None else key.text
    return sessions.signature(holder, "form", api_of(connection).keys.sessions)


async def form_of(request: AnyRequest, most: int = MAX_FIELDS) -> Form:
    """Return the fields, so many at *most*, of the form that one of our own pages sent.

    Raises:
        Forbidden: another page sent it, or it belongs to a session that is over.
        BadRequest: it is no form.
    """
    require_own_origin(request)
    try:
        body = (await request.body()).decode()
        form = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=most, errors="strict"))
    except ValueError as error:
        raise BadRequest("This is no form.") from error
    require_token(request, form.get(TOKEN_FIELD))
    return {name: value.replace("\0", "").replace("\r\n", "\n") for name, value in form.items()}


async def body_of(request: AnyRequest) -> bytes:
    """Return what a module of ours sent; raises as `form_of` does."""
    require_own_origin(request)
    require_token(request, request.headers.get(TOKEN_HEADER))
    return await request.body()


def require_own_origin(request: AnyRequest) -> None:
    """Refuse what no page of ours sends."""
    origin = request.headers.get("origin", "")
    own = {request.headers.get("host", ""), urlsplit(api_of(request).settings.public_url or "").netloc} - {""}
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        place = ""
    if place not in own:
        raise Forbidden("This form was not sent by a page of this console.")


def require_token(request: AnyRequest, token: object) -> None:
    """Refuse what does not say the token of the visitor's forms."""
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), form_token(request).encode()):
        raise Forbidden("This form is too old, or you have signed in anew since. Open its page again.")


async def _is_signed_in(connection: AnyConnection, key: Key) -> bool:
    async with api_of(connection).database.connection() as lent:
        return await sessions.session_of(lent, key) is not None


def staying(connection: AnyConnection) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether the visitor is still signed in, looked up every `LOOK_SECONDS` at most."""
    key, looked = key_in(connection), time.monotonic()
    assert key is not None

    async def stays() -> bool:
        nonlocal looked
        if time.monotonic() < looked + LOOK_SECONDS:
            return True
        looked = time.monotonic()
        return await _is_signed_in(connection, key)

    return stays


@asynccontextmanager
async def context_of(request: AnyRequest) -> AsyncGenerator[Context]:
    """Open the transaction in which a request does its work, in the store of the session.

    It commits when the block ends, and rolls back when the block raises.
    """
    session = session_in(request)
    assert session is not None
    async with api_of(request).database.transaction() as connection:
        yield Context(
            connection,
            session.store_id,
            session.client_id,
            via=Via.CONSOLE,
            request_id=request_id_of(request),
        )
