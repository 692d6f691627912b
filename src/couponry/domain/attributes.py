"""Attributes in conditions: args that name an attribute, declare its type, and list values of that type."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, TypeAlias, get_args

from msgspec import Meta

from couponry.domain.errors import Fault
from couponry.domain.validity import joined, not_one_of, outside, wrong_type

MAX_NAME = 255
KEY_PATTERN = "^[A-Za-z0-9_-]{1,255}$"

Word = Annotated[str, Meta(min_length=1, max_length=1024)]
"""What something is called by: a SKU, an id, a tag."""
Words = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=400)]

_Bounded = Meta(ge=-(10**15), le=10**15)
Value: TypeAlias = Annotated[str, Meta(max_length=1024)] | bool | Annotated[int, _Bounded] | Annotated[float, _Bounded]

CART_TYPES = get_args(Literal["string", "boolean", "integer", "float"])
PRODUCT_TYPES = (*CART_TYPES, "date")

JSON_TYPES = {"float": "number", "date": "string"}
"""The JSON type of values of a declared type, where the two differ."""


def key_faults(key: Value, at: str) -> Iterator[Fault]:
    """Tell why *key* cannot name a custom attribute of a cart."""
    if not isinstance(key, str):
        yield wrong_type("string", key, at)
    elif not re.fullmatch(KEY_PATTERN.rstrip("$"), key):  # `$` would admit a final line feed
        yield outside("pattern", KEY_PATTERN, at)


def name_faults(name: Value, at: str) -> Iterator[Fault]:
    """Tell why *name* cannot name a product template or one of its fields."""
    if not isinstance(name, str):
        yield wrong_type("string", name, at)
    elif not name:
        yield outside("minLength", 1, at)
    elif len(name) > MAX_NAME:
        yield outside("maxLength", MAX_NAME, at)


def value_faults(args: Sequence[Value], at: int, types: Sequence[str]) -> Iterator[Fault]:
    """Tell why `args[at]` is none of the *types*, or which of the values after it are not of that type."""
    declared = args[at]
    if not isinstance(declared, str):
        yield wrong_type("string", declared, joined("args", at))
    elif declared not in types:
        yield not_one_of(types, joined("args", at))
    else:
        for index, value in enumerate(args[at + 1 :], at + 1):
            if not _is_of(declared, value):
                yield wrong_type(JSON_TYPES.get(declared, declared), value, joined("args", index))


def _is_of(declared: str, value: Value) -> bool:
    match value:
        case bool():  # before int, which it is to Python
            return declared == "boolean"
        case int():
            return declared in ("integer", "float")
        case float():
            return declared == "float"
        case str():
            return declared in ("string", "date")
