"""How a job goes on, as Server-Sent Events."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import psycopg
from litestar import Request, Response, Router, get
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from couponry.api.answers import JobAnswer
from couponry.api.auth import require_merchant
from couponry.api.jobs import job_document
from couponry.api.state import api_of, context_of
from couponry.api.wire import id_in_path, no_content
from couponry.domain.errors import JobNotFound, PromotionNotFound
from couponry.domain.jobs import PromotionJob
from couponry.services import jobs
from couponry.storage.database import DatabaseUnusable

SILENCE_SECONDS = 5.0
"""How long a stream says nothing at most: proxies cut off what is silent, and clients may be revoked meanwhile."""
RETRY_MILLISECONDS = 1000
"""How long EventSource waits before it comes back to a stream that broke off."""


@get("/{job_id:str}/events", operation_id="getRulePromotionJobEvents")
async def get_events(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], job_id: FromPath[str]
) -> Response[Any]:
    """Follow a job until it has ended."""
    promotion, id_ = id_in_path(promotion_id, PromotionNotFound), id_in_path(job_id, JobNotFound)
    async with context_of(request) as context:
        job = await jobs.get_job(context, promotion, id_)
    if job.status.ended and request.headers.get("last-event-id") == _mark(job):
        return no_content()
    return ServerSentEvent(_events(request, job))


async def _events(request: Request[Any, Any, Any], job: PromotionJob) -> AsyncGenerator[ServerSentEventMessage]:
    yield _event(job, retry=RETRY_MILLISECONDS)
    async for later in api_of(request).watching.changes(job, SILENCE_SECONDS):
        if not await _still_welcome(request):
            return
        yield _event(later) if later is not None else ServerSentEventMessage(data=None, comment="nothing new", sep="\n")


def _event(job: PromotionJob, retry: int | None = None) -> ServerSentEventMessage:
    document = msgspec.json.encode(JobAnswer(job_document(job)))
    return ServerSentEventMessage(data=document.decode(), id=_mark(job), retry=retry, sep="\n")


def _mark(job: PromotionJob) -> str:
    return str(job.changes)


async def _still_welcome(request: Request[Any, Any, Any]) -> bool:
    """Tell whether the client has not been revoked; while the database is away, nobody is sent off."""
    api = api_of(request)
    try:
        return await api.active_clients.has(api.database, request.auth)
    except (psycopg.OperationalError, DatabaseUnusable):
        return True


router = Router(
    "/v2/rule-promotions/{promotion_id:str}/jobs",
    route_handlers=[get_events],
    guards=[require_merchant],
    tags=["Rule Promotion Jobs"],
)
