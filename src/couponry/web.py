"""What answers HTTP: the API, and the console beside it."""

from litestar import Litestar

from couponry.api import app as api
from couponry.console import app as console


def create_app() -> Litestar:
    """Return the application with the settings of this process."""
    return api.create_app(further=console.handlers)
