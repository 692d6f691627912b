"""Promotions over HTTP (behaviour.md 1.1)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support import Shop, promotion_body

PROMOTIONS = "/v2/rule-promotions"
PAST = {"start": "2020-01-01", "end": "2020-02-01"}
FUTURE = {"start": "2090-01-01", "end": "2090-02-01"}
NOT_FOUND = {"errors": [{"title": "Not Found", "status": 404, "detail": "promotion not found"}]}
DUPLICATE_PRIORITY = {
    "errors": [
        {
            "title": "Duplicate priority",
            "status": "422",
            "detail": "Priority already in use in another running or scheduled promotion",
        }
    ]
}


def create(shop: Shop, **members: Any) -> httpx.Response:
    return shop.http.post(PROMOTIONS, json=promotion_body(**members))


def update(shop: Shop, promotion: str, **members: Any) -> httpx.Response:
    return shop.http.put(f"{PROMOTIONS}/{promotion}", json={"data": {"type": "rule_promotion", **members}})


def read(shop: Shop, promotion: str) -> dict[str, Any]:
    return shop.http.get(f"{PROMOTIONS}/{promotion}").json()["data"]


class TestCreating:
    def test_what_is_not_said_has_its_documented_default(self, shop: Shop):
        body = promotion_body()
        del body["data"]["enabled"]
        answer = shop.http.post(PROMOTIONS, json=body)

        assert answer.status_code == 201
        created = answer.json()["data"]
        for member in ("id", "created_by", "updated_by", "store_id"):
            assert isinstance(created.pop(member), str)
        timestamps = created.pop("meta")["timestamps"]
        assert timestamps["created_at"] == timestamps["updated_at"]
        assert timestamps["created_at"][10] == "T"
        assert timestamps["created_at"][-5:-4] + timestamps["created_at"][-1] == ".Z"
        assert created == body["data"] | {
            "enabled": False,
            "automatic": False,
            "stackable": True,
            "override_stacking": False,
            "start": "2024-01-01T00:00:00Z",
            "end": "2099-01-01T00:00:00Z",
        }

    def test_what_was_created_can_be_read_again(self, shop: Shop):
        created = create(shop, priority=4, description="d").json()["data"]

        assert read(shop, created["id"]) == created
        assert shop.http.get(PROMOTIONS).json()["data"] == [created]

    def test_what_was_read_can_be_written_back(self, shop: Shop):
        before = read(shop, shop.promotion(priority=4, colour="red"))

        answer = shop.http.put(f"{PROMOTIONS}/{before['id']}", json={"data": before})

        assert answer.json()["data"] | {"meta": None} == before | {"meta": None}

    def test_who_wrote_it_is_told_whatever_the_body_claims(self, shop: Shop):
        body = {"id": str(uuid4()), "store_id": str(uuid4()), "created_by": "me", "updated_by": "me", "meta": {}}
        created = create(shop, **body).json()["data"]

        assert created["created_by"] == created["updated_by"] == shop.client_id
        assert created["store_id"] == shop.store_id
        assert created["id"] != body["id"]

    @pytest.mark.parametrize(
        ("written", "answered"),
        [
            ("2024-02-01", "2024-02-01T00:00:00Z"),
            ("2024-02-01 10:30", "2024-02-01T10:30:00Z"),
            ("2024-02-01T10:30:15Z", "2024-02-01T10:30:15Z"),
            ("2024-02-01T10:30:15+02:00", "2024-02-01T08:30:15Z"),
        ],
    )
    def test_moments_may_be_written_shortly_and_are_answered_in_utc(self, shop: Shop, written: str, answered: str):
        promotion = shop.promotion(start=written)

        assert read(shop, promotion)["start"] == answered

    def test_members_of_the_merchant_s_own_are_kept_as_they_are(self, shop: Shop):
        own = {"campaign": {"id": 7, "tags": ["a", None, 1.5]}, "große": "äöü 🎁", "custom_fields": "mine"}
        promotion = shop.promotion(**own)
        assert says(read(shop, promotion), own)

        update(shop, promotion, campaign=None, colour="red")
        changed = read(shop, promotion)
        assert "campaign" not in changed
        assert (changed["colour"], changed["große"]) == ("red", "äöü 🎁")

    def test_lists_of_conditions_are_taken_for_one(self, shop: Shop):
        def total(amount: int) -> dict[str, Any]:
            return {"strategy": "cart_total", "operator": "gte", "args": [amount]}

        actions = promotion_body()["data"]["rule_set"]["actions"]
        one = shop.promotion(rule_set={"rules": [total(1)], "actions": actions})
        two = shop.promotion(rule_set={"rules": [total(1), total(2)], "actions": actions})

        assert read(shop, one)["rule_set"]["rules"] == total(1)
        assert read(shop, two)["rule_set"]["rules"] == {"strategy": "and", "children": [total(1), total(2)]}

    def test_the_other_name_of_bundle_discounts_is_understood(self, shop: Shop):
        rule_set = promotion_body()["data"]["rule_set"]
        bundle = {
            "strategy": "items_bundle",
            "children": [
                {
                    "strategy": "and",
                    "children": [
                        {"strategy": "item_sku", "operator": "in", "args": ["a"]},
                        {"strategy": "item_quantity", "operator": "gte", "args": [2]},
                    ],
                }
            ],
        }
        action = {"strategy": "item_bundle_discount", "args": ["fixed", 100], "condition": bundle}
        answer = create(shop, rule_set=rule_set | {"actions": [action]})

        assert answer.status_code == 201, answer.text
        assert answer.json()["data"]["rule_set"]["actions"] == [action | {"strategy": "items_bundle_discount"}]

    def test_several_currencies_may_be_named_for_fixed_amounts(self, shop: Shop):
        rule_set = promotion_body()["data"]["rule_set"]
        fixed = [{"strategy": "cart_discount", "args": ["fixed", 1000]}]
        answer = create(shop, rule_set=rule_set | {"currencies": ["USD", "GBP"], "actions": fixed})

        assert answer.json()["data"]["rule_set"]["currencies"] == ["USD", "GBP"]

    def test_the_start_must_be_before_the_end(self, shop: Shop):
        for start, end in (("2024-02-01", "2024-02-01"), ("2024-02-02", "2024-02-01")):
            answer = create(shop, start=start, end=end)
            assert answer.status_code == 422
            (error,) = answer.json()["errors"]
            assert (error["status"], error["title"]) == ("422", "Unprocessable Entity")


class TestUpdating:
    def test_what_is_not_sent_stays(self, shop: Shop):
        promotion = shop.promotion(description="d", priority=9)
        before = read(shop, promotion)

        answer = update(shop, promotion, priority=10)

        assert answer.status_code == 200
        assert answer.json()["data"] == read(shop, promotion)
        assert read(shop, promotion) | {"meta": 0} == before | {"priority": 10, "meta": 0}

    def test_null_removes_what_may_be_absent(self, shop: Shop):
        promotion = shop.promotion(description="d", priority=9)

        update(shop, promotion, description=None, priority=None)

        assert not {"description", "priority"} & read(shop, promotion).keys()

    def test_every_documented_member_can_be_changed(self, shop: Shop):
        promotion = shop.promotion()
        changes = {
            "name": "n",
            "description": "d",
            "enabled": False,
            "start": "2025-01-01T00:00:00Z",
            "end": "2026-01-01T00:00:00Z",
            "automatic": True,
            "stackable": False,
            "override_stacking": True,
            "priority": -3,
            "rule_set": {
                "currencies": ["EUR"],
                "rules": {"strategy": "item_sku", "operator": "in", "args": ["a"]},
                "actions": [{"strategy": "item_discount", "args": ["percent", 5]}],
            },
        }
        for member, value in changes.items():
            assert update(shop, promotion, **{member: value}).status_code == 200, member

        assert says(read(shop, promotion), changes)

    def test_the_whole_must_stay_valid(self, shop: Shop):
        promotion = shop.promotion()
        before = read(shop, promotion)

        assert update(shop, promotion, end="2023-01-01").status_code == 422
        refused = update(shop, promotion, name=None, enabled="yes")
        assert refused.status_code == 400
        assert {error["source"] for error in refused.json()["errors"]} == {"data.name", "data.enabled"}
        assert read(shop, promotion) == before

    def test_of_two_updates_at_once_neither_is_lost(self, shop: Shop):
        promotion = shop.promotion()
        members = [f"own_{number}" for number in range(24)]

        with ThreadPoolExecutor(8) as together:
            answers = list(together.map(lambda member: update(shop, promotion, **{member: 1}), members))

        assert {answer.status_code for answer in answers} == {200}
        assert set(members) <= read(shop, promotion).keys()


class TestPriorities:
    def test_no_two_running_or_scheduled_promotions_have_the_same(self, shop: Shop):
        shop.promotion(priority=1)
        shop.promotion(priority=2, **FUTURE)

        for priority in (1, 2):
            answer = create(shop, priority=priority)
            assert (answer.status_code, answer.json()) == (422, DUPLICATE_PRIORITY)
        other = shop.promotion(priority=3)
        answer = update(shop, other, priority=1)
        assert (answer.status_code, answer.json()) == (422, DUPLICATE_PRIORITY)
        assert read(shop, other)["priority"] == 3

    def test_disabled_and_ended_promotions_may_repeat_one(self, shop: Shop):
        shop.promotion(priority=1)
        disabled = shop.promotion(priority=1, enabled=False)
        ended = shop.promotion(priority=1, **PAST)

        assert update(shop, disabled, name="still disabled").status_code == 200
        for promotion, change in ((disabled, {"enabled": True}), (ended, {"end": "2099-01-01"})):
            answer = update(shop, promotion, **change)
            assert (answer.status_code, answer.json()) == (422, DUPLICATE_PRIORITY)

    def test_a_promotion_keeps_its_own(self, shop: Shop):
        promotion = shop.promotion(priority=1)

        assert update(shop, promotion, priority=1, name="again").status_code == 200

    def test_one_is_free_again_once_its_promotion_gives_it_up(self, shop: Shop):
        first = shop.promotion(priority=1)
        update(shop, first, priority=None)
        second = shop.promotion(priority=1)
        shop.http.delete(f"{PROMOTIONS}/{second}")

        assert create(shop, priority=1).status_code == 201

    def test_other_stores_do_not_matter(self, shop: Shop, new_shop: Any):
        shop.promotion(priority=1)

        assert create(new_shop(), priority=1).status_code == 201


class TestAutomaticPromotions:
    def test_only_so_many_may_be_active_or_still_to_come(self, new_shop: Any):
        shop = new_shop(max_automatic_promotions=2)
        shop.promotion(automatic=True)
        shop.promotion(automatic=True, **FUTURE)

        answer = create(shop, automatic=True)

        assert answer.status_code == 400
        assert answer.json() == too_many("Only 2 active automatic rule promotions are allowed per store")

    def test_disabled_and_ended_ones_do_not_count(self, new_shop: Any):
        shop = new_shop(max_automatic_promotions=1)
        shop.promotion(automatic=True, enabled=False)
        shop.promotion(automatic=True, **PAST)

        assert create(shop, automatic=True).status_code == 201

    def test_none_may_join_them_by_an_update(self, new_shop: Any):
        shop = new_shop(max_automatic_promotions=1)
        counting = shop.promotion(automatic=True)
        late = {
            shop.promotion(): {"automatic": True},
            shop.promotion(automatic=True, enabled=False): {"enabled": True},
            shop.promotion(automatic=True, **PAST): {"end": "2099-01-01"},
        }

        for promotion, change in late.items():
            answer = update(shop, promotion, **change)
            assert answer.status_code == 400
            expected = "Only 1 active and future automatic rule promotions are allowed per store"
            assert answer.json() == too_many(expected)
        assert update(shop, counting, name="those that count can be changed").status_code == 200
        shop.http.delete(f"{PROMOTIONS}/{counting}")
        assert update(shop, next(iter(late)), automatic=True).status_code == 200

    def test_the_limit_of_a_store_is_fifty_at_first(self, shop: Shop):
        with ThreadPoolExecutor(4) as together:
            answers = list(together.map(lambda _: create(shop, automatic=True), range(51)))

        refused = [answer for answer in answers if answer.status_code != 201]
        assert [answer.json() for answer in refused] == [
            too_many("Only 50 active automatic rule promotions are allowed per store")
        ]

    def test_they_have_one_code_named_after_them(self, shop: Shop):
        promotion = shop.promotion(automatic=True)

        (code,) = shop.list_codes(promotion)

        assert code["code"] == f"auto_{promotion}"
        assert not {"uses", "max_uses", "user"} & code.keys()

    def test_the_code_goes_and_comes_as_a_promotion_ceases_and_begins_to_be_automatic(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "mine")

        update(shop, promotion, automatic=True)
        assert names(shop, promotion) == ["mine", f"auto_{promotion}"]
        update(shop, promotion, automatic=True)
        update(shop, promotion, automatic=False)
        assert names(shop, promotion) == ["mine"]
        update(shop, promotion, automatic=True)
        assert names(shop, promotion) == ["mine", f"auto_{promotion}"]

    def test_the_code_cannot_be_deleted(self, shop: Shop):
        promotion = shop.promotion(automatic=True)
        (code,) = shop.list_codes(promotion)
        codes = f"{PROMOTIONS}/{promotion}/codes"
        body = {"data": {"type": "promotion_codes", "codes": [{"code": code["code"].upper()}]}}

        for answer in (
            shop.http.delete(f"{codes}/{code['id']}"),
            shop.http.delete(f"{codes}/{code['code'].upper()}"),
            shop.http.request("DELETE", codes, json=body),
        ):
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["title"] == "Unprocessable Entity"
        assert shop.list_codes(promotion) == [code]

    def test_nobody_takes_the_name_of_that_code_beforehand(self, shop: Shop):
        promotion = shop.promotion()

        assert shop.add_codes(promotion, f"AUTO_{promotion}").status_code == 422
        assert update(shop, promotion, automatic=True).status_code == 200
        assert names(shop, promotion) == [f"auto_{promotion}"]

    def test_items_are_added_automatically_only_by_those_that_give_them_away(self, shop: Shop):
        rule_set = promotion_body()["data"]["rule_set"]

        def gift(percent: int) -> dict[str, Any]:
            socks = {"strategy": "item_identifier", "operator": "in", "args": [{"skus": ["socks"]}]}
            action = {"strategy": "item_discount", "args": ["percent", percent], "condition": socks}
            return rule_set | {"actions": [action | {"limitations": {"items": {"auto_add": True}}}]}

        for automatic, percent in ((False, 100), (True, 50)):
            answer = create(shop, automatic=automatic, rule_set=gift(percent))
            assert answer.status_code == 422
            (error,) = answer.json()["errors"]
            assert (error["status"], error["title"]) == ("422", "Unprocessable Entity")
        assert create(shop, automatic=True, rule_set=gift(100)).status_code == 201


class TestDeleting:
    def test_what_is_deleted_is_gone_with_its_codes_and_jobs(self, shop: Shop):
        promotion, other = shop.promotion(), shop.promotion()
        shop.add_codes(promotion, "shared")
        job = shop.generate(promotion, 1)
        shop.ended_job(promotion, job)

        answer = shop.http.delete(f"{PROMOTIONS}/{promotion}")

        assert (answer.status_code, answer.content) == (204, b"")
        for path in ("", "/codes", "/jobs", f"/jobs/{job}", f"/jobs/{job}/file"):
            missing = shop.http.get(f"{PROMOTIONS}/{promotion}{path}")
            assert (missing.status_code, missing.json()) == (404, NOT_FOUND), path
        assert [found["id"] for found in shop.http.get(PROMOTIONS).json()["data"]] == [other]
        assert shop.http.get(PROMOTIONS, params={"filter": "eq(code,shared)"}).json()["data"] == []
        assert "messages" not in shop.add_codes(other, "shared").json()

    def test_nothing_can_be_done_with_it_any_more(self, shop: Shop):
        promotion = shop.promotion()
        shop.http.delete(f"{PROMOTIONS}/{promotion}")

        for answer in (
            shop.http.delete(f"{PROMOTIONS}/{promotion}"),
            update(shop, promotion, name="back"),
            shop.add_codes(promotion, "a"),
            shop.start_job(promotion, {"type": "promotion_job", "job_type": "code_export"}),
        ):
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)

    def test_it_takes_its_unfinished_job_with_it(self, shop: Shop):
        promotion = shop.promotion()
        shop.generate(promotion, 300_000)

        assert shop.http.delete(f"{PROMOTIONS}/{promotion}").status_code == 204


def says(document: dict[str, Any], members: dict[str, Any]) -> bool:
    return document == document | members


def names(shop: Shop, promotion: str) -> list[str]:
    return [code["code"] for code in shop.list_codes(promotion)]


def too_many(detail: str) -> dict[str, Any]:
    return {"errors": [{"title": "Too many automatic rule promotions", "status": "400", "detail": detail}]}
