import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest

from couponry.api import aliases
from couponry.api.documents import (
    MAX_NESTING,
    amend_promotion,
    attributes,
    decode,
    decode_promotion,
    promotion_document,
    read,
)
from couponry.api.faults import MAX_FAULTS
from couponry.domain.codes import NewCode
from couponry.domain.errors import Fault, InvalidDocument, MalformedDocument
from couponry.domain.jobs import NewJob
from couponry.domain.promotion_errors import UnprocessablePromotion
from couponry.domain.promotions import Promotion, PromotionAttributes


class CodesData(msgspec.Struct):
    type: Literal["promotion_codes"]
    codes: list[NewCode]


class CodesDocument(msgspec.Struct):
    data: CodesData


class JobDocument(msgspec.Struct):
    data: NewJob


SKU = {"strategy": "item_sku", "operator": "in", "args": ["shirt"]}
TEN_OFF = {"strategy": "cart_discount", "args": ["fixed", 1000]}


def rule_set(rules: Any = SKU, *actions: Any, **members: Any) -> dict[str, Any]:
    return {"rules": rules, "actions": list(actions or [TEN_OFF]), **members}


def body(*absent: str, **members: Any) -> bytes:
    data = {
        "type": "rule_promotion",
        "name": "Spring",
        "start": "2024-02-01",
        "end": "2024-03-01",
        "rule_set": rule_set(),
    } | members
    return msgspec.json.encode({"data": {name: value for name, value in data.items() if name not in absent}})


def amendment(**members: Any) -> bytes:
    return msgspec.json.encode({"data": members})


def faults_of(act: Any, *args: Any) -> list[Fault]:
    with pytest.raises(InvalidDocument) as refusal:
        act(*args)
    return list(refusal.value.faults)


def faults(*absent: str, **members: Any) -> list[Fault]:
    return faults_of(decode_promotion, body(*absent, **members))


def told(faults: list[Fault]) -> list[tuple[str, str]]:
    return [(fault.title, fault.source) for fault in faults]


class TestReading:
    @pytest.mark.parametrize(
        "text", ["{}", "[]", "null", '"x"', "5", "1.5e3", '{"a": [1, {"b": null}]}', '"\\ud83d\\ude00"']
    )
    def test_json_is_read(self, text):
        assert read(text.encode()) == msgspec.json.decode(text)

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b"{'a': 1}",
            b"NaN",
            b"Infinity",
            b"1e400",
            b'"\xff"',
            b'"\xed\xa0\x80"',
            b'"\\ud800"',
            b'"\\udc00x"',
            b'"\\u0000"',
            b'{"a\\u0000": 1}',
            b'[{"a": ["\\u0000"]}]',
            b'"\x00"',
            b'"\n"',
            b"\xef\xbb\xbf{}",
            b"9" * 5000,
            b"[" * 100_000,
            b"[" * 1_000 + b"]" * 1_000,
        ],
    )
    def test_what_is_not_json_or_holds_what_no_database_holds_is_malformed(self, raw):
        with pytest.raises(MalformedDocument):
            read(raw)

    def test_an_escaped_backslash_is_not_an_escaped_nul(self):
        assert read(b'"\\\\u0000"') == "\\u0000"

    def test_nesting_is_bounded(self):
        assert read(b"[" * MAX_NESTING + b"]" * MAX_NESTING)
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            with pytest.raises(MalformedDocument):
                read(opening * (MAX_NESTING + 1) + b"1" + closing * (MAX_NESTING + 1))


