"""What is answered about the audit log and clients, as Structs."""

from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from couponry.api.answers import CreationMeta, Instant, ListDocument
from couponry.domain.audit import Action, Change, Object, Via


class AuditEntryResource(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="audit_entry"):
    """One thing that somebody did. Members without a value are left out."""

    id: UUID
    at: Instant
    via: Via
    client_id: str | UnsetType = UNSET
    """The client that did it; none for the command line on the database itself."""
    action: Action
    object: Object
    """What it was done to."""
    details: dict[str, Any] | UnsetType = UNSET
    """What else is known: how many, of what kind."""
    changes: dict[str, Change] | UnsetType = UNSET
    """What changed, by member."""
    request_id: str | UnsetType = UNSET
    """The `X-Request-Id` of the request."""


class AuditLog(ListDocument[AuditEntryResource], frozen=True):
    """One page of the audit log."""


class ClientResource(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="client"):
    """A client of the store. Members without a value are left out."""

    id: str
    name: str
    client_secret: str | UnsetType = UNSET
    """Told once, when it was drawn: only a hash is kept."""
    created_by: str | UnsetType = UNSET
    """The client that made it, or `cli`."""
    last_used_at: Instant | UnsetType = UNSET
    """When it last got a token or signed in, to the hour."""
    revoked_at: Instant | UnsetType = UNSET
    """Since when it is good for nothing."""
    meta: CreationMeta


class ClientAnswer(Struct, frozen=True):
    """One client."""

    data: ClientResource


class ClientList(ListDocument[ClientResource], frozen=True):
    """One page of clients."""
