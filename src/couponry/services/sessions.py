"""Signing in to the console and out again."""

import hashlib
import hmac
import secrets
from datetime import timedelta

import msgspec

from couponry.domain.audit import Action, Object, Via
from couponry.domain.errors import InvalidClient
from couponry.services import access, audit, tries
from couponry.services.context import Context, utc_now
from couponry.storage import sessions, stores
from couponry.storage.database import Connection
from couponry.storage.sessions import Session
from couponry.storage.stores import Client

SESSION = timedelta(hours=12)
"""How long who signed in stays so."""


class Key(msgspec.Struct, frozen=True):
    """What a browser holds: 256 random bits, which it says again with each request."""

    text: str

    @property
    def hash(self) -> bytes:
        """What is kept of it."""
        return hashlib.sha256(self.text.encode()).digest()


async def sign_in(connection: Connection, client_id: str, secret: str, address: str) -> Key:
    """Begin a session of a client and return its key; tries before it are forgiven.

    Raises:
        InvalidClient: unknown or revoked client, or a wrong secret.
    """
    client = await access.authenticate(connection, client_id, secret)
    now, key = utc_now(), Key(secrets.token_urlsafe(32))
    await tries.forgive(connection, client_id, address)
    await sessions.sweep(connection, now)
    if not await sessions.add(connection, key.hash, client, now + SESSION):
        raise InvalidClient
    await access.note_used(connection, client)
    await _note(connection, Action.SIGNED_IN, client, address)
    return key


async def note_failure(connection: Connection, client_id: str, address: str) -> None:
    """Note in the audit log that somebody failed to sign in with a client, if there is such a client."""
    client = None if "\0" in client_id else await stores.client(connection, client_id)
    if client is not None:
        await _note(connection, Action.SIGN_IN_FAILED, client, address)


async def _note(connection: Connection, action: Action, client: Client, address: str) -> None:
    context = Context(connection, client.store_id, client.client_id, via=Via.CONSOLE)
    await audit.note(context, action, Object("client", client.client_id, client.name), address=address)


async def session_of(connection: Connection, key: Key) -> Session | None:
    """Return the session with that *key*; None when it is over, was signed out, or its client was revoked."""
    return await sessions.get(connection, key.hash, utc_now())


async def sign_out(connection: Connection, key: Key) -> None:
    """End a session for good, wherever its key has been copied to."""
    await sessions.remove(connection, key.hash)


def signature(text: str, purpose: str, key: bytes) -> str:
    """Return what shows that *text* was handed out by us for *purpose*."""
    return hmac.digest(key, f"{purpose} {text}".encode(), "sha256").hex()
