"""The clients of the store: who may come in, made, given another secret, revoked."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post

from couponry.api.clients import NewClientDocument
from couponry.api.documents import decode
from couponry.api.state import REVOCATION_SECONDS
from couponry.console.pages import HOME, go, page
from couponry.console.paging import Pages, page_asked
from couponry.console.people import names_of
from couponry.console.sign_in import SIGN_IN
from couponry.console.visits import Form, context_of, form_of, session_in
from couponry.console.wording import plain
from couponry.domain.credentials import Credentials
from couponry.domain.errors import InvalidDocument
from couponry.domain.promotions import MAX_NAME
from couponry.services import clients

LIST = f"{HOME}/access"


@get("/access")
async def list_clients(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the clients of the store."""
    return await _clients_page(request)


async def _clients_page(
    request: Request[Any, Any, Any],
    status: int = 200,
    form: Form | None = None,
    faults: list[str] | None = None,
    drawn: Credentials | None = None,
) -> Response[bytes]:
    asked = page_asked(request)
    async with context_of(request) as context:
        listed = await clients.list_clients(context, asked)
        names = await names_of(context, *(client.created_by for client in listed.rows))
    return page(
        request,
        "access.html",
        status,
        rows=listed.rows,
        names=names,
        pages=Pages(asked, listed.total, LIST, {}),
        own=_own(request),
        form=form or {},
        faults=faults or [],
        drawn=drawn,
        max_name=MAX_NAME,
        question=_question_path,
    )


def _question_path(what: str, client_id: str) -> str:
    return f"{LIST}/{what}?{urlencode({'client_id': client_id})}"


def _own(request: Request[Any, Any, Any]) -> str:
    session = session_in(request)
    assert session is not None
    return session.client_id


@post("/access", status_code=201)
async def create(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Create a client and show its secret, which no other page ever does."""
    form = await form_of(request)
    document = {"data": {"type": "client", "name": form.get("name", "").strip()}}
    try:
        name = decode(msgspec.json.encode(document), NewClientDocument).data.name
    except InvalidDocument as refusal:
        return await _clients_page(request, 422, form, [plain(fault) for fault in refusal.faults])
    async with context_of(request) as context:
        drawn = await clients.create_client(context, name)
    return await _clients_page(request, 201, drawn=drawn)


@get("/access/revoke")
async def ask_to_revoke(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Say what ends with a client, and ask."""
    return await _question(request, "revoke", request.query_params.get("client_id", ""))


@get("/access/secret")
async def ask_for_secret(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Say what ends with a client's secret, and ask."""
    return await _question(request, "secret", request.query_params.get("client_id", ""))


async def _question(
    request: Request[Any, Any, Any], what: str, client_id: str, status: int = 200, fault: str | None = None
) -> Response[bytes]:
    async with context_of(request) as context:
        client = await clients.get_client(context, client_id)
        signed_in = await clients.count_sessions(context, client_id)
    return page(
        request,
        "access_question.html",
        status,
        what=what,
        client=client,
        signed_in=signed_in,
        own=client_id == _own(request),
        fault=fault,
        seconds=int(REVOCATION_SECONDS),
    )


@post("/access/revoke", status_code=303)
async def revoke(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Revoke a client; the one that is signed in only where the form says that it is meant."""
    form = await form_of(request)
    client_id, own = form.get("client_id", ""), _own(request)
    if client_id == own and "own" not in form:
        return await _question(request, "revoke", client_id, 422, "Say below that you mean your own client.")
    async with context_of(request) as context:
        await clients.revoke_client(context, client_id)
    return go(SIGN_IN) if client_id == own else go(LIST, "client-revoked")


@post("/access/secret", status_code=200)
async def change_secret(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give a client another secret and show it, which no other page ever does."""
    form = await form_of(request)
    async with context_of(request) as context:
        drawn = await clients.change_secret(context, form.get("client_id", ""))
    return page(request, "access_secret.html", drawn=drawn, own=drawn.client_id == _own(request))


handlers = [list_clients, create, ask_to_revoke, ask_for_secret, revoke, change_secret]
