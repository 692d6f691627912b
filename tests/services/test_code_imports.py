"""Importing codes from files, over HTTP and with a real worker."""

import csv
import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from couponry.domain.code_files import LIMITS
from support import EXPORT, Shop
from visitor import Visitor

IMPORT = "/v2/rule-promotions/{}/jobs/code_import"


def upload(shop: Shop, promotion: str, text: str | bytes | Iterator[bytes], **query: str) -> httpx.Response:
    content = text.encode() if isinstance(text, str) else text
    return shop.http.post(IMPORT.format(promotion), content=content, params=query, headers={"Content-Type": "text/csv"})


def imported(shop: Shop, promotion: str, text: str | bytes, **query: str) -> tuple[dict[str, Any], list[list[str]]]:
    """Import a file and return the result and the lines of the report."""
    answer = upload(shop, promotion, text, **query)
    assert answer.status_code == 201, answer.text
    job = shop.ended_job(promotion, answer.json()["data"]["id"])
    assert job["status"] == "completed", job
    return job["result"], report_of(shop, promotion, job["id"])


def report_of(shop: Shop, promotion: str, job: str) -> list[list[str]]:
    link = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs/{job}/file").json()["href"]
    header, *lines = csv.reader(io.StringIO(shop.nobody.get(link).content.decode(), newline=""))
    assert header == ["line", "code", "reason"]
    return lines


def result(imported: int, duplicate: int = 0, invalid: int = 0, deleted: int = 0) -> dict[str, int]:
    return {"imported": imported, "duplicate": duplicate, "invalid": invalid, "deleted": deleted}


def names(shop: Shop, promotion: str) -> list[str]:
    return [code["code"] for code in shop.list_codes(promotion, sort="code")]


class TestFiles:
    def test_each_line_is_a_code_with_its_limits(self, shop: Shop):
        promotion = shop.promotion()
        text = (
            "code,max_uses,user,consume_unit,max_uses_per_shopper,includes_guests,is_for_new_shopper\n"
            "plain,,,,,,\n"
            "  spaced  ,5,,per_application,,,\n"
            '"a,b",,"o""brien, x@example.com",,2,TRUE,\n'
            "new,,,,,,true\n"
            "=cmd|' /C calc'!A1,0,,per_checkout,1,false,\n"
        )
        assert imported(shop, promotion, text) == (result(5), [])
        found = {code["code"]: code for code in shop.list_codes(promotion)}
        assert {name: told(code) for name, code in found.items()} == {
            "plain": {},
            "spaced": {"uses": 5, "max_uses": 5, "consume_unit": "per_application"},
            "a,b": {"user": 'o"brien, x@example.com', "max_uses_per_shopper": {"max_uses": 2, "includes_guests": True}},
            "new": {"is_for_new_shopper": True},
            "=cmd|' /C calc'!A1": {
                "uses": 0,
                "max_uses": 0,
                "consume_unit": "per_checkout",
                "max_uses_per_shopper": {"max_uses": 1, "includes_guests": False},
            },
        }

    @pytest.mark.parametrize(
        "text",
        [
            b"code\na\nb",
            b"code\na\nb\n",
            b"code\r\na\r\nb\r\n",
            b"\xef\xbb\xbfcode\r\na\r\n\r\n\r\nb\r\n",
            b'"code";uses\n"a";1\nb;\n',
            b"\xef\xbb\xbfCODE , Uses\n a ,1\n b,\n",
            b"uses\tcode\n1\ta\n\tb\n",
            b"code|user\na|\nb|x, y; z\n",
        ],
    )
    def test_any_common_form_is_read(self, shop: Shop, text: bytes):
        promotion = shop.promotion()
        assert imported(shop, promotion, text) == (result(2), [])
        assert names(shop, promotion) == ["a", "b"]

    def test_what_was_exported_can_be_imported(self, shop: Shop):
        promotion, other = shop.promotion(), shop.promotion()
        shop.add_codes(
            promotion,
            "plain",
            {"code": "a,b;c", "uses": 3, "consume_unit": "per_application"},
            {"code": 'say "hi"', "user": 'o"brien, x@example.com '},
            {"code": "=1+1", "max_uses_per_shopper": {"max_uses": 2, "includes_guests": True}},
            {"code": "grüße 🎁", "is_for_new_shopper": True},
            r"\.",
            "nbsp\u00a0within",
            "null",
        )
        job = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        shop.ended_job(promotion, job)
        link = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs/{job}/file").json()["href"]
        exported = shop.nobody.get(link).content
        assert imported(shop, other, exported) == (result(8), [])
        assert [told(code) for code in shop.list_codes(other)] == [told(code) for code in shop.list_codes(promotion)]
        again, report = imported(shop, other, exported)
        assert again == result(0, duplicate=8)
        assert [(line, reason) for line, _, reason in report] == [
            (str(line), "the promotion has this code already") for line in range(2, 10)
        ]

    def test_what_is_left_of_a_code_counts_and_not_what_it_had(self, shop: Shop):
        promotion = shop.promotion()
        imported(shop, promotion, "code,uses,max_uses\na,2,5\nb,,5\n")
        assert [code["max_uses"] for code in shop.list_codes(promotion)] == [2, 5]


