"""The table of the audit log: written once, and pruned when it is old."""

from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg.types.json import Json

from couponry.domain.audit import Entry
from couponry.storage.database import Connection

ADD: LiteralString = """
    INSERT INTO audit_log (
        store_id, id, at, via, client_id, action, object_type, object_id, object_name, details, changes, request_id
    ) VALUES (
        %(store_id)s, %(id)s, %(at)s, %(via)s, %(client_id)s, %(action)s, %(object_type)s::text,
        %(object_id)s::text,
        coalesce(%(object_name)s::text, (
            SELECT name FROM promotions WHERE store_id = %(store_id)s
                AND id = CASE %(object_type)s::text WHEN 'promotion' THEN %(object_id)s::text::uuid END
        )),
        %(details)s, %(changes)s, %(request_id)s
    )
"""
"""Adds an entry, by `parameters`; a promotion that it does not name is named as it is called now."""


def parameters(entry: Entry) -> dict[str, Any]:
    """Return what `ADD` takes."""
    members = msgspec.structs.asdict(entry)
    return members | {"details": Json(entry.details), "changes": Json(entry.changes)}


async def add(connection: Connection, entry: Entry) -> None:
    """Add *entry*."""
    await connection.execute(ADD, parameters(entry))


async def prune(connection: Connection, before: datetime, limit: int) -> int:
    """Remove up to *limit* entries of each store that are from before a moment; return how many."""
    cursor = await connection.execute(
        """
        DELETE FROM audit_log WHERE ctid = ANY(ARRAY(
            SELECT old.place FROM stores, LATERAL (
                SELECT ctid AS place FROM audit_log WHERE store_id = stores.store_id AND at < %s ORDER BY at LIMIT %s
            ) AS old
        ))
        """,
        [before, limit],
    )
    return cursor.rowcount
