"""`HEAD` in the console: what `GET` answers, without the body, and without the work of streaming it."""

import pytest

from support import Shop
from visitor import Visitor

PAGES = [
    "/dashboard",
    "/promotions",
    "/promotions/new",
    "/promotions/{id}",
    "/promotions/{id}/edit",
    "/promotions/{id}/codes",
    "/promotions/{id}/jobs",
    "/promotions/{id}/import",
    "/promotions/{id}/try",
    "/promotions/{id}/delete",
    "/promotions/none",
    "/usages",
    "/support",
    "/access",
    "/audit",
    "/",
    "/rules.json",
    "/static/console.css",
    "/usages.csv",
    "/dashboard/redemptions.csv",
    "/promotions/{id}/jobs/{job}/codes.csv",
]
KEPT = ("content-type", "content-disposition", "content-length", "location", "content-security-policy", "etag")


def head(guest: Visitor, path: str) -> tuple[int, dict[str, str | None]]:
    answer = guest.http.head(path, headers=guest.headers)
    assert answer.content == b""
    return answer.status_code, {name: answer.headers.get(name) for name in KEPT}


def test_every_page_and_download_answers_as_it_does_in_full(guest: Visitor):
    id_ = guest.shop.promotion()
    job = guest.shop.generate(id_, 10)
    guest.shop.ended_job(id_, job)

    for path in PAGES:
        asked = "/console" + path.format(id=id_, job=job)
        full = guest.http.get(asked, headers=guest.headers)
        assert head(guest, asked) == (full.status_code, {name: full.headers.get(name) for name in KEPT}), asked


def test_a_file_behind_a_link_tells_its_size(guest: Visitor, shop: Shop):
    id_ = shop.promotion()
    job = shop.start_job(id_, {"type": "promotion_job", "job_type": "code_export"}).json()["data"]["id"]
    shop.ended_job(id_, job)
    link = shop.http.get(f"/v2/rule-promotions/{id_}/jobs/{job}/file").json()["href"]

    assert head(guest, link)[1]["content-length"] == str(len(guest.http.get(link).content))
    assert head(guest, f"{link}x")[0] == 404


def test_what_never_ends_is_not_followed(guest: Visitor):
    id_ = guest.shop.promotion()
    job = guest.shop.generate(id_, 3_000_000, code_length=10)

    status, headers = head(guest, f"/console/promotions/{id_}/jobs/{job}/events")

    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert not guest.shop.job(id_, job).get("result")
    guest.shop.http.post(f"/v2/rule-promotions/{id_}/jobs/{job}/cancel").raise_for_status()
    guest.shop.ended_job(id_, job)


@pytest.mark.parametrize("path", ["/promotions", "/usages.csv"])
def test_strangers_are_led_to_the_door_and_back(visitor: Visitor, path: str):
    status, headers = head(visitor, "/console" + path)

    assert (status, headers["location"]) == (303, f"/console/sign-in?next=%2Fconsole{path.replace('/', '%2F')}")


def test_what_is_only_sent_has_no_head(guest: Visitor):
    answer = guest.http.head("/console/sign-out", headers=guest.headers)

    assert (answer.status_code, answer.content) == (405, b"")
