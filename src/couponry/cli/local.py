"""The application inside the process of a command, which asks it where no server is named."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import httpx

from couponry.api.app import create_app, running
from couponry.cli.client import Client, Local
from couponry.cli.session import ACTOR, require_schema, store_named
from couponry.domain.audit import Via
from couponry.services import access
from couponry.settings import settings
from couponry.storage.database import ensure_usable


@asynccontextmanager
async def opened(url: str, store_name: str) -> AsyncGenerator[Client]:
    """Lend a client that speaks for the operator of the database at *url*, in one of its stores.

    Raises:
        DatabaseUnusable: the database cannot be used.
        UserError: it does not have this version's schema, or no such store.
    """
    ensure_usable(url)
    chosen = settings().model_copy(update={"database_url": url, "database_connections": 4})
    app = create_app(chosen)
    async with running(app, chosen, Via.COMMAND_LINE) as api:
        await require_schema(api.database)
        store = await store_named(api.database, store_name)
        operator = access.Token(store.store_id, ACTOR, "client_credentials")
        api.active_clients.vouch_for(operator)
        transport = httpx.ASGITransport(app)  # pyright: ignore[reportArgumentType] # Litestar types its scopes closer
        auth = _Operator(operator, api.keys.tokens)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", auth=auth) as http:
            yield Client(http, Local(api, store))


class _Operator(httpx.Auth):
    """Speaks for whoever may open the database: no credentials prove more."""

    def __init__(self, token: access.Token, key: bytes) -> None:
        self.token, self.key = token, key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {access.sign(self.token, self.key).access_token}"
        yield request
