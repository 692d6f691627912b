"""Drawing codes in a process of their own.

Drawing is pure work for the processor. In a thread it would hold Python's lock while PostgreSQL waits for rows:
measured, a million codes took a third longer.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from couponry.services.memory import return_what_is_freed

LARGE = 100_000
"""Smaller jobs are over before a process has started."""


@contextmanager
def drawing(codes: int) -> Generator[Callable[[], Executor | None]]:
    """Lend a function that says where to draw a batch of a job of that many *codes*; None is a thread.

    The first answer is a thread, while the process starts.
    """
    if codes < LARGE:
        yield lambda: None
        return
    process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin)
    started = process.submit(os.getpid)
    try:
        yield lambda: process if started.done() else None
    finally:
        process.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    return_what_is_freed()
    _end_with_parent()


def _end_with_parent() -> None:
    """See to it that this process ends when the worker does, kill -9 included."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
