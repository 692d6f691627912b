"""Lines of carts as they are answered."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import UNSET

from couponry.api.answers import Timestamps
from couponry.api.cart_answers import (
    CodeDiscount,
    FormattedPrice,
    Image,
    ItemLinks,
    ItemRelationships,
    ItemResource,
    LineDiscount,
    LineMeta,
    LinePrices,
    Money,
    Reference,
    References,
    UnitAndValue,
)
from couponry.api.prices import formatted
from couponry.api.wire import moment
from couponry.domain.money import rounded
from couponry.domain.outcome import Discount, JudgedLine
from couponry.domain.shopping_cart import CartLine, PromotionLine

NO_PRICE = FormattedPrice(0, "", "0")
"""What Elastic Path shows as the price of a promotion without its discount."""


def price(amount: int, currency: str) -> FormattedPrice:
    """Return an amount as it is answered."""
    return FormattedPrice(amount, currency, formatted(amount, currency))


def item_resource(line: CartLine, judged: JudgedLine, currency: str, *, promotions: bool = False) -> ItemResource:
    """Return a line with its discounts; with *promotions*, these are among its relationships."""
    return ItemResource(
        id=line.id,
        type=line.type,
        product_id=line.product_id or UNSET,
        name=line.name,
        description=line.description,
        sku=line.sku or UNSET,
        slug="",
        catalog_id=line.catalog_id or UNSET,
        catalog_source="pim" if line.catalog_id else UNSET,
        image=Image(),
        quantity=line.quantity,
        auto_add_quantity=line.quantity if line.gift_of else UNSET,
        manage_stock=False,
        unit_price=Money(line.unit_price, currency, line.includes_tax),
        value=Money(judged.value, currency, line.includes_tax),
        discounts=item_discounts(judged.discounts, currency) or UNSET,
        custom_inputs=line.custom_inputs or UNSET,
        links=ItemLinks(f"/v2/products/{line.product_id}" if line.product_id else UNSET),
        meta=LineMeta(_line_prices(judged, currency), _timestamps(line.created_at, line.updated_at)),
        relationships=_relationships(one.promotion_id for one in judged.discounts) if promotions else UNSET,
        shipping_group_id=line.shipping_group_id or UNSET,
    )


def promotion_resource(line: PromotionLine, currency: str, *, promotions: bool = False) -> ItemResource:
    """Return the line that shows a discount of the cart; what it takes off is taken off the other lines already."""
    off, nothing = _both(line.amount, currency), _both(0, currency)
    prices = LinePrices(
        with_tax=off,
        without_tax=off,
        tax=nothing,
        discount=nothing,
        without_discount=UnitAndValue(NO_PRICE, NO_PRICE),
    )
    return ItemResource(
        id=line.id,
        type="promotion_item",
        promotion_id=line.promotion_id,
        name=line.name,
        description="Promotion",
        sku=line.code,
        slug="",
        image=Image(),
        quantity=1,
        manage_stock=False,
        unit_price=Money(line.amount, currency, includes_tax=False),
        value=Money(line.amount, currency, includes_tax=False),
        links=ItemLinks(),
        meta=LineMeta(prices, _timestamps(line.created_at, line.updated_at)),
        relationships=_relationships([line.promotion_id]) if promotions else UNSET,
        promotion_source="rule-promotion",
    )


def item_discounts(discounts: Sequence[Discount], currency: str) -> list[LineDiscount]:
    """Return discounts of a line, or of a shipping group, as they are answered."""
    return [
        LineDiscount(
            amount=Money(one.amount, currency, includes_tax=False),
            code=one.code,
            id=one.promotion_id,
            promotion_source="rule-promotion",
            is_cart_discount=one.is_cart_discount or UNSET,
            ordinal=one.ordinal,
        )
        for one in discounts
    ]


def _line_prices(judged: JudgedLine, currency: str) -> LinePrices:
    after = _each(judged.discounted_value, judged.quantity, currency)
    by_code: dict[str, dict[str, int]] = {}
    for one in judged.discounts:
        by_promotion = by_code.setdefault(one.code, {})
        by_promotion[one.promotion_id] = by_promotion.get(one.promotion_id, 0) + one.amount
    return LinePrices(
        with_tax=after,
        without_tax=after,
        tax=_both(0, currency),
        discount=_each(judged.discount, judged.quantity, currency),
        without_discount=_each(judged.value, judged.quantity, currency),
        discounts={code: _code_discount(sums, currency) for code, sums in by_code.items()} or UNSET,
    )


def _code_discount(by_promotion: dict[str, int], currency: str) -> CodeDiscount:
    total = sum(by_promotion.values())
    constituents = {id_: price(amount, currency) for id_, amount in by_promotion.items()}
    return CodeDiscount(total, currency, formatted(total, currency), constituents)


def _each(value: int, quantity: int, currency: str) -> UnitAndValue:
    """Return a value and what it comes to for one unit, rounded half away from zero (behaviour.md 4.7)."""
    unit = rounded(abs(value), quantity)
    return UnitAndValue(price(-unit if value < 0 else unit, currency), price(value, currency))


def _both(amount: int, currency: str) -> UnitAndValue:
    return UnitAndValue(price(amount, currency), price(amount, currency))


def _timestamps(created_at: datetime, updated_at: datetime) -> Timestamps:
    return Timestamps(moment(created_at), moment(updated_at))


def _relationships(promotion_ids: Iterable[str]) -> ItemRelationships:
    return ItemRelationships(References([Reference("promotion", id_) for id_ in dict.fromkeys(promotion_ids)]))
