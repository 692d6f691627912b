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


class UnusableFile(BadRequest):
    """A file of which nothing can be imported."""


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


class PromotionNotFound(NotFound):
    """No promotion of this store has that id."""

    sentence = "promotion not found"


class CodeNotFound(NotFound):
    """No code of that promotion has that id or spelling."""

    sentence = "promotion code not found"


class JobNotFound(NotFound):
    """No job of that promotion has that id."""

    sentence = "job not found"


class ProductNotFound(NotFound):
    """No product of this store has that id."""

    sentence = "product not found"


class ClientNotFound(NotFound):
    """No client of this store has that id, or it is revoked."""

    sentence = "client not found"


class DuplicateSku(Refusal):
    """A store has at most one product with a sku."""

    category = Category.UNPROCESSABLE
    title = "Duplicate sku"

    def __init__(self, sku: str) -> None:
        super().__init__(f"Another product has the sku {sku} already")


class FileNotAvailable(NotFound):
    """The export file behind a link is gone, or the link is expired or forged."""

    sentence = "The file does not exist or its link has expired. Ask for a new link."


class TooManyAutomaticPromotions(Refusal):
    """A store may only have so many active and future automatic promotions."""

    category = Category.BAD_REQUEST
    title = "Too many automatic rule promotions"

    @classmethod
    def on_create(cls, limit: int) -> "TooManyAutomaticPromotions":
        """Refuse the creation of one more."""
        return cls(f"Only {limit} active automatic rule promotions are allowed per store")

    @classmethod
    def on_update(cls, limit: int) -> "TooManyAutomaticPromotions":
        """Refuse that one more becomes active and automatic."""
        return cls(f"Only {limit} active and future automatic rule promotions are allowed per store")


class DuplicatePriority(Refusal):
    """Running and scheduled promotions of a store have distinct priorities."""

    category = Category.UNPROCESSABLE
    title = "Duplicate priority"
    sentence = "Priority already in use in another running or scheduled promotion"


class UnprocessablePromotion(Refusal):
    """A well-formed promotion that contradicts itself."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"


class InvalidCode(Refusal):
    """A code for first-time shoppers may have no other limit."""

    category = Category.INVALID_DOCUMENT
    title = "Invalid Code"
    source = ""

    @classmethod
    def for_new_shoppers(cls, code: str) -> "InvalidCode":
        """Refuse *code*, which is for first-time shoppers and has a limit as well."""
        return cls(f"Code - {code} can't have limited uses or assigned to users since it's for first-time shoppers.")


class UnsupportedConsumeUnit(Refusal):
    """Uses per shopper are counted per checkout only."""

    category = Category.UNPROCESSABLE
    title = "Unsupported consume unit"
    source = ""
    sentence = "Consume unit 'per_application' is not supported when using 'max_uses_per_shopper' features."


class NoCodesAllowed(Refusal):
    """An automatic promotion has its one code and takes no other."""

    category = Category.UNPROCESSABLE
    title = "No codes allowed"
    sentence = "Cannot add codes to automatic promotion"


class NoJobsAllowed(Refusal):
    """No codes can be generated for an automatic promotion."""

    category = Category.UNPROCESSABLE
    title = "No codes allowed"
    sentence = "Cannot add codes to an automatic promotion"


class AutomaticCodeKept(Refusal):
    """The code of an automatic promotion lives as long as the promotion is automatic."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "The code of an automatic promotion cannot be deleted"


class DuplicateCode(Refusal):
    """Codes are unique within a promotion, whatever their case."""

    category = Category.UNPROCESSABLE
    title = "Duplicate code"
    sentence = "Promotion code already in use"


class TooManyCodes(Refusal):
    """More codes than the store allows a promotion, or a single job."""

    category = Category.INVALID_DOCUMENT
    title = "Too many promotion codes"

    def __init__(self, limit: int, source: str | None = None) -> None:
        super().__init__(f"Only {limit} promotion codes are allowed per promotion")
        self.where = source


class CodeSpaceTooSmall(Refusal):
    """Codes of that length would be too few, or too easy to guess."""

    category = Category.UNPROCESSABLE
    title = "Code space too small"


class TooManyJobs(Refusal):
    """One job of a promotion may be pending or processing."""

    category = Category.BAD_REQUEST
    title = "Too many jobs"
    sentence = "Only 1 pending or processing job is allowed per promotion."


class JobHasNoFile(Refusal):
    """Only a completed export has a file."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"

    def __init__(self, status: str) -> None:
        super().__init__(f"Job has no file to download. Job status: {status}")


class DryRunNotUsable(Refusal):
    """Only the file of a completed dry run can be imported, for as long as it is kept."""

    category = Category.UNPROCESSABLE
    title = "Dry run not usable"
    sentence = "The job is no completed dry run of an import."

    @classmethod
    def forgotten(cls) -> "DryRunNotUsable":
        """Refuse one whose file is gone."""
        return cls("The file of this dry run is not kept any more. Upload it again.")


class AlreadyImported(Refusal):
    """What a dry run looked at is imported once."""

    category = Category.CONFLICT
    title = "Already imported"
    sentence = "The file of this dry run has been imported, or is being imported."


class JobNotCancellable(Refusal):
    """Only what has not ended can be cancelled."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "Only pending or processing jobs can be cancelled."


class RedemptionNotFound(NotFound):
    """No redemption of this store has that id."""

    sentence = "redemption not found"


class FullyConsumed(Refusal):
    """A code whose uses are used up: all of them, or this shopper's."""

    category = Category.UNPROCESSABLE
    title = "Fully Consumed"


class NotApplicable(Refusal):
    """A code that gives nothing to this cart."""

    category = Category.UNPROCESSABLE
    title = "Not Applicable"


class CodesRefused(Refusal):
    """Codes that a redemption cannot have, each with its own refusal."""

    category = Category.UNPROCESSABLE

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__("; ".join(refusal.detail for refusal in refusals))


class IdempotencyKeyReused(Refusal):
    """A key stands for one request; a retry must send the same."""

    category = Category.UNPROCESSABLE
    title = "Idempotency Key Reused"
    sentence = "This Idempotency-Key was sent with another request. Send the same body, or another key."


class RedemptionExpired(Refusal):
    """A hold that expired, and whose uses somebody else has by now."""

    category = Category.CONFLICT
    title = "Redemption Expired"
    sentence = "The hold has expired, and its uses are taken. Redeem again."


class RedemptionMoved(Refusal):
    """A redemption that has been released, or confirmed for another order."""

    category = Category.CONFLICT
    title = "Conflict"
