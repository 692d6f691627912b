"""Why a promotion or a code does not apply: the reason, and a sentence that tells it with its figures."""

from datetime import datetime

from couponry.domain.cart import Cart, Shopper, address_key
from couponry.domain.codes import code_key
from couponry.domain.entered import Grant
from couponry.domain.outcome import Evaluation, Reason, Refused
from couponry.domain.promotion_book import Entry

UNKNOWN_CODE = "No promotion has this code."
RULES_NOT_MET = "The cart does not meet the rules of the promotion."
NO_DISCOUNT = "The promotion would take nothing off this cart."
OF_THE_CART = frozenset({"rules_not_met", "no_discount", "catalog_mismatch", "cannot_stack"})
"""Reasons that an empty cart gives, and another may not."""
TARGET_MISSING = "The promotion applies once the cart has what it is off: see added_items and suggestions."


def hindrance(one: Entry, at: datetime, currency: str) -> Reason | None:
    """Return why the promotion takes no part, whatever is in the cart."""
    if not one.enabled:
        return "disabled"
    if at < one.start:
        return "not_started"
    if at >= one.end:
        return "ended"
    if one.currencies is not None and currency not in one.currencies:
        return "currency_mismatch"
    return None


def whatever_is_in_the_cart(evaluation: Evaluation, promotion_id: str, code: str) -> Refused | None:
    """Return why *code* gives nothing of a promotion, of the judgement of an empty cart; None where a cart may help."""
    for one in evaluation.refused:
        of_this = one.promotion_id == promotion_id and one.code and code_key(one.code) == code_key(code)
        if of_this and one.reason not in OF_THE_CART:
            return one
    return None


def inadmissible(grant: Grant, shopper: Shopper) -> Reason | None:
    """Return why this shopper cannot use the code (behaviour.md 5.6)."""
    limits, per_shopper = grant.limits, grant.per_shopper
    if limits.user and not _is(limits.user, shopper):
        return "wrong_shopper"
    if shopper.is_guest:
        if per_shopper is not None and not grant.includes_guests:
            return "guest_not_allowed"
        if not shopper.address and (per_shopper is not None or limits.is_for_new_shopper):
            return "guest_email_missing"
    if limits.is_for_new_shopper and not grant.new_shopper:
        return "not_new_shopper"
    if grant.remaining is not None and grant.remaining <= 0:
        return "code_exhausted"
    if per_shopper is not None and grant.used_by_shopper >= per_shopper:
        return "shopper_exhausted"
    return None


def _is(user: str, shopper: Shopper) -> bool:
    return user == shopper.customer_id or (shopper.address != "" and address_key(user) == shopper.address)


def told(reason: Reason, one: Entry, cart: Cart, grant: Grant | None) -> str:
    """Tell *reason* in a sentence, with the figures that decided."""
    promotion, shopper = one.promotion, cart.shopper
    match reason:
        case "disabled":
            return "The promotion is disabled."
        case "not_started":
            return f"The promotion starts at {_moment(promotion.start)}."
        case "ended":
            return f"The promotion ended at {_moment(promotion.end)}."
        case "currency_mismatch":
            return (
                f"The promotion is for {', '.join(sorted(one.currencies or ()))}, and the cart is in {cart.currency}."
            )
        case "catalog_mismatch":
            return f"No line is of the promotion's catalogs: {', '.join(sorted(one.catalogs or ()))}."
        case "rules_not_met":
            return RULES_NOT_MET
        case "no_discount":
            return NO_DISCOUNT
        case _:
            return _told_of_code(reason, grant, shopper)


def _told_of_code(reason: Reason, grant: Grant | None, shopper: Shopper) -> str:
    assert grant is not None
    limits = grant.limits
    match reason:
        case "wrong_shopper":
            who = shopper.customer_id or shopper.email or "a guest without an e-mail address"
            return f"The code is for {limits.user} alone, and the cart belongs to {who}."
        case "guest_not_allowed":
            return "The code is not for guests: the shopper must be signed in."
        case "guest_email_missing":
            return "A guest can use the code only when the cart has an e-mail address."
        case "not_new_shopper":
            return "The code is for a first order, and this shopper has one already."
        case "code_exhausted":
            return f"The code has been used, or is held, {limits.max_uses} of {limits.max_uses} times."
        case _:
            times = f"{grant.used_by_shopper} of {grant.per_shopper} times"
            return f"This shopper has used the code, or holds it, {times}."


def cannot_stack(one: Entry, others: "list[Entry]") -> str:
    """Tell which promotion applied first and does not stack with this one."""
    [first, *_] = [other for other in others if not compatible(one, other)]
    return f"The promotion does not stack with {first.promotion.name}, which applied first."


def compatible(one: Entry, other: Entry) -> bool:
    """Tell whether two promotions stack (behaviour.md 4.6)."""
    a, b = one.promotion, other.promotion
    if a.stackable and b.stackable:
        return True
    return (a.override_stacking and not b.stackable and not b.override_stacking) or (
        b.override_stacking and not a.stackable and not a.override_stacking
    )


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
