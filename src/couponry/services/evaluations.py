"""Judging carts: against the promotions of a store, or against drafts of promotions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from couponry.domain.cart import Cart
from couponry.domain.codes import CodeLimits, code_key, spelling_faults
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.evaluation import evaluate
from couponry.domain.outcome import Evaluation, Refused
from couponry.domain.promotion_book import Book, Entry, book, entry
from couponry.domain.promotions import PromotionAttributes
from couponry.services.look_ups import LookUps
from couponry.services.promotion_cache import PromotionCache
from couponry.storage.entered_codes import Entered

NOT_APPLICABLE = "No promotion could be found with the given code."
"""All that a shopper learns of a code that gives nothing, whatever the reason."""


_OF_NO_CODE = "\n"
"""Begins the key of a draft without a code: no code has a line feed, so none that is entered is taken for it."""


class Draft(msgspec.Struct, frozen=True):
    """A promotion that is judged without being stored."""

    name: str
    """What it is called in the answer."""
    promotion: PromotionAttributes
    code: str | None = None
    """Without one, and not automatic, it is judged as though its name had been entered as its code."""


class _Spelled(NamedTuple):
    """A code as it was entered, and its identity; None for what cannot be a code."""

    code: str
    key: str | None


async def evaluate_cart(
    look_ups: LookUps,
    promotions: PromotionCache,
    store_id: UUID,
    cart: Cart,
    codes: Sequence[str],
    *,
    at: datetime,
    explain: bool = False,
    shoppers: Sequence[bytes] = (),
) -> Evaluation:
    """Judge *cart* by the promotions of a store; outside any transaction, with one statement.

    *shoppers* is what the cart's shopper is known by.
    """
    entered, standing = await look_up(look_ups, promotions, store_id, codes, shoppers)
    return evaluate(cart, standing, entered, at, explain=explain)


async def look_up(
    look_ups: LookUps, promotions: PromotionCache, store_id: UUID, codes: Sequence[str], shoppers: Sequence[bytes]
) -> tuple[list[EnteredCode], Book]:
    """Return what is known of entered *codes*, each once, and the promotions to judge by."""
    spelled = _spelled(codes)
    keys = tuple([one.key for one in spelled if one.key is not None])
    known = await look_ups.look_up(store_id, Entered(keys, tuple(shoppers)))
    standing = await promotions.book(store_id, known.version)
    return [EnteredCode(one.code, tuple(known.grants.get(one.key or "", ()))) for one in spelled], standing


def evaluate_drafts(
    cart: Cart, drafts: Sequence[Draft], codes: Sequence[str], *, at: datetime, explain: bool = False
) -> Evaluation:
    """Judge *cart* by *drafts* alone; of equal standing, the last counts as the newest."""
    grants: dict[str, list[Grant]] = {}
    entered = {one.key or one: one.code for one in _spelled(codes)}
    said = frozenset(entered)
    for draft in drafts:
        if not draft.promotion.automatic:
            code = draft.name if draft.code is None else draft.code.strip()
            key = code_key(code)
            if draft.code is None and key not in said:
                key = _OF_NO_CODE + draft.name
            grants.setdefault(key, []).append(Grant(draft.name, code, CodeLimits()))
            if draft.code is None:
                entered.setdefault(key, code)
    looked_up = [
        EnteredCode(code, tuple(grants.get(key, ()) if isinstance(key, str) else ())) for key, code in entered.items()
    ]
    return evaluate(cart, book(_compiled(drafts)), looked_up, at, explain=explain)


def for_shopper(evaluation: Evaluation, codes: Sequence[str]) -> Evaluation:
    """Return what a shopper who entered *codes* may learn of *evaluation*: not why a code gives nothing."""
    came_by = {code_key(applied.code) for applied in evaluation.applied}
    refused = [
        Refused(code=one.code, reason="not_applicable", detail=NOT_APPLICABLE)
        for one in _spelled(codes)
        if one.key not in came_by
    ]
    gave_nothing = {code_key(one.code) for one in refused if one.code}
    return msgspec.structs.replace(
        evaluation,
        refused=refused,
        # What a code would add or suggests tells a code that exists from one that does not.
        added_items=[one for one in evaluation.added_items if code_key(one.code) not in gave_nothing],
        suggestions=[one for one in evaluation.suggestions if code_key(one.code) not in gave_nothing],
    )


def _spelled(codes: Sequence[str]) -> list[_Spelled]:
    """Return *codes* as they were entered, each once."""
    found: dict[_Spelled | str, _Spelled] = {}
    for code in codes:
        spelling = code.strip()
        impossible = any(spelling_faults([spelling], ""))
        one = _Spelled(spelling, None if impossible else code_key(spelling))
        found.setdefault(one.key or one, one)
    return list(found.values())


def _compiled(drafts: Sequence[Draft]) -> list[Entry]:
    return [
        entry(draft.name, draft.promotion, datetime.fromtimestamp(index, UTC)) for index, draft in enumerate(drafts)
    ]
