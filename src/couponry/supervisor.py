"""Keeping child processes alive until a signal says otherwise, then ending them in good order."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Self

import psutil

STEADY_SECONDS = 10
"""Who lived this long and dies is started again at once; who dies sooner waits longer each time."""
LONGEST_PAUSE = 10.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)

Process = subprocess.Popen[bytes]


@dataclass
class Child:
    """A process that is to run as long as we do."""

    name: str
    spawn: Callable[[], Process]
    process: Process | None = None
    deaths: int = 0
    """How often in a row it died before it was steady."""
    due: float = field(default_factory=time.monotonic)
    """When to start it, while it does not run."""
    started: float = 0.0

    def tend(self) -> None:
        """Notice that it died; start it when it is due."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._died(f"ended with status {self.process.returncode}", now)
        if self.process is None and now >= self.due:
            try:
                self.process = self.spawn()
            except OSError as error:
                self._died(f"could not start ({error})", now)
            self.started = now

    def _died(self, how: str, now: float) -> None:
        steady = self.process is not None and now - self.started > STEADY_SECONDS
        self.process = None
        self.deaths = 1 if steady else self.deaths + 1
        pause = 0.0 if self.deaths == 1 else min(LONGEST_PAUSE, 0.1 * 2**self.deaths)
        self.due = now + pause
        tell(f"couponry: the {self.name} {how}; starting it again{f' in {pause:.1f} s' if pause else ''}")

    def running(self) -> bool:
        """Tell whether the process still runs."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it still runs."""
        if self.process is not None and self.running():
            self.process.send_signal(number)


def tell(sentence: str) -> None:
    """Say something to whoever watches the terminal."""
    with suppress(OSError):  # the terminal may be gone; the shop is still open
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


class Supervisor:
    """Runs children inside a `with` block, in which SIGTERM and SIGINT are noted instead of raised."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.stop_signals = 0
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        self._wake, wakeup = os.pipe()
        for end in (self._wake, wakeup):
            os.set_blocking(end, False)
        self._wakeup = wakeup
        self._wakeup_before = signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._wake)
        os.close(self._wakeup)

    def run(self, ready: Callable[[], bool]) -> None:
        """Keep every child alive until a stop signal; ask *ready* until it says yes."""
        is_ready = False
        while not self.stop_signals:
            for child in self.children:
                child.tend()
            is_ready = is_ready or ready()
            self._sleep(self._until_due() if is_ready else 0.1)
            self._bury_strangers()

    def drain(self, children: Sequence[Child], seconds: float) -> None:
        """Ask *children* to end, and kill who has not after *seconds* or at a second stop signal."""
        deadline = time.monotonic() + seconds
        for child in children:
            child.signal(signal.SIGTERM)
        while any(child.running() for child in children):
            if self.stop_signals > 1 or time.monotonic() > deadline:
                break
            self._sleep(0.2)
        for child in children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.stop_signals += number != signal.SIGCHLD

    def _until_due(self) -> float | None:
        due = [child.due for child in self.children if child.process is None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _sleep(self, seconds: float | None) -> None:
        """Sleep until a signal comes, or for so long."""
        if select.select([self._wake], [], [], seconds)[0]:
            os.read(self._wake, 4096)

    def _bury_strangers(self) -> None:
        """As the first process of a container, bury the orphans that the kernel hands us."""
        if os.getpid() != 1:
            return
        ours = {child.process.pid for child in self.children if child.process is not None}
        for process in psutil.Process().children():
            with suppress(psutil.Error, ChildProcessError):
                if process.pid not in ours and process.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(process.pid, os.WNOHANG)
