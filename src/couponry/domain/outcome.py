"""What a judgement says: the discounts of each line, which promotions gave them, and why others did not.

Amounts of discounts are negative everywhere, in minor units.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

Reason = Literal[
    "disabled",
    "not_started",
    "ended",
    "currency_mismatch",
    "catalog_mismatch",
    "rules_not_met",
    "cannot_stack",
    "code_exhausted",
    "shopper_exhausted",
    "wrong_shopper",
    "guest_not_allowed",
    "guest_email_missing",
    "not_new_shopper",
    "unknown_code",
    "no_discount",
]
"""Why a promotion, or a code, does not apply."""


class Discount(msgspec.Struct, frozen=True, gc=False):
    """What one action of a promotion takes off one line or shipping group."""

    promotion_id: str
    code: str
    amount: int
    ordinal: int
    """Counts the discounts of the cart in the order in which they were computed, each on what the former left."""
    units: int | UnsetType = UNSET
    """How many units of the line it is for; unset for discounts of the cart and of shipping."""
    is_cart_discount: bool = False
    """Whether it is the line's part of a discount of the whole cart."""


class JudgedLine(msgspec.Struct, frozen=True, gc=False):
    """A line with its discounts."""

    id: str
    quantity: int
    unit_price: int
    value: int
    """`unit_price` times `quantity`."""
    discount: int
    discounted_value: int
    discounts: list[Discount]


class JudgedShippingGroup(msgspec.Struct, frozen=True, gc=False):
    """A shipping group with its discounts."""

    id: str
    base_price: int
    discount: int
    discounts: list[Discount]


class Totals(msgspec.Struct, frozen=True, gc=False):
    """The cart as a whole; shipping stands by itself."""

    without_discount: int
    discount: int
    with_discount: int
    shipping: int
    """What shipping costs before discounts."""
    shipping_discount: int


class Trace(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One condition: what was asked, what the cart had, which lines matched, and how far off it was."""

    strategy: str
    operator: str | UnsetType = UNSET
    args: Any = UNSET
    """What was asked."""
    holds: bool
    found: Any = UNSET
    """What the cart had: a total, an attribute, tags, or by line its SKU, quantity, price and so on."""
    lines: list[str] | UnsetType = UNSET
    """The ids of the lines that matched."""
    short: str | UnsetType = UNSET
    """What would make it hold: `add 820 more`, `1 more unit`."""
    children: "list[Trace] | UnsetType" = UNSET


class Applied(msgspec.Struct, frozen=True):
    """A promotion that gave a discount."""

    promotion_id: str
    code: str
    name: str
    amount: int
    """All that it took off: lines and shipping."""
    applications: int
    """How often it applied: discounted units, bundles, groups of a fixed price, shipping groups; 1 for a cart."""
    uses: int
    """What the code is charged at checkout: 1, or the applications where they are what is consumed."""
    trace: Trace | UnsetType = UNSET


class Refused(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A promotion, or a code, that does not apply, and why."""

    promotion_id: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    reason: Reason | Literal["not_applicable"]
    """`not_applicable` is all that shoppers are told."""
    detail: str
    """The reason in a sentence, with the figures."""
    trace: Trace | UnsetType = UNSET


class AddedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A gift that the cart is to be given: the promotion applies once it is there."""

    promotion_id: str
    code: str
    sku: str | UnsetType = UNSET
    product_id: str | UnsetType = UNSET
    quantity: int = 1


class SuggestedTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Any one of these products, so many units of it."""

    skus: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    quantity: int = 1


class Suggestion(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A promotion whose rules the cart meets, but which lacks what it would be off."""

    promotion_id: str
    code: str
    info: str
    """The promotion's description, else its name."""
    message: str | UnsetType = UNSET
    """`Gift` where the target would cost nothing."""
    targets: list[SuggestedTarget]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A judged cart."""

    type: Literal["evaluation"] = "evaluation"
    currency: str
    totals: Totals
    items: list[JudgedLine]
    shipping_groups: list[JudgedShippingGroup]
    applied: list[Applied]
    refused: list[Refused]
    added_items: list[AddedItem]
    suggestions: list[Suggestion]
