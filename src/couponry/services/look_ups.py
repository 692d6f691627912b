"""Looking entered codes up: for all that ask at the same moment in one statement."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from couponry.services.folding import Queues
from couponry.storage import entered_codes
from couponry.storage.database import Database
from couponry.storage.entered_codes import Entered, Known


class LookUps:
    """What a process knows codes by; holds one connection at most for each store."""

    def __init__(self, database: Database) -> None:
        self._queues = Queues[UUID, Entered, Known](partial(_look_up, database))

    async def look_up(self, store_id: UUID, entered: Entered) -> Known:
        """Return what a store knows of the codes that a shopper *entered*, as of a moment after this was called."""
        return await self._queues.answer(store_id, entered)


async def _look_up(database: Database, store_id: UUID, entered: Sequence[Entered]) -> Sequence[Known]:
    async with database.connection() as connection:
        return await entered_codes.look_up(connection, store_id, entered)
