"""What answers HTTP: the API, and the console beside it."""

from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from couponry.api import app as api
from couponry.api import errors
from couponry.console import app as console
from couponry.console import failures
from couponry.console.pages import HOME


def create_app() -> Litestar:
    """Return the application with the settings of this process."""
    return api.create_app(further=console.handlers, refusing={HTTPException: answer_unrouted})


def answer_unrouted(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer a path that nothing has, or a method that it does not take: to people as a page."""
    inside = f"{request.url.path}/".startswith(f"{HOME}/")
    return (failures if inside else errors).HANDLERS[HTTPException](request, error)
