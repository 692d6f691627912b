"""`couponry promotions lint`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.documents import read_data
from couponry.cli.options import JsonOption, LocalStoreOption, UrlOption, Where
from couponry.cli.output import note, show, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document
    from couponry.domain.lint import Finding

MOST = 10_000
"""How many promotions are looked at."""


def lint(
    promotions: Annotated[
        list[str] | None, typer.Argument(metavar="[PROMOTION]...", help="Promotions' ids; else all of them.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Look at this .yaml or .json file instead; nothing is stored.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 for warnings, too.")] = False,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find promotions that can never apply, take nothing, give everything away, or are shadowed by others.

    Ends with 1 where there are errors. All findings are certain; no finding is no proof.
    """
    if file is not None:
        found = {str(file): _of_file(file)}
        names = {str(file): str(file)}
    else:
        found, names = _of_store(Where(url, store), promotions or [])
    rows = [
        [id_, names[id_], one.severity, one.code, one.path, one.sentence]
        for id_, findings in found.items()
        for one in findings
    ]
    if as_json:
        tell({"data": [dict(zip(MEMBERS, row, strict=True)) for row in rows]})
    elif rows:
        show([*MEMBERS], rows)
    counts = {grave: sum(row[2] == grave for row in rows) for grave in ("error", "warning", "info")}
    told = ", ".join(
        f"{count} {grave}" + ("" if count == 1 or grave == "info" else "s") for grave, count in counts.items()
    )
    note(f"{len(found)} promotion{'' if len(found) == 1 else 's'} looked at: {told}.")
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(1)


MEMBERS = ("promotion_id", "name", "severity", "code", "path", "sentence")


def _of_file(file: Path) -> "list[Finding]":
    import msgspec

    from couponry.api.documents import decode_promotion
    from couponry.domain.lint import lint
    from couponry.services.context import utc_now

    body = msgspec.json.encode({"data": {"type": "rule_promotion"} | read_data(file)})
    return lint(decode_promotion(body), utc_now())


def _of_store(where: Where, promotions: list[str]) -> "tuple[dict[str, list[Finding]], dict[str, str]]":
    from couponry.cli.client import PROMOTIONS, id_given, run

    chosen = [id_given(one, "promotion") for one in promotions]

    async def work(client: "Client") -> "tuple[dict[str, list[Finding]], dict[str, str]]":
        every = await client.every(PROMOTIONS, MOST)
        for id_ in chosen:
            if not any(one["id"] == id_ for one in every):
                every.append(await client.one("GET", f"{PROMOTIONS}/{id_}"))  # or be refused
        codes = {one["id"]: await _codes(client, one) for one in every if not chosen or one["id"] in chosen}
        found = _findings(every, codes)
        return found, {one["id"]: one["name"] for one in every}

    return run(where, work)


async def _codes(client: "Client", promotion: "Document") -> int | None:
    from couponry.cli.client import PROMOTIONS

    return None if promotion["automatic"] else await client.count(f"{PROMOTIONS}/{promotion['id']}/codes")


def _findings(every: "list[Document]", codes: dict[str, int | None]) -> "dict[str, list[Finding]]":
    from datetime import datetime

    import msgspec

    from couponry.api.documents import decode_promotion
    from couponry.domain.lint import graded, lint
    from couponry.domain.promotion_book import entry
    from couponry.domain.shadowing import lint_store
    from couponry.services.context import utc_now

    def made(one: "Document") -> Any:  # noqa: ANN401
        return datetime.fromisoformat(one["meta"]["timestamps"]["created_at"])

    now = utc_now()
    said = {one["id"]: decode_promotion(msgspec.json.encode({"data": one})) for one in every}
    beside = lint_store([entry(one["id"], said[one["id"]], made(one)) for one in every], now)
    return {id_: graded([*lint(said[id_], now, codes=count), *beside.get(id_, [])]) for id_, count in codes.items()}
