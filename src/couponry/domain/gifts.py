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
    max_items: int | None
    max_units: int | None
    each: int | None
    """How many lines the discount is for at most, how many units of all of them, and of each line."""
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
        yield Offer(
            select=action.condition.selector(),
            skus=skus,
            ids=ids,
            auto_add=action.auto_add,
            show=action.show_suggestions,
            is_gift=action.is_gift,
            max_items=items.max_items,
            max_units=items.max_units,
            each=action.limitations.max_quantity if action.limitations else None,
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
    return missing[: _room(offer, cart, cart.members(offer.select(cart, among)))]


def _room(offer: Offer, cart: RunningCart, there: Sequence[int]) -> int | None:
    """Return for how many more lines, of one unit each, the discount is, beside the lines that are *there*."""
    room: list[int] = []
    if offer.max_items is not None:
        room.append(offer.max_items - len(there))
    if offer.max_units is not None:
        units = [cart.quantities[at] for at in there]
        room.append(offer.max_units - sum(units if offer.each is None else [min(offer.each, one) for one in units]))
    return max(min(room), 0) if room else None


def suggestion(
    offer: Offer, cart: RunningCart, among: Lines, promotion_id: str, code: str, info: str
) -> Suggestion | None:
    """Return what to suggest for a cart that has nothing the discount is off."""
    if offer.select(cart, among):
        return None
    target = SuggestedTarget(skus=offer.skus, ids=offer.ids, quantity=offer.units)
    message = "Gift" if offer.is_gift else msgspec.UNSET
    return Suggestion(promotion_id=promotion_id, code=code, info=info, message=message, targets=[target])
