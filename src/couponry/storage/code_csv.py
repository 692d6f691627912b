"""The codes of a promotion as CSV, straight from PostgreSQL, in flat memory."""

import selectors
from collections.abc import Generator, Iterator
from itertools import islice
from typing import LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from couponry.storage.database import Connection

_CODES: LiteralString = """
    SELECT code, max_uses - used AS uses, max_uses, consume_unit, "user",
        shopper_max_uses AS max_uses_per_shopper, includes_guests::text, is_for_new_shopper::text, created_by,
        to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at, id
    FROM promotion_codes WHERE store_id = %s AND promotion_id = %s AND id BETWEEN %s AND %s ORDER BY id
"""

EXPORT: LiteralString = f"COPY ({_CODES}) TO STDOUT (FORMAT csv, HEADER)"
"""Every code of a promotion as CSV, in the order they were made; behaviour.md 3.6 names the columns."""

REFUSALS: LiteralString = """
COPY (
    SELECT line, code, reason FROM import_refusals
    WHERE store_id = %s AND promotion_id = %s AND job_id = %s ORDER BY line
) TO STDOUT (FORMAT csv, HEADER)
"""
"""Every line that an import has refused, in their order."""

_IN_KEY_ORDER = "-c TimeZone=UTC -c enable_sort=off -c enable_bitmapscan=off"
"""Read along the primary key: the first row comes at once, and PostgreSQL never sorts millions on disk."""

_LINES_A_PIECE = 10_000


class CsvRows(msgspec.Struct, frozen=True):
    """Some lines of a CSV file, and how many codes are among them."""

    text: bytes
    count: int


def csv_of(url: str, store_id: UUID, promotion_id: UUID, bounds: tuple[UUID, UUID] | None = None) -> Generator[CsvRows]:
    """Yield the codes of a promotion as CSV (RFC 4180), the header first; *bounds* are the first and last id.

    Blocks while it waits for the database at *url*.
    """
    first, last = bounds or (UUID(int=0), UUID(int=(1 << 128) - 1))
    return _csv_of(url, EXPORT, [store_id, promotion_id, first, last])


async def csv_from(
    connection: Connection, store_id: UUID, promotion_id: UUID, bounds: tuple[UUID, UUID], limit: int, *, header: bool
) -> tuple[bytes, UUID | None]:
    """Return the first *limit* codes within *bounds* as `csv_of` writes them, and the id that follows on the last one.

    None follows where there are no more.
    """
    query = f"COPY ({_CODES} LIMIT %s) TO STDOUT (FORMAT csv{', HEADER' if header else ''})"
    parameters = [store_id, promotion_id, *bounds, limit]
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute("SET LOCAL enable_sort = off")
        await cursor.execute("SET LOCAL enable_bitmapscan = off")
        async with cursor.copy(query, parameters) as copy:
            lines = [bytes(line) async for line in copy]
    text = b"".join(lines).replace(b"\n", b"\r\n")
    if len(lines) - header < limit:
        return text, None
    return text, UUID(int=UUID(lines[-1].decode().strip().rpartition(",")[2]).int + 1)


def refusals_of(url: str, store_id: UUID, promotion_id: UUID, job_id: UUID) -> Generator[CsvRows]:
    """Yield the lines that an import has refused as `csv_of` yields codes."""
    return _csv_of(url, REFUSALS, [store_id, promotion_id, job_id])


def _csv_of(url: str, query: LiteralString, parameters: list[UUID]) -> Generator[CsvRows]:
    with psycopg.connect(url, application_name="couponry export", options=_IN_KEY_ORDER) as connection:
        cursor = psycopg.ClientCursor(connection)
        lines = _copied(connection, cursor.mogrify(query, parameters))
        header = 1
        try:
            while piece := list(islice(lines, _LINES_A_PIECE)):
                # RFC 4180 ends lines with CR LF. No value has a line break, so each one is the end of a line.
                yield CsvRows(b"".join(piece).replace(b"\n", b"\r\n"), len(piece) - header)
                header = 0
        except BaseException:
            connection.pgconn.finish()  # hang up: nobody wants the rows that PostgreSQL is still sending
            raise


def _copied(connection: psycopg.Connection, query: str) -> Iterator[bytes | memoryview]:
    """Yield what COPY TO STDOUT sends, a row at a time.

    libpq is asked directly: psycopg's own iterator costs as much for each row as PostgreSQL does.
    """
    libpq = connection.pgconn
    with selectors.DefaultSelector() as arrival:
        arrival.register(libpq.socket, selectors.EVENT_READ)
        libpq.send_query(query.encode())
        _await_result(libpq, arrival, ExecStatus.COPY_OUT)
        while (taken := libpq.get_copy_data(1))[0] >= 0:
            if taken[0]:
                yield taken[1]
            else:
                arrival.select()
                libpq.consume_input()
        _await_result(libpq, arrival, ExecStatus.COMMAND_OK)
        while libpq.get_result() is not None:
            pass


def _await_result(libpq: psycopg.pq.abc.PGconn, arrival: selectors.BaseSelector, expected: ExecStatus) -> None:
    """Wait for the next result, without which nothing can be copied.

    Raises:
        psycopg.Error: PostgreSQL answered something else.
    """
    while libpq.is_busy():
        arrival.select()
        libpq.consume_input()
    result = libpq.get_result()
    if result is None or result.status != expected:
        raise error_from_result(result) if result else psycopg.OperationalError("the export was cut off")
