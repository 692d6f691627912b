"""The pool lends only connections that work, and every process knows its schema."""

import psycopg

from couponry.storage import stores
from couponry.storage.database import Connection, Database
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


async def test_a_database_that_was_migrated_has_the_newest_revision(connection: Connection):
    assert await stores.revision(connection) == newest_revision()