class TestRefusedLines:
    def test_each_is_told_by_its_number_and_the_others_are_imported(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "Taken")
        columns = "code,uses,user,consume_unit,max_uses_per_shopper,includes_guests,is_for_new_shopper"
        lines: list[bytes] = [
            columns.encode(),
            b"good,1,,,,,",
            b"GOOD,1,,,,,",
            b"taken,1,,,,,",
            b",1,,,,,",
            b"x" * 256 + b",1,,,,,",
            b"bell\x07,1,,,,,",
            b"\xff\xfe,1,,,,,",
            b"few,1",
            b"many,1,,,,,,,",
            b"minus,-1,,,,,",
            b"huge,2147483648,,,,,",
            b"unit,1,,per_cart,,,",
            b"guests,1,,,,true,",
            b"flag,,,,,,yes",
            b"both,1,,,,,true",
            b"application,1,,per_application,1,,",
            b'"open,1,,,,,',
            b'"quo"ted,1,,,,,',
            b"user,1,a\x00b,,,,",
            b"long," + b" " * 70_000,
            f"auto_{promotion},1,,,,,".encode(),
            b"",
            b"nul\x00,1,,,,,",
            b"last,1,,,,,",
        ]
        found, report = imported(shop, promotion, b"\n".join(lines))
        assert report == [
            ["3", "GOOD", "line 2 has this code already"],
            ["4", "taken", "the promotion has this code already"],
            ["5", "", "the code is empty"],
            ["6", "x" * 255, "the code is longer than 255 characters"],
            ["7", "bell\ufffd", "the code has control characters"],
            ["8", "", "it is no UTF-8"],
            ["9", "", "it has 2 cells, and the first line 7"],
            ["10", "", "it has 9 cells, and the first line 7"],
            ["11", "minus", "uses is no whole number from 0 to 2147483647"],
            ["12", "huge", "uses is no whole number from 0 to 2147483647"],
            ["13", "unit", "consume_unit is neither per_checkout nor per_application"],
            ["14", "guests", "includes_guests needs max_uses_per_shopper beside it"],
            ["15", "flag", "is_for_new_shopper is neither true nor false"],
            [
                "16",
                "both",
                "Code - both can't have limited uses or assigned to users since it's for first-time shoppers.",
            ],
            [
                "17",
                "application",
                "Consume unit 'per_application' is not supported when using 'max_uses_per_shopper' features.",
            ],
            ["18", "", "its quotes are wrong: unexpected end of data"],
            ["19", "", "its quotes are wrong: ',' expected after '\"'"],
            ["20", "user", "user is longer than 255 characters, or has control characters"],
            ["21", "", "it is longer than 65536 bytes"],
            ["22", f"auto_{promotion}", "it stands for the promotion itself"],
            ["24", "nul\ufffd", "the code has control characters"],
        ]
        assert found == result(2, duplicate=2, invalid=19)
        assert names(shop, promotion) == ["good", "last", "Taken"]

    def test_lines_are_counted_on_over_batches_and_a_line_without_end(self, shop: Shop):
        promotion = shop.promotion()
        lines = [f"c{n}" for n in range(30_000)]
        lines[100] = lines[28_000]
        lines[200] = "x" * 9_000_000
        lines[29_999] = "c5"
        found, report = imported(shop, promotion, "\n".join(["code", *lines]))
        assert report == [
            ["202", "", "it is longer than 65536 bytes"],
            ["28002", "c28000", "line 102 has this code already"],
            ["30001", "c5", "line 7 has this code already"],
        ]
        assert found == result(29_997, duplicate=2, invalid=1)

    def test_no_line_break_hides_in_quotes(self, shop: Shop):
        promotion = shop.promotion()
        found, report = imported(shop, promotion, 'code,user\na,"x\ny"\nb,z\n')
        assert [line for line, _, _ in report] == ["2", "3"]
        assert found == result(1, invalid=2)
        assert names(shop, promotion) == ["b"]


