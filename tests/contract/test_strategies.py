"""The guide to rule sets: every example gives the answer printed beside it, and nothing that exists is left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from couponry.api.documents import decode, decode_promotion
from couponry.api.drafts import drafts_said
from couponry.api.evaluations import ALIASES, EvaluationDocument
from couponry.domain.actions import AnyAction, ItemLimitations, Limitations, TargetItems
from couponry.domain.cart import Cart
from couponry.domain.codes import NewCode, code_key
from couponry.domain.conditions import COMPARABLE, AnyCondition
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.evaluation import evaluate
from couponry.domain.item_conditions import Condition
from couponry.domain.outcome import Reason
from couponry.domain.promotion_book import book, entry
from couponry.domain.promotions import PromotionAttributes, RuleSet
from couponry.services.evaluations import evaluate_drafts

GUIDE = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text()
BLOCK = re.compile(r"^```json (\w+)\n(.*?)^```$|^#+ ([^\n]+)$", re.MULTILINE | re.DOTALL)
AT = datetime(2026, 6, 1, tzinfo=UTC)
"""The moment at which the examples are judged."""

STATE = ("used", "used_by_shopper", "new_shopper")
"""What an example says of a code beside what a merchant says of it: what has happened so far."""


@dataclass
class Example:
    """What stands under one heading, up to and with an answer."""

    name: str
    blocks: dict[str, Any] = field(default_factory=dict)

    @property
    def answer(self) -> dict[str, Any]:
        """What the guide shows of the answer."""
        return self.blocks["answer"]

    @property
    def explained(self) -> bool:
        """Whether the answer was asked for with its traces."""
        return any("trace" in one for one in nodes(self.answer))

    @property
    def needs_no_store(self) -> bool:
        """Whether no code in it has limits, which drafts do not have."""
        return not any(isinstance(code, dict) for code in self.blocks.get("codes", []))

    def judged(self) -> dict[str, Any]:
        codes = self.blocks.get("codes", [])
        return judged(self.blocks["cart"], self.blocks["promotions"], codes, explain=self.explained)


def examples() -> Iterator[Example]:
    example = Example("")
    for kind, text, heading in BLOCK.findall(GUIDE):
        if heading:
            assert not example.blocks, f"{example.name}: no answer"
            example = Example(heading)
        else:
            assert kind not in example.blocks, f"{example.name}: two blocks {kind}"
            example.blocks[kind] = msgspec.json.decode(text)
            if kind == "answer":
                yield example
                example = Example(example.name)
    assert not example.blocks, f"{example.name}: no answer"


EXAMPLES = list(examples())
DRAFTS = [draft for example in EXAMPLES for draft in example.blocks["promotions"]]


# Judging what the blocks say, as an evaluation does


def judged(cart: dict[str, Any], drafts: list[Any], codes: list[Any], *, explain: bool) -> dict[str, Any]:
    assert set(cart) <= set(Cart.__struct_fields__)
    grants = granted(drafts, codes)
    spellings = [code if isinstance(code, str) else code["code"] for code in codes]
    # A draft that asks for no code is judged as though one had been entered.
    asked = [f"draft-{index}" for index, draft in enumerate(drafts) if stands_alone(index, draft, codes)]
    entered = [EnteredCode(code, tuple(grants.get(code_key(code), ()))) for code in [*spellings, *asked]]
    compiled = [
        entry(f"draft-{index}", promotion(draft), datetime.fromtimestamp(index, UTC))
        for index, draft in enumerate(drafts)
    ]
    evaluation = evaluate(msgspec.convert(cart, Cart), book(compiled), entered, AT, explain=explain)
    return msgspec.json.decode(msgspec.json.encode(evaluation))


def promotion(draft: dict[str, Any]) -> PromotionAttributes:
    """Return what a draft says, read as the API reads the body of a promotion."""
    said = decode_promotion(msgspec.json.encode({"data": {key: draft[key] for key in draft if key != "code"}}))
    assert not said.custom_fields
    return said


def stands_alone(index: int, draft: dict[str, Any], codes: list[Any]) -> bool:
    owned = any(code["promotion_id"] == f"draft-{index}" for code in codes if isinstance(code, dict))
    return not (draft.get("automatic") or "code" in draft or owned)


def granted(drafts: list[Any], codes: list[Any]) -> dict[str, list[Grant]]:
    """Return what each code stands for: those of drafts without limits, the others as a merchant creates them."""
    said = [
        {"promotion_id": f"draft-{index}", "code": draft.get("code", f"draft-{index}")}
        for index, draft in enumerate(drafts)
        if "code" in draft or stands_alone(index, draft, codes)
    ]
    grants: dict[str, list[Grant]] = {}
    for code in [*said, *(code for code in codes if isinstance(code, dict))]:
        grants.setdefault(code_key(code["code"]), []).append(grant(code))
    return grants


def grant(code: dict[str, Any]) -> Grant:
    beside = ("promotion_id", *STATE)
    limits = msgspec.convert({key: code[key] for key in code if key not in beside}, NewCode).limits
    limits.refuse_contradictions(code["code"])
    remaining = None if limits.max_uses is msgspec.UNSET else limits.max_uses - code.get("used", 0)
    state = {key: code[key] for key in STATE[1:] if key in code}
    return Grant(code["promotion_id"], code["code"], limits, remaining=remaining, **state)


# Every example is right


def differences(shown: object, real: object, at: str = "answer") -> Iterator[str]:
    """Tell where *shown* is no part of *real*: objects may leave members out, lists nothing."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key, value in shown.items():
            yield from differences(value, real.get(key, "nothing"), f"{at}.{key}")
    elif isinstance(shown, list) and isinstance(real, list) and len(shown) == len(real):
        for index, (one, other) in enumerate(zip(shown, real, strict=True)):
            yield from differences(one, other, f"{at}.{index}")
    elif (type(shown), shown) != (type(real), real):
        yield f"{at} is {real!r}, not {shown!r}"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_gives_the_answer_beside_it(example: Example):
    assert example.answer
    assert list(differences(example.answer, example.judged())) == []


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.needs_no_store], ids=lambda example: example.name)
def test_an_example_is_the_body_of_an_evaluation(example: Example):
    blocks = example.blocks
    said = {"type": "evaluation", **blocks["cart"], "promotions": blocks["promotions"]}
    body = msgspec.json.encode({"data": said | {"codes": blocks.get("codes", []), "explain": example.explained}})

    asked = decode(body, EvaluationDocument, ALIASES).data
    evaluation = evaluate_drafts(asked, drafts_said(asked.promotions or ()), asked.codes, at=AT, explain=asked.explain)

    assert list(differences(example.answer, msgspec.json.decode(msgspec.json.encode(evaluation)))) == []


