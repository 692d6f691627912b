"""On whose behalf, in which store, when, and on which connection a use case runs."""

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from couponry.domain.audit import Via
from couponry.domain.ids import new_id

if TYPE_CHECKING:
    from couponry.storage.database import Connection  # commands ask for the time without a database


def utc_now() -> datetime:
    """Return this moment, in whole milliseconds as the wire shows it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def fresh_id() -> UUID:
    """Return a new time-ordered id."""
    return new_id(time.time_ns() // 1_000_000, secrets.token_bytes(10))


class Context(msgspec.Struct, frozen=True):
    """What every use case is given."""

    connection: "Connection"
    """Inside the transaction that the caller opened and will commit."""
    store_id: UUID
    actor: str
    """Who asks: the id of an API client, or `cli`."""
    now: datetime = msgspec.field(default_factory=utc_now)
    via: Via = Via.API
    """How whoever asks came in."""
    request_id: str | None = None
    """What whoever asks calls the request."""
