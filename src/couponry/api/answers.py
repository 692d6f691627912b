"""What is answered, as Structs: encoded into answers, and described by the OpenAPI document."""

from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from couponry.api.documents import PromotionData
from couponry.domain.codes import CodeLimits
from couponry.domain.jobs import GenerateParameters, JobStatus, Progress
from couponry.domain.outcome import Evaluation
from couponry.domain.products import NewProduct
from couponry.services.invariants import Invariants

T = TypeVar("T")

Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""A moment as answers show it: see `wire.moment`."""


# Lists


class Links(Struct, frozen=True):
    """Where the other pages of a list are. The first has none before it, the last none after it.

    They are relative, with the brackets of `page[offset]` as they are: clients of Elastic Path read them so.
    """

    current: str
    first: str
    last: str
    prev: str | None
    next: str | None


class PageMeta(Struct, frozen=True):
    """Which page of a list this is."""

    limit: int
    """The most elements that a page has."""
    offset: int
    """How many elements come before the page."""
    current: int
    """The number of the page, from 1."""
    total: int
    """How many pages there are."""


class Results(Struct, frozen=True):
    """How many elements the whole list has."""

    total: int
    total_method: Literal["exact", "lower_bound"]
    """`lower_bound` when counting stopped early: there are at least so many."""


class ListMeta(Struct, frozen=True):
    """About a page, and about the list it is of."""

    page: PageMeta
    results: Results


class ListDocument(Struct, Generic[T], frozen=True):
    """One page of a list."""

    data: list[T]
    links: Links
    meta: ListMeta


# What is known of things beside what they say


class Creation(Struct, frozen=True):
    """When it came to be."""

    created_at: Instant


class CreationMeta(Struct, frozen=True):
    """What is known about what never changes, beside what it says."""

    timestamps: Creation


class Timestamps(Struct, frozen=True):
    """When it came to be, and when it last changed."""

    created_at: Instant
    updated_at: Instant


class ResourceMeta(Struct, frozen=True):
    """What is known about a thing beside what it says."""

    timestamps: Timestamps


# Promotions


class PromotionResource(PromotionData, frozen=True, kw_only=True):
    """A promotion of the store. Members without a value are left out.

    It only describes: answers are made by `promotion_document`, as custom fields stand beside the members.
    """

    id: UUID
    store_id: UUID
    created_by: str | UnsetType = UNSET
    """The client that created it."""
    updated_by: str | UnsetType = UNSET
    """The client that changed it last."""
    meta: ResourceMeta


class PromotionAnswer(Struct, frozen=True):
    """One promotion."""

    data: PromotionResource


class PromotionList(ListDocument[PromotionResource], frozen=True):
    """One page of promotions."""


# Codes


class CodeResource(CodeLimits, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="promotion_codes"):
    """A code of a promotion. Limits that it does not have are left out."""

    id: UUID
    code: str
    """As it was typed; case does not matter when it is used."""
    uses: int | UnsetType = UNSET
    """How many uses remain of `max_uses`."""
    created_by: str | UnsetType = UNSET
    """The client that created it."""
    meta: CreationMeta | UnsetType = UNSET


class SharedNames(Struct, frozen=True):
    """Codes that other promotions have as well."""

    type: Literal["promotion_codes"]
    codes: list[str]


class CodesMessage(Struct, frozen=True):
    """What a merchant should know about codes that were created."""

    source: SharedNames
    title: str
    description: str


class CreatedCodes(Struct, frozen=True, omit_defaults=True):
    """The codes that were created, in the order they were asked for."""

    data: list[CodeResource]
    messages: list[CodesMessage] | UnsetType = UNSET
    """Says which of the codes other promotions have as well; one that is entered works for all of them."""


class CodeList(ListDocument[CodeResource], frozen=True):
    """One page of codes."""


# Jobs


class JobMeta(Struct, frozen=True):
    """What is known about a job beside what was asked for."""

    timestamps: Timestamps
    progress: Progress | UnsetType = UNSET
    """Told while it is processing."""


class JobResult(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a job that generates or imports codes came to."""

    generated: int | UnsetType = UNSET
    """How many codes were generated."""
    imported: int | UnsetType = UNSET
    """How many codes were imported, or would be: those that the promotion did not have."""
    duplicate: int | UnsetType = UNSET
    """How many lines were refused because the promotion, or an earlier line, has their code."""
    invalid: int | UnsetType = UNSET
    """How many lines were refused for another reason."""
    deleted: int
    """How many of those were deleted again, because the job was cancelled."""


class JobResource(Struct, frozen=True, kw_only=True, tag_field="type", tag="promotion_job"):
    """A job of a promotion. Members without a value are left out."""

    id: UUID
    rule_promotion_id: UUID
    promotion_id: UUID
    """The same as `rule_promotion_id`."""
    job_type: Literal["code_generate", "code_export", "code_import"]
    name: str | UnsetType = UNSET
    parameters: GenerateParameters | UnsetType = UNSET
    """Of a job that generates codes: what was asked for."""
    dry_run: bool | UnsetType = UNSET
    """Of a job that imports codes: whether it only tells what it would do."""
    dry_run_id: UUID | UnsetType = UNSET
    """Of a job that imports what a dry run has looked at: that dry run."""
    status: JobStatus
    error: str | UnsetType = UNSET
    """Why it failed."""
    result: JobResult | UnsetType = UNSET
    """Of a job that generates or imports codes, and has ended."""
    generate_result: JobResult | UnsetType = UNSET
    """Of a job that generates codes: the same as `result`, under its older name."""
    meta: JobMeta


class JobAnswer(Struct, frozen=True):
    """One job."""

    data: JobResource


class JobList(ListDocument[JobResource], frozen=True):
    """One page of jobs."""


class FileLink(Struct, frozen=True):
    """Where the file of an export or the report of an import can be downloaded, without a token and for a while."""

    href: Annotated[str, Meta(extra_json_schema={"format": "uri"})]


# Products


class ProductResource(NewProduct, frozen=True, kw_only=True, tag_field="type", tag="product"):
    """A product of the store. Members without a value are left out."""

    meta: ResourceMeta


class ProductAnswer(Struct, frozen=True):
    """One product."""

    data: ProductResource


class StoredProducts(Struct, frozen=True):
    """The products that were stored, in the order they were sent."""

    data: list[ProductResource]


class ProductList(ListDocument[ProductResource], frozen=True):
    """One page of products."""


# Evaluations


class EvaluationAnswer(Struct, frozen=True):
    """A judged cart."""

    data: Evaluation


# Invariants


class InvariantsAnswer(Struct, frozen=True):
    """Whether every counter of uses is what the ledger says."""

    data: Invariants
