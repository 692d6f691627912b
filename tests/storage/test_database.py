"""The pool lends only connections that work."""

import psycopg

from couponry.storage.database import Database


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
