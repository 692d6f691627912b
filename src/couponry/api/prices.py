"""Prices as people read them: `$1,234.50`, `-€3.00`, `CHF 5.00`."""

from collections.abc import Mapping

SYMBOLS: Mapping[str, str] = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "TWD": "NT$",
    "USD": "$",
    "VND": "₫",
}
"""The signs of currencies that are known by one; others are written by their code."""

DECIMALS: Mapping[str, int] = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"], 0),
    **dict.fromkeys(["RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
"""How many digits of an amount are decimals, by ISO 4217; in all other currencies it is two."""


def decimals_of(currency: str) -> int:
    """Return how many digits of an amount are decimals."""
    return DECIMALS.get(currency, 2)


def formatted(amount: int, currency: str) -> str:
    """Return *amount*, in minor units, as people read it."""
    decimals = decimals_of(currency)
    whole, rest = divmod(abs(amount), 10**decimals)
    sign, symbol = "-" if amount < 0 else "", SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{whole:,}" + (f".{rest:0{decimals}}" if decimals else "")
