"""Files that pages send, read as they come: by a form, or by a module as they are."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from couponry.console.visits import TOKEN_FIELD, TOKEN_HEADER, require_own_origin, require_token
from couponry.domain.errors import BadRequest

FILE_FIELD = "file"
NAME_HEADER = "x-file-name"
MAX_TOKEN = 200

NO_FORM = "This is no form, or it broke off."

Events = AsyncGenerator[MultipartSegment | bytes | bytearray | None]
"""A part begins, pieces of it, None at its end."""


class Upload(NamedTuple):
    """A file that is coming."""

    name: str
    pieces: AsyncIterator[bytes]


async def upload_of(request: Request[Any, Any, Any]) -> Upload:
    """Return the file that one of our own pages sends; of one that is refused nothing was read.

    Raises:
        Forbidden: another page sent it, or it belongs to a session that is over.
        BadRequest: it is no form with a file.
    """
    require_own_origin(request)
    kind, options = request.content_type
    if kind == "text/csv":
        require_token(request, request.headers.get(TOKEN_HEADER))
        return Upload(unquote(request.headers.get(NAME_HEADER, "")), request.stream())
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise BadRequest(NO_FORM)
    events = _events(request, options["boundary"])
    require_token(request, await _token(events))
    part = await anext(events, None)
    if not isinstance(part, MultipartSegment) or part.name != FILE_FIELD or not part.filename:
        raise BadRequest("Choose a file.")
    return Upload(part.filename, _pieces(events))


async def _events(request: Request[Any, Any, Any], boundary: str) -> Events:
    try:
        with PushMultipartParser(boundary) as parser:
            async for chunk in request.stream():
                if chunk:
                    for event in parser.parse(chunk):
                        yield event
    except MultipartError as error:
        raise BadRequest(NO_FORM) from error


async def _token(events: Events) -> str | None:
    """Return what the first part says, if it is the token: our forms say it before anything that may be large."""
    part = await anext(events, None)
    if not isinstance(part, MultipartSegment) or part.name != TOKEN_FIELD:
        return None
    said = b""
    async for piece in _pieces(events):
        said += piece
        if len(said) > MAX_TOKEN:
            return None
    return said.decode(errors="replace")


async def _pieces(events: Events) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            return
        assert not isinstance(event, MultipartSegment)
        yield bytes(event)
