"""The JSON Schemas of the Structs that read and write the wire, for the OpenAPI document."""

import ast
import inspect
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeAlias, get_args, get_type_hints

import msgspec

from couponry.api.documents import PromotionData

Schema: TypeAlias = dict[str, Any]

REFERENCE = "#/components/schemas/"


def reference(struct: type[msgspec.Struct]) -> Schema:
    """Return the schema that refers to the component of *struct*."""
    return {"$ref": REFERENCE + struct.__name__}


def components(structs: Iterable[type[msgspec.Struct]]) -> dict[str, Schema]:
    """Return the schemas of *structs* and of every Struct within them, by name, each member described."""
    within = _structs_within(structs)
    _, shapes = msgspec.json.schema_components(within, ref_template=REFERENCE + "{name}")
    for struct in within:
        _describe_members(shapes[struct.__name__], struct)
        if issubclass(struct, PromotionData):
            _open_to_custom_fields(shapes[struct.__name__])
    return shapes


def changes(shape: Schema) -> Schema:
    """Return *shape* as it is when every member may be left out to stay as it is."""
    members = {
        name: {key: value for key, value in member.items() if key != "default"}
        for name, member in shape["properties"].items()
    }
    return {**{key: value for key, value in shape.items() if key != "required"}, "properties": members}


def _structs_within(structs: Iterable[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """Return *structs* and every Struct that their members can hold, each once."""
    found: dict[type[msgspec.Struct], None] = {}
    pending: list[Any] = [*structs]
    while pending:
        part = pending.pop(0)
        if not (isinstance(part, type) and issubclass(part, msgspec.Struct)):
            pending.extend(get_args(part))
        elif part not in found:
            found[part] = None
            pending.extend(get_type_hints(part).values())
    return list(found)


def _describe_members(shape: Schema, struct: type[msgspec.Struct]) -> None:
    """Add to the members of *shape* what the source of *struct* says below each of them."""
    for class_ in reversed(struct.__mro__):
        for name, sentence in _said_of_members(class_).items():
            if name in shape.get("properties", {}):
                shape["properties"][name] = {**shape["properties"][name], "description": sentence}


@cache
def _said_of_members(class_: type) -> dict[str, str]:
    """Return the docstrings that follow the members of a class of ours, by member."""
    if not class_.__module__.startswith("couponry."):
        return {}
    definition = _classes_in(class_.__module__)[class_.__qualname__]
    said: dict[str, str] = {}
    for member, after in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            match after:
                case ast.Expr(ast.Constant(str(sentence))):
                    said[member.target.id] = inspect.cleandoc(sentence)
                case _:
                    pass
    return said


@cache
def _classes_in(module: str) -> dict[str, ast.ClassDef]:
    """Return the classes of a module as its source has them: `inspect` would read all of it for each."""
    source = ast.parse(inspect.getsource(sys.modules[module]))
    return {part.name: part for part in source.body if isinstance(part, ast.ClassDef)}


def _open_to_custom_fields(shape: Schema) -> None:
    """Say on *shape* that custom fields stand beside its members, not within one."""
    custom_fields = shape["properties"].pop("custom_fields")
    shape["additionalProperties"] = {"description": custom_fields["description"]}
