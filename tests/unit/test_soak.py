"""The reckoning of `make soak` sees what it is there to see."""

from math import inf

import msgspec
import pytest

from soak.audit import examined
from soak.ledger import Entry, Ledger, differences
from soak.plan import Code, Fate, Plan, Wish, drawn
from soak.timeline import Span, Timeline
from soak.told import Moved, Refused, Reply, Story

PLAN = Plan({"C0": Code("C0", 2, 1, by_unit=False), "I0": Code("I0", 3, None, by_unit=True)}, [])


def story(shopper: str, fate: Fate = Fate.KEPT, code: str = "C0", uses: int = 1, at: float = 10.0) -> Story:
    """Return a redemption that was asked for at a moment and granted a second later."""
    wish = Wish(0, (code,), shopper, shopper, fate, quantity=uses)
    expires_at = at + 5 if fate.value[0] == "held" else inf
    return Story(
        wish, shopper, at, id=shopper, answered=at + 1, made_after=at, expires_at=expires_at, uses={code: uses}
    )


def refusal(shopper: str, reason: str, sent: float, received: float, code: str = "C0") -> Story:
    refused = [Refused(code, reason, sent, received)]
    return Story(Wish(0, (code,), shopper, shopper, Fate.KEPT), shopper, sent, refused=refused)


def moved(move: str, sent: float, received: float, *, done: bool = True) -> Moved:
    return Moved(move, done, sent, received, 0)


def test_a_timeline_adds_up_what_overlaps():
    timeline = Timeline([Span(0, 10, 2), Span(10, 20, 3), Span(5, 6, 1), Span(7, 6, 100)])

    assert timeline.most == 5
    assert [timeline.most_within(*span) for span in ((0, 4), (6, 6), (7, 9), (8, 30), (11, 12), (30, 40))] == [
        *(2, 3, 2, 5, 3, 0)
    ]
    assert Timeline([]).most == Timeline([]).most_within(0, 1) == 0


def test_a_limit_that_is_passed_for_a_moment_is_seen():
    ann, bob, cid = story("ann", Fate.RELEASED), story("bob"), story("cid", at=13)
    assert not examined(PLAN, [ann, bob]).passed
    assert examined(PLAN, [ann, bob, cid]).passed == ["C0: 3 uses of 2 at one moment"]
    ann.moves = [moved("release", 14.5, 20)]
    assert examined(PLAN, [ann, bob, cid]).passed
    ann.moves = [moved("release", 13.5, 20)]  # it may have been given back before the third was granted
    assert not examined(PLAN, [ann, bob, cid]).passed


def test_a_hold_counts_until_it_expires_and_from_when_it_is_confirmed():
    ann, bob = story("ann", Fate.LATE), story("bob")
    assert not examined(PLAN, [ann, bob, story("cid", at=14.1)]).passed
    ann.moves = [moved("confirm", 14, 14.5)]
    assert examined(PLAN, [ann, bob, story("cid", at=14.1)]).passed
    ann.moves = [moved("confirm", 16, 16.5)]
    assert examined(PLAN, [ann, bob, story("cid", at=14.1)]).passed


def test_a_shopper_who_has_more_than_their_share_is_seen():
    assert examined(PLAN, [story("ann"), story("ann")]).passed == ["C0 ann: 2 uses of 1 at one moment"]


@pytest.mark.parametrize(
    ("refused", "wronged"),
    [
        (refusal("dan", "code_exhausted", 10.5, 12), False),
        (refusal("dan", "code_exhausted", 8, 9), True),
        (refusal("dan", "code_exhausted", 21, 22), True),
        (refusal("ann", "shopper_exhausted", 10.5, 12), False),
        (refusal("dan", "shopper_exhausted", 10.5, 12), True),
        (refusal("dan", "no_discount", 10.5, 12), True),
        (refusal("dan", "shopper_exhausted", 10.5, 12, code="I0"), True),
    ],
)
def test_who_was_refused_while_there_was_something_left_is_seen(refused: Story, wronged: bool):
    ann = story("ann", Fate.RELEASED)
    ann.moves = [moved("release", 19, 20)]
    assert bool(examined(PLAN, [ann, story("bob"), refused]).wronged) == wronged


def test_who_got_less_than_was_left_is_seen():
    less = msgspec.structs.replace(story("ann", code="I0", uses=3), uses={"I0": 2})
    assert examined(PLAN, [less]).wronged
    assert not examined(PLAN, [less, story("bob", code="I0")]).wronged


def test_a_hold_that_was_not_confirmed_although_its_uses_were_free_is_seen():
    ann = story("ann", Fate.LATE)
    ann.moves = [moved("confirm", 16, 17, done=False)]
    assert examined(PLAN, [ann, story("bob")]).wronged
    assert not examined(PLAN, [ann, story("bob"), story("cid")]).wronged


def test_a_code_that_is_not_used_up_although_somebody_was_refused_is_seen():
    refused = refusal("dan", "code_exhausted", 10.5, 12)
    assert examined(PLAN, [story("ann"), refused]).left == ["C0: 1 of 2 uses at the end"]
    assert not examined(PLAN, [story("ann"), story("bob"), refused]).left


def kept(state: str = "confirmed", row: str = "used", uses: int = 1, made: float = 10.5) -> Entry:
    return Entry(state, made, {"C0": uses}, {row})


@pytest.mark.parametrize(
    ("entries", "keys"),
    [
        ({}, {"ann"}),
        ({"ann": kept(), "eve": kept()}, {"ann"}),
        ({"ann": kept(uses=2)}, {"ann"}),
        ({"ann": kept("released", "released")}, {"ann"}),
        ({"ann": kept(row="held")}, {"ann"}),
        ({"ann": kept(made=9.9)}, {"ann"}),
        ({"ann": kept()}, set()),
        ({"ann": kept()}, {"ann", "eve"}),
    ],
)
def test_what_is_not_as_it_was_told_is_seen(entries: dict[str, Entry], keys: set[str]):
    assert differences([story("ann")], Ledger({"ann": kept()}, {"ann"}, 0)) == []
    assert len(differences([story("ann")], Ledger(entries, keys, 0))) == 1


def test_one_redemption_for_two_requests_is_seen():
    twice = [story("ann"), msgspec.structs.replace(story("ann"), key="eve")]
    assert differences(twice, Ledger({"ann": kept()}, {"ann", "eve"}, 0))[0] == (
        "one redemption was granted to two requests"
    )


def answer(status: int = 201, head: bytes = b"", **members: object) -> Reply:
    usual = {"id": "1", "state": "confirmed", "uses": [{"code": "C0", "uses": 1}], "evaluation": {"refused": []}}
    return Reply(status, head, msgspec.json.encode({"data": usual | members}), 10, 10, 11, 0)


@pytest.mark.parametrize(
    "reply",
    [
        answer(500),
        answer(state="held"),
        answer(uses=[]),
        answer(head=b"\r\nIdempotent-Replayed: true\r\n"),
    ],
)
def test_answers_that_cannot_be_are_seen(reply: Reply):
    asked = Wish(0, ("c0",), "ann", "ann", Fate.KEPT)
    assert Story(asked, "ann").hear(answer()) == []
    assert len(Story(asked, "ann").hear(reply)) == 1


def test_a_seed_says_what_is_asked_for():
    plan = drawn(1, 500)
    assert plan == drawn(1, 500) != drawn(2, 500)
    assert len(plan.codes) == 20
    assert all(wish.email.strip().lower() == wish.shopper for wish in plan.wishes)
    assert len({wish.email for wish in plan.wishes}) > len({wish.shopper for wish in plan.wishes})