class TestFaults:
    def test_every_missing_member_is_named(self):
        assert faults("type", "name", "start", "end", "rule_set") == [
            Fault("required", f"{name} is required", f"data.{name}")
            for name in ("name", "start", "end", "rule_set", "type")
        ]

    def test_faults_of_every_kind_are_named_at_once(self):
        wrong = faults("name", enabled="yes", priority=2**31, start="soon", type="promotion", description="x\x01")
        assert wrong == [
            Fault(
                "pattern",
                r"Does not match pattern '^(?![\s\S]*[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f])'",
                "data.description",
            ),
            Fault("invalid_type", "Invalid type. Expected: boolean, given: string", "data.enabled"),
            Fault("number_lte", "Must be less than or equal to 2147483647", "data.priority", 2**31),
            Fault("format", "Does not match format 'date-time'", "data.start"),
            Fault("enum", 'data.type must be one of the following: "rule_promotion"', "data.type"),
            Fault("required", "name is required", "data.name"),
        ]

    @pytest.mark.parametrize(
        ("value", "given"),
        [(None, "null"), (True, "boolean"), (1, "integer"), (1.5, "number"), ([], "array"), ({}, "object")],
    )
    def test_types_are_named_as_in_json(self, value, given):
        detail = f"Invalid type. Expected: string, given: {given}"
        assert faults(name=value) == [Fault("invalid_type", detail, "data.name")]

    @pytest.mark.parametrize(
        ("raw", "fault"),
        [
            (b"[]", Fault("invalid_type", "Invalid type. Expected: object, given: array")),
            (b"null", Fault("invalid_type", "Invalid type. Expected: object, given: null")),
            (b"{}", Fault("required", "data is required", "data")),
            (b'{"data":[]}', Fault("invalid_type", "Invalid type. Expected: object, given: array", "data")),
        ],
    )
    @pytest.mark.parametrize("act", [decode_promotion, amend_promotion])
    def test_a_body_is_an_object_with_data(self, act, raw, fault):
        assert faults_of(act, raw) == [fault]

    def test_names_and_descriptions_have_a_length(self):
        assert decode_promotion(body(name="n" * 255, description="d" * 65_535))
        assert faults(name="", description="d" * 65_536) == [
            Fault("string_gte", "String length must be greater than or equal to 1", "data.name"),
            Fault("string_lte", "String length must be less than or equal to 65535", "data.description"),
        ]
        assert told(faults(name="n" * 256)) == [("string_lte", "data.name")]

    @pytest.mark.parametrize("character", ["\n", "\t", "\r", "\x1f", "\x7f", "\x85"])
    def test_names_have_no_control_characters(self, character):
        for name in (f"a{character}b", character, f"name{character}"):
            assert told(faults(name=name)) == [("pattern", "data.name")]

    def test_descriptions_have_lines(self):
        assert decode_promotion(body(description="one\n\ttwo\r\n")).description == "one\n\ttwo\r\n"

    def test_numbers_out_of_range_are_told(self):
        actions = [{"strategy": "cart_discount", "args": ["percent", share]} for share in (100, 100.5, -1)]
        assert faults(rule_set=rule_set(SKU, *actions)) == [
            Fault("number_lte", "Must be less than or equal to 100", "data.rule_set.actions.1.args.1", 100.5),
            Fault("number_gte", "Must be greater than or equal to 0", "data.rule_set.actions.2.args.1", -1),
        ]

    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            ({}, [("required", "strategy")]),
            ({"strategy": 5}, [("invalid_type", "strategy")]),
            ({"strategy": "cart_size"}, [("enum", "strategy")]),
            ("item_sku", [("invalid_type", "")]),
            ([], [("invalid_type", "")]),
            ({"strategy": "item_sku"}, [("required", "operator"), ("required", "args")]),
            (SKU | {"operator": "eq", "args": []}, [("enum", "operator"), ("array_min_items", "args")]),
            (SKU | {"args": ["x"] * 401}, [("array_max_items", "args")]),
            (SKU | {"args": ["", 5, None]}, [
                ("string_gte", "args.0"),
                ("invalid_type", "args.1"),
                ("invalid_type", "args.2"),
            ]),
            (SKU | {"args": "shirt"}, [("invalid_type", "args")]),
            (SKU | {"limit": 1, "children": []}, [
                ("additional_property_not_allowed", "limit"),
                ("additional_property_not_allowed", "children"),
            ]),
            ({"strategy": "item_identifier", "operator": "in", "args": [{"skus": ["a"], "names": []}, {}]}, [
                ("additional_property_not_allowed", "args.0.names"),
                ("array_min_items", "args.1.skus"),
                ("array_max_items", "args"),
            ]),
            ({"strategy": "and", "children": [{}, SKU, {"strategy": "or", "children": [SKU | {"operator": "x"}]}]}, [
                ("required", "children.0.strategy"),
                ("enum", "children.2.children.0.operator"),
            ]),
            ({"strategy": "item_price", "operator": "ne", "args": [1]}, [("enum", "operator")]),
            ({"strategy": "shipping_type", "operator": "in", "args": ["x"]}, [("enum", "strategy")]),
            ({"strategy": "cart_total", "operator": "range", "args": [2, 1]}, [("number_gte", "args.1")]),
        ],
    )  # fmt: skip
    def test_faults_of_rules_are_placed_exactly(self, rules, expected):
        at = "data.rule_set.rules"
        assert told(faults(rule_set=rule_set(rules))) == [
            (title, f"{at}.{path}".strip(".")) for title, path in expected
        ]

    def test_a_choice_is_told_with_its_path(self):
        (fault,) = faults(rule_set=rule_set(SKU | {"operator": "like"}))
        assert fault.detail == 'data.rule_set.rules.operator must be one of the following: "in", "nin"'

    def test_contradictions_of_several_conditions_are_told_at_once(self):
        attribute = {"strategy": "cart_custom_attribute", "operator": "gte", "args": ["a b", "float", 1.5, 2]}
        total = {"strategy": "cart_total", "operator": "range", "args": [1]}
        assert faults(rule_set=rule_set({"strategy": "or", "children": [attribute, total]})) == [
            Fault(
                "pattern", "Does not match pattern '^[A-Za-z0-9_-]{1,255}$'", "data.rule_set.rules.children.0.args.0"
            ),
            Fault(
                "enum",
                'data.rule_set.rules.children.0.args.1 must be one of the following: "integer"',
                "data.rule_set.rules.children.0.args.1",
            ),
            Fault("array_max_items", "Array must have at most 3 items", "data.rule_set.rules.children.0.args"),
            Fault("array_min_items", "Array must have at least 2 items", "data.rule_set.rules.children.1.args"),
        ]

    @pytest.mark.parametrize(
        ("action", "expected"),
        [
            ({}, [("required", "strategy")]),
            ({"strategy": "cart_gift"}, [("enum", "strategy")]),
            ({"strategy": "cart_discount"}, [("required", "args")]),
            (TEN_OFF | {"args": []}, [("array_min_items", "args")]),
            (TEN_OFF | {"args": ["fixed"]}, [("array_min_items", "args")]),
            (TEN_OFF | {"args": ["fixed", 1, 2]}, [("array_max_items", "args")]),
            (TEN_OFF | {"args": ["free", 1]}, [("enum", "args.0")]),
            (TEN_OFF | {"args": [[], 1]}, [("enum", "args.0")]),
            (TEN_OFF | {"args": ["fixed", 1.5]}, [("invalid_type", "args.1")]),
            (TEN_OFF | {"args": ["percent", "20"]}, [("invalid_type", "args.1")]),
            (TEN_OFF | {"args": ["percent", 1.1234567]}, [("multiple_of", "args.1")]),
            (TEN_OFF | {"args": 20}, [("invalid_type", "args")]),
            (TEN_OFF | {"limitations": {"max": 1}}, [("additional_property_not_allowed", "limitations.max")]),
            (TEN_OFF | {"limit": 1}, [("additional_property_not_allowed", "limit")]),
            (TEN_OFF | {"condition": "item_sku"}, [("invalid_type", "condition")]),
            (TEN_OFF | {"condition": {"strategy": "cart_total"}}, [("enum", "condition.strategy")]),
            ("cart_discount", [("invalid_type", "")]),
        ],
    )
    def test_faults_of_actions_are_placed_exactly(self, action, expected):
        at = "data.rule_set.actions.1"
        assert told(faults(rule_set=rule_set(SKU, TEN_OFF, action))) == [
            (title, f"{at}.{path}".strip(".")) for title, path in expected
        ]

    def test_a_rule_set_has_rules_and_actions_and_nothing_unknown(self):
        assert told(faults(rule_set={"catalog": []})) == [
            ("required", "data.rule_set.rules"),
            ("required", "data.rule_set.actions"),
            ("additional_property_not_allowed", "data.rule_set.catalog"),
        ]
        assert told(faults(rule_set={"rules": SKU, "actions": []})) == [("array_min_items", "data.rule_set.actions")]

    def test_conditions_that_nest_too_deep_are_a_fault(self):
        deep: Any = SKU
        for _ in range(10):
            deep = {"strategy": "or", "children": [deep]}
        assert decode_promotion(body(rule_set=rule_set(deep["children"][0])))
        (fault,) = faults(rule_set=rule_set(deep))
        assert fault.title == "array_max_items"
        assert fault.detail == "Array must have at most 0 items: conditions nest at most 10 deep"
        assert fault.source == "data.rule_set.rules" + ".children.0" * 9 + ".children"

    def test_conditions_without_end_are_malformed(self):
        endless = b'{"data":{"rule_set":{"rules":' + b'{"strategy":"and","children":[' * 50_000
        with pytest.raises(MalformedDocument):
            decode_promotion(endless)

    def test_a_well_formed_promotion_that_contradicts_itself_is_unprocessable(self):
        with pytest.raises(UnprocessablePromotion, match="start"):
            decode_promotion(body(end="2024-02-01"))


