"""What each operation on carts and their settings takes, answers and refuses."""

import msgspec

from couponry.api import cart_examples as examples
from couponry.api.cart_answers import AccountsAnswer, CartAnswer, CustomersAnswer, ItemsAnswer
from couponry.api.cart_documents import (
    AccountsDocument,
    CartDocument,
    CartSettingsDocument,
    CustomersDocument,
    ItemDocument,
    ItemsDocument,
    ItemUpdatesDocument,
    NewCartDocument,
    ShippingGroupDocument,
)
from couponry.api.operation import Operation, Tag
from couponry.api.shipping_answers import ShippingGroupAnswer, ShippingGroupsAnswer
from couponry.api.store_settings import CartSettingsAnswer
from couponry.domain import cart_errors
from couponry.domain.errors import Forbidden

NO_CART = cart_errors.CartNotFound()
NO_ITEM = cart_errors.ItemNotFound("1359223e-5de0-4d42-a2ec-14350a84c173")
NO_GROUP = cart_errors.ShippingGroupNotFound("my-cart", "7cfa5b07-092e-4dbe-bbad-55a771a34117")
NO_GROUPS = cart_errors.ShippingGroupsNotFound("my-cart", "7cfa5b07-092e-4dbe-bbad-55a771a34117")
BUSY = cart_errors.CartBusy()
FULL = cart_errors.TooManyItems()
AUTOMATIC = cart_errors.AutomaticPromotionKept()

PROFILE = (
    Forbidden(),
    cart_errors.BothDiscounts(),
    cart_errors.EmailBesideShopper(),
    cart_errors.InvalidSnapshotDate(),
    cart_errors.SnapshotDateKept(),
    BUSY,
)

CARTS = Tag(
    "Carts",
    "A cart has the id that its client chose, and is kept for some days after its last change. It is judged anew at"
    " every change and every look: codes that give nothing any more stay attached, and revive. Shoppers may use carts,"
    " too; whoever knows the id of a cart may use it. `X-Moltin-Currency` says what a new cart is in,"
    " `X-Moltin-Customer-Token` who shops where the cart belongs to nobody.",
    {
        "createACart": Operation(
            "It needs no beginning: a cart is there as soon as it is used. Only merchants may preview carts"
            " (`snapshot_date`).",
            answer=CartAnswer,
            body=NewCartDocument,
            examples=examples.NEW_CARTS,
            refuses=(NO_CART, *PROFILE),
        ),
        "getACart": Operation(
            "The promotions beside it are those off the whole cart, and with its items also those of its lines.",
            answer=CartAnswer,
            includes=("items", "promotions"),
            refuses=(NO_CART, BUSY),
        ),
        "updateACart": Operation(
            "Custom attributes are replaced as a whole. Turning one kind of discounts on turns the other off.",
            answer=CartAnswer,
            body=CartDocument,
            examples=examples.CARTS,
            refuses=(NO_CART, *PROFILE),
        ),
        "deleteACart": Operation("An unknown one is gone already.", refuses=(NO_CART,)),
        "deleteAPromotionViaPromotionCode": Operation(
            "Case does not matter. A code that is not attached is gone already.", refuses=(NO_CART, AUTOMATIC, BUSY)
        ),
        "getCartItems": Operation(
            "A discount of the whole cart has a line of its own, of the type `promotion_item`; the other lines carry"
            " their parts of it already.",
            answer=ItemsAnswer,
            includes=("promotions",),
            refuses=(NO_CART, BUSY),
        ),
        "manageCarts": Operation(
            "One item, or up to a hundred. `meta.messages` tells what changed about discounts; `errors`, with"
            " `add_all_or_nothing` false, what could not be added, and which gifts could not be.",
            answer=ItemsAnswer,
            body=ItemsDocument,
            examples=examples.ITEMS,
            includes=("promotions",),
            refuses=(
                NO_CART,
                cart_errors.ProductMissing(id="1c73326e-07e0-4043-81fc-54b8f13daeb4"),
                cart_errors.CodeNotApplicable("invalid-code"),
                NO_GROUPS,
                cart_errors.ProductNotAdded("USD", sku="sock-red"),
                cart_errors.CurrencyMismatch("USD", "EUR", "item"),
                cart_errors.CodeNotTaken.by_custom_discounts("10_OFF"),
                FULL,
                BUSY,
            ),
        ),
        "bulkUpdateItemsInCart": Operation(
            "A quantity of 0 removes a line.",
            answer=ItemsAnswer,
            body=ItemUpdatesDocument,
            includes=("promotions",),
            refuses=(NO_CART, NO_ITEM, NO_GROUPS, BUSY),
        ),
        "deleteAllCartItems": Operation(
            "Codes go, too. Promotions that apply by themselves come back with the next line.", refuses=(NO_CART, BUSY)
        ),
        "updateACartItem": Operation(
            "A quantity of 0 removes the line.",
            answer=ItemsAnswer,
            body=ItemDocument,
            includes=("promotions",),
            refuses=(NO_CART, NO_ITEM, NO_GROUPS, BUSY),
        ),
        "deleteACartItem": Operation(
            "The lines that are left are answered.",
            answer=ItemsAnswer,
            includes=("promotions",),
            refuses=(NO_CART, NO_ITEM, AUTOMATIC, BUSY),
        ),
        "createCustomerCartAssociation": Operation(
            "The first customer of a cart is who shops. Codes of their own, and limits per shopper, look at them.",
            answer=CustomersAnswer,
            body=CustomersDocument,
            examples=examples.CUSTOMERS,
            refuses=(NO_CART, cart_errors.CustomerBesideEmail(), FULL, BUSY),
        ),
        "deleteCustomerCartAssociation": Operation(
            "One that is not associated is gone already.", body=CustomersDocument, refuses=(NO_CART, BUSY)
        ),
        "createAccountCartAssociation": Operation(
            "The first account of a cart is who shops. Its tags are ours, and only merchants may tell them.",
            answer=AccountsAnswer,
            body=AccountsDocument,
            examples=examples.ACCOUNTS,
            refuses=(NO_CART, Forbidden(), cart_errors.AccountBesideEmail(), FULL, BUSY),
        ),
        "deleteAccountCartAssociation": Operation(
            "One that is not associated is gone already.", body=AccountsDocument, refuses=(NO_CART, BUSY)
        ),
    },
)

