"""Refusals as answers: the one table of HTTP statuses, and the error envelope of the wire."""

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import UNSET, UnsetType

from couponry.domain.code_errors import TooManyCodes
from couponry.domain.errors import Category, InvalidDocument, Refusal, TooManyTries
from couponry.domain.redemption_errors import CodesRefused
from couponry.storage.database import DatabaseUnusable

logger = logging.getLogger(__name__)

STATUS: dict[Category, int | str] = {
    Category.BAD_REQUEST: "400",
    Category.INVALID_DOCUMENT: 400,
    Category.UNAUTHENTICATED: 401,
    Category.UNKNOWN_CLIENT: "401",
    Category.FORBIDDEN: 403,
    Category.NOT_FOUND: 404,
    Category.TOO_LARGE: 413,
    Category.UNSUPPORTED_MEDIA_TYPE: 415,
    Category.UNPROCESSABLE: "422",
    Category.CONFLICT: "409",
    Category.TOO_MANY_TRIES: "429",
    Category.CART_BAD_REQUEST: 400,
    Category.CART_UNPROCESSABLE: 422,
    Category.CART_CONFLICT: 409,
    Category.ASSOCIATION: 400,
}
"""The HTTP status of each category, typed as Elastic Path writes it: as a number or as a string."""


class WireError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One error as clients see it."""

    title: str
    status: int | str
    detail: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    meta: dict[str, Any] | UnsetType = UNSET
    request_id: str | UnsetType = UNSET


class ErrorsDocument(msgspec.Struct, frozen=True):
    """What every request that fails is answered."""

    errors: list[WireError]


def http_status(refusal: Refusal) -> int:
    """Return the HTTP status of *refusal*; associations are refused with 422, whatever their error says."""
    return 422 if refusal.category is Category.ASSOCIATION else int(STATUS[refusal.category])


def errors_of(refusal: Refusal) -> list[WireError]:
    """Return *refusal* in the words of the wire: one error, or one for each fault or code."""
    status = STATUS[refusal.category]
    if isinstance(refusal, CodesRefused):
        return [error for one in refusal.refusals for error in errors_of(one)]
    if isinstance(refusal, InvalidDocument):
        return [
            WireError(
                fault.title,
                status,
                fault.detail,
                fault.source,
                UNSET if fault.value is UNSET else {"value": fault.value},
            )
            for fault in refusal.faults
        ]
    source = refusal.where if isinstance(refusal, TooManyCodes) else refusal.source
    return [
        WireError(
            refusal.title,
            status,
            refusal.detail or UNSET,
            UNSET if source is None else source,
            refusal.meta or UNSET,
        )
    ]


def answer(errors: list[WireError], status: int | None = None) -> Response[bytes]:
    """Return the response that says *errors*, with the *status* of the first unless another is given."""
    return Response(
        msgspec.json.encode(ErrorsDocument(errors)),
        media_type="application/json",
        status_code=int(errors[0].status) if status is None else status,
    )


def answer_refusal(_: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    """Answer a refusal."""
    response = answer(errors_of(refusal), http_status(refusal))
    if isinstance(refusal, TooManyTries):
        response.headers["Retry-After"] = str(refusal.seconds)
    return response


def answer_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the framework refuses itself: unknown paths, wrong methods, bodies too large."""
    response = answer([WireError(HTTPStatus(error.status_code).phrase, error.status_code, UNSET)])
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def answer_database_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer that the database does not, for now."""
    logger.warning("database unavailable: %s", error, extra={"path": request.url.path})
    unavailable = HTTPStatus.SERVICE_UNAVAILABLE
    response = answer([WireError(unavailable.phrase, unavailable.value, "The database does not answer. Try again.")])
    response.headers["Retry-After"] = "1"
    return response


def answer_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a fault of ours, and log it under the id that the client is told."""
    request_id = str(uuid4())
    logger.error("request failed", exc_info=error, extra={"request_id": request_id, "path": request.url.path})
    detail = "There was an internal server error, you can report with your request id."
    return answer([WireError("Internal Server Error", 500, detail, request_id=request_id)])


HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: answer_refusal,
    HTTPException: answer_http_error,
    psycopg.OperationalError: answer_database_error,
    DatabaseUnusable: answer_database_error,
    Exception: answer_fault,
}
"""Which answer each kind of exception gets."""
