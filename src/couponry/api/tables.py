"""Tables for people, as CSV that a spreadsheet can open."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from litestar import Response

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What cells begin with that a spreadsheet would run."""


def csv_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Return *rows* as CSV (RFC 4180); an apostrophe keeps text from being run as a formula."""
    written = io.StringIO()
    csv.writer(written).writerows([[_cell(value) for value in row] for row in rows])
    return written.getvalue().encode()


def csv_table(columns: Sequence[str], structs: Iterable[msgspec.Struct]) -> bytes:
    """Return a table with the named members of *structs*, and their names first."""
    rows = ([getattr(one, name) for name in columns] for one in structs)
    return csv_lines([columns, *rows])


def csv_answer(table: bytes, name: str, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer a table as a file that is called *name*."""
    disposition = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(table, media_type="text/csv", headers=(headers or {}) | disposition)


def _cell(value: Any) -> object:  # noqa: ANN401
    if value is None or value is msgspec.UNSET:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULAS) else value
    return value
