"""What one API process holds: its settings, connections, keys, and the files it hands out."""

import math
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection

from couponry.domain.audit import Via
from couponry.services import access
from couponry.services.access import Token
from couponry.services.context import Context
from couponry.services.promotion_cache import PromotionCache
from couponry.services.till import Till
from couponry.services.watching import Watching
from couponry.settings import Settings
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles

MAX_REQUEST_ID = 128

REVOCATION_SECONDS = 5.0
"""How long a process may go on taking tokens of a client that was just revoked."""


class Keys(msgspec.Struct, frozen=True):
    """The keys that sign what is handed out, one for each purpose."""

    tokens: bytes
    links: bytes
    sessions: bytes
    shoppers: bytes
    """Hashes what shoppers are known by; kept in the database, as limits must outlive every other secret."""


class ActiveClients:
    """Remembers for a few seconds which clients were not revoked, to ask the database once and not per request."""

    def __init__(self) -> None:
        self._seen: dict[tuple[UUID, str], float] = {}

    def vouch_for(self, token: Token) -> None:
        """Take *token*'s client for active from now on, though the database knows no such client."""
        self._seen[token.store_id, token.client_id] = math.inf

    async def has(self, database: Database, token: Token) -> bool:
        """Tell whether the client behind *token* is active, or was so within `REVOCATION_SECONDS`."""
        now, client = time.monotonic(), (token.store_id, token.client_id)
        if self._seen.get(client, 0.0) > now:
            return True
        async with database.connection() as connection:
            active = await access.is_active(connection, token)
        if active:
            self._seen[client] = now + REVOCATION_SECONDS
        return active


class Api(msgspec.Struct, frozen=True):
    """What one API process holds."""

    settings: Settings
    database: Database
    files: ExportFiles
    keys: Keys
    active_clients: ActiveClients
    promotions: PromotionCache
    till: Till
    watching: Watching
    via: Via = Via.API
    """How requests come in: over the network, or from the command line that runs the application itself."""


def api_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Api:
    """Return what the process that answers *connection* holds."""
    return connection.app.state["api"]


@asynccontextmanager
async def context_of(request: Request[Any, Token, Any]) -> AsyncGenerator[Context]:
    """Open the transaction in which a request does its work, in the store that its token names.

    It commits when the block ends, and rolls back when the block raises.
    """
    token = request.auth
    async with api_of(request).database.transaction() as connection:
        yield Context(
            connection, token.store_id, token.client_id, via=api_of(request).via, request_id=request_id_of(request)
        )


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return where a request comes from, as far as the server or the proxy before it says so."""
    return connection.client.host if connection.client else ""


def request_id_of(request: Request[Any, Any, Any]) -> str | None:
    """Return what a client calls its request, if it can be kept: up to 128 printable characters."""
    said = request.headers.get("x-request-id", "")
    return said if said and len(said) <= MAX_REQUEST_ID and said.isprintable() else None
