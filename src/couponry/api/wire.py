"""Bodies in and out, and what stands in a path."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response

from couponry.domain.errors import NotFound, UnsupportedMediaType


def json_answer(document: object, status: int = 200) -> Response[bytes]:
    """Return the response that says *document*."""
    return Response(msgspec.json.encode(document), media_type="application/json", status_code=status)


def no_content() -> Response[None]:
    """Return the response that has nothing to say but that it is done."""
    return Response(None, status_code=204)


async def json_body(request: Request[Any, Any, Any]) -> bytes:
    """Return the body of a request.

    Raises:
        UnsupportedMediaType: it has one, and calls it something else than JSON.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType(f"Expected application/json, given: {kind}")
    return body


def id_in_path(text: str, missing: type[NotFound]) -> UUID:
    """Return the id that a path names.

    Raises:
        NotFound: it is none, so nothing has it (*missing* says what).
    """
    try:
        id_ = UUID(text)
    except ValueError as error:
        raise missing from error
    if text.lower() != str(id_):  # as digits of other scripts, in braces, or without hyphens
        raise missing
    return id_


def moment(at: datetime) -> str:
    """Return a moment as answers show it: RFC 3339, UTC, milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
