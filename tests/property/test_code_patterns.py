"""Drawing codes: how many, which, how evenly, and never one that is taken."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponry.domain.code_errors import CodeSpaceTooSmall
from couponry.domain.codes import ALPHABET, LEADS, SPARSENESS, CodePattern, code_key

lengths = st.integers(8, 16)
prefixes = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20).filter(
    lambda prefix: not prefix[:1].isspace()
)
patterns = st.builds(CodePattern, prefixes, lengths)
seeds = st.integers(0, 2**32)


@st.composite
def slices(draw: st.DrawFn) -> range:
    first = draw(st.integers(0, LEADS - 1))
    return range(first, draw(st.integers(first + 1, min(LEADS, first + 5000))))


def lead_of(body: bytes) -> int:
    number = 0
    for letter in body[:4]:
        number = number * 32 + ALPHABET.index(letter)
    return number


@given(patterns, slices(), st.integers(0, 300), seeds)
def test_drawn_codes_are_distinct_in_order_and_in_their_slice(
    pattern: CodePattern, leads: range, count: int, seed: int
):
    bodies = pattern.draw(leads, count, set(), random.Random(seed).randbytes)
    assert len(bodies) == len(set(bodies)) == count
    assert [lead_of(body) for body in bodies] == sorted(lead_of(body) for body in bodies)
    assert {len(body) for body in bodies} <= {pattern.length}
    assert all(letter in ALPHABET for body in bodies for letter in body)
    assert all(lead_of(body) in leads for body in bodies)


@given(slices(), st.integers(1, 200), seeds, st.data())
def test_no_drawn_code_is_taken_and_those_kept_stay(leads: range, count: int, seed: int, data: st.DataObject):
    pattern = CodePattern("", 8)
    before = pattern.draw(leads, count, set(), random.Random(seed).randbytes)
    taken = set(data.draw(st.lists(st.sampled_from(before), unique=True)))
    kept = set(before) - taken
    # The same entropy again: every code that was taken comes up again, and must be drawn anew.
    after = pattern.draw(leads, count, taken, random.Random(seed).randbytes, kept)
    assert len(set(after)) == count
    assert not set(after) & taken
    assert kept <= set(after)


def test_a_tiny_slice_is_filled_though_the_entropy_repeats_itself():
    dice = random.Random(1)
    pattern = CodePattern("", 8)
    bodies = pattern.draw(range(5, 6), 4000, set(), lambda size: bytes(dice.choices(range(8), k=size)))
    assert len(set(bodies)) == 4000  # of the 4096 that such entropy can make


@given(st.integers(1, 10**12), st.lists(st.integers(1, 10**6), max_size=30))
def test_however_a_job_is_split_its_slices_cover_the_space_in_order(total: int, parts: list[int]):
    pattern, done, covered = CodePattern("", 8), 0, 0
    for part in [*parts, total]:
        count = min(part, total - done)
        if count == 0:
            break
        leads = pattern.slice(done, count, total)
        assert 0 <= leads.start < leads.stop <= LEADS
        assert covered - 1 <= leads.start <= covered  # at most one lead is shared, where a part is less than one lead
        if LEADS * count >= total:
            assert leads.start == LEADS * done // total
            assert leads.stop == LEADS * (done + count) // total
        done, covered = done + count, leads.stop
    assert (done == total) == (covered == LEADS)


@given(patterns, slices(), seeds)
def test_keys_are_those_of_the_codes_and_lie_in_the_range_asked_for(pattern: CodePattern, leads: range, seed: int):
    bodies = pattern.draw(leads, 20, set(), random.Random(seed).randbytes)
    keys = [pattern.key_of(body) for body in bodies]
    assert keys == [code_key(pattern.prefix + body.decode()) for body in bodies]
    first, last = pattern.key_range(leads)
    ordered = [key.encode() for key in [first, *sorted(keys), last]]  # as COLLATE "C" compares
    assert ordered == sorted(ordered)
    assert pattern.bodies_of(keys) == set(bodies)


@given(patterns, st.text(max_size=40))
def test_foreign_keys_mean_no_more_than_themselves(pattern: CodePattern, key: str):
    bodies = pattern.bodies_of([code_key(key)] if code_key(key).isprintable() else [])
    assert len(bodies) <= 1
    if not code_key(key).startswith(pattern.key_prefix()):
        assert not bodies


@pytest.mark.parametrize("leads", [range(LEADS), range(777, 777 + 320), range(12345, 12346)])
def test_every_letter_is_equally_likely(leads: range):
    bodies = CodePattern("", 8).draw(leads, 32_000, set(), random.Random(3).randbytes)
    for place in range(4, 8):
        assert chi_squared(Counter(body[place] for body in bodies), 32) < 80  # 1 in 100,000 is above 75
    if len(leads) % 320 == 0:
        width = len(leads) // 320
        assert chi_squared(Counter((lead_of(body) - leads.start) // width for body in bodies), 320) < 450
    if len(leads) == LEADS:
        assert chi_squared(Counter(lead_of(body) * 320 // LEADS for body in bodies), 320) < 450


def chi_squared(counts: Counter[int], kinds: int) -> float:
    expected = counts.total() / kinds
    return sum((counts[kind] - expected) ** 2 / expected for kind in counts) + expected * (kinds - len(counts))


@given(lengths, st.integers(0, 10**6), st.integers(0, 10**6))
def test_codes_are_only_drawn_where_they_stay_hard_to_guess(length: int, count: int, taken: int):
    pattern = CodePattern("", length)
    if (count + taken) * SPARSENESS > 32**length:
        with pytest.raises(CodeSpaceTooSmall):
            pattern.require_room(count, taken)
    else:
        pattern.require_room(count, taken)


def test_the_room_of_eight_letters_ends_exactly():
    pattern, room = CodePattern("", 8), 32**8 // SPARSENESS
    pattern.require_room(room - 5, 5)
    with pytest.raises(CodeSpaceTooSmall):
        pattern.require_room(room - 5, 6)
