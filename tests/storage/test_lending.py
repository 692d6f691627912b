"""Connections that were just used are lent again first, and nobody waits for one that is only kept at hand."""

import asyncio
from collections.abc import AsyncGenerator

import psycopg
import pytest

from couponry.storage import lending
from couponry.storage.database import Database


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url, connections=6)
    await opened.open()
    yield opened
    await opened.close()


async def lent_at_once(database: Database, count: int) -> list[int]:
    """Lend *count* connections at the same time, and return the process of each in the order they were given back."""
    pids, all_lent = list[int](), asyncio.Barrier(count)

    async def one() -> None:
        async with database.connection() as connection:
            await all_lent.wait()
            pids.append(connection.info.backend_pid)

    await asyncio.gather(*(one() for _ in range(count)))
    return pids


async def test_the_connection_that_was_used_last_is_lent_again(database: Database):
    pids = await lent_at_once(database, 4)
    assert len(set(pids)) == 4
    for _ in range(3):
        assert await lent_at_once(database, 1) == [pids[-1]]
    assert set(await lent_at_once(database, 2)) == set(pids[-2:])


async def test_more_than_are_kept_at_hand_are_lent_too(database: Database):
    for _ in range(3):
        assert len(set(await lent_at_once(database, 6))) == 6


async def test_who_waits_gets_what_is_given_back(database_url: str):
    database = Database(database_url, connections=1)
    await database.open()
    try:
        async with asyncio.timeout(5):
            assert (
                len({pid for _ in range(4) for pid in await asyncio.gather(*(pid_of(database) for _ in range(5)))}) == 1
            )
    finally:
        await database.close()


async def pid_of(database: Database) -> int:
    async with database.connection() as connection:
        await connection.execute("SELECT pg_sleep(0.001)")
        return connection.info.backend_pid


async def test_all_of_those_at_hand_may_have_been_closed(database: Database, database_url: str):
    pids = await lent_at_once(database, 4)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::integer[]) AS pid", [pids])
    for _ in range(3):
        assert set(await lent_at_once(database, 6)).isdisjoint(pids)


async def test_a_connection_that_was_closed_while_lent_is_replaced(database: Database):
    for _ in range(8):
        async with database.connection() as connection:
            await connection.close()
    async with asyncio.timeout(5):
        assert len(set(await lent_at_once(database, 6))) == 6


async def test_a_connection_that_is_given_back_busy_is_not_lent_again(database: Database):
    [pid] = await lent_at_once(database, 1)
    with pytest.raises(psycopg.OperationalError, match="in progress"):
        await leave_busy(database)
    async with asyncio.timeout(5):
        for _ in range(3):
            assert pid not in await lent_at_once(database, 1)


async def leave_busy(database: Database) -> None:
    async with database.connection() as connection:
        connection.pgconn.send_query(b"SELECT pg_sleep(60)")


async def test_a_connection_is_given_back_to_the_pool_from_time_to_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    pids = await lent_at_once(database, 2)
    assert [await lent_at_once(database, 1) for _ in range(3)] == [[pids[1]]] * 3
    monkeypatch.setattr(lending, "KEPT_SECONDS", -1.0)
    assert {pid for _ in range(4) for pid in await lent_at_once(database, 1)} >= set(pids)
