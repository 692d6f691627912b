"""The jobs of a promotion in the console."""

import json
import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from support import Shop
from visitor import Visitor


def job_on(text: str) -> str:
    """Return the way to the first job of a page that has not ended."""
    found = re.search(r'data-job="/console([^"]*)"', text)
    assert found, text
    return found[1]


def ended(guest: Visitor, path: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while not (state := guest.get(f"{path}/state").json())["ended"]:
        assert time.monotonic() < deadline, state
        time.sleep(0.05)
    return state


def test_codes_are_generated_exported_and_fetched(guest: Visitor):
    id_ = guest.shop.promotion()
    jobs = f"/promotions/{id_}/jobs"

    form = {"number_of_codes": "1,200", "code_prefix": "sun-", "max_uses_per_code": "1", "shopper_uses": "1"}
    assert guest.post(f"{jobs}/generate", **form, name="First").headers["location"] == f"/console{jobs}"
    job = guest.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"][0]
    assert job["name"] == "First"
    assert job["parameters"] == {
        "number_of_codes": 1200,
        "code_prefix": "sun-",
        "code_length": 8,
        "max_uses_per_code": 1,
        "max_uses_per_shopper": {"max_uses": 1},
    }
    state = ended(guest, f"{jobs}/{job['id']}")
    assert (state["status"], state["progress"]["done"]) == ("completed", 1200)
    assert "1,200 codes generated" in guest.shown(jobs)

    guest.post(f"{jobs}/export")
    exported = guest.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"][0]["id"]
    ended(guest, f"{jobs}/{exported}")
    assert f'href="/console{jobs}/{exported}/file"' in guest.shown(jobs)
    lines = httpx.get(guest.get(f"{jobs}/{exported}/file").headers["location"], verify=False).text.splitlines()
    assert len(lines) == 1201


def test_the_codes_of_one_job_are_fetched_alone(guest: Visitor):
    id_ = guest.shop.promotion(name='Sömmer "sale" / 2026\u202e')
    jobs = f"/promotions/{id_}/jobs"
    guest.shop.add_codes(id_, "by-hand")
    guest.shop.ended_job(id_, guest.shop.generate(id_, 30, code_prefix="other-"))
    job = guest.shop.generate(id_, 20_001, code_prefix="sun-", max_uses_per_code=2)
    day = guest.shop.ended_job(id_, job)["meta"]["timestamps"]["created_at"][:10]
    assert f'href="/console{jobs}/{job}/codes.csv" download>Download these codes</a>' in guest.shown(jobs)

    answer = guest.get(f"{jobs}/{job}/codes.csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="Sommer-sale-2026-{day}-codes.csv";'
        f" filename*=UTF-8''S%C3%B6mmer-sale-2026-{day}-codes.csv"
    )
    guest.post(f"{jobs}/export")
    exported = guest.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"][0]["id"]
    ended(guest, f"{jobs}/{exported}")
    whole = httpx.get(guest.get(f"{jobs}/{exported}/file").headers["location"], verify=False)
    header, *lines = whole.text.splitlines(keepends=True)
    assert answer.text == header + "".join(line for line in lines if line.startswith("sun-"))
    assert answer.text.count("\r\n") == 20_002
    assert whole.headers["content-disposition"] == answer.headers["content-disposition"]


def test_a_job_without_codes_of_its_own_has_none_to_fetch(guest: Visitor, new_shop: Any):
    id_, other = guest.shop.promotion(), new_shop()
    export = guest.shop.start_job(id_, {"type": "promotion_job", "job_type": "code_export"}).json()["data"]["id"]
    guest.shop.ended_job(id_, export)
    running = guest.shop.generate(id_, 3_000_000, code_length=10)
    foreign = other.promotion()
    theirs = other.generate(foreign, 5)
    other.ended_job(foreign, theirs)

    for promotion, job in ((id_, export), (id_, running), (foreign, theirs), (id_, theirs)):
        assert guest.get(f"/promotions/{promotion}/jobs/{job}/codes.csv").status_code == 404
    guest.shop.http.post(f"/v2/rule-promotions/{id_}/jobs/{running}/cancel").raise_for_status()
    guest.shop.ended_job(id_, running)
    assert guest.get(f"/promotions/{id_}/jobs/{running}/codes.csv").text.count("\n") == 1


def test_the_form_stays_open_below_the_jobs_unless_one_is_under_way(guest: Visitor):
    id_ = guest.shop.promotion()
    jobs, form = f"/promotions/{id_}/jobs", '<details class="card" id="generate" open>'
    assert form in guest.shown(jobs)
    guest.shop.ended_job(id_, guest.shop.generate(id_, 5))
    shown = guest.shown(jobs)
    assert shown.index("5 codes generated") < shown.index(form)
    assert '<a class="button" href="#generate">Generate more codes</a>' in shown
    wrong = guest.post(f"{jobs}/generate", number_of_codes="").text
    assert wrong.index(form) < wrong.index("5 codes generated")

    running = guest.shop.generate(id_, 3_000_000, code_length=10)
    assert '<details class="card" id="generate"><summary>' in guest.shown(jobs)
    guest.shop.http.post(f"/v2/rule-promotions/{id_}/jobs/{running}/cancel").raise_for_status()
    guest.shop.ended_job(id_, running)


def test_a_running_job_is_shown_and_cancelled(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.post(f"/promotions/{id_}/jobs/generate", number_of_codes="3000000", code_length="10")
    path = job_on(guest.shown(f"/promotions/{id_}/jobs"))
    state = guest.get(f"{path}/state").json()
    assert set(state["progress"]) == {"done", "total", "percent", "rate_per_second", "eta_seconds"}

    assert guest.post(f"{path}/cancel").status_code == 303

    assert ended(guest, path)["status"] == "cancelled"
    assert guest.shop.list_codes(id_) == []
    assert guest.post(f"{path}/cancel").status_code == 422


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"number_of_codes": ""}, "Number of codes: Fill this in."),
        ({"number_of_codes": "lots"}, "Number of codes: Write a whole number."),
        ({"number_of_codes": "10", "code_length": "7"}, "Code length: At least 8."),
        ({"number_of_codes": "900000000000", "code_length": "8"}, "leave room for"),
    ],
)
def test_a_job_that_cannot_be_is_refused_and_the_form_kept(guest: Visitor, form: dict[str, str], told: str):
    id_ = guest.shop.promotion()

    answer = guest.post(f"/promotions/{id_}/jobs/generate", **form, code_prefix="kept-")

    assert answer.status_code == 422
    assert told in answer.text
    assert 'value="kept-"' in answer.text


