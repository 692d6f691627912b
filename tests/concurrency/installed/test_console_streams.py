"""Pages that follow a job: their streams end with the session, and only with it."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx
import pytest

from installation import Installation
from visitor import Visitor

pytestmark = pytest.mark.timeout(150)

EVENT_STREAM = {"Accept": "text/event-stream"}


def waiting_job(guest: Visitor) -> str:
    """Return where the events of a job are that waits for a worker."""
    id_ = guest.shop.promotion()
    return f"/console/promotions/{id_}/jobs/{guest.shop.generate(id_, 10)}/events"


@contextmanager
def following(guest: Visitor, path: str) -> Generator[Iterator[str]]:
    """Follow a job for the block; what comes begins with `data:`, or with a colon where there is nothing new."""
    with guest.http.stream("GET", path, headers=EVENT_STREAM) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (line for line in answer.iter_lines() if line.startswith((":", "data:")))


@pytest.mark.parametrize("way", ["signed out", "revoked", "expired"])
def test_a_stream_ends_with_the_session(installation: Installation, guest: Visitor, way: str):
    path, token = waiting_job(guest), guest.token()
    with following(guest, path) as events:
        assert next(events).startswith("data:")
        begun = time.monotonic()
        if way == "signed out":
            elsewhere = httpx.post(
                f"{guest.origin}/console/sign-out",
                data={"form_token": token},
                headers={"Origin": guest.origin},
                cookies=dict(guest.http.cookies),
            )
            assert elsewhere.headers["location"] == "/console/sign-in"
        elif way == "revoked":
            installation.change("UPDATE clients SET revoked_at = now() WHERE client_id = %s", [guest.shop.client_id])
        else:
            expire = "UPDATE console_sessions SET expires_at = now() WHERE client_id = %s"
            installation.change(expire, [guest.shop.client_id])
        assert {event[0] for event in events} <= {":"}
        assert time.monotonic() - begun < 8
    assert guest.http.get(path, headers=EVENT_STREAM).status_code == 401


def test_a_busy_stream_ends_with_the_session_too(installation: Installation, guest: Visitor):
    path = waiting_job(guest)
    change = "UPDATE promotion_jobs SET done = done + 1, changes = changes + 1 WHERE store_id = %s"
    with following(guest, path) as events:
        next(events)
        installation.change("DELETE FROM console_sessions WHERE client_id = %s", [guest.shop.client_id])
        begun = time.monotonic()
        installation.change(change, [guest.shop.store_id])
        for _ in events:
            installation.change(change, [guest.shop.store_id])
            assert time.monotonic() - begun < 8


def test_a_stream_goes_on_while_the_session_does(guest: Visitor):
    with following(guest, waiting_job(guest)) as events:
        assert [next(events)[0] for _ in range(3)] == ["d", ":", ":"]