def test_what_an_answer_shows_is_compared():
    real = {"items": [{"id": "1", "discount": 0}, {"id": "2", "discount": -5}], "applied": []}

    assert not list(differences({"items": [{"id": "1"}, {"discount": -5}]}, real))
    assert list(differences({"items": [{"id": "1"}]}, real))
    assert list(differences({"items": [{"id": "1"}, {"discount": 5}]}, real))
    assert list(differences({"items": [{"discount": False}, {}]}, real))
    assert list(differences({"refused": []}, real))


# Nothing is left out


def nodes(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object in what was written."""
    if isinstance(value, dict):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(member)


SHOWN = list(nodes(DRAFTS))
STRATEGIES = {one["strategy"] for one in SHOWN if "strategy" in one}


def tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)


def variants(union: object) -> list[Any]:
    return list(get_args(union)) if isinstance(union, UnionType) else [union]


CONDITIONS: list[type[Condition]] = variants(AnyCondition)
ACTIONS: list[type[msgspec.Struct]] = variants(AnyAction)


def rows(heading: str) -> dict[str, list[str]]:
    """Return the cells of the table with this first line, by each of the names in their first cell."""
    table = GUIDE.partition(f"{heading}\n")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]
    return {name: line[1:] for line in cells for name in re.findall(r"`(\w+)`", line[0])}


STRATEGY_ROWS = rows("| strategy | operators | args | matches |")
ACTION_ROWS = rows("| action | args | takes off |")
REASON_ROWS = rows("| reason | for example | what to do |")


def operators(strategy: str) -> set[str]:
    """Return the operators that conditions of a strategy have, wherever they stand."""
    ours = [condition for condition in CONDITIONS if tag(condition) == strategy]
    return {one for condition in ours for one in get_args(get_type_hints(condition).get("operator"))}


@pytest.mark.parametrize("strategy", sorted({tag(condition) for condition in CONDITIONS}))
def test_every_condition_is_shown_with_every_operator(strategy: str):
    assert strategy in STRATEGIES
    assert set(re.findall(r"`(\w+)`", STRATEGY_ROWS[strategy][0])) == operators(strategy)


def test_every_comparison_of_a_custom_attribute_is_shown():
    shown = {one["operator"] for one in SHOWN if one.get("strategy") == "cart_custom_attribute"}

    assert shown == operators("cart_custom_attribute")
    assert COMPARABLE.keys() < shown


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [(tag(action), tag(kind)) for action in ACTIONS for kind in variants(get_type_hints(action)["args"])],
)
def test_every_action_is_shown_with_every_kind_of_args(strategy: str, kind: str):
    assert any(one["args"][0] == kind for one in SHOWN if one.get("strategy") == strategy)
    assert f'["{kind}", ' in ACTION_ROWS[strategy][0]


@pytest.mark.parametrize(
    "member",
    sorted({name for struct in (Limitations, ItemLimitations, TargetItems) for name in struct.__struct_fields__}),
)
def test_every_limitation_is_shown(member: str):
    limitations = [one["limitations"] for one in SHOWN if "limitations" in one]

    assert any(member in one for one in nodes(limitations))
    assert member == "items" or re.search(rf"^### .*\b{member}\b", GUIDE, re.MULTILINE)


@pytest.mark.parametrize(
    "member", sorted({*RuleSet.__struct_fields__, *PromotionAttributes.__struct_fields__} - {"custom_fields"})
)
def test_every_member_of_a_promotion_is_shown(member: str):
    assert any(member in one for one in SHOWN)


@pytest.mark.parametrize("member", sorted({*NewCode.__struct_fields__} - {"code"}))
def test_every_limit_of_a_code_is_explained(member: str):
    assert member in rows("| limit of a code | what it does |")


# Why not

RULES = {"strategy": "cart_total", "operator": "gt", "args": [0]}
OFF: dict[str, Any] = {"actions": [{"strategy": "cart_discount", "args": ["percent", 10]}], "rules": RULES}
NOTHING_OFF = {"actions": [{"strategy": "cart_discount", "args": ["fixed", 0]}]}
OUT_OF_REACH = {"rules": {**RULES, "args": [9999]}}
BOB = {"email": "bob@shop.example"}
ONCE = {"max_uses": 1}
GUESTS_ONCE = {"max_uses": 1, "includes_guests": True}

REFUSED: dict[str, dict[str, Any]] = {
    "unknown_code": {"entered": "NOBODY"},
    "disabled": {"promotion": {"enabled": False}},
    "not_started": {"promotion": {"start": "2026-12-01"}},
    "ended": {"promotion": {"end": "2026-06-01"}},
    "currency_mismatch": {"rule_set": {"currencies": ["EUR"]}},
    "wrong_shopper": {"code": {"user": "ann@shop.example"}, "shopper": BOB},
    "guest_not_allowed": {"code": {"max_uses_per_shopper": ONCE}},
    "guest_email_missing": {"code": {"max_uses_per_shopper": GUESTS_ONCE}},
    "not_new_shopper": {"code": {"is_for_new_shopper": True, "new_shopper": False}, "shopper": BOB},
    "code_exhausted": {"code": {"uses": 3, "used": 3}},
    "shopper_exhausted": {"code": {"max_uses_per_shopper": GUESTS_ONCE, "used_by_shopper": 1}, "shopper": BOB},
    "catalog_mismatch": {"rule_set": {"catalog_ids": ["summer"]}},
    "rules_not_met": {"rule_set": OUT_OF_REACH},
    "cannot_stack": {"before": {"name": "Exclusive", "automatic": True, "stackable": False, "priority": 1}},
    "no_discount": {"rule_set": NOTHING_OFF},
}
"""What brings about each reason: changes to a promotion, its code and the shopper, or one that applied before."""


def draft(rule_set: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    plain = {"type": "rule_promotion", "name": "Ten", "enabled": True, "start": "2026-01-01", "end": "2036-01-01"}
    return plain | {"rule_set": OFF | rule_set} | members


def test_reasons_are_listed_in_the_order_in_which_they_are_tried():
    assert list(REASON_ROWS) == list(REFUSED)
    assert set(REASON_ROWS) == set(get_args(Reason))


@pytest.mark.parametrize("reason", sorted(get_args(Reason)))
def test_every_reason_is_told_in_the_sentence_that_the_guide_shows(reason: str):
    case = REFUSED[reason]
    drafts = [draft(case.get("rule_set", {}), case.get("promotion", {}))]
    drafts += [draft({}, case["before"])] if "before" in case else []
    code = {"promotion_id": "draft-0", "code": "TEN"} | case.get("code", {})
    cart = {"currency": "USD", "items": [{"id": "1", "quantity": 1, "unit_price": 100}]}
    shopper = {"shopper": case["shopper"]} if "shopper" in case else {}

    [refused] = judged(cart | shopper, drafts, [case.get("entered", code)], explain=False)["refused"]

    assert (refused["reason"], refused["detail"]) == (reason, REASON_ROWS[reason][0])


def test_headings_that_are_linked_are_there():
    anchors = {heading.lower().replace(" ", "-") for _, _, heading in BLOCK.findall(GUIDE)}

    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= anchors
