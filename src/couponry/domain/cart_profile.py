"""What a cart is beside its lines: its name, its settings, how its guest is reached, and when it is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from couponry.domain.cart import AttributeKey, CustomAttribute
from couponry.domain.cart_changes import Scene
from couponry.domain.cart_errors import EmailBesideShopper, InvalidSnapshotDate, SnapshotDateKept
from couponry.domain.cart_settings import chosen_discounts
from couponry.domain.emails import is_email
from couponry.domain.errors import Fault
from couponry.domain.promotions import Description, Moment, Name
from couponry.domain.shopping_cart import Settings, ShoppingCart
from couponry.domain.validity import Consistent, outside


class Contact(Consistent, frozen=True, omit_defaults=True):
    """How a guest is reached."""

    email: Annotated[str, Meta(max_length=320)] | None = None
    """None, or an empty one, removes it."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of what is no e-mail address."""
        if self.email and not is_email(self.email):
            yield outside("format", "email", "email")


class DiscountSettings(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Which discounts a cart takes: one kind at most."""

    custom_discounts_enabled: bool | UnsetType = UNSET
    use_rule_promotions: bool | UnsetType = UNSET


class InventorySettings(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Whether stock is looked at before checkout."""

    defer_inventory_check: bool | UnsetType = UNSET


class CartProfile(Consistent, frozen=True, omit_defaults=True, kw_only=True):
    """What a request says of a cart; what it leaves out stays as it is."""

    type: Literal["cart"] = "cart"
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    contact: Contact | UnsetType | None = UNSET
    discount_settings: DiscountSettings | UnsetType = UNSET
    inventory_settings: InventorySettings | UnsetType = UNSET
    snapshot_date: Moment | UnsetType | None = UNSET
    """Makes a preview cart, judged as of that moment; merchants only."""
    custom_attributes: Annotated[dict[AttributeKey, CustomAttribute], Meta(max_length=20)] | UnsetType = UNSET
    """Replaces those that the cart had."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a moment outside UTC."""
        if self.snapshot_date and self.snapshot_date.utcoffset() != timedelta(0):
            yield outside("format", "date-time", "snapshot_date")


def with_settings(settings: Settings, discounts: DiscountSettings, inventory: InventorySettings) -> Settings:
    """Return *settings* with what a request asks for.

    Raises:
        BothDiscounts: both kinds of discounts.
    """
    chosen = chosen_discounts(settings, discounts.custom_discounts_enabled, discounts.use_rule_promotions)
    deferred = inventory.defer_inventory_check
    return replace(chosen, defer_inventory_check=chosen.defer_inventory_check if deferred is UNSET else deferred)


def with_profile(cart: ShoppingCart, said: CartProfile, scene: Scene) -> ShoppingCart:
    """Return *cart* as it is *said* to be.

    Raises:
        BothDiscounts, EmailBesideShopper: what excludes each other.
        InvalidSnapshotDate, SnapshotDateKept: a moment that is over; a preview cart made an ordinary one.
    """
    discounts, inventory = said.discount_settings or DiscountSettings(), said.inventory_settings or InventorySettings()
    cart = replace(cart, settings=with_settings(cart.settings, discounts, inventory))
    if said.name is not UNSET:
        cart = replace(cart, name=said.name)
    if said.description is not UNSET:
        cart = replace(cart, description=said.description)
    if said.custom_attributes is not UNSET:
        cart = replace(cart, custom_attributes=said.custom_attributes)
    if said.contact is not UNSET:
        cart = _with_contact(cart, said.contact)
    return cart if said.snapshot_date is UNSET else _with_snapshot(cart, said, scene)


def _with_contact(cart: ShoppingCart, contact: Contact | None) -> ShoppingCart:
    email = (contact.email.strip() if contact and contact.email else None) or None
    if email and cart.is_registered:
        raise EmailBesideShopper
    return replace(cart, contact_email=email)


def _with_snapshot(cart: ShoppingCart, said: CartProfile, scene: Scene) -> ShoppingCart:
    if not said.snapshot_date:
        if cart.snapshot_date is not None:
            raise SnapshotDateKept
        return cart
    if said.snapshot_date != cart.snapshot_date and said.snapshot_date <= scene.now:
        raise InvalidSnapshotDate
    return replace(cart, snapshot_date=said.snapshot_date)
