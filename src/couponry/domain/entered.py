"""Codes as a shopper entered them, with what the store knows of each."""

from uuid import UUID

import msgspec

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


class EnteredCode(msgspec.Struct, frozen=True, gc=False):
    """A code as it was entered; without grants, nobody knows it."""

    code: str
    grants: tuple[Grant, ...] = ()
