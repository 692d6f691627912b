"""For those who are asked why a code did not work."""

from typing import Any

from litestar import Request, Response, get

from couponry.api.state import api_of
from couponry.console import limits
from couponry.console.pages import HOME, page
from couponry.console.sentences import sentence
from couponry.console.usages import shopper_named
from couponry.console.visits import session_in
from couponry.services import support
from couponry.services.context import utc_now
from couponry.services.support import Found

PATH = f"{HOME}/support"
MAX_CODE, MAX_SHOPPER = 255, 320


@get("/support")
async def look_up(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell of every promotion behind a code, how it stands there, and what is in a shopper's way."""
    code = _said(request, "code", MAX_CODE)
    shopper = _said(request, "shopper", MAX_SHOPPER)
    session, found = session_in(request), None
    assert session is not None
    if code:
        till = api_of(request).till
        found = await support.look_up(till, session.store_id, session.client_id, code, shopper_named(shopper))
    behind = [] if found is None else _told(found)
    return page(request, "support.html", path=PATH, code=code, shopper=shopper, found=found, behind=behind)


def _said(request: Request[Any, Any, Any], name: str, most: int) -> str:
    return request.query_params.get(name, "").replace("\0", "").strip()[:most]


def _told(found: Found) -> list[dict[str, Any]]:
    """Return each promotion behind a code with what the page says of it."""
    now = utc_now()
    return [
        {
            **one._asdict(),
            "status": one.promotion.status(now),
            "sentence": sentence(one.promotion.rule_set),
            "limits": limits.told(one.code),
        }
        for one in found.behind
    ]


handlers = [look_up]
