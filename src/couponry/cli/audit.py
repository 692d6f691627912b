"""`couponry audit`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.options import JsonOption, LocalStoreOption, UrlOption, Where
from couponry.cli.output import show, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document


def audit(
    action: Annotated[str | None, typer.Option(help="Only this: promotion.changed, codes.deleted...")] = None,
    client_id: Annotated[str | None, typer.Option("--client", help="Only what the client with this id did.")] = None,
    of: Annotated[str | None, typer.Option("--of", help="Only what was done to the thing with this id.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this moment on: 2026-06-01, or with a time.")] = None,
    until: Annotated[str | None, typer.Option(help="Only before this moment.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show, newest first.")] = 100,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who changed what, newest first: promotions, codes, jobs, products, settings, clients."""
    from couponry.cli.client import PROMOTIONS, filter_of, quoted, run

    asked = (("eq", "action", action), ("eq", "client_id", client_id), ("eq", "object_id", of),
             ("ge", "at", since), ("lt", "at", until))  # fmt: skip
    tests = [f"{operator}({attribute},{quoted(value)})" for operator, attribute, value in asked if value is not None]

    async def work(client: "Client") -> None:
        found = await client.every(f"{PROMOTIONS}/audit-log", limit, **filter_of(tests))
        if as_json:
            tell({"data": found})
        else:
            show(["at", "who", "action", "what", "details"], [_row(one) for one in found])

    run(Where(url, store), work)


def _row(entry: "Document") -> list[Any]:
    done_to = entry["object"]
    what = " ".join(part for part in (done_to["type"], done_to.get("name"), done_to.get("id")) if part)
    told = [f"{name}={value}" for name, value in entry.get("details", {}).items()]
    told += [f"{name}: {_side(change)}" for name, change in entry.get("changes", {}).items()]
    return [entry["at"], entry.get("client_id", "command line"), entry["action"], what, ", ".join(told)]


def _side(change: "Document") -> str:
    if change.get("too_long"):
        return "changed"
    return f"{change['before']} -> {change['after']}"
