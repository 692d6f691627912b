"""Files of codes, read line by line."""

import csv
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from couponry.api.documents import convert
from couponry.cli.errors import UserError
from couponry.domain.codes import NewCode, code_key, spelling_faults
from couponry.domain.errors import InvalidDocument, Refusal
from couponry.domain.product_lines import WrongLine

LIMITS = {"uses", "max_uses", "user", "consume_unit", "max_uses_per_shopper", "includes_guests", "is_for_new_shopper"}
PASSED_OVER = {"id", "created_by", "created_at"}
"""Columns of an export that only the server says."""
SEPARATORS = ";\t|"
"""What separates cells where it is no comma."""


class CodeLine(NamedTuple):
    """A code, and the line of the file that it stands on."""

    line: int
    key: str
    code: dict[str, Any]
    """As the API takes it."""


def code_lines(path: Path) -> Generator[CodeLine | WrongLine]:
    """Yield the codes of a CSV file, or what is wrong with a line; a code that came before is wrong.

    Raises:
        UserError: the first line does not name the columns.
    """
    seen: dict[str, int] = {}
    for one in _lines(path):
        if isinstance(one, CodeLine) and (first := seen.setdefault(one.key, one.line)) != one.line:
            yield WrongLine(one.line, f"line {first} has the code {one.code['code']} already")
        else:
            yield one


def _lines(path: Path) -> Generator[CodeLine | WrongLine]:
    # What is no UTF-8 becomes a character that no code has, so that its line is refused and not the file.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        first = file.readline()
        separator = next((one for one in SEPARATORS if one in first and "," not in first), ",")
        header = _header(path, next(csv.reader([first], delimiter=separator), list[str]()))
        rows = csv.reader(file, delimiter=separator, strict=True)
        before = 0
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield WrongLine(before + 2, str(error))
                before = rows.line_num
                continue
            if row is None:
                return
            if row:
                yield _line(before + 2, header, row)
            before = rows.line_num


def _header(path: Path, names: list[str]) -> list[str]:
    header = [name.strip().lower() for name in names]
    if "code" not in header:
        raise UserError(f"The first line of {path} must name the columns; one of them is code.")
    for name in header:
        if name not in LIMITS | PASSED_OVER | {"code"}:
            raise UserError(f"{path} has a column {name!r}; codes have code, {', '.join(sorted(LIMITS))}.")
        if header.count(name) > 1:
            raise UserError(f"{path} has the column {name} twice.")
    return header


def _line(number: int, header: list[str], row: list[str]) -> CodeLine | WrongLine:
    if len(row) != len(header):
        return WrongLine(number, f"it has {len(row)} cells, and the first line {len(header)}")
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True) if cell.strip()}
    said = _said(cells)
    try:
        new = convert(said, NewCode)
        new.limits.refuse_contradictions(new.code)
    except InvalidDocument as refusal:
        return WrongLine(number, "; ".join(f"{fault.source}: {fault.detail}" for fault in refusal.faults))
    except Refusal as refusal:
        return WrongLine(number, refusal.detail)
    if faults := list(spelling_faults([new.code], "")):
        return WrongLine(number, f"code: {faults[0].detail}")
    return CodeLine(number, code_key(new.code), said)


def _said(cells: dict[str, str]) -> dict[str, Any]:
    """Return what *cells* say of a code; `max_uses` of an export is what the API takes as `uses`."""
    said: dict[str, Any] = {name: cells[name] for name in ("code", "user", "consume_unit") if name in cells}
    uses = cells.get("max_uses", cells.get("uses"))
    if uses is not None:
        said["uses"] = _number(uses)
    if "is_for_new_shopper" in cells:
        said["is_for_new_shopper"] = _boolean(cells["is_for_new_shopper"])
    per_shopper: dict[str, Any] = {}
    if "max_uses_per_shopper" in cells:
        per_shopper["max_uses"] = _number(cells["max_uses_per_shopper"])
    if "includes_guests" in cells:
        per_shopper["includes_guests"] = _boolean(cells["includes_guests"])
    return said | ({"max_uses_per_shopper": per_shopper} if per_shopper else {})


def _number(cell: str) -> int | str:
    return int(cell) if cell.isascii() and cell.removeprefix("-").isdecimal() and len(cell) < 19 else cell


def _boolean(cell: str) -> bool | str:
    return {"true": True, "false": False, "t": True, "f": False}.get(cell.lower(), cell)


def batches(lines: Iterator[CodeLine | WrongLine], size: int) -> Iterator[list[CodeLine | WrongLine]]:
    """Yield the lines in batches of *size*."""
    from itertools import islice

    while batch := list(islice(lines, size)):
        yield batch
