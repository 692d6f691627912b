"""The clients of a store: made, given another secret, revoked."""

import secrets
from collections.abc import Collection

import msgspec

from couponry.domain.audit import Action, Object
from couponry.domain.credentials import Credentials
from couponry.domain.errors import BadRequest, ClientNotFound
from couponry.domain.listing import Listed, Page
from couponry.services import audit
from couponry.services.access import hash_secret
from couponry.services.context import Context
from couponry.storage import sessions, stores
from couponry.storage.stores import Client


async def create_client(
    context: Context, name: str, client_id: str | None = None, secret: str | None = None
) -> Credentials:
    """Create a client of the store, drawing what is not given, and return its credentials.

    Raises:
        BadRequest: the id is taken.
    """
    credentials = Credentials(
        secrets.token_hex(16) if client_id is None else client_id,
        secrets.token_urlsafe(32) if secret is None else secret,
    )
    client = Client(
        store_id=context.store_id,
        client_id=credentials.client_id,
        name=name,
        secret_hash=hash_secret(credentials.client_secret),
        created_at=context.now,
        created_by=context.actor,
    )
    if not await stores.add_client(context.connection, client):
        raise BadRequest(f"A client with the id {credentials.client_id} exists already.")
    await audit.note(context, Action.CLIENT_CREATED, _object(client))
    return credentials


async def ensure_client(context: Context, given: Credentials) -> None:
    """Make the client with *given* id, or give it that secret; one that was revoked stays so."""
    try:
        async with context.connection.transaction():
            await create_client(context, "Configured client", given.client_id, given.client_secret)
    except BadRequest:
        known = await stores.client_of(context.connection, context.store_id, given.client_id)
        if known is not None and known.secret_hash != hash_secret(given.client_secret):
            await _set_secret(context, known, given.client_secret)


async def list_clients(context: Context, page: Page) -> Listed[Client]:
    """Return one page of the store's clients, revoked ones too, oldest first."""
    found = await stores.clients(context.connection, context.store_id, page)
    return Listed(found, await stores.count_clients(context.connection, context.store_id))


async def get_client(context: Context, client_id: str) -> Client:
    """Return a client that is not revoked.

    Raises:
        ClientNotFound: this store has none with that id.
    """
    found = None
    if "\0" not in client_id:
        found = await stores.client_of(context.connection, context.store_id, client_id)
    if found is None or found.revoked_at is not None:
        raise ClientNotFound
    return found


async def names_of(context: Context, client_ids: Collection[str]) -> dict[str, str]:
    """Return what those of the store's clients are called that have one of these ids, revoked ones too, by id."""
    return await stores.client_names(context.connection, context.store_id, client_ids) if client_ids else {}


async def count_sessions(context: Context, client_id: str) -> int:
    """Return in how many places somebody is signed in to the console with a client."""
    return await sessions.count(context.connection, context.store_id, client_id, context.now)


async def change_secret(context: Context, client_id: str) -> Credentials:
    """Give a client a new secret and return it: the old one is good for nothing, whoever is signed in is out.

    Tokens that were given out stay good until they expire.

    Raises:
        ClientNotFound: this store has none with that id, or it is revoked.
    """
    client, secret = await get_client(context, client_id), secrets.token_urlsafe(32)
    await _set_secret(context, client, secret)
    return Credentials(client_id, secret)


async def revoke_client(context: Context, client_id: str) -> Client:
    """Revoke a client for good: no more tokens, those that it has soon refused, whoever is signed in out at once.

    Raises:
        ClientNotFound: this store has none with that id, or it is revoked already.
    """
    client = await get_client(context, client_id)
    if not await stores.revoke_client(context.connection, context.store_id, client_id, context.now):
        raise ClientNotFound
    await sessions.remove_all(context.connection, context.store_id, client_id)
    await audit.note(context, Action.CLIENT_REVOKED, _object(client))
    return msgspec.structs.replace(client, revoked_at=context.now)


async def _set_secret(context: Context, client: Client, secret: str) -> None:
    await stores.set_secret(context.connection, context.store_id, client.client_id, hash_secret(secret))
    # After that, as who is just signing in with the old one has been waited for.
    await sessions.remove_all(context.connection, context.store_id, client.client_id)
    await audit.note(context, Action.SECRET_CHANGED, _object(client))


def _object(client: Client) -> Object:
    return Object("client", client.client_id, client.name)
