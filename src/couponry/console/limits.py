"""The limits of codes in forms: what is said of one code, or of all that a job makes."""

import re
import shlex
from typing import Any

from couponry.console.visits import Form
from couponry.console.writing import quoted
from couponry.domain.codes import CodeLimits

_WHOLE = re.compile(r"-?(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})")


def said(form: Form, uses: str) -> dict[str, Any]:
    """Return the limits that a form asks for as the wire says them; *uses* is what it calls the uses of a code."""
    per_shopper = {
        "max_uses": number(form.get("shopper_uses", "")),
        "includes_guests": True if "includes_guests" in form else None,
    }
    limits = {
        uses: number(form.get(uses, "")),
        "consume_unit": form.get("consume_unit") or None,
        "max_uses_per_shopper": _without_none(per_shopper) or None,
        "is_for_new_shopper": True if "is_for_new_shopper" in form else None,
    }
    return _without_none(limits)


def number(text: str) -> int | str | None:
    """Return the whole number that was typed, None for nothing; what is none is told as it was typed.

    A comma stands between thousands alone: who writes `1,5` means something else than 15.
    """
    text = text.strip()
    return int(text.replace(",", "")) if _WHOLE.fullmatch(text) else text or None


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def told(limits: CodeLimits) -> list[str]:
    """Return what limits a code beside the uses it has, each in a few words."""
    found: list[str] = []
    if isinstance(limits.user, str):
        found.append(f"only for {quoted([limits.user])[0]}")
    if limits.is_for_new_shopper is True:
        found.append("first orders only")
    if (shopper := limits.max_uses_per_shopper) and isinstance(shopper.max_uses, int):
        guests = "" if shopper.includes_guests is True else ", no guests"
        found.append(f"{shopper.max_uses:,} per shopper{guests}")
    if limits.consume_unit == "per_application":
        found.append("counted per application")
    return found


def how_to_raise(store_name: str) -> str:
    """Return the command by which an operator raises how many codes a job may have; the number follows."""
    return f"couponry store set {shlex.quote(store_name)} --max-codes-per-job"
