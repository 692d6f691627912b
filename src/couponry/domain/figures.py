"""Figures of a store: what was redeemed and refused on which day, and what was taken off."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from couponry.domain.codes import auto_code, code_key
from couponry.domain.outcome import Evaluation, Reason, Refused

MAX_DAYS = 366
"""The most days that figures are told of at once."""


class Days(NamedTuple):
    """Days of UTC, the first and the last included."""

    first: date
    last: date

    @classmethod
    def until(cls, last: date, count: int) -> "Days":
        """Return *count* days, of which *last* is the last."""
        return cls(last - timedelta(days=count - 1), last)

    @property
    def number(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1


class Redeemed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was redeemed: on a day, or of a promotion. A redemption counts once for each promotion that it used."""

    day: date | UnsetType = UNSET
    promotion_id: UUID | UnsetType = UNSET
    name: str | UnsetType = UNSET
    """What the promotion is called; left out when it has been deleted."""
    currency: str
    redemptions: int
    """How many were made, given back since or not."""
    discount: int
    """What they took off, in minor units."""
    returned: int
    """How many of these redemptions were given back since."""
    returned_discount: int
    """What of the discount was given back with them."""


class Refusals(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How often codes were entered and gave nothing, for one reason: on a day, or of a promotion."""

    day: date | UnsetType = UNSET
    promotion_id: UUID | UnsetType = UNSET
    """Left out where no promotion has the code."""
    name: str | UnsetType = UNSET
    """What the promotion is called; left out when it has been deleted."""
    reason: Reason
    attempts: int


class CodeUses(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A code that was used much, and what is left of it."""

    promotion_id: UUID
    name: str
    """What the promotion is called."""
    code_id: UUID
    code: str
    redemptions: int
    remaining: int | UnsetType = UNSET
    """How many uses are left; left out where they are not limited, or the code is gone."""
    max_uses: int | UnsetType = UNSET


By = Literal["day", "promotion"]
"""What figures are told by."""


class RefusedOn(NamedTuple):
    """What refused attempts are counted by."""

    store_id: UUID
    day: date
    reason: str
    promotion_id: str | None


def refused_codes(evaluation: Evaluation, codes: Iterable[str]) -> Iterator[tuple[str, Refused]]:
    """Yield those of the entered *codes* that gave nothing, each once and with the first reason."""
    applied = {code_key(one.code) for one in evaluation.applied}
    reasons: dict[str, Refused] = {}
    for one in evaluation.refused:
        # An automatic promotion, which only an explanation names, needs no code.
        if one.code is not UNSET and (one.promotion_id is UNSET or one.code != auto_code(one.promotion_id)):
            reasons.setdefault(code_key(one.code), one)
    for key, code in {code_key(code): code for code in codes}.items():
        if key in reasons and key not in applied:
            yield code, reasons[key]
