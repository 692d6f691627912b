"""`HEAD`: what `GET` would answer, without the body."""

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPDisconnectEvent, Message, Receive, Scope, Send


def heads_too(handlers: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return *handlers*, of which those of `GET` take `HEAD` as well; `without_body` must stand before them."""
    for handler in handlers:
        if "GET" in handler.http_methods:
            handler.http_methods.add("HEAD")
    return [*handlers]


def without_body(app: ASGIApp) -> ASGIApp:
    """Return *app* with bodies left out of answers to `HEAD`; what would be streamed is not even read."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)

        await app(scope, _gone, send_head)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return answer


async def _gone() -> HTTPDisconnectEvent:
    """Tell a stream that nobody listens."""
    return {"type": "http.disconnect"}