SHIPPING = Tag(
    "Shipping groups",
    "Lines that are shipped together. A line is put into a group by its `shipping_group_id`; only groups with lines"
    " are paid for. Promotions take off the base price alone.",
    {
        "getShippingGroups": Operation(
            "In the order they were added.", answer=ShippingGroupsAnswer, refuses=(NO_CART, BUSY)
        ),
        "createShippingGroup": Operation(
            "The address needs a region or a county.",
            answer=ShippingGroupAnswer,
            body=ShippingGroupDocument,
            examples=examples.SHIPPING_GROUPS,
            refuses=(
                NO_CART,
                cart_errors.CurrencyMismatch("USD", "EUR", "shipping group"),
                cart_errors.DatesDiscrepant(),
                FULL,
                BUSY,
            ),
        ),
        "getShippingGroupById": Operation(
            "The discount stands beside the prices.", answer=ShippingGroupAnswer, refuses=(NO_CART, NO_GROUP, BUSY)
        ),
        "updateShippingGroup": Operation(
            "The price is replaced as a whole.",
            answer=ShippingGroupAnswer,
            body=ShippingGroupDocument,
            refuses=(NO_CART, NO_GROUP, cart_errors.DatesDiscrepant(), BUSY),
        ),
        "deleteCartShippingGroup": Operation(
            "Take its lines out first.", refuses=(NO_CART, NO_GROUP, cart_errors.ShippingGroupAttached(), BUSY)
        ),
    },
)


class PromotionSettings(msgspec.Struct, frozen=True, tag_field="type", tag="promotion_settings"):
    """What official clients ask of a store."""

    rule_promotions_preview_enabled: bool


class PromotionSettingsAnswer(msgspec.Struct, frozen=True):
    """The settings of a store."""

    data: PromotionSettings


SETTINGS = Tag(
    "Settings",
    "How the store keeps carts, and settings that official clients ask for.",
    {
        "getPromotionSettings": Operation("The answer is the same for every store.", answer=PromotionSettingsAnswer),
        "getCartSettings": Operation("Without a change, they are Elastic Path's.", answer=CartSettingsAnswer),
        "updateCartSettings": Operation(
            "Carts that exist keep the discounts that they began with.",
            answer=CartSettingsAnswer,
            body=CartSettingsDocument,
            examples=examples.CART_SETTINGS,
            refuses=(cart_errors.BothDiscounts(),),
        ),
    },
)
