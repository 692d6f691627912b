"""`couponry serve`, `couponry worker` and `couponry migrate`."""

from typing import Annotated

import typer

from couponry.cli.options import DoneJsonOption
from couponry.cli.output import tell

# Imports stay inside the commands, so that `couponry --help` answers at once.


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (COUPONRY_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port to listen on (COUPONRY_PORT).")] = None,
) -> None:
    """Start Couponry: its own PostgreSQL unless COUPONRY_DATABASE_URL is set, the API and a worker."""
    from couponry.server import serve as serve_
    from couponry.settings import settings

    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    serve_(settings().model_copy(update=chosen))


def worker() -> None:
    """Start one more worker; stop it with SIGTERM or Ctrl-C."""
    import asyncio

    from couponry.cli.database import database_url
    from couponry.settings import settings
    from couponry.worker import run

    with database_url() as url:
        asyncio.run(run(settings().model_copy(update={"database_url": url})))


def migrate(as_json: DoneJsonOption = False) -> None:
    """Bring the database to this version's schema; `serve` does so by itself."""
    from couponry.cli.database import database_url
    from couponry.cli.session import require_here
    from couponry.storage.migrate import migrate as migrate_
    from couponry.storage.revisions import newest_revision

    require_here()
    with database_url() as url:
        migrate_(url)
    if as_json:
        tell({"data": {"revision": newest_revision()}})
    else:
        typer.echo("The database has this version's schema.")