class TestPromotions:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2024-02-10", datetime(2024, 2, 10, tzinfo=UTC)),
            ("2024-02-10 08:30", datetime(2024, 2, 10, 8, 30, tzinfo=UTC)),
            ("2024-02-10 08:30:10", datetime(2024, 2, 10, 8, 30, 10, tzinfo=UTC)),
            ("2024-02-10T08:30:10+02:00", datetime(2024, 2, 10, 6, 30, 10, tzinfo=UTC)),
        ],
    )
    def test_dates_are_written_in_every_documented_way(self, text, moment):
        assert decode_promotion(body(start=text)).start == moment

    @pytest.mark.parametrize("text", ["2024-02-30", "01/02/2024", "", "0001-01-01T00:00:00+05:00", "2024-W05"])
    def test_other_dates_are_a_fault_of_format(self, text):
        assert faults(start=text) == [Fault("format", "Does not match format 'date-time'", "data.start")]

    def test_a_null_description_or_priority_is_none(self):
        promotion = decode_promotion(body(description=None, priority=None, rule_set=rule_set(currencies=None)))
        assert (promotion.description, promotion.priority, promotion.rule_set.currencies) == (None, None, None)

    @pytest.mark.parametrize("priority", [-(2**31), 0, 2**31 - 1])
    def test_priorities_are_integers_of_the_database(self, priority):
        assert decode_promotion(body(priority=priority)).priority == priority

    def test_unknown_members_are_the_merchants_own(self):
        promotion = decode_promotion(body(colour="red", tags=["a", {"b": None}], empty=None, custom_fields=1))
        assert promotion.custom_fields == {"colour": "red", "tags": ["a", {"b": None}], "custom_fields": 1}

    def test_custom_fields_are_bounded(self):
        assert told(faults(**{"n" * 256: 1})) == [("string_lte", "data." + "n" * 256)]
        assert told(faults(**{"": 1})) == [("string_gte", "data")]
        assert told(faults(note="x" * 65_536)) == [("string_lte", "data")]

    def test_what_only_the_server_says_is_ignored(self):
        promotion = decode_promotion(body(id="x", store_id=1, created_by=None, meta=[], links={}, updated_at="never"))
        assert promotion == decode_promotion(body())

    def test_an_amendment_replaces_what_it_says_and_keeps_the_rest(self):
        stored = decode_promotion(body(description="x", priority=5, colour="red", size="L"))
        amended = amend_promotion(amendment(type="rule_promotion", priority=7, colour="blue", enabled=True))(stored)
        assert amended == msgspec.structs.replace(
            stored, priority=7, enabled=True, custom_fields={"colour": "blue", "size": "L"}
        )

    def test_an_amendment_removes_with_null(self):
        stored = decode_promotion(body(description="x", priority=5, colour="red"))
        amended = amend_promotion(amendment(priority=None, description=None, colour=None))(stored)
        assert amended == decode_promotion(body())

    def test_an_amendment_may_say_nothing(self):
        stored = decode_promotion(body(priority=5))
        assert amend_promotion(b'{"data":{}}')(stored) == stored

    def test_an_amendment_is_held_to_the_same_rules(self):
        stored = decode_promotion(body())
        wrong = amendment(type="promotion", name="", rule_set={"rules": SKU}, start="soon", enabled=None)
        assert told(faults_of(amend_promotion(wrong), stored)) == [
            ("string_gte", "data.name"),
            ("invalid_type", "data.enabled"),
            ("format", "data.start"),
            ("required", "data.rule_set.actions"),
            ("enum", "data.type"),
        ]
        with pytest.raises(UnprocessablePromotion):
            amend_promotion(amendment(start="2030-01-01"))(stored)

    def test_an_amendment_takes_the_spellings_of_a_creation(self):
        amended = amend_promotion(amendment(rule_set=rule_set([SKU]), end="2024-04-01 12:00"))
        assert amended(decode_promotion(body())) == decode_promotion(body(end="2024-04-01T12:00:00Z"))

    def test_a_stored_promotion_is_amended_to_what_a_client_may_write(self):
        amended = amend_promotion(amendment(name="New"))(stored_promotion())
        assert type(amended) is PromotionAttributes
        assert amended.name == "New"


