"""Usages: what is on record of the uses of codes, and forgetting who made them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from couponry.domain.audit import Action, Object
from couponry.domain.codes import spelling_faults
from couponry.domain.listing import Filter, Listed, Page
from couponry.domain.usage_errors import NoSuchCode, NoSuchPromotion, UsagesNotFound
from couponry.domain.usages import Usage
from couponry.services import audit, forgetting
from couponry.services.context import Context
from couponry.services.forgetting import TouchedOrder
from couponry.storage import anonymizing, forgotten, orders, promotions, usage_lists
from couponry.storage.usage_lists import UsedCode

MAX_TOLD = 1000
"""The most usages that are told when a shopper is forgotten, who may have made any number."""


class Anonymized(NamedTuple):
    """Usages whose shopper is forgotten."""

    usages: list[Usage]
    total: int
    """How many there are; *usages* may be the first of them."""
    missing: list[str]
    """The ids that no usage has."""
    orders: list[TouchedOrder]
    """The orders that have forgotten who made them."""
    carts: list[str]
    """The carts that have."""


async def list_usages(
    context: Context, promotion_id: UUID, wanted: Filter, order: str | None, page: Page
) -> Listed[Usage]:
    """Return one page of a promotion's usages that pass *wanted*.

    Raises:
        NoSuchPromotion: this store has no such promotion.
    """
    await _require_promotion(context, promotion_id)
    return await _listed(context, promotion_id, wanted, order, page)


async def list_code_usages(
    context: Context, promotion_id: UUID, id_or_name: str, wanted: Filter, order: str | None, page: Page
) -> Listed[Usage]:
    """Return one page of the usages of a code, named by its id or by itself, that pass *wanted*.

    Of a code that was deleted, the usages are still there; named by itself, a code is every code that was spelled so.

    Raises:
        NoSuchPromotion: this store has no such promotion.
        NoSuchCode: the promotion has no such code, and nobody ever used one.
    """
    await _require_promotion(context, promotion_id)
    code = await _code(context, promotion_id, id_or_name)
    return await _listed(context, promotion_id, wanted, order, page, code)


async def anonymize_usages(context: Context, ids: Sequence[str]) -> Anonymized:
    """Forget the e-mail addresses of these usages; those that were forgotten before stay as they are.

    Of usages of orders, the orders forget who made them, in all their usages.

    Raises:
        UsagesNotFound: none of them is on record.
    """
    known = {text: id_ for text in ids if (id_ := _as_id(text)) is not None}
    asked = list(dict.fromkeys(known.values()))
    found = {one.id for one in await usage_lists.of_ids(context.connection, context.store_id, asked)}
    missing = [text for text in dict.fromkeys(ids) if known.get(text) not in found]
    if not found:
        raise UsagesNotFound(missing)
    redemptions = await anonymizing.redemptions_of_usages(context.connection, context.store_id, sorted(found))
    touched = await forgetting.forget_orders(context, redemptions)
    ordered = {one.id for one in touched}
    traced = await anonymizing.traces(context.connection, context.store_id, sorted(ordered))
    await forgetting.forget_usages(context, redemptions, only=found.union(one.id for one in traced))
    usages = await usage_lists.of_ids(context.connection, context.store_id, [id_ for id_ in asked if id_ in found])
    await audit.note(context, Action.USAGES_ANONYMIZED, Object("usages"), count=len(usages))
    return Anonymized(usages, len(usages), missing, touched, [])


async def anonymize_shopper(context: Context, shoppers: Iterable[bytes], address: str | None) -> Anonymized:
    """Forget the e-mail addresses of whoever has one of these hashes, and *address* itself, in all redemptions.

    Carts and orders forget names and addresses as well, also orders that are being made meanwhile.
    Holds are forgotten as well, and told of once they are used. Whoever is forgotten can be named again: the same
    usages, orders and carts are then told.
    """
    known = list(shoppers)
    await forgotten.note(context.connection, context.store_id, known)
    touched_carts = await forgetting.forget_carts(context, known, address)
    ordered = {id_ for one in known for id_ in await orders.of_shopper(context.connection, context.store_id, one)}
    touched = await forgetting.forget_orders(context, ordered, address)
    redeemed = {
        id_
        for one in known
        for id_ in await anonymizing.redemptions_of_shopper(context.connection, context.store_id, one)
    }
    ids = await forgetting.forget_usages(context, sorted(ordered | redeemed), also=address)
    usages = await usage_lists.of_ids(context.connection, context.store_id, ids)
    await audit.note(context, Action.USAGES_ANONYMIZED, Object("usages"), count=len(usages))
    return Anonymized(usages[:MAX_TOLD], len(usages), [], touched, touched_carts)


async def _listed(
    context: Context,
    promotion_id: UUID,
    wanted: Filter,
    order: str | None,
    page: Page,
    code: UsedCode | None = None,
) -> Listed[Usage]:
    connection, store_id = context.connection, context.store_id
    found = await usage_lists.page_of(connection, store_id, promotion_id, wanted, order, page, code)
    total, exact = await usage_lists.total(connection, store_id, promotion_id, wanted, code)
    return Listed(found, total, exact)


async def _require_promotion(context: Context, promotion_id: UUID) -> None:
    if not await promotions.exists(context.connection, context.store_id, promotion_id):
        raise NoSuchPromotion


async def _code(context: Context, promotion_id: UUID, id_or_name: str) -> UsedCode:
    id_, code = _as_id(id_or_name), None
    if id_ is not None:
        code = await usage_lists.code_with_id(context.connection, context.store_id, promotion_id, id_)
    if code is None and not any(spelling_faults([id_or_name], "")):
        code = await usage_lists.code_named(context.connection, context.store_id, promotion_id, id_or_name)
    if code is None:
        raise NoSuchCode
    return code


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
