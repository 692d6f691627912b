"""What carts say no to, in the words of Elastic Path where it has any."""

from typing import Any

from couponry.domain.errors import Category, NotFound, Refusal


class CartNotFound(NotFound):
    """No cart can have that id."""

    sentence = "Cart not found"


class ItemNotFound(NotFound):
    """No line of the cart has that id."""

    sentence = "Item was not found in the cart"

    def __init__(self, id_: str) -> None:
        super().__init__(id=id_, ids=[id_])


class CodeNotApplicable(NotFound):
    """No promotion has that code, or none that this cart qualifies for."""

    sentence = "No promotion could be found with the given code."

    def __init__(self, code: str, **why: str) -> None:
        super().__init__(code=code, **why)


class ProductMissing(Refusal):
    """The store has no product with that id or sku."""

    category = Category.NOT_FOUND
    title = "Product not found"
    sentence = "The requested product could not be found"


class ProductNotAdded(Refusal):
    """A product that has no price in the currency of the cart."""

    category = Category.CART_BAD_REQUEST
    title = "Could not add product"

    def __init__(self, currency: str, **meta: Any) -> None:  # noqa: ANN401
        super().__init__(f"This product does not have a price for {currency}", **meta)


class CodeNotTaken(Refusal):
    """A code on a cart that takes none: it has custom discounts, or no lines."""

    category = Category.CART_UNPROCESSABLE
    title = "Could not apply EP promotion with the given code"

    @classmethod
    def by_custom_discounts(cls, code: str) -> "CodeNotTaken":
        """Refuse *code* for a cart with custom discounts."""
        return cls("The cart is configured to use custom discounts", code=code)

    @classmethod
    def by_empty_cart(cls, code: str) -> "CodeNotTaken":
        """Refuse *code* for a cart without lines."""
        return cls("At least one product must be included in your cart to qualify for this offer", code=code)


class AutomaticPromotionKept(Refusal):
    """What applies by itself cannot be removed from a cart."""

    category = Category.CART_UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "The promotion is applied automatically and cannot be removed"


class TooManyItems(Refusal):
    """A cart has at most a hundred lines and codes."""

    category = Category.CART_UNPROCESSABLE
    title = "Too many cart items"
    sentence = "A cart can contain a maximum of 100 unique items"


class BothDiscounts(Refusal):
    """A cart takes custom discounts or promotions, not both."""

    category = Category.CART_UNPROCESSABLE
    title = "Cannot use both discounts together"
    sentence = "Only one discount setting can be set to true at a time."


class CustomerBesideEmail(Refusal):
    """A cart with a contact e-mail is a guest's."""

    category = Category.ASSOCIATION
    title = "Cannot associate customers to carts with contact emails"
    sentence = "Unable to associate customers to carts with contact emails attached."


class AccountBesideEmail(Refusal):
    """A cart with a contact e-mail is a guest's."""

    category = Category.ASSOCIATION
    title = "Cannot associate accounts to carts with contact emails"
    sentence = "Unable to associate accounts to carts with contact emails attached."


class EmailBesideShopper(Refusal):
    """The e-mail of a customer or an account is known already."""

    category = Category.ASSOCIATION
    title = "Cannot attach contact emails to registered carts"
    sentence = "Unable to attach contact emails to carts with customers or accounts associated."


class ShippingGroupsNotFound(Refusal):
    """A line is put into a shipping group that the cart does not have."""

    category = Category.NOT_FOUND
    title = "Shipping groups not found"
    sentence = (
        "Shipping groups not found for this cart.  Please verify the shipping groups exists for this cart and are"
        " not already associated with orders."
    )

    def __init__(self, cart_id: str, group_id: str) -> None:
        super().__init__(cart_id=cart_id, shipping_group_ids=[group_id])


class ShippingGroupNotFound(Refusal):
    """No shipping group of the cart has that id."""

    category = Category.NOT_FOUND
    title = "Cart shipping group not found"

    def __init__(self, cart_id: str, group_id: str) -> None:
        super().__init__(f"Cart shipping group with ID [{group_id}] not found for cart [{cart_id}]")


class ShippingGroupAttached(Refusal):
    """Lines are in the shipping group still."""

    category = Category.CART_BAD_REQUEST
    title = "Cannot delete shipping group"
    sentence = (
        "Cannot delete shipping groups attached to cart items. Please remove the shipping group from its cart items"
        " and try again."
    )


class DatesDiscrepant(Refusal):
    """Nothing arrives before it could have been sent."""

    category = Category.CART_BAD_REQUEST
    title = "Date Logic Discrepancy"
    sentence = "The start date cannot occur after the end date"


class CurrencyMismatch(Refusal):
    """Everything in a cart is in one currency."""

    category = Category.CART_BAD_REQUEST
    title = "Cart Currency Mismatch"

    def __init__(self, cart: str, given: str, what: str) -> None:
        super().__init__(f"This cart uses {cart}, cannot add {what} with currency {given}")


class InvalidSnapshotDate(Refusal):
    """Preview carts look ahead."""

    category = Category.CART_BAD_REQUEST
    title = "Invalid Snapshot Date"
    sentence = "The snapshot date must be in the future."


class SnapshotDateKept(Refusal):
    """A preview cart stays one."""

    category = Category.CART_BAD_REQUEST
    title = "Bad Request"
    sentence = "Cannot remove snapshot dates from carts with existing snapshot dates."


class CartBusy(Refusal):
    """Too many requests change one cart at once."""

    category = Category.CART_CONFLICT
    title = "Write Conflict"
    sentence = "The cart is being changed by other requests. Try again."
