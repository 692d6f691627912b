"""Files of products, read line by line: CSV and NDJSON."""

import csv
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from couponry.api.aliases import Alias
from couponry.api.documents import ProductData, decode, read
from couponry.cli.errors import UserError
from couponry.domain.errors import InvalidDocument, MalformedDocument
from couponry.domain.product_lines import ProductLine, WrongLine
from couponry.domain.validity import Json, is_object

MAX_LINE = 2**20
"""No product takes more bytes; the rest of a longer line is passed over without being held in memory."""

COLUMNS = {"id", "sku", "name", "catalog_id", "category_ids", "attributes", "description"}
PRICE = "price_"
"""How the name of a column of prices begins; the currency follows."""

Lines = Generator[ProductLine | WrongLine]


def reader_for(path: Path) -> Callable[[], Lines]:
    """Return what reads the lines of the file at *path*, by how its name ends."""
    if path.suffix.lower() == ".csv":
        return lambda: _csv_lines(path)
    if path.suffix.lower() in (".ndjson", ".jsonl"):
        return lambda: _ndjson_lines(path)
    raise UserError(f"{path} is neither a .csv nor an .ndjson file.")


# NDJSON


def _as_sent(value: Json, _: str) -> Json:
    """Take what an answer shows, and what lacks a type, for a product as it is sent."""
    if not is_object(value):
        return value
    return {"type": "product"} | {name: given for name, given in value.items() if name != "meta"}


AS_SENT = (Alias("", _as_sent),)


def _ndjson_lines(path: Path) -> Lines:
    with path.open("rb") as file:
        for number, line in enumerate(_bounded_lines(file), 1):
            if len(line) > MAX_LINE:
                yield WrongLine(number, f"it is longer than {MAX_LINE} bytes")
            elif line.strip():
                yield _line(number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, "it is no JSON")


def _bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of *file*; of one that is too long, one byte more than it may have."""
    while line := file.readline(MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE + 1)
        yield line


def _line(number: int, document: bytes, malformed: str) -> ProductLine | WrongLine:
    try:
        return ProductLine(number, decode(document, ProductData, AS_SENT))
    except MalformedDocument:
        return WrongLine(number, malformed)
    except InvalidDocument as refusal:
        faults = [f"{fault.source}: {fault.detail}" if fault.source else fault.detail for fault in refusal.faults]
        return WrongLine(number, "; ".join(faults[:5]))


# CSV


def _csv_lines(path: Path) -> Lines:
    # What is no UTF-8 becomes a character that no JSON has, so that its line is refused and not the file.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, strict=True)
        header = _header(path, rows)
        before = rows.line_num
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield WrongLine(before + 1, str(error))
                before = rows.line_num
                continue
            if row is None:
                return
            if row:
                yield _csv_line(before + 1, header, row)
            before = rows.line_num


def _header(path: Path, rows: Iterator[list[str]]) -> list[str]:
    """Return the names of the columns, or end with a sentence that says what is wrong with them."""
    try:
        header = [name.strip() for name in next(rows, list[str]())]
    except csv.Error as error:
        raise UserError(f"The first line of {path} names no columns: {error}.") from error
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        separator = "semicolons" if ";" in header[0] else "tabs"
        raise UserError(f"{path} separates its cells with {separator}; save it with commas.")
    for name in header:
        if re.fullmatch(rf"{PRICE}[A-Z]{{3}}", name[: len(PRICE)].lower() + name[len(PRICE) :].upper()):
            meant = PRICE + name[len(PRICE) :].upper()
            if name != meant:
                raise UserError(f"{path} has a column {name!r}; write it {meant}.")
        if name not in COLUMNS and not re.fullmatch(rf"{PRICE}[A-Z]{{3}}", name):
            known = ", ".join(sorted(COLUMNS))
            raise UserError(f"{path} has a column {name!r}; products have {known}, and {PRICE}EUR for each currency.")
        if header.count(name) > 1:
            raise UserError(f"{path} has the column {name} twice.")
    if not {"id", "name"} <= {*header} or not any(name.startswith(PRICE) for name in header):
        raise UserError(f"{path} needs the columns id and name, and a column of prices such as {PRICE}EUR.")
    return header


def _csv_line(number: int, header: list[str], row: list[str]) -> ProductLine | WrongLine:
    if len(row) != len(header):
        return WrongLine(number, f"it has {len(row)} cells, and the first line {len(header)}")
    if wrong := _price_faults(header, row):
        return WrongLine(number, wrong)
    product: dict[str, Any] = {"type": "product", "prices": {}}
    for name, cell in zip(header, row, strict=True):
        if cell == "":
            continue
        if name.startswith(PRICE):
            product["prices"][name.removeprefix(PRICE)] = _number(cell)
        else:
            product[name] = _member(name, cell)
    try:
        document = msgspec.json.encode(product)
    except UnicodeEncodeError:
        return WrongLine(number, "it is no UTF-8")
    return _line(number, document, "it has a NUL")


def _price_faults(header: list[str], row: list[str]) -> str | None:
    """Return what is wrong with prices in a way that many files have; None for what the usual words tell."""
    prices = {name: cell.strip() for name, cell in zip(header, row, strict=True) if name.startswith(PRICE)}
    if not any(prices.values()):
        return f"it has no price; fill {' or '.join(prices)}"
    for name, cell in prices.items():
        if re.fullmatch(r"\d{1,15}[.,]\d{1,3}", cell, re.ASCII):
            return f"{name}: {cell} is no whole number; prices are in minor units, {_in_cents(cell)} for {cell}"
    return None


def _in_cents(cell: str) -> str:
    whole, _, part = cell.replace(",", ".").partition(".")
    return str(int(whole + part.ljust(2, "0")))


def _number(cell: str) -> int | str:
    """Return what *cell* counts; what is no whole number stays as it is, and is refused in the usual words."""
    return int(cell) if re.fullmatch(r"\s*-?\d{1,18}\s*", cell, re.ASCII) else cell


def _member(name: str, cell: str) -> Json:
    if name == "category_ids":
        return [category.strip() for category in cell.split("|")]
    if name == "attributes":
        try:
            return read(cell.encode())
        except (MalformedDocument, UnicodeEncodeError):
            return cell
    return cell
