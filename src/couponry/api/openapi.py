"""The OpenAPI document: what the handlers, the Structs and the catalogue of refusals say, put together."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any, NamedTuple

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from couponry.api import schemas
from couponry.api.errors import ErrorsDocument
from couponry.api.listing import DEFAULT_LIMIT, MAX_FILTER_BYTES, MAX_FILTER_TESTS
from couponry.api.operation import Operation
from couponry.api.operations import TAGS
from couponry.api.responses import first_line, needs_token, responses
from couponry.api.schemas import REFERENCE, Schema, reference
from couponry.domain.listing import MAX_LIMIT, MAX_OFFSET

INTRODUCTION = (
    "Couponry keeps promotions and makes promotion codes by the million. It speaks as Elastic Path's Rule Promotions"
    " do, so that its clients work unchanged."
)

UUID = {"type": "string", "format": "uuid"}
PATH_PARAMETERS: dict[str, Schema] = {
    "promotion_id": {"description": "The id of a promotion.", "schema": UUID},
    "job_id": {"description": "The id of a job.", "schema": UUID},
    "redemption_id": {"description": "The id of a redemption.", "schema": UUID},
    "product_id": {"description": "The id of a product.", "schema": {"type": "string"}},
    "code_id": {"description": "The id of a code, or the code itself.", "schema": {"type": "string"}},
    "cart_id": {"description": "The id of a cart, chosen by the client.", "schema": {"type": "string"}},
    "item_id": {"description": "The id of a line of the cart.", "schema": {"type": "string"}},
    "group_id": {
        "description": "The id of a shipping group of the cart, or of the order.",
        "schema": {"type": "string"},
    },
    "order_id": {"description": "The id of an order.", "schema": UUID},
    "transaction_id": {"description": "The id of a transaction of the order.", "schema": UUID},
    "client_id": {"description": "The id of a client.", "schema": {"type": "string"}},
    "code": {"description": "A promotion code.", "schema": {"type": "string"}},
    "path": {"description": "The path of a file, as its link has it.", "schema": {"type": "string"}},
}


class Endpoint(NamedTuple):
    """Where an operation is reached, and who answers it."""

    path: str
    method: str
    handler: HTTPRouteHandler


@cache
def document_of(app: Litestar) -> Schema:
    """Return the OpenAPI 3.1 document of *app*."""
    found = {endpoint.handler.operation_id: endpoint for endpoint in endpoints(app)}
    paths: dict[str, Schema] = {}
    for tag in TAGS:
        for id_, operation in tag.operations.items():
            if endpoint := found.get(id_):
                described = {"tags": [tag.name], **_described(operation, endpoint)}
                paths.setdefault(endpoint.path, {})[endpoint.method] = described
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": "/"}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in TAGS],
        "paths": paths,
        "components": {
            "schemas": _components(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `createAccessToken`."}
            },
        },
    }


def endpoints(app: Litestar) -> Iterator[Endpoint]:
    """Yield every endpoint of *app* that belongs into its document."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                        yield Endpoint(route.path_format, method.lower(), handler)


def _info() -> Schema:
    return {
        "title": "Couponry",
        "version": version("couponry"),
        "description": INTRODUCTION,
        "license": {"name": "MIT", "identifier": "MIT"},
    }


def _components() -> dict[str, Schema]:
    operations = [operation for tag in TAGS for operation in tag.operations.values()]
    structs = [struct for one in operations for struct in (one.body, one.answer, one.unavailable) if struct]
    shapes = schemas.components([*dict.fromkeys(structs), ErrorsDocument])
    for operation in operations:
        if operation.body is not None and operation.partial:
            _add_partial(shapes, operation.body.__name__)
    return shapes


def _add_partial(shapes: dict[str, Schema], name: str) -> None:
    """Add to *shapes* the document *name* as it is when its data may leave members out."""
    data = shapes[name]["properties"]["data"]["$ref"].removeprefix(REFERENCE)
    partial = f"Partial{data}"
    shapes[partial] = {**schemas.changes(shapes[data]), "title": partial}
    shapes[f"Partial{name}"] = {
        **shapes[name],
        "title": f"Partial{name}",
        "properties": {"data": {"$ref": REFERENCE + partial}},
    }


def _described(operation: Operation, endpoint: Endpoint) -> Schema:
    handler = endpoint.handler
    described: Schema = {
        "operationId": handler.operation_id,
        "summary": first_line(handler.fn.__doc__).removesuffix("."),
        "description": operation.description,
        "security": [{"bearer": []}] if needs_token(handler) else [],
    }
    if parameters := [*_path_parameters(endpoint.path), *_header_parameters(operation), *_query_parameters(operation)]:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = _body(operation)
    elif operation.file is not None:
        content = {"text/csv": {"schema": {"type": "string"}, "example": operation.file}}
        described["requestBody"] = {"required": True, "content": content}
    described["responses"] = responses(operation, handler)
    return described


def _path_parameters(path: str) -> Iterator[Schema]:
    for segment in path.split("/"):
        if segment.startswith("{"):
            name = segment.strip("{}")
            yield {"name": name, "in": "path", "required": True, **PATH_PARAMETERS[name]}


def _header_parameters(operation: Operation) -> Iterator[Schema]:
    for name, meaning in operation.headers.items():
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        yield {"name": name, "in": "header", "required": False, "description": meaning, "schema": schema}


def _query_parameters(operation: Operation) -> Iterator[Schema]:
    for name, meaning in operation.query.items():
        yield _query(name, meaning, {"type": "string"}, required=True)
    for name, option in operation.options.items():
        yield {"name": name, "in": "query", "required": False, **option}
    if operation.includes:
        meaning = f"What to answer beside, with commas between: {', '.join(operation.includes)}."
        yield _query("include", meaning, {"type": "string"})
    if operation.filters is not None:
        limit = {"type": "integer", "minimum": 0, "default": DEFAULT_LIMIT}
        yield _query("page[limit]", f"The most elements to answer; more than {MAX_LIMIT} means {MAX_LIMIT}.", limit)
        offset = {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}
        yield _query("page[offset]", "How many elements to pass over.", offset)
        yield _filter(operation)
    if operation.orders:
        meaning = "What to sort by; a minus turns the order round."
        yield _query("sort", meaning, {"type": "string", "enum": list(operation.orders)})


def _filter(operation: Operation) -> Schema:
    attributes = {name: list(attribute.operators) for name, attribute in (operation.filters or {}).items()}
    rows = "".join(f"\n| {name} | {', '.join(operators)} |" for name, operators in attributes.items())
    meaning = (
        "Which elements to answer: `operator(attribute,value)`; `:` means and, `|` means or, `:` binds tighter,"
        " parentheses group. A value with special characters stands in quotes. At most"
        f" {MAX_FILTER_TESTS} tests and {MAX_FILTER_BYTES} bytes."
    )
    table = f"\n\n| attribute | operators |\n|---|---|{rows}"
    schema = {"type": "string", "maxLength": MAX_FILTER_BYTES}
    return {**_query("filter", meaning + table, schema), "x-filters": {"meaning": meaning, "attributes": attributes}}


def _query(name: str, meaning: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "description": meaning, "schema": schema}


def _body(operation: Operation) -> Schema:
    assert operation.body is not None
    schema = reference(operation.body)
    if operation.partial:
        schema = {"$ref": f"{REFERENCE}Partial{operation.body.__name__}"}
    examples: dict[str, Any] = {name: {"value": body} for name, body in operation.examples.items()}
    content = {operation.body_type: {"schema": schema, "examples": examples}}
    return {"required": operation.body_required, "content": content}
