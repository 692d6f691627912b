"""API processes to be killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx


class Server:
    """An API process on a socket of ours, which outlives it: what arrives while it is dead waits for the next one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self.listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment
        self.start()

    def start(self) -> None:
        """Start the process."""
        descriptor = self.listening.fileno()
        command = [sys.executable, "-m", "couponry.api.process", str(descriptor)]
        self.process = subprocess.Popen(command, env=self.environment, pass_fds=[descriptor])

    def await_ready(self, seconds: float = 60) -> None:
        """Return when it answers."""
        deadline = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, f"ended with {self.process.returncode}"
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"{self.url} did not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the process, so that it can do nothing more, and start the next one at once."""
        self.process.kill()
        self.process.wait(10)
        self.start()

    def stop(self) -> None:
        """End the process, kindly at first."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.listening.close()


def environment(database_url: str, data_dir: Path) -> dict[str, str]:
    """Return the environment of a process that works on that database, and none of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUPONRY_")}
    return kept | {"COUPONRY_DATABASE_URL": database_url, "COUPONRY_DATA_DIR": str(data_dir)}
