"""What requests do to carts: each a function from the cart as it is to the cart as it then is."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from couponry.domain.cart import MAX_QUANTITY
from couponry.domain.cart_errors import (
    AutomaticPromotionKept,
    CurrencyMismatch,
    ItemNotFound,
    ProductNotAdded,
    ShippingGroupsNotFound,
    TooManyItems,
)
from couponry.domain.cart_items import CartItem, CustomItem, ItemUpdate
from couponry.domain.codes import auto_code, code_key
from couponry.domain.errors import InvalidDocument
from couponry.domain.products import Product
from couponry.domain.shopping_cart import DEFAULT_CURRENCY, MAX_ITEMS, CartLine, ShoppingCart
from couponry.domain.validity import outside


class Scene(NamedTuple):
    """In which request a cart changes."""

    cart_id: str
    now: datetime
    currency: str | None
    """What the request asks for; a cart that is in one already stays in it."""
    fresh_id: Callable[[], str]


def currency_of(cart: ShoppingCart, scene: Scene) -> str:
    """Return the currency of what is added next."""
    return cart.currency or scene.currency or DEFAULT_CURRENCY


def with_custom_item(cart: ShoppingCart, item: CustomItem, scene: Scene) -> ShoppingCart:
    """Add an item of the cart's own; one with the same sku and inputs gets more units.

    Raises:
        CurrencyMismatch: the request, or the price, is in another currency, so it would be another price.
    """
    currency = cart.currency or scene.currency or item.price.currency or DEFAULT_CURRENCY
    for said in (scene.currency, item.price.currency):
        if said not in (None, currency):
            raise CurrencyMismatch(currency, said, "item")
    line = CartLine(
        id=scene.fresh_id(),
        type="custom_item",
        name=item.name,
        description=item.description or "",
        sku=item.sku,
        quantity=item.quantity,
        unit_price=item.price.amount,
        includes_tax=item.price.includes_tax,
        custom_inputs=item.custom_inputs or None,
        shipping_group_id=_known_group(cart, item.shipping_group_id, scene),
        created_at=scene.now,
        updated_at=scene.now,
    )
    same = _same(cart, line) if item.sku is not None else None
    return replace(_grown(cart, same, line) if same else _appended(cart, line), currency=currency)


def with_product(cart: ShoppingCart, item: CartItem, product: Product, scene: Scene) -> ShoppingCart:
    """Add units of a product; a line of it with the same inputs gets more units, at the product's price of now.

    Raises:
        ProductNotAdded: it has no price in the cart's currency.
    """
    currency = currency_of(cart, scene)
    line = product_line(product, item.quantity, currency, scene)
    line = replace(
        line,
        custom_inputs=item.custom_inputs or None,
        shipping_group_id=_known_group(cart, item.shipping_group_id, scene),
    )
    same = _same(cart, line)
    if same is None:
        return replace(_appended(cart, line), currency=currency)
    renewed = replace(line, id=same.id, quantity=same.quantity, created_at=same.created_at)
    renewed = replace(renewed, shipping_group_id=line.shipping_group_id or same.shipping_group_id)
    return replace(_grown(_replaced(cart, renewed), renewed, line), currency=currency)


def product_line(product: Product, quantity: int, currency: str, scene: Scene) -> CartLine:
    """Return a line of a product as it is now.

    Raises:
        ProductNotAdded: it has no price in that currency.
    """
    if currency not in product.prices:
        raise ProductNotAdded(currency, id=product.id, **({"sku": product.sku} if product.sku else {}))
    return CartLine(
        id=scene.fresh_id(),
        type="cart_item",
        name=product.name,
        description=product.description or "",
        sku=product.sku,
        product_id=product.id,
        quantity=quantity,
        unit_price=product.prices[currency],
        catalog_id=product.catalog_id,
        category_ids=product.category_ids,
        attributes=product.attributes,
        created_at=scene.now,
        updated_at=scene.now,
    )


def _same(cart: ShoppingCart, line: CartLine) -> CartLine | None:
    """Return the line of *cart* that is of the same thing."""
    identity = (line.type, line.product_id, line.sku if line.product_id is None else None, line.custom_inputs)
    for one in cart.lines:
        if (one.type, one.product_id, one.sku if one.product_id is None else None, one.custom_inputs) == identity:
            return one
    return None


def _appended(cart: ShoppingCart, line: CartLine) -> ShoppingCart:
    if len(cart.lines) + len(cart.codes) >= MAX_ITEMS:
        raise TooManyItems
    return replace(cart, lines=(*cart.lines, line))


def _grown(cart: ShoppingCart, line: CartLine, by: CartLine) -> ShoppingCart:
    """Return *cart* with more units of *line*, which is a gift no more."""
    quantity = line.quantity + by.quantity
    if quantity > MAX_QUANTITY:
        raise InvalidDocument(outside("maximum", MAX_QUANTITY, "data.quantity", quantity))
    group = by.shipping_group_id or line.shipping_group_id
    return _replaced(
        cart,
        replace(line, quantity=quantity, shipping_group_id=group, gift_of=None, updated_at=by.updated_at),
    )


def _replaced(cart: ShoppingCart, line: CartLine) -> ShoppingCart:
    return replace(cart, lines=tuple(line if one.id == line.id else one for one in cart.lines))


def _known_group(cart: ShoppingCart, group_id: str | None, scene: Scene) -> str | None:
    if group_id and cart.group(group_id) is None:
        raise ShippingGroupsNotFound(scene.cart_id, group_id)
    return group_id or None


def updated_line(cart: ShoppingCart, id_: str, update: ItemUpdate, scene: Scene) -> ShoppingCart:
    """Change a line; a gift that the shopper changes is the shopper's from then on.

    Raises:
        ItemNotFound: the cart has no such line.
        ShippingGroupsNotFound: nor such a shipping group.
    """
    line = cart.line(id_)
    if line is None:
        raise ItemNotFound(id_)
    if update.quantity == 0:
        return without_line(cart, id_)
    if update.quantity is not UNSET:
        line = replace(line, quantity=update.quantity, gift_of=None)
    if update.custom_inputs is not UNSET:
        line = replace(line, custom_inputs=update.custom_inputs or None)
    if update.shipping_group_id is not UNSET:
        line = replace(line, shipping_group_id=_known_group(cart, update.shipping_group_id, scene))
    return _replaced(cart, replace(line, updated_at=scene.now))


def without_line(cart: ShoppingCart, id_: str) -> ShoppingCart:
    """Remove a line; a line that shows a promotion takes the promotion's codes with it.

    Raises:
        ItemNotFound: the cart has no such line.
        AutomaticPromotionKept: it shows a promotion that applies by itself.
    """
    for shown in cart.promotion_lines:
        if shown.id == id_:
            return without_code(cart, shown.code)
    if cart.line(id_) is None:
        raise ItemNotFound(id_)
    return replace(cart, lines=tuple(line for line in cart.lines if line.id != id_))


def emptied(cart: ShoppingCart) -> ShoppingCart:
    """Remove every line and every code; what the cart is called and whose it is stays."""
    return replace(cart, lines=(), codes=())


def with_codes(cart: ShoppingCart, codes: Iterable[str]) -> ShoppingCart:
    """Attach *codes*, each once.

    Raises:
        TooManyItems: the cart is full.
    """
    attached = {code_key(code): code for code in cart.codes}
    for code in codes:
        attached.setdefault(code_key(code), code.strip())
    if len(attached) > len(cart.codes) and len(cart.lines) + len(attached) > MAX_ITEMS:
        raise TooManyItems
    return replace(cart, codes=tuple(attached.values()))


def without_code(cart: ShoppingCart, code: str) -> ShoppingCart:
    """Detach a code, whatever its case; one that is not attached is gone already.

    Raises:
        AutomaticPromotionKept: it stands for a promotion that applies by itself.
    """
    key = code_key(code)
    shown = (*cart.promotion_lines, *cart.discounts, *cart.shipping_discounts)
    automatic = {code_key(auto_code(one.promotion_id)) for one in shown}
    if key in automatic:
        raise AutomaticPromotionKept
    return replace(cart, codes=tuple(one for one in cart.codes if code_key(one) != key))
