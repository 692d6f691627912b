"""The responses of an operation in the OpenAPI document, refusals with the words that clients will read."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar.handlers import HTTPRouteHandler

from couponry.api.auth import require_merchant, require_token
from couponry.api.errors import ErrorsDocument, errors_of, http_status
from couponry.api.operation import Operation
from couponry.api.schemas import Schema, reference
from couponry.domain.errors import (
    BadRequest,
    BodyTooLarge,
    Forbidden,
    InvalidDocument,
    InvalidToken,
    MalformedDocument,
    Refusal,
    Unauthenticated,
    UnparsableFilter,
    UnsupportedMediaType,
)
from couponry.domain.validity import missing

JSON = "application/json"
EVENTS = "text/event-stream"

AN_INVALID_DOCUMENT = InvalidDocument(missing("type", "data"))
A_BAD_PAGE = BadRequest("page[limit] must be a whole number")


def responses(operation: Operation, handler: HTTPRouteHandler) -> dict[str, Schema]:
    """Return what *operation* can answer, by status: its success, its refusals, and that the database is away."""
    by_status: dict[int, list[Refusal]] = {}
    for refusal in _refusals(operation, handler):
        by_status.setdefault(http_status(refusal), []).append(refusal)
    documented = {str(handler.status_code): _success(operation, int(handler.status_code))}
    if operation.nothing is not None:
        documented["204"] = {"description": operation.nothing}
    documented |= {str(status): _refused(by_status[status]) for status in sorted(by_status)}
    if operation.uses_database:
        documented["503"] = _unavailable(operation)
    return documented


def needs_token(handler: HTTPRouteHandler) -> bool:
    """Tell whether only those with a bearer token get past the guards of *handler*."""
    return not _guards(handler).isdisjoint({require_merchant, require_token})


def _guards(handler: HTTPRouteHandler) -> set[object]:
    return set(cast("list[object]", handler.resolve_guards()))  # pyright: ignore[reportUnknownMemberType]


def _refusals(operation: Operation, handler: HTTPRouteHandler) -> Iterator[Refusal]:
    """Yield what the kind of the operation entails, then what is its own."""
    if needs_token(handler):
        yield from (Unauthenticated(), InvalidToken())
    if require_merchant in _guards(handler):
        yield Forbidden()
    if operation.body is not None:
        yield BodyTooLarge()
        if operation.body_type == JSON:
            yield from (AN_INVALID_DOCUMENT, MalformedDocument())
            yield UnsupportedMediaType("Expected application/json, given: text/plain")
    if operation.file is not None:
        yield from (BodyTooLarge(), UnsupportedMediaType("Expected text/csv, given: application/json"))
    if operation.filters is not None:
        yield from (A_BAD_PAGE, UnparsableFilter())
    yield from operation.refuses


def _success(operation: Operation, status: int) -> Schema:
    if operation.answer is not None:
        answered = _response(operation.answer.__doc__, operation.answer)
        if operation.csv:
            answered["content"]["text/csv"] = {"schema": {"type": "string"}}
        return answered
    if status == HTTPStatus.NO_CONTENT:
        return {"description": "It is done, and there is nothing to say."}
    description = "The stream." if operation.answer_type == EVENTS else "The file."
    return {"description": description, "content": {operation.answer_type: {"schema": {"type": "string"}}}}


def _refused(refusals: list[Refusal]) -> Schema:
    examples = {
        type(refusal).__name__: {
            "summary": first_line(type(refusal).__doc__),
            "value": msgspec.to_builtins(ErrorsDocument(errors_of(refusal))),
        }
        for refusal in refusals
    }
    description = " Or: ".join(example["summary"] for example in examples.values())
    return _response(description, ErrorsDocument, examples)


def _unavailable(operation: Operation) -> Schema:
    response = _response("The database does not answer. Try again.", operation.unavailable or ErrorsDocument)
    if operation.unavailable is None:
        response["headers"] = {"Retry-After": {"description": "In how many seconds.", "schema": {"type": "integer"}}}
    return response


def _response(
    description: str | None, document: type[msgspec.Struct], examples: dict[str, Any] | None = None
) -> Schema:
    content: Schema = {"schema": reference(document)}
    if examples:
        content["examples"] = examples
    return {"description": first_line(description), "content": {JSON: content}}


def first_line(docstring: str | None) -> str:
    """Return the first line of a docstring."""
    return (docstring or "").partition("\n")[0]
