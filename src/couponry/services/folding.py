"""Answering requests together that wait at the same moment, and one that waits alone at once."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Generic, NamedTuple, TypeVar

import psycopg

from couponry.storage.database import DatabaseUnusable

logger = logging.getLogger(__name__)

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Place = TypeVar("Place", bound=Hashable)

MOST = 128
"""How many requests are answered together."""

LOST = ("08", "57")
"""Classes of PostgreSQL's errors after which nobody knows what was committed, or nobody answers any more."""


class _Waiting(NamedTuple, Generic[Asked, Answer]):
    asked: Asked
    answer: "asyncio.Future[Answer]"


class Folding(Generic[Asked, Answer]):
    """A queue with one writer, which answers together all that came while it was busy.

    Whoever gives up before their turn is passed over; after that, their request is answered to nobody.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]],
        mark: Callable[[Asked], Hashable] = lambda _: None,
    ) -> None:
        """*together* answers several in the order in which they came; those of one *mark* are never among them."""
        self._together = together
        self._mark = mark
        self._queue: deque[_Waiting[Asked, Answer]] = deque()
        self._writer: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits."""
        return self._writer is None

    async def answer(self, asked: Asked) -> Answer:
        """Return the answer to *asked*, or raise what kept it from having one."""
        waiting = _Waiting(asked, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await waiting.answer

    async def finish(self) -> None:
        """Return when all that wait have been answered."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        try:
            while batch := self._next():
                await self._answer(batch)
        finally:
            self._writer = None

    def _next(self) -> list[_Waiting[Asked, Answer]]:
        """Take the next requests off the queue; of those with the same mark, only the first."""
        batch: list[_Waiting[Asked, Answer]] = []
        later: list[_Waiting[Asked, Answer]] = []
        marks: set[Hashable] = set()
        while self._queue and len(batch) < MOST:
            waiting = self._queue.popleft()
            mark = self._mark(waiting.asked)
            if waiting.answer.done():
                continue
            if mark is not None and mark in marks:
                later.append(waiting)
                continue
            marks.add(mark)
            batch.append(waiting)
        self._queue.extendleft(reversed(later))
        return batch

    async def _answer(self, batch: Sequence[_Waiting[Asked, Answer]]) -> None:
        try:
            answers = await self._together([waiting.asked for waiting in batch])
        except Exception as error:  # noqa: BLE001 # whatever it is, it is raised where the answer is awaited
            await self._answer_failed(batch, error)
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)

    async def _answer_failed(self, batch: Sequence[_Waiting[Asked, Answer]], error: Exception) -> None:
        """Answer one by one what failed together: one of them may be the reason, and the others go on."""
        if len(batch) > 1 and _rolled_back(error):
            logger.warning("requests are answered one by one: %s", error)
            for waiting in batch:
                await self._answer([waiting])
            return
        for waiting in batch:
            if not waiting.answer.done():
                waiting.answer.set_exception(error)


class Queues(Generic[Place, Asked, Answer]):
    """A queue of its own for each place, kept for as long as somebody waits in it."""

    def __init__(
        self,
        together: Callable[[Place, Sequence[Asked]], Awaitable[Sequence[Answer]]],
        mark: Callable[[Asked], Hashable] = lambda _: None,
    ) -> None:
        """*together* and *mark* as in `Folding`."""
        self._together = together
        self._mark = mark
        self._queues: dict[Place, Folding[Asked, Answer]] = {}

    async def answer(self, place: Place, asked: Asked) -> Answer:
        """Return the answer to *asked*, given together with whatever else waits in *place*."""
        queue = self._queues.get(place)
        if queue is None:
            queue = self._queues[place] = Folding(partial(self._together, place), self._mark)
        try:
            return await queue.answer(asked)
        finally:
            if queue.idle and self._queues.get(place) is queue:
                del self._queues[place]

    async def finish(self) -> None:
        """Return when all that wait anywhere have been answered."""
        for queue in list(self._queues.values()):
            await queue.finish()


def _rolled_back(error: Exception) -> bool:
    """Tell whether nothing can have been committed, and trying again may help."""
    if isinstance(error, DatabaseUnusable):
        return False
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is not None and not error.sqlstate.startswith(LOST)
    return True
