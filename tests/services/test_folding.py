"""Folding: who waits at the same moment is answered together, who fails or gives up spoils nothing for the others."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from couponry.services.folding import MOST, Folding
from couponry.storage.database import DatabaseUnusable


class Counter:
    """Answers with the double, a while after it was asked; notes what was asked together."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.batches: list[list[Any]] = []
        self.seconds = seconds

    async def __call__(self, asked: Sequence[Any]) -> Sequence[Any]:
        self.batches.append(list(asked))
        await asyncio.sleep(self.seconds)
        for one in asked:
            if isinstance(one, Exception):
                raise one
        return [one * 2 for one in asked]


async def test_a_lone_request_waits_for_nobody():
    counter = Counter(0)
    folding = Folding(counter)
    for number in range(3):
        assert await folding.answer(number) == number * 2
    assert counter.batches == [[0], [1], [2]]
    assert folding.idle


async def test_those_that_wait_are_answered_together_in_their_order():
    counter = Counter()
    folding = Folding(counter)
    first = asyncio.create_task(folding.answer(0))
    await asyncio.sleep(0.005)
    others = [asyncio.create_task(folding.answer(number)) for number in range(1, MOST + 2)]
    assert [await first, *[await one for one in others]] == [number * 2 for number in range(MOST + 2)]
    assert counter.batches == [[0], [*range(1, MOST + 1)], [MOST + 1]]


async def test_one_that_fails_spoils_nothing_for_the_others():
    counter = Counter()
    folding = Folding(counter)
    bad = ValueError("bad")
    answers = await asyncio.gather(*(folding.answer(one) for one in (1, bad, 3)), return_exceptions=True)
    assert answers == [2, bad, 6]
    assert counter.batches == [[1, bad, 3], [1], [bad], [3]]
    assert await folding.answer(4) == 8


@pytest.mark.parametrize(
    "error", [DatabaseUnusable("away"), psycopg.OperationalError("gone"), psycopg.errors.AdminShutdown("bye")]
)
async def test_what_may_have_been_committed_is_not_tried_again(error: Exception):
    counter = Counter()
    folding = Folding(counter)
    assert await asyncio.gather(*(folding.answer(one) for one in (1, error)), return_exceptions=True) == [error] * 2
    assert len(counter.batches) == 1


async def test_a_deadlock_was_rolled_back_and_is_tried_again_one_by_one():
    counter = Counter()
    folding = Folding(counter)
    error = psycopg.errors.DeadlockDetected("circle")
    assert await asyncio.gather(*(folding.answer(one) for one in (1, error)), return_exceptions=True) == [2, error]


async def test_who_gives_up_before_the_turn_is_passed_over_and_in_it_answered_to_nobody():
    counter = Counter()
    folding = Folding(counter)
    tasks = [asyncio.create_task(folding.answer(0))]
    await asyncio.sleep(0.005)
    tasks += [asyncio.create_task(folding.answer(number)) for number in (1, 2, 3)]
    await asyncio.sleep(0.005)
    for task in (tasks[0], tasks[2]):
        task.cancel()
    assert (await tasks[1], await tasks[3]) == (2, 6)
    assert counter.batches == [[0], [1, 3]]
    await folding.finish()
    assert folding.idle


async def test_those_of_the_same_mark_come_one_after_the_other():
    counter = Counter()
    folding = Folding(counter, mark=lambda one: one if one < 5 else None)
    answers = await asyncio.gather(*(folding.answer(one) for one in (1, 1, 2, 1, 7, 7)))
    assert answers == [2, 2, 4, 2, 14, 14]
    assert counter.batches == [[1, 2, 7, 7], [1], [1]]
