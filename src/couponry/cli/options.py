"""Options that many commands have, and how their help shows examples."""

from typing import Annotated, NamedTuple

import typer

StoreOption = Annotated[str, typer.Option("--store", help="The store's name or id.")]
LocalStoreOption = Annotated[
    str | None,
    typer.Option("--store", help="The store's name or id; else `default`. A server knows it from the client."),
]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="Ask this server (COUPONRY_URL) instead of the database here.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's document instead of a table.")]
DoneJsonOption = Annotated[bool, typer.Option("--json", help="Print what was done as a document.")]
PromotionArgument = Annotated[str, typer.Argument(metavar="PROMOTION", help="The promotion's id.")]


class Where(NamedTuple):
    """What a command works on, as it was typed: a server, or a store of the database here."""

    url: str | None = None
    store: str | None = None


def examples(*commands: str) -> str:
    """Return what stands below a command's help."""
    return "\n\n".join(["Examples:", *(f"  $ couponry {command}" for command in commands)])
