"""The table of promotions."""

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.types.json import Json, Jsonb

from couponry.domain.audit import Entry
from couponry.domain.codes import code_key
from couponry.domain.listing import Filter, Page
from couponry.domain.promotions import Promotion
from couponry.storage import audit
from couponry.storage.database import Connection, rows_of
from couponry.storage.filters import Attribute, Attributes, read_moment, read_pattern, where

COLUMNS: LiteralString = """
    id, store_id, name, description, enabled, automatic, priority, stackable, override_stacking,
    "start", "end", rule_set, custom_fields, created_by, updated_by, created_at, updated_at
"""


def _read_boolean(operand: str) -> bool:
    if operand.lower() not in ("true", "false"):
        raise ValueError(operand)
    return operand.lower() == "true"


FILTERS: Attributes = {
    "code": Attribute(
        {
            "eq": "id IN (SELECT promotion_id FROM promotion_codes AS code"
            " WHERE code.store_id = promotions.store_id AND code_key = %s)"
        },
        read=code_key,
    ),
    "name": Attribute({"like": "name LIKE %s", "ilike": "name ILIKE %s"}, read=read_pattern),
    "enabled": Attribute({"eq": "enabled = %s"}, read=_read_boolean),
    "stackable": Attribute({"eq": "stackable = %s"}, read=_read_boolean),
    "override_stacking": Attribute({"eq": "override_stacking = %s"}, read=_read_boolean),
    "start": Attribute(
        {
            "eq": '"start" = %s',
            "gt": '"start" > %s',
            "ge": '"start" >= %s',
            "lt": '"start" < %s',
            "le": '"start" <= %s',
        },
        read=read_moment,
    ),
    "end": Attribute(
        {"eq": '"end" = %s', "gt": '"end" > %s', "ge": '"end" >= %s', "lt": '"end" < %s', "le": '"end" <= %s'},
        read=read_moment,
    ),
    "rule_set.rules.strategy": Attribute(
        {
            "eq": "rule_set #>> '{rules,strategy}' = %s",
            "in": "rule_set #>> '{rules,strategy}' = ANY(%s)",
        }
    ),
    "rule_set.rules.args": Attribute(
        {
            "contains": "EXISTS (SELECT FROM jsonb_path_query(rule_set, '$.rules.args[*]') AS arg"
            " WHERE arg #>> '{}' = %s)"
        }
    ),
    "account_tags": Attribute(
        {
            "contains": "EXISTS (SELECT FROM jsonb_path_query(rule_set,"
            " 'strict $.rules.** ? (@.strategy == \"account_tags\").args[*]') AS tag WHERE tag #>> '{}' = %s)"
        }
    ),
}


async def add(connection: Connection, promotion: Promotion) -> None:
    """Add *promotion*."""
    await connection.execute(
        """
        WITH added AS (
            INSERT INTO promotions (
                id, store_id, name, description, enabled, automatic, priority, stackable, override_stacking,
                "start", "end", rule_set, custom_fields, created_by, updated_by, created_at, updated_at
            ) VALUES (
                %(id)s, %(store_id)s, %(name)s, %(description)s, %(enabled)s, %(automatic)s, %(priority)s,
                %(stackable)s, %(override_stacking)s, %(start)s, %(end)s, %(rule_set)s, %(custom_fields)s,
                %(created_by)s, %(updated_by)s, %(created_at)s, %(updated_at)s
            ) RETURNING store_id, id
        )
        INSERT INTO code_counts (store_id, promotion_id) SELECT store_id, id FROM added
        """,
        _parameters(promotion),
    )


async def change(connection: Connection, promotion: Promotion) -> None:
    """Store *promotion* in place of what it was."""
    await connection.execute(
        """
        UPDATE promotions SET
            name = %(name)s, description = %(description)s, enabled = %(enabled)s, automatic = %(automatic)s,
            priority = %(priority)s, stackable = %(stackable)s, override_stacking = %(override_stacking)s,
            "start" = %(start)s, "end" = %(end)s, rule_set = %(rule_set)s, custom_fields = %(custom_fields)s,
            updated_by = %(updated_by)s, updated_at = %(updated_at)s
        WHERE store_id = %(store_id)s AND id = %(id)s
        """,
        _parameters(promotion),
    )


def _parameters(promotion: Promotion) -> dict[str, Any]:
    members = msgspec.structs.asdict(promotion)
    unset = {name: None for name, value in members.items() if value is msgspec.UNSET}
    # Custom fields are kept as they were written: jsonb would spell 1e308 with all its digits.
    return members | unset | {"rule_set": Jsonb(members["rule_set"]), "custom_fields": Json(members["custom_fields"])}


async def get(connection: Connection, store_id: UUID, id_: UUID, *, lock: bool = False) -> Promotion | None:
    """Return a promotion or None; with *lock*, nobody else changes it until the transaction ends."""
    query = sql.SQL("SELECT {columns} FROM promotions WHERE store_id = %s AND id = %s AND deleted_at IS NULL{lock}")
    async with connection.cursor(row_factory=rows_of(Promotion)) as cursor:
        locking = sql.SQL(" FOR NO KEY UPDATE" if lock else "")
        await cursor.execute(query.format(columns=sql.SQL(COLUMNS), lock=locking), [store_id, id_])
        return await cursor.fetchone()


