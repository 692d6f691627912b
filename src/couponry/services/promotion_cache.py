"""The promotions that carts are judged by, compiled once in each process and never older than what was just read."""

import asyncio
import logging
from collections import OrderedDict
from uuid import UUID

import msgspec

from couponry.domain.errors import Refusal
from couponry.domain.promotion_book import Book, Entry, book, entry
from couponry.storage import books
from couponry.storage.database import Database

logger = logging.getLogger(__name__)

MOST_STORES = 64
"""How many stores' promotions one process keeps; those not asked for the longest go first."""
AT_A_TIME = 100
"""How many promotions are read and compiled before other requests have their turn."""


class _Compiled(msgspec.Struct, frozen=True):
    """A promotion as of one change to it; without an entry where it could not be read."""

    mark: str
    entry: Entry | None


class _Kept(msgspec.Struct, frozen=True):
    """The promotions of a store as of one version."""

    version: int
    book: Book
    compiled: dict[UUID, _Compiled]


class PromotionCache:
    """The books of the stores that this process judges carts for."""

    def __init__(self, database: Database, most: int = MOST_STORES) -> None:
        self._database = database
        self._most = most
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()
        self._loading: dict[UUID, asyncio.Task[_Kept]] = {}

    async def book(self, store_id: UUID, version: int) -> Book:
        """Return the promotions of a store, at least as new as the *version* that a statement of the caller saw.

        The caller holds no connection meanwhile: with all of them waiting here, none would be left to load by.
        """
        kept = self._kept.get(store_id)
        if kept is not None and kept.version == version:
            self._kept.move_to_end(store_id)
            return kept.book
        while True:
            begun_before = self._loading.get(store_id)
            # Nobody who gives up takes the loading away from the others.
            kept = await asyncio.shield(begun_before or self._begin(store_id))
            if begun_before is None or kept.version >= version:
                return kept.book

    def _begin(self, store_id: UUID) -> "asyncio.Task[_Kept]":
        self._loading[store_id] = task = asyncio.create_task(self._load(store_id))
        return task

    async def _load(self, store_id: UUID) -> _Kept:
        try:
            self._kept[store_id] = kept = await self._read(store_id)
        finally:
            del self._loading[store_id]  # before anybody can see the task as done
        self._kept.move_to_end(store_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return kept

    async def _read(self, store_id: UUID) -> _Kept:
        """Read what changed since the store was last read, and compile only that."""
        last = self._kept.get(store_id)
        async with self._database.connection() as connection, books.one_moment(connection):
            version = await books.version(connection, store_id)
            marks = await books.marks(connection, store_id)
            # A version goes back only when a backup was restored: marks of another history say nothing.
            known = last.compiled if last is not None and last.version <= version else {}
            changed = [id_ for id_, mark in marks.items() if id_ not in known or known[id_].mark != mark]
            compiled = {id_: known[id_] for id_ in marks.keys() & known.keys()}
            for first in range(0, len(changed), AT_A_TIME):
                for row in await books.rows(connection, store_id, changed[first : first + AT_A_TIME]):
                    compiled[row.id] = _Compiled(marks[row.id], _compile(row))
        return _Kept(version, book(one.entry for one in compiled.values() if one.entry is not None), compiled)


def _compile(row: books.Row) -> Entry | None:
    try:
        promotion = row.promotion()
    except (ValueError, Refusal) as error:
        logger.error("a promotion is left out: %s", error, extra={"promotion_id": str(row.id)})  # noqa: TRY400
        return None
    return entry(str(row.id), promotion, row.created_at)
