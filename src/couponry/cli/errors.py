"""The one place where an error becomes a sentence for the operator."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class UserError(Exception):
    """Something that who ran the command can put right; the message is one sentence that says how."""


@contextmanager
def told() -> Generator[None]:
    """End the process with one sentence and status 1 for an expected error; let a defect show its traceback."""
    try:
        yield
    except BrokenPipeError:
        # Who read our output has gone (`couponry ... | head`); Python must not complain about it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        sys.exit(1)


def sentence_for(error: Exception) -> str | None:
    """Return what to tell about an expected error, None for a defect."""
    # Only a command that failed pays for these imports.
    import psycopg
    from pydantic import ValidationError

    from couponry.account import PostgresUnusable
    from couponry.domain.errors import Refusal
    from couponry.server import CannotServe
    from couponry.storage.database import DatabaseUnusable

    if isinstance(error, UserError | CannotServe | PostgresUnusable | DatabaseUnusable):
        return str(error)
    if isinstance(error, Refusal):
        return f"{error.title}: {error.detail}" if error.detail else error.title
    if isinstance(error, ValidationError):
        return _about_settings(error)
    if isinstance(error, psycopg.Error):
        return f"PostgreSQL refused: {str(error).strip().partition(chr(10))[0]}."
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}."
    return None


def _about_settings(error: "ValidationError") -> str:
    """Name the variable, what it says and what it may say."""
    first = error.errors()[0]
    if not first["loc"]:
        return f"{first['msg'].removeprefix('Value error, ')}."
    name = f"COUPONRY_{'_'.join(map(str, first['loc'])).upper()}"
    return f"{name} cannot be {first['input']!r}: {first['msg']}."
