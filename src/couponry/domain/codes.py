"""Promotion codes: their spelling and identity, their limits, and how codes are drawn in bulk."""

import unicodedata
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from couponry.domain.code_errors import CodeSpaceTooSmall, InvalidCode, UnsupportedConsumeUnit
from couponry.domain.errors import Fault
from couponry.domain.validity import Consistent, dependent

ConsumeUnit = Literal["per_checkout", "per_application"]
"""What counts as one use: a checkout, or each application of the discount within it."""

MAX_CODE_CHARACTERS = 255
UNTYPEABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that no code contains: control characters, lone surrogates, line separators."""

Uses = Annotated[int, Meta(ge=0, le=2**31 - 1)]
OneLine = Meta(pattern=r"^(?![\s\S]*[\x00-\x1f\x7f-\x9f\u2028\u2029])")
"""A constraint on text that ends up in a code or a CSV file: no control characters."""


class MaxUsesPerShopper(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How often one shopper may use a code, and whether guests may use it at all."""

    max_uses: Uses | UnsetType = UNSET
    includes_guests: bool | UnsetType = UNSET

    def contradictions(self) -> Iterator[Fault]:
        """Tell of guests included in a limit that is not there (behaviour.md C-E1)."""
        if self.includes_guests is not UNSET and self.max_uses is UNSET:
            yield dependent("max_uses")


