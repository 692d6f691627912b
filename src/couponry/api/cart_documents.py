"""What is sent about carts, and how else clients write it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from couponry.api.aliases import Alias, moment, respelled, unwrapped
from couponry.domain.cart_items import AnyItem, ItemUpdate, NamedUpdate
from couponry.domain.cart_profile import CartProfile, DiscountSettings, InventorySettings
from couponry.domain.cart_settings import Days
from couponry.domain.cart_shipping import GroupData
from couponry.domain.cart_shoppers import MAX_SHOPPERS, AccountReference, CustomerReference
from couponry.domain.shopping_cart import MAX_ITEMS


class CartDocument(msgspec.Struct, frozen=True):
    """The body that changes a cart."""

    data: CartProfile


class NewCart(CartProfile, frozen=True, omit_defaults=True, kw_only=True):
    """A cart as a client begins it."""

    id: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    """What it is called; one is made up where none is given. A cart of that id is changed."""


class NewCartDocument(msgspec.Struct, frozen=True):
    """The body that begins a cart."""

    data: NewCart


class AddOptions(msgspec.Struct, frozen=True):
    """What to do when some items cannot be added."""

    add_all_or_nothing: bool = True
    """Whether nothing is added then; otherwise the others are, and `errors` tells of these."""


Items = Annotated[tuple[AnyItem, ...], Meta(min_length=1, max_length=MAX_ITEMS)]


class ItemsDocument(msgspec.Struct, frozen=True):
    """The body that adds one item to a cart, or several."""

    data: AnyItem | Items
    options: AddOptions = AddOptions()


class UpdateOptions(msgspec.Struct, frozen=True):
    """What to do when some lines cannot be changed."""

    update_all_or_nothing: bool = True
    """Whether nothing is changed then; otherwise the others are, and `errors` tells of these."""


class ItemDocument(msgspec.Struct, frozen=True):
    """The body that changes a line of a cart."""

    data: ItemUpdate


class ItemUpdatesDocument(msgspec.Struct, frozen=True):
    """The body that changes lines of a cart."""

    data: Annotated[tuple[NamedUpdate, ...], Meta(min_length=1, max_length=MAX_ITEMS)]
    options: UpdateOptions = UpdateOptions()


class CustomersDocument(msgspec.Struct, frozen=True):
    """The body that names customers."""

    data: Annotated[tuple[CustomerReference, ...], Meta(min_length=1, max_length=MAX_SHOPPERS)]


class AccountsDocument(msgspec.Struct, frozen=True):
    """The body that names accounts."""

    data: Annotated[tuple[AccountReference, ...], Meta(min_length=1, max_length=MAX_SHOPPERS)]


class ShippingGroupDocument(msgspec.Struct, frozen=True):
    """The body that describes a shipping group."""

    data: GroupData


class CheckoutSettings(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a request says of how the store makes orders."""

    strict: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether a checkout is refused when a code of the cart has run out; otherwise the code is left out."""
    give_back_on_cancel: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether the uses of codes come back when an order is cancelled."""


class CartSettingsData(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a request says of the cart settings; what it leaves out stays as it is."""

    type: Literal["settings"]
    cart_expiry_days: Days | msgspec.UnsetType = msgspec.UNSET
    """How long a cart is kept after its last change."""
    discounts: DiscountSettings = DiscountSettings()
    """What new carts begin with."""
    inventories: InventorySettings = InventorySettings()
    """What new carts begin with."""
    checkout: CheckoutSettings = CheckoutSettings()
    """Ours: how orders are made of carts."""


class CartSettingsDocument(msgspec.Struct, frozen=True):
    """The body that changes the cart settings of a store."""

    data: CartSettingsData


CART = (Alias("data.snapshot_date", moment),)
ITEMS = (Alias("data", unwrapped),)
SHOPPERS = (Alias("data", unwrapped),)
GROUP = (Alias("data.type", respelled(**{"shipping-type": "shipping_group"})),)
