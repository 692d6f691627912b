"""Why a code did not work: every promotion behind it, how it stands, who used it, and what is in its way now."""

from typing import NamedTuple
from uuid import UUID

from couponry.domain.cart import NOBODY, Cart, Shopper
from couponry.domain.codes import PromotionCode, code_key, spelling_faults
from couponry.domain.listing import Comparison, Page
from couponry.domain.outcome import Refused
from couponry.domain.promotions import Promotion
from couponry.domain.redemption import shoppers_of
from couponry.domain.refusals import whatever_is_in_the_cart
from couponry.domain.usages import FoundUsage
from couponry.services import codes, evaluations, promotions, usage_search
from couponry.services.context import Context, utc_now
from couponry.services.till import Till
from couponry.services.usage_search import Search
from couponry.storage import held_uses

MOST = 25
"""Behind how many promotions is looked, the newest; nearly all codes have one."""

LAST = 10
"""How many uses are told, the newest."""


class Uses(NamedTuple):
    """How often a code is used."""

    used: int
    """How many uses were made and not given back."""
    is_all: bool
    """Whether there are no more; of codes without limit, the uses of a thousand redemptions are counted."""
    held: int
    """How many uses are held for orders that are not paid yet."""
    newest: list[FoundUsage]
    """The newest uses, also those that were given back."""
    more: bool
    """Whether there are older ones."""


class Behind(NamedTuple):
    """A promotion that a code stands for, and how the code stands there."""

    promotion: Promotion
    code: PromotionCode
    uses: Uses
    refused: Refused | None
    """Why it gives nothing now, whatever is in the cart; None where that is for the cart to decide."""


class Found(NamedTuple):
    """What is known of a code, and of a shopper with it."""

    behind: list[Behind]
    of_shopper: list[FoundUsage] | None
    """The shopper's newest uses of the code; None where nobody was named."""
    left_over: list[FoundUsage]
    """The newest uses of codes that were spelled so and are gone."""


async def look_up(till: Till, store_id: UUID, actor: str, code: str, shopper: Shopper | None) -> Found:
    """Return all that is known of a code; outside any transaction."""
    if any(spelling_faults([code], "")):
        return Found([], None if shopper is None else [], [])
    async with till.database.transaction() as connection:
        context = Context(connection, store_id, actor)
        known = (await promotions.list_promotions(context, _is(code), Page(MOST))).rows
        standing = [await _standing(till, context, one, code) for one in known]
        of_shopper = None
        if shopper is not None:
            of_shopper = await _find(till, context, Search(code=code, shopper=shopper))
        left_over = [] if known else await _find(till, context, Search(code=code))
    refused = await _refused(till, store_id, known, code, shopper or NOBODY)
    behind = [one._replace(refused=refused.get(one.promotion.id)) for one in standing if one is not None]
    return Found(behind, of_shopper, left_over)


def _is(code: str) -> Comparison:
    return Comparison("eq", "code", (code_key(code),))


async def _standing(till: Till, context: Context, promotion: Promotion, code: str) -> Behind | None:
    """Return how a code of a promotion stands; None if it is gone by now."""
    found = await codes.list_codes(context, promotion.id, _is(code), None, Page(1))
    if not found.rows:
        return None
    [known] = found.rows
    return Behind(promotion, known, await uses_of(context, till.shopper_key, promotion.id, known), None)


async def uses_of(context: Context, key: bytes, promotion_id: UUID, code: PromotionCode) -> Uses:
    """Return how often a code of a promotion is used; *key* is what shoppers' identities are hashed with."""
    asked = context.connection, context.store_id, promotion_id, code.id
    held = await held_uses.of_code(*asked)
    if isinstance(code.max_uses, int) and isinstance(code.uses, int):
        used, is_all = max(code.max_uses - code.uses - held, 0), True
    else:
        used, is_all = await held_uses.used_of_code(*asked)
    found = await usage_search.find(context, key, Search(promotion_id=promotion_id, code=code.code), LAST)
    return Uses(used, is_all, held, found.usages, found.more is not None)


async def _find(till: Till, context: Context, search: Search) -> list[FoundUsage]:
    return (await usage_search.find(context, till.shopper_key, search, LAST)).usages


async def _refused(
    till: Till, store_id: UUID, known: list[Promotion], code: str, shopper: Shopper
) -> dict[UUID, Refused]:
    """Judge an empty cart in a currency of each promotion: what is refused then is not for its lines to decide."""
    by_currency: dict[str, list[Promotion]] = {}
    for one in known:
        by_currency.setdefault((one.rule_set.currencies or ("USD",))[0], []).append(one)
    shoppers = shoppers_of(till.shopper_key, store_id, shopper)
    found: dict[UUID, Refused] = {}
    for currency, some in by_currency.items():
        cart = Cart(currency=currency, items=(), shopper=shopper)
        judged = await evaluations.evaluate_cart(
            till.look_ups, till.promotions, store_id, cart, [code], at=utc_now(), shoppers=shoppers
        )
        for one in some:
            if (refused := whatever_is_in_the_cart(judged, str(one.id), code)) is not None:
                found[one.id] = refused
    return found
