"""The documentation that the API serves of itself: the OpenAPI document, and a page to read it on."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

# What describes the operations is imported for who reads of them: most processes never do.

STATIC = {"docs.css": "text/css", "docs.js": "text/javascript"}
"""The files that the page loads, and their types."""

PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
}


@get("/openapi.json", include_in_schema=False)
async def openapi_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the OpenAPI document."""
    return _unchanging(request, _document(request.app), "application/json")


@get("/docs", include_in_schema=False)
async def docs_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the page."""
    return _unchanging(request, _page(request.app), "text/html", PAGE_HEADERS)


@get("/docs/{name:str}", include_in_schema=False)
async def docs_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Answer a file that the page loads."""
    if name not in STATIC:
        raise NotFoundException
    return _unchanging(request, _file(name), STATIC[name])


@get("/", include_in_schema=False)
async def front_door() -> Redirect:
    """Lead who opens the address that `couponry serve` prints to the documentation."""
    return Redirect("/docs")


handlers = [front_door, openapi_document, docs_page, docs_file]


@cache
def _document(app: Litestar) -> bytes:
    from couponry.api.openapi import document_of

    return msgspec.json.encode(document_of(app))


@cache
def _page(app: Litestar) -> bytes:
    from couponry.api.openapi import document_of
    from couponry.api.page import page_of

    return page_of(document_of(app)).encode()


@cache
def _file(name: str) -> bytes:
    return files("couponry.api").joinpath("static", name).read_bytes()


def _unchanging(
    request: Request[Any, Any, Any], content: bytes, media_type: str, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """Answer *content*, or that the client has it already: it changes with the version only."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    kept = {"etag": etag, "cache-control": "no-cache", "x-content-type-options": "nosniff"} | (headers or {})
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Response(b"", status_code=304, headers=kept)
    return Response(content, media_type=media_type, headers=kept)