class TestDryRuns:
    def test_they_tell_what_an_import_would_do_and_store_nothing(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "taken")
        text = "code\na\nb\nA\nTAKEN\n\x07\nTaken\nb\n"
        dry = imported(shop, promotion, text, dry_run="true")
        assert names(shop, promotion) == ["taken"]
        assert dry == imported(shop, promotion, text, dry_run="false")
        assert dry[0] == result(2, duplicate=4, invalid=1)
        assert names(shop, promotion) == ["a", "b", "taken"]

    def test_they_say_so(self, shop: Shop):
        promotion = shop.promotion()
        job = upload(shop, promotion, "code\na\n", dry_run="true", name="Looking").json()["data"]
        assert (job["job_type"], job["dry_run"], job["name"]) == ("code_import", True, "Looking")
        assert shop.ended_job(promotion, job["id"])["dry_run"] is True


def import_tried(shop: Shop, promotion: str, dry_run: str, **members: str) -> httpx.Response:
    body = {"type": "promotion_job", "job_type": "code_import", "dry_run_id": dry_run, **members}
    return shop.start_job(promotion, body)


def tried(shop: Shop, promotion: str, text: str) -> str:
    """Make a dry run and return its id."""
    job = upload(shop, promotion, text, dry_run="true", name="tried").json()["data"]["id"]
    assert shop.ended_job(promotion, job)["status"] == "completed"
    return job


