"""The one place where an error becomes a sentence for the operator, and an exit status for scripts."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_TOLD = 5
"""So many faults of one document are told; the others are counted."""


class UserError(Exception):
    """Something that who ran the command can put right; the message is one sentence that says how."""

    status: ClassVar[int] = 1


class Unreachable(UserError):
    """A server that does not answer, or not now: the same command may work later."""

    status = 3


class NotSignedIn(UserError):
    """A server that does not know who asks."""

    status = 4


class Refused(UserError):
    """What the API said no to."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        self.errors = errors
        told = [_sentence(error) for error in errors[:MAX_TOLD]]
        more = [f"and {len(errors) - MAX_TOLD} more"] if len(errors) > MAX_TOLD else []
        super().__init__("; ".join([*told, *more]))


def _sentence(error: dict[str, Any]) -> str:
    source, title, detail = (str(error.get(member) or "") for member in ("source", "title", "detail"))
    return ": ".join(part for part in (source or title, detail) if part)


@contextmanager
def told() -> Generator[None]:
    """End the process with one sentence and a status for an expected error; let a defect show its traceback."""
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
        sys.exit(error.status if isinstance(error, UserError) else 1)


def sentence_for(error: Exception) -> str | None:
    """Return what to tell about an expected error, None for a defect."""
    if isinstance(error, UserError):
        return str(error)
    # Only a command that failed pays for these imports.
    import psycopg
    from pydantic import ValidationError

    from couponry.account import PostgresUnusable
    from couponry.domain.errors import Refusal
    from couponry.server import CannotServe
    from couponry.storage.database import DatabaseUnusable

    if isinstance(error, CannotServe | PostgresUnusable | DatabaseUnusable):
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
