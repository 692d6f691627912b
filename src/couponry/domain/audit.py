"""The audit log: who changed what, when, and how it was before."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

MAX_SIDE = 2_000
"""How many bytes of JSON each side of a change may take to be kept."""


class Via(StrEnum):
    """The way somebody came in."""

    API = "api"
    CONSOLE = "console"
    COMMAND_LINE = "command_line"


class Action(StrEnum):
    """What was done."""

    PROMOTION_CREATED = "promotion.created"
    PROMOTION_CHANGED = "promotion.changed"
    PROMOTION_ENABLED = "promotion.enabled"
    PROMOTION_DISABLED = "promotion.disabled"
    PROMOTION_DELETED = "promotion.deleted"
    CODES_CREATED = "codes.created"
    CODES_DELETED = "codes.deleted"
    JOB_STARTED = "job.started"
    JOB_CANCELLED = "job.cancelled"
    PRODUCTS_STORED = "products.stored"
    PRODUCT_DELETED = "product.deleted"
    SETTINGS_CHANGED = "settings.changed"
    CLIENT_CREATED = "client.created"
    CLIENT_REVOKED = "client.revoked"
    SECRET_CHANGED = "client.secret_changed"  # noqa: S105 # a name
    USAGES_ANONYMIZED = "usages.anonymized"
    ORDERS_ANONYMIZED = "orders.anonymized"
    REDEEMED = "redemption.made"
    REDEMPTION_CONFIRMED = "redemption.confirmed"
    REDEMPTION_RELEASED = "redemption.released"
    SIGNED_IN = "console.signed_in"
    SIGN_IN_FAILED = "console.sign_in_failed"


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one member changed."""

    before: Any = UNSET
    after: Any = UNSET
    too_long: bool = False
    """Whether one of the two is too long to be kept; both are then left out."""


class Object(msgspec.Struct, frozen=True, omit_defaults=True):
    """What something was done to."""

    type: str
    id: str | msgspec.UnsetType = UNSET
    """Left out where it was done to several at once."""
    name: str | msgspec.UnsetType = UNSET
    """As it was called then."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did."""

    store_id: UUID
    id: UUID
    at: datetime
    via: Via
    client_id: str | None = None
    """None for who works on the command line."""
    action: Action
    object_type: str
    object_id: str | None = None
    object_name: str | None = None
    details: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """What else is worth knowing: how many, of what kind."""
    changes: dict[str, Change] = msgspec.field(default_factory=dict[str, Change])
    """What changed, by member."""
    request_id: str | None = None
    """What whoever asked called the request."""


def changes(before: msgspec.Struct, after: msgspec.Struct, besides: Collection[str] = ()) -> dict[str, Change]:
    """Return how *after* differs from *before*, a Struct of the same type, by member; those *besides* do not count."""
    members = [name for name in before.__struct_fields__ if name not in besides]
    sides = [(name, getattr(before, name), getattr(after, name)) for name in members]
    return {name: change(was, is_) for name, was, is_ in sides if was != is_}


def change(before: object, after: object) -> Change:
    """Return the change from *before* to *after*."""
    was, is_ = msgspec.json.encode(before), msgspec.json.encode(after)
    if max(len(was), len(is_)) > MAX_SIDE:
        return Change(too_long=True)
    return Change(msgspec.json.decode(was), msgspec.json.decode(is_))