def stored_promotion(**members: Any) -> Promotion:
    written = decode_promotion(body(**members))
    return Promotion(
        **msgspec.structs.asdict(written),
        id=UUID(int=1),
        store_id=UUID(int=2),
        created_by="client",
        created_at=datetime(2024, 2, 1, 10, 20, 30, 123456, tzinfo=UTC),
        updated_at=datetime(2024, 2, 2, tzinfo=UTC),
    )


class TestWriting:
    def test_a_promotion_is_answered_in_full_and_without_what_is_unset(self):
        answer = promotion_document(stored_promotion(colour="red"))
        assert msgspec.json.decode(msgspec.json.encode(answer)) == {
            "type": "rule_promotion",
            "id": "00000000-0000-0000-0000-000000000001",
            "store_id": "00000000-0000-0000-0000-000000000002",
            "name": "Spring",
            "enabled": False,
            "automatic": False,
            "stackable": True,
            "override_stacking": False,
            "start": "2024-02-01T00:00:00Z",
            "end": "2024-03-01T00:00:00Z",
            "rule_set": {"rules": SKU, "actions": [TEN_OFF]},
            "created_by": "client",
            "colour": "red",
            "meta": {
                "timestamps": {
                    "created_at": "2024-02-01T10:20:30.123Z",
                    "updated_at": "2024-02-02T00:00:00.000Z",
                }
            },
        }

    def test_what_was_answered_can_be_written_back(self):
        members = {
            "description": "d",
            "priority": 3,
            "colour": "red",
            "rule_set": rule_set(currencies=["EUR"], catalog_ids=[]),
        }
        stored = stored_promotion(**members)
        answer = msgspec.json.encode({"data": promotion_document(stored)})
        assert decode_promotion(answer) == attributes(stored)
        assert amend_promotion(answer)(stored) == attributes(stored)

    @pytest.mark.parametrize("share", ["20", "12.5", "0.000001", "33.333333", "100"])
    def test_a_percentage_is_answered_as_it_was_written(self, share):
        raw = body(rule_set=rule_set(SKU, TEN_OFF | {"args": ["percent", 42]})).replace(b"42", share.encode())
        answered = json.loads(msgspec.json.encode(decode_promotion(raw).rule_set), parse_float=Decimal)
        assert answered["actions"][0]["args"] == ["percent", Decimal(share)]


