"""Filters as SQL: each list says which attributes and operators it takes, and what they mean."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, LiteralString

import msgspec
from psycopg import sql

from couponry.domain.errors import UnparsableFilter
from couponry.domain.listing import All, Comparison, Filter, Operator


class Attribute(msgspec.Struct, frozen=True):
    """What can be asked of one attribute: each operator's SQL, with one `%s`, and how operands are read."""

    operators: Mapping[Operator, LiteralString]
    read: Callable[[str], Any] = str
    """Turns an operand into a parameter; a ValueError refuses the filter."""
    reads: Mapping[Operator, Callable[[str], Any]] = MappingProxyType({})
    """For operators whose operands are read in another way."""


Attributes = Mapping[str, Attribute]


def read_moment(operand: str) -> datetime:
    """Read a date, a timestamp, or milliseconds since 1970; without a zone it is UTC."""
    if operand.isdigit() and len(operand) > 8:
        return datetime.fromtimestamp(int(operand) / 1000, UTC)
    moment = datetime.fromisoformat(operand)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_pattern(operand: str) -> str:
    """Turn `*` at either end into SQL's wildcard and take everything else literally."""
    literal = operand.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    start, end = literal.startswith("*"), literal.endswith("*") and len(literal) > 1
    return ("%" if start else "") + literal[start : len(literal) - end] + ("%" if end else "")


def where(wanted: Filter, attributes: Attributes) -> tuple[sql.Composed, list[Any]]:
    """Return *wanted* as a condition and its parameters.

    Raises:
        UnparsableFilter: an attribute or operator that the list does not offer, or an unreadable operand.
    """
    if isinstance(wanted, Comparison):
        return _test(wanted, attributes)
    parts = [where(part, attributes) for part in wanted.parts]
    if not parts:
        return sql.Composed([sql.SQL("TRUE")]), []
    glue = sql.SQL(" AND ") if isinstance(wanted, All) else sql.SQL(" OR ")
    condition = sql.SQL("({})").format(glue.join(condition for condition, _ in parts))
    return condition, [parameter for _, parameters in parts for parameter in parameters]


def _test(test: Comparison, attributes: Attributes) -> tuple[sql.Composed, list[Any]]:
    attribute = attributes.get(test.attribute)
    if attribute is None:
        raise UnparsableFilter.of_attribute(test.attribute, attributes)
    template = attribute.operators.get(test.operator)
    if template is None:
        raise UnparsableFilter.of_operator(test.attribute, test.operator, attribute.operators)
    try:
        read = attribute.reads.get(test.operator, attribute.read)
        operands = [read(operand) for operand in test.operands]
    except (ValueError, OverflowError, OSError) as error:
        raise UnparsableFilter from error
    if test.operator != "in" and len(operands) != 1:
        raise UnparsableFilter
    return sql.Composed([sql.SQL(template)]), [operands if test.operator == "in" else operands[0]]
