"""What is wrong with a document, in the words of gojsonschema, and Structs that refuse to contradict themselves."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard

import msgspec

from couponry.domain.errors import Fault

Json: TypeAlias = Any
"""A decoded document, or a part of one: nobody has looked at it yet."""

FIELD = "{field}"
"""Stands in a detail for the path from the document's root, which only the reader of the document knows."""


class Contradiction(ValueError):
    """A document of the right shape that cannot mean anything; its faults are told relative to it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(placed(fault).detail for fault in faults))


class Consistent(msgspec.Struct, frozen=True):
    """A Struct that exists only without contradictions, however it was made."""

    def __post_init__(self) -> None:
        if faults := tuple(self.contradictions()):
            raise Contradiction(*faults)

    def contradictions(self) -> Iterable[Fault]:
        """Tell what no schema can say of this value, sources relative to it; its members tell their own."""
        return ()


@dataclass(frozen=True, slots=True)
class Bound:
    """How gojsonschema speaks of one keyword that bounds a value."""

    title: str
    sentence: str
    tells_value: bool = False


BOUNDS = {
    "minItems": Bound("array_min_items", "Array must have at least {} items"),
    "maxItems": Bound("array_max_items", "Array must have at most {} items"),
    "minProperties": Bound("array_min_properties", "Must have at least {} properties"),
    "maxProperties": Bound("array_max_properties", "Must have at most {} properties"),
    "minLength": Bound("string_gte", "String length must be greater than or equal to {}"),
    "maxLength": Bound("string_lte", "String length must be less than or equal to {}"),
    "minimum": Bound("number_gte", "Must be greater than or equal to {}", tells_value=True),
    "exclusiveMinimum": Bound("number_gt", "Must be greater than {}", tells_value=True),
    "maximum": Bound("number_lte", "Must be less than or equal to {}", tells_value=True),
    "exclusiveMaximum": Bound("number_lt", "Must be less than {}", tells_value=True),
    "multipleOf": Bound("multiple_of", "Must be a multiple of {}", tells_value=True),
    "pattern": Bound("pattern", "Does not match pattern '{}'"),
    "format": Bound("format", "Does not match format '{}'"),
}


def nested_deeper(document: Json, levels: int) -> bool:
    """Tell whether arrays and objects nest in *document* more than so many levels deep."""
    level: list[Json] = [document]
    for _ in range(levels + 1):
        level = [item for value in level for item in items_of(value)]
        if not level:
            return False
    return True


def items_of(value: Json) -> list[Json]:
    """Return what an array or object holds; nothing for any other value."""
    if is_object(value):
        return list(value.values())
    return value if is_array(value) else []


def outside(keyword: str, bound: object, source: str = "", value: object = msgspec.UNSET) -> Fault:
    """Name a value on the wrong side of what a JSON Schema *keyword* allows."""
    words = BOUNDS[keyword]
    told = value if words.tells_value else msgspec.UNSET
    return Fault(words.title, words.sentence.format(bound), source, told)


def missing(member: str, source: str = "") -> Fault:
    """Name a *member* that the object at *source* must have."""
    return Fault("required", f"{member} is required", joined(source, member))


def unknown(member: str, source: str = "") -> Fault:
    """Name a *member* that the object at *source* may not have."""
    return Fault(
        "additional_property_not_allowed",
        f"Additional property {member} is not allowed",
        joined(source, member),
    )


def dependent(other: str, source: str = "") -> Fault:
    """Name an object with a member that makes sense only beside the *other*."""
    return Fault("missing_dependency", f"Has a dependency on {other}", source)


def not_one_of(choices: Sequence[object], source: str = "") -> Fault:
    """Name a value that is none of the *choices*."""
    listed = ", ".join(msgspec.json.encode(choice).decode() for choice in choices)
    return Fault("enum", f"{FIELD} must be one of the following: {listed}", source)


def wrong_type(expected: str, given: object, source: str = "") -> Fault:
    """Name a value whose JSON type is not the *expected* one."""
    return Fault("invalid_type", f"Invalid type. Expected: {expected}, given: {json_type(given)}", source)


def repeated(names: Sequence[str | None], member: str) -> Iterator[Fault]:
    """Name each item of an array that is called, by that *member*, as one before it is; None is no name."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name is None:
            continue
        if name in seen:
            yield Fault("unique", f"{name} names another one already", joined(index, member))
        seen.add(name)


JSON_TYPES: tuple[tuple[type, str], ...] = (
    (type(None), "null"),
    (bool, "boolean"),  # before int, which it is to Python
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (dict, "object"),
    (list, "array"),
)


def json_type(value: object) -> str:
    """Name the JSON type of a decoded *value*."""
    return next((name for type_, name in JSON_TYPES if isinstance(value, type_)))


def is_object(value: object) -> TypeGuard[dict[str, Json]]:
    """Tell whether a decoded *value* is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Json]]:
    """Tell whether a decoded *value* is a JSON array."""
    return isinstance(value, list)


def joined(*steps: str | int) -> str:
    """Join the steps of a path with dots, leaving out empty ones."""
    return ".".join(str(step) for step in steps if step != "")


def placed(fault: Fault, at: str = "") -> Fault:
    """Return *fault* with its source and detail told from the document's root, *at* being where it was found."""
    source = joined(at, fault.source)
    return Fault(fault.title, fault.detail.replace(FIELD, source), source, fault.value)


def within(faults: Iterable[Fault], at: str) -> Iterator[Fault]:
    """Move relative *faults* below *at*, keeping them relative."""
    for fault in faults:
        yield Fault(fault.title, fault.detail, joined(at, fault.source), fault.value)
