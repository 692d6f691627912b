"""Debian's PostgreSQL 15, the oldest that Couponry runs on, for the tests that want exactly that."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from couponry.account import Account, account_for

BINARIES = Path("/usr/lib/postgresql/15/bin")

needs_postgres15 = pytest.mark.skipif(
    not (BINARIES / "postgres").exists(),
    reason="PostgreSQL 15 is not installed (apt-get install postgresql-15): the oldest version goes UNTESTED",
)


@contextmanager
def postgres15() -> Generator[str]:
    """Lend the URL of an empty PostgreSQL 15; its superuser has a password."""
    directory = Path(tempfile.mkdtemp(prefix="pg15-", dir="/tmp"))
    account = account_for(directory)
    if account:
        shutil.chown(directory, account["user"], account["group"])
    try:
        create_cluster(directory / "data", account)
        command = [BINARIES / "postgres", "-D", directory / "data", "-k", directory, "-c", "listen_addresses="]
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen([*command, "-F"], cwd="/", stdout=log, stderr=log, **account)
        try:
            yield await_answer(f"postgresql://postgres:secret@/postgres?host={directory}&port=5432", process)
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
    finally:
        shutil.rmtree(directory)


def create_cluster(directory: Path, account: Account) -> None:
    password = directory.parent / "password"
    password.write_text("secret")
    password.chmod(0o644)
    options = ["--auth=scram-sha-256", f"--pwfile={password}", "--username=postgres", "--no-sync", "--locale=C"]
    command = [BINARIES / "initdb", "-D", directory, "--encoding=UTF8", *options]
    subprocess.run(command, cwd="/", check=True, capture_output=True, timeout=60, **account)


def await_answer(url: str, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "PostgreSQL 15 did not start"
            assert time.monotonic() < deadline, "PostgreSQL 15 does not answer"
            time.sleep(0.05)
        else:
            return url
