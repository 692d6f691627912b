"""What is answered about usages, as Structs: encoded into answers, and described by the OpenAPI document."""

from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from couponry.api.answers import Instant, ListDocument, Results
from couponry.api.errors import WireError


class UsageTimestamps(Struct, frozen=True):
    """When it last changed."""

    updated_at: Instant


class UsageMeta(Struct, frozen=True):
    """What is known about a usage beside what it says."""

    timestamps: UsageTimestamps


class UsageResource(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A use of a code that was made. It stays on record when it is given back, and when the code is gone."""

    id: UUID
    order_id: str | None
    """The order that it was for, as the shop calls it."""
    code_id: UUID
    code: str
    times_used: int
    """How many of the code's uses it took: 1, or the applications where those are what is consumed."""
    used_on: Instant
    customer_id: str | None
    account_id: str | None
    customer_email: str | None
    """`**` where it was anonymized."""
    meta: UsageMeta
    updated_by: str
    """The client that changed it last."""
    anonymized: bool
    released_at: Instant | UnsetType = UNSET
    """When it was given back; left out where it was not."""


class UsageList(ListDocument[UsageResource], frozen=True):
    """One page of usages."""


class Touched(Struct, frozen=True):
    """How many there are, and which."""

    total: int
    ids: list[str]
    """The first 1,000."""


class AnonymizedMeta(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What else was anonymized; what was so before is told again."""

    results: Results | UnsetType = UNSET
    """Told where a shopper was named: how many usages there are. `data` has the first 1,000."""
    orders: Touched
    """Orders without names and addresses now."""
    open_orders: Touched
    """Those of them that are neither fulfilled nor cancelled nor refunded: nobody knows whereto to send them."""
    carts: Touched
    """Carts without contact, name and addresses now."""


class AnonymizedUsages(Struct, frozen=True, omit_defaults=True):
    """The usages as they stand now."""

    data: list[UsageResource]
    meta: AnonymizedMeta
    errors: list[WireError] | UnsetType = UNSET
    """Names the ids that no usage has, where others have been found."""
