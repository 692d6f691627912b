"""Promotion codes: their limits, their normal form, and the patterns that generated codes follow."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from couponry.domain.errors import CodeSpaceTooSmall, Fault, InvalidCode, InvalidDocument, UnsupportedConsumeUnit

ConsumeUnit = Literal["per_checkout", "per_application"]
"""What counts as one use: a checkout, or each application of the discount within it."""

MAX_USES = 2**31 - 1
MAX_CODE_CHARACTERS = 255

Uses = Annotated[int, Meta(ge=0, le=MAX_USES)]

UNTYPEABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that no code contains: control characters, lone surrogates, line separators."""


class MaxUsesPerShopper(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """How often one shopper may use a code, and whether guests may use it at all."""

    max_uses: Uses | UnsetType = UNSET
    includes_guests: bool | UnsetType = UNSET


class NewCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A code as a merchant asks for it. An unset limit does not limit."""

    code: str
    uses: Uses | UnsetType = UNSET
    """How often the code can be used in total."""
    user: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    """The only customer who may use it: an id, or an e-mail address."""
    consume_unit: ConsumeUnit | UnsetType = UNSET
    max_uses_per_shopper: MaxUsesPerShopper | UnsetType = UNSET
    is_for_new_shopper: bool | UnsetType = UNSET
