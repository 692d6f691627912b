"""The clients of a store, which are ours: who may ask for tokens."""

from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath
from msgspec import UNSET

from couponry.api.answers import Creation, CreationMeta
from couponry.api.audit_answers import ClientAnswer, ClientResource
from couponry.api.auth import require_merchant
from couponry.api.documents import decode
from couponry.api.listing import list_document, page_asked
from couponry.api.state import context_of
from couponry.api.wire import json_answer, json_body, moment, no_content
from couponry.domain.promotions import Name
from couponry.services import clients
from couponry.storage.stores import Client


class NewClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client to create."""

    name: Name
    """What it is for."""
    type: Literal["client"] = "client"


class NewClientDocument(msgspec.Struct, frozen=True):
    """The body that creates a client."""

    data: NewClient


@get("/", operation_id="getClients")
async def list_clients(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List the clients of the store, oldest first."""
    page = page_asked(request)
    async with context_of(request) as context:
        listed = await clients.list_clients(context, page)
    return json_answer(list_document(request, page, listed, [client_document(one) for one in listed.rows]))


@post("/", operation_id="createClient")
async def create_client(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Create a client; its secret is told once."""
    name = decode(await json_body(request), NewClientDocument).data.name
    async with context_of(request) as context:
        drawn = await clients.create_client(context, name)
        made = await clients.get_client(context, drawn.client_id)
    return json_answer(ClientAnswer(client_document(made, drawn.client_secret)), 201)


@post("/{client_id:str}/secret", operation_id="changeClientSecret", status_code=200)
async def change_secret(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[bytes]:
    """Give a client another secret, which is told once."""
    async with context_of(request) as context:
        drawn = await clients.change_secret(context, client_id)
        client = await clients.get_client(context, client_id)
    return json_answer(ClientAnswer(client_document(client, drawn.client_secret)))


@delete("/{client_id:str}", operation_id="revokeClient", status_code=204)
async def revoke_client(request: Request[Any, Any, Any], client_id: FromPath[str]) -> Response[None]:
    """Revoke a client for good."""
    async with context_of(request) as context:
        await clients.revoke_client(context, client_id)
    return no_content()


def client_document(client: Client, secret: str | None = None) -> ClientResource:
    """Return a client as it is answered, with its *secret* where it was just drawn."""
    return ClientResource(
        id=client.client_id,
        name=client.name,
        client_secret=secret or UNSET,
        created_by=client.created_by or UNSET,
        last_used_at=moment(client.last_used_at) if client.last_used_at else UNSET,
        revoked_at=moment(client.revoked_at) if client.revoked_at else UNSET,
        meta=CreationMeta(Creation(moment(client.created_at))),
    )


router = Router(
    "/v2/clients",
    route_handlers=[list_clients, create_client, change_secret, revoke_client],
    guards=[require_merchant],
    tags=["Clients"],
)
