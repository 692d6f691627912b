"""Jobs as they are told, export files and the links to them (behaviour.md 3.1, 3.6)."""

import csv
import io
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support import EXPORT, Shop, generate_body

HEADER = (
    "code,uses,max_uses,consume_unit,user,max_uses_per_shopper,includes_guests,is_for_new_shopper,created_by,"
    "created_at,id"
)
GONE = {
    "errors": [
        {
            "title": "Not Found",
            "status": 404,
            "detail": "The file does not exist or its link has expired. Ask for a new link.",
        }
    ]
}


@pytest.fixture
def export(shop: Shop) -> Callable[[str], str]:
    """Exports a promotion and returns the link to its file."""

    def run(promotion: str) -> str:
        job = shop.start_job(promotion, EXPORT).json()["data"]["id"]
        assert shop.ended_job(promotion, job)["status"] == "completed"
        answer = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs/{job}/file")
        assert answer.status_code == 200
        assert answer.json().keys() == {"href"}
        return answer.json()["href"]

    return run


class TestFiles:
    def test_they_say_what_the_list_says(self, shop: Shop, export: Callable[[str], str]):
        promotion = shop.promotion()
        shop.add_codes(
            promotion,
            "plain",
            {"code": "a,b", "uses": 3, "consume_unit": "per_application"},
            {"code": 'say "hi"', "user": 'o"brien, x@example.com'},
            {"code": "=1+1", "max_uses_per_shopper": {"max_uses": 2, "includes_guests": True}},
            {"code": "grüße 🎁", "is_for_new_shopper": True},
            {"code": "-@+ 'x'", "uses": 0, "max_uses_per_shopper": {"max_uses": 1, "includes_guests": False}},
            r"\.",
            r"back\slash;semi",
            "null",
        )

        rows = list(csv.DictReader(io.StringIO(shop.nobody.get(export(promotion)).content.decode(), newline="")))

        assert rows == [row_of(code) for code in shop.list_codes(promotion)]

    def test_they_are_csv_to_the_letter(self, shop: Shop, export: Callable[[str], str]):
        promotion = shop.promotion()
        shop.add_codes(promotion, "a", "b")

        answer = shop.nobody.get(export(promotion))

        assert answer.headers["content-type"].startswith("text/csv")
        assert int(answer.headers["content-length"]) == len(answer.content)
        lines = answer.content.split(b"\r\n")
        assert lines[0] == HEADER.encode()
        assert [line[:2] for line in lines[1:3]] == [b"a,", b"b,"]
        assert lines[3:] == [b""]
        assert answer.content.count(b"\n") == answer.content.count(b"\r") == 3

    def test_a_promotion_without_codes_has_a_file_with_a_header_only(self, shop: Shop, export: Callable[[str], str]):
        assert shop.nobody.get(export(shop.promotion())).text == f"{HEADER}\r\n"

    def test_an_automatic_promotion_exports_its_code(self, shop: Shop, export: Callable[[str], str]):
        promotion = shop.promotion(automatic=True)

        assert f"\r\nauto_{promotion}," in shop.nobody.get(export(promotion)).text

    def test_every_generated_code_is_in_it_once(self, shop: Shop, export: Callable[[str], str]):
        promotion = shop.promotion()
        shop.ended_job(promotion, shop.generate(promotion, 20_000, max_uses_per_code=1, code_prefix="x,"))

        rows = list(csv.DictReader(io.StringIO(shop.nobody.get(export(promotion)).text, newline="")))

        assert len({row["code"] for row in rows}) == len(rows) == 20_000
        assert all(row["uses"] == "1" and re.fullmatch(r"x,[2-9A-HJ-NP-Z]{8}", row["code"]) for row in rows)


