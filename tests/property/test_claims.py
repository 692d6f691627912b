"""Deciding claims against what is left: no limit is passed, and nobody is refused who could have had it."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from couponry.domain.cart import Shopper
from couponry.domain.redemption import (
    Claim,
    Code,
    Left,
    RedemptionState,
    Standing,
    Used,
    Wanted,
    decide,
    shoppers_of,
)

CODES = [(UUID(int=1), UUID(int=number)) for number in range(5)]
FIRST_TIME, UNLIMITED, DELETED = CODES[2:]
"""The first two are limited in any way."""
SHOPPERS = [bytes([number]) for number in range(4)]


@st.composite
def states(draw: st.DrawFn) -> Left:
    limits = st.none() | st.integers(0, 5)
    codes = {code: Standing(draw(limits), draw(limits)) for code in CODES[:2]}
    codes[FIRST_TIME] = Standing(None, 1, first_time=True)
    used_by = draw(st.dictionaries(st.tuples(st.sampled_from(CODES[:3]), st.sampled_from(SHOPPERS)), st.integers(0, 3)))
    return Left(codes, used_by, draw(st.frozensets(st.sampled_from(SHOPPERS), max_size=1)))


@st.composite
def wishes(draw: st.DrawFn) -> Wanted:
    shoppers = tuple(draw(st.lists(st.sampled_from(SHOPPERS), unique=True, max_size=2)))
    claims = [
        Claim(
            Used(*code, "code", draw(st.integers(1, 3))),
            counted=code != UNLIMITED,
            shoppers=shoppers if code in CODES[:3] else (),
            first_time=code == FIRST_TIME,
        )
        for code in draw(st.lists(st.sampled_from(CODES), unique=True, max_size=3))
    ]
    return Wanted(tuple(claims), shoppers, draw(st.booleans()))


@given(st.lists(wishes(), max_size=12), states())
def test_each_is_decided_by_what_those_before_it_left(requests: list[Wanted], left: Left):
    before = Left(dict(left.codes), dict(left.used_by), left.paying)
    granted: list[Wanted] = []
    for wanted, verdict in zip(requests, decide(requests, left), strict=True):
        assert verdict == fits(wanted, granted, left)
        granted += [wanted] * verdict
    assert left == before


def fits(wanted: Wanted, granted: list[Wanted], left: Left) -> bool:
    """Tell whether a request fits beside all that were granted, counting everything from the beginning."""
    uses, by_shopper = Counter[Code](), Counter(left.used_by)
    for one in [*granted, wanted]:
        for claim in one.claims:
            uses[claim.code] += claim.used.uses
            by_shopper.update((claim.code, shopper) for shopper in claim.shoppers)
    paying = left.paying.union(*(one.shoppers for one in granted if one.pays))
    for claim in wanted.claims:
        if claim.code == UNLIMITED:
            continue
        if claim.code == DELETED or (claim.code == FIRST_TIME and paying & set(claim.shoppers)):
            return False
        total, each, *_ = left.codes[claim.code]
        if total is not None and uses[claim.code] > total:
            return False
        if each is not None and any(by_shopper[claim.code, shopper] > each for shopper in claim.shoppers):
            return False
    return True


def test_legal_moves():
    held, confirmed, released = RedemptionState
    legal = [(one, other) for one in RedemptionState for other in RedemptionState if one.may_become(other)]
    assert legal == [(held, confirmed), (held, released), (confirmed, released)]


def test_what_a_shopper_is_known_by():
    def known(key: bytes = b"key", store: int = 1, **who: str) -> set[bytes]:
        return set(shoppers_of(key, UUID(int=store), Shopper(**who)))

    everything = known(customer_id="a", account_id="a", email="a")
    assert len(everything) == 3
    assert known(customer_id="a") | known(account_id="a") | known(email=" A ") == everything
    assert known(email="STRASSE@example.com") == known(email="straße@example.com")
    assert not known(email="  ")
    assert everything.isdisjoint(known(store=2, customer_id="a", account_id="a", email="a"))
    assert everything.isdisjoint(known(key=b"other", customer_id="a", account_id="a", email="a"))
