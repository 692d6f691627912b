"""Redemptions: the uses that a judged cart asks for, who gets theirs of what is left, and the moves that follow."""

import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from couponry.domain.cart import Shopper
from couponry.domain.entered import Grant

Code: TypeAlias = tuple[UUID, UUID]
"""The promotion and the id of a code: what it is known by, and the order in which codes are locked."""

SHOPPER_BYTES = 16
"""How much of a hash stands for a shopper: none of a store's are ever alike."""


class RedemptionState(StrEnum):
    """Where a redemption stands."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"

    def may_become(self, next_: "RedemptionState") -> bool:
        """Tell whether a redemption may move from this state to *next_*."""
        return next_ in _MOVES[self]


_MOVES = {
    RedemptionState.HELD: {RedemptionState.CONFIRMED, RedemptionState.RELEASED},
    RedemptionState.CONFIRMED: {RedemptionState.RELEASED},
    RedemptionState.RELEASED: set[RedemptionState](),
}


class Used(msgspec.Struct, frozen=True):
    """How often a redemption uses a code of a promotion."""

    promotion_id: UUID
    code_id: UUID
    code: str
    uses: int


class Redemption(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a cart was granted."""

    id: UUID
    state: RedemptionState
    expires_at: datetime | UnsetType = UNSET
    """Until when the uses of a hold are kept for it."""
    order_id: str | UnsetType = UNSET
    evaluation: msgspec.Raw
    """The cart as it was judged, as JSON."""
    uses: tuple[Used, ...] = ()


class Claim(msgspec.Struct, frozen=True):
    """What a redemption asks of one code."""

    used: Used
    counted: bool = False
    """Whether anything limits the code; otherwise the claim needs nobody's leave."""
    shoppers: tuple[bytes, ...] = ()
    """Those whom it counts against, where the code is limited for each shopper."""
    first_time: bool = False
    """Whether the code is for a first order."""

    @property
    def code(self) -> Code:
        """The code asked for."""
        return self.used.promotion_id, self.used.code_id


class Wanted(msgspec.Struct, frozen=True):
    """All that a redemption asks for; it gets all of it, or nothing."""

    claims: tuple[Claim, ...]
    shoppers: tuple[bytes, ...] = ()
    """Everything that its shopper is known by."""
    pays: bool = False
    """Whether it is confirmed from the start, so that the shopper's next order is not the first."""

    @property
    def first_time(self) -> bool:
        """Whether one of its codes is for a first order."""
        return any(claim.first_time for claim in self.claims)


class Standing(NamedTuple):
    """How a limited code stands."""

    left: int | None
    """How many uses are left; None where they are not limited."""
    shopper_limit: int | None
    """How often each shopper may use it; None where that is not limited."""
    first_time: bool = False
    """Whether it is for a first order."""
    expired: bool = False
    """Whether holds of it have expired, so that more can be left."""
    key: str = ""
    """The code's identity, by which it is found again."""


class Left(msgspec.Struct, frozen=True):
    """What is left of the codes that were asked for."""

    codes: dict[Code, Standing]
    """The limited ones; one that is missing has been deleted."""
    used_by: dict[tuple[Code, bytes], int]
    """How often a shopper has used a code; those that are missing never did."""
    paying: frozenset[bytes] = frozenset()
    """Shoppers that have paid for an order."""


def decide(requests: Sequence[Wanted], left: Left) -> list[bool]:
    """Tell which of *requests*, in the order in which they came, get all that they ask for of what is *left*."""
    taking = _Taking(left)
    return [taking.grants(wanted) for wanted in requests]


class _Taking:
    """What is left, request after request."""

    def __init__(self, left: Left) -> None:
        self.codes = left.codes
        self.left = {code: standing.left for code, standing in left.codes.items()}
        self.used_by = dict(left.used_by)
        self.paying = set(left.paying)

    def grants(self, wanted: Wanted) -> bool:
        if not all(self._has(claim) for claim in wanted.claims if claim.counted):
            return False
        for claim in wanted.claims:
            left = self.left.get(claim.code)
            if left is not None:
                self.left[claim.code] = left - claim.used.uses
            for shopper in claim.shoppers:
                self.used_by[claim.code, shopper] = self.used_by.get((claim.code, shopper), 0) + 1
        if wanted.pays:
            self.paying.update(wanted.shoppers)
        return True

    def _has(self, claim: Claim) -> bool:
        standing, left = self.codes.get(claim.code), self.left.get(claim.code)
        if standing is None or (left is not None and left < claim.used.uses):
            return False
        if claim.first_time and not self.paying.isdisjoint(claim.shoppers):
            return False
        limit = standing.shopper_limit
        return limit is None or all(self.used_by.get((claim.code, one), 0) < limit for one in claim.shoppers)


def claim_of(grant: Grant, used: Used, shoppers: tuple[bytes, ...]) -> Claim:
    """Return what *used* asks of the code that *grant* knows the limits of."""
    first_time = grant.limits.is_for_new_shopper is True
    by_shopper = first_time or grant.per_shopper is not None
    counted = by_shopper or grant.limits.max_uses is not UNSET
    return Claim(used, counted, shoppers if by_shopper else (), first_time)


def shoppers_of(key: bytes, store_id: UUID, shopper: Shopper) -> tuple[bytes, ...]:
    """Return what a shopper is known by: a keyed hash each of customer, account and e-mail address.

    Uses count against each of them, so that who signs in meets what the same address used as a guest. The hash of
    an address stays when the address is forgotten.
    """
    return tuple(hmac.digest(key, store_id.bytes + name.encode(), "sha256")[:SHOPPER_BYTES] for name in _names(shopper))


def _names(shopper: Shopper) -> Iterator[str]:
    if shopper.customer_id is not None:
        yield f"customer:{shopper.customer_id}"
    if shopper.account_id is not None:
        yield f"account:{shopper.account_id}"
    if shopper.address:
        yield f"email:{shopper.address}"
