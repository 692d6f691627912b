"""Links to export files, and the files themselves where no bucket hands them out."""

import base64
import hmac
import time
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Stream

from couponry.api.file_names import disposition
from couponry.api.heads import heads_too, without_body
from couponry.api.state import Api, api_of
from couponry.domain.ids import moment_of
from couponry.domain.job_errors import FileNotAvailable
from couponry.storage import promotions
from couponry.storage.database import DatabaseUnusable

PREFIX = "/files"


def link_to(request: Request[Any, Any, Any], path: str) -> str:
    """Return a link to a file that needs no token and expires: the bucket's own, or one that we sign."""
    api = api_of(request)
    seconds = api.settings.file_link_seconds
    if not api.files.local:
        return api.files.sign(path, seconds)
    base = api.settings.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    expires = int(time.time()) + seconds
    return f"{base.rstrip('/')}{PREFIX}/{path}?Expires={expires}&Signature={_sign(api.keys.links, path, expires)}"


def _sign(key: bytes, path: str, expires: int) -> str:
    signature = hmac.digest(key, f"{expires} {path}".encode(), "sha256")
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


@get(PREFIX + "/{path:path}", operation_id="downloadFile", middleware=[without_body])
async def download(request: Request[Any, Any, Any], path: FromPath[str]) -> Stream:
    """Download an export file by its signed link."""
    api, name = api_of(request), str(path).lstrip("/")
    _require_signature(request, api.keys.links, name)
    size = await api.files.size(name)
    if size is None:
        raise FileNotAvailable
    headers = {"content-length": str(size), "content-disposition": await _disposition(api, name)}
    return Stream(api.files.stream(name), media_type="text/csv", headers=headers)


handlers = heads_too([download])


async def _disposition(api: Api, path: str) -> str:
    """Return what a file is to be called; a database that does not answer keeps nobody from it."""
    store_id, promotion_id, file = path.split("/")
    job_id, _, rest = file.partition("_")
    called = None
    with suppress(psycopg.OperationalError, DatabaseUnusable):
        async with api.database.connection() as connection:
            called = await promotions.name_of(connection, UUID(store_id), UUID(promotion_id))
    what = "codes" if rest.endswith("codes.csv") else "refused-lines"
    return disposition(called, moment_of(UUID(job_id)).date(), what)


def _require_signature(request: Request[Any, Any, Any], key: bytes, path: str) -> None:
    expires, signature = (request.query_params.get(name, "") for name in ("Expires", "Signature"))
    if not (expires.isascii() and expires.isdigit()) or len(expires) > 12 or int(expires) < time.time():
        raise FileNotAvailable
    if not hmac.compare_digest(_sign(key, path, int(expires)).encode(), signature.encode()):
        raise FileNotAvailable
