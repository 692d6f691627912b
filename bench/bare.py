"""PostgreSQL doing the same work bare."""

import secrets
import subprocess
import tempfile
import time
from uuid import UUID

import psycopg
from psycopg import sql

from couponry.account import BINARIES
from couponry.domain.codes import CodeLimits, CodePattern
from couponry.domain.ids import series
from couponry.services.context import fresh_id, utc_now
from couponry.storage.code_csv import EXPORT
from couponry.storage.code_rows import COPY_CODES, Origin, generated_rows

BATCH = 50_000


def rows_ready(store_id: str, count: int) -> list[bytearray]:
    """Return the rows of *count* codes of a new promotion, drawn and sorted as a whole, in batches to be copied.

    Store and ids are like those that Couponry itself would use, so that both sides fill the same ends of the
    same indexes.
    """
    pattern, limits = CodePattern("", 8), CodeLimits(max_uses=1, consume_unit="per_checkout")
    bodies = pattern.draw(pattern.slice(0, count, count), count, set(), secrets.token_bytes)
    origin = Origin(UUID(store_id), fresh_id(), secrets.token_hex(16), utc_now())
    first = series(fresh_id())
    return [
        generated_rows(origin, first + at, pattern, limits, bodies[at : at + BATCH]) for at in range(0, count, BATCH)
    ]


def copy_seconds(database_url: str, batches: list[bytearray]) -> float:
    """Return how long bare COPY takes for *batches*, each committed, into the table of codes as it is."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        begun = time.perf_counter()
        for batch in batches:
            with connection.transaction(), connection.cursor().copy(COPY_CODES) as copy:
                copy.write(batch)
        return time.perf_counter() - begun


def export_seconds(database_url: str, store_id: str, promotion: str) -> float:
    """Return how long `psql \\copy` takes to write the same SELECT into a file."""
    with psycopg.connect(database_url) as connection, tempfile.NamedTemporaryFile(suffix=".csv") as file:
        values = [UUID(store_id), UUID(promotion), UUID(int=0), UUID(int=(1 << 128) - 1)]
        select = psycopg.ClientCursor(connection).mogrify(sql.SQL(EXPORT), values)
        command = " ".join(select.replace("TO STDOUT", f"TO '{file.name}'").split()).replace("COPY", r"\copy", 1)
        begun = time.perf_counter()
        subprocess.run([BINARIES / "psql", database_url, "-qX", "-c", command], check=True)
        return time.perf_counter() - begun
