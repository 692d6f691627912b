"""Documents that commands read: JSON, or YAML that says what JSON can say, so that it is sent as it was meant."""

import json
import sys
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from couponry.cli.errors import UserError
from couponry.cli.files import STDIN

FileOption = Annotated[
    Path, typer.Option("--file", "-f", help="A .yaml or .json file; `-` is standard input.", show_default=False)
]

MAX_DEPTH = 100
"""How deep a document nests at most; one that holds itself has no end."""
JSON_TYPES = ("null", "bool", "int", "float", "str", "seq", "map")
"""What YAML calls the types of JSON."""
INTEGERS = range(-(2**63), 2**64)
"""The whole numbers that can be sent."""


class _Unsendable(Exception):
    """Something in a document that JSON cannot say, or says twice."""


def read_data(path: Path) -> dict[str, Any]:
    """Return the resource that a file says, with or without the envelope `data`.

    Raises:
        UserError: it is neither JSON nor YAML, or says something that would not be sent as it stands there.
    """
    document = _read(sys.stdin.buffer.read() if path == STDIN else path.read_bytes(), path)
    if isinstance(document, dict) and set(document) == {"data"}:  # pyright: ignore[reportUnknownArgumentType]
        document = document["data"]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(document, dict):
        raise UserError(f"{path} must hold one document with members, as the API takes it.")
    return document  # pyright: ignore[reportUnknownVariableType]


def _read(content: bytes, path: Path) -> Any:  # noqa: ANN401
    try:
        try:
            document = json.loads(content, object_pairs_hook=_members, parse_constant=_no_number)
        except ValueError:
            document = _read_yaml(content, path)
        _require_json(document)
    except _Unsendable as error:
        raise UserError(f"{path} cannot be sent: {error}.") from None
    except RecursionError as error:
        raise UserError(f"{path} nests too deep.") from error
    return document


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Unsendable(f"{next(name for name in names if names.count(name) > 1)} is said twice")
    return members


def _no_number(name: str) -> float:
    raise _Unsendable(f"{name} is no number that JSON has")


def _require_json(value: Any, depth: int = 0) -> None:  # noqa: ANN401
    if depth > MAX_DEPTH:
        raise _Unsendable("it nests too deep, or holds itself")
    if isinstance(value, dict):
        for name, member in cast("dict[Any, Any]", value).items():
            if not isinstance(name, str):
                raise _Unsendable(f"the name {name!r} is no text; put it in quotes")
            _require_json(name)
            _require_json(member, depth + 1)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            _require_json(item, depth + 1)
    elif isinstance(value, str):
        _require_text(value)
    elif (isinstance(value, float) and not isfinite(value)) or (isinstance(value, int) and value not in INTEGERS):
        raise _Unsendable("it has a number that is too large")


def _require_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Unsendable(f"{value!a} has half a character") from None


# YAML


def _read_yaml(content: bytes, path: Path) -> Any:  # noqa: ANN401
    import yaml

    try:
        return yaml.load(content, Loader=_loader())  # noqa: S506 # it makes plain values only
    except (yaml.YAMLError, ValueError, LookupError, TypeError) as error:  # the latter for tags that do not fit
        raise UserError(f"{path} is neither YAML nor JSON: {_on_one_line(error)}.") from error


def _on_one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _loader() -> Any:  # noqa: ANN401
    """Return a loader for which a date is a text, `no` is a word, and 12:30 is no number, as in YAML 1.2."""
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        """Reads the types of JSON."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 # yaml's own class attribute
        yaml_constructors: dict[Any, Any] = {  # noqa: RUF012 # so is this
            tag: make
            for tag, make in yaml.SafeLoader.yaml_constructors.items()
            if tag is None or tag.rpartition(":")[2] in JSON_TYPES
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401
            names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            for name in names:
                if names.count(name) > 1:
                    raise yaml.constructor.ConstructorError(None, None, f"{name} is said twice", node.start_mark)
            return super().construct_mapping(node, deep)

    tags = {
        "null": (r"null|Null|NULL|~|", ["n", "N", "~", ""]),
        "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        "int": (r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
        "float": (r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
    }
    for name, (pattern, first) in tags.items():
        Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
            f"tag:yaml.org,2002:{name}", re.compile(rf"^(?:{pattern})$"), first
        )
    return Loader
