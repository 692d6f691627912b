"""Ids: time-ordered (UUIDv7, RFC 9562), so that what is inserted together lies together."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

COUNTER_BITS = 40
"""The last bits of an id, which count within a series: room for 2**40 ids."""

_SERIES = (1 << 128) - (1 << COUNTER_BITS)


def new_id(milliseconds: int, entropy: bytes) -> UUID:
    """Return the UUIDv7 of a moment (Unix *milliseconds*) and 10 bytes of *entropy*."""
    random = int.from_bytes(entropy[:10])
    high = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    return UUID(int=high | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62 | (random & (1 << 62) - 1))


def moment_of(id_: UUID) -> datetime:
    """Return the moment of which `new_id` made *id_*."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)


def series(start: UUID) -> int:
    """Return the first id, as a number, of the series that *start* names; add 0, 1, 2... to it.

    The codes of a job are the series of the job's own id: so a job's codes are one range of the primary
    key, in the order they were made, and no code needs a column that says which job made it.
    """
    return start.int & _SERIES


def ids_in_series(first: int, count: int) -> list[UUID]:
    """Return the *count* ids that begin with the number *first* of a series; many at once cost half."""
    at = first & (1 << COUNTER_BITS) - 1
    digits = COUNTER_BITS // 4
    start = str(UUID(int=first))[:-digits]
    return msgspec.convert([f"{start}{counter:0{digits}x}" for counter in range(at, at + count)], list[UUID])


def series_bounds(start: UUID) -> tuple[UUID, UUID]:
    """Return the first and the last id that the series of *start* can hold."""
    first = series(start)
    return UUID(int=first), UUID(int=first + (1 << COUNTER_BITS) - 1)
