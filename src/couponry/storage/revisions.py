"""Which schema this version has, without what changes schemas: every process asks, and few change any."""

from functools import cache
from pathlib import Path


@cache
def newest_revision() -> str:
    """Return the name of the newest schema revision that this version knows: their files are numbered in order."""
    return max(
        file.name.partition("_")[0] for file in (Path(__file__).parent / "migrations/versions").glob("[0-9]*.py")
    )
