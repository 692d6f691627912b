"""`couponry jobs`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.options import JsonOption, LocalStoreOption, PromotionArgument, UrlOption, Where, examples
from couponry.cli.output import note, progress, show, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document

app = typer.Typer(no_args_is_help=True, help="Jobs of a promotion: codes that are generated, imported or exported.")

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
HEADINGS = ["id", "type", "status", "done", "total", "created", "name"]


@app.command("list", epilog=examples("jobs list $PROMOTION", "jobs list $PROMOTION --status processing"))
def list_jobs(
    promotion: PromotionArgument,
    status: Annotated[str | None, typer.Option(help="Only those with this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show, newest first.")] = 100,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the jobs of a promotion, newest first."""
    from couponry.cli.client import PROMOTIONS, filter_of, id_given, quoted, run

    path = f"{PROMOTIONS}/{id_given(promotion, 'promotion')}/jobs"
    query = filter_of([] if status is None else [f"eq(status,{quoted(status)})"])

    async def work(client: "Client") -> None:
        found = await client.every(path, limit, **query)
        if as_json:
            tell({"data": found})
        else:
            show(HEADINGS, [_row(one) for one in found])

    run(Where(url, store), work)


def _row(job: "Document") -> list[Any]:
    from couponry.cli.watching import done_of

    made: dict[str, Any] = job["meta"].get("progress") or {}
    done = done_of(job)
    total = job.get("parameters", {}).get("number_of_codes", made.get("total", done))
    created = job["meta"]["timestamps"]["created_at"]
    return [job["id"], job["job_type"], job["status"], done, total, created, job.get("name")]


@app.command("get", epilog=examples("jobs get $PROMOTION $JOB --json"))
def get(
    promotion: PromotionArgument,
    job: JobArgument,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a job and how far it is."""
    path = _path(promotion, job)

    async def work(client: "Client") -> None:
        _tell(await client.ask("GET", path), as_json=as_json)

    _run(Where(url, store), work)


@app.command("watch", epilog=examples("jobs watch $PROMOTION $JOB && echo done"))
def watch(
    promotion: PromotionArgument,
    job: JobArgument,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Wait until a job has ended; ends with 0 if it completed, else with 1. Ctrl-C leaves the job alone."""
    path = _path(promotion, job)

    async def work(client: "Client") -> None:
        import asyncio

        from couponry.cli.code_jobs import INTERRUPTED, require_completed
        from couponry.cli.watching import seen_to_its_end

        found = await client.one("GET", path)
        try:
            with progress(found["job_type"]) as advance:
                found = await seen_to_its_end(client, found, advance)
        except asyncio.CancelledError:
            note(f"The job {job} goes on; `couponry jobs cancel {promotion} {job}` ends it.")
            raise typer.Exit(INTERRUPTED) from None
        _tell({"data": found}, as_json=as_json)
        require_completed(found)

    _run(Where(url, store), work)


@app.command("cancel", epilog=examples("jobs cancel $PROMOTION $JOB"))
def cancel(
    promotion: PromotionArgument,
    job: JobArgument,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel a job that has not ended; what it made and nobody used is deleted."""
    path = _path(promotion, job)

    async def work(client: "Client") -> None:
        _tell(await client.ask("POST", f"{path}/cancel"), as_json=as_json)

    _run(Where(url, store), work)


def _path(promotion: str, job: str) -> str:
    from couponry.cli.client import PROMOTIONS, id_given

    return f"{PROMOTIONS}/{id_given(promotion, 'promotion')}/jobs/{id_given(job, 'job')}"


def _run(where: Where, work: Any) -> None:  # noqa: ANN401
    from couponry.cli.client import run

    run(where, work)


def _tell(document: "Document", *, as_json: bool) -> None:
    if as_json:
        tell(document)
    else:
        show(HEADINGS, [_row(document["data"])])
