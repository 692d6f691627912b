"""What a process redeems with: its promotions, what it knows codes by, and for each store a queue of claims."""

from functools import partial
from uuid import UUID

from couponry.services.claiming import Attempt, Outcome, claim, mark_of
from couponry.services.folding import Queues
from couponry.services.look_ups import LookUps
from couponry.services.promotion_cache import PromotionCache
from couponry.services.refused_attempts import RefusedAttempts
from couponry.storage.database import Database


class Till:
    """Where the redemptions of a process are made; it holds one connection at most for each store's claims."""

    def __init__(self, database: Database, promotions: PromotionCache, look_ups: LookUps, shopper_key: bytes) -> None:
        self.database = database
        self.promotions = promotions
        self.look_ups = look_ups
        self.shopper_key = shopper_key
        """What shoppers' identities are hashed with."""
        self.refused = RefusedAttempts(database)
        self._queues = Queues[UUID, Attempt, Outcome](partial(claim, database), mark_of)

    async def claim(self, store_id: UUID, attempt: Attempt) -> Outcome:
        """Claim all that *attempt* asks for, together with whatever else waits in the store."""
        return await self._queues.answer(store_id, attempt)

    async def finish(self) -> None:
        """Return when no claim is under way any more, and all that was counted is written down."""
        await self._queues.finish()
        await self.refused.finish()
