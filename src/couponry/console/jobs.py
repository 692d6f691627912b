"""The jobs of a promotion: starting, watching and cancelling them, and fetching their files."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from couponry.api.documents import decode
from couponry.api.file_names import disposition
from couponry.api.files import link_to
from couponry.api.job_streams import follow
from couponry.api.jobs import NewJobDocument
from couponry.api.state import api_of
from couponry.api.wire import id_in_path
from couponry.console import limits
from couponry.console.pages import HEADERS, go, json_page, page
from couponry.console.paging import Pages, page_asked
from couponry.console.promotion_forms import FORMABLE
from couponry.console.promotions import overview_of, path_of
from couponry.console.visits import Form, context_of, form_of, session_in, staying
from couponry.console.wording import plain
from couponry.domain.errors import InvalidDocument, Refusal
from couponry.domain.job_errors import JobNotFound
from couponry.domain.jobs import JobStatus, Progress, PromotionJob, Tally, progress
from couponry.domain.listing import EVERYTHING
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import jobs
from couponry.services.context import utc_now
from couponry.services.exporting import codes_made_by


class State(msgspec.Struct, frozen=True):
    """How a job fares, for the module that shows it."""

    status: JobStatus
    ended: bool
    progress: Progress
    tally: Tally
    """Of an import: what became of the lines done."""


@get("/promotions/{promotion_id:str}/jobs")
async def list_jobs(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Show the jobs of a promotion, newest first."""
    return await _jobs_page(request, promotion_id)


async def _jobs_page(
    request: Request[Any, Any, Any],
    promotion_id: str,
    status: int = 200,
    form: Form | None = None,
    faults: list[str] | None = None,
) -> Response[bytes]:
    asked = page_asked(request)
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        listed = await jobs.list_jobs(context, shown.promotion.id, EVERYTHING, asked)
        most = await jobs.most_codes(context)
    now, session = utc_now(), session_in(request)
    assert session is not None
    return page(
        request,
        "jobs.html",
        status,
        **shown._asdict(),
        rows=[(job, progress(job, now), limits.told(job.parameters.limits) if job.parameters else [])
              for job in listed.rows],
        pages=Pages(asked, listed.total, f"{shown.path}/jobs", {}),
        most=most,
        command=limits.how_to_raise(session.store_name),
        form=form or {},
        faults=faults or [],
    )  # fmt: skip


@post("/promotions/{promotion_id:str}/jobs/generate", status_code=303)
async def generate(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Start a job that makes as many codes as a form asks for."""
    form = await form_of(request)
    asked = {
        "number_of_codes": limits.number(form.get("number_of_codes", "")),
        "code_prefix": form.get("code_prefix", "").strip() or None,
        "code_length": limits.number(form.get("code_length", "")),
    }
    parameters = {name: value for name, value in asked.items() if value is not None}
    parameters |= limits.said(form, "max_uses_per_code")
    named = {"name": form["name"].strip()} if form.get("name", "").strip() else {}
    return await _start(request, promotion_id, {"job_type": "code_generate", "parameters": parameters} | named, form)


@post("/promotions/{promotion_id:str}/jobs/export", status_code=303)
async def export(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Start a job that writes all codes into a file."""
    form = await form_of(request)
    return await _start(request, promotion_id, {"job_type": "code_export"}, form)


async def _start(
    request: Request[Any, Any, Any], promotion_id: str, said: dict[str, Any], form: Form
) -> Response[bytes]:
    id_ = id_in_path(promotion_id, PromotionNotFound)
    try:
        new = decode(msgspec.json.encode({"data": {"type": "promotion_job", **said}}), NewJobDocument).data
        async with context_of(request) as context:
            await jobs.create_job(context, id_, new)
    except Refusal as refusal:
        if refusal.category not in FORMABLE:
            raise
        return await _jobs_page(request, promotion_id, 422, form, _faults(refusal))
    return go(f"{path_of(id_)}/jobs", "job-started")


def _faults(refusal: Refusal) -> list[str]:
    if not isinstance(refusal, InvalidDocument):
        return [refusal.detail or refusal.title]
    return [f"{fault.source.rpartition('.')[2].replace('_', ' ').capitalize()}: {plain(fault)}"
            for fault in refusal.faults]  # fmt: skip


@get("/promotions/{promotion_id:str}/jobs/{job_id:str}/state")
async def state(request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]) -> Response[bytes]:
    """Answer how a job fares."""
    return json_page(_state(await _job(request, promotion_id, job_id)))


@get("/promotions/{promotion_id:str}/jobs/{job_id:str}/events")
async def events(request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]) -> Response[Any]:
    """Follow how a job fares until it has ended, or the session has."""
    return follow(request, await _job(request, promotion_id, job_id), _state, staying(request))


def _state(job: PromotionJob) -> State:
    tally = job.tally if isinstance(job.tally, Tally) else Tally(0)
    return State(job.status, job.status.ended, progress(job, utc_now()), tally)


async def _job(request: Request[Any, Any, Any], promotion_id: str, job_id: str) -> PromotionJob:
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        return await jobs.get_job(context, promotion, id_)


@post("/promotions/{promotion_id:str}/jobs/{job_id:str}/cancel", status_code=303)
async def cancel(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[bytes]:
    """Cancel a job; what it generated and nobody used is deleted."""
    job = await cancelled(request, promotion_id, job_id)
    return go(f"{path_of(job.promotion_id)}/jobs", "job-cancelled")


async def cancelled(request: Request[Any, Any, Any], promotion_id: str, job_id: str) -> PromotionJob:
    """Cancel the job that a path names, as a form asks for, and return it."""
    await form_of(request)
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        return await jobs.cancel_job(context, promotion, id_)


@get("/promotions/{promotion_id:str}/jobs/{job_id:str}/file")
async def file(request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]) -> Response[bytes]:
    """Lead to the file of a completed export."""
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        path = await jobs.file_of(context, promotion, id_)
    return go(link_to(request, path))


@get("/promotions/{promotion_id:str}/jobs/{job_id:str}/codes.csv")
async def codes_csv(request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]) -> Stream:
    """Answer the codes that a job has generated, those alone, as a file."""
    id_ = id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        promotion = (await overview_of(context, promotion_id)).promotion
        job = await jobs.get_job(context, promotion.id, id_)
    if job.job_type != "code_generate" or not job.status.ended:
        raise JobNotFound
    headers = HEADERS | {"content-disposition": disposition(promotion.name, job.created_at.date(), "codes")}
    return Stream(codes_made_by(api_of(request).database, job), media_type="text/csv", headers=headers)


handlers = [list_jobs, generate, export, state, events, cancel, file, codes_csv]
