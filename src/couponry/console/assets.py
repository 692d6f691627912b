"""The files that pages load: a style, and modules that make pages livelier."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A file, and the tag that changes with it."""

    content: bytes
    etag: str


@cache
def _assets() -> dict[str, Asset]:
    """Return every file that is served, by name: nothing else can be asked for."""
    folder = files("couponry.console").joinpath("static")
    contents = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in TYPES}
    return {name: Asset(text, f'"{hashlib.sha256(text).hexdigest()[:32]}"') for name, text in contents.items()}


@get("/static/{name:str}")
async def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Answer a file, or that the browser has it already."""
    known = _assets().get(name)
    if known is None:
        raise NotFoundException
    # Modules import each other by name, so each is asked for again: a page never mixes two versions.
    headers = {"etag": known.etag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    if known.etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(b"", status_code=304, headers=headers)
    return Response(known.content, media_type=TYPES[name.rpartition(".")[2]], headers=headers)
