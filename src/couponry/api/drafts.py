"""Promotions that are judged without being stored: read as promotions are, with the same words for their faults."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from couponry.api import aliases
from couponry.api.aliases import Alias
from couponry.api.documents import PromotionData, attributes, with_custom_fields
from couponry.domain.cart import Id
from couponry.domain.codes import spelling_faults
from couponry.domain.errors import Fault
from couponry.domain.nesting import walk
from couponry.domain.promotion_errors import UnprocessablePromotion
from couponry.domain.validity import Consistent, Json, is_object, repeated, within
from couponry.services.evaluations import Draft

MAX_DRAFTS = 1000
MAX_WORK = 1_000_000
"""How many actions, and explained conditions, times lines one request may ask for: its answer may be as large."""


class DraftData(PromotionData, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A promotion that is not stored."""

    id: Id | None = None
    """What it is called in the answer; without one, `draft-` and its index."""
    code: str | None = None
    """The code that it needs among those entered; without one, and not automatic, it needs none."""

    def __post_init__(self) -> None:
        """Tell of faults only: those of all drafts are named before any is refused as a whole."""
        Consistent.__post_init__(self)


Drafts = Annotated[tuple[DraftData, ...], Meta(max_length=MAX_DRAFTS)]


def draft_faults(drafts: Sequence[DraftData]) -> Iterator[Fault]:
    """Tell of drafts with the same name, and of codes that nobody could enter."""
    names = [_name(draft, index) for index, draft in enumerate(drafts)]
    yield from within(repeated(names, "id"), "promotions")
    # Any letter stands in for no code: it is one that can be entered.
    yield from spelling_faults([draft.code if draft.code is not None else "x" for draft in drafts], "promotions")


def work_faults(drafts: Sequence[DraftData], lines: int, *, explain: bool) -> Iterator[Fault]:
    """Tell of drafts that would make one request's answer as long as those of a whole day."""
    parts = sum(len(draft.rule_set.actions) + (_conditions(draft) if explain else 0) for draft in drafts)
    if parts * lines > MAX_WORK:
        asked = "actions and explained conditions" if explain else "actions"
        detail = (
            f"{lines:,} lines times {parts:,} {asked} of drafts are {lines * parts:,}; at most {MAX_WORK:,} at once"
        )
        yield Fault("too_much", detail, "promotions")


def _conditions(draft: DraftData) -> int:
    return sum(1 for _ in walk(draft.rule_set.rules))


def drafts_said(said: Sequence[DraftData]) -> list[Draft]:
    """Return the drafts as they are judged.

    Raises:
        UnprocessablePromotion: one contradicts itself; told with its name.
    """
    return [_draft(_name(data, index), data) for index, data in enumerate(said)]


def _draft(name: str, data: DraftData) -> Draft:
    try:
        return Draft(name, attributes(data), data.code)
    except UnprocessablePromotion as refusal:
        raise UnprocessablePromotion(refusal.detail, promotion_id=name) from refusal


def _name(draft: DraftData, index: int) -> str:
    return f"draft-{index}" if draft.id is None else draft.id


def _gathered(value: Json, _: str) -> Json:
    """Put what is none of our members of a draft where custom fields are kept."""
    if not is_object(value):
        return value
    own = {name: value[name] for name in ("id", "code") if name in value}
    return with_custom_fields({name: given for name, given in value.items() if name not in own}) | own


ALIASES = (*aliases.EVALUATION, Alias("data.promotions.*", _gathered))
