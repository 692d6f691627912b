"""`couponry promotions`."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.documents import FileOption, read_data
from couponry.cli.errors import UserError
from couponry.cli.lint import lint
from couponry.cli.options import (
    DoneJsonOption,
    JsonOption,
    LocalStoreOption,
    PromotionArgument,
    UrlOption,
    Where,
    examples,
)
from couponry.cli.output import note, show, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document

app = typer.Typer(no_args_is_help=True, help="Promotions of a store.")

AT_A_TIME = 8
"""How many requests are under way at the same moment."""
HEADINGS = ["id", "name", "status", "codes", "start", "end"]
OURS = ("type", "name", "description", "enabled", "automatic", "priority", "stackable", "override_stacking")

Promotions = Annotated[list[str], typer.Argument(metavar="PROMOTION...", help="The promotions' ids.")]


@app.command("list", epilog=examples("promotions list", "promotions list --filter 'eq(enabled,true)' --json"))
def list_promotions(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show, newest first.")] = 1000,
    filter_: Annotated[str | None, typer.Option("--filter", help="A filter of the API: `ilike(name,*sale*)`.")] = None,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List promotions, newest first: their status, their codes, when they run."""
    from couponry.cli.client import PROMOTIONS, run

    async def work(client: "Client") -> None:
        query = {} if filter_ is None else {"filter": filter_}
        found = await client.every(PROMOTIONS, limit, **query)
        if as_json:
            tell({"data": found})
        else:
            show(HEADINGS, await _rows(client, found))

    run(Where(url, store), work)


async def _rows(client: "Client", found: "list[Document]") -> list[list[Any]]:
    import asyncio

    from couponry.cli.client import PROMOTIONS

    few = asyncio.Semaphore(AT_A_TIME)

    async def codes(one: "Document") -> int | str:
        if one["automatic"]:
            return "automatic"
        async with few:
            return await client.count(f"{PROMOTIONS}/{one['id']}/codes")

    counts = await asyncio.gather(*map(codes, found))
    return [
        [one["id"], one["name"], status_of(one), count, _minute(one["start"]), _minute(one["end"])]
        for one, count in zip(found, counts, strict=True)
    ]


def status_of(promotion: "Document") -> str:
    """Say whether a promotion takes part now, and if not, why."""
    from datetime import datetime

    from couponry.domain.promotions import status
    from couponry.services.context import utc_now

    start, end = (datetime.fromisoformat(promotion[member]) for member in ("start", "end"))
    return status(utc_now(), start, end, enabled=promotion["enabled"])


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


@app.command("get", epilog=examples("promotions get $PROMOTION", "promotions get $PROMOTION --json > promo.json"))
def get(
    promotion: PromotionArgument,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a promotion; what --json prints can be changed and given to `update -f`."""
    from couponry.cli.client import PROMOTIONS, id_given, run

    path = f"{PROMOTIONS}/{id_given(promotion, 'promotion')}"

    async def work(client: "Client") -> None:
        _tell(await client.ask("GET", path), as_json=as_json)

    run(Where(url, store), work)


def _tell(document: "Document", *, as_json: bool) -> None:
    if as_json:
        tell(document)
        return
    import msgspec

    promotion = dict(document["data"])
    rule_set = promotion.pop("rule_set")
    rows = [["status", status_of(promotion)]]
    rows += [
        [name, value if isinstance(value, str) else msgspec.json.encode(value).decode()]
        for name, value in promotion.items()
    ]
    show(["member", "value"], [*rows, ["rule_set", msgspec.json.format(msgspec.json.encode(rule_set)).decode()]])


@app.command("create", epilog=examples("promotions create -f promo.yaml", "promotions create -f - < promo.json"))
def create(
    file: FileOption,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a promotion from a YAML or JSON file, as the API takes it; its id is printed."""
    from couponry.cli.client import PROMOTIONS, run

    body = {"type": "rule_promotion"} | read_data(file)

    async def work(client: "Client") -> None:
        made = await client.ask("POST", PROMOTIONS, {"data": body})
        if as_json:
            tell(made)
        else:
            typer.echo(made["data"]["id"])

    run(Where(url, store), work)


@app.command("update", epilog=examples("promotions update $PROMOTION -f changes.yaml"))
def update(
    promotion: PromotionArgument,
    file: FileOption,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the members that a file names; the others stay, and null removes one."""
    _change([promotion], {"type": "rule_promotion"} | read_data(file), "changed", Where(url, store), as_json=as_json)


@app.command("enable", epilog=examples("promotions enable $PROMOTION"))
def enable(
    promotions: Promotions, store: LocalStoreOption = None, url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """Let promotions take part, from their start to their end."""
    _change(promotions, {"type": "rule_promotion", "enabled": True}, "enabled", Where(url, store), as_json=as_json)


@app.command("disable", epilog=examples("promotions disable $PROMOTION"))
def disable(
    promotions: Promotions, store: LocalStoreOption = None, url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """Let promotions take no part any more; their codes stay."""
    _change(promotions, {"type": "rule_promotion", "enabled": False}, "disabled", Where(url, store), as_json=as_json)


def _change(promotions: list[str], members: "Document", done: str, where: Where, *, as_json: bool) -> None:
    from couponry.cli.client import PROMOTIONS, id_given, run

    ids = [id_given(one, "promotion") for one in promotions]

    async def work(client: "Client") -> None:
        for id_ in ids:
            changed = await client.ask("PUT", f"{PROMOTIONS}/{id_}", {"data": members})
            if as_json:
                tell(changed)
            else:
                note(f"{id_} is {done}.")

    run(where, work)


@app.command("delete", epilog=examples("promotions delete $PROMOTION", "promotions delete $PROMOTION --yes"))
def delete(
    promotion: PromotionArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: DoneJsonOption = False,
) -> None:
    """Delete a promotion and all its codes, for good, after asking."""
    from couponry.cli.client import PROMOTIONS, id_given, run

    path = f"{PROMOTIONS}/{id_given(promotion, 'promotion')}"

    async def work(client: "Client") -> None:
        found = await client.one("GET", path)
        codes = await client.count(f"{path}/codes")
        if not yes:
            _ask_whether(f"Delete {found['name']!r} and its {codes} codes?")
        await client.ask("DELETE", path)
        if as_json:
            tell({"data": {"id": found["id"], "codes": codes}})
        note(f"{found['name']!r} and its {codes} codes are deleted.")

    run(Where(url, store), work)


def _ask_whether(question: str) -> None:
    if not sys.stdin.isatty():
        raise UserError(f"{question} Say so with --yes.")
    typer.confirm(question, abort=True, err=True)


app.command(
    "lint",
    epilog=examples("promotions lint", "promotions lint $PROMOTION --json", "promotions lint -f promo.yaml --strict"),
)(lint)
