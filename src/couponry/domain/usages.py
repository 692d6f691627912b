"""Usages: what stays on record of each use of a code, and what is left when its shopper is forgotten."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from couponry.domain.validity import Json, is_array, is_object

FORGOTTEN = "**"
"""What stands in the place of an e-mail address that was forgotten."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """A use of a code that was made, whether or not it was given back since."""

    id: UUID
    order_id: str | None = None
    code_id: UUID
    code: str
    """As the merchant spelled it when it was used."""
    times_used: int
    used_on: datetime
    customer_id: str | None = None
    account_id: str | None = None
    customer_email: str | None = None
    updated_at: datetime
    updated_by: str
    anonymized: bool
    released_at: datetime | None = None
    """When it was given back."""


class NamedShopper(msgspec.Struct, frozen=True, kw_only=True):
    """Who used something, as far as they were named."""

    customer_id: str | None = None
    account_id: str | None = None
    customer_email: str | None = None
    anonymized: bool
    """Whether the e-mail address was forgotten."""


class FoundUsage(Usage, frozen=True, kw_only=True):
    """A usage, and what it is of."""

    promotion_id: UUID
    promotion_name: str
    redemption_id: UUID
    """The redemption that it is part of, or the order."""
    discount: int
    """What the promotion took off, in minor units."""
    currency: str


TELLING = frozenset({"code", "detail", "found"})
"""Members of a judged cart that repeat what was sent; all others are ours, or the shop's."""


def without_addresses(evaluation: bytes, addresses: Iterable[str]) -> bytes | None:
    """Return a judged cart, as JSON, in which `FORGOTTEN` stands for each of *addresses*; None if it has none."""
    document = msgspec.json.decode(evaluation)
    cleaned = _without(erasing(addresses), document, told=False)
    return None if cleaned == document else msgspec.json.encode(cleaned)


def erasing(addresses: Iterable[str]) -> Callable[[str], str]:
    """Return what puts `FORGOTTEN` in the place of each of *addresses* in a text, in whatever case."""
    spelled = [re.escape(address.strip()) for address in addresses if address.strip()]
    if not spelled:
        return str
    # A whole address: not the end of another one, nor its beginning; a full stop may end the sentence.
    pattern = re.compile(rf"(?<![\w.+-])(?:{'|'.join(spelled)})(?![\w-]|\.\w)", re.IGNORECASE)
    return lambda text: pattern.sub(FORGOTTEN, text)


def _without(erase: Callable[[str], str], part: Json, *, told: bool) -> Json:
    if is_object(part):
        return {name: _without(erase, value, told=told or name in TELLING) for name, value in part.items()}
    if is_array(part):
        return [_without(erase, value, told=told) for value in part]
    return erase(part) if told and isinstance(part, str) else part
