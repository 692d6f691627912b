"""PostgreSQL going away under a living worker and API, and everything being killed at random."""

import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from couponry.embedded import EmbeddedPostgres
from installation import Installation, Records, installed, until
from support import Shop, end, running_api
from visitor import Visitor

pytestmark = pytest.mark.timeout(150)


def test_api_and_worker_outlive_an_outage_of_postgresql():
    with (
        installed() as installation,
        running_api(installation.url, installation.data_dir) as api,
        installation.worker() as worker,
    ):
        shop = installation.shop(api)
        promotion = shop.promotion()
        visitor = Visitor(shop)
        visitor.sign_in()
        job = shop.generate(promotion, 200_000)
        until(lambda: installation.done(job))
        installation.kill_postgres()
        answer = shop.http.get(f"/v2/rule-promotions/{promotion}")
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["detail"] == "The database does not answer. Try again."
        page = visitor.get("/promotions")
        assert (page.status_code, page.headers["retry-after"]) == (503, "1")
        installation.restart_postgres()
        until(lambda: shop.http.get(f"/v2/rule-promotions/{promotion}").status_code == 200, 30)
        assert shop.ended_job(promotion, job)["status"] == "completed"
        installation.assert_exact(promotion, 200_000)

        idle_through_an_outage(installation)
        assert shop.ended_job(promotion, shop.generate(promotion, 1000), 30)["status"] == "completed"
        installation.assert_exact(promotion, 201_000)
        assert worker.poll() is None
        visitor.close()
        shop.close()


def idle_through_an_outage(installation: Installation) -> None:
    installation.kill_postgres()
    time.sleep(2)
    installation.restart_postgres()


def test_a_worker_that_starts_before_postgresql_waits_and_says_so_once(tmp_path: Path):
    told = tmp_path / "told"
    with installed() as installation, running_api(installation.url, installation.data_dir) as api:
        shop = installation.shop(api)
        promotion = shop.promotion()
        job = shop.generate(promotion, 1000)
        installation.kill_postgres()
        with told.open("w") as stderr, installation.worker(stderr=stderr) as worker:
            until(lambda: "waiting for the database: " in told.read_text())
            time.sleep(3)
            assert told.read_text().count("\n") == 1
            with installation.worker() as unlucky:
                time.sleep(3)
                unlucky.terminate()
                assert unlucky.wait(10) == 0
            installation.restart_postgres()
            until(lambda: installation.job(job)[0] == "completed")
            assert worker.poll() is None
        assert told.read_text().count("\n") == 1
        installation.assert_exact(promotion, 1000)
        shop.close()


class Serve:
    """A `couponry serve` with a data directory of its own, which may be killed and started again."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COUPONRY_")}
        self.environment = kept | {
            "COUPONRY_DATA_DIR": str(data_dir),
            "COUPONRY_PORT": "0",
            "COUPONRY_API_PROCESSES": "1",
            "COUPONRY_MAX_CODES_PER_JOB": "1000000",
            "COUPONRY_CLIENT_ID": "test",
            "COUPONRY_CLIENT_SECRET": "secret enough",
        }

    def start(self) -> str:
        """Start and return the URL."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "couponry.cli", "serve"], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        ready = next((line for line in self.process.stdout if "ready at" in line), None)
        assert ready is not None, "it did not start"
        return ready.split()[4]

    def kill(self, *kinds: str) -> None:
        """Kill the processes of these kinds, as far as they run: `worker`, `api.process`, `postgres`, `serve`."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                words = " ".join(child.cmdline()[:8])
                if any(kind in words for kind in kinds):
                    child.kill()
        if "serve" in kinds:
            self.process.kill()
            self.stop()

    def stop(self) -> None:
        end(self.process)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def records(self) -> Records:
        """Return the records, once PostgreSQL answers."""
        return Records(until(EmbeddedPostgres(self.data_dir).url))


@contextmanager
def serving() -> Generator[tuple[Serve, str]]:
    with tempfile.TemporaryDirectory(prefix="couponry-crash-", dir="/tmp") as directory:
        serve = Serve(Path(directory))
        url = serve.start()
        try:
            yield serve, url
        finally:
            serve.kill("postgres")
            serve.stop()


def test_a_million_codes_whatever_is_killed_whenever():
    seed = int(os.environ.get("COUPONRY_TEST_SEED", time.time_ns() % 1_000_000))
    logging.getLogger(__name__).warning("COUPONRY_TEST_SEED=%s", seed)
    dice = random.Random(seed)
    with serving() as (serve, url):
        shop = Shop(url, "", "test", "secret enough")
        promotion = shop.promotion()
        job = shop.generate(promotion, 1_000_000)
        shop.close()
        kinds = ["worker", "api.process", "postgres"]
        reached = 0
        for one in dice.sample(kinds, 3):
            reached = wait_for_progress(serve, job, reached)
            time.sleep(dice.uniform(0, 1))
            serve.kill(one)
        for together in (kinds, [*kinds, "serve"]):
            reached = wait_for_progress(serve, job, reached)
            time.sleep(dice.uniform(0, 1))
            serve.kill(*together)
        shop = Shop(serve.start(), "", "test", "secret enough")
        ended = shop.ended_job(promotion, job, 100)
        assert ended["status"] == "completed"
        assert ended["result"] == {"generated": 1_000_000, "deleted": 0}
        serve.records().assert_exact(promotion, 1_000_000)
        shop.close()


def wait_for_progress(serve: Serve, job: str, reached: int) -> int:
    """Wait until a job is further than it was and return how far, however often PostgreSQL ends meanwhile."""

    def look() -> int:
        with suppress(Exception):
            done = serve.records().done(job)
            return done if done > reached else 0
        return 0

    return until(look)
