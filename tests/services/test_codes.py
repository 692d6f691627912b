"""Codes over HTTP (behaviour.md 2)."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from couponry.storage import stores
from couponry.storage.database import Database
from support import Shop, codes_body

NOT_FOUND = {"errors": [{"title": "Not Found", "status": 404, "detail": "promotion not found"}]}
CODE_NOT_FOUND = {"errors": [{"title": "Not Found", "status": 404, "detail": "promotion code not found"}]}
DUPLICATE = {"errors": [{"title": "Duplicate code", "status": "422", "detail": "Promotion code already in use"}]}


def codes_of(promotion: str) -> str:
    return f"/v2/rule-promotions/{promotion}/codes"


def names(shop: Shop, promotion: str) -> list[str]:
    return [code["code"] for code in shop.list_codes(promotion, **{"page[limit]": "100"})]


def delete(shop: Shop, promotion: str, *codes: str | dict[str, Any]) -> httpx.Response:
    return shop.http.request("DELETE", codes_of(promotion), json=codes_body(*codes))


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


@pytest.fixture
def store_limit(database_url: str) -> Callable[..., None]:
    """Sets a limit of a store, as an operator does."""

    async def change(store_id: str, limit: str, value: int | None) -> None:
        database = Database(database_url, connections=1)
        await database.open()
        async with database.transaction() as connection:
            await stores.set_limit(connection, UUID(store_id), limit, value)
        await database.close()

    def set_limits(shop: Shop, **limits: int | None) -> None:
        for limit, value in limits.items():
            asyncio.run(change(shop.store_id, limit, value))

    return set_limits


class TestCreating:
    def test_codes_are_answered_in_the_order_asked_for_with_what_was_said_and_no_more(self, shop: Shop):
        answer = shop.add_codes(
            shop.promotion(),
            "zebra",
            {"code": "limited", "uses": 5, "consume_unit": "per_application"},
            {"code": "Hers", "user": "her@example.com", "uses": 1},
            {"code": "each", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}},
            {"code": "new", "is_for_new_shopper": True},
            {"code": "never", "uses": 0},
        )

        assert answer.status_code == 201
        assert answer.json().keys() == {"data"}
        told = answer.json()["data"]
        assert len({code.pop("id") for code in told}) == 6
        assert {code.pop("type") for code in told} == {"promotion_codes"}
        assert told == [
            {"code": "zebra"},
            {"code": "limited", "uses": 5, "max_uses": 5, "consume_unit": "per_application"},
            {"code": "Hers", "uses": 1, "max_uses": 1, "user": "her@example.com"},
            {"code": "each", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}},
            {"code": "new", "is_for_new_shopper": True},
            {"code": "never", "uses": 0, "max_uses": 0},
        ]

    def test_lists_tell_as_much_and_who_made_them_when(self, shop: Shop):
        promotion = shop.promotion()
        created = shop.add_codes(promotion, {"code": "a", "uses": 2, "consume_unit": "per_checkout"}).json()["data"][0]

        (listed,) = shop.list_codes(promotion)

        assert listed.pop("created_by") == shop.client_id
        assert listed.pop("meta")["timestamps"].keys() == {"created_at"}
        assert listed == created

    @pytest.mark.parametrize(
        "limits",
        [
            {"uses": 10, "max_uses_per_shopper": {"max_uses": 1}},
            {"user": "customer-id-123", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": False}},
            {"user": "customer-id-123", "uses": 1, "consume_unit": "per_application"},
            {"is_for_new_shopper": False, "uses": 3},
        ],
    )
    def test_limits_that_go_together_are_taken(self, shop: Shop, limits: dict[str, Any]):
        answer = shop.add_codes(shop.promotion(), {"code": "a", **limits})

        assert answer.status_code == 201, answer.text
        assert answer.json()["data"][0] == answer.json()["data"][0] | limits

    def test_ten_thousand_codes_may_come_at_once(self, shop: Shop, record_property: Any):
        promotion, codes = shop.promotion(), [f"code-{number}" for number in range(10_000)]
        began = time.perf_counter()

        answer = shop.add_codes(promotion, *codes)

        record_property("seconds", time.perf_counter() - began)
        assert [code["code"] for code in answer.json()["data"]] == codes
        listed = shop.http.get(codes_of(promotion), params={"page[offset]": "9999"}).json()
        assert listed["meta"]["results"]["total"] == 10_000
        assert [code["code"] for code in listed["data"]] == codes[9999:]


class TestSpelling:
    @pytest.mark.parametrize(
        ("written", "entered"),
        [
            ("Summer-Sale_10%", "sUMMER-sALE_10%"),
            ("STRASSE", "straße"),
            ("straße", "STRASSE"),
            ("İzmir", "i\u0307ZMIR"),
            ("caf\u00e9", "CAFE\u0301"),
            ("cafe\u0301", "CAF\u00c9"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("x" * 255, "X" * 255),
        ],
    )
    def test_a_code_is_the_same_however_it_is_typed(self, shop: Shop, written: str, entered: str):
        promotion = shop.promotion()
        assert shop.add_codes(promotion, written).status_code == 201

        assert refusal(shop.add_codes(promotion, entered)) == (422, DUPLICATE)
        assert names(shop, promotion) == [written]
        (found,) = shop.list_codes(promotion, filter=f'eq(code,"{entered}")')
        assert found["code"] == written
        assert shop.http.get("/v2/rule-promotions", params={"filter": f'eq(code,"{entered}")'}).json()["data"]
        assert delete(shop, promotion, entered).status_code == 204
        assert names(shop, promotion) == []

    def test_dotless_and_dotted_letters_stay_different(self, shop: Shop):
        assert shop.add_codes(shop.promotion(), "izmir", "İzmir", "\u0131zmir").status_code == 201

    def test_outer_space_is_dropped_and_inner_kept(self, shop: Shop):
        promotion = shop.promotion()

        answer = shop.add_codes(promotion, "  ten  off \t\n", "\u00a0x\u2003")

        assert [code["code"] for code in answer.json()["data"]] == names(shop, promotion) == ["ten  off", "x"]

    @pytest.mark.parametrize(
        ("code", "title"),
        [
            ("", "string_gte"),
            (" \u2003 ", "string_gte"),
            ("x" * 256, "string_lte"),
            ("a\tb", "pattern"),
            ("a\nb", "pattern"),
            ("a\x7fb", "pattern"),
            ("a\x85b", "pattern"),
            ("a\u2028b", "pattern"),
        ],
    )
    def test_what_nobody_can_type_is_refused(self, shop: Shop, code: str, title: str):
        promotion = shop.promotion()

        answer = shop.add_codes(promotion, "fine", code)

        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert (error["status"], error["source"], error["title"]) == (400, "data.codes.1.code", title)
        assert names(shop, promotion) == []

    @pytest.mark.parametrize("escaped", [r"a\u0000b", r"a\ud800b", r"\udc00"])
    def test_nul_and_halves_of_characters_are_refused(self, shop: Shop, escaped: str):
        promotion = shop.promotion()
        body = json.dumps(codes_body("CODE")).replace("CODE", escaped)

        for method in ("POST", "DELETE"):
            answer = shop.http.request(method, codes_of(promotion), content=body)
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["status"] == 400
        assert names(shop, promotion) == []

    def test_the_longest_codes_find_room_in_the_index(self, shop: Shop):
        chance = random.Random(1)
        widest = [chr(0x1D15E + number) for number in range(7)] + [chr(0x1D1BB + number) for number in range(6)]
        rare = [chr(0x20000 + chance.randrange(40_000)) for _ in range(255)]
        growing = ["ΐ", "\u0958", "\ufb2c", "\u2adc", "ﬃ", "ŉ"]
        promotion = shop.promotion()
        codes = [
            "".join(chance.choices(widest, k=255)),
            "".join(rare),
            "".join(chance.choices([*widest, *rare, *growing], k=255)),
            "🎁" * 255,
        ]

        answer = shop.add_codes(promotion, *codes)

        assert answer.status_code == 201, answer.text
        assert names(shop, promotion) == codes
        assert refusal(shop.add_codes(promotion, codes[0])) == (422, DUPLICATE)
        for code in answer.json()["data"]:
            assert shop.http.delete(f"{codes_of(promotion)}/{code['id']}").status_code == 204


class TestRefusals:
    def test_guests_need_a_limit_to_be_included_in(self, shop: Shop):
        codes = ["fine", {"code": "b", "max_uses_per_shopper": {"includes_guests": True}}]

        assert refusal(shop.add_codes(shop.promotion(), *codes)) == (
            400,
            {
                "errors": [
                    {
                        "title": "missing_dependency",
                        "status": 400,
                        "detail": "Has a dependency on max_uses",
                        "source": "data.codes.1.max_uses_per_shopper",
                    }
                ]
            },
        )

    @pytest.mark.parametrize("limit", [{"uses": 1}, {"user": "u"}, {"max_uses_per_shopper": {"max_uses": 1}}])
    def test_codes_for_first_time_shoppers_have_no_other_limit(self, shop: Shop, limit: dict[str, Any]):
        answer = shop.add_codes(shop.promotion(), {"code": "First", "is_for_new_shopper": True, **limit})

        detail = "Code - First can't have limited uses or assigned to users since it's for first-time shoppers."
        error = {"title": "Invalid Code", "status": 400, "detail": detail, "source": ""}
        assert refusal(answer) == (400, {"errors": [error]})

    def test_uses_per_shopper_are_not_counted_per_application(self, shop: Shop):
        code = {"code": "a", "consume_unit": "per_application", "max_uses_per_shopper": {"max_uses": 1}}
        detail = "Consume unit 'per_application' is not supported when using 'max_uses_per_shopper' features."
        error = {"title": "Unsupported consume unit", "status": "422", "detail": detail, "source": ""}

        assert refusal(shop.add_codes(shop.promotion(), code)) == (422, {"errors": [error]})

    def test_automatic_promotions_take_no_codes(self, shop: Shop):
        error = {"title": "No codes allowed", "status": "422", "detail": "Cannot add codes to automatic promotion"}

        assert refusal(shop.add_codes(shop.promotion(automatic=True), "a")) == (422, {"errors": [error]})

    def test_a_promotion_has_a_code_once(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "Taken")

        for codes in (["new", "TAKEN"], ["new", "other", "NEW"]):
            assert refusal(shop.add_codes(promotion, *codes)) == (422, DUPLICATE)
        assert names(shop, promotion) == ["Taken"]

    def test_unknown_promotions_take_no_codes(self, shop: Shop):
        for unknown in (str(uuid4()), "none", "🎁"):
            assert refusal(shop.add_codes(unknown, "a")) == (404, NOT_FOUND)

    def test_a_store_may_limit_the_codes_of_a_promotion(self, shop: Shop, store_limit: Any):
        promotion = shop.promotion()
        shop.add_codes(promotion, "a")
        store_limit(shop, max_codes_per_promotion=3)

        answer = shop.add_codes(promotion, "b", "c", "d")

        detail = "Only 3 promotion codes are allowed per promotion"
        error = {"title": "Too many promotion codes", "status": 400, "detail": detail}
        assert refusal(answer) == (400, {"errors": [error]})
        assert shop.add_codes(promotion, "b", "c").status_code == 201
        assert names(shop, promotion) == ["a", "b", "c"]

    def test_refusals_come_in_the_documented_order(self, shop: Shop):
        contradictory = {"code": "a", "is_for_new_shopper": True, "uses": 1}
        unsupported = {"code": "a", "consume_unit": "per_application", "max_uses_per_shopper": {"max_uses": 1}}
        malformed = {"code": 1}

        def title(promotion: str, *codes: Any) -> str:
            return shop.add_codes(promotion, *codes).json()["errors"][0]["title"]

        assert title(str(uuid4()), malformed) == "invalid_type"
        assert title(str(uuid4()), contradictory) == "Not Found"
        assert title(shop.promotion(automatic=True), contradictory) == "No codes allowed"
        assert title(shop.promotion(), contradictory, unsupported) == "Invalid Code"
        assert title(shop.promotion(), unsupported, "a", "a") == "Unsupported consume unit"
        assert title(shop.promotion(), "a", "a") == "Duplicate code"


class TestAliases:
    def test_other_spellings_of_the_limit_per_shopper_are_understood(self, shop: Shop):
        limit = {"max_uses": 2, "includes_guests": True}
        spelled = {"code": "a", "max_users_per_shopper": {"max_uses": 2, "includes_guest": True}}

        (code,) = shop.add_codes(shop.promotion(), spelled).json()["data"]

        assert code["max_uses_per_shopper"] == limit
        assert "max_users_per_shopper" not in code

    def test_both_spellings_may_agree_but_not_differ(self, shop: Shop):
        one, two = {"max_uses": 1}, {"max_uses": 2}

        def answer(*limits: Any) -> httpx.Response:
            spelled = dict(zip(("max_users_per_shopper", "max_uses_per_shopper"), limits, strict=True))
            return shop.add_codes(shop.promotion(), {"code": "a", **spelled})

        assert answer(one, one).status_code == 201
        assert answer(one, two).status_code == 400
        assert answer(one, two).json()["errors"][0]["source"] == "data.codes.0.max_uses_per_shopper"

    def test_faults_name_the_canonical_spelling(self, shop: Shop):
        answer = shop.add_codes(shop.promotion(), {"code": "a", "max_users_per_shopper": {"includes_guest": True}})

        assert answer.json()["errors"][0]["source"] == "data.codes.0.max_uses_per_shopper"

    def test_a_limit_that_is_misspelt_is_never_dropped(self, shop: Shop):
        for member in ("max_uses", "Uses", "usess", "max_uses_pershopper"):
            answer = shop.add_codes(shop.promotion(), {"code": "a", member: 1})
            assert answer.status_code == 400
            (error,) = answer.json()["errors"]
            assert error["title"] == "additional_property_not_allowed"
            assert error["detail"] == f"Additional property {member} is not allowed"


class TestSharedNames:
    def test_a_message_tells_which_codes_other_promotions_have(self, shop: Shop):
        first, second, third = shop.promotion(), shop.promotion(enabled=False), shop.promotion()
        shop.add_codes(first, "Spring", "Summer", "other")
        assert "messages" in shop.add_codes(second, "spring").json()

        answer = shop.add_codes(third, "SUMMER", "mine", "spring")

        assert answer.status_code == 201
        assert answer.json()["messages"] == [
            {
                "source": {"type": "promotion_codes", "codes": ["SUMMER", "spring"]},
                "title": "Duplicate code names",
                "description": "Code names duplicated in other promotions",
            }
        ]

    def test_each_promotion_has_a_code_of_its_own(self, shop: Shop):
        first, second = shop.promotion(), shop.promotion()
        shop.add_codes(first, {"code": "shared", "uses": 1})
        shop.add_codes(second, {"code": "SHARED", "consume_unit": "per_application"})

        delete(shop, first, "shared")

        assert names(shop, first) == []
        assert names(shop, second) == ["SHARED"]
        assert "messages" not in shop.add_codes(second, "else").json()


class TestDeleting:
    def test_codes_are_deleted_by_name_whatever_else_is_said_of_them(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "a", "b", "c", "d")

        answer = delete(shop, promotion, "A", {"code": " b ", "uses": 7, "consume_unit": "x", "who": 1}, "unknown")

        assert (answer.status_code, answer.content) == (204, b"")
        assert names(shop, promotion) == ["c", "d"]
        assert shop.http.get(codes_of(promotion)).json()["meta"]["results"]["total"] == 2
        assert delete(shop, promotion, "a").status_code == 204

    def test_one_code_is_deleted_by_its_id(self, shop: Shop):
        promotion = shop.promotion()
        code = shop.add_codes(promotion, "a", "b").json()["data"][0]

        answer = shop.http.delete(f"{codes_of(promotion)}/{code['id']}")

        assert (answer.status_code, answer.content) == (204, b"")
        assert names(shop, promotion) == ["b"]
        assert refusal(shop.http.delete(f"{codes_of(promotion)}/{code['id']}")) == (404, CODE_NOT_FOUND)

    @pytest.mark.parametrize("code", ["Ten%Off", "straße", "a b", "50%", "q?x=1#y", "semi;colon", "..", "+1"])
    def test_one_code_is_deleted_by_itself(self, shop: Shop, code: str):
        promotion = shop.promotion()
        shop.add_codes(promotion, code, "kept")
        quoted = "".join(f"%{byte:02X}" for byte in code.upper().encode())

        assert shop.http.delete(f"{codes_of(promotion)}/{quoted}").status_code == 204
        assert names(shop, promotion) == ["kept"]
        assert refusal(shop.http.delete(f"{codes_of(promotion)}/{quoted}")) == (404, CODE_NOT_FOUND)

    def test_a_code_with_a_slash_is_deleted_by_its_id_or_with_others(self, shop: Shop):
        promotion = shop.promotion()
        first = shop.add_codes(promotion, "20/off", "a/b").json()["data"][0]

        assert shop.http.delete(f"{codes_of(promotion)}/{first['id']}").status_code == 204
        assert delete(shop, promotion, "A/B").status_code == 204
        assert names(shop, promotion) == []

    def test_a_code_that_looks_like_an_id_can_be_deleted_by_itself(self, shop: Shop):
        promotion, code = shop.promotion(), str(uuid4())
        shop.add_codes(promotion, code)

        assert shop.http.delete(f"{codes_of(promotion)}/{code.upper()}").status_code == 204

    def test_what_no_code_can_be_is_not_found(self, shop: Shop):
        promotion = shop.promotion()

        for quoted in ("%00", "%ED%A0%80", "%FF", "%20", "x" * 3000):
            assert refusal(shop.http.delete(f"{codes_of(promotion)}/{quoted}")) == (404, CODE_NOT_FOUND)

    def test_codes_of_unknown_promotions_are_not_found(self, shop: Shop):
        for unknown in (str(uuid4()), "none"):
            assert refusal(shop.http.delete(f"{codes_of(unknown)}/a")) == (404, NOT_FOUND)
            assert refusal(delete(shop, unknown, "a")) == (404, NOT_FOUND)
            assert refusal(shop.http.get(codes_of(unknown))) == (404, NOT_FOUND)

    def test_another_promotion_s_codes_stay(self, shop: Shop):
        mine, other = shop.promotion(), shop.promotion()
        (code,) = shop.add_codes(other, "shared").json()["data"]

        delete(shop, mine, "shared")
        for name in (code["id"], "shared"):
            assert shop.http.delete(f"{codes_of(mine)}/{name}").status_code == 404
        assert names(shop, other) == ["shared"]

    def test_a_body_is_needed_to_delete_several(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "a")

        for body in (b"", b"{}", b'{"data":{}}', b'{"data":{"type":"promotion_codes","codes":["a"]}}', b"[", b"null"):
            answer = shop.http.request("DELETE", codes_of(promotion), content=body)
            assert answer.status_code == 400, body
            assert {error["status"] for error in answer.json()["errors"]} == {400}
        assert names(shop, promotion) == ["a"]

    def test_a_slash_at_the_end_of_a_path_makes_no_difference(self, shop: Shop):
        promotion = shop.promotion()

        assert shop.http.post(f"{codes_of(promotion)}/", json=codes_body("a")).status_code == 201
        assert shop.http.get(f"{codes_of(promotion)}/").json()["meta"]["results"]["total"] == 1
        deleted = shop.http.request("DELETE", f"{codes_of(promotion)}/", json=codes_body("a"))
        assert deleted.status_code == 204
