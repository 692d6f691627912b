"""The door of the console."""

from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from couponry.api.state import address_of, api_of
from couponry.console.pages import HOME, go, page
from couponry.console.visits import SESSION_COOKIE, form_of, key_in, session_cookie, visitor_cookie
from couponry.domain.errors import InvalidClient, TooManyTries
from couponry.services import sessions, tries

START = f"{HOME}/dashboard"
SIGN_IN = f"{HOME}/sign-in"
MAX_CREDENTIAL = 1024
MAX_DOOR_FORM = 32 * 1024
"""How many bytes a form has at most that anybody may send: room for credentials that are escaped."""


class NotSignedIn(Exception):
    """Nobody is signed in, and the page is not for everybody."""


async def require_session(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let only those pass who are signed in."""
    key = key_in(connection)
    if key is None:
        raise NotSignedIn
    async with api_of(connection).database.connection() as lent:
        session = await sessions.session_of(lent, key)
    if session is None:
        raise NotSignedIn
    connection.scope["auth"] = session


def sign_in_path(request: Request[Any, Any, Any]) -> str:
    """Return the way to sign in, and back to the page that was asked for."""
    if request.method not in ("GET", "HEAD"):
        return SIGN_IN
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{SIGN_IN}?next={quote(asked, safe='')}"


def _wanted(text: str) -> str:
    """Return the page of ours that *text* names, else the first one: nobody is led out of the house."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return START
    inside = not parts.scheme and not parts.netloc and text.startswith(HOME + "/") and text.isprintable()
    return text if inside and "\\" not in text and not text.startswith(SIGN_IN) else START


@get("/")
async def front_door() -> Response[bytes]:
    """Lead to the first room."""
    return go(START)


@get("/sign-in")
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Ask for a client's id and secret."""
    return _sign_in_page(request, next_=_wanted(request.query_params.get("next", "")))


def _sign_in_page(
    request: Request[Any, Any, Any], status: int = 200, *, next_: str, client_id: str = "", fault: str | None = None
) -> Response[bytes]:
    response = page(request, "sign_in.html", status, next=next_, client_id=client_id, fault=fault)
    response.set_cookie(visitor_cookie(request))
    return response


@post("/sign-in", status_code=303, request_max_body_size=MAX_DOOR_FORM)
async def sign_in(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Begin a session."""
    form = await form_of(request)
    client_id, secret, next_ = (form.get(name, "") for name in ("client_id", "client_secret", "next"))
    next_ = _wanted(next_)
    if len(client_id) > MAX_CREDENTIAL or len(secret) > MAX_CREDENTIAL:
        client_id, secret = client_id[:MAX_CREDENTIAL], ""
    client_id, secret, address = client_id.strip(), secret.strip(), address_of(request)
    database = api_of(request).database
    try:
        async with database.transaction() as connection:
            await tries.count(connection, client_id, address)
        async with database.transaction() as connection:
            key = await sessions.sign_in(connection, client_id, secret, address)
    except TooManyTries as refusal:
        response = _sign_in_page(request, 429, next_=next_, client_id=client_id, fault=refusal.detail)
        response.headers["Retry-After"] = str(refusal.seconds)
        return response
    except InvalidClient:
        async with database.transaction() as connection:
            await sessions.note_failure(connection, client_id, address)
        fault = "No client has this id and secret. Check both; the secret is shown only when a client is created."
        return _sign_in_page(request, 403, next_=next_, client_id=client_id, fault=fault)
    response = go(next_)
    response.set_cookie(session_cookie(request, key))
    return response


@post("/sign-out", status_code=303, request_max_body_size=MAX_DOOR_FORM, guards=[require_session])
async def sign_out(request: Request[Any, Any, Any]) -> Response[bytes]:
    """End the session, on this device and wherever its cookie was copied to."""
    await form_of(request)
    key = key_in(request)
    assert key is not None
    async with api_of(request).database.transaction() as connection:
        await sessions.sign_out(connection, key)
    response = go(SIGN_IN)
    response.delete_cookie(SESSION_COOKIE, path=HOME)
    return response


handlers = [front_door, sign_in_page, sign_in, sign_out]
