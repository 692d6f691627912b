"""A real browser on a real server; whatever a page complains of, or fetches from elsewhere, fails the test."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from packages import installed
from support import Shop, await_answer, end, environment

PACKAGE = Path(__file__).with_name("js")
CHROMIUM = shutil.which("chromium")
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""The folder in which the pictures of the pages are kept, if any."""

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    if CHROMIUM is None:
        pytest.skip("NOT TESTED in a browser: install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config) -> str:
    """The source of axe-core as its lock file pins it, fetched once for each lock file."""
    folder = installed(pytestconfig, PACKAGE, "axe-core")
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


class Complaints(list[str]):
    """What a page complained of. Words in `expected` are let pass."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: list[str] = []

    def cut_off(self) -> None:
        """Let pass what Chromium says of requests that find nobody, and that a killed server leaves half answered."""
        self.expected += [
            "ERR_CONNECTION_REFUSED",
            "ERR_CONNECTION_RESET",
            "ERR_EMPTY_RESPONSE",
            "ERR_INCOMPLETE_CHUNKED_ENCODING",
        ]

    def listen(self, page: Page, host: str) -> None:
        page.on("console", lambda said: self._hear(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._hear(str(error)))
        page.on("dialog", lambda dialog: (self._hear(f"a dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self._ask(request.url, host))

    def _hear(self, text: str) -> None:
        if not any(word in text for word in self.expected):
            self.append(text)

    def _ask(self, url: str, host: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != host:
            self._hear(f"a request to {url}")


@pytest.fixture
def complaints() -> Generator[Complaints]:
    heard = Complaints()
    yield heard
    assert heard == []


Open = Callable[..., Page]


@pytest.fixture
def open_console(browser: Browser, complaints: Complaints) -> Generator[Open]:
    """Opens the console of a shop in a window of its own, signed in unless told otherwise."""
    windows: list[BrowserContext] = []

    def open_(shop: Shop, *, dark: bool = False, phone: bool = False, sign_in: bool = True, url: str = "") -> Page:
        base = url or str(shop.http.base_url).rstrip("/")
        address = ".".join(["10", *(str(byte) for byte in os.urandom(3))])
        window = browser.new_context(
            base_url=f"{base}/console/",
            color_scheme="dark" if dark else "light",
            viewport=PHONE if phone else DESK,  # pyright: ignore[reportArgumentType]
            extra_http_headers={"X-Forwarded-For": address},
        )
        window.set_default_timeout(15_000)
        windows.append(window)
        page = window.new_page()
        complaints.listen(page, urlsplit(base).netloc)
        page.goto("promotions")
        if sign_in:
            page.get_by_label("Client id").fill(shop.client_id)
            page.get_by_label("Client secret").fill(shop.client_secret)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="Promotions", level=1).wait_for()
        return page

    yield open_
    for window in windows:
        window.close()


Look = Callable[..., None]


@pytest.fixture
def look(axe: str) -> Look:
    """Looks at a page: axe-core finds nothing, nothing sticks out at the side; and keeps a picture of it."""

    def look_(page: Page, name: str | None = None) -> None:
        page.evaluate(axe)
        found: dict[str, Any] = page.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
        )
        told = [
            f"{one['id']}: {one['help']}\n  " + "\n  ".join(node["html"] for node in one["nodes"][:5])
            for one in found["violations"]
        ]
        assert told == [], "\n".join(told)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{page.url} is {wider} pixels wider than its window"
        if SCREENSHOTS and name:
            folder = Path(SCREENSHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return look_


Server = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def start(database_url: str, data_dir: Path, port: int) -> Generator[Server]:
    """Starts a server, always at the same address."""
    started: list[subprocess.Popen[bytes]] = []

    def start_() -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "uvicorn", "--factory", "couponry.web:create_app", "--no-access-log"]
        started.append(
            subprocess.Popen(
                [*command, "--log-level", "warning", "--port", str(port)], env=environment(database_url, data_dir)
            )
        )
        await_answer(f"http://127.0.0.1:{port}/readyz", started[-1])
        return started[-1]

    yield start_
    for process in started:
        end(process)
