"""What promotions are refused for, in the words of Elastic Path."""

from couponry.domain.errors import Category, NotFound, Refusal


class PromotionNotFound(NotFound):
    """No promotion of this store has that id."""

    sentence = "promotion not found"


class TooManyAutomaticPromotions(Refusal):
    """A store may only have so many active and future automatic promotions."""

    category = Category.BAD_REQUEST
    title = "Too many automatic rule promotions"

    @classmethod
    def on_create(cls, limit: int) -> "TooManyAutomaticPromotions":
        """Refuse the creation of one more."""
        return cls(f"Only {limit} active automatic rule promotions are allowed per store")

    @classmethod
    def on_update(cls, limit: int) -> "TooManyAutomaticPromotions":
        """Refuse that one more becomes active and automatic."""
        return cls(f"Only {limit} active and future automatic rule promotions are allowed per store")


class DuplicatePriority(Refusal):
    """Running and scheduled promotions of a store have distinct priorities."""

    category = Category.UNPROCESSABLE
    title = "Duplicate priority"
    sentence = "Priority already in use in another running or scheduled promotion"


class UnprocessablePromotion(Refusal):
    """A well-formed promotion that contradicts itself."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
