"""Jobs: what can be done in bulk with a promotion's codes, and the moves a job may make."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from couponry.domain.codes import CodeLimits, CodePattern, ConsumeUnit, MaxUsesPerShopper, OneLine, Uses

MAX_NAME = 50
JobName = Annotated[str, Meta(max_length=MAX_NAME), OneLine]
Prefix = Annotated[str, Meta(max_length=200, pattern=r"^(?!\s|[\s\S]*[\x00-\x1f\x7f-\x9f\u2028\u2029])")]


class JobStatus(StrEnum):
    """Where a job stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"

    def may_become(self, next_: "JobStatus") -> bool:
        """Tell whether a job may move from this status to *next_* (behaviour.md 3.2)."""
        return next_ in _MOVES.get(self, ())

    @property
    def ended(self) -> bool:
        """Whether no move is left."""
        return self not in _MOVES


_MOVES = {
    JobStatus.PENDING: {JobStatus.PROCESSING, JobStatus.CANCELLED},
    JobStatus.PROCESSING: {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLING},
    JobStatus.CANCELLING: {JobStatus.CANCELLED, JobStatus.COMPLETED},
}


class GenerateParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which codes to generate, and what limits each of them."""

    number_of_codes: Annotated[int, Meta(ge=1, le=10**12)]
    max_uses_per_code: Uses | UnsetType = UNSET
    consume_unit: ConsumeUnit | UnsetType = UNSET
    code_prefix: Prefix | UnsetType = UNSET
    code_length: Annotated[int, Meta(ge=8, le=16)] = 8
    max_uses_per_shopper: MaxUsesPerShopper | UnsetType = UNSET
    is_for_new_shopper: bool | UnsetType = UNSET

    @property
    def limits(self) -> CodeLimits:
        """What limits each generated code."""
        return CodeLimits(
            max_uses=self.max_uses_per_code,
            consume_unit=self.consume_unit,
            max_uses_per_shopper=self.max_uses_per_shopper,
            is_for_new_shopper=self.is_for_new_shopper,
        )

    @property
    def pattern(self) -> CodePattern:
        """What the generated codes look like."""
        return CodePattern(self.code_prefix or "", self.code_length)


class NewGenerateJob(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="job_type", tag="code_generate"
):
    """A request to generate codes."""

    type: Literal["promotion_job"]
    parameters: GenerateParameters
    name: JobName | UnsetType = UNSET


class NewExportJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="job_type", tag="code_export"):
    """A request to write all codes of a promotion into a CSV file."""

    type: Literal["promotion_job"]
    name: JobName | UnsetType = UNSET
    parameters: dict[str, Any] | None = None
    """Means nothing here; clients send it all the same."""


class NewImportJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="job_type", tag="code_import"):
    """A request to import the codes of a file that a dry run has looked at."""

    type: Literal["promotion_job"]
    dry_run_id: UUID
    """The dry run, which has completed; its file is kept for a day."""
    name: JobName | UnsetType = UNSET
    """That of the dry run unless said."""


class NewImport(msgspec.Struct, frozen=True):
    """What is said of an import beside its file."""

    dry_run: bool = False
    name: JobName | UnsetType = UNSET


def name_after(file_name: str) -> str | UnsetType:
    """Return what to call the import of a file: its name without folders, as far as a job's name can say it."""
    name = "".join(character for character in file_name if character.isprintable())
    return name.replace("\\", "/").rpartition("/")[2].strip()[:MAX_NAME] or UNSET


class Tally(msgspec.Struct, frozen=True):
    """What became of the lines of a file that are done."""

    position: int
    """Where in the file the next line begins, in bytes."""
    new: int = 0
    duplicate: int = 0
    invalid: int = 0


NewJob = NewGenerateJob | NewExportJob | NewImportJob


class PromotionJob(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A job as it stands."""

    store_id: UUID
    promotion_id: UUID
    id: UUID
    job_type: Literal["code_generate", "code_export", "code_import"]
    name: str | UnsetType = UNSET
    parameters: GenerateParameters | UnsetType = UNSET
    status: JobStatus
    error: str | UnsetType = UNSET
    dry_run: bool | UnsetType = UNSET
    """Of an import: whether it only tells what it would do."""
    dry_run_id: UUID | UnsetType = UNSET
    """Of an import of what a dry run has looked at: that dry run, whose file it takes."""
    tally: Tally | UnsetType = UNSET
    """Of an import that has begun."""
    total: int
    """How many codes, or lines of a file to import, there are to do."""
    done: int = 0
    """How many are done."""
    deleted: int | UnsetType = UNSET
    """How many of those were removed again because the job was cancelled."""
    file: str | UnsetType = UNSET
    """The path of the finished file or report, in the place for exports."""
    created_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | UnsetType = UNSET
    changes: int = 0
    """Grows with every change: of two states of a job, the one with more is the newer."""


class Progress(msgspec.Struct, frozen=True):
    """How far a job is. The rate is the mean since it started; what cannot be told yet is null."""

    done: int
    total: int
    percent: float
    rate_per_second: float | None
    eta_seconds: float | None


def progress(job: PromotionJob, now: datetime) -> Progress:
    """Return how far *job* is at *now*."""
    elapsed = (now - job.started_at).total_seconds() if isinstance(job.started_at, datetime) else 0.0
    rate = job.done / elapsed if job.done and elapsed > 0 else None
    return Progress(
        done=job.done,
        total=job.total,
        percent=round(100 * job.done / job.total, 1) if job.total else 0.0,
        rate_per_second=None if rate is None else round(rate, 1),
        eta_seconds=None if rate is None else round(max(job.total - job.done, 0) / rate, 1),
    )