class TestImportsOfDryRuns:
    def test_what_was_tried_is_imported_without_another_upload(self, shop: Shop):
        promotion = shop.promotion()
        dry_run = tried(shop, promotion, "code\na\nb\nA\n")
        shop.add_codes(promotion, "B")
        answer = import_tried(shop, promotion, dry_run)
        assert answer.status_code == 201
        job = answer.json()["data"]
        assert (job["dry_run"], job["dry_run_id"], job["name"]) == (False, dry_run, "tried")
        assert shop.ended_job(promotion, job["id"])["result"] == result(1, duplicate=2)
        assert names(shop, promotion) == ["a", "B"]
        assert [line for line, *_ in report_of(shop, promotion, job["id"])] == ["3", "4"]
        again = import_tried(shop, promotion, dry_run)
        assert (again.status_code, again.json()["errors"][0]["title"]) == (409, "Already imported")

    def test_only_completed_dry_runs_of_the_promotion_are(self, shop: Shop):
        promotion, other = shop.promotion(), shop.promotion()
        real = upload(shop, promotion, "code\na\n").json()["data"]["id"]
        shop.ended_job(promotion, real)
        for not_usable in (real, shop.generate(other, 1)):
            of = promotion if not_usable == real else other
            shop.ended_job(of, not_usable)
            refused = import_tried(shop, of, not_usable)
            assert (refused.status_code, refused.json()["errors"][0]["title"]) == (422, "Dry run not usable")
        dry_run = tried(shop, promotion, "code\nb\n")
        assert import_tried(shop, other, dry_run).status_code == 404
        assert import_tried(shop, promotion, promotion).status_code == 404
        assert names(shop, promotion) == ["a"]

    def test_many_at_the_same_moment_become_one(self, shop: Shop):
        promotion = shop.promotion()
        dry_run = tried(shop, promotion, "code\n" + "".join(f"c{n}\n" for n in range(2000)))
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: import_tried(shop, promotion, dry_run).status_code, range(16)))
        assert statuses.count(201) == 1
        assert set(statuses) <= {201, 400, 409}
        assert len(shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"]) == 2

    def test_a_limit_that_was_lowered_since_is_kept(self, shop: Shop, database_url: str):
        promotion = shop.promotion()
        dry_run = tried(shop, promotion, "code\na\nb\n")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE stores SET max_codes_per_job = 1 WHERE store_id = %s", [shop.store_id])
        refused = import_tried(shop, promotion, dry_run)
        assert (refused.status_code, refused.json()["errors"][0]["title"]) == (400, "Too many promotion codes")


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "detail"),
        [
            ("", "The first line names no column code."),
            ("\ncode\n", "The first line names no column code."),
            ("uses\n1\n", "The first line names no column code."),
            ("code,code\n", "The first line names the column code twice."),
            (
                "code,usse\na,1\n",
                (
                    f"The first line names a column 'usse'; codes have code, {', '.join(LIMITS)}. Remove other"
                    " columns, or add a first line that names the columns."
                ),
            ),
            (
                b"PK\x03\x04\x14\x00code\n",
                "The file is a spreadsheet or an archive, no CSV: save it as CSV in UTF-8.",
            ),
            ("code\na\n".encode("utf-16"), "The first line names no columns: it is no CSV in UTF-8."),
            ('"code\na\n', "The first line names no columns: it is no CSV in UTF-8."),
        ],
    )
    def test_a_first_line_that_names_no_codes(self, shop: Shop, text: str | bytes, detail: str):
        refused = upload(shop, promotion := shop.promotion(), text)
        assert refused.status_code == 400
        assert refused.json()["errors"] == [{"title": "Bad Request", "status": "400", "detail": detail}]
        assert shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"] == []

    def test_a_first_line_without_end_is_refused_before_the_rest_comes(self, shop: Shop):
        def endless() -> Iterator[bytes]:
            for _ in range(100):
                yield b"x" * 65_536

        assert upload(shop, shop.promotion(), endless()).status_code == 400

    def test_what_is_no_csv(self, shop: Shop):
        path = IMPORT.format(shop.promotion())
        assert shop.http.post(path, json={}).status_code == 415
        assert shop.http.post(path, files={"file": b"code\na\n"}).status_code == 415
        assert shop.http.post(path, content=b"code\n").status_code == 415

    @pytest.mark.parametrize("query", [{"dry_run": "yes"}, {"name": "x" * 51}, {"name": "a\nb"}])
    def test_what_is_asked_in_a_way_that_cannot_be_understood(self, shop: Shop, query: dict[str, str]):
        assert upload(shop, shop.promotion(), "code\na\n", **query).status_code == 400

    def test_codes_of_automatic_promotions_and_of_no_promotion(self, shop: Shop):
        refused = upload(shop, shop.promotion(automatic=True), "code\na\n")
        assert (refused.status_code, refused.json()["errors"][0]["title"]) == (422, "No codes allowed")
        assert upload(shop, "00000000-0000-7000-8000-000000000000", "code\na\n").status_code == 404
        assert shop.shopper.post(IMPORT.format(shop.promotion()), content=b"code\n").status_code == 403

    def test_more_lines_than_a_job_may_have(self, new_shop: Callable[..., Shop]):
        shop = new_shop(max_codes_per_job=3)
        promotion = shop.promotion()
        refused = upload(shop, promotion, "code\n1\n2\n3\n4")
        assert (refused.status_code, refused.json()["errors"][0]["title"]) == (400, "Too many promotion codes")
        assert imported(shop, promotion, "code\n1\n2\n3\n")[0] == result(3)

    def test_more_lines_than_a_job_may_have_are_refused_before_all_have_come(self, new_shop: Callable[..., Shop]):
        shop = new_shop(max_codes_per_job=3)
        there = shop.http.base_url
        head = {
            "Host": f"{there.host}:{there.port}",
            "Authorization": shop.http.headers["Authorization"],
            "Content-Type": "text/csv",
            "Content-Length": str(10**9),
        }
        lines = [
            f"POST {IMPORT.format(shop.promotion())} HTTP/1.1",
            *(f"{name}: {text}" for name, text in head.items()),
        ]
        with socket.create_connection((there.host, there.port or 80), timeout=20) as connection:
            connection.sendall("\r\n".join([*lines, "", "code\n1\n2\n3\n4\n"]).encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")

    @pytest.mark.parametrize("dry_run", ["true", "false"])
    def test_more_codes_than_a_promotion_may_have(self, shop: Shop, database_url: str, dry_run: str):
        promotion = shop.promotion()
        with psycopg.connect(database_url, autocommit=True) as connection:
            limit = "UPDATE stores SET max_codes_per_promotion = 3 WHERE store_id = %s"
            connection.execute(limit, [shop.store_id])
        shop.add_codes(promotion, "1", "2")
        job = upload(shop, promotion, "code\n1\n3\n4\n", dry_run=dry_run).json()["data"]["id"]
        ended = shop.ended_job(promotion, job)
        stored = "" if dry_run == "true" else "; nothing of the file is imported"
        told = f"codes limit exceeded: the promotion may have 3 codes{stored}"
        assert (ended["status"], ended["error"]) == ("failed", told)
        assert names(shop, promotion) == ["1", "2"]
        assert imported(shop, promotion, "code\n1\n3\n", dry_run=dry_run)[0] == result(1, duplicate=1)

    def test_more_codes_than_a_promotion_may_have_are_told_with_what_went_in(self, shop: Shop, database_url: str):
        promotion = shop.promotion()
        with psycopg.connect(database_url, autocommit=True) as connection:
            limit = "UPDATE stores SET max_codes_per_promotion = 25500 WHERE store_id = %s"
            connection.execute(limit, [shop.store_id])
        text = "code;uses\n;1\n" + "".join(f"c-{number};\n" for number in range(3, 26_002))
        job = upload(shop, promotion, text).json()["data"]["id"]
        ended = shop.ended_job(promotion, job)
        assert ended["status"] == "failed"
        told = "the promotion may have 25500 codes; the file is imported up to line 25001"
        assert ended["error"] == f"codes limit exceeded: {told}"
        assert ended["result"]["imported"] == 24_999
        assert [line for line, *_ in report_of(shop, promotion, job)] == ["2"]

    def test_a_second_job(self, shop: Shop):
        promotion = shop.promotion()
        job = shop.generate(promotion, 300_000)
        refused = upload(shop, promotion, "code\na\n")
        assert (refused.status_code, refused.json()["errors"][0]["title"]) == (400, "Too many jobs")
        shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel")
        shop.ended_job(promotion, job)

    def test_a_second_file_while_the_first_is_coming(
        self, shop: Shop, new_visitor: Callable[[Shop], Visitor], database_url: str, data_dir: Path
    ):
        promotion, guest = shop.promotion(), new_visitor(shop)
        guest.sign_in()
        folder, second_may_come = data_dir / "exports" / shop.store_id / promotion, threading.Event()

        def slowly() -> Iterator[bytes]:
            yield b"code\n" + (b" " * 60_000 + b"\n") * 150
            assert second_may_come.wait(60)
            yield b"B\n"

        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(upload, shop, promotion, slowly(), dry_run="true")
            await_true(folder.is_dir)
            refused = upload(shop, promotion, "code\nC\n")
            headers = guest.headers | {"Origin": guest.origin}
            path, token = f"/console/promotions/{promotion}/import", guest.token()
            files = {"file": ("second.csv", b"code\nC\n", "text/csv")}
            page = guest.http.post(path, data={"form_token": token}, files=files, headers=headers)
            with psycopg.connect(database_url) as connection:
                noted = connection.execute("SELECT FROM uploads WHERE promotion_id = %s", [promotion]).fetchall()
            staged = {path.name.partition("_")[0] for path in folder.iterdir()}
            second_may_come.set()
            job = first.result().json()["data"]["id"]

        told = "Another file is being uploaded to this promotion. Try again when it has come."
        assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (400, told)
        assert (page.status_code, told in page.text) == (422, True)
        assert (len(noted), staged) == (1, {job})
        shop.ended_job(promotion, job)
        assert imported(shop, promotion, "code\nC\n")[0] == result(1)


class TestFilesInTheirPlace:
    def test_uploads_are_removed_when_their_job_has_ended(self, shop: Shop, data_dir: Path):
        promotion = shop.promotion()
        imported(shop, promotion, "code\na\n")
        folder = data_dir / "exports" / shop.store_id / promotion
        deadline = time.monotonic() + 20
        while [path for path in folder.iterdir() if "_upload" in path.name]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert [path.name.endswith("_refused.csv") for path in folder.iterdir()] == [True]

    def test_a_promotion_that_is_deleted_while_its_file_comes_is_not_found(self, shop: Shop, data_dir: Path):
        promotion = shop.promotion()
        folder = data_dir / "exports" / shop.store_id / promotion

        def slowly() -> Iterator[bytes]:
            yield b"code\n" + b"A\n" * 4_000_000
            await_true(folder.is_dir)
            assert shop.http.delete(f"/v2/rule-promotions/{promotion}").status_code == 204
            await_true(lambda: not folder.is_dir())
            yield b"B\n" * 4_000_000

        answer = upload(shop, promotion, slowly())

        assert answer.status_code == 404, answer.text
        assert not folder.exists() or not list(folder.iterdir())

    def test_of_a_file_that_is_refused_or_breaks_off_nothing_stays(self, shop: Shop, data_dir: Path, database_url: str):
        promotion = shop.promotion()
        folder = data_dir / "exports" / shop.store_id / promotion

        def breaking_off() -> Iterator[bytes]:
            yield b"code\n"
            for _ in range(300):
                yield os.urandom(16_384).hex().encode() + b"\n"
            raise RuntimeError

        with pytest.raises(RuntimeError):
            upload(shop, promotion, breaking_off())
        upload(shop, promotion, "usse\n")
        deadline = time.monotonic() + 20
        noted = "SELECT count(*) FROM uploads WHERE promotion_id = %s"
        with psycopg.connect(database_url, autocommit=True) as connection:
            while connection.execute(noted, [promotion]).fetchall() != [(0,)] or [*folder.glob("*")]:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"] == []


def await_true(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def told(code: dict[str, Any]) -> dict[str, Any]:
    """Return the limits of a listed code."""
    return {name: value for name, value in code.items() if name not in ("type", "id", "code", "created_by", "meta")}
