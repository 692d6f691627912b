"""What the parts of a rule set are called on pages; what has no word here is called by its own name."""

from typing import Any

from couponry.domain.attributes import CART_TYPES, PRODUCT_TYPES

STRATEGIES = {
    "and": "All of these",
    "or": "Any of these",
    "account_tags": "Tags of the account",
    "cart_total": "Total of the cart",
    "cart_custom_attribute": "Custom attribute of the cart",
    "item_sku": "SKU of an item",
    "item_product_id": "Product of an item",
    "item_identifier": "SKU or product of an item",
    "item_category": "Category of an item",
    "item_attribute": "Attribute of an item's product",
    "item_price": "Price of one unit of an item",
    "item_quantity": "Quantity of an item",
    "items_bundle": "Items bought together",
    "shipping_type": "Shipping type",
    "cart_discount": "Discount on the cart",
    "item_discount": "Discount on items",
    "items_bundle_discount": "Discount on items bought together",
    "shipping_discount": "Discount on shipping",
}

OPERATORS = {
    "gte": "is at least",
    "gt": "is more than",
    "lte": "is at most",
    "lt": "is less than",
    "eq": "is exactly",
    "ne": "is not",
    "range": "is between",
    "in": "is one of",
    "nin": "is none of",
    "contains_all": "include all of",
    "contains_any": "include any of",
    "not_contains_any": "include none of",
    "not_contains_all": "do not include all of",
}

AMOUNTS = {"fixed": "An amount off", "percent": "A percentage off", "fixed_price": "A fixed price"}
"""What the first word of an action's args means."""

MEMBERS = {
    "strategy": "What",
    "operator": "How",
    "args": "Values",
    "children": "Conditions",
    "rules": "Who qualifies",
    "actions": "What they get",
    "condition": "For which",
    "limitations": "Limits",
    "catalog_ids": "Only catalogs",
    "currencies": "Only currencies",
    "skus": "SKUs",
    "ids": "Product ids",
    "amount": "Amount off",
    "share": "Percent off",
    "total": "Price together",
    "quantity": "Units together",
    "max_discount": "At most this much off",
    "max_quantity": "Units of each line",
    "items": "Which lines",
    "max_items": "How many lines",
    "max_units": "How many units",
    "price_strategy": "Which first",
    "auto_add": "Add the gift to carts that lack it",
    "show_suggestions": "Suggest it to carts that lack it",
    "cheapest": "Cheapest first",
    "expensive": "Dearest first",
}

OFFERS = {
    "children": "Add further conditions",
    "condition": "Only for some…",
    "limitations": "Add limits",
    "items": "Choose which lines",
}
"""What the buttons say that add what need not be there."""

REASONS = {
    "disabled": "It is disabled",
    "not_started": "It has not started yet",
    "ended": "It has ended",
    "currency_mismatch": "It is for other currencies",
    "catalog_mismatch": "It is for other catalogs",
    "rules_not_met": "The cart does not qualify",
    "cannot_stack": "It does not stack with what applied before",
    "code_exhausted": "The code has no uses left",
    "shopper_exhausted": "This shopper has used the code as often as allowed",
    "wrong_shopper": "The code is for somebody else",
    "guest_not_allowed": "The code is not for guests",
    "guest_email_missing": "The code asks guests for an e-mail address",
    "not_new_shopper": "The code is for first orders",
    "unknown_code": "Nobody knows this code",
    "no_discount": "It would take nothing off",
}
"""Why a promotion or a code gives nothing, in a few words."""

SLOTS: dict[str, list[dict[str, Any]]] = {
    "cart_custom_attribute": [{"label": "Attribute"}, {"label": "Type", "choices": list(CART_TYPES)}],
    "item_attribute": [
        {"label": "Template"},
        {"label": "Field"},
        {"label": "Type", "choices": list(PRODUCT_TYPES)},
    ],
}
"""What the first args of a strategy are, where they are not alike."""

COLUMNS = {
    "uses": "How often the code can be used; empty: without limit",
    "max_uses": "The same; where a line has both, uses counts",
    "user": "The only customer who can use it: an id or an e-mail address",
    "consume_unit": "What a use is: per_checkout, an order, as usual; or per_application, each time it applies",
    "max_uses_per_shopper": "How often each shopper can use it",
    "includes_guests": "true lets guests in as well where max_uses_per_shopper is set",
    "is_for_new_shopper": "true: for first orders only",
}
"""What the columns of a file of codes mean."""

HINTS = {
    "account_tags": "Tags are given to accounts in your shop, such as “member” or “staff”.",
    "cart_total": "The total of the whole cart, or of the items that you narrow it down to.",
    "cart_custom_attribute": "Something that your shop notes about the cart.",
    "item_sku": "The SKU is the number of an article in your shop.",
    "item_product_id": "The id of a product in your catalog.",
    "item_identifier": "SKUs and ids of products, in one list.",
    "item_category": "A category of your catalog; those below it count as well.",
    "item_attribute": "Something that your catalog says about a product.",
    "item_price": "What one unit costs, after discounts so far.",
    "item_quantity": "How many units of the item are in the cart.",
    "items_bundle": "The cart must have all of these at once, each unit counted for one of them.",
    "shipping_type": "How the order is sent.",
    "cart_discount": "Taken off the cart as a whole.",
    "item_discount": "Taken off the items that you choose, or else off those that made the cart qualify.",
    "items_bundle_discount": "Taken off items that are bought together.",
    "shipping_discount": "Taken off what shipping costs.",
}
"""What strategies mean to who has not read about them."""

COUNTS = {"cart_total": {"range": 2}}
"""How many args an operator of a strategy takes, where not as few as it may."""

MONEY = ["cart_total", "item_price", "amount", "total", "max_discount"]
"""Strategies and members whose numbers are money in minor units."""


def called(name: str) -> str:
    """Return *name* in words, as it is written where nobody has found better ones."""
    return name.replace("_", " ")


def for_builder() -> dict[str, Any]:
    """Return all words, for the module that builds rules in the browser."""
    return {
        "strategies": STRATEGIES,
        "operators": OPERATORS,
        "amounts": AMOUNTS,
        "members": MEMBERS,
        "offers": OFFERS,
        "hints": HINTS,
        "slots": SLOTS,
        "counts": COUNTS,
        "money": MONEY,
    }