class CodeLimits(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """What limits the use of a code. An unset limit does not limit."""

    max_uses: int | UnsetType = UNSET
    """How often the code can be used in total; 0 makes it unusable."""
    user: str | UnsetType = UNSET
    """The only customer who may use it: an id, or an e-mail address."""
    consume_unit: ConsumeUnit | UnsetType = UNSET
    max_uses_per_shopper: MaxUsesPerShopper | UnsetType = UNSET
    is_for_new_shopper: bool | UnsetType = UNSET

    def refuse_contradictions(self, code: str) -> None:
        """Refuse limits that exclude each other; *code* is what the refusal names.

        Raises:
            InvalidCode: for first-time shoppers, and limited in another way too (behaviour.md C-E2).
            UnsupportedConsumeUnit: limited per shopper, but counted per application (C-E3).
        """
        limited = not (self.max_uses is self.user is self.max_uses_per_shopper is UNSET)
        if self.is_for_new_shopper is True and limited:
            raise InvalidCode.for_new_shoppers(code)
        per_shopper = UNSET if self.max_uses_per_shopper is UNSET else self.max_uses_per_shopper.max_uses
        if per_shopper is not UNSET and self.consume_unit == "per_application":
            raise UnsupportedConsumeUnit


class NewCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A code as a merchant asks for it; members as in `CodeLimits`, `uses` being `max_uses`."""

    code: str
    uses: Uses | UnsetType = UNSET
    user: Annotated[str, Meta(min_length=1, max_length=255), OneLine] | UnsetType = UNSET
    consume_unit: ConsumeUnit | UnsetType = UNSET
    max_uses_per_shopper: MaxUsesPerShopper | UnsetType = UNSET
    is_for_new_shopper: bool | UnsetType = UNSET

    @property
    def limits(self) -> CodeLimits:
        """What limits the code asked for."""
        return CodeLimits(
            max_uses=self.uses,
            user=self.user,
            consume_unit=self.consume_unit,
            max_uses_per_shopper=self.max_uses_per_shopper,
            is_for_new_shopper=self.is_for_new_shopper,
        )


class PromotionCode(CodeLimits, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """A code as it stands. `uses` is what remains of `max_uses`."""

    id: UUID
    code: str
    uses: int | UnsetType = UNSET
    created_by: str | UnsetType = UNSET
    created_at: datetime | UnsetType = UNSET


def code_key(code: str) -> str:
    """Return the identity of *code*: equal for spellings that differ in case, outer space or Unicode form."""
    code = code.strip()
    if code.isascii():
        return code.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", code).casefold())


def code_keys(codes: Sequence[str]) -> list[str]:
    """Return the `code_key` of each of *codes*, which hold no line feed; many at once cost a tenth."""
    together = "\n".join(codes)
    if together.isascii() and codes:
        return [code.strip() for code in together.lower().split("\n")]
    return [code_key(code) for code in codes]


AUTO_CODE_PREFIX = "auto_"
"""How the code of an automatic promotion begins; the promotion's id follows."""


def auto_code(promotion_id: UUID | str) -> str:
    """Return the code that stands for an automatic promotion on carts and in usages."""
    return f"{AUTO_CODE_PREFIX}{promotion_id}"


def spelling_faults(codes: Sequence[str], source: str) -> Iterator[Fault]:
    """Name every one of *codes* that is not spelled as a code can be; *source* is where they stand."""
    if "".join(codes).isprintable() and all(0 < len(code.strip()) <= MAX_CODE_CHARACTERS for code in codes):
        return
    for index, code in enumerate(codes):
        spelling = code.strip()
        if not 0 < len(spelling) <= MAX_CODE_CHARACTERS or not spelling.isprintable():
            yield from _faults_of(spelling, f"{source}.{index}.code")


def _faults_of(spelling: str, source: str) -> Iterator[Fault]:
    if not spelling:
        yield Fault("string_gte", "String length must be greater than or equal to 1", source)
    if len(spelling) > MAX_CODE_CHARACTERS:
        yield Fault("string_lte", f"String length must be less than or equal to {MAX_CODE_CHARACTERS}", source)
    if any(unicodedata.category(character) in UNTYPEABLE for character in spelling):
        yield Fault("pattern", "Does not match pattern '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]+$'", source)


ALPHABET = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What drawn codes are made of: 32 characters in ascending order, none read as another (no 0 O, no 1 I)."""

SPARSENESS = 10_000
"""At most one in so many codes of a pattern is ever drawn, so that trying codes out stays hopeless."""

LEAD = 4
"""A drawn code's first characters, which are drawn from a slice of their range."""

LEADS = len(ALPHABET) ** LEAD
_PAIRS = [bytes((a, b)) for a in ALPHABET for b in ALPHABET]
_LETTERS = bytes(ALPHABET[byte % len(ALPHABET)] for byte in range(256))

Entropy = Callable[[int], bytes]
"""Returns so many unpredictable bytes: `secrets.token_bytes`, or a test's fake."""


class CodePattern(msgspec.Struct, frozen=True):
    """What the codes of one job look like: a verbatim prefix, then `length` drawn characters."""

    prefix: str
    length: int

    def require_room(self, count: int, taken: int) -> None:
        """Refuse to draw *count* codes beside *taken* others when they would be too dense in their space.

        Raises:
            CodeSpaceTooSmall: more than one in `SPARSENESS` codes of the pattern would exist.
        """
        room = len(ALPHABET) ** self.length // SPARSENESS
        if count + taken > room:
            raise CodeSpaceTooSmall(
                f"{self.length} characters leave room for {room} codes that cannot be guessed, and {taken} exist "
                f"already; choose a greater code_length or another code_prefix."
            )

    def key_prefix(self) -> str:
        """Return how the keys of the pattern's codes begin."""
        return code_key(self.prefix + "2")[:-1]

    def slice(self, done: int, count: int, total: int) -> range:
        """Return the leads of codes *done* to *done + count* of *total*, in ascending order.

        A job that draws slice after slice makes its codes in sorted order without ever holding more than
        one slice, which is what makes loading them fast. Any split of a job gives slices that only meet.
        """
        first = LEADS * done // total
        return range(first, max(LEADS * (done + count) // total, first + 1))

    def draw(
        self, leads: range, count: int, taken: set[bytes], entropy: Entropy, kept: Collection[bytes] = ()
    ) -> list[bytes]:
        """Return *count* distinct bodies (drawn parts) beginning with one of *leads*, in ascending order of those.

        None is in *taken*; *kept* are among them. Every code of the slice is equally likely, given *entropy*.
        Ends because `require_room` leaves a slice nearly empty.
        """
        bodies = self._bodies(leads, count - len(kept), entropy)
        drawn = {*kept, *bodies}
        if not kept and len(drawn) == count and drawn.isdisjoint(taken):
            return bodies
        drawn -= taken
        while len(drawn) < count:
            drawn.update(self._bodies(leads, count - len(drawn), entropy))
            drawn -= taken
        return sorted(drawn)

    def key_of(self, body: bytes) -> str:
        """Return the key of the code with that drawn part."""
        return self.key_prefix() + body.decode().lower()

    def bodies_of(self, keys: Iterable[str]) -> set[bytes]:
        """Return the drawn parts of those of *keys* that could be of this pattern."""
        prefix = self.key_prefix()
        size = len(prefix) + self.length
        return {key[len(prefix) :].upper().encode() for key in keys if len(key) == size and key.startswith(prefix)}

    def bodies_in(self, endings: bytes) -> set[bytes]:
        """Return the drawn parts whose keys, one after the other, are *endings*."""
        bodies = endings.upper()
        return {bodies[at : at + self.length] for at in range(0, len(bodies), self.length)}

    def key_range(self, leads: range) -> tuple[str, str]:
        """Return the first and the last key of the pattern's codes beginning with one of *leads*."""
        rest = self.length - LEAD
        first, last = (_lead(leads[end]) for end in (0, -1))
        return self.key_of(first + ALPHABET[:1] * rest), self.key_of(last + ALPHABET[-1:] * rest)

    def _bodies(self, leads: range, count: int, entropy: Entropy) -> list[bytes]:
        tail = self.length - LEAD
        tails = entropy(tail * count).translate(_LETTERS)
        first, width = leads.start, len(leads)
        # 64 random bits scaled to the slice's width: no lead is likelier than another by more than 2**-44.
        # Numbers are sorted three times as fast as bodies, and tails are as random in any order.
        drawn = sorted([first + (number * width >> 64) for number in array("Q", entropy(8 * count))])
        return [
            _PAIRS[lead >> 10] + _PAIRS[lead & 1023] + tails[at : at + tail]  # `_lead`, without a call
            for lead, at in zip(drawn, range(0, tail * count, tail), strict=True)
        ]


def _lead(number: int) -> bytes:
    return _PAIRS[number >> 10] + _PAIRS[number & 1023]
