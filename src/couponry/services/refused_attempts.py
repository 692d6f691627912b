"""Counting codes that were entered and gave nothing, in memory, and writing the counts down every few seconds."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from msgspec import UNSET

from couponry.domain.figures import RefusedOn
from couponry.domain.outcome import Refused
from couponry.storage import refusal_days
from couponry.storage.database import Database, DatabaseUnusable

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
"""How long counts stay in memory; a process that is killed loses what it counted since."""

MOST = 10_000
"""How many counts are kept apart in memory; whatever is refused beyond that counts without its promotion."""


class RefusedAttempts:
    """What a process has counted of refused codes; writing it down keeps nobody waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: Counter[RefusedOn] = Counter()
        self._flushing: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()

    def count(self, store_id: UUID, at: datetime, refused: Iterable[tuple[str, Refused]]) -> None:
        """Count codes that were entered at a moment and gave nothing."""
        day, counted = at.astimezone(UTC).date(), self._counted
        for _, one in refused:
            key = RefusedOn(store_id, day, one.reason, None if one.promotion_id is UNSET else one.promotion_id)
            if len(counted) >= MOST and key not in counted:
                key = key._replace(promotion_id=None)
            counted[key] += 1
        if self._counted and self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_later())

    async def flush(self) -> None:
        """Write down what has been counted; what cannot be written down now is kept for the next time."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            async with self._database.connection() as connection:
                await refusal_days.add(connection, counted)
        except BaseException:
            self._counted.update(counted)
            raise

    async def finish(self) -> None:
        """Write down the rest, as this process stops."""
        self._stopped.set()
        if self._flushing is not None:
            # Whoever is cut off while writing cannot tell whether it was written.
            await asyncio.wait([self._flushing])
        await self._try_to_flush()

    async def _flush_later(self) -> None:
        try:
            while self._counted and not self._stopped.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_SECONDS):
                        await self._stopped.wait()
                await self._try_to_flush()
        finally:
            self._flushing = None

    async def _try_to_flush(self) -> None:
        try:
            await self.flush()
        except (psycopg.OperationalError, DatabaseUnusable) as error:
            logger.warning("could not write refused attempts down: %s", error)
        except psycopg.Error:
            logger.exception("could not write refused attempts down")
