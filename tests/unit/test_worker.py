"""What a worker does beside its jobs."""

import logging

import pytest
from psycopg import OperationalError

from couponry import worker
from couponry.worker import _look_once, _now_and_then


class Chores:
    """Counts how often each was done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def good(self) -> None:
        self.done.append("good")

    async def bad(self) -> None:
        self.done.append("bad")
        raise ValueError("out of range")

    async def cut_off(self) -> None:
        self.done.append("cut off")
        raise OperationalError("the connection is lost")


async def test_a_chore_that_fails_keeps_no_other_from_being_done(caplog: pytest.LogCaptureFixture):
    chores = Chores()
    await _look_once([chores.bad, chores.good, chores.bad, chores.good])
    assert chores.done == ["bad", "good"] * 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "out of range" in caplog.text


async def test_nobody_asks_a_database_that_is_away_for_every_chore(caplog: pytest.LogCaptureFixture):
    chores = Chores()
    await _look_once([chores.good, chores.cut_off, chores.good])
    assert chores.done == ["good", "cut off"]
    assert [record.getMessage() for record in caplog.records] == [
        "could not look after the database: the connection is lost"
    ]


async def test_some_chores_are_done_now_and_then(monkeypatch: pytest.MonkeyPatch):
    chores = Chores()
    due = _now_and_then(chores.good)
    for _ in range(3):
        await due()
    assert chores.done == ["good"]
    monkeypatch.setattr(worker, "PRUNE_SECONDS", 0)
    await due()
    assert chores.done == ["good"] * 2
