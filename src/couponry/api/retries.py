"""Retries on the wire: the key that stands in the head of a request, and the head of an answer given before."""

from typing import Any

from litestar import Request

from couponry.domain.errors import BadRequest

MAX_KEY = 255
"""How long an idempotency key may be."""

REPLAYED = "Idempotent-Replayed"
"""The header that says that a request was answered before."""


def key_sent(request: Request[Any, Any, Any]) -> str | None:
    """Return the idempotency key of a request, None if it has none.

    Raises:
        BadRequest: it is empty or too long.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key.strip()) <= MAX_KEY:
        raise BadRequest(f"An Idempotency-Key has 1 to {MAX_KEY} characters.")
    return key.strip()
