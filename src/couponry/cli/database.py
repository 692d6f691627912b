"""Which database a command works on."""

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def database_url() -> Generator[str]:
    """Lend the URL of the operator's PostgreSQL, of the running `serve`'s, or of one started for the block."""
    from couponry.embedded import attach_or_start
    from couponry.settings import settings

    chosen = settings()
    if chosen.database_url is not None:
        yield chosen.database_url
        return
    with attach_or_start(chosen.data_dir) as url:
        yield url
