"""Gifts and suggestions: what a promotion is off and the cart does not have (behaviour.md 4.3)."""

from collections.abc import Iterator, Sequence

import msgspec

from couponry.domain.actions import AnyAction, FixedPriceFor, ItemDiscount
from couponry.domain.item_conditions import ItemIdentifier, ItemProductId, ItemSku
from couponry.domain.nesting import walk
from couponry.domain.outcome import AddedItem, SuggestedTarget, Suggestion
from couponry.domain.running import Lines, RunningCart, Selector


class Offer(msgspec.Struct, frozen=True):
    """What an item discount names, to be added to a cart or suggested."""

    select: Selector
    skus: tuple[str, ...]
    ids: tuple[str, ...]
    auto_add: bool
    show: bool
    is_gift: bool
    lines: int | None
    """How many lines the discount is for at most."""
    units: int
    """How many units of its target make sense to buy."""


def offers_of(actions: Sequence[AnyAction]) -> tuple[Offer, ...]:
    """Return what *actions* would add or suggest."""
    return tuple(_offers_of(actions))


def _offers_of(actions: Sequence[AnyAction]) -> Iterator[Offer]:
    for action in actions:
        if not isinstance(action, ItemDiscount) or action.condition is None:
            continue
        items = action.limitations.items if action.limitations else None
        if items is None or not (action.auto_add or action.show_suggestions):
            continue
        skus, ids = _named(action)
        bounds = [bound for bound in (items.max_items, items.max_units) if bound is not None]
        yield Offer(
            select=action.condition.selector(),
            skus=skus,
            ids=ids,
            auto_add=action.auto_add,
            show=action.show_suggestions,
            is_gift=action.is_gift,
            lines=min(bounds, default=None),
            units=action.args.quantity if isinstance(action.args, FixedPriceFor) else 1,
        )


def _named(action: ItemDiscount) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the SKUs and the product ids that the action's condition names; an id beside SKUs is one of theirs."""
    skus: list[str] = []
    ids: list[str] = []
    assert action.condition is not None
    for _, _, condition in walk(action.condition):
        match condition:
            case ItemSku(operator="in"):
                skus += condition.args
            case ItemProductId(operator="in"):
                ids += condition.args
            case ItemIdentifier(operator="in"):
                skus += condition.args[0].skus
                ids += () if condition.args[0].skus else condition.args[0].ids
            case _:
                pass
    return tuple(dict.fromkeys(skus)), tuple(dict.fromkeys(ids))


def added(offer: Offer, cart: RunningCart, among: Lines, promotion_id: str, code: str) -> list[AddedItem]:
    """Return the gifts that *cart* lacks, as many as the discount is for."""
    skus = [sku for sku in offer.skus if sku not in cart.skus]
    ids = [id_ for id_ in offer.ids if id_ not in cart.products]
    missing = [
        *(AddedItem(promotion_id=promotion_id, code=code, sku=sku) for sku in skus),
        *(AddedItem(promotion_id=promotion_id, code=code, product_id=id_) for id_ in ids),
    ]
    there = offer.select(cart, among).bit_count()
    return missing if offer.lines is None else missing[: max(offer.lines - there, 0)]


def suggestion(
    offer: Offer, cart: RunningCart, among: Lines, promotion_id: str, code: str, info: str
) -> Suggestion | None:
    """Return what to suggest for a cart that has nothing the discount is off."""
    if offer.select(cart, among):
        return None
    target = SuggestedTarget(skus=offer.skus, ids=offer.ids, quantity=offer.units)
    message = "Gift" if offer.is_gift else msgspec.UNSET
    return Suggestion(promotion_id=promotion_id, code=code, info=info, message=message, targets=[target])
