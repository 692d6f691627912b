"""The jobs of a promotion (behaviour.md 3)."""

from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import UNSET, UnsetType

from couponry.api import aliases
from couponry.api.answers import FileLink, JobAnswer, JobMeta, JobResource, JobResult, Timestamps
from couponry.api.auth import require_merchant
from couponry.api.documents import decode
from couponry.api.files import link_to
from couponry.api.listing import filter_asked, list_document, page_asked
from couponry.api.state import context_of
from couponry.api.wire import id_in_path, json_answer, json_body, moment
from couponry.domain.job_errors import JobNotFound
from couponry.domain.jobs import JobStatus, NewExportJob, NewGenerateJob, NewImportJob, PromotionJob, Tally, progress
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import jobs
from couponry.services.context import utc_now


class NewJobDocument(msgspec.Struct, frozen=True):
    """The body that asks for a job."""

    data: NewGenerateJob | NewExportJob | NewImportJob


@post("/", operation_id="createRulePromotionJob")
async def create_job(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Ask for codes to be generated or exported in the background, or imported as a dry run has tried."""
    new = decode(await json_body(request), NewJobDocument, aliases.JOB).data
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        job = await jobs.create_job(context, id_, new)
    return json_answer(JobAnswer(job_document(job)), 201)


@get("/", operation_id="getRulePromotionJobs")
async def list_jobs(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """List the jobs of a promotion, newest first."""
    wanted, page = filter_asked(request), page_asked(request)
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        listed = await jobs.list_jobs(context, id_, wanted, page)
    data = [job_document(job) for job in listed.rows]
    return json_answer(list_document(request, page, listed, data))


@get("/{job_id:str}", operation_id="getRulePromotionJob")
async def get_job(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[bytes]:
    """Get a job and, while it is processing, its progress."""
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        job = await jobs.get_job(context, promotion, id_)
    return json_answer(JobAnswer(job_document(job)))


@get("/{job_id:str}/file", operation_id="getRulePromotionJobFile")
async def get_file(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[bytes]:
    """Get a link to the CSV file of a completed export or import: it needs no token, and expires."""
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        path = await jobs.file_of(context, promotion, id_)
    return json_answer(FileLink(link_to(request, path)))


@post("/{job_id:str}/cancel", operation_id="cancelRulePromotionJob", status_code=200)
async def cancel_job(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[bytes]:
    """Cancel a job that is pending or processing; what it made and nobody used is deleted."""
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        job = await jobs.cancel_job(context, promotion, id_)
    return json_answer(JobAnswer(job_document(job)))


def job_document(job: PromotionJob) -> JobResource:
    """Return a job as it is answered."""
    result = _result(job) if job.status.ended else UNSET
    return JobResource(
        id=job.id,
        rule_promotion_id=job.promotion_id,
        promotion_id=job.promotion_id,
        job_type=job.job_type,
        name=job.name,
        parameters=job.parameters,
        dry_run=job.dry_run,
        dry_run_id=job.dry_run_id,
        status=job.status,
        error=job.error,
        # Elastic Path's older answers call the result `generate_result`, its newer ones `result`.
        result=result,
        generate_result=result if job.job_type == "code_generate" else UNSET,
        meta=JobMeta(
            Timestamps(moment(job.created_at), moment(job.updated_at)),
            progress(job, utc_now()) if job.status == JobStatus.PROCESSING else UNSET,
        ),
    )


def _result(job: PromotionJob) -> JobResult | UnsetType:
    deleted = 0 if job.deleted is UNSET else job.deleted
    if job.job_type == "code_generate":
        return JobResult(generated=job.done, deleted=deleted)
    if job.job_type == "code_import":
        tally = Tally(0) if job.tally is UNSET else job.tally
        return JobResult(imported=tally.new, duplicate=tally.duplicate, invalid=tally.invalid, deleted=deleted)
    return UNSET


router = Router(
    "/v2/rule-promotions/{promotion_id:str}/jobs",
    route_handlers=[create_job, list_jobs, get_job, get_file, cancel_job],
    guards=[require_merchant],
    tags=["Rule Promotion Jobs"],
)
