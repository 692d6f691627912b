"""Importing codes from a file: it is looked at first, and nothing is stored until somebody says so."""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from couponry.api.state import api_of
from couponry.api.wire import id_in_path
from couponry.console import limits, words
from couponry.console.failures import wants_json
from couponry.console.formats import number, size
from couponry.console.jobs import cancelled
from couponry.console.pages import go, json_page, page
from couponry.console.promotion_forms import FORMABLE
from couponry.console.promotions import overview_of, path_of
from couponry.console.uploads import upload_of
from couponry.console.visits import context_of, form_of, session_in
from couponry.domain.code_errors import TooManyCodes
from couponry.domain.code_files import LIMITS
from couponry.domain.errors import BodyTooLarge, Refusal
from couponry.domain.job_errors import JobNotFound
from couponry.domain.jobs import JobStatus, NewImport, NewImportJob, PromotionJob, Tally, name_after, progress
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import jobs, looking_at_imports
from couponry.services.code_uploads import import_file
from couponry.services.context import utc_now


@get("/promotions/{promotion_id:str}/import")
async def choose(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Ask for a file of codes."""
    return await _form_page(request, promotion_id)


async def _form_page(
    request: Request[Any, Any, Any], promotion_id: str, status: int = 200, fault: str | None = None
) -> Response[bytes]:
    session = session_in(request)
    assert session is not None
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        most = await jobs.most_codes(context)
    return page(
        request,
        "import.html",
        status,
        **shown._asdict(),
        fault=fault,
        most=most,
        most_bytes=size(api_of(request).settings.max_import_bytes),
        command=limits.how_to_raise(session.store_name),
        columns={column: words.COLUMNS[column] for column in LIMITS},
    )


# The file is bounded by a setting of its own, as it passes.
@post("/promotions/{promotion_id:str}/import", status_code=303, request_max_body_size=None)
async def upload(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Take a file in, and start the dry run that looks at all its lines."""
    id_, api = id_in_path(promotion_id, PromotionNotFound), api_of(request)
    most = api.settings.max_import_bytes
    try:
        file = await upload_of(request)
        wanted = NewImport(dry_run=True, name=name_after(file.name))
        job = await import_file(partial(context_of, request), api.files, id_, file.pieces, wanted, max_bytes=most)
    except Refusal as refusal:
        if refusal.category not in FORMABLE and not isinstance(refusal, BodyTooLarge):
            raise
        fault = await _fault(request, refusal)
        if wants_json(request):
            return json_page({"errors": [fault]}, 422)
        return await _form_page(request, promotion_id, 422, fault)
    path = f"{path_of(id_)}/import/{job.id}"
    return json_page({"path": path}, 201) if wants_json(request) else go(path)


async def _fault(request: Request[Any, Any, Any], refusal: Refusal) -> str:
    if isinstance(refusal, BodyTooLarge):
        return f"The file is larger than {size(api_of(request).settings.max_import_bytes)}."
    if isinstance(refusal, TooManyCodes):
        async with context_of(request) as context:
            most = await jobs.most_codes(context)
        return f"The file has more lines than an import may: {number(most or 0)}."
    return refusal.detail or refusal.title


@get("/promotions/{promotion_id:str}/import/{job_id:str}")
async def show_import(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[bytes]:
    """Show how an import fares, or what a dry run found, which can then be imported."""
    return await _import_page(request, promotion_id, job_id)


async def _import_page(
    request: Request[Any, Any, Any], promotion_id: str, job_id: str, status: int = 200, fault: str | None = None
) -> Response[bytes]:
    id_, files = id_in_path(job_id, JobNotFound), api_of(request).files
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        job = await jobs.get_job(context, shown.promotion.id, id_)
        if job.job_type != "code_import":
            raise JobNotFound
        imported = await jobs.import_of(context, shown.promotion.id, id_)
        refused = [] if job.status.ended else await looking_at_imports.refused_so_far(context, job)
    if job.status in (JobStatus.COMPLETED, JobStatus.FAILED):
        refused = await looking_at_imports.reported(files, job)
    return page(
        request,
        "import_job.html",
        status,
        **shown._asdict(),
        job=job,
        tally=job.tally if isinstance(job.tally, Tally) else Tally(0),
        progress=progress(job, utc_now()),
        imported=imported,
        preview=await looking_at_imports.preview_of(files, job),
        refused=refused,
        told=looking_at_imports.TOLD,
        fault=fault,
    )


@post("/promotions/{promotion_id:str}/import/{job_id:str}", status_code=303)
async def confirm(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[bytes]:
    """Import what a dry run has looked at; whoever says so twice is led to the same import."""
    await form_of(request)
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    try:
        async with context_of(request) as context:
            job = await jobs.create_job(context, promotion, NewImportJob(type="promotion_job", dry_run_id=id_))
    except Refusal as refusal:
        if refusal.category not in FORMABLE:
            raise
        begun = await _begun(request, promotion, id_)
        if begun is None:
            return await _import_page(request, promotion_id, job_id, 422, await _fault(request, refusal))
        job = begun
    return go(f"{path_of(promotion)}/import/{job.id}")


async def _begun(request: Request[Any, Any, Any], promotion: UUID, dry_run: UUID) -> PromotionJob | None:
    async with context_of(request) as context:
        return await jobs.import_of(context, promotion, dry_run)


@post("/promotions/{promotion_id:str}/import/{job_id:str}/cancel", status_code=303)
async def cancel(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[bytes]:
    """Cancel an import or a dry run; what it imported and nobody used is deleted."""
    job = await cancelled(request, promotion_id, job_id)
    return go(f"{path_of(job.promotion_id)}/import/{job.id}", "job-cancelled")


handlers = [choose, upload, show_import, confirm, cancel]
