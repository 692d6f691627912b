"""Who may come in: stores, API clients, their secrets, and the tokens they are given."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID

import jwt
import msgspec

from couponry.domain.audit import Action, Object, changes
from couponry.domain.errors import BadRequest, InvalidClient, InvalidToken
from couponry.services import audit, tries
from couponry.services.context import Context, fresh_id, utc_now
from couponry.settings import Settings
from couponry.storage import stores
from couponry.storage.database import Connection
from couponry.storage.stores import Client, Store

TOKEN_SECONDS = 3600

USED = timedelta(hours=1)
"""How exactly it is noted when a client came last, so that few of its tokens cost a write."""

_ALGORITHM = "HS256"

Grant = Literal["client_credentials", "implicit"]


class Token(msgspec.Struct, frozen=True):
    """Who a bearer token speaks for: a merchant (`client_credentials`) or a shopper (`implicit`)."""

    store_id: UUID
    client_id: str
    grant: Grant


class IssuedToken(msgspec.Struct, frozen=True):
    """The flat answer of the token endpoint; `expires` is in Unix seconds."""

    access_token: str
    identifier: Grant
    expires: int
    expires_in: int = TOKEN_SECONDS
    token_type: str = "Bearer"  # noqa: S105 # the scheme's name


def hash_secret(secret: str) -> bytes:
    """Return what is kept of *secret*. Drawn secrets have 256 random bits, so a plain hash cannot be reversed."""
    return hashlib.sha256(secret.encode()).digest()


async def create_store(connection: Connection, store: Store) -> Store:
    """Create *store*.

    Raises:
        BadRequest: its name is taken.
    """
    if not await stores.add_store(connection, store):
        raise BadRequest(f"A store named {store.name} exists already.")
    return store


def new_store(name: str, max_codes_per_job: int | None, max_automatic_promotions: int) -> Store:
    """Return a store that does not exist yet."""
    return Store(
        store_id=fresh_id(),
        name=name,
        max_codes_per_job=max_codes_per_job,
        max_automatic_promotions=max_automatic_promotions,
        created_at=utc_now(),
    )


def first_limits(name: str, settings: Settings) -> Store:
    """Return a store that does not exist yet, with the limits that this installation begins with."""
    return new_store(name, settings.max_codes_per_job, settings.max_automatic_promotions)


async def set_limits(context: Context, limits: Mapping[str, int | None]) -> None:
    """Set some of `stores.LIMITS` of the store; None lifts one."""
    before = await stores.store_of(context.connection, context.store_id)
    for limit, value in limits.items():
        await stores.set_limit(context.connection, context.store_id, limit, value)
    after = await stores.store_of(context.connection, context.store_id)
    if changed := changes(before, after):
        store = Object("store", str(context.store_id), before.name)
        await audit.note(context, Action.SETTINGS_CHANGED, store, changed)


async def issue_token(connection: Connection, form: Mapping[str, str], key: bytes, address: str) -> IssuedToken:
    """Return a token for the client that *form* (OAuth's members) names, to who asks from *address*.

    Raises:
        BadRequest: no such grant, or no client id.
        InvalidClient: unknown or revoked client, or a wrong secret.
        TooManyTries: too many wrong secrets of the client have come from there.
    """
    grant, client_id = form.get("grant_type"), form.get("client_id")
    if grant not in ("client_credentials", "implicit") or not client_id or "\0" in client_id:
        raise BadRequest
    if (client := await stores.client(connection, client_id)) is None:
        raise InvalidClient
    if grant == "client_credentials":
        await _require_secret(connection, client, form.get("client_secret", ""), address)
    await note_used(connection, client)
    return sign(Token(client.store_id, client.client_id, grant), key)


async def _require_secret(connection: Connection, client: Client, secret: str, address: str) -> None:
    """Refuse a wrong secret, and count it: right ones write nothing, however many come at the same moment."""
    if is_secret(client, secret):
        await tries.require_heard(connection, client.client_id, address)
        return
    async with connection.transaction():
        await tries.count_guess(connection, client.client_id, secret, address)
    raise InvalidClient


async def note_used(connection: Connection, client: Client) -> None:
    """Note that a client came, unless that was noted within `USED`."""
    now = utc_now()
    if client.last_used_at is None or client.last_used_at <= now - USED:
        await stores.note_used(connection, client, now, now - USED)


async def authenticate(connection: Connection, client_id: str, secret: str) -> Client:
    """Return the client with that id and *secret*.

    Raises:
        InvalidClient: unknown or revoked client, or a wrong secret.
    """
    client = None if "\0" in client_id else await stores.client(connection, client_id)
    if client is None or not is_secret(client, secret):
        raise InvalidClient
    return client


def is_secret(client: Client, secret: str) -> bool:
    """Tell whether *secret* is the client's."""
    return bool(secret) and hmac.compare_digest(hash_secret(secret), client.secret_hash)


def sign(token: Token, key: bytes) -> IssuedToken:
    """Return what speaks for *token*'s client from now on, for `TOKEN_SECONDS`."""
    now = int(time.time())
    claims = {
        "sub": token.client_id,
        "store": str(token.store_id),
        "grant": token.grant,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    signed = jwt.encode(claims, key, _ALGORITHM)  # pyright: ignore[reportUnknownMemberType] # its keys' types are unknown
    return IssuedToken(signed, token.grant, now + TOKEN_SECONDS)


def read_token(text: str, key: bytes) -> Token:
    """Return who a bearer token speaks for.

    Raises:
        InvalidToken: forged, expired, or no token at all.
    """
    token, expires_at = _verified(text, key)
    if time.time() >= expires_at:
        raise InvalidToken
    return token


@lru_cache(maxsize=10_000)
def _verified(text: str, key: bytes) -> tuple[Token, int]:
    """Return who a token speaks for, and until when; a client sends the same one for an hour."""
    try:
        claims = jwt.decode(  # pyright: ignore[reportUnknownMemberType]
            text, key, [_ALGORITHM], options={"require": ["sub", "exp", "store", "grant"]}
        )
        token = msgspec.convert({**claims, "store_id": claims["store"], "client_id": claims["sub"]}, Token)
        return token, int(claims["exp"])
    except (jwt.InvalidTokenError, msgspec.ValidationError, UnicodeError) as error:
        raise InvalidToken from error


async def is_active(connection: Connection, token: Token) -> bool:
    """Tell whether the client behind *token* still exists and is not revoked."""
    client = await stores.client(connection, token.client_id)
    return client is not None and client.store_id == token.store_id


async def signing_key(connection: Connection, purpose: str, configured: str | None) -> bytes:
    """Return the key that signs for *purpose*: of the configured secret, else of one kept in the database."""
    root = configured.encode() if configured else await stores.signing_key(connection, "root", secrets.token_bytes(32))
    return hmac.digest(root, purpose.encode(), "sha256")
