"""What PostgreSQL reads for the statements that use cases really send."""

from typing import Any

from psycopg import AsyncCursor, sql

READABLE = 2_500
"""More rows than any statement for one page or one request has a reason to read."""


class ExplainingCursor(AsyncCursor[Any]):
    """Notes what each statement would read, then runs it."""

    plans: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012
    explaining = False

    async def execute(self, query: Any, params: Any = None, **options: Any) -> "ExplainingCursor":
        text = query.as_string(self.connection) if isinstance(query, sql.Composable) else query
        if ExplainingCursor.explaining and not text.startswith(("CREATE TEMPORARY TABLE", "SET LOCAL")):
            async with self.connection.transaction(force_rollback=True):
                plain = AsyncCursor(self.connection)
                await plain.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", params)
                [[plan]] = await plain.fetchall()
            self.plans.append((text, plan[0]["Plan"]))
        return await super().execute(query, params, **options)


def rows_read(plan: dict[str, Any]) -> float:
    """Return the most rows that any single node of *plan* reads, loops counted."""
    removed = sum(plan.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck", "Join Filter"))
    own = (plan.get("Actual Rows", 0) + removed) * plan.get("Actual Loops", 1)
    return max([own, *(rows_read(part) for part in plan.get("Plans", ()))])


def assert_few_rows_read() -> None:
    assert ExplainingCursor.plans
    for text, plan in ExplainingCursor.plans:
        assert rows_read(plan) <= READABLE, (text, plan)
