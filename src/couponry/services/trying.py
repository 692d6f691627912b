"""Trying a promotion on a cart, before or while it runs: nothing is stored, and no code is used."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from couponry.domain.cart import Cart
from couponry.domain.codes import CodeLimits
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.evaluation import evaluate
from couponry.domain.outcome import Evaluation
from couponry.domain.promotion_book import Book, Entry, book, entry
from couponry.domain.promotions import PromotionAttributes
from couponry.services.evaluations import look_up
from couponry.services.look_ups import LookUps
from couponry.services.promotion_cache import PromotionCache

ANY_CODE = "any code"
"""Stands for a code without limits, where none was entered."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A cart, and how a promotion is tried on it."""

    promotion_id: str
    cart: Cart
    codes: tuple[str, ...] = ()
    shoppers: tuple[bytes, ...] = ()
    """What the cart's shopper is known by."""
    at: datetime
    draft: PromotionAttributes | None = None
    """What to judge the promotion as, instead of as it is stored; it need not be."""
    alone: bool = True
    """Whether no other promotion of the store takes part."""
    as_enabled: bool = False
    """Whether the promotion is judged as though it were enabled."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """How the cart was judged."""

    evaluation: Evaluation
    promotions: Mapping[str, PromotionAttributes]
    """Every promotion that took part, by id."""
    elsewhere: tuple[str, ...]
    """Codes entered that belong to promotions which took no part."""
    assumed: bool
    """Whether the promotion was judged as though a code of it without limits had been entered, as none was."""


async def try_cart(look_ups: LookUps, promotions: PromotionCache, store_id: UUID, trial: Trial) -> Tried:
    """Judge a cart with every condition explained; outside any transaction, with one statement.

    A promotion that takes codes and is tried alone, without any, is judged as though one had been entered.
    """
    entered, standing = await look_up(look_ups, promotions, store_id, trial.codes, trial.shoppers)
    one = _tried(standing.by_id.get(trial.promotion_id), trial)
    if one is not None:
        standing = book([*(other for other in standing.entries if other.id != one.id), one])
    elsewhere: set[str] = set()
    assumed = False
    if trial.alone:
        standing = book([] if one is None else [one])
        elsewhere = {code.code for code in entered if code.grants and not _is_of(code, standing)}
        assumed = one is not None and not one.automatic and not entered
        entered = [*(code for code in entered if code.code not in elsewhere), *_any_code(one if assumed else None)]
    return Tried(
        evaluation=evaluate(trial.cart, standing, entered, trial.at, explain=True),
        promotions={known.id: known.promotion for known in standing.entries},
        elsewhere=tuple(sorted(elsewhere)),
        assumed=assumed,
    )


def _tried(stored: Entry | None, trial: Trial) -> Entry | None:
    """Return the promotion as it is to be judged."""
    promotion = trial.draft or (stored and stored.promotion)
    if promotion is None:
        return None
    if trial.as_enabled:
        promotion = msgspec.structs.replace(promotion, enabled=True)
    return entry(trial.promotion_id, promotion, stored.created_at if stored else trial.at)


def _is_of(code: EnteredCode, standing: Book) -> bool:
    return any(grant.promotion_id in standing.by_id for grant in code.grants)


def _any_code(one: Entry | None) -> Sequence[EnteredCode]:
    return [] if one is None else [EnteredCode(ANY_CODE, (Grant(one.id, ANY_CODE, CodeLimits()),))]
