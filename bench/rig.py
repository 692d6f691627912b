"""What every measurement stands on: a `couponry serve` of its own, a signed-in client, and its database."""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from couponry.embedded import EmbeddedPostgres

PROMOTION = {
    "type": "rule_promotion",
    "name": "bench",
    "enabled": True,
    "start": "2024-01-01",
    "end": "2099-01-01",
    "rule_set": {
        "rules": {"strategy": "cart_total", "operator": "gte", "args": [1000]},
        "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
    },
}


class Rig:
    """A running Couponry."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, database_url: str, data_dir: Path) -> None:
        self.process, self.database_url = process, database_url
        self.http = httpx.Client(base_url=url, timeout=600)
        kept = (data_dir / "credentials").read_text()
        self.client_id, self.client_secret = re.findall(r"=(.+)", kept)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        token = self.http.post("/oauth/access_token", data=form).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"
        with psycopg.connect(database_url) as connection:
            [[store_id]] = connection.execute("SELECT store_id FROM stores").fetchall()
        self.store_id = str(store_id)

    def connection(self) -> HTTPConnection:
        """Return a bare connection to the API."""
        return HTTPConnection(self.http.base_url.host, self.http.base_url.port, timeout=600)

    def promotion(self) -> str:
        return self.ok(self.http.post("/v2/rule-promotions", json={"data": PROMOTION}))["data"]["id"]

    def job(self, promotion: str, poll: float = 0.05, **members: Any) -> tuple[float, dict[str, Any]]:
        """Run a job and return its seconds, from POST to its end seen by polling, and the job."""
        begun, self.drawing_peak = time.perf_counter(), 0.0
        path = f"/v2/rule-promotions/{promotion}/jobs"
        job = self.ok(self.http.post(path, json={"data": {"type": "promotion_job", **members}}))["data"]
        return self._ended(path, job, begun, poll)

    def upload(self, promotion: str, file: bytes, **query: str) -> float:
        """Import codes from a file and return the seconds from POST to the end seen by polling."""
        begun = time.perf_counter()
        path = f"/v2/rule-promotions/{promotion}/jobs"
        sent = self.http.post(f"{path}/code_import", content=file, params=query, headers={"Content-Type": "text/csv"})
        return self._ended(path, self.ok(sent)["data"], begun, 0.05)[0]

    def _ended(self, path: str, job: dict[str, Any], begun: float, poll: float) -> tuple[float, dict[str, Any]]:
        while job["status"] in ("pending", "processing"):
            time.sleep(poll)
            if poll >= 0.5:
                self.drawing_peak = max(self.drawing_peak, self.drawing_megabytes())
            job = self.ok(self.http.get(f"{path}/{job['id']}"))["data"]
        assert job["status"] == "completed", job
        return time.perf_counter() - begun, job

    def generate(self, promotion: str, count: int, poll: float = 0.05) -> float:
        parameters = {"number_of_codes": count, "max_uses_per_code": 1, "consume_unit": "per_checkout"}
        return self.job(promotion, poll, job_type="code_generate", parameters=parameters)[0]

    def empty(self) -> None:
        """Let each side find the same table: without codes, and with nothing left to write out.

        Where other codes lie between the new ones, an index takes them slower than at its end.
        """
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("TRUNCATE promotion_codes")
            connection.execute("UPDATE code_counts SET codes = 0")
            connection.execute("CHECKPOINT")

    def worker_megabytes(self) -> float:
        """Return the most memory that the worker ever had resident, in MB."""
        children = psutil.Process(self.process.pid).children()
        [worker] = [process for process in children if "couponry.worker" in process.cmdline()]
        status = Path(f"/proc/{worker.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def drawing_megabytes(self) -> float:
        """Return what the worker's own processes, which draw codes, have resident now, in MB."""
        workers = psutil.Process(self.process.pid).children(recursive=True)
        drawing = [process for process in workers if "multiprocessing.spawn" in " ".join(process.cmdline())]
        return sum(process.memory_info().rss for process in drawing) / 1024**2

    @staticmethod
    def ok(answer: httpx.Response) -> Any:
        assert answer.is_success, answer.text
        return answer.json()


@contextmanager
def rig() -> Iterator[Rig]:
    """Run `couponry serve` in an empty directory for the block."""
    with tempfile.TemporaryDirectory(prefix="couponry-bench-", dir="/tmp") as directory:
        data_dir = Path(directory)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COUPONRY_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "couponry.cli", "serve", "--port", "0"],
            env=kept | {"COUPONRY_DATA_DIR": directory, "COUPONRY_MAX_CODES_PER_JOB": "100000000"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            url = _ready_at(process)
            database_url = EmbeddedPostgres(data_dir).url()
            assert database_url is not None
            yield Rig(process, url, database_url, data_dir)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _ready_at(process: "subprocess.Popen[str]") -> str:
    for line in process.stdout:
        if found := re.search(r"ready at (\S+)", line):
            return found[1]
    raise AssertionError("couponry serve did not start")


def rounds(times: int, *sides: Callable[[], float]) -> list[float]:
    """Measure the *sides* in turn, *times* times, and return the median of each."""
    measured: list[list[float]] = [[] for _ in sides]
    for _ in range(times):
        for results, side in zip(measured, sides, strict=True):
            results.append(side())
    return [statistics.median(results) for results in measured]
