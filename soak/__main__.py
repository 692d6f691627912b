"""Redeem under fire on a PostgreSQL of its own and print one table: `python -m soak`."""

import argparse
import random
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from couponry.embedded import EmbeddedPostgres
from couponry.storage.migrate import migrate
from soak.report import Row
from soak.run import Result, Size, run

SHOWN = 20
"""How many of the findings are shown."""


def main() -> int:
    """Print the table; 1 when anything is not as it must be."""
    size = _asked()
    print(f"Seed {size.seed}; again with the same: python -m soak --seed {size.seed}", flush=True)
    with _database() as (url, data_dir):
        result = run(url, data_dir, size, lambda text: print(text, flush=True))
    _print(result)
    return 1 if result.findings or not all(row.reached for row in result.rows) else 0


def _asked() -> Size:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--redemptions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--kills", type=int, default=25, help="of API processes, while everybody redeems")
    parser.add_argument("--seconds", type=float, default=1800, help="after which nothing new is asked for")
    asked = parser.parse_args()
    return Size(asked.redemptions, asked.seed, asked.kills, asked.seconds)


@contextmanager
def _database() -> Generator[tuple[str, Path]]:
    """Run a durable PostgreSQL with the schema for the block."""
    with tempfile.TemporaryDirectory(prefix="couponry-soak-", dir="/tmp") as directory:
        postgres = EmbeddedPostgres(Path(directory))
        try:
            url = postgres.start()
            migrate(url)
            yield url, Path(directory)
        finally:
            postgres.stop()


def _print(result: Result) -> None:
    width = max(len(row.name) for row in result.rows) + 2
    for row in (Row("", "counted", "required"), *result.rows):
        missed = "" if row.reached else "  MISSED"
        print(f"{row.name:<{width}}{row.counted:>12}{row.required:>12}{missed}")
    for finding in result.findings[:SHOWN]:
        print(finding)
    if len(result.findings) > SHOWN:
        print(f"... and {len(result.findings) - SHOWN:,} more")


if __name__ == "__main__":
    sys.exit(main())
