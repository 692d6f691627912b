"""Bringing the schema up to date: our tables by Alembic, the job queue's by its own files."""

from pathlib import Path
from typing import LiteralString, cast

import psycopg
from alembic import command
from alembic.config import Config
from procrastinate.schema import SchemaManager
from sqlalchemy import create_engine

from couponry.storage.database import ensure_usable

MIGRATION_LOCK = 0x636F75706F6E7279  # "couponry"
"""The advisory lock that lets one process at a time change the schema."""


def migrate(url: str) -> None:
    """Bring the database at *url* to this version's schema; waits while another process does.

    Raises:
        DatabaseUnusable: the database cannot be reached or is too old.
    """
    ensure_usable(url)
    with psycopg.connect(url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        _migrate_queue(guard)
        _migrate_tables(url)


def _migrate_tables(url: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def _migrate_queue(connection: psycopg.Connection) -> None:
    """Apply the queue's whole schema to a new database, and to an older one what came since."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    with connection.transaction():
        connection.execute("CREATE TABLE IF NOT EXISTS queue_migrations (name text PRIMARY KEY)")
        applied = {name for (name,) in connection.execute("SELECT name FROM queue_migrations")}
        if not applied:
            connection.execute(SchemaManager.get_schema())
        for file in files:
            if applied and file.name not in applied:
                connection.execute(cast("LiteralString", file.read_text(encoding="utf-8")))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO queue_migrations VALUES (%s) ON CONFLICT DO NOTHING", [(f.name,) for f in files]
            )
