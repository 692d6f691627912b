"""The catalogue of refusals: what Couponry says no to, in the words of Elastic Path where it has any.

A refusal is a *category* (what kind of no), a *title* and a *sentence*. Which HTTP status a category
becomes is the edge's business (`api/errors.py`).
"""

from collections.abc import Iterable
from enum import Enum
from math import ceil
from typing import Any, ClassVar

import msgspec


class Category(Enum):
    """What kind of no a refusal is."""

    BAD_REQUEST = "bad_request"
    INVALID_DOCUMENT = "invalid_document"
    UNPROCESSABLE = "unprocessable"
    NOT_FOUND = "not_found"
    UNAUTHENTICATED = "unauthenticated"
    UNKNOWN_CLIENT = "unknown_client"
    FORBIDDEN = "forbidden"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    CONFLICT = "conflict"
    TOO_MANY_TRIES = "too_many_tries"
    CART_BAD_REQUEST = "cart_bad_request"
    CART_UNPROCESSABLE = "cart_unprocessable"
    CART_CONFLICT = "cart_conflict"
    ASSOCIATION = "association"


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a document, in the words of gojsonschema."""

    title: str
    """The kind of fault: `required`, `invalid_type`, `number_lte`..."""
    detail: str
    source: str = ""
    """Where, from the document's root, with dots: `data.codes.0.uses`."""
    value: Any = msgspec.UNSET
    """The offending value, told for faults of range."""


class Refusal(Exception):
    """The root of every refusal; a subclass gives the category, the title and the default sentence."""

    category: ClassVar[Category]
    title: ClassVar[str]
    sentence: ClassVar[str] = ""
    source: ClassVar[str | None] = None

    def __init__(self, detail: str | None = None, **meta: Any) -> None:  # noqa: ANN401
        self.detail = self.sentence if detail is None else detail
        self.meta = meta
        super().__init__(self.detail or self.title)


class InvalidDocument(Refusal):
    """A body that does not say what it must; carries every fault found."""

    category = Category.INVALID_DOCUMENT
    title = "Invalid Request"

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.source}: {fault.detail}" for fault in faults))


class MalformedDocument(Refusal):
    """A body that is not JSON at all, or nests without end."""

    category = Category.INVALID_DOCUMENT
    title = "Invalid Request"
    sentence = "The request payload is malformed or missing required fields."


class BadRequest(Refusal):
    """A path, query or form that cannot be understood."""

    category = Category.BAD_REQUEST
    title = "Bad Request"


class UnparsableFilter(BadRequest):
    """A filter that does not follow the grammar, or asks for what cannot be filtered."""

    sentence = "Could not parse the supplied filter"

    @classmethod
    def of_attribute(cls, attribute: str, known: Iterable[str]) -> "UnparsableFilter":
        """Refuse an *attribute* that is none of those *known*."""
        return cls(attribute=attribute, attributes=list(known))

    @classmethod
    def of_operator(cls, attribute: str, operator: str, known: Iterable[str]) -> "UnparsableFilter":
        """Refuse an *operator* that is none of those *known* of the attribute."""
        return cls(attribute=attribute, operator=operator, operators=list(known))


class BodyTooLarge(Refusal):
    """A body above the configured size."""

    category = Category.TOO_LARGE
    title = "Request Entity Too Large"


class UnsupportedMediaType(Refusal):
    """A body whose content type is not the endpoint's."""

    category = Category.UNSUPPORTED_MEDIA_TYPE
    title = "Unsupported Media Type"


class Unauthenticated(Refusal):
    """No bearer token came with the request."""

    category = Category.UNAUTHENTICATED
    title = "Unauthorized"
    sentence = "Authentication credentials were missing or incorrect."


class InvalidToken(Refusal):
    """A bearer token that is forged, expired, or of a revoked client."""

    category = Category.UNAUTHENTICATED
    title = "Unable to validate access token"


class InvalidClient(Refusal):
    """Wrong client id or secret at the token endpoint."""

    category = Category.UNKNOWN_CLIENT
    title = "Unauthorized"


class TooManyTries(Refusal):
    """Somebody who told wrong secrets too often is not heard for a while."""

    category = Category.TOO_MANY_TRIES
    title = "Too many tries"

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, ceil(seconds))
        super().__init__(f"Too many tries with a wrong secret. Try again in {self.seconds} seconds.")


class Forbidden(Refusal):
    """A valid token without the permission."""

    category = Category.FORBIDDEN
    title = "Forbidden"


class NotFound(Refusal):
    """Something that this store does not have."""

    category = Category.NOT_FOUND
    title = "Not Found"


class ClientNotFound(NotFound):
    """No client of this store has that id, or it is revoked."""

    sentence = "client not found"
