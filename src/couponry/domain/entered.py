"""Codes as a shopper entered them, with what the store knows of each."""

from uuid import UUID

import msgspec
from msgspec import UNSET

from couponry.domain.codes import CodeLimits


class Grant(msgspec.Struct, frozen=True, gc=False):
    """One promotion that an entered code stands for, and how much of the code is left."""

    promotion_id: str
    code: str
    """The code as the merchant spelled it."""
    limits: CodeLimits
    code_id: UUID | None = None
    """None for codes of drafts."""
    remaining: int | None = None
    """How many uses are left; None where they are not limited."""
    used_by_shopper: int = 0
    """How often this shopper has used it."""
    new_shopper: bool = True
    """Whether this shopper has not paid for an order yet."""

    @property
    def per_shopper(self) -> int | None:
        """How often one shopper may use it; None where that is not limited."""
        limit = self.limits.max_uses_per_shopper
        return None if limit is UNSET or limit.max_uses is UNSET else limit.max_uses

    @property
    def includes_guests(self) -> bool:
        """Whether the limit per shopper lets guests in."""
        limit = self.limits.max_uses_per_shopper
        return limit is not UNSET and limit.includes_guests is True

    @property
    def per_application(self) -> bool:
        """Whether each application is a use."""
        return self.limits.consume_unit == "per_application"


class EnteredCode(msgspec.Struct, frozen=True, gc=False):
    """A code as it was entered; without grants, nobody knows it."""

    code: str
    grants: tuple[Grant, ...] = ()
