"""Carts as they are answered."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET
from msgspec.structs import asdict

from couponry.api.cart_answers import (
    CartAnswer,
    CartContact,
    CartDiscounts,
    CartInventory,
    CartLinks,
    CartMeta,
    CartPrices,
    CartRelationships,
    CartResource,
    CartTimestamps,
    CondensedPromotion,
    Included,
    ItemResource,
    ItemsAnswer,
    PromotionSuggestion,
    Reference,
    References,
)
from couponry.api.errors import WireError, errors_of
from couponry.api.item_views import item_resource, price, promotion_resource
from couponry.api.wire import moment
from couponry.domain.cart_totals import CartTotals, totals_of
from couponry.domain.outcome import AddedItem, SuggestedTarget
from couponry.domain.promotion_book import Entry
from couponry.services.carts import CartView

ITEMS, PROMOTIONS = "items", "promotions"
"""What can be asked for beside a cart, or its lines."""


def items_answer(view: CartView, promotions: Sequence[Entry] | None = None) -> ItemsAnswer:
    """Return the lines of a cart as they are answered, with its *promotions* if these are given."""
    included = UNSET if promotions is None else Included(promotions=[condensed(one) for one in promotions])
    return ItemsAnswer(
        data=_items(view, promotions=promotions is not None),
        included=included,
        meta=_meta(view),
        errors=_errors(view) or UNSET,
    )


def cart_answer(view: CartView, promotions: Sequence[Entry] | None = None, *, items: bool = False) -> CartAnswer:
    """Return a cart as it is answered, with its *promotions* if these are given, and its *items* if asked for."""
    included = Included(
        items=_items(view, promotions=promotions is not None) if items else UNSET,
        promotions=UNSET if promotions is None else [condensed(one) for one in promotions],
    )
    return CartAnswer(
        data=_cart(view, promotions),
        included=included if items or promotions is not None else UNSET,
        errors=_errors(view) or UNSET,
    )


def _cart(view: CartView, promotions: Sequence[Entry] | None) -> CartResource:
    cart, settings = view.cart, view.cart.settings
    return CartResource(
        id=view.id,
        name=cart.name,
        description=cart.description,
        contact=CartContact(cart.contact_email) if cart.contact_email else UNSET,
        discount_settings=CartDiscounts(settings.custom_discounts_enabled, settings.use_rule_promotions),
        inventory_settings=CartInventory(settings.defer_inventory_check),
        snapshot_date=moment(cart.snapshot_date) if cart.snapshot_date else UNSET,
        custom_attributes=cart.custom_attributes or UNSET,
        links=CartLinks(f"/v2/carts/{view.id}"),
        meta=_meta(view),
        relationships=CartRelationships(
            items=References(
                [Reference(line.type, line.id) for line in cart.lines]
                + [Reference("promotion_item", line.id) for line in cart.promotion_lines]
            ),
            customers=References([Reference("customer", id_) for id_ in cart.customers]),
            accounts=References([Reference("account", one.id) for one in cart.accounts]),
            shipping_groups=References([Reference("shipping_group", one.id) for one in cart.groups])
            if cart.groups
            else UNSET,
            promotions=UNSET
            if promotions is None
            else References([Reference("promotion", one.id) for one in promotions]),
        ),
    )


def _items(view: CartView, *, promotions: bool) -> list[ItemResource]:
    judged = {line.id: line for line in view.evaluation.items}
    currency = view.evaluation.currency
    lines = [item_resource(line, judged[line.id], currency, promotions=promotions) for line in view.cart.lines]
    return lines + [promotion_resource(line, currency, promotions=promotions) for line in view.cart.promotion_lines]


def _meta(view: CartView) -> CartMeta:
    return CartMeta(
        display_price=cart_prices(totals_of(view.cart, view.evaluation), view.evaluation.currency),
        timestamps=CartTimestamps(moment(view.created_at), moment(view.updated_at), moment(view.expires_at)),
        messages=view.messages or UNSET,
        promotion_suggestions=[*_suggestions(view)] or UNSET,
    )


def cart_prices(totals: CartTotals, currency: str) -> CartPrices:
    """Return what a cart costs as it is answered."""
    return CartPrices(**{name: price(amount, currency) for name, amount in asdict(totals).items()})


def _suggestions(view: CartView) -> Iterator[PromotionSuggestion]:
    for one in view.evaluation.suggestions:
        yield PromotionSuggestion(
            promotion_id=one.promotion_id, code=one.code, info=one.info, message=one.message, targets=one.targets
        )
    for missed, info in view.missed:
        yield PromotionSuggestion(
            promotion_id=missed.promotion_id,
            code=missed.code,
            info=info,
            message="Gift",
            auto_add=True,
            targets=[_target(missed)],
        )


def _target(gift: AddedItem) -> SuggestedTarget:
    skus, ids = ((one,) if one is not UNSET else () for one in (gift.sku, gift.product_id))
    return SuggestedTarget(skus=skus, ids=ids, quantity=gift.quantity)


def condensed(one: Entry) -> CondensedPromotion:
    """Return as much of a promotion as shoppers are shown."""
    promotion = one.promotion
    return CondensedPromotion(
        id=one.id,
        name=promotion.name,
        description=promotion.description or UNSET,
        automatic=promotion.automatic,
        promotion_source="rule-promotion",
        start=moment(promotion.start),
        end=moment(promotion.end),
    )


def _errors(view: CartView) -> list[WireError]:
    return [error for refusal in view.errors for error in errors_of(refusal)]
