"""Reading and writing the documents of the wire: `{"data": ...}`."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from couponry.api import aliases as known_aliases
from couponry.api.aliases import Alias, canonical
from couponry.domain.errors import Fault, InvalidDocument, MalformedDocument
from couponry.domain.products import NewProduct
from couponry.domain.promotions import Promotion, PromotionAttributes
from couponry.domain.validity import Consistent, Json, is_object, items_of, nested_deeper, repeated, within

T = TypeVar("T")

MAX_NESTING = 64
"""How deep arrays and objects nest at most; the deepest rule set needs 26."""

ESCAPED_NUL = b"\\u0000"


def read(body: bytes) -> object:
    """Return the JSON of *body*: finite numbers, whole characters, no NUL, and nested no deeper than 64."""
    try:
        document = msgspec.json.decode(body)
    except (ValueError, RecursionError) as malformed:  # msgspec's errors are ValueErrors too
        raise MalformedDocument from malformed
    if nested_deeper(document, MAX_NESTING) or (ESCAPED_NUL in body and _holds_nul(document)):
        raise MalformedDocument
    return document


def decode(body: bytes, type_: type[T], aliases: tuple[Alias, ...] = ()) -> T:
    """Return the *type_* that *body* says, canonically or by *aliases*. Raises every fault at once."""
    if ESCAPED_NUL not in body:
        try:
            return _decoder(type_).decode(body)
        except (ValueError, RecursionError):
            pass  # the slow path says why, or finds that an alias was used
    return convert(canonical(read(body), aliases), type_)


def convert(document: object, type_: type[T]) -> T:
    """Return the *type_* that a raw *document* says. Raises every fault at once."""
    try:
        return msgspec.convert(document, type_)
    except msgspec.ValidationError as refusal:
        from couponry.api.faults import explain  # only who is refused waits for the validator of JSON Schema

        raise InvalidDocument(*explain(refusal, document, type_)) from refusal


@cache
def _decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(type_)


def _holds_nul(document: object) -> bool:
    pending: list[Json] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, str) and "\x00" in value:
            return True
        pending.extend(items_of(value))
        if is_object(value):
            pending.extend(value)
    return False


# Promotions


class PromotionData(PromotionAttributes, frozen=True, kw_only=True):
    """A promotion as a client writes it."""

    type: Literal["rule_promotion"]


class PromotionDocument(msgspec.Struct, frozen=True):
    """The body that creates or updates a promotion."""

    data: PromotionData


class Envelope(msgspec.Struct, frozen=True):
    """Any body about one thing."""

    data: dict[str, Any]


SERVER_OWNED = frozenset(
    {"id", "store_id", "created_by", "updated_by", "created_at", "updated_at", "meta", "links", "relationships"}
)
"""What only the server says; ignored in requests, so that what was read can be written back."""

WRITABLE = frozenset(PromotionData.__struct_fields__) - {"custom_fields"}


def decode_promotion(body: bytes) -> PromotionAttributes:
    """Return the promotion that *body* describes, or refuse it with every fault."""
    said, custom_fields = _members(body)
    return _promotion(said, custom_fields)


def amend_promotion(body: bytes) -> Callable[[PromotionAttributes], PromotionAttributes]:
    """Return the change that *body* describes: what it says replaces, what it leaves out stays, null removes."""
    said, custom_fields = _members(body)

    def amend(stored: PromotionAttributes) -> PromotionAttributes:
        kept: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(attributes(stored)))
        return _promotion({"type": "rule_promotion"} | kept | said, stored.custom_fields | custom_fields)

    return amend


def attributes(promotion: PromotionAttributes) -> PromotionAttributes:
    """Return only what a client may write of *promotion*."""
    members = PromotionAttributes.__struct_fields__
    return PromotionAttributes(**{name: getattr(promotion, name) for name in members})


def promotion_document(promotion: Promotion) -> dict[str, Any]:
    """Return the resource as it is answered, without its envelope: ready for `msgspec.json.encode`."""
    members = msgspec.to_builtins(promotion, builtin_types=(datetime,))
    custom_fields = members.pop("custom_fields")
    timestamps = {name: _milliseconds(members.pop(name)) for name in ("created_at", "updated_at")}
    said = {"type": "rule_promotion", **members, "meta": {"timestamps": timestamps}}
    # Custom fields come first so that none can stand in for a member of ours.
    return {**custom_fields, **_without_nulls(said)}


def _members(body: bytes) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return what *body* says of our members, and the custom fields: what is neither ours nor the server's."""
    return _parted(convert(canonical(read(body), known_aliases.PROMOTION), Envelope).data)


def _parted(data: dict[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    said = {name: value for name, value in data.items() if name in WRITABLE}
    custom_fields = {name: value for name, value in data.items() if name not in WRITABLE | SERVER_OWNED}
    return said, custom_fields


def with_custom_fields(data: dict[str, Json]) -> dict[str, Json]:
    """Return what *data* says of a promotion as `PromotionData` takes it: custom fields in a member of their own."""
    said, custom_fields = _parted(data)
    return _gathered(said, custom_fields)


def _gathered(said: dict[str, Json], custom_fields: dict[str, Json]) -> dict[str, Json]:
    return said | {"custom_fields": _without_nulls(custom_fields)}


def _promotion(said: dict[str, Json], custom_fields: dict[str, Json]) -> PromotionAttributes:
    return attributes(convert({"data": _gathered(said, custom_fields)}, PromotionDocument).data)


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _milliseconds(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Products

MAX_PRODUCTS = 1_000
"""The most products of one request; the command line takes more."""


class ProductData(NewProduct, frozen=True, kw_only=True):
    """A product as a client writes it."""

    type: Literal["product"]


class ProductsDocument(Consistent, frozen=True):
    """The body that stores products."""

    data: Annotated[tuple[ProductData, ...], Meta(min_length=1, max_length=MAX_PRODUCTS)]

    def contradictions(self) -> Iterator[Fault]:
        """Tell of two products that cannot be told apart."""
        for member, names in (("id", [one.id for one in self.data]), ("sku", [one.sku for one in self.data])):
            yield from within(repeated(names, member), "data")
