"""`couponry codes`: generating and exporting codes from the command line."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from couponry.cli.errors import UserError
from couponry.cli.session import StoreOption, context, id_given, run, store_named

if TYPE_CHECKING:
    from couponry.domain.jobs import NewGenerateJob, PromotionJob
    from couponry.services.running import Workshop
    from couponry.storage.database import Connection, Database
    from couponry.storage.stores import Store

app = typer.Typer(no_args_is_help=True, help="Codes of a promotion.")

PromotionArgument = Annotated[str, typer.Argument(metavar="PROMOTION", help="The promotion's id.")]
POLL_SECONDS = 0.1
RETRY_SECONDS = 2.0
"""How often to try to take over a job that a worker began and may not finish."""


@app.command("generate")
def generate(
    promotion: PromotionArgument,
    count: Annotated[int, typer.Option(min=1, help="How many codes; a store's limit on jobs does not bind you.")],
    prefix: Annotated[str, typer.Option(help="What every code begins with.")] = "",
    length: Annotated[int, typer.Option(min=8, max=16, help="How many drawn characters follow.")] = 8,
    max_uses: Annotated[
        int | None, typer.Option(min=0, help="How often each code can be used; else without end.")
    ] = None,
    consume_unit: Annotated[str | None, typer.Option(help="per_checkout (the default) or per_application.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the new codes into this CSV file.")] = None,
    store: StoreOption = "default",
) -> None:
    """Generate codes, and write them into a CSV file if asked to."""
    parameters = {
        "number_of_codes": count,
        "code_prefix": prefix,
        "code_length": length,
        "max_uses_per_code": max_uses,
        "consume_unit": consume_unit,
    }
    new = _request({name: value for name, value in parameters.items() if value is not None})
    promotion_id = id_given(promotion, "promotion")
    if out is not None:
        _require_writable(out)

    async def work(database: "Database") -> None:
        owner = await store_named(database, store)
        job = await _ask(database, owner, promotion_id, new)
        with _progress("generating") as advance:
            job = await _carry_out(database, job, advance)
        if job.status != "completed":
            raise UserError(f"The job {job.id} ended {job.status}: {job.error or 'somebody cancelled it'}.")
        typer.echo(f"{job.done} codes generated.", err=True)
        if out is not None:
            await _write(database, owner, promotion_id, out, job)

    run(work)


@app.command("export")
def export(
    promotion: PromotionArgument,
    out: Annotated[Path, typer.Option(help="The CSV file to write; /dev/stdout for a pipe.")],
    store: StoreOption = "default",
) -> None:
    """Write all codes of a promotion into a CSV file."""
    promotion_id = id_given(promotion, "promotion")
    _require_writable(out)

    async def work(database: "Database") -> None:
        from couponry.services import promotions

        owner = await store_named(database, store)
        async with context(database, owner) as now:
            await promotions.get_promotion(now, promotion_id)
        await _write(database, owner, promotion_id, out)

    run(work)


def _request(parameters: dict[str, Any]) -> "NewGenerateJob":
    import msgspec

    from couponry.domain.jobs import NewGenerateJob

    body = {"type": "promotion_job", "job_type": "code_generate", "name": "command line", "parameters": parameters}
    try:
        return msgspec.convert(body, NewGenerateJob)
    except msgspec.ValidationError as error:
        raise UserError(f"{error}.") from error


def _require_writable(out: Path) -> None:
    """Find out that the file cannot be written before the work, not after."""
    with out.open("ab"):
        pass


async def _ask(database: "Database", owner: "Store", promotion_id: UUID, new: "NewGenerateJob") -> "PromotionJob":
    from couponry.services import jobs

    async with context(database, owner) as now:
        return await jobs.create_job(now, promotion_id, new, limited=False)


async def _carry_out(database: "Database", job: "PromotionJob", advance: Callable[[int, int], None]) -> "PromotionJob":
    """See *job* to its end: run it here, unless a worker has taken it; if that one dies, go on in its place."""
    from couponry.services.running import Workshop
    from couponry.settings import settings
    from couponry.storage.exports import ExportFiles

    chosen = settings()
    workshop = Workshop(database, ExportFiles(chosen.exports_url, chosen.data_dir / "exports"))
    running = asyncio.create_task(_run_to_end(workshop, job))
    try:
        while not job.status.ended:
            await asyncio.wait([running], timeout=POLL_SECONDS)
            if running.done():
                await running
            async with database.connection() as connection:
                job = await _look(connection, job)
            advance(job.done, job.total)
        return job
    finally:
        running.cancel()


async def _run_to_end(workshop: "Workshop", job: "PromotionJob") -> None:
    from couponry.services.running import INTERRUPTIONS, run_job

    while True:
        with suppress(*INTERRUPTIONS):  # it goes on where it stopped
            await run_job(workshop, job.store_id, job.promotion_id, job.id)
        async with workshop.database.connection() as connection:
            job = await _look(connection, job)
        if job.status.ended:
            return
        await asyncio.sleep(RETRY_SECONDS)


async def _look(connection: "Connection", job: "PromotionJob") -> "PromotionJob":
    from couponry.storage import jobs

    found = await jobs.get(connection, job.store_id, job.promotion_id, job.id)
    if found is None:
        raise UserError("The promotion was deleted meanwhile.")
    return found


async def _write(
    database: "Database", owner: "Store", promotion_id: UUID, out: Path, job: "PromotionJob | None" = None
) -> None:
    """Write the codes of a promotion, or only those that *job* made, into *out*."""
    from couponry.domain.ids import series_bounds
    from couponry.storage import codes
    from couponry.storage.code_csv import csv_of

    async with database.connection() as connection:
        total = job.done if job else await codes.count(connection, owner.store_id, promotion_id)
    bounds = series_bounds(job.id) if job else None
    written = 0
    with _progress("writing") as advance, out.open("wb") as file:
        for rows in csv_of(database.url, owner.store_id, promotion_id, bounds):
            file.write(rows.text)
            written += rows.count
            advance(written, total)
    typer.echo(f"{written} codes written to {out}.", err=True)


@contextmanager
def _progress(verb: str) -> Generator[Callable[[int, int], None]]:
    """Show a bar with rate and time left on a terminal, and nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn(verb),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(verb, total=None, rate="")

        def advance(done: int, total: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            rate = f"{done / elapsed:,.0f}/s" if elapsed > 0 else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield advance
