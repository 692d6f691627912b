"""Following a job by its events."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath

from couponry.api.answers import JobAnswer
from couponry.api.auth import require_merchant
from couponry.api.job_streams import follow
from couponry.api.jobs import job_document
from couponry.api.state import api_of, context_of
from couponry.api.wire import id_in_path
from couponry.domain.job_errors import JobNotFound
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import jobs


@get("/{job_id:str}/events", operation_id="getRulePromotionJobEvents")
async def get_events(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[Any]:
    """Follow a job until it has ended."""
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        job = await jobs.get_job(context, promotion, id_)
    api = api_of(request)
    return follow(
        request,
        job,
        lambda later: JobAnswer(job_document(later)),
        lambda: api.active_clients.has(api.database, request.auth),
    )


router = Router(
    "/v2/rule-promotions/{promotion_id:str}/jobs",
    route_handlers=[get_events],
    guards=[require_merchant],
    tags=["Rule Promotion Jobs"],
)
