"""What is put into carts, changed in them, and taken out."""

from collections.abc import Sequence

from couponry.domain import cart_changes
from couponry.domain.cart_changes import Scene
from couponry.domain.cart_errors import ItemNotFound, ProductMissing, ShippingGroupsNotFound
from couponry.domain.cart_items import AnyItem, CartItem, CustomItem, ItemUpdate, PromotionItem
from couponry.domain.errors import Refusal
from couponry.domain.products import Product
from couponry.domain.shopping_cart import ShoppingCart
from couponry.services import gifts
from couponry.services.carts import CartView, Change, Desk, change


async def add(desk: Desk, cart_id: str, items: Sequence[AnyItem], *, all_or_nothing: bool = True) -> CartView:
    """Add *items*; those that cannot be added are told in `errors`, unless it is all of them or none.

    Raises:
        ProductMissing, ProductNotAdded, CodeNotApplicable, CodeNotTaken and others: the first that cannot be added.
    """
    named = [item for item in items if isinstance(item, CartItem)]
    found = await gifts.find(
        desk.till.database,
        desk.store_id,
        [one.id for one in named if one.id is not None],
        [one.sku for one in named if one.id is None and one.sku is not None],
    )
    scene = desk.scene(cart_id)
    return await change(desk, cart_id, lambda cart: _added(cart, items, found, scene, all_or_nothing=all_or_nothing))


def _added(
    cart: ShoppingCart, items: Sequence[AnyItem], found: Sequence[Product], scene: Scene, *, all_or_nothing: bool
) -> Change:
    errors: list[Refusal] = []
    codes: list[str] = []
    for item in items:
        try:
            match item:
                case PromotionItem():
                    codes.append(item.code)
                case CustomItem():
                    cart = cart_changes.with_custom_item(cart, item, scene)
                case CartItem():
                    cart = cart_changes.with_product(cart, item, _product(item, found), scene)
        except Refusal as refusal:
            if all_or_nothing:
                raise
            errors.append(refusal)
    return Change(cart, tuple(dict.fromkeys(codes)), tuple(errors), all_or_nothing)


def _product(item: CartItem, found: Sequence[Product]) -> Product:
    for product in found:
        if product.id == item.id or (item.id is None and product.sku == item.sku):
            return product
    raise ProductMissing(**({"id": item.id} if item.id is not None else {"sku": item.sku}))


async def update(
    desk: Desk, cart_id: str, updates: Sequence[tuple[str, ItemUpdate]], *, all_or_nothing: bool = True
) -> CartView:
    """Change lines, each named by its id; those that cannot be are told in `errors`, unless it is all or none.

    Raises:
        ItemNotFound, ShippingGroupsNotFound: the first that cannot be changed.
    """
    scene = desk.scene(cart_id)

    def apply(cart: ShoppingCart) -> Change:
        errors: list[Refusal] = []
        for id_, update in updates:
            try:
                cart = cart_changes.updated_line(cart, id_, update, scene)
            except (ItemNotFound, ShippingGroupsNotFound) as refusal:
                if all_or_nothing:
                    raise
                errors.append(refusal)
        return Change(cart, errors=tuple(errors), all_or_nothing=all_or_nothing)

    return await change(desk, cart_id, apply)


async def remove(desk: Desk, cart_id: str, item_id: str) -> CartView:
    """Take a line out of a cart.

    Raises:
        ItemNotFound, AutomaticPromotionKept: there is none, or it shows a promotion that applies by itself.
    """
    return await change(desk, cart_id, lambda cart: Change(cart_changes.without_line(cart, item_id)))


async def empty(desk: Desk, cart_id: str) -> CartView:
    """Take every line and every code out of a cart."""
    return await change(desk, cart_id, lambda cart: Change(cart_changes.emptied(cart)))


async def detach(desk: Desk, cart_id: str, code: str) -> CartView:
    """Take a code off a cart.

    Raises:
        AutomaticPromotionKept: it stands for a promotion that applies by itself.
    """
    return await change(desk, cart_id, lambda cart: Change(cart_changes.without_code(cart, code)))
