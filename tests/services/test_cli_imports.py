"""Commands import what they need and nothing else, so that they answer at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from support import Shop, environment

COMMAND = """
import sys
from couponry.cli import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""
WEB = {"httpx", "jinja2", "litestar", "prometheus_client", "uvicorn"}
DATABASE = {"alembic", "obstore", "procrastinate", "psycopg", "psycopg_pool", "sqlalchemy"}
DOCUMENTS = {"jsonschema", "msgspec", "yaml"}
"""What reads documents. Typer itself reads options with pydantic."""


def imported(*arguments: str, env: dict[str, str]) -> set[str]:
    """Return the packages that a command which succeeds imports."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["promotions", "--help"], ["codes", "generate", "--help"]]
)
def test_who_asks_for_help_waits_for_no_framework(arguments: list[str], database_url: str, tmp_path: Path):
    found = imported(*arguments, env=environment(database_url, tmp_path))

    assert "typer" in found
    assert found & (WEB | DATABASE | DOCUMENTS) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["promotions", "list"],
        ["codes", "lookup", "ONE"],
        ["codes", "generate", "{promotion}", "--count", "3"],
        ["codes", "import", "{promotion}", "{folder}/new.csv"],
    ],
)
def test_who_asks_a_server_waits_for_no_server_and_no_database(shop: Shop, arguments: list[str], tmp_path: Path):
    promotion = shop.promotion()
    shop.add_codes(promotion, "ONE")
    (tmp_path / "new.csv").write_text("code\nnew\n")
    credentials = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    env = environment("", tmp_path / "data", url=str(shop.http.base_url), **credentials)
    words = [word.format(promotion=promotion, folder=tmp_path) for word in arguments]

    found = imported(*words, env=env)

    assert "httpx" in found
    assert found & ((WEB - {"httpx"}) | DATABASE) == set()


def test_who_asks_the_database_here_waits_for_nothing_that_only_servers_do(
    shop: Shop, database_url: str, data_dir: Path
):
    found = imported("promotions", "list", "--store", shop.store_id, env=environment(database_url, data_dir))

    assert {"litestar", "psycopg"} <= found
    servers = {"alembic", "jinja2", "jsonschema", "procrastinate", "segno", "sqlalchemy", "structlog", "uvicorn"}
    assert found & servers == set()
