"""What a client may ask of a list: which page, in which order, and which elements."""

from typing import Generic, Literal, TypeVar

import msgspec

Operator = Literal["eq", "like", "ilike", "in", "gt", "ge", "lt", "le", "contains", "is_null"]

Row = TypeVar("Row")

MAX_LIMIT = 100
MAX_OFFSET = 10_000


class Page(msgspec.Struct, frozen=True):
    """A window on a list: at most *limit* elements after the first *offset*."""

    limit: int
    offset: int = 0


class Comparison(msgspec.Struct, frozen=True):
    """One comparison of an attribute with one or more operands."""

    operator: Operator
    attribute: str
    operands: tuple[str, ...]


class All(msgspec.Struct, frozen=True):
    """Every part must hold."""

    parts: tuple["Filter", ...]


class Any(msgspec.Struct, frozen=True):
    """At least one part must hold."""

    parts: tuple["Filter", ...]


Filter = Comparison | All | Any
EVERYTHING = All(())
"""The filter that lets everything through."""


def asked(wanted: Filter, attribute: str) -> str | None:
    """Return what an *attribute* is equal to in whatever passes *wanted*, None where that may be several values."""
    if isinstance(wanted, Comparison):
        return wanted.operands[0] if (wanted.operator, wanted.attribute) == ("eq", attribute) else None
    parts = wanted.parts if isinstance(wanted, All) else ()
    return next((value for part in parts if (value := asked(part, attribute)) is not None), None)


class Listed(msgspec.Struct, Generic[Row], frozen=True):
    """One page of a list, and how many elements the whole list has."""

    rows: list[Row]
    total: int
    exact: bool = True
    """False when counting stopped early: there are at least `total`."""
