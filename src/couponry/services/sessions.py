"""Signing in to the console and out again."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import msgspec

from couponry.domain.audit import Action, Object, Via
from couponry.domain.errors import InvalidClient, TooManyTries
from couponry.services import access, audit
from couponry.services.context import Context, utc_now
from couponry.storage import sessions, stores
from couponry.storage.database import Connection
from couponry.storage.sessions import Session, Slowness
from couponry.storage.stores import Client

SESSION = timedelta(hours=12)
"""How long who signed in stays so."""

SLOWNESS = Slowness(free=5, longest=timedelta(minutes=1), forgotten=timedelta(hours=1))
"""Secrets that are drawn have 256 bits, so slowing keeps guessers of chosen ones out, and never an owner for long."""


class Key(msgspec.Struct, frozen=True):
    """What a browser holds: 256 random bits, which it says again with each request."""

    text: str

    @property
    def hash(self) -> bytes:
        """What is kept of it."""
        return hashlib.sha256(self.text.encode()).digest()


async def count_try(connection: Connection, client_id: str, address: str) -> None:
    """Count a try to sign in, before anything is looked at: commit it whatever comes of the try.

    Raises:
        TooManyTries: the address, or the client, has failed too often to be heard already.
    """
    now = utc_now()
    for who in _triers(client_id, address):
        wait = await sessions.count_try(connection, who, now, SLOWNESS)
        if wait is not None:
            raise TooManyTries(wait)
    await sessions.sweep_tries(connection, now - SLOWNESS.forgotten)


def _triers(client_id: str, address: str) -> list[bytes]:
    """Return whom a try is held against: where it comes from, then who it says it is."""
    return [hashlib.sha256(f"{kind} {name}".encode()).digest() for kind, name in
            (("address", _network(address)), ("client", client_id))]  # fmt: skip


def _network(address: str) -> str:
    """Return what one household has: an IPv4 address, or a /64 of IPv6."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else address


async def sign_in(connection: Connection, client_id: str, secret: str, address: str) -> Key:
    """Begin a session of a client and return its key; tries before it are forgiven.

    Raises:
        InvalidClient: unknown or revoked client, or a wrong secret.
    """
    client = await access.authenticate(connection, client_id, secret)
    now, key = utc_now(), Key(secrets.token_urlsafe(32))
    await sessions.forgive(connection, _triers(client_id, address))
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
