"""Watching jobs: however many listen, one process looks once for all of them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager, suppress

import psycopg

from couponry.domain.jobs import PromotionJob
from couponry.storage import jobs
from couponry.storage.database import Database, DatabaseUnusable
from couponry.storage.jobs import Key

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""How long after one look comes the next; what changes in between is told together."""


class _Watched:
    """A job that somebody watches, as it stood at the last look: all that is kept of it, however slow they are."""

    def __init__(self) -> None:
        self.listeners = 0
        self.latest: PromotionJob | None = None
        self.gone = False
        self.changed = asyncio.Event()

    def wake(self) -> None:
        """Wake whoever waits, once."""
        self.changed.set()
        self.changed = asyncio.Event()


class Watching:
    """Tells how jobs stand to all who listen in this process, by one statement for all of them at a time.

    Polling works through every pooler, as the API must; LISTEN does not work through those in transaction mode.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watched: dict[Key, _Watched] = {}
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    async def changes(self, job: PromotionJob, patience: float) -> AsyncGenerator[PromotionJob | None]:
        """Yield each newer state of *job* that is seen, and None after *patience* seconds without one.

        A listener who is slow misses states, but never the last one. Ends after a state that is final, when the
        job is gone with its promotion, and when this process stops.
        """
        with self._watch((job.store_id, job.promotion_id, job.id)) as watched:
            while not (self._closed or watched.gone or job.status.ended):
                latest, changed = watched.latest, watched.changed
                if latest is not None and latest.changes > job.changes:
                    job = latest
                    yield job
                    continue
                try:
                    async with asyncio.timeout(patience):
                        await changed.wait()
                except TimeoutError:
                    yield None

    def close(self) -> None:
        """Let every listener go, as this process stops."""
        self._closed = True
        for watched in self._watched.values():
            watched.wake()

    async def finish(self) -> None:
        """Stop looking."""
        self.close()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    @contextmanager
    def _watch(self, key: Key) -> Generator[_Watched]:
        watched = self._watched.setdefault(key, _Watched())
        watched.listeners += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield watched
        finally:
            watched.listeners -= 1
            if not watched.listeners:
                del self._watched[key]

    async def _look_on(self) -> None:
        try:
            while self._watched and not self._closed:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._looking = None

    async def _look(self) -> None:
        keys = list(self._watched)
        try:
            async with self._database.connection() as connection:
                found = {(job.store_id, job.promotion_id, job.id): job for job in await jobs.standing(connection, keys)}
        except (psycopg.OperationalError, DatabaseUnusable) as error:
            logger.warning("could not look at watched jobs: %s", error)
            return
        except Exception:
            logger.exception("could not look at watched jobs")
            return
        for key in keys:
            with suppress(KeyError):  # nobody listens any more
                self._tell(self._watched[key], found.get(key))

    @staticmethod
    def _tell(watched: _Watched, job: PromotionJob | None) -> None:
        if job is not None and watched.latest is not None and job.changes <= watched.latest.changes:
            return
        watched.latest, watched.gone = job, job is None
        watched.wake()
