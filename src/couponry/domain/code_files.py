"""Files of codes: CSV whose first line names the columns, each other line a code and what limits it.

A line of the file is a line of the report: no value of a code holds a line break, so quotes never reach beyond one.
"""

import csv
import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from couponry.domain.code_errors import InvalidCode, UnsupportedConsumeUnit
from couponry.domain.codes import (
    MAX_CODE_CHARACTERS,
    CodeLimits,
    MaxUsesPerShopper,
    code_keys,
    spelling_faults,
)
from couponry.domain.job_errors import UnusableFile

MAX_LINE = 64 * 1024
"""No line has more bytes: one that seems to is a file of something else, or lost its line breaks."""

LIMITS = ("uses", "max_uses", "user", "consume_unit", "max_uses_per_shopper", "includes_guests", "is_for_new_shopper")
"""The columns that limit a code, in the order in which `_limits` takes them."""

PASSED_OVER = ("created_by", "created_at", "id")
"""What exports tell beside; an imported code has its own."""

SEPARATORS = ";\t|"
"""What separates cells where it is no comma; no column has one in its name."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ZIP = b"PK\x03\x04"
"""What the files of spreadsheet programs begin with."""
_BOM = b"\xef\xbb\xbf"
_MOST_USES = 2**31 - 1


class Columns(msgspec.Struct, frozen=True):
    """What the first line of a file says about the others."""

    names: tuple[str, ...]
    delimiter: str


class Preview(msgspec.Struct, frozen=True):
    """How a file begins."""

    names: tuple[str, ...]
    rows: list[tuple[int, list[str] | str]]
    """The number of each line, and its cells or what is wrong with it."""


class Refused(msgspec.Struct, frozen=True, array_like=True):
    """A line that is not imported, and why. Its code is told as far as it can be shown."""

    line: int
    code: str
    reason: str


Taken = tuple[int, str, str, CodeLimits]
"""A line that can be imported: its number, its code, the code's key, its limits."""


