"""How requests are refused: the envelope, bodies that cannot be understood, and jobs that cannot be done
(behaviour.md 1.3, 3.3 to 3.7)."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support import EXPORT, Shop, codes_body, generate_body, promotion_body, running_api

PROMOTIONS = "/v2/rule-promotions"
MALFORMED = {
    "errors": [
        {
            "title": "Invalid Request",
            "status": 400,
            "detail": "The request payload is malformed or missing required fields.",
        }
    ]
}
NO_PROMOTION = {"errors": [{"title": "Not Found", "status": 404, "detail": "promotion not found"}]}
NO_JOB = {"errors": [{"title": "Not Found", "status": 404, "detail": "job not found"}]}


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


def only_error(answer: httpx.Response) -> dict[str, Any]:
    (error,) = answer.json()["errors"]
    assert int(error["status"]) == answer.status_code
    return error


class TestBodies:
    @pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"data":NaN}', b'{"data":"\xed\xa0\x80"}'])
    def test_what_is_no_json_is_malformed(self, shop: Shop, body: bytes):
        promotion = shop.promotion()
        for method, path in (
            ("POST", PROMOTIONS),
            ("PUT", f"{PROMOTIONS}/{promotion}"),
            ("POST", f"{PROMOTIONS}/{promotion}/codes"),
            ("DELETE", f"{PROMOTIONS}/{promotion}/codes"),
            ("POST", f"{PROMOTIONS}/{promotion}/jobs"),
        ):
            answer = shop.http.request(method, path, content=body)
            assert refusal(answer) == (400, MALFORMED), path

    def test_endless_nesting_is_malformed(self, shop: Shop):
        for body in (b"[" * 100_000, b'{"data":' * 5_000 + b"1" + b"}" * 5_000):
            assert refusal(shop.http.post(PROMOTIONS, content=body)) == (400, MALFORMED)

    def test_every_fault_is_named_at_once_and_in_the_reference_s_words(self, shop: Shop):
        body = promotion_body(name=7, stackable="no", priority=1.5, start="soon")
        del body["data"]["end"], body["data"]["type"]
        body["data"]["rule_set"]["actions"] = []

        answer = shop.http.post(PROMOTIONS, json=body)

        assert answer.status_code == 400
        errors = answer.json()["errors"]
        assert {error["status"] for error in errors} == {400}
        assert {(error["source"], error["title"], error["detail"]) for error in errors} == {
            ("data.type", "required", "type is required"),
            ("data.end", "required", "end is required"),
            ("data.name", "invalid_type", "Invalid type. Expected: string, given: integer"),
            ("data.stackable", "invalid_type", "Invalid type. Expected: boolean, given: string"),
            ("data.priority", "invalid_type", "Invalid type. Expected: integer, given: number"),
            ("data.start", "format", "Does not match format 'date-time'"),
            ("data.rule_set.actions", "array_min_items", "Array must have at least 1 items"),
        }

    def test_a_choice_is_told_when_a_word_is_none_of_it(self, shop: Shop):
        error = only_error(shop.add_codes(shop.promotion(), {"code": "a", "consume_unit": "per_moon"}))

        at = "data.codes.0.consume_unit"
        assert error == {
            "title": "enum",
            "status": 400,
            "detail": f'{at} must be one of the following: "per_application", "per_checkout"',
            "source": at,
        }

    def test_a_value_out_of_range_is_told(self, shop: Shop):
        promotion = shop.promotion()
        for uses, title, detail in (
            (-1, "number_gte", "Must be greater than or equal to 0"),
            (2**31, "number_lte", "Must be less than or equal to 2147483647"),
        ):
            assert only_error(shop.add_codes(promotion, "a", {"code": "b", "uses": uses})) == {
                "title": title,
                "status": 400,
                "detail": detail,
                "source": "data.codes.1.uses",
                "meta": {"value": uses},
            }

    def test_codes_must_be_there(self, shop: Shop):
        promotion = shop.promotion()

        def error(document: Any) -> tuple[str, str]:
            told = only_error(shop.http.post(f"{PROMOTIONS}/{promotion}/codes", json=document))
            return told["source"], told["detail"]

        assert error({}) == ("data", "data is required")
        assert error({"data": {"codes": [{"code": "a"}]}}) == ("data.type", "type is required")
        assert error({"data": {"type": "promotion_codes"}}) == ("data.codes", "codes is required")
        assert error(codes_body()) == ("data.codes", "Array must have at least 1 items")
        assert error(codes_body({})) == ("data.codes.0.code", "code is required")

    def test_another_content_type_is_refused_and_none_is_taken_for_json(self, shop: Shop):
        promotion = shop.promotion()
        codes = f"{PROMOTIONS}/{promotion}/codes"

        def post(kind: str | None, code: str) -> httpx.Response:
            headers = {} if kind is None else {"Content-Type": kind}
            return shop.http.post(codes, content=json.dumps(codes_body(code)), headers=headers)

        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            error = only_error(post(kind, "a"))
            assert (error["title"], error["status"]) == ("Unsupported Media Type", 415)
        for number, kind in enumerate((None, "application/json; charset=utf-8", "application/vnd.api+json")):
            assert post(kind, f"code-{number}").status_code == 201

    def test_a_body_that_is_too_large_is_refused(self, shop: Shop, database_url: str, data_dir: Any):
        token = shop.http.headers["Authorization"]
        with running_api(database_url, data_dir, max_body_bytes="2048") as url:

            def post(content: Any) -> httpx.Response:
                return shop.nobody.post(f"{url}{PROMOTIONS}", content=content, headers={"Authorization": token})

            promotion = json.dumps(promotion_body(description="x" * 2048)).encode()
            assert post(json.dumps(promotion_body())).status_code == 201
            for content in (promotion, iter([promotion[:1500], promotion[1500:]])):
                answer = post(content)
                assert answer.status_code == 413
                assert only_error(answer) == {"title": "Request Entity Too Large", "status": 413}


class TestPaths:
    def test_an_unknown_path_is_refused_in_the_same_shape(self, shop: Shop):
        for path in ("/v2/none", "/none", f"{PROMOTIONS}/{uuid4()}/none"):
            error = only_error(shop.http.get(path))
            assert (error["title"], error["status"]) == ("Not Found", 404)

    def test_a_wrong_method_is_refused_in_the_same_shape(self, shop: Shop):
        error = only_error(shop.http.patch(PROMOTIONS))

        assert (error["title"], error["status"]) == ("Method Not Allowed", 405)

    def test_what_is_no_id_is_not_found(self, shop: Shop):
        for id_ in (str(uuid4()), "1", "%00", "%FF", "🎁", "x" * 3000):
            assert refusal(shop.http.get(f"{PROMOTIONS}/{id_}")) == (404, NO_PROMOTION)
            assert refusal(shop.http.get(f"{PROMOTIONS}/{id_}/jobs")) == (404, NO_PROMOTION)
            assert refusal(shop.http.get(f"{PROMOTIONS}/{shop.promotion()}/jobs/{id_}/file")) == (404, NO_JOB)

    def test_browsers_may_ask_with_the_headers_of_official_clients(self, shop: Shop):
        headers = {
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,content-type,x-moltin-sdk-version,ep-channel",
        }
        answer = shop.nobody.options(f"{PROMOTIONS}/{uuid4()}", headers=headers)

        assert answer.is_success
        assert answer.headers["access-control-allow-origin"] == "*"
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert all(name in allowed for name in headers["Access-Control-Request-Headers"].split(","))


class TestJobs:
    def test_one_may_wait_or_work_for_a_promotion(self, shop: Shop):
        promotion, other = shop.promotion(), shop.promotion()
        shop.generate(promotion, 200_000)

        for body in (generate_body(1), EXPORT):
            assert refusal(shop.start_job(promotion, body)) == (
                400,
                {
                    "errors": [
                        {
                            "title": "Too many jobs",
                            "status": "400",
                            "detail": "Only 1 pending or processing job is allowed per promotion.",
                        }
                    ]
                },
            )
        assert shop.start_job(other, EXPORT).status_code == 201

    def test_a_store_limits_the_codes_of_a_job(self, new_shop: Any):
        shop = new_shop(max_codes_per_job=1000)
        promotion = shop.promotion()

        assert refusal(shop.start_job(promotion, generate_body(1001))) == (
            400,
            {
                "errors": [
                    {
                        "title": "Too many promotion codes",
                        "status": 400,
                        "detail": "Only 1000 promotion codes are allowed per promotion",
                        "source": "data.parameters.number_of_codes",
                    }
                ]
            },
        )
        assert shop.start_job(promotion, generate_body(1000)).status_code == 201

    def test_automatic_promotions_get_no_codes_but_can_be_exported(self, shop: Shop):
        promotion = shop.promotion(automatic=True)

        assert refusal(shop.start_job(promotion, generate_body(1))) == (
            422,
            {
                "errors": [
                    {
                        "title": "No codes allowed",
                        "status": "422",
                        "detail": "Cannot add codes to an automatic promotion",
                    }
                ]
            },
        )
        assert shop.start_job(promotion, EXPORT).status_code == 201

    @pytest.mark.parametrize(
        ("change", "source", "title", "detail"),
        [
            ({"number_of_codes": 0}, "number_of_codes", "number_gte", "Must be greater than or equal to 1"),
            ({"number_of_codes": None}, "number_of_codes", "invalid_type", "Expected: integer, given: null"),
            ({"number_of_codes": "9"}, "number_of_codes", "invalid_type", "Expected: integer, given: string"),
            ({"number_of_codes": 10**30}, "number_of_codes", "number_lte", "Must be less than or equal to"),
            ({"code_length": 7}, "code_length", "number_gte", "Must be greater than or equal to 8"),
            ({"code_length": 17}, "code_length", "number_lte", "Must be less than or equal to 16"),
            ({"max_uses_per_code": -1}, "max_uses_per_code", "number_gte", "Must be greater than or equal to 0"),
            ({"consume_unit": "x"}, "consume_unit", "enum", '"per_application", "per_checkout"'),
            ({"code_prefix": "a\nb"}, "code_prefix", "pattern", "Does not match pattern"),
            ({"code_prefix": "x" * 201}, "code_prefix", "string_lte", "less than or equal to 200"),
            ({"codes": 5}, "codes", "additional_property_not_allowed", "Additional property codes is not allowed"),
        ],
    )
    def test_parameters_out_of_bounds_are_refused(
        self, shop: Shop, change: dict[str, Any], source: str, title: str, detail: str
    ):
        body = generate_body(5)
        body["parameters"] |= change

        error = only_error(shop.start_job(shop.promotion(), body))

        assert (error["status"], error["source"], error["title"]) == (400, f"data.parameters.{source}", title)
        assert detail in error["detail"]

    def test_what_is_missing_is_named(self, shop: Shop):
        promotion = shop.promotion()

        def error(body: Any) -> tuple[str, str]:
            told = only_error(shop.http.post(f"{PROMOTIONS}/{promotion}/jobs", json=body))
            return told["source"], told["detail"]

        generate = {"type": "promotion_job", "job_type": "code_generate"}
        assert error({"data": generate}) == ("data.parameters", "parameters is required")
        assert error({"data": generate | {"parameters": {}}}) == (
            "data.parameters.number_of_codes",
            "number_of_codes is required",
        )
        assert error({"data": {"type": "promotion_job"}}) == ("data.job_type", "job_type is required")
        assert error({}) == ("data", "data is required")
        assert error({"data": EXPORT | {"job_type": "code_copy"}})[0] == "data.job_type"
        assert error({"data": EXPORT | {"type": "promotion"}})[0] == "data.type"
        assert error({"data": EXPORT | {"name": "x" * 51}}) == (
            "data.name",
            "String length must be less than or equal to 50",
        )

    def test_the_type_may_be_absent_or_that_of_codes(self, shop: Shop):
        for type_ in ({"type": "promotion_codes"}, {}):
            promotion = shop.promotion()
            answer = shop.start_job(promotion, {"job_type": "code_export", **type_})
            assert answer.status_code == 201
            assert answer.json()["data"]["type"] == "promotion_job"

    def test_codes_that_could_be_guessed_are_not_generated(self, shop: Shop):
        error = only_error(shop.start_job(shop.promotion(), generate_body(10**12)))

        assert (error["status"], error["title"]) == ("422", "Code space too small")
        assert "code_length" in error["detail"]

    def test_limits_of_single_codes_hold_for_generated_ones(self, shop: Shop):
        promotion = shop.promotion()
        for parameters, title in (
            ({"is_for_new_shopper": True, "max_uses_per_code": 1}, "Invalid Code"),
            (
                {"consume_unit": "per_application", "max_uses_per_shopper": {"max_uses": 1}},
                "Unsupported consume unit",
            ),
        ):
            assert only_error(shop.start_job(promotion, generate_body(1, **parameters)))["title"] == title

    def test_only_completed_exports_have_a_file(self, shop: Shop):
        promotion = shop.promotion()
        generated = shop.generate(promotion, 100_000)

        def error() -> tuple[int, Any]:
            return refusal(shop.http.get(f"{PROMOTIONS}/{promotion}/jobs/{generated}/file"))

        status = shop.job(promotion, generated)["status"]
        assert status in ("pending", "processing")
        code, document = error()
        assert code == 422
        assert document["errors"][0]["detail"].startswith("Job has no file to download. Job status: p")
        shop.ended_job(promotion, generated)
        assert error() == (
            422,
            {
                "errors": [
                    {
                        "title": "Unprocessable Entity",
                        "status": "422",
                        "detail": "Job has no file to download. Job status: completed",
                    }
                ]
            },
        )

    def test_only_what_has_not_ended_can_be_cancelled(self, shop: Shop):
        promotion = shop.promotion()
        job = shop.generate(promotion, 1)
        shop.ended_job(promotion, job)

        for body in (b"", b"{}"):
            answer = shop.http.post(f"{PROMOTIONS}/{promotion}/jobs/{job}/cancel", content=body)
            assert refusal(answer) == (
                422,
                {
                    "errors": [
                        {
                            "title": "Unprocessable Entity",
                            "status": "422",
                            "detail": "Only pending or processing jobs can be cancelled.",
                        }
                    ]
                },
            )

    def test_unknown_ones_are_not_found(self, shop: Shop):
        promotion, elsewhere = shop.promotion(), shop.promotion()
        job = shop.generate(elsewhere, 1)

        for unknown in (str(uuid4()), "none", job):
            jobs = f"{PROMOTIONS}/{promotion}/jobs/{unknown}"
            for answer in (shop.http.get(jobs), shop.http.get(f"{jobs}/file"), shop.http.post(f"{jobs}/cancel")):
                assert refusal(answer) == (404, NO_JOB)
        for answer in (
            shop.start_job(str(uuid4()), EXPORT),
            shop.http.post(f"{PROMOTIONS}/{uuid4()}/jobs/{job}/cancel"),
        ):
            assert refusal(answer) == (404, NO_PROMOTION)
