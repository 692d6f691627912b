"""Noting in the audit log what somebody did, in the transaction in which it is done; and reading the log."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET

from couponry.domain.audit import Action, Change, Entry, Object, Via
from couponry.domain.codes import auto_code
from couponry.domain.listing import Filter, Listed, Page
from couponry.domain.redemption import Used
from couponry.services.context import Context, fresh_id, utc_now
from couponry.storage import audit, audit_lists
from couponry.storage.database import Database

NAMED = 10
"""So many codes are named; of more, it is noted how many they were."""

PRUNED_AT_ONCE = 10_000
"""How many entries of a store go in one step."""


def promotion(id_: UUID, name: str | None = None) -> Object:
    """Return a promotion as what something was done to; without a *name*, as it is called now."""
    return Object("promotion", str(id_), UNSET if name is None else name)


def entry(
    context: Context,
    action: Action,
    done_to: Object,
    changes: dict[str, Change] | None = None,
    **details: Any,  # noqa: ANN401
) -> Entry:
    """Return what is to be noted, for a statement that writes it along with something else."""
    return Entry(
        store_id=context.store_id,
        id=fresh_id(),
        at=context.now,
        via=context.via,
        client_id=None if context.via is Via.COMMAND_LINE else context.actor,
        action=action,
        object_type=done_to.type,
        object_id=done_to.id or None,
        object_name=done_to.name or None,
        details=details,
        changes=changes or {},
        request_id=context.request_id,
    )


async def note(
    context: Context,
    action: Action,
    done_to: Object,
    changes: dict[str, Change] | None = None,
    **details: Any,  # noqa: ANN401
) -> None:
    """Note that *action* was *done_to* something: what changed, and *details*; never secrets, nor who shoppers are."""
    await audit.add(context.connection, entry(context, action, done_to, changes, **details))


def told(codes: Sequence[str]) -> dict[str, Any]:
    """Return the details of so many codes."""
    return {"count": len(codes)} | ({"codes": list(codes)} if len(codes) <= NAMED else {})


def entered(uses: Iterable[Used]) -> dict[str, Any]:
    """Return the details of the codes that a redemption uses; automatic promotions have none that anybody entered."""
    named = [one.code for one in uses if one.code != auto_code(one.promotion_id)]
    return told(named) if named else {}


async def list_entries(context: Context, wanted: Filter, page: Page) -> Listed[Entry]:
    """Return one page of the store's audit log: entries that pass *wanted*, newest first."""
    found = await audit_lists.page_of(context.connection, context.store_id, wanted, page)
    total, exact = await audit_lists.total(context.connection, context.store_id, wanted)
    return Listed(found, total, exact)


async def prune(database: Database, days: int) -> int:
    """Remove what is older than so many *days*, of all stores, step by step; return how much that was."""
    before, pruned = utc_now() - timedelta(days=days), 0
    async with database.connection() as connection:
        while removed := await audit.prune(connection, before, PRUNED_AT_ONCE):
            pruned += removed
    return pruned