class TestLinks:
    def test_they_lead_to_this_server_and_expire(self, shop: Shop, export: Callable[[str], str]):
        promotion = shop.promotion()
        link = urlsplit(export(promotion))

        assert f"{link.scheme}://{link.netloc}" == str(shop.http.base_url).rstrip("/")
        assert re.fullmatch(rf"/files/{shop.store_id}/{promotion}/[-0-9a-f]+_\d{{8}}_\d{{6}}_codes\.csv", link.path)
        expires = int(parse_qs(link.query)["Expires"][0])
        assert 0 < expires - time.time() <= 3600

    def test_a_new_one_may_be_asked_for_at_any_time(self, shop: Shop, export: Callable[[str], str]):
        promotion = shop.promotion()
        export(promotion)
        (job,) = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"]

        for _ in range(2):
            link = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs/{job['id']}/file").json()["href"]
            assert shop.nobody.get(link).status_code == 200

    def test_none_but_the_one_that_was_given_works(self, shop: Shop, export: Callable[[str], str]):
        promotion, other = shop.promotion(), shop.promotion()
        link, another = export(promotion), export(other)
        expires, signature = (parse_qs(urlsplit(link).query)[name][0] for name in ("Expires", "Signature"))
        path, another_path = link.partition("?")[0], another.partition("?")[0]
        past = int(time.time()) - 10

        for forged in (
            path,
            f"{path}?Expires={expires}",
            f"{path}?Signature={signature}",
            f"{path}?Expires={expires}&Signature=",
            f"{path}?Expires={expires}&Signature={signature[:-1]}",
            f"{path}?Expires={expires}&Signature={signature[::-1]}",
            f"{path}?Expires={expires}&Signature=%C3%A9",
            f"{path}?Expires={int(expires) + 1}&Signature={signature}",
            f"{path}?Expires=0{expires}&Signature={signature}" + "x",
            f"{path}?Expires={past}&Signature={signature}",
            f"{path}?Expires=never&Signature={signature}",
            f"{another_path}?Expires={expires}&Signature={signature}",
            f"{path.rpartition('/')[0]}?Expires={expires}&Signature={signature}",
            f"{path}/../../..?Expires={expires}&Signature={signature}",
            f"{path.replace(promotion, '%2e%2e')}?Expires={expires}&Signature={signature}",
        ):
            answer = shop.nobody.get(forged)
            assert answer.status_code == 404, forged
            assert answer.json()["errors"][0]["title"] == "Not Found"
        assert shop.nobody.get(f"{path}?Expires={past}&Signature={signature}").json() == GONE
        assert shop.nobody.get(link).status_code == shop.nobody.get(another).status_code == 200


class TestJobDocuments:
    def test_a_job_is_told_from_its_beginning_to_its_end(self, shop: Shop):
        promotion = shop.promotion()
        body = generate_body(3, max_uses_per_code=1, consume_unit="per_item", code_prefix="summer-")

        created = shop.start_job(promotion, body | {"name": "Bulk"}).json()["data"]
        ended = shop.ended_job(promotion, created["id"])

        timestamps = created.pop("meta")["timestamps"]
        assert timestamps["created_at"] == timestamps["updated_at"]
        assert created == {
            "type": "promotion_job",
            "id": created["id"],
            "rule_promotion_id": promotion,
            "promotion_id": promotion,
            "job_type": "code_generate",
            "name": "Bulk",
            "parameters": {
                "number_of_codes": 3,
                "max_uses_per_code": 1,
                "consume_unit": "per_application",
                "code_prefix": "summer-",
                "code_length": 8,
            },
            "status": "pending",
        }
        told = ended.pop("meta")["timestamps"]
        assert told["created_at"] == timestamps["created_at"] < told["updated_at"]
        result = {"generated": 3, "deleted": 0}
        assert ended == created | {"status": "completed", "result": result, "generate_result": result}
        (listed,) = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"]
        assert listed | {"meta": None} == ended | {"meta": None}

    def test_exports_have_neither_parameters_nor_a_result(self, shop: Shop):
        promotion = shop.promotion()
        job = shop.start_job(promotion, {**EXPORT, "parameters": {"code_length": 8}}).json()["data"]

        ended = shop.ended_job(promotion, job["id"])

        assert ended["status"] == "completed"
        assert not {"parameters", "result", "generate_result", "error", "name"} & ended.keys()

    def test_a_cancelled_job_leaves_no_code_behind(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "mine")
        job = shop.generate(promotion, 300_000)
        deadline = time.monotonic() + 20
        while shop.job(promotion, job)["status"] == "pending":
            assert time.monotonic() < deadline
            time.sleep(0.01)

        answer = shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel")

        assert answer.status_code == 200
        assert answer.json()["data"]["status"] == "cancelling"
        assert not {"result", "generate_result"} & answer.json()["data"].keys()
        ended = shop.ended_job(promotion, job)
        assert ended["status"] == "cancelled"
        assert ended["result"] == ended["generate_result"]
        assert ended["result"]["deleted"] == ended["result"]["generated"]
        assert [code["code"] for code in shop.list_codes(promotion)] == ["mine"]

    def test_a_processing_job_tells_how_far_it_is(self, shop: Shop):
        promotion = shop.promotion()
        job = shop.generate(promotion, 300_000)
        deadline = time.monotonic() + 20
        while (now := shop.job(promotion, job))["status"] == "pending":
            assert time.monotonic() < deadline
            time.sleep(0.01)

        assert now["status"] == "processing"
        assert now["meta"]["progress"]["total"] == 300_000
        assert "result" not in now
        shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel")


def row_of(code: dict[str, Any]) -> dict[str, str]:
    """Return a listed code as the export file has it."""
    limit = code.get("max_uses_per_shopper", {})
    values = code | {
        "max_uses_per_shopper": limit.get("max_uses"),
        "includes_guests": limit.get("includes_guests"),
        "created_at": code["meta"]["timestamps"]["created_at"],
    }
    return {name: written(values.get(name)) for name in HEADER.split(",")}


def written(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