class TestSpellings:
    def test_a_list_of_one_rule_is_that_rule(self):
        assert decode_promotion(body(rule_set=rule_set([SKU]))) == decode_promotion(body())

    def test_a_list_of_rules_is_all_of_them(self):
        both = {"strategy": "and", "children": [SKU, SKU]}
        assert (
            decode_promotion(body(rule_set=rule_set([SKU, SKU]))).rule_set
            == decode_promotion(body(rule_set=rule_set(both))).rule_set
        )

    @pytest.mark.parametrize("conditions", [[SKU], [SKU, SKU]])
    def test_a_list_of_conditions_is_taken_too(self, conditions):
        whole = conditions[0] if len(conditions) == 1 else {"strategy": "and", "children": conditions}
        listed, single = (
            decode_promotion(body(rule_set=rule_set(SKU, TEN_OFF | {"condition": condition})))
            for condition in (conditions, whole)
        )
        assert listed == single

    def test_item_bundle_discounts_are_items_bundle_discounts(self):
        promotion = decode_promotion(body(rule_set=rule_set(SKU, TEN_OFF | {"strategy": "item_bundle_discount"})))
        assert msgspec.to_builtins(promotion.rule_set)["actions"][0]["strategy"] == "items_bundle_discount"

    def test_the_blanks_of_old_answers_are_left_out(self):
        blank = {"operator": "", "args": None}
        leaf = SKU | {"children": None}
        old = {"strategy": "and", **blank, "children": [leaf, {"strategy": "or", **blank, "children": [leaf]}]}
        new = {"strategy": "and", "children": [SKU, {"strategy": "or", "children": [SKU]}]}
        actions = [TEN_OFF | {"condition": old}, TEN_OFF | {"condition": None, "limitations": None}]
        canonical = [TEN_OFF | {"condition": new}, TEN_OFF]
        assert decode_promotion(body(rule_set=rule_set(old, *actions))) == decode_promotion(
            body(rule_set=rule_set(new, *canonical))
        )

    def test_the_blanks_of_a_leaf_are_faults(self):
        found = told(faults(rule_set=rule_set({"strategy": "item_sku", "operator": "", "args": None})))
        assert found == [("enum", "data.rule_set.rules.operator"), ("invalid_type", "data.rule_set.rules.args")]

    def test_custom_fields_are_not_respelled(self):
        own = {"codes": [{"max_users_per_shopper": 1}], "parameters": {"consume_unit": "per_cart"}}
        assert decode_promotion(body(**own)).custom_fields == own


