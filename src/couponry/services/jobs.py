"""Asking for jobs, watching them, and cancelling them."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from psycopg.errors import UniqueViolation

from couponry.domain.audit import Action
from couponry.domain.code_errors import TooManyCodes
from couponry.domain.job_errors import (
    AlreadyImported,
    DryRunNotUsable,
    JobHasNoFile,
    JobNotCancellable,
    JobNotFound,
    NoJobsAllowed,
    TooManyJobs,
)
from couponry.domain.jobs import (
    JobStatus,
    NewExportJob,
    NewGenerateJob,
    NewImport,
    NewImportJob,
    NewJob,
    PromotionJob,
)
from couponry.domain.listing import Filter, Listed, Page
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import audit
from couponry.services.context import Context, fresh_id
from couponry.storage import code_imports, codes, jobs, promotions, queue, stores

_NUMBER_OF_CODES = "data.parameters.number_of_codes"


async def create_job(context: Context, promotion_id: UUID, new: NewJob, *, limited: bool = True) -> PromotionJob:
    """Ask for a job; a job that cannot succeed is refused here and now.

    With *limited* False the store's limit on the codes of one job is not asked: that is the operator's right.

    Raises:
        PromotionNotFound: this store has no such promotion.
        TooManyCodes: more codes than the store allows a job, or the promotion.
        NoJobsAllowed, InvalidCode, UnsupportedConsumeUnit: such codes cannot be made.
        CodeSpaceTooSmall: the pattern has no room for so many codes.
        TooManyJobs: one of the promotion's jobs is pending or processing.
        JobNotFound, DryRunNotUsable, AlreadyImported: there is no such dry run, or nothing to import of it.
    """
    if isinstance(new, NewImportJob):
        return await _import_what_was_tried(context, promotion_id, new, limited=limited)
    automatic = await promotions.is_automatic(context.connection, context.store_id, promotion_id)
    if automatic is None:
        raise PromotionNotFound
    if isinstance(new, NewGenerateJob):
        await _require_possible(context, promotion_id, new, automatic=automatic, limited=limited)
        total = new.parameters.number_of_codes
    else:
        total = await codes.count(context.connection, context.store_id, promotion_id)
    job = _pending(context, promotion_id, new, total)
    await _add(context, job)
    return job


async def _import_what_was_tried(
    context: Context, promotion_id: UUID, new: NewImportJob, *, limited: bool
) -> PromotionJob:
    tried = await get_job(context, promotion_id, new.dry_run_id)
    if tried.dry_run is not True or tried.status != JobStatus.COMPLETED:
        raise DryRunNotUsable
    # Held until the import is there, which keeps workers from removing the file.
    if not await code_imports.keep_upload(context.connection, (context.store_id, promotion_id, tried.id)):
        imported = await import_of(context, promotion_id, tried.id)
        raise AlreadyImported if imported else DryRunNotUsable.forgotten()
    wanted = NewImport(name=tried.name if new.name is UNSET else new.name)
    return await create_import(
        context, promotion_id, fresh_id(), wanted, tried.total, dry_run_id=tried.id, limited=limited
    )


async def import_of(context: Context, promotion_id: UUID, dry_run_id: UUID) -> PromotionJob | None:
    """Return the job that imports, or has imported, what a dry run looked at; none that failed or was cancelled."""
    return await jobs.import_of(context.connection, context.store_id, promotion_id, dry_run_id)


async def most_codes(context: Context) -> int | None:
    """Return how many codes a job of the store may have; None is without limit."""
    return (await stores.store_of(context.connection, context.store_id)).max_codes_per_job


async def require_importable(context: Context, promotion_id: UUID) -> None:
    """Refuse an import that cannot begin, before its file is taken in.

    Raises:
        PromotionNotFound: this store has no such promotion.
        NoJobsAllowed: the promotion is automatic.
        TooManyJobs: one of the promotion's jobs is pending or processing.
    """
    automatic = await promotions.is_automatic(context.connection, context.store_id, promotion_id)
    if automatic is None:
        raise PromotionNotFound
    if automatic:
        raise NoJobsAllowed
    if await jobs.any_active(context.connection, context.store_id, promotion_id):
        raise TooManyJobs


async def create_import(
    context: Context,
    promotion_id: UUID,
    id_: UUID,
    wanted: NewImport,
    lines: int,
    *,
    dry_run_id: UUID | UnsetType = UNSET,
    limited: bool = True,
) -> PromotionJob:
    """Ask for the job with that id, whose file of so many *lines* lies where it is to be, or its dry run's does.

    *limited* as in `create_job`. Raises what `require_importable` raises, and:

    Raises:
        TooManyCodes: more lines than the store allows a job to have codes.
        AlreadyImported: another job imports, or has imported, what that dry run looked at.
    """
    await require_importable(context, promotion_id)
    most = await most_codes(context)
    if limited and most is not None and lines > most:
        raise TooManyCodes(most)
    job = PromotionJob(
        store_id=context.store_id,
        promotion_id=promotion_id,
        id=id_,
        job_type="code_import",
        name=wanted.name,
        dry_run=wanted.dry_run,
        dry_run_id=dry_run_id,
        status=JobStatus.PENDING,
        total=lines,
        created_by=context.actor,
        created_at=context.now,
        updated_at=context.now,
    )
    await _add(context, job)
    return job


async def _add(context: Context, job: PromotionJob) -> None:
    try:
        async with context.connection.transaction():
            await jobs.add(context.connection, job)
    except UniqueViolation as error:
        taken = error.diag.constraint_name == "one_import_of_a_dry_run"
        raise (AlreadyImported if taken else TooManyJobs) from error
    await queue.deliver_job(context.connection, job.store_id, job.promotion_id, job.id)
    await _note(context, Action.JOB_STARTED, job)


async def _note(context: Context, action: Action, job: PromotionJob) -> None:
    told: dict[str, Any] = {"job_id": str(job.id), "job_type": job.job_type, "count": job.total}
    said = {"name": job.name, "dry_run": job.dry_run}
    told |= {name: value for name, value in said.items() if value is not UNSET}
    await audit.note(context, action, audit.promotion(job.promotion_id), **told)


async def _require_possible(
    context: Context, promotion_id: UUID, new: NewGenerateJob, *, automatic: bool, limited: bool
) -> None:
    wanted, pattern = new.parameters.number_of_codes, new.parameters.pattern
    store = await stores.store_of(context.connection, context.store_id)
    if limited and store.max_codes_per_job is not None and wanted > store.max_codes_per_job:
        raise TooManyCodes(store.max_codes_per_job, _NUMBER_OF_CODES)
    if automatic:
        raise NoJobsAllowed
    new.parameters.limits.refuse_contradictions(f"{pattern.prefix}*")
    if store.max_codes_per_promotion is not None:
        existing = await codes.count(context.connection, context.store_id, promotion_id)
        if existing + wanted > store.max_codes_per_promotion:
            raise TooManyCodes(store.max_codes_per_promotion, _NUMBER_OF_CODES)
    taken = await jobs.generated_with(
        context.connection, context.store_id, promotion_id, pattern.prefix, pattern.length
    )
    pattern.require_room(wanted, taken)


def _pending(context: Context, promotion_id: UUID, new: NewGenerateJob | NewExportJob, total: int) -> PromotionJob:
    return PromotionJob(
        store_id=context.store_id,
        promotion_id=promotion_id,
        id=fresh_id(),
        job_type="code_export" if isinstance(new, NewExportJob) else "code_generate",
        name=new.name,
        parameters=UNSET if isinstance(new, NewExportJob) else new.parameters,
        status=JobStatus.PENDING,
        total=total,
        created_by=context.actor,
        created_at=context.now,
        updated_at=context.now,
    )


async def get_job(context: Context, promotion_id: UUID, id_: UUID) -> PromotionJob:
    """Return a job.

    Raises:
        PromotionNotFound, JobNotFound: this store has no such promotion, or that no such job.
    """
    if not await promotions.exists(context.connection, context.store_id, promotion_id):
        raise PromotionNotFound
    job = await jobs.get(context.connection, context.store_id, promotion_id, id_)
    if job is None:
        raise JobNotFound
    return job


async def list_jobs(context: Context, promotion_id: UUID, wanted: Filter, page: Page) -> Listed[PromotionJob]:
    """Return one page of a promotion's jobs that pass *wanted*, newest first.

    Raises:
        PromotionNotFound: this store has no such promotion.
    """
    if not await promotions.exists(context.connection, context.store_id, promotion_id):
        raise PromotionNotFound
    found = await jobs.page_of(context.connection, context.store_id, promotion_id, wanted, page)
    return Listed(found, await jobs.total(context.connection, context.store_id, promotion_id, wanted))


async def file_of(context: Context, promotion_id: UUID, id_: UUID) -> str:
    """Return where the file of a completed export lies, or the report of an import, also of one that failed.

    Raises:
        PromotionNotFound, JobNotFound: this store has no such promotion, or that no such job.
        JobHasNoFile: the job generates codes, or has not ended, or its file was never written.
    """
    job = await get_job(context, promotion_id, id_)
    if job.file is UNSET or job.status not in (JobStatus.COMPLETED, JobStatus.FAILED):
        raise JobHasNoFile(job.status)
    return job.file


async def cancel_job(context: Context, promotion_id: UUID, id_: UUID) -> PromotionJob:
    """Cancel a job: one that waits is cancelled at once, one that runs removes its unused codes first.

    Raises:
        PromotionNotFound, JobNotFound: this store has no such promotion, or that no such job.
        JobNotCancellable: it has ended, or is being cancelled.
    """
    await get_job(context, promotion_id, id_)
    job = await jobs.get(context.connection, context.store_id, promotion_id, id_, lock=True)
    if job is None:
        raise JobNotFound
    if job.status == JobStatus.PENDING:
        cancelled = msgspec.structs.replace(job, status=JobStatus.CANCELLED, deleted=0, updated_at=context.now)
    elif job.status == JobStatus.PROCESSING:
        cancelled = msgspec.structs.replace(job, status=JobStatus.CANCELLING, updated_at=context.now)
    else:
        raise JobNotCancellable
    await jobs.move(
        context.connection, msgspec.structs.replace(cancelled, status=job.status), cancelled.status, context.now
    )
    await _note(context, Action.JOB_CANCELLED, cancelled)
    return cancelled
