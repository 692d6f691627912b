"""What redemptions, and codes at checkout, are refused for."""

from couponry.domain.errors import Category, NotFound, Refusal


class RedemptionNotFound(NotFound):
    """No redemption of this store has that id."""

    sentence = "redemption not found"


class FullyConsumed(Refusal):
    """A code whose uses are used up: all of them, or this shopper's."""

    category = Category.UNPROCESSABLE
    title = "Fully Consumed"


class NotApplicable(Refusal):
    """A code that gives nothing to this cart."""

    category = Category.UNPROCESSABLE
    title = "Not Applicable"


class CodesRefused(Refusal):
    """Codes that a redemption cannot have, each with its own refusal."""

    category = Category.UNPROCESSABLE

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__("; ".join(refusal.detail for refusal in refusals))


class IdempotencyKeyReused(Refusal):
    """A key stands for one request; a retry must send the same."""

    category = Category.UNPROCESSABLE
    title = "Idempotency Key Reused"
    sentence = "This Idempotency-Key was sent with another request. Send the same body, or another key."


class RedemptionExpired(Refusal):
    """A hold that expired, and whose uses somebody else has by now."""

    category = Category.CONFLICT
    title = "Redemption Expired"
    sentence = "The hold has expired, and its uses are taken. Redeem again."


class RedemptionMoved(Refusal):
    """A redemption that has been released, or confirmed for another order."""

    category = Category.CONFLICT
    title = "Conflict"
