"""Every request that the reference shows, sent as it stands and read back."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import Shop, codes_body, generate_body

REPOSITORY = Path(__file__).parents[2]
REFERENCE = Path(os.environ.get("COUPONRY_REFERENCE_DIR", REPOSITORY.parent / "shared" / "reference"))
SPECIFICATION = REFERENCE / "rule-promotions.openapi.yaml"
PROMOTION = "/v2/rule-promotions/{promotionID}"
CODES = f"{PROMOTION}/codes"
JOBS = "/v2/rule-promotions/{uuid}/jobs"

pytestmark = pytest.mark.skipif(
    not SPECIFICATION.exists(),
    reason=f"NOT TESTED with the reference's examples: {SPECIFICATION} is absent (set COUPONRY_REFERENCE_DIR)",
)


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    return yaml.safe_load(SPECIFICATION.read_text())


@pytest.fixture
def examples(specification: dict[str, Any]) -> "Examples":
    return Examples(specification)


class Examples:
    """The request bodies that the reference shows for an operation, by name."""

    def __init__(self, specification: dict[str, Any]) -> None:
        self._paths = specification["paths"]

    def __call__(self, method: str, path: str) -> dict[str, Any]:
        content = self._paths[path][method]["requestBody"]["content"]["application/json"]
        return {name: example["value"] for name, example in content["examples"].items()}


def test_every_promotion_is_created_and_read_back_as_it_was_sent(shop: Shop, examples: Examples):
    shown = examples("post", "/v2/rule-promotions")

    assert len(shown) >= 27
    for name, body in shown.items():
        created = shop.http.post("/v2/rule-promotions", json=body)
        assert created.status_code == 201, f"{name}: {created.text}"
        read = shop.http.get(f"/v2/rule-promotions/{created.json()['data']['id']}").json()["data"]
        assert read == created.json()["data"], name
        differing = {
            member: (sent, read.get(member))
            for member, sent in body["data"].items()
            if canonical(member, sent) != read.get(member)
        }
        assert not differing, name
        shop.http.delete(f"/v2/rule-promotions/{read['id']}")  # some examples have the same priority


def test_every_update_is_taken_and_leaves_the_rest_as_it_was(shop: Shop, examples: Examples):
    for name, body in examples("put", PROMOTION).items():
        promotion = shop.promotion(priority=3, custom="kept")
        before = shop.http.get(f"/v2/rule-promotions/{promotion}").json()["data"]
        updated = shop.http.put(f"/v2/rule-promotions/{promotion}", json=body)
        assert updated.status_code == 200, f"{name}: {updated.text}"
        read = shop.http.get(f"/v2/rule-promotions/{promotion}").json()["data"]
        said = {member: canonical(member, value) for member, value in body["data"].items()}
        assert read | {"meta": None} == before | said | {"meta": None}, name


def test_every_code_is_created_and_listed_as_it_was_sent(shop: Shop, examples: Examples):
    for name, body in examples("post", CODES).items():
        promotion = shop.promotion()
        created = shop.http.post(f"/v2/rule-promotions/{promotion}/codes", json=body)
        assert created.status_code == 201, f"{name}: {created.text}"
        listed = shop.list_codes(promotion)
        for sent, answered, read in zip(body["data"]["codes"], created.json()["data"], listed, strict=True):
            expected = sent | ({"max_uses": sent["uses"]} if "uses" in sent else {})
            assert without(answered, "id", "type") == expected, name
            assert without(read, "id", "type", "created_by", "meta") == expected, name
            assert read["id"] == answered["id"]


def test_the_deletion_of_codes_deletes_those_it_names(shop: Shop, examples: Examples):
    for body in examples("delete", CODES).values():
        promotion = shop.promotion()
        shop.add_codes(promotion, "kept", *(code["code"].upper() for code in body["data"]["codes"]))
        deleted = shop.http.request("DELETE", f"/v2/rule-promotions/{promotion}/codes", json=body)
        assert deleted.status_code == 204
        assert [code["code"] for code in shop.list_codes(promotion)] == ["kept"]


@pytest.mark.parametrize("wrapped", [True, False], ids=["under data", "bare"])
def test_every_job_is_taken_and_does_what_it_says(shop: Shop, examples: Examples, wrapped: bool):
    promotion = shop.promotion()
    for name, body in examples("post", JOBS).items():
        job = body["data"]
        answer = shop.http.post(f"/v2/rule-promotions/{promotion}/jobs", json=body if wrapped else job)
        assert answer.status_code == 201, f"{name}: {answer.text}"
        assert answer.json()["data"] == answer.json()["data"] | job, name
        ended = shop.ended_job(promotion, answer.json()["data"]["id"])
        assert ended["status"] == "completed"
        assert ended == ended | job, name


def test_the_seed_s_job_is_understood_without_data(shop: Shop):
    promotion = shop.promotion()
    job = generate_body(3, max_uses_per_code=0, consume_unit="per_application", code_prefix="string", code_length=8)

    answer = shop.http.post(f"/v2/rule-promotions/{promotion}/jobs", json=job | {"name": "string"})

    assert answer.status_code == 201, answer.text
    assert shop.ended_job(promotion, answer.json()["data"]["id"])["generate_result"] == {"generated": 3, "deleted": 0}


def test_the_seed_s_spelling_of_the_limit_per_shopper_is_understood(shop: Shop):
    promotion = shop.promotion()
    limit = {"max_uses": 1, "includes_guests": False}

    answer = shop.http.post(
        f"/v2/rule-promotions/{promotion}/codes",
        json=codes_body({"code": "string", "consume_unit": "per_checkout", "max_users_per_shopper": limit}),
    )

    assert answer.json()["data"][0]["max_uses_per_shopper"] == limit


def without(members: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def canonical(member: str, sent: Any) -> Any:
    """Return *sent* as it is answered: moments complete, single conditions out of their lists, nothing blank."""
    if member in ("start", "end"):
        moment = sent.replace(" ", "T")
        return moment if moment.endswith("Z") else f"{moment}T00:00:00Z"[:19] + "Z"
    return canonical_rules(sent) if member == "rule_set" else sent


def canonical_rules(sent: Any) -> Any:
    if isinstance(sent, list):
        return [canonical_rules(item) for item in sent]
    if not isinstance(sent, dict):
        return sent
    told = {name: canonical_rules(value) for name, value in sent.items() if value is not None}
    for name in ("rules", "condition"):
        if isinstance(told.get(name), list):
            only, *others = told[name]
            told[name] = {"strategy": "and", "children": told[name]} if others else only
    return told
