"""What commands print: tables for people, lines with tabs for pipes, documents for programs, bars for patience."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import typer


def show(headings: list[str], rows: list[list[Any]]) -> None:
    """Print a table on a terminal, and lines of cells between tabs into a pipe."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [headings, *cells]:
            typer.echo("\t".join(_on_one_line(cell) for cell in row))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading.endswith("id"))
    for row in cells:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)


def _on_one_line(cell: str) -> str:
    return cell.replace("\t", " ").replace("\r", " ").replace("\n", " ")


def tell(document: object) -> None:
    """Print *document* as JSON."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(document)).decode())


def note(sentence: str) -> None:
    """Say on stderr what was done, where it is in nobody's way."""
    typer.echo(sentence, err=True)


@contextmanager
def progress(verb: str) -> Generator[Callable[[int, int | None], None]]:
    """Show a bar with rate and time left on a terminal, and nothing elsewhere; a total of None is not known yet."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(verb),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(verb, total=None, rate="")

        def advance(done: int, total: int | None) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            rate = f"{done / elapsed:,.0f}/s" if elapsed > 0 else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield advance
