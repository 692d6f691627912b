"""Amounts that people type, in minor units as the API has them: what each comes to is told beside its field."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from couponry.api.prices import DECIMALS, decimals_of
from couponry.console.limits import number
from couponry.console.writing import USUAL_DECIMALS, money
from couponry.domain.products import Product

EXAMPLE = 1250
"""The amount by which minor units are explained."""

WHOLE = "Write a whole number of minor units"
TOO_LARGE = 40
"""Texts that are longer are no amounts that anybody meant."""


def told(currency: str, text: str) -> str:
    """Return what an amount that was typed comes to: `= 0.40 EUR`; what is none is told what to type.

    `amounts.js` tells the same while one types.
    """
    typed = number(text)
    if isinstance(typed, int):
        return f"= {_in(typed, currency)}"
    return f"Minor units: {EXAMPLE} is {_in(EXAMPLE, currency)}"


def _in(amount: int, currency: str) -> str:
    return f"{money(amount, currency)} {currency}".strip()


def instead_of(text: str, currency: str) -> str:
    """Return what to type instead of a text that is no whole number of minor units: of `12.50`, that is `1250`."""
    try:
        amount = Decimal(text.strip()[:TOO_LARGE]).scaleb(decimals_of(currency))
    except InvalidOperation:
        return f"{WHOLE}."
    meant = f"{WHOLE}: {amount:.0f} for {text.strip()}."
    return meant if amount == amount.to_integral_value() and amount >= 0 else f"{WHOLE}."


def missing_price(sku: str | None, currency: str, known: Mapping[str, Product]) -> str:
    """Return what is missing of a line without a price, which its product could have said."""
    if sku is None:
        return "Type a price: without a SKU, no product says one."
    if sku not in known:
        return "No product with this SKU is known. Type a price."
    return f"No price in {currency or 'this currency'} is known for this product. Type one."


def for_modules() -> dict[str, object]:
    """Return what `amounts.js` needs to know: the decimals of currencies, and of all others."""
    return {"decimals": DECIMALS, "usual": USUAL_DECIMALS}
