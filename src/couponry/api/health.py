"""Whether the process is alive, and whether it can work."""

from typing import Any

import psycopg
from litestar import Request, Response, get

from couponry.api.state import api_of
from couponry.api.wire import json_answer
from couponry.storage import stores
from couponry.storage.database import DatabaseUnusable
from couponry.storage.revisions import newest_revision

REVISION = newest_revision()


@get("/healthz", operation_id="getHealth")
async def healthz() -> Response[bytes]:
    """Tell that the process answers."""
    return json_answer({"status": "ok"})


@get("/readyz", operation_id="getReadiness")
async def readyz(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell whether the database answers and has this version's schema; 503 otherwise."""
    try:
        async with api_of(request).database.connection() as connection:
            revision = await stores.revision(connection)
    except (psycopg.Error, DatabaseUnusable):
        return json_answer({"status": "unavailable", "database": "unreachable"}, 503)
    if revision != REVISION:
        return json_answer({"status": "unavailable", "database": f"schema {revision}, not {REVISION}"}, 503)
    return json_answer({"status": "ok", "schema": revision})
