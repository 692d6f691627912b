"""PostgreSQL doing the same work bare."""

import secrets
import subprocess
import tempfile
import time
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from couponry.account import BINARIES
from couponry.domain.codes import CodeLimits, CodePattern
from couponry.services.context import fresh_id, utc_now
from couponry.storage.code_csv import EXPORT
from couponry.storage.code_rows import COPY_CODES, Origin, generated_rows

BATCH = 50_000


class Rows:
    """The rows of many codes, drawn and sorted as a whole, in batches ready to be copied."""

    def __init__(self, count: int) -> None:
        pattern, limits = CodePattern("", 8), CodeLimits(max_uses=1, consume_unit="per_checkout")
        bodies = pattern.draw(pattern.slice(0, count, count), count, set(), secrets.token_bytes)
        origin = Origin(uuid4(), uuid4(), secrets.token_hex(16), utc_now())
        first = fresh_id().int >> 40 << 40
        self.promotion = origin.promotion_id.bytes
        self.batches = [
            generated_rows(origin, first + at, pattern, limits, bodies[at : at + BATCH])
            for at in range(0, count, BATCH)
        ]

    def for_another_promotion(self) -> list[bytearray]:
        """Return the same rows for another promotion, so that they can be loaded again."""
        other = uuid4().bytes
        return [batch.replace(self.promotion, other) for batch in self.batches]


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
