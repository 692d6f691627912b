"""Counting refused codes in memory: what is kept apart, and that nothing is lost but by a crash."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from couponry.domain.outcome import Refused
from couponry.services.context import fresh_id, utc_now
from couponry.services.refused_attempts import MOST, RefusedAttempts
from couponry.storage.database import Database


@pytest.fixture
def store() -> UUID:
    return fresh_id()


def refused(promotions: int) -> Iterator[tuple[str, Refused]]:
    for _ in range(promotions):
        yield "SUN", Refused(promotion_id=str(fresh_id()), code="SUN", reason="ended", detail="")


def written(database_url: str, store: UUID) -> list[tuple[int, int, int]]:
    """Return how many rows of promotions there are, their attempts, and those without a promotion."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT count(*) FILTER (WHERE promotion_id <> %(none)s), coalesce(sum(attempts), 0)::int,"
            " coalesce(sum(attempts) FILTER (WHERE promotion_id = %(none)s), 0)::int"
            " FROM refusal_days WHERE store_id = %(store)s",
            {"store": store, "none": UUID(int=0)},
        ).fetchall()


async def test_memory_is_bounded_and_every_attempt_counts(database: Database, database_url: str, store: UUID):
    attempts = RefusedAttempts(database)
    attempts.count(store, utc_now(), refused(MOST + 7))

    await attempts.finish()

    assert written(database_url, store) == [(MOST, MOST + 7, 7)]


async def test_what_cannot_be_written_down_is_kept(database_url: str, store: UUID):
    impatient = Database(make_conninfo(database_url, options="-c lock_timeout=100ms"))
    await impatient.open()
    attempts = RefusedAttempts(impatient)
    [one] = refused(1)
    attempts.count(store, utc_now(), [one])
    await attempts.flush()
    attempts.count(store, utc_now(), [one, one])
    with psycopg.connect(database_url) as slow:
        slow.execute("SELECT FROM refusal_days WHERE store_id = %s FOR UPDATE", [store])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await attempts.flush()

    await attempts.finish()
    await impatient.close()

    assert written(database_url, store) == [(1, 3, 0)]
