"""Codes as PostgreSQL's binary COPY takes them, built fast."""

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from couponry.domain.codes import MAX_CODE_CHARACTERS, CodeLimits, CodePattern, Entropy, MaxUsesPerShopper
from couponry.domain.ids import COUNTER_BITS

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_PIECE = 7 * 250
"""How many fields, seven a code, make a piece that is worth sending."""
_COUNTER_BYTES = COUNTER_BITS // 8

COPY_CODES = (
    "COPY promotion_codes (store_id, promotion_id, id, created_at, max_uses, consume_unit, shopper_max_uses,"
    ' includes_guests, is_for_new_shopper, "user", created_by, code, code_key) FROM STDIN (FORMAT binary)'
)
"""The statement whose input this module makes."""

COPY_INCOMING = COPY_CODES.replace("promotion_codes", "incoming_codes", 1)
"""The same for codes on their way in."""

_COLUMN_COUNT = 13


class Origin(msgspec.Struct, frozen=True):
    """What codes made together have in common."""

    store_id: UUID
    promotion_id: UUID
    created_by: str
    created_at: datetime


def rows(origin: Origin, first_id: int, codes: Iterable[tuple[int, str, str, CodeLimits]]) -> Iterator[bytes]:
    """Give the COPY input for *codes*: each its offset from *first_id*, its spelling, its key, its limits.

    It comes in pieces, so that PostgreSQL has the first codes before the last are ready.
    """
    head, moment, made_by = _head(origin) + _length(16), _moment(origin), _text(origin.created_by)
    made: list[bytes] = [_HEADER]
    middle, limited = b"", None
    for offset, code, key, limits in codes:
        if limits is not limited:  # codes made together mostly have the same
            middle, limited = moment + _limits(limits) + made_by, limits
        spelled, identity = code.encode(), key.encode()
        made += (head, (first_id + offset).to_bytes(16), middle)
        made += (_LENGTHS[len(spelled)], spelled, _LENGTHS[len(identity)], identity)
        if len(made) > _PIECE:
            yield b"".join(made)
            made.clear()
    made.append(_TRAILER)
    yield b"".join(made)


def generated_rows(
    origin: Origin, first_id: int, pattern: CodePattern, limits: CodeLimits, bodies: Sequence[bytes]
) -> bytearray:
    """Return the COPY input for drawn *bodies* of *pattern*, their ids counting up from *first_id*.

    Generated rows are of one width, so a template is repeated and the places that differ are overwritten
    byte column by byte column: twenty assignments with a stride instead of a loop over the rows.
    """
    prefix, key_prefix = pattern.prefix.encode(), pattern.key_prefix().encode()
    start = _head(origin) + _length(16) + first_id.to_bytes(16)
    middle = _moment(origin) + _limits(limits) + _text(origin.created_by)
    before_code = _length(len(prefix) + pattern.length) + prefix
    before_key = _length(len(key_prefix) + pattern.length) + key_prefix
    gap = bytes(pattern.length)
    template = start + middle + before_code + gap + before_key + gap
    code_at = len(start + middle + before_code)
    drawn = b"".join(bodies)
    made = bytearray(_HEADER + template * len(bodies) + _TRAILER)
    rows = _Columns(made, len(template))
    rows.overwrite(len(start) - _COUNTER_BYTES, _counters(first_id, len(bodies)), 8 - _COUNTER_BYTES, 8)
    rows.overwrite(code_at, drawn, 0, pattern.length)
    rows.overwrite(code_at + pattern.length + len(before_key), drawn.lower(), 0, pattern.length)
    return made


def drawn_rows(
    origin: Origin,
    first_id: int,
    pattern: CodePattern,
    limits: CodeLimits,
    leads: range,
    count: int,
    taken: bytes,
    entropy: Entropy,
) -> bytearray:
    """Draw *count* codes of *pattern* and return their COPY input; *taken* are key endings, one after the other."""
    bodies = pattern.draw(leads, count, pattern.bodies_in(taken), entropy)
    return generated_rows(origin, first_id, pattern, limits, bodies)


class _Columns:
    """The byte columns of rows of one width, behind the header."""

    def __init__(self, made: bytearray, width: int) -> None:
        self._made, self._width = made, width

    def overwrite(self, at: int, values: bytes, first: int, size: int) -> None:
        """Write the bytes *first* to *size* of each of *values* into each row, from *at* on."""
        end = len(self._made) - len(_TRAILER)
        for byte in range(first, size):
            self._made[len(_HEADER) + at + byte - first : end : self._width] = values[byte::size]


def _counters(first_id: int, count: int) -> bytes:
    """Return *count* numbers of 8 bytes, whose last bytes are those of ids counting up from *first_id*."""
    first = first_id & (1 << COUNTER_BITS) - 1
    numbers = array("Q", range(first, first + count))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers.tobytes()


def _head(origin: Origin) -> bytes:
    columns = _COLUMN_COUNT.to_bytes(2)
    return columns + _field(origin.store_id.bytes) + _field(origin.promotion_id.bytes)


def _moment(origin: Origin) -> bytes:
    since = origin.created_at - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _field(microseconds.to_bytes(8, signed=True))


def _limits(limits: CodeLimits) -> bytes:
    shopper = limits.max_uses_per_shopper
    shopper = MaxUsesPerShopper() if shopper is UNSET else shopper
    return b"".join(
        (
            _int(limits.max_uses),
            _text(limits.consume_unit),
            _int(shopper.max_uses),
            _bool(shopper.includes_guests),
            _bool(limits.is_for_new_shopper),
            _text(limits.user),
        )
    )


def _length(size: int) -> bytes:
    return size.to_bytes(4, signed=True)


_NULL = _length(-1)
_LENGTHS = [_length(size) for size in range(MAX_CODE_CHARACTERS * 16)]
"""Of every spelling there can be: a character has 4 bytes at most, and its key up to three characters."""


def _field(value: bytes) -> bytes:
    return _length(len(value)) + value


def _text(value: str | msgspec.UnsetType) -> bytes:
    return _NULL if value is UNSET else _field(value.encode())


def _int(value: int | msgspec.UnsetType) -> bytes:
    return _NULL if value is UNSET else _field(value.to_bytes(4, signed=True))


def _bool(value: bool | msgspec.UnsetType) -> bytes:
    return _NULL if value is UNSET else _field(value.to_bytes(1))
