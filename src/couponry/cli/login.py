"""`couponry login` and `couponry logout`: who asks a server."""

import sys
from typing import Annotated

import typer

from couponry.cli.options import DoneJsonOption, Where
from couponry.cli.output import note, tell

Address = Annotated[str | None, typer.Option("--url", help="The server (COUPONRY_URL).")]


def login(
    url: Address = None,
    client_id: Annotated[str | None, typer.Option(help="The client's id; asked for when left out.")] = None,
    as_json: DoneJsonOption = False,
) -> None:
    """Keep a client's id and secret for a server, once they are accepted.

    The secret is asked for, or read from a pipe. COUPONRY_CLIENT_ID and COUPONRY_CLIENT_SECRET come before what is
    kept here.
    """
    from couponry.cli import logins
    from couponry.cli.client import Client, run
    from couponry.domain.credentials import Credentials

    server = logins.address(url)
    name = client_id or typer.prompt("Client id", err=True)
    credentials = Credentials(name, _secret())

    async def work(client: Client) -> None:
        await client.ask("GET", "/v2/rule-promotions", **{"page[limit]": "1"})

    run(Where(server), work, credentials)
    file = logins.keep(server, credentials)
    if as_json:
        tell({"data": {"url": server, "client_id": name, "kept_in": str(file)}})
    note(f"Signed in to {server}; kept in {file}.")


def _secret() -> str:
    if sys.stdin.isatty():
        return typer.prompt("Client secret", hide_input=True, err=True)
    return sys.stdin.readline().strip()


def logout(url: Address = None, as_json: DoneJsonOption = False) -> None:
    """Forget the client's id and secret for a server."""
    from couponry.cli import logins

    server = logins.address(url)
    logins.forget(server)
    if as_json:
        tell({"data": {"url": server}})
    note(f"Signed out of {server}.")
