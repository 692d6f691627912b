"""Files that commands write: output that never replaces another by mistake."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from couponry.cli.errors import UserError

STDIN = Path("-")
OutOption = Annotated[Path | None, typer.Option(help="Write the new codes into this CSV file.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def require_one_output(out: Path | None, *, as_json: bool) -> None:
    """End with a sentence where standard output would take a file and a document: nobody could tell them apart."""
    if as_json and out == STDIN:
        raise UserError("Standard output takes the CSV or the document; write the CSV into a file.")


@contextmanager
def written(out: Path, *, force: bool) -> Generator[BinaryIO]:
    """Lend a file that becomes *out* when the block ends well, and leaves no trace when it does not.

    Opened before the work, so that what cannot be written is told before it, not after.
    """
    if out == STDIN:
        yield sys.stdout.buffer
        return
    if out.exists() and not out.is_file():  # a pipe, a terminal
        with out.open("wb") as file:
            yield file
        return
    _require_free(out, force=force)
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        _require_free(out, force=force)
        part.replace(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _require_free(out: Path, *, force: bool) -> None:
    if os.path.lexists(out) and not force:
        raise UserError(f"{out} exists already; choose another name, or replace it with --force.")
