"""What goes wrong, as a page."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response

from couponry.api import errors
from couponry.api.errors import ErrorsDocument
from couponry.console.pages import go, json_page, page
from couponry.console.sign_in import NotSignedIn, sign_in_path

Answer = Callable[[Request[Any, Any, Any], Any], Response[Any]]

HEADLINES = {
    403: "That is not possible",
    404: "There is nothing here",
    405: "That is not possible",
    413: "That is too much at once",
    429: "A little slower, please",
    500: "Something went wrong",
    503: "Back in a moment",
}


PLAIN = {
    404: "The address is wrong, or what was here has been deleted.",
    405: "This page cannot be asked for in that way. Go back, and open it from the menu.",
}
"""What people are told in place of words for developers."""

KEPT = {"allow", "retry-after"}
"""The headers that browsers and robots read on a page as on any answer."""


def lead_to_sign_in(request: Request[Any, Any, Any], _: NotSignedIn) -> Response[bytes]:
    """Lead who is not signed in to where that can be done; modules are told."""
    if wants_json(request):
        return json_page({"errors": ["You are not signed in any more."]}, 401)
    return go(sign_in_path(request))


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """Tell whether a module of ours asks, not a person."""
    return request.headers.get("accept", "").startswith(("application/json", "text/event-stream"))


def _as_page(answer: Answer) -> Answer:
    """Return how what *answer* tells the API's clients is shown to people."""

    def show(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        told = answer(request, error)
        said = msgspec.json.decode(told.content, type=ErrorsDocument).errors
        status = told.status_code or 500
        if wants_json(request):
            shown = json_page({"errors": [one.detail or one.title for one in said]}, status)
        else:
            # A page that was asked for while the server was down loads itself again.
            again = status == 503 and request.method in ("GET", "HEAD")
            headline = HEADLINES.get(status, "That is not possible")
            shown = page(
                request, "failure.html", status, headline=headline, errors=said, plain=PLAIN.get(status), again=again
            )
        shown.headers.update({name: value for name, value in told.headers.items() if name.lower() in KEPT})
        return shown

    return show


HANDLERS: dict[int | type[Exception], Any] = {
    **{kind: _as_page(answer) for kind, answer in errors.HANDLERS.items()},
    NotSignedIn: lead_to_sign_in,
}
"""Which page each kind of exception becomes."""
