"""The pool lends only connections that work, and every process knows its schema."""

import psycopg
import pytest

from couponry.storage import stores
from couponry.storage.database import Connection, Database, end_with_commit
from couponry.storage.revisions import newest_revision


async def test_a_connection_that_postgresql_closed_is_not_lent(database_url: str):
    database = Database(database_url, connections=1)
    await database.open()
    try:
        async with database.connection() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        async with database.transaction() as connection:
            cursor = await connection.execute("SELECT 1")
            assert await cursor.fetchone() == (1,)
            assert connection.info.backend_pid != pid
    finally:
        await database.close()


async def insert(database: Database, first: int, last: int, fault: Exception | None = None) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO numbers VALUES (%s)", [first])
        await end_with_commit(connection)
        await connection.execute("INSERT INTO numbers VALUES (%s)", [last])
        if fault is not None:
            raise fault


async def test_what_is_sent_with_the_commit_counts_when_the_transaction_has_ended(database_url: str):
    database = Database(database_url, connections=1)
    await database.open()
    try:
        async with database.connection() as connection:
            await connection.execute("CREATE TEMPORARY TABLE numbers (number integer CHECK (number > 0))")
        await insert(database, 1, 2)
        with pytest.raises(psycopg.errors.CheckViolation):
            await insert(database, 3, 0)
        with pytest.raises(KeyError):
            await insert(database, 4, 5, KeyError())
        async with database.transaction() as connection:
            cursor = await connection.execute("SELECT array_agg(number ORDER BY number) FROM numbers")
            assert await cursor.fetchone() == ([1, 2],)
    finally:
        await database.close()


async def test_a_database_that_was_migrated_has_the_newest_revision(connection: Connection):
    assert await stores.revision(connection) == newest_revision()