def codes(*members: dict[str, Any]) -> bytes:
    given = [{"code": f"code-{index}"} | one for index, one in enumerate(members)]
    return msgspec.json.encode({"data": {"type": "promotion_codes", "codes": given}})


def code_limits(*members: dict[str, Any]) -> Any:
    return [code.max_uses_per_shopper for code in decode(codes(*members), CodesDocument, aliases.CODES).data.codes]


class TestCodes:
    def test_guests_depend_on_a_limit(self):
        limited = [{"max_uses_per_shopper": {"includes_guests": guests}} for guests in (True, False)]
        assert faults_of(code_limits, {}, *limited) == [
            Fault("missing_dependency", "Has a dependency on max_uses", f"data.codes.{index}.max_uses_per_shopper")
            for index in (1, 2)
        ]

    def test_the_seeds_spelling_of_the_limit_per_shopper_is_taken(self):
        limit = {"max_uses": 1, "includes_guests": True}
        assert code_limits({"max_users_per_shopper": limit}) == code_limits({"max_uses_per_shopper": limit})
        assert code_limits({"max_users_per_shopper": limit, "max_uses_per_shopper": limit})

    def test_two_spellings_with_different_limits_are_refused_by_the_canonical_name(self):
        both = {"max_users_per_shopper": {"max_uses": 1}, "max_uses_per_shopper": {"max_uses": 2}}
        assert [fault.source for fault in faults_of(code_limits, {}, both)] == ["data.codes.1.max_uses_per_shopper"]

    def test_errors_name_the_canonical_path(self):
        wrong = {"max_users_per_shopper": {"includes_guest": True}}
        assert told(faults_of(code_limits, wrong)) == [("missing_dependency", "data.codes.0.max_uses_per_shopper")]

    def test_includes_guest_is_includes_guests(self):
        (limit,) = code_limits({"max_uses_per_shopper": {"max_uses": 1, "includes_guest": True}})
        assert limit.includes_guests is True

    def test_aliases_are_taken_only_where_they_are_asked_for(self):
        wrong = codes({"max_users_per_shopper": {"max_uses": 1}})
        found = faults_of(decode, wrong, CodesDocument)
        assert told(found) == [("additional_property_not_allowed", "data.codes.0.max_users_per_shopper")]
        assert found[0].detail == "Additional property max_users_per_shopper is not allowed"

    def test_faults_are_many_but_not_endless(self):
        assert len(faults_of(code_limits, *[{"uses": -1}] * (MAX_FAULTS + 1))) == MAX_FAULTS

    @pytest.mark.parametrize("uses", [-1, 2**31, 10**40, -(10**40)])
    def test_numbers_of_any_size_are_judged(self, uses):
        (fault,) = faults_of(code_limits, {"uses": uses})
        assert (fault.source, fault.value) == ("data.codes.0.uses", uses)