def read_columns(line: bytes) -> Columns:
    """Return what the first *line* of a file names.

    Raises:
        UnusableFile: it is no such line; nothing of the file can be imported.
    """
    if line.startswith(_ZIP):
        raise UnusableFile("The file is a spreadsheet or an archive, no CSV: save it as CSV in UTF-8.")
    try:
        text = line.removeprefix(_BOM).decode().rstrip("\r\n")
        delimiter = next((one for one in SEPARATORS if one in text), ",")
        [cells] = csv.reader([text], delimiter=delimiter, strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise UnusableFile("The first line names no columns: it is no CSV in UTF-8.") from error
    names = tuple(cell.strip().lower() for cell in cells)
    for name in names:
        if name not in ("code", *LIMITS, *PASSED_OVER):
            known = ", ".join(("code", *LIMITS))
            raise UnusableFile(
                f"The first line names a column {name[:50]!r}; codes have {known}. Remove other columns, or add a first"
                " line that names the columns."
            )
        if names.count(name) > 1:
            raise UnusableFile(f"The first line names the column {name} twice.")
    if "code" not in names:
        raise UnusableFile("The first line names no column code.")
    return Columns(names, delimiter)


def read_lines(columns: Columns, text: bytes, first: int, reserved: str) -> tuple[list[Taken], list[Refused], int]:
    """Return what the lines of *text*, numbered from *first* on, say; what is refused; and how many lines they are.

    Empty lines say nothing. The code with the key *reserved* is refused. Codes are not compared with each other.
    """
    lines = text.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    refused: list[Refused] = []
    numbered = _rows(columns, lines, first, refused)
    code_of = itemgetter(columns.names.index("code"))
    spelled = [code_of(row).strip() for _, row in numbered]
    if wrong := _misspelt(spelled):
        refused += [Refused(numbered[at][0], shown(spelled[at]), reason) for at, reason in wrong.items()]
        numbered = [one for at, one in enumerate(numbered) if at not in wrong]
        spelled = [code for at, code in enumerate(spelled) if at not in wrong]
    keys = code_keys(spelled)
    judged = _Judge(columns)
    taken: list[Taken] = []
    for (line, row), code, key in zip(numbered, spelled, keys, strict=True):
        limits = "it stands for the promotion itself" if key == reserved else judged.limits(row, code)
        if isinstance(limits, CodeLimits):
            taken.append((line, code, key, limits))
        else:
            refused.append(Refused(line, shown(code), limits))
    return taken, refused, len(lines)


def preview(head: bytes, most: int, *, whole: bool) -> Preview:
    """Return the first *most* lines behind the first one of a file that begins with *head*, or is *whole* in it.

    Raises:
        UnusableFile: as `read_columns` says.
    """
    first, *lines = head.split(b"\n")
    columns = read_columns(first)
    complete = lines if whole else lines[:-1]
    rows = [
        (number, _alone(columns.delimiter, line.rstrip(b"\r")))
        for number, line in enumerate(complete[:most], 2)
        if line.strip()
    ]
    return Preview(columns.names, rows)


def shown(code: str) -> str:
    """Return *code* as a report can show it: no control characters, and no longer than a code can be."""
    return _CONTROL.sub("\ufffd", code[:MAX_CODE_CHARACTERS])


def _rows(columns: Columns, lines: list[bytes], first: int, refused: list[Refused]) -> list[tuple[int, list[str]]]:
    """Return the cells of each line that has as many as there are columns, and its number."""
    cells = _together(columns.delimiter, lines)
    if cells is None:
        cells = [_alone(columns.delimiter, line) for line in lines]
    wanted, numbered = len(columns.names), list[tuple[int, list[str]]]()
    for number, row in enumerate(cells, first):
        if isinstance(row, str):
            refused.append(Refused(number, "", row))
        elif len(row) == wanted and (wanted > 1 or row[0]):
            numbered.append((number, row))
        elif row and row != [""]:
            refused.append(Refused(number, "", f"it has {len(row)} cells, and the first line {wanted}"))
    return numbered


def _together(delimiter: str, lines: list[bytes]) -> list[list[str] | str] | None:
    """Return the cells of all lines, or None when they must be looked at one by one."""
    if max(map(len, lines)) > MAX_LINE:
        return None
    try:
        texts = b"\n".join(lines).decode().split("\n")
    except UnicodeDecodeError:
        return None
    if not any('"' in text for text in texts):
        return [text.split(delimiter) for text in texts]
    try:
        cells = list(csv.reader(texts, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return [*cells] if len(cells) == len(lines) else None


def _alone(delimiter: str, line: bytes) -> list[str] | str:
    """Return the cells of a line, or what is wrong with it."""
    if len(line) > MAX_LINE:
        return f"it is longer than {MAX_LINE} bytes"
    try:
        text = line.decode()
        if '"' not in text:
            return text.split(delimiter)
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except UnicodeDecodeError:
        return "it is no UTF-8"
    except csv.Error as error:
        return f"its quotes are wrong: {error}"


def _misspelt(codes: Sequence[str]) -> dict[int, str]:
    """Return what is wrong with each of *codes*, by its place."""
    if not any(spelling_faults(codes, "")):
        return {}
    return {at: _reason(code) for at, code in enumerate(codes) if any(spelling_faults([code], ""))}


def _reason(code: str) -> str:
    if not code:
        return "the code is empty"
    if len(code) > MAX_CODE_CHARACTERS:
        return f"the code is longer than {MAX_CODE_CHARACTERS} characters"
    return "the code has control characters"


class _Judge:
    """Reads what limits a code; cells that are alike, as those of most lines are, are read once."""

    def __init__(self, columns: Columns) -> None:
        self._at = [columns.names.index(name) if name in columns.names else None for name in LIMITS]
        present = [at for at in self._at if at is not None]
        self._said: Callable[[list[str]], Any] = itemgetter(*present) if present else lambda _: ()
        self._known: dict[Any, CodeLimits | str] = {}

    def limits(self, row: list[str], code: str) -> CodeLimits | str:
        """Return the limits that *row* says, or why they cannot be."""
        said = self._said(row)
        limits = self._known.get(said)
        if limits is None:
            limits = self._known[said] = self._read(row)
        if isinstance(limits, CodeLimits):
            return limits
        return limits.replace("{code}", code)

    def _read(self, row: list[str]) -> CodeLimits | str:
        cells = ["" if at is None else row[at] for at in self._at]
        try:
            limits = _limits(*cells)
            limits.refuse_contradictions("{code}")
        except (InvalidCode, UnsupportedConsumeUnit) as refusal:
            return refusal.detail
        except ValueError as error:
            return str(error)
        return limits


def _limits(
    uses: str, max_uses: str, user: str, consume_unit: str, per_shopper: str, guests: str, new_shopper: str
) -> CodeLimits:
    """Return the limits that these cells say; empty ones do not limit. Raises ValueError with a reason."""
    consume_unit = consume_unit.strip()
    if consume_unit not in ("", "per_checkout", "per_application"):
        raise ValueError("consume_unit is neither per_checkout nor per_application")
    if len(user) > MAX_CODE_CHARACTERS or _CONTROL.search(user):
        raise ValueError(f"user is longer than {MAX_CODE_CHARACTERS} characters, or has control characters")
    shopper_uses, with_guests = _number("max_uses_per_shopper", per_shopper), _flag("includes_guests", guests)
    if shopper_uses is UNSET and with_guests is not UNSET:
        raise ValueError("includes_guests needs max_uses_per_shopper beside it")
    total, left = _number("max_uses", max_uses), _number("uses", uses)
    return CodeLimits(
        max_uses=total if left is UNSET else left,
        user=user or UNSET,
        consume_unit=consume_unit or UNSET,  # pyright: ignore[reportArgumentType] # one of the two, as seen above
        max_uses_per_shopper=UNSET
        if shopper_uses is UNSET
        else MaxUsesPerShopper(max_uses=shopper_uses, includes_guests=with_guests),
        is_for_new_shopper=_flag("is_for_new_shopper", new_shopper),
    )


def _number(name: str, cell: str) -> int | UnsetType:
    cell = cell.strip()
    if cell == "":
        return UNSET
    if not re.fullmatch(r"\d{1,10}", cell, re.ASCII) or int(cell) > _MOST_USES:
        raise ValueError(f"{name} is no whole number from 0 to {_MOST_USES}")
    return int(cell)


def _flag(name: str, cell: str) -> bool | UnsetType:
    cell = cell.strip()
    if cell == "":
        return UNSET
    if cell.lower() not in ("true", "false"):
        raise ValueError(f"{name} is neither true nor false")
    return cell.lower() == "true"
