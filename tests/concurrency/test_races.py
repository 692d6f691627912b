"""Requests that come at the same moment: one wins, and no limit is ever passed."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
import pytest

from support import EXPORT, Shop, codes_body, promotion_body

PROMOTIONS = "/v2/rule-promotions"
T = TypeVar("T")


@pytest.fixture
def at_once(shop: Shop) -> Callable[[Sequence[Callable[[httpx.Client], T]]], list[T]]:
    """Runs requests together, each on a connection of its own that is open already, and returns the answers."""

    def run(requests: Sequence[Callable[[httpx.Client], T]]) -> list[T]:
        ready = threading.Barrier(len(requests))

        def one(request: Callable[[httpx.Client], T]) -> T:
            url, headers = shop.http.base_url, shop.http.headers
            with httpx.Client(base_url=url, headers=headers, timeout=60, verify=False) as client:
                client.get("/healthz")
                ready.wait(30)
                return request(client)

        with ThreadPoolExecutor(len(requests)) as together:
            return list(together.map(one, requests))

    return run


def posting(path: str, body: Any) -> Callable[[httpx.Client], httpx.Response]:
    return lambda client: client.post(path, json=body)


def outcomes(answers: Sequence[httpx.Response]) -> dict[Any, int]:
    """Count answers: by status, and by the title of the refusal where there is one."""
    told = [
        answer.status_code if answer.is_success else (answer.status_code, answer.json()["errors"][0]["title"])
        for answer in answers
    ]
    return {outcome: told.count(outcome) for outcome in told}


def test_of_fifty_jobs_asked_for_at_once_one_is_taken(shop: Shop, at_once: Any):
    promotion = shop.promotion()
    shop.add_codes(promotion, *(f"code-{number}" for number in range(5_000)))
    body = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 300_000}}

    answers = at_once([posting(f"{PROMOTIONS}/{promotion}/jobs", {"data": body})] * 50)

    assert outcomes(answers) == {201: 1, (400, "Too many jobs"): 49}
    (job,) = shop.http.get(f"{PROMOTIONS}/{promotion}/jobs").json()["data"]
    shop.http.post(f"{PROMOTIONS}/{promotion}/jobs/{job['id']}/cancel")


def test_of_fifty_codes_that_are_the_same_one_is_created(shop: Shop, at_once: Any):
    promotion = shop.promotion()
    spellings = ["straße", "STRASSE", "Strasse", "StraSSe", "\u017ftrasse"] * 10

    answers = at_once([posting(f"{PROMOTIONS}/{promotion}/codes", codes_body(code)) for code in spellings])

    assert outcomes(answers) == {201: 1, (422, "Duplicate code"): 49}
    document = shop.http.get(f"{PROMOTIONS}/{promotion}/codes").json()
    assert document["meta"]["results"]["total"] == len(document["data"]) == 1


def test_of_requests_with_the_same_codes_in_opposite_order_one_wins_wholly(shop: Shop, at_once: Any):
    promotion = shop.promotion()
    codes = [f"code-{number:04}" for number in range(2_000)]

    answers = at_once(
        [
            posting(f"{PROMOTIONS}/{promotion}/codes", codes_body(*codes)),
            posting(f"{PROMOTIONS}/{promotion}/codes", codes_body(*codes[::-1])),
            posting(f"{PROMOTIONS}/{promotion}/codes", codes_body("other", *codes[::-2])),
            posting(f"{PROMOTIONS}/{promotion}/codes", codes_body(*codes[1000:], *codes[:1000])),
        ]
    )

    assert outcomes(answers) == {201: 1, (422, "Duplicate code"): 3}
    (winner,) = (answer.json()["data"] for answer in answers if answer.is_success)
    total = shop.http.get(f"{PROMOTIONS}/{promotion}/codes").json()["meta"]["results"]["total"]
    assert total == len(winner)


def test_codes_that_are_created_and_deleted_together_stay_counted(shop: Shop, at_once: Any):
    promotion = shop.promotion()
    path = f"{PROMOTIONS}/{promotion}/codes"
    codes = [f"code-{number:02}" for number in range(40)]

    def deleting(*names: str) -> Callable[[httpx.Client], httpx.Response]:
        return lambda client: client.request("DELETE", path, json=codes_body(*names))

    answers = at_once(
        [posting(path, codes_body(*codes[start::4])) for start in range(4)]
        + [deleting(*codes[::-1]) for _ in range(4)]
        + [posting(path, codes_body(f"more-{number}")) for number in range(4)]
    )

    assert all(answer.is_success for answer in answers), outcomes(answers)
    listed = shop.list_codes(promotion, **{"page[limit]": "100"})
    assert shop.http.get(path).json()["meta"]["results"]["total"] == len(listed) >= 4


def test_of_promotions_with_the_same_priority_one_is_created(shop: Shop, at_once: Any):
    answers = at_once([posting(PROMOTIONS, promotion_body(priority=1))] * 20)

    assert outcomes(answers) == {201: 1, (422, "Duplicate priority"): 19}
    assert len(shop.http.get(PROMOTIONS).json()["data"]) == 1


def test_of_promotions_that_take_the_same_priority_one_gets_it(shop: Shop, at_once: Any):
    created = [shop.promotion() for _ in range(12)]
    change = {"data": {"type": "rule_promotion", "priority": 1}}

    def taking(promotion: str) -> Callable[[httpx.Client], httpx.Response]:
        return lambda client: client.put(f"{PROMOTIONS}/{promotion}", json=change)

    answers = at_once([taking(promotion) for promotion in created])

    assert outcomes(answers) == {200: 1, (422, "Duplicate priority"): 11}


def test_automatic_promotions_never_pass_their_limit(new_shop: Callable[..., Shop], shop: Shop, at_once: Any):
    limited = new_shop(max_automatic_promotions=3)
    shop.http.headers["Authorization"] = limited.http.headers["Authorization"]
    dormant = [limited.promotion(automatic=True, enabled=False) for _ in range(6)]

    def waking(promotion: str) -> Callable[[httpx.Client], httpx.Response]:
        return lambda client: client.put(f"{PROMOTIONS}/{promotion}", json={"data": {"enabled": True}})

    creating = posting(PROMOTIONS, promotion_body(automatic=True))
    answers = at_once([creating] * 8 + [waking(promotion) for promotion in dormant])

    assert sum(answer.is_success for answer in answers) == 3
    assert outcomes([answer for answer in answers if not answer.is_success]) == {
        (400, "Too many automatic rule promotions"): 11
    }
    listed = limited.http.get(PROMOTIONS, params={"filter": "eq(enabled,true)"}).json()["data"]
    assert len(listed) == 3


def test_two_updates_of_different_members_both_stay(shop: Shop, at_once: Any):
    promotion = shop.promotion()

    def changing(member: str) -> Callable[[httpx.Client], httpx.Response]:
        return lambda client: client.put(f"{PROMOTIONS}/{promotion}", json={"data": {member: "changed"}})

    members = ["name", "description", *(f"own_{number}" for number in range(10))]
    answers = at_once([changing(member) for member in members])

    assert outcomes(answers) == {200: len(members)}
    read = shop.http.get(f"{PROMOTIONS}/{promotion}").json()["data"]
    assert {read[member] for member in members} == {"changed"}


def test_a_promotion_is_deleted_once_whatever_happens_to_it_meanwhile(shop: Shop, at_once: Any):
    promotion = shop.promotion()
    path = f"{PROMOTIONS}/{promotion}"

    answers = at_once(
        [lambda client: client.delete(path)] * 4
        + [posting(f"{path}/codes", codes_body(f"code-{number}")) for number in range(8)]
        + [posting(f"{path}/jobs", {"data": EXPORT})] * 4
        + [lambda client: client.put(path, json={"data": {"name": "changed"}})] * 4
    )

    told = outcomes(answers)
    assert told[204] == 1
    assert all(answer.status_code in (200, 201, 204, 400, 404) for answer in answers), told
    assert shop.http.get(path).status_code == 404
