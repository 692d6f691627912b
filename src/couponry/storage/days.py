"""What is kept by day, store and promotion: which rows are asked for."""

from typing import Any
from uuid import UUID

from psycopg import sql

from couponry.domain.figures import Days


def within(store_id: UUID, days: Days, promotion_id: UUID | None) -> tuple[sql.SQL, dict[str, Any]]:
    """Return the condition on rows of *days*, of one promotion or of all, and its parameters; `store` is the store."""
    condition = "store_id = %(store)s AND day BETWEEN %(first)s AND %(last)s"
    narrowed = sql.SQL(condition if promotion_id is None else condition + " AND promotion_id = %(promotion)s")
    return narrowed, {"store": store_id, "first": days.first, "last": days.last, "promotion": promotion_id}