GENERATE = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": 5}}


def job(document: Any) -> Any:
    return decode(msgspec.json.encode(document), JobDocument, aliases.JOB).data


class TestJobs:
    def test_a_job_stands_under_data_or_alone(self):
        assert job({"data": GENERATE}) == job(GENERATE)

    @pytest.mark.parametrize("type_", [{}, {"type": "promotion_codes"}])
    def test_the_type_of_a_job_may_be_absent_or_that_of_its_codes(self, type_):
        export = {"job_type": "code_export", **type_}
        assert job({"data": export}) == job(export) == job({"data": {**export, "type": "promotion_job"}})

    @pytest.mark.parametrize(
        ("alias", "unit"),
        [("per_cart", "per_checkout"), ("per_item", "per_application"), ("per_checkout", "per_checkout")],
    )
    def test_consume_units_have_their_names_from_the_sibling_product(self, alias, unit):
        document = {"data": GENERATE | {"parameters": {"number_of_codes": 1, "consume_unit": alias}}}
        assert job(document).parameters.consume_unit == unit

    def test_a_job_of_no_kind_is_refused(self):
        assert told(faults_of(job, {})) == [("required", "data")]
        assert told(faults_of(job, {"data": {}})) == [("required", "data.job_type")]
        assert told(faults_of(job, {"job_type": "code_copy"})) == [("enum", "data.job_type")]
        assert told(faults_of(job, {"job_type": "code_import"})) == [("required", "data.dry_run_id")]
        wrong = {"type": "x", "job_type": "code_generate"}
        assert told(faults_of(job, wrong)) == [("enum", "data.type"), ("required", "data.parameters")]


class Window(msgspec.Struct):
    least: int
    most: int
    id: UUID | None = None
    either: int | str | None = None

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise ValueError("least is above most")


class WindowDocument(msgspec.Struct):
    data: list[Window]


class TestAnyStruct:
    def test_what_no_schema_says_is_told_where_it_is(self):
        wrong = b'{"data":[{"least":1,"most":2},{"least":2,"most":1},{"least":"x","most":1}]}'
        assert faults_of(decode, wrong, WindowDocument) == [
            Fault("invalid", "least is above most", "data.1"),
            Fault("invalid_type", "Invalid type. Expected: integer, given: string", "data.2.least"),
        ]

    def test_formats_and_choices_of_types_are_told(self):
        wrong = b'{"data":[{"least":1,"most":2,"id":"x","either":[]}]}'
        assert faults_of(decode, wrong, WindowDocument) == [
            Fault("format", "Does not match format 'uuid'", "data.0.id"),
            Fault("invalid_type", "Invalid type. Expected: [integer,string], given: array", "data.0.either"),
        ]

    def test_types_that_are_no_struct_are_explained_too(self):
        assert faults_of(decode, b"5", list[Window])[0].detail == "Invalid type. Expected: array, given: integer"
        assert told(faults_of(decode, b'[{"least":2,"most":1}]', list[Window])) == [("invalid", "0")]
