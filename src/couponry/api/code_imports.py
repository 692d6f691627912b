"""Importing codes from a file that is the body of a request."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.params import FromPath

from couponry.api.answers import JobAnswer
from couponry.api.auth import require_merchant
from couponry.api.jobs import job_document
from couponry.api.state import api_of, context_of
from couponry.api.wire import id_in_path, json_answer
from couponry.domain.errors import BadRequest, BodyTooLarge, UnsupportedMediaType
from couponry.domain.jobs import NewImport
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services.code_uploads import import_file


# The body is bounded by a setting of its own, as it passes.
@post("/code_import", operation_id="importRulePromotionCodes", request_max_body_size=None)
async def import_codes(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Ask for codes to be imported from a CSV file in the background."""
    _require_csv(request)
    wanted, id_ = _asked(request), id_in_path(promotion_id, PromotionNotFound)
    api = api_of(request)
    most = api.settings.max_import_bytes
    if int(request.headers.get("content-length", 0)) > most:
        raise BodyTooLarge
    opening = partial(context_of, request)
    job = await import_file(opening, api.files, id_, request.stream(), wanted, max_bytes=most)
    return json_answer(JobAnswer(job_document(job)), 201)


def _require_csv(request: Request[Any, Any, Any]) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise UnsupportedMediaType(f"Expected text/csv, given: {kind or 'nothing'}")


def _asked(request: Request[Any, Any, Any]) -> NewImport:
    said: dict[str, Any] = {name: request.query_params[name] for name in ("name",) if name in request.query_params}
    dry_run = request.query_params.get("dry_run", "false")
    if dry_run not in ("true", "false"):
        raise BadRequest("dry_run is true or false")
    try:
        return msgspec.convert(said | {"dry_run": dry_run == "true"}, NewImport)
    except msgspec.ValidationError as error:
        raise BadRequest("name has at most 50 characters, and no control characters") from error


router = Router(
    "/v2/rule-promotions/{promotion_id:str}/jobs",
    route_handlers=[import_codes],
    guards=[require_merchant],
    tags=["Rule Promotion Jobs"],
)
