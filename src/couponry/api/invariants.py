"""Whether the counters of uses are what the ledger says."""

from typing import Any

from litestar import Request, Response, get

from couponry.api.answers import InvariantsAnswer
from couponry.api.auth import require_merchant
from couponry.api.state import api_of
from couponry.api.wire import json_answer
from couponry.services import invariants
from couponry.services.access import Token


@get("/v2/rule-promotions/invariants", operation_id="getInvariants", guards=[require_merchant])
async def get_invariants(request: Request[Any, Token, Any]) -> Response[bytes]:
    """Recompute every counter of uses from the ledger."""
    return json_answer(InvariantsAnswer(await invariants.verify(api_of(request).database, request.auth.store_id)))