class Standing(msgspec.Struct, frozen=True):
    """What decides whether a promotion takes codes."""

    automatic: bool
    alone: bool
    """No other promotion of the store has codes."""
    max_codes: int | None
    """How many codes it may have."""


_NOTE_AND_HOLD: LiteralString = (
    "WITH noted AS (" + audit.ADD + ") SELECT automatic, NOT EXISTS ("  # noqa: S608 # ours
    "SELECT FROM code_counts WHERE store_id = %(store_id)s AND promotion_id <> %(promotion_id)s AND codes > 0"
    "), (SELECT max_codes_per_promotion FROM stores WHERE store_id = %(store_id)s)"
    " FROM promotions WHERE store_id = %(store_id)s AND id = %(promotion_id)s AND deleted_at IS NULL FOR SHARE"
)


async def standing(connection: Connection, store_id: UUID, id_: UUID, noted: Entry) -> Standing | None:
    """Return how a promotion stands, held as `is_automatic` holds it, or None when there is none.

    What is *noted* in the audit log is undone with all the rest if the promotion takes no codes after all; here it
    costs no round trip of its own.
    """
    cursor = await connection.execute(
        _NOTE_AND_HOLD, audit.parameters(noted) | {"store_id": store_id, "promotion_id": id_}
    )
    row = await cursor.fetchone()
    return Standing(*row) if row else None


async def is_automatic(connection: Connection, store_id: UUID, id_: UUID) -> bool | None:
    """Tell whether a promotion is automatic, or None when there is none.

    Holds it as it is until the transaction ends: it is neither changed nor deleted meanwhile.
    """
    cursor = await connection.execute(
        "SELECT automatic FROM promotions WHERE store_id = %s AND id = %s AND deleted_at IS NULL FOR SHARE",
        [store_id, id_],
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def exists(connection: Connection, store_id: UUID, id_: UUID) -> bool:
    """Tell whether there is such a promotion."""
    cursor = await connection.execute(
        "SELECT FROM promotions WHERE store_id = %s AND id = %s AND deleted_at IS NULL", [store_id, id_]
    )
    return await cursor.fetchone() is not None


async def name_of(connection: Connection, store_id: UUID, id_: UUID) -> str | None:
    """Return what a promotion is called, or None when there is none."""
    cursor = await connection.execute(
        "SELECT name FROM promotions WHERE store_id = %s AND id = %s AND deleted_at IS NULL", [store_id, id_]
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def page_of(connection: Connection, store_id: UUID, wanted: Filter, page: Page) -> list[Promotion]:
    """Return one page of the store's promotions that pass *wanted*, newest first."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT {columns} FROM promotions WHERE store_id = %s AND deleted_at IS NULL AND {condition}"
        " ORDER BY id DESC LIMIT %s OFFSET %s"
    ).format(columns=sql.SQL(COLUMNS), condition=condition)
    async with connection.cursor(row_factory=rows_of(Promotion)) as cursor:
        await cursor.execute(query, [store_id, *parameters, page.limit, page.offset])
        return await cursor.fetchall()


async def total(connection: Connection, store_id: UUID, wanted: Filter) -> int:
    """Return how many promotions pass *wanted*."""
    condition, parameters = where(wanted, FILTERS)
    query = sql.SQL(
        "SELECT count(*) FROM promotions WHERE store_id = %s AND deleted_at IS NULL AND {condition}"
    ).format(condition=condition)
    cursor = await connection.execute(query, [store_id, *parameters])
    row = await cursor.fetchone()
    return row[0] if row else 0


async def count_automatic(connection: Connection, store_id: UUID, at: datetime, besides: UUID) -> int:
    """Return how many active and future automatic promotions there are at a moment, one not counted."""
    cursor = await connection.execute(
        'SELECT count(*) FROM promotions WHERE store_id = %s AND automatic AND enabled AND "end" > %s'
        " AND id <> %s AND deleted_at IS NULL",
        [store_id, at, besides],
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def priority_taken(connection: Connection, store_id: UUID, priority: int, at: datetime, besides: UUID) -> bool:
    """Tell whether another promotion that runs or is scheduled at a moment has *priority*."""
    cursor = await connection.execute(
        'SELECT FROM promotions WHERE store_id = %s AND priority = %s AND enabled AND "end" > %s'
        " AND id <> %s AND deleted_at IS NULL LIMIT 1",
        [store_id, priority, at, besides],
    )
    return await cursor.fetchone() is not None


async def mark_deleted(connection: Connection, store_id: UUID, id_: UUID, at: datetime) -> bool:
    """Let a promotion disappear and return whether there was one."""
    cursor = await connection.execute(
        "UPDATE promotions SET deleted_at = %s WHERE store_id = %s AND id = %s AND deleted_at IS NULL",
        [at, store_id, id_],
    )
    return cursor.rowcount == 1


async def remove_deleted(connection: Connection, store_id: UUID, id_: UUID) -> None:
    """Remove a deleted promotion, its jobs and its count of codes for good."""
    await connection.execute(
        "DELETE FROM promotions WHERE store_id = %s AND id = %s AND deleted_at IS NOT NULL", [store_id, id_]
    )


async def deleted(connection: Connection) -> list[tuple[UUID, UUID]]:
    """Return the store and the id of each promotion that waits for its removal."""
    cursor = await connection.execute("SELECT store_id, id FROM promotions WHERE deleted_at IS NOT NULL")
    return await cursor.fetchall()
