"""`couponry codes import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from couponry.cli.errors import UserError
from couponry.cli.files import ForceOption, require_one_output, written
from couponry.cli.options import JsonOption, LocalStoreOption, PromotionArgument, UrlOption, Where
from couponry.cli.output import note, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document

ReportOption = Annotated[Path | None, typer.Option(help="Write all refused lines into this CSV file.")]


def import_codes(
    promotion: PromotionArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv file; its first line names the columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported and what not.")] = False,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Import the others if lines are wrong.")] = False,
    report: ReportOption = None,
    force: ForceOption = False,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the codes of a CSV file of any size to a promotion. With --json the job is printed at the end.

    Columns: code, uses (or max_uses), user, consume_unit, max_uses_per_shopper, includes_guests, is_for_new_shopper;
    what `codes export` wrote can be imported. All lines are looked at first: if some are wrong, they are told by their
    numbers, and nothing is imported unless they are to be skipped. Codes that the promotion has already are told and
    passed over. Ends with 1 where a line was not imported; a report is written of an import that failed, too.
    """
    from couponry.cli.client import PROMOTIONS, id_given, run
    from couponry.cli.code_jobs import require_completed

    id_ = id_given(promotion, "promotion")
    require_one_output(report, as_json=as_json)
    with file.open("rb"):
        pass  # what cannot be read is told before anything is started

    async def work(client: "Client") -> "Document":
        await client.one("GET", f"{PROMOTIONS}/{id_}")
        job = await _imported(client, id_, file, dry_run=dry_run, skip_invalid=skip_invalid)
        await _report(client, job, report, force=force)
        require_completed(job)
        await _tell(client, job, as_json=as_json)
        return job

    job = run(Where(url, store), work)
    result, would = job["result"], "would be " if job["dry_run"] else ""
    refused = result["duplicate"] + result["invalid"]
    note(f"{result['imported']} codes {would}imported, {refused} lines refused.")
    if job["dry_run"] and not dry_run:
        raise UserError("Nothing was imported; mend these lines, or leave them out with --skip-invalid.")
    if refused:
        raise typer.Exit(1)


async def _imported(
    client: "Client", promotion_id: str, file: Path, *, dry_run: bool, skip_invalid: bool
) -> "Document":
    """Import a file, and return the job at its end; its dry run where no more is wanted, or that found wrong lines."""
    from couponry.cli.code_jobs import asked_for, ended_here
    from couponry.cli.uploads import sent

    if skip_invalid and not dry_run:
        return await ended_here(client, await sent(client, promotion_id, file, dry_run=False), "importing")
    tried = await ended_here(client, await sent(client, promotion_id, file, dry_run=True), "checking")
    if dry_run or tried["status"] != "completed" or tried["result"]["invalid"]:
        return tried
    body = {"type": "promotion_job", "job_type": "code_import", "dry_run_id": tried["id"]}
    return await ended_here(client, await asked_for(client, promotion_id, body), "importing")


async def _report(client: "Client", job: "Document", report: Path | None, *, force: bool) -> None:
    """Write the report of *job* where one is wanted, and there is one: what failed early has none."""
    from couponry.cli.uploads import has_report, report_of

    if report is not None and await has_report(client, job):
        with written(report, force=force) as out:
            async for piece in report_of(client, job):
                out.write(piece)


async def _tell(client: "Client", job: "Document", *, as_json: bool) -> None:
    from couponry.cli.uploads import told

    if as_json:
        tell({"data": job})
        return
    for sentence in await told(client, job):
        note(sentence)
