"""What PostgreSQL knows of how full the tables are, by which it chooses how to read them."""

from psycopg import sql

from couponry.storage.database import Connection

ROWS = 1_000
"""From how many rows on it matters how a table is read."""


async def refresh(connection: Connection) -> list[str]:
    """Let PostgreSQL look at the tables that have grown by half since it last did, and return which.

    Not inside a transaction, so that each table is locked only while it is looked at.

    Autovacuum comes once in a minute. Until then a table that was empty a moment ago is read by plans for an empty
    one, and plans that connections have kept are made anew only when it has been looked at.
    """
    cursor = await connection.execute(
        "SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema()"
        " AND n_mod_since_analyze >= greatest(%s, n_live_tup / 2) ORDER BY relname",
        [ROWS],
    )
    tables = [name for (name,) in await cursor.fetchall()]
    for table in tables:
        await connection.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(sql.Identifier(table)))
    return tables
