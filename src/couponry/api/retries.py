"""Retries on the wire: the key that stands in the head of a request, and the head of an answer given before."""

from typing import Any

from litestar import Request

from couponry.domain.errors import BadRequest
from couponry.services.access import Token

MAX_KEY = 255
"""How long an idempotency key may be."""

REPLAYED = "Idempotent-Replayed"
"""The header that says that a request was answered before."""

_SHOPPERS = "shopper\n"
"""Begins the keys of shoppers. No head has a line feed: whatever shoppers send, it takes no key of a merchant's."""


def key_sent(request: Request[Any, Token, Any]) -> str | None:
    """Return the idempotency key of a request as it is kept, None if it has none.

    Merchants and shoppers have keys of their own.

    Raises:
        BadRequest: it is empty or too long.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key.strip()) <= MAX_KEY:
        raise BadRequest(f"An Idempotency-Key has 1 to {MAX_KEY} characters.")
    return key.strip() if request.auth.grant == "client_credentials" else _SHOPPERS + key.strip()
