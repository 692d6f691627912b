"""What a process redeems with: its promotions, and for each store a queue of claims."""

from functools import partial
from uuid import UUID

from couponry.services.claiming import Attempt, Outcome, claim, mark_of
from couponry.services.folding import Folding
from couponry.services.promotion_cache import PromotionCache
from couponry.storage.database import Database


class Till:
    """Where the redemptions of a process are made; it holds one connection at most for each store's claims."""

    def __init__(self, database: Database, promotions: PromotionCache, shopper_key: bytes) -> None:
        self.database = database
        self.promotions = promotions
        self.shopper_key = shopper_key
        """What shoppers' identities are hashed with."""
        self._queues: dict[UUID, Folding[Attempt, Outcome]] = {}

    async def claim(self, store_id: UUID, attempt: Attempt) -> Outcome:
        """Claim all that *attempt* asks for, together with whatever else waits in the store."""
        queue = self._queues.get(store_id)
        if queue is None:
            queue = self._queues[store_id] = Folding(partial(claim, self.database, store_id), mark_of)
        try:
            return await queue.answer(attempt)
        finally:
            if queue.idle and self._queues.get(store_id) is queue:
                del self._queues[store_id]

    async def finish(self) -> None:
        """Return when no claim is under way any more."""
        for queue in list(self._queues.values()):
            await queue.finish()
