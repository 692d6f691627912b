"""Naming everything that is wrong with a document, once msgspec has refused it.

The JSON Schema that msgspec generates from a Struct is run over the document, and each of its errors is told
in the words of gojsonschema. Nothing about a document is stated here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, partial
from itertools import islice
from typing import Any, TypeAlias, cast
from uuid import UUID

import jsonschema.validators
import msgspec
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from couponry.domain import validity
from couponry.domain.errors import Fault
from couponry.domain.validity import Contradiction, Json, is_array, is_object

MAX_FAULTS = 1_000
"""No document is so wrong that naming more would help."""

MAX_STEPS = 20_000
"""How many values are looked into: a second's work. Of what is then left, only the first fault is named."""

REFERENCE = "#/$defs/"

Schema = Mapping[str, Any]
Judge: TypeAlias = Any
"""A validator of jsonschema, which has no types."""

FORMATS = {"date-time": datetime, "uuid": UUID}


def explain(refusal: msgspec.ValidationError, document: object, type_: type) -> tuple[Fault, ...]:
    """Name all that keeps *document* from being a *type_*, msgspec having refused it with *refusal*."""
    faults = tuple(islice(_schema_of(type_).faults(document), MAX_FAULTS))
    return faults or tuple(validity.placed(fault) for fault in _unschematic(refusal))


@cache
def _schema_of(type_: type) -> "_Explainer":
    return _Explainer(type_)


