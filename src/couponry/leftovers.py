"""Ending the processes of a PostgreSQL whose supervisor is gone."""

import hashlib
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil


def mark_of(cluster: Path) -> str:
    """Return the name that every process of this cluster, and no other, carries in its title."""
    place = cluster.stat()
    identity = f"{cluster.resolve()}:{place.st_dev}:{place.st_ino}"
    return f"couponry-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def processes_of(cluster: Path) -> list[psutil.Process]:
    """Return what runs on this cluster; a reused process id is never mistaken for it."""
    mark, found = mark_of(cluster), list[psutil.Process]()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and any(mark in word for word in process.cmdline()):
                found.append(process)
    return found


def end_leftovers(cluster: Path) -> None:
    """End what a dead supervisor left: the postmaster in good order, or else its orphans at once.

    Only for who holds the directory's lock. The lock files go as well: PostgreSQL itself would take a
    process id in them for a living server, though it be reused or a zombie's, and refuse to start.
    """
    pid_file = cluster / "postmaster.pid"
    words = pid_file.read_text().split() if pid_file.exists() else []
    postmaster = [process for process in processes_of(cluster) if words and str(process.pid) == words[0]]
    _end(cluster, postmaster, signal.SIGINT, 60)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        _end(cluster, processes_of(cluster), number, 10)
    for stale in (pid_file, *cluster.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)


def _end(cluster: Path, processes: list[psutil.Process], number: int, seconds: float) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    deadline = time.monotonic() + seconds
    while processes and time.monotonic() < deadline:
        time.sleep(0.02)
        running = processes_of(cluster)  # a zombie that nobody reaps has no title, so it does not count
        processes = [process for process in processes if process in running]