def test_another_store_s_jobs_are_not_there(guest: Visitor, new_shop: Any):
    other: Shop = new_shop()
    foreign = other.promotion()
    job = other.generate(foreign, 10)
    path = f"/promotions/{foreign}/jobs"

    for end in ("", f"/{job}/state", f"/{job}/events", f"/{job}/file"):
        assert guest.get(path + end).status_code == 404
    for end in ("/generate", "/export", f"/{job}/cancel"):
        assert guest.post(path + end, number_of_codes="5").status_code == 404


def told(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Yield the states that a stream tells; empty for a comment."""
    for line in answer.iter_lines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))
        elif line.startswith(":"):
            yield {}


@contextmanager
def following(guest: Visitor, path: str, **headers: str) -> Generator[Iterator[dict[str, Any]]]:
    """Follow a job for the block, as the page that shows it does."""
    said = guest.headers | {"Accept": "text/event-stream"} | headers
    with guest.http.stream("GET", f"/console{path}/events", headers=said) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield told(answer)


def test_a_job_is_followed_to_its_end_and_not_begun_again(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.post(f"/promotions/{id_}/jobs/generate", number_of_codes="400000", code_length="10")
    path = job_on(guest.shown(f"/promotions/{id_}/jobs"))

    with following(guest, path) as states:
        seen = [state for state in states if state]

    assert seen[-1] == guest.get(f"{path}/state").json() | {"progress": seen[-1]["progress"]}
    assert (seen[-1]["status"], seen[-1]["ended"], seen[-1]["progress"]["done"]) == ("completed", True, 400_000)
    done = [state["progress"]["done"] for state in seen]
    assert len(done) >= 3
    assert done == sorted(done)
    assert any(state["progress"]["eta_seconds"] for state in seen)
    with guest.http.stream("GET", f"/console{path}/events") as answer:
        [last] = [line.removeprefix("id:").strip() for line in answer.iter_lines() if line.startswith("id:")]
    again = guest.http.get(f"/console{path}/events", headers={"Last-Event-ID": last})
    assert again.status_code == 204