class _Explainer:
    """The generated schema of a type, with a verdict of msgspec for each Struct within it.

    msgspec judges and the schema explains: what msgspec takes is not looked into, and what it refuses on
    grounds that no schema has is told in its own words.
    """

    def __init__(self, type_: type) -> None:
        (schema,), self.shapes = msgspec.json.schema_components((type_,), ref_template=REFERENCE + "{name}")
        self.structs = {struct.__name__: struct for struct in _structs(msgspec.inspect.type_info(type_))}
        extended: Judge = cast("Any", jsonschema.validators).extend(
            Draft202012Validator,
            {
                "$ref": self._struct,
                "anyOf": self._union,
                "required": _required,
                "additionalProperties": self._additional,
                "propertyNames": self._names,
                "items": self._items,
            },
            type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
        )
        self.validator: Judge = extended(schema, format_checker=_format_checker())
        self.steps = 0

    def faults(self, document: object) -> Iterator[Fault]:
        """Name the faults in the order of the schema."""
        self.steps = 0
        return (_fault(error) for error in self.validator.iter_errors(document))

    def _struct(self, validator: Judge, reference: str, instance: object, _: Schema) -> Iterable[ValidationError]:
        name = reference.removeprefix(REFERENCE)
        try:
            msgspec.convert(instance, self.structs[name])
        except msgspec.ValidationError as refusal:
            shape = _without_right_members(self.structs[name], self.shapes[name], instance)
            errors: list[ValidationError] = list(islice(validator.descend(instance, shape), MAX_FAULTS))
            return errors or [_told(fault) for fault in _unschematic(refusal)]
        return ()

    def _items(
        self, validator: Judge, items: Schema | bool, instance: object, schema: Schema
    ) -> Iterator[ValidationError]:
        """Look into the items of an array; of one that is too long, and may have millions, only into the first."""
        if not is_array(instance):
            return
        first = len(schema.get("prefixItems", ()))
        last = len(instance) if len(instance) <= schema.get("maxItems", len(instance)) else MAX_FAULTS
        for index, item in enumerate(instance[first:last], first):
            if isinstance(items, bool):
                yield _told(validity.outside("maxItems", first))
                return
            if self._weary():
                return
            yield from validator.descend(item, items, path=index)

    def _additional(
        self, validator: Judge, allowed: Schema | bool, instance: object, schema: Schema
    ) -> Iterator[ValidationError]:
        """Refuse members that a Struct does not know; look into the values of a mapping."""
        if not is_object(instance):
            return
        for member in instance.keys() if allowed is not True else ():
            if member in schema.get("properties", {}):
                continue
            if allowed is False:
                yield _told(validity.unknown(member))
            elif self._weary():
                return
            else:
                yield from validator.descend(instance[member], allowed, path=member)

    def _names(self, validator: Judge, names: Schema, instance: object, _: Schema) -> Iterator[ValidationError]:
        for name in instance if is_object(instance) else ():
            if self._weary():
                return
            yield from validator.descend(name, names)

    def _weary(self) -> bool:
        """Count a step, and tell whether it is one too many."""
        self.steps += 1
        return self.steps > MAX_STEPS

    def _union(
        self, validator: Judge, branches: list[Schema], instance: object, schema: Schema
    ) -> Iterable[ValidationError]:
        fitting = [branch for branch in branches if validity.json_type(instance) in self._types(branch)]
        if not fitting:
            return [_told(validity.wrong_type(_expected(self._types(schema)), instance))]
        if (discriminator := schema.get("discriminator")) and is_object(instance):
            return self._tagged(validator, discriminator, instance)
        tags = self._array_tags(fitting)
        if tags and is_array(instance) and instance:
            if not (isinstance(instance[0], str) and instance[0] in tags):
                return [_told(validity.not_one_of(tuple(tags), "0"))]
            return validator.descend(instance, tags[instance[0]])
        if any(validator.evolve(schema=branch).is_valid(instance) for branch in fitting):
            return ()
        return validator.descend(instance, fitting[0])

    def _tagged(
        self, validator: Judge, discriminator: Schema, instance: Mapping[str, Json]
    ) -> Iterable[ValidationError]:
        member, mapping = discriminator["propertyName"], discriminator["mapping"]
        if member not in instance:
            return [_told(validity.missing(member))]
        tag = instance[member]
        if not isinstance(tag, str):
            return [_told(validity.wrong_type("string", tag, member))]
        if tag not in mapping:
            return [_told(validity.not_one_of(tuple(mapping), member))]
        return validator.descend(instance, {"$ref": mapping[tag]})

    def _array_tags(self, branches: list[Schema]) -> dict[str, Schema]:
        """Return the branches that are arrays known by their first item, by that item."""
        tags: dict[str, Schema] = {}
        for branch in branches:
            for first in self._resolved(branch).get("prefixItems", ())[:1]:
                tags |= dict.fromkeys(first.get("enum", ()), branch)
        return tags

    def _resolved(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        return self.shapes[reference.removeprefix(REFERENCE)] if reference else schema

    def _types(self, schema: Schema) -> dict[str, None]:
        """Return the JSON types that *schema* may take, in its order."""
        schema = self._resolved(schema)
        if branches := schema.get("anyOf"):
            return {name: None for branch in branches for name in self._types(branch)}
        if "enum" in schema:
            return {validity.json_type(value): None for value in schema["enum"]}
        if "type" not in schema:
            return dict.fromkeys(name for _, name in validity.JSON_TYPES)
        return dict.fromkeys(("number", "integer") if schema["type"] == "number" else (schema["type"],))


def _fault(error: ValidationError) -> Fault:
    at = validity.joined(*error.absolute_path)
    keyword, bound = str(error.validator), error.validator_value
    match keyword, bound:
        case _, Fault():
            fault = bound
        case "type", str():
            fault = validity.wrong_type(bound, error.instance)
        case "enum", _:
            fault = validity.not_one_of(cast("list[object]", bound))
        case "const", _:
            allowed = msgspec.json.encode(bound).decode()
            fault = Fault("const", f"{validity.FIELD} does not match: {allowed}")
        case _ if keyword in validity.BOUNDS:
            fault = validity.outside(keyword, bound, value=error.instance)
        case _:
            fault = Fault(keyword, error.message)
    return validity.placed(fault, at)


def _unschematic(refusal: msgspec.ValidationError) -> tuple[Fault, ...]:
    """Name what msgspec refused on grounds that no schema has."""
    if isinstance(refusal.__cause__, Contradiction):
        return refusal.__cause__.faults
    sentence, _, path = str(refusal).removesuffix("`").partition(" - at `")
    source = re.sub(r"\[(\d+)\]", r".\1", path.removeprefix("$")).strip(".")
    return (Fault("invalid", sentence, source),)


def _told(fault: Fault) -> ValidationError:
    return ValidationError(fault.detail, validator="told", validator_value=fault)


def _without_right_members(struct: type[msgspec.Struct], shape: Schema, instance: object) -> Schema:
    """Return the *shape* of a Struct with nothing to say of those members of *instance* that are right."""
    if not is_object(instance) or "properties" not in shape:
        return shape
    right: dict[str, Schema] = {
        field.encode_name: {} for field in msgspec.structs.fields(struct) if _is_right(instance, field)
    }
    return {**shape, "properties": {**shape["properties"], **right}}


def _is_right(instance: Mapping[str, Json], field: msgspec.structs.FieldInfo) -> bool:
    try:
        msgspec.convert(instance.get(field.encode_name), field.type)
    except msgspec.ValidationError:
        return False
    return True


def _required(_: object, members: list[str], instance: object, __: Schema) -> Iterator[ValidationError]:
    if is_object(instance):
        for member in members:
            if member not in instance:
                yield _told(validity.missing(member))


def _expected(types: Iterable[str]) -> str:
    names = [name for name in types if name != "null"]
    if "number" in names and "integer" in names:
        names.remove("integer")
    return names[0] if len(names) == 1 else f"[{','.join(names)}]"


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _format_checker() -> FormatChecker:
    """Judge formats as msgspec does."""
    checker = FormatChecker(formats=())
    for name, type_ in FORMATS.items():
        checker.checkers[name] = (partial(_is_format, type_), msgspec.ValidationError)
    return checker


def _is_format(type_: type, text: object) -> bool:
    if isinstance(text, str):
        msgspec.convert(text, type_)
    return True


def _structs(info: msgspec.inspect.Type) -> set[type[msgspec.Struct]]:
    """Return every Struct that a value of the type may contain."""
    found: set[type[msgspec.Struct]] = set()
    pending: list[object] = [info]
    seen: set[int] = set()
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            pending.extend(cast("tuple[object, ...]", part))
        elif isinstance(part, msgspec.inspect.Type | msgspec.inspect.Field) and id(part) not in seen:
            seen.add(id(part))
            pending.extend(getattr(part, name) for name in part.__struct_fields__)
            if isinstance(part, msgspec.inspect.StructType):
                found.add(part.cls)
    return found
