"""How a job goes on, as a stream of Server-Sent Events: for whoever may see it, in the words of whoever asks."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
import psycopg
from litestar import Request, Response
from litestar.response import ServerSentEvent, ServerSentEventMessage

from couponry.api.state import api_of
from couponry.api.wire import no_content
from couponry.domain.jobs import PromotionJob
from couponry.storage.database import DatabaseUnusable

SILENCE_SECONDS = 5.0
"""How long a stream says nothing at most: proxies cut off what is silent, and who listens may be sent off meanwhile."""
RETRY_MILLISECONDS = 1000
"""How long EventSource waits before it comes back to a stream that broke off."""

Describe = Callable[[PromotionJob], object]
Welcome = Callable[[], Awaitable[bool]]


def follow(
    request: Request[Any, Any, Any], job: PromotionJob, describe: Describe, still_welcome: Welcome
) -> Response[Any]:
    """Answer how *job* stands and goes on until it has ended, each state as *describe* tells it.

    The stream ends when whoever listens is not *still_welcome*, which is asked before each event. Who comes back
    with the id of the last event of a job that has ended is answered 204: `EventSource` then stays away.
    """
    if job.status.ended and request.headers.get("last-event-id") == _mark(job):
        return no_content()
    return ServerSentEvent(_events(request, job, describe, still_welcome))


async def _events(
    request: Request[Any, Any, Any], job: PromotionJob, describe: Describe, still_welcome: Welcome
) -> AsyncGenerator[ServerSentEventMessage]:
    yield _event(job, describe, retry=RETRY_MILLISECONDS)
    async for later in api_of(request).watching.changes(job, SILENCE_SECONDS):
        if not await _is_welcome(still_welcome):
            return
        if later is None:
            yield ServerSentEventMessage(data=None, comment="nothing new", sep="\n")
        else:
            yield _event(later, describe)


async def _is_welcome(still_welcome: Welcome) -> bool:
    """Ask whether to go on; while the database is away, nobody is sent off."""
    try:
        return await still_welcome()
    except (psycopg.OperationalError, DatabaseUnusable):
        return True


def _event(job: PromotionJob, describe: Describe, retry: int | None = None) -> ServerSentEventMessage:
    document = msgspec.json.encode(describe(job))
    return ServerSentEventMessage(data=document.decode(), id=_mark(job), retry=retry, sep="\n")


def _mark(job: PromotionJob) -> str:
    return str(job.changes)
