"""What tests are built from: a store of their own, a client that is signed in, bodies, and real processes."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

DATABASE_URL = "COUPONRY_TEST_DATABASE_URL"
"""Names the migrated database that the test session shares."""


class Shop:
    """A store of its own, and an HTTP client that speaks for its merchant."""

    def __init__(self, base_url: str, store_id: str, client_id: str, client_secret: str) -> None:
        self.store_id, self.client_id, self.client_secret = store_id, client_id, client_secret
        self.nobody = httpx.Client(base_url=base_url, timeout=60, verify=False)  # no TLS to set up
        self.http = httpx.Client(base_url=base_url, timeout=60, verify=False)
        self.http.headers["Authorization"] = f"Bearer {self.token('client_credentials')}"
        self.shopper = httpx.Client(base_url=base_url, timeout=60, verify=False)
        self.shopper.headers["Authorization"] = f"Bearer {self.token('implicit')}"

    def close(self) -> None:
        for client in (self.nobody, self.http, self.shopper):
            client.close()

    def token(self, grant: str) -> str:
        form = {"grant_type": grant, "client_id": self.client_id, "client_secret": self.client_secret}
        answer = self.nobody.post("/oauth/access_token", data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def promotion(self, **members: Any) -> str:
        """Create a promotion and return its id."""
        answer = self.http.post("/v2/rule-promotions", json=promotion_body(**members))
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    def add_codes(self, promotion_id: str, *codes: str | dict[str, Any]) -> httpx.Response:
        return self.http.post(f"/v2/rule-promotions/{promotion_id}/codes", json=codes_body(*codes))

    def list_codes(self, promotion_id: str, **query: str) -> list[dict[str, Any]]:
        answer = self.http.get(f"/v2/rule-promotions/{promotion_id}/codes", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def start_job(self, promotion_id: str, body: dict[str, Any]) -> httpx.Response:
        return self.http.post(f"/v2/rule-promotions/{promotion_id}/jobs", json={"data": body})

    def generate(self, promotion_id: str, number_of_codes: int, **parameters: Any) -> str:
        """Ask for codes and return the job's id."""
        answer = self.start_job(promotion_id, generate_body(number_of_codes, **parameters))
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    def job(self, promotion_id: str, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v2/rule-promotions/{promotion_id}/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def ended_job(self, promotion_id: str, job_id: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until a job has ended and return it."""
        deadline = time.monotonic() + seconds
        while (job := self.job(promotion_id, job_id))["status"] not in ("completed", "failed", "cancelled"):
            assert time.monotonic() < deadline, job
            time.sleep(0.02)
        return job


class CartClient:
    """A cart of a shop, used by its shopper unless another client is given."""

    def __init__(self, shop: Shop, id_: str = "my-cart", client: httpx.Client | None = None) -> None:
        self.path, self.client = f"/v2/carts/{id_}", client or shop.shopper

    def send(self, method: str, path: str = "", data: Any = None, **options: Any) -> httpx.Response:
        body = None if data is None else {"data": data} | ({"options": options} if options else {})
        return self.client.request(method, self.path + path, json=body)

    def ok(self, method: str, path: str = "", data: Any = None, **options: Any) -> Any:
        """Send a request that succeeds, and return what it answers."""
        answer = self.send(method, path, data, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str = "", data: Any = None, **options: Any) -> tuple[int, Any]:
        """Send a request that is refused, and return the status and the first error."""
        answer = self.send(method, path, data, **options)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["errors"][0]

    def add(self, *items: dict[str, Any], **options: Any) -> Any:
        return self.ok("POST", "/items", items[0] if len(items) == 1 else list(items), **options)

    def enter(self, code: str) -> Any:
        return self.ok("POST", "/items", {"type": "promotion_item", "code": code})

    def items(self) -> Any:
        return self.ok("GET", "/items")


def custom_item(sku: str | None = "sock", amount: int = 1000, quantity: int = 1, **members: Any) -> dict[str, Any]:
    """Return an item of a cart's own."""
    price = {"amount": amount}
    item = {"type": "custom_item", "name": "A sock", "quantity": quantity, "price": price} | members
    return item if sku is None else item | {"sku": sku}


def promotion_body(**members: Any) -> dict[str, Any]:
    """Return the body of a valid promotion, with *members* in place of the usual ones."""
    usual = {
        "type": "rule_promotion",
        "name": "Ten percent off",
        "enabled": True,
        "start": "2024-01-01",
        "end": "2099-01-01",
        "rule_set": {
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [1000]},
            "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
        },
    }
    return {"data": usual | members}


def product(id_: str, **members: Any) -> dict[str, Any]:
    """Return a valid product as it is sent, with *members* in place of the usual ones."""
    return {"type": "product", "id": id_, "name": "A product", "prices": {"USD": 1000}} | members


def codes_body(*codes: str | dict[str, Any]) -> dict[str, Any]:
    """Return the body that creates *codes*, given as names or whole."""
    return {
        "data": {
            "type": "promotion_codes",
            "codes": [{"code": code} if isinstance(code, str) else code for code in codes],
        }
    }


def evaluation_body(**members: Any) -> dict[str, Any]:
    """Return the body that asks how a cart of 20.00 is judged, with *members* in place of the usual ones."""
    usual = {
        "type": "evaluation",
        "currency": "EUR",
        "items": [{"id": "line", "sku": "sock", "quantity": 2, "unit_price": 1000}],
    }
    return {"data": usual | members}


def generate_body(number_of_codes: int, **parameters: Any) -> dict[str, Any]:
    """Return the member `data` of a request for codes."""
    return {
        "type": "promotion_job",
        "job_type": "code_generate",
        "parameters": {"number_of_codes": number_of_codes, **parameters},
    }


Couponry = Callable[..., "subprocess.CompletedProcess[str]"]


def said(done: "subprocess.CompletedProcess[str]") -> str:
    """Return what a command that succeeded wrote."""
    assert done.returncode == 0, done.stderr
    return done.stdout


EXPORT = {"type": "promotion_job", "job_type": "code_export"}


def environment(database_url: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a process that works on that database, and none of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUPONRY_")}
    named = {f"COUPONRY_{name.upper()}": value for name, value in settings.items()}
    return kept | named | {"COUPONRY_DATABASE_URL": database_url, "COUPONRY_DATA_DIR": str(data_dir)}


@contextmanager
def running_api(database_url: str, data_dir: Path, **settings: str) -> Generator[str]:
    """Run a real API process for the block and yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor = listening.fileno()
        command = [sys.executable, "-m", "uvicorn", "--factory", "couponry.web:create_app", "--no-access-log"]
        process = subprocess.Popen(
            [*command, "--log-level", "warning", "--fd", str(descriptor)],
            env=environment(database_url, data_dir, **settings),
            pass_fds=[descriptor],
        )
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        await_answer(f"{url}/readyz", process)
        yield url
    finally:
        end(process)


@contextmanager
def running_worker(database_url: str, data_dir: Path, **settings: str) -> Generator["subprocess.Popen[bytes]"]:
    """Run a real worker for the block."""
    command = [sys.executable, "-m", "couponry.worker"]
    process = subprocess.Popen(command, env=environment(database_url, data_dir, **settings))
    try:
        yield process
    finally:
        end(process)


def seed() -> int:
    """Return what the random choices of a test begin with: what `COUPONRY_TEST_SEED` says, or a new one."""
    chosen = int(os.environ.get("COUPONRY_TEST_SEED", time.time_ns() % 1_000_000))
    logging.getLogger(__name__).warning("COUPONRY_TEST_SEED=%s", chosen)
    return chosen


def await_answer(url: str, process: "subprocess.Popen[bytes]", seconds: float = 30) -> None:
    """Wait until *url* answers 200."""
    deadline = time.monotonic() + seconds
    while True:
        assert process.poll() is None, f"ended with {process.returncode}"
        assert time.monotonic() < deadline, f"{url} did not answer"
        try:
            if httpx.get(url, verify=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that we started, kindly at first."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(15)
