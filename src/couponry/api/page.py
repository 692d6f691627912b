"""The page that shows the OpenAPI document to people; everything on it comes from the document."""

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from couponry.api.schemas import REFERENCE, Schema

FORM = "application/x-www-form-urlencoded"

KEYWORDS = {
    "minLength": "length ≥ {}",
    "maxLength": "length ≤ {}",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "minItems": "items ≥ {}",
    "maxItems": "items ≤ {}",
    "format": "{}",
}
"""How a keyword of JSON Schema is said."""


class Shown(NamedTuple):
    """An operation, and where it is reached."""

    path: str
    method: str
    operation: dict[str, Any]


def page_of(document: Schema) -> str:
    """Return *document* as a page of HTML that loads nothing but its style and its script."""
    operations = list(_operations(document))
    return (
        _environment()
        .get_template("docs.html")
        .render(
            document=document,
            groups=[
                (tag, [shown for shown in operations if tag["name"] in shown.operation["tags"]])
                for tag in document["tags"]
            ],
            shapes=document["components"]["schemas"],
        )
    )


def _operations(document: Schema) -> Iterator[Shown]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield Shown(path, method.upper(), operation)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("couponry.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment


def prose(text: str) -> Markup:
    """Return *text* as HTML, what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 # escaped just before


def bounds(schema: Schema) -> str:
    """Return what bounds a value, in words."""
    return ", ".join(words.format(schema[keyword]) for keyword, words in KEYWORDS.items() if keyword in schema)


def inner(schema: Schema) -> str | None:
    """Return the name of the one schema that a value, or each of its items, has; None if there are more, or none."""
    if schema.get("items"):
        return inner(schema["items"])
    branches: list[Schema] = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return name_of(branches[0]) if len(branches) == 1 and "$ref" in branches[0] else None


def commands(shown: Shown) -> list[tuple[str, str]]:
    """Return commands for a terminal that try the operation, each with what it is for."""
    flags = "" if shown.method == "GET" else f"-X {shown.method} "
    command = f'curl {flags}"{_address(shown)}"'
    if shown.operation["security"]:
        command += ' \\\n  -H "Authorization: Bearer $TOKEN"'
    if "requestBody" not in shown.operation:
        return [("", command)]
    ((type_, content),) = shown.operation["requestBody"]["content"].items()
    if "$ref" not in content["schema"]:
        return [("", f"{command} \\\n  -H 'Content-Type: {type_}' \\\n  -T codes.csv")]
    return [(title, command + _sent(type_, example["value"])) for title, example in content["examples"].items()]


def _address(shown: Shown) -> str:
    path = re.sub(r"\{(\w+)\}", lambda parameter: f"${parameter[1].upper()}", shown.path)
    query = [
        f"{parameter['name']}=${parameter['name'].upper()}"
        for parameter in shown.operation.get("parameters", [])
        if parameter["in"] == "query" and parameter["required"]
    ]
    return f"$COUPONRY{path}{'?' if query else ''}{'&'.join(query)}"


def _sent(type_: str, body: Any) -> str:  # noqa: ANN401 # any JSON
    if type_ == FORM:
        return "".join(f" \\\n  -d {shlex.quote(f'{name}={value}')}" for name, value in body.items())
    return f" \\\n  -H 'Content-Type: {type_}' \\\n  -d {shlex.quote(_json(body))}"


def name_of(schema: Schema) -> str:
    """Return the name of the component that *schema* refers to."""
    return str(schema["$ref"]).removeprefix(REFERENCE)


def _json(value: Any) -> str:  # noqa: ANN401 # any JSON
    return msgspec.json.format(msgspec.json.encode(value)).decode()


FILTERS: dict[str, Callable[..., Any]] = {
    "bounds": bounds,
    "commands": commands,
    "inner": inner,
    "json": _json,
    "name_of": name_of,
    "prose": prose,
}
"""What the templates call."""
