"""Refusals about usages, in the words of Elastic Path."""

from collections.abc import Sequence

from couponry.domain.errors import NotFound


class NoSuchPromotion(NotFound):
    """No promotion of this store has that id, so nothing is known of its usages."""

    title = "Promotion Not Found"
    sentence = "No usages found for the specified promotion ID."


class NoSuchCode(NotFound):
    """The promotion has no such code, and no use of one is on record."""

    title = "Promotion Code Not Found"
    sentence = "No usages found for the specified promotion code."


class UsagesNotFound(NotFound):
    """None of the usages that were named is on record."""

    title = "Usages Not Found"
    sentence = "Some usage IDs could not be found."

    def __init__(self, usage_ids: Sequence[str]) -> None:
        super().__init__(usage_ids=list(usage_ids))
