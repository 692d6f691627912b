"""Importing a file of codes in the console: looked at first, stored only when somebody says so."""

import csv
import io
import re
import socket
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import Shop
from visitor import Visitor

HOSTILE = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>']


def send(guest: Visitor, path: str, content: bytes, name: str = "codes.csv", **options: Any) -> httpx.Response:
    """Send a file as the form of the page does."""
    fields = {"form_token": options.get("form_token", guest.token())}
    headers = guest.headers | {"Origin": options.get("origin", guest.origin)}
    return guest.http.post(
        f"/console{path}/import", data=fields, files={"file": (name, content, "text/csv")}, headers=headers
    )


def checked(guest: Visitor, promotion: str, text: str | bytes, name: str = "codes.csv") -> str:
    """Send a file and return the way to the page of its dry run, which has ended."""
    content = text.encode() if isinstance(text, str) else text
    answer = send(guest, f"/promotions/{promotion}", content, name)
    assert answer.status_code == 303, answer.text
    return ended(guest, answer)


def ended(guest: Visitor, answer: httpx.Response) -> str:
    path = answer.headers["location"].removeprefix("/console")
    state = path.replace("/import/", "/jobs/") + "/state"
    deadline = time.monotonic() + 60
    while not guest.get(state).json()["ended"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return path


def counts(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-count="(\w+)">([\d,]+)<', page))


def refused_on(page: str) -> list[tuple[str, str, str]]:
    lines = re.findall(
        r'<th scope="row">([\d,]+)</th><td class="mono" data-label="Code">(.*?)</td><td>(.*?)</td>', page
    )
    return [(line, unescape(code), unescape(reason)) for line, code, reason in lines]


def names(shop: Shop, promotion: str) -> list[str]:
    return [code["code"] for code in shop.list_codes(promotion, sort="code")]


def test_a_file_is_looked_at_and_imported_only_when_confirmed(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, "TAKEN")

    path = checked(guest, id_, "code,uses\nA,5\nB,\na,\ntaken,1\nwrong,many\n", name="spring.csv")

    page = guest.shown(path)
    assert counts(page) == {"new": "2", "duplicate": "2", "invalid": "1"}
    assert refused_on(page) == [
        ("4", "a", "line 2 has this code already"),
        ("5", "taken", "the promotion has this code already"),
        ("6", "wrong", "uses is no whole number from 0 to 2147483647"),
    ]
    assert '<th scope="col">code</th><th scope="col">uses</th>' in page
    assert '<th scope="row">6</th><td class="mono">wrong</td><td class="mono">many</td>' in page
    assert "Check of spring.csv" in page
    assert names(guest.shop, id_) == ["TAKEN"]

    assert "Import 2 codes</button>" in page
    imported = ended(guest, guest.post(path))
    page = guest.shown(imported)
    assert counts(page) == {"new": "2", "duplicate": "2", "invalid": "1"}
    assert len(refused_on(page)) == 3
    assert names(guest.shop, id_) == ["A", "B", "TAKEN"]
    shown = guest.shown(f"/promotions/{id_}/jobs")
    assert f'href="/console{imported}">Result<span class="hidden">: import of spring.csv</span>' in shown
    assert f'href="/console{path}">Result<span class="hidden">: check of spring.csv</span>' in shown
    assert re.findall(r"<h2>(\w+ of .*?)</h2>", shown) == ["Import of spring.csv", "Check of spring.csv"]


def test_the_jobs_tell_what_became_of_the_codes_of_a_file_and_not_of_its_empty_lines(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, "TAKEN")
    path = checked(guest, id_, "code\nA\n\nTAKEN\nB\n\n")
    ended(guest, guest.post(path))

    shown = guest.shown(f"/promotions/{id_}/jobs")

    assert re.findall(r'<p class="tally">(.*?)</p>', shown) == [
        "2 codes imported, 1 not new, 0 wrong lines",
        "File checked: 2 new codes, 1 not new, 0 wrong lines",
    ]


def test_whoever_confirms_twice_is_led_to_the_same_import(guest: Visitor):
    id_ = guest.shop.promotion()
    path = checked(guest, id_, "code\nA\n")

    first = guest.post(path)
    for _ in range(2):  # another tab, and somebody who went back
        assert guest.post(path).headers["location"] == first.headers["location"]
    imported = ended(guest, first)

    assert guest.post(path).headers["location"] == first.headers["location"]
    page = guest.shown(path)
    assert f'href="/console{imported}"' in page
    assert "Import 1 code" not in page
    assert [job["status"] for job in guest.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"]] == [
        "completed",
        "completed",
    ]


def test_the_module_sends_the_file_as_it_is(guest: Visitor):
    id_ = guest.shop.promotion()
    headers = guest.headers | {
        "Origin": guest.origin,
        "Accept": "application/json",
        "Content-Type": "text/csv",
        "X-Form-Token": guest.token(),
        "X-File-Name": "gr%C3%BC%C3%9Fe.csv",
    }
    path = f"/console/promotions/{id_}/import"

    def pieces() -> Iterator[bytes]:
        yield b"code\n"
        yield b"A\n"

    answer = guest.http.post(path, content=pieces(), headers=headers)
    assert answer.status_code == 201
    assert "Check of grüße.csv" in guest.shown(answer.json()["path"].removeprefix("/console"))
    guest.shop.ended_job(id_, answer.json()["path"].rpartition("/")[2])
    refused = guest.http.post(path, content=b"none\nA\n", headers=headers)
    assert (refused.status_code, "a column 'none'" in refused.json()["errors"][0]) == (422, True)
    late = guest.http.post(path, content=b"code\nA\n", headers=headers | {"X-Form-Token": "0" * 64})
    assert (late.status_code, "too old" in late.json()["errors"][0]) == (403, True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The first line names no column code."),
        (b"usse\n1\n", "names a column &#39;usse&#39;"),
        (b"\xff\xfe\x00", "it is no CSV in UTF-8"),
        (b"x" * 100_000, "names a column &#39;xxx"),
    ],
)
def test_a_file_of_something_else_is_refused_on_the_page(guest: Visitor, content: bytes, told: str):
    id_ = guest.shop.promotion()

    answer = send(guest, f"/promotions/{id_}", content)

    assert answer.status_code == 422
    assert told in answer.text
    assert guest.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"] == []


def test_the_limit_is_told_before_and_kept(new_shop: Callable[..., Shop], new_visitor: Callable[[Shop], Visitor]):
    guest = new_visitor(new_shop(max_codes_per_job=3))
    guest.sign_in()
    id_ = guest.shop.promotion()
    page = guest.shown(f"/promotions/{id_}/import")
    assert "Up to 3 codes, one a line." in page
    assert "--max-codes-per-job 3000" in page

    refused = send(guest, f"/promotions/{id_}", b"code\n1\n2\n3\n4\n")

    assert refused.status_code == 422
    assert "The file has more lines than an import may: 3." in refused.text
    assert counts(guest.shown(checked(guest, id_, "code\n1\n2\n3\n")))["new"] == "3"


def test_an_import_waits_for_other_jobs(guest: Visitor):
    id_ = guest.shop.promotion()
    path = checked(guest, id_, "code\nA\n")
    job = guest.shop.generate(id_, 1_000_000, code_length=10)

    for refused in (guest.post(path), send(guest, f"/promotions/{id_}", b"code\nB\n")):
        assert refused.status_code == 422
        assert "Only 1 pending or processing job is allowed per promotion." in refused.text
    guest.shop.http.post(f"/v2/rule-promotions/{id_}/jobs/{job}/cancel")
    guest.shop.ended_job(id_, job)
    ended(guest, guest.post(path))
    assert names(guest.shop, id_) == ["A"]


def test_an_import_is_cancelled_and_tried_again_with_the_same_file(guest: Visitor):
    id_ = guest.shop.promotion()
    path = checked(guest, id_, "code\n" + "".join(f"C{number:06}\n" for number in range(120_000)))
    answer = guest.post(path)
    first = answer.headers["location"].removeprefix("/console")
    assert guest.post(f"{first}/cancel").headers["location"] == f"/console{first}"
    ended(guest, answer)
    assert "Cancelled" in guest.shown(first)
    assert f'href="/console{path}"' in guest.shown(first)
    assert guest.shop.list_codes(id_) == []

    second = ended(guest, guest.post(path))

    assert second != first
    assert counts(guest.shown(second))["new"] == "120,000"


def test_a_dry_run_is_cancelled_and_nothing_stays(guest: Visitor, data_dir: Path):
    id_ = guest.shop.promotion()
    content = b"code\n" + b"".join(b"C%06d\n" % number for number in range(200_000))
    answer = send(guest, f"/promotions/{id_}", content)
    path = answer.headers["location"].removeprefix("/console")
    assert guest.post(f"{path}/cancel").status_code == 303
    ended(guest, answer)

    assert "Nothing was stored." in guest.shown(path)
    assert guest.post(path).status_code == 422
    deadline = time.monotonic() + 20
    while list((data_dir / "exports" / guest.shop.store_id / id_).glob("*_upload*")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "How the file begins" not in guest.shown(path)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_codes_and_file_names_are_only_ever_text(guest: Visitor, hostile: str):
    id_ = guest.shop.promotion()
    file = io.StringIO()
    csv.writer(file).writerows([["code", "uses"], [hostile, ""], [hostile.upper(), ""], [hostile, hostile]])

    path = checked(guest, id_, file.getvalue(), name=f"{hostile}.csv")

    for shown in (path, f"/promotions/{id_}/jobs"):
        page = guest.shown(shown)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert hostile.rpartition("/")[2] in unescape(page)
    assert refused_on(guest.shown(path))[0] == ("3", hostile.upper(), "line 2 has this code already")
    report = httpx.get(guest.get(path.replace("/import/", "/jobs/") + "/file").headers["location"], verify=False)
    assert [row[1] for row in csv.reader(io.StringIO(report.text, newline=""))][1:] == [hostile.upper(), hostile]
    ended(guest, guest.post(path))
    assert names(guest.shop, id_) == [hostile]


def test_only_the_first_hundred_of_the_refused_lines_are_shown(guest: Visitor):
    id_ = guest.shop.promotion()

    path = checked(guest, id_, "code,user\n" + f"{'ü' * 255},\n" * 300)

    page = guest.shown(path)
    assert [line for line, _, _ in refused_on(page)] == [str(line) for line in range(3, 103)]
    assert "The first 100 of 299." in page
    assert f'href="/console{path.replace("/import/", "/jobs/")}/file"' in page


@pytest.mark.parametrize("options", [{"form_token": "0" * 64}, {"form_token": ""}, {"origin": "https://evil.example"}])
def test_a_form_of_another_page_is_refused_before_its_file_is_read(guest: Visitor, options: dict[str, str]):
    id_ = guest.shop.promotion()

    refused = send(guest, f"/promotions/{id_}", b"code\nA\n", **options)

    assert refused.status_code == 403
    assert guest.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"] == []


def multipart(*parts: tuple[str, bytes]) -> bytes:
    return b"".join(b"--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (said.encode(), content)
                    for said, content in parts)  # fmt: skip


FILE = 'name="file"; filename="x.csv"'


def test_forms_that_are_none_are_refused_and_leave_nothing(guest: Visitor, data_dir: Path):
    id_, token = guest.shop.promotion(), guest.token().encode()
    said = ('name="form_token"', token)
    headers = guest.headers | {"Origin": guest.origin, "Content-Type": "multipart/form-data; boundary=b"}
    path = f"/console/promotions/{id_}/import"
    end = b"--b--\r\n"
    for body, status in (
        (multipart((FILE, b"code\nA\n"), said) + end, 403),  # the file came before the token
        (multipart(('name="form_token"', token * 1000), (FILE, b"code\nA\n")) + end, 403),
        (multipart(said) + end, 422),
        (multipart(said, ('name="other"', b"x")) + end, 422),
        (multipart(said, ('name="file"; filename=""', b"")) + end, 422),
        (multipart(said, (FILE, b"code\nA\n")), 422),  # it breaks off
        (b"no form at all", 422),
        (b"", 422),
    ):
        assert guest.http.post(path, content=body, headers=headers).status_code == status, body[:200]
    for kind in ("multipart/form-data", "application/json", "text/plain"):
        assert guest.http.post(path, content=b"x", headers=headers | {"Content-Type": kind}).status_code in (403, 422)
    assert guest.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"] == []
    assert not list((data_dir / "exports" / guest.shop.store_id).glob("*/*"))


@pytest.mark.parametrize(
    ("kind", "said", "begun"),
    [
        ("text/csv", "0" * 64, b"code\n"),
        ("multipart/form-data; boundary=b", "", multipart(('name="form_token"', b"0" * 64)) + b"--b\r\n"),
        ("multipart/form-data; boundary=b", "", multipart(('name="form_token"', b"0" * 10_000))[:-2]),
    ],
    ids=["as it is", "form", "token without end"],
)
def test_who_may_not_is_refused_before_the_file_comes(guest: Visitor, kind: str, said: str, begun: bytes):
    id_, origin = guest.shop.promotion(), httpx.URL(guest.origin)
    head = {
        "Host": f"{origin.host}:{origin.port}",
        "Origin": guest.origin,
        "Cookie": "; ".join(f"{name}={value}" for name, value in guest.http.cookies.items()),
        "Content-Type": kind,
        "X-Form-Token": said,
        "Content-Length": str(10**9),
    }
    lines = [f"POST /console/promotions/{id_}/import HTTP/1.1", *(f"{name}: {text}" for name, text in head.items())]
    with socket.create_connection((origin.host, origin.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + begun)
        assert connection.recv(1000).startswith(b"HTTP/1.1 403 ")


def test_automatic_promotions_take_no_file(guest: Visitor):
    id_ = guest.shop.promotion(automatic=True)
    assert 'type="file"' not in guest.shown(f"/promotions/{id_}/import")
    assert send(guest, f"/promotions/{id_}", b"code\nA\n").status_code == 422


def test_another_store_s_imports_are_not_there(guest: Visitor, new_shop: Callable[..., Shop]):
    other = new_shop()
    foreign, own = other.promotion(), guest.shop.promotion()
    job = other.http.post(
        f"/v2/rule-promotions/{foreign}/jobs/code_import?dry_run=true",
        content=b"code\nA\n",
        headers={"Content-Type": "text/csv"},
    ).json()["data"]["id"]
    other.ended_job(foreign, job)
    for promotion in (foreign, own):
        path = f"/promotions/{promotion}/import/{job}"
        assert guest.get(path).status_code == 404
        assert guest.post(path).status_code == 404
        assert guest.post(f"{path}/cancel").status_code == 404
    assert guest.get(f"/promotions/{foreign}/import").status_code == 404
    assert send(guest, f"/promotions/{foreign}", b"code\nA\n").status_code == 404
    assert names(other, foreign) == []


def test_no_other_job_has_such_a_page(guest: Visitor):
    id_ = guest.shop.promotion()
    job = guest.shop.generate(id_, 1)
    assert guest.get(f"/promotions/{id_}/import/{job}").status_code == 404


def test_strangers_send_no_file(visitor: Visitor):
    id_ = visitor.shop.promotion()
    for path in (f"/promotions/{id_}/import", f"/promotions/{id_}/import/{id_}"):
        assert visitor.get(path).status_code == 303
    headers = visitor.headers | {"Origin": visitor.origin, "Content-Type": "text/csv"}
    answer = visitor.http.post(f"/console/promotions/{id_}/import", content=b"code\nA\n", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    assert visitor.shop.http.get(f"/v2/rule-promotions/{id_}/jobs").json()["data"] == []
