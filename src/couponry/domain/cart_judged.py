"""What a judgement makes of a cart, and what there is to tell of the difference."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from couponry.domain.codes import auto_code, code_key
from couponry.domain.errors import Refusal
from couponry.domain.outcome import AddedItem, Evaluation, JudgedLine, JudgedShippingGroup, Refused
from couponry.domain.shopping_cart import PromotionLine, SeenDiscount, SeenRefusal, ShoppingCart

CONSUMED = ("code_exhausted", "shopper_exhausted")
"""Reasons for which a code gives nothing as there is nothing left of it."""


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a message is about."""

    type: str
    id: str
    code: str | UnsetType = UNSET


class Message(msgspec.Struct, frozen=True):
    """Something that a request changed about the discounts of a cart, or could not change."""

    source: Source
    title: str
    description: str


Verdict = Literal["attached", "noted", "refused"]
"""What becomes of a code that was entered: it is kept, only spoken of, or refused."""


def verdict(code: str, evaluation: Evaluation) -> Verdict:
    """Return what becomes of an entered *code* (behaviour.md 5.2)."""
    key = code_key(code)
    for applied in evaluation.applied:
        if code_key(applied.code) == key:
            return "noted" if applied.code == auto_code(applied.promotion_id) else "attached"
    reasons = {one.reason for one in evaluation.refused if one.promotion_id is not UNSET and _key(one) == key}
    if reasons & {"cannot_stack", "currency_mismatch", "no_discount"}:
        return "attached"
    return "noted" if reasons.intersection(CONSUMED) else "refused"


def why_refused(code: str, evaluation: Evaluation) -> dict[str, str]:
    """Return why an entered *code* gives nothing: the reason, and a sentence that tells it with its figures."""
    for one in evaluation.refused:
        if _key(one) == code_key(code):
            return {"reason": one.reason, "explanation": one.detail}
    return {}


def _key(refused: Refused) -> str | None:
    return None if refused.code is UNSET else code_key(refused.code)


def settled(cart: ShoppingCart, evaluation: Evaluation, now: datetime, fresh_id: Callable[[], str]) -> ShoppingCart:
    """Return *cart* with what *evaluation* says of it."""
    attached = {code_key(code) for code in cart.codes}
    refusals = (
        SeenRefusal(one.promotion_id, one.code, one.reason)
        for one in evaluation.refused
        if one.promotion_id is not UNSET and one.code is not UNSET and code_key(one.code) in attached
    )
    return replace(
        cart,
        currency=evaluation.currency if cart.lines or cart.groups else None,
        promotion_lines=tuple(_promotion_lines(cart, evaluation, now, fresh_id)),
        discounts=tuple(_discounts(evaluation.items)),
        shipping_discounts=tuple(_discounts(evaluation.shipping_groups)),
        refusals=tuple(refusals),
    )


def changed(cart: ShoppingCart, evaluation: Evaluation) -> ShoppingCart:
    """Return *cart*, which a request has just changed, with the codes that give something as *evaluation* says."""
    applied = {code_key(one.code) for one in evaluation.applied}
    return replace(cart, gave=tuple(code for code in cart.codes if code_key(code) in applied))


def _discounts(judged: Sequence[JudgedLine | JudgedShippingGroup]) -> Iterator[SeenDiscount]:
    for part in judged:
        sums: dict[tuple[str, str], int] = {}
        for one in part.discounts:
            by = one.promotion_id, one.code
            sums[by] = sums.get(by, 0) + one.amount
        for (promotion_id, code), amount in sums.items():
            yield SeenDiscount(part.id, promotion_id, code, amount)


def _promotion_lines(
    cart: ShoppingCart, evaluation: Evaluation, now: datetime, fresh_id: Callable[[], str]
) -> Iterator[PromotionLine]:
    before = {(line.promotion_id, line.code): line for line in cart.promotion_lines}
    for applied in evaluation.applied:
        amount = sum(
            one.amount
            for line in evaluation.items
            for one in line.discounts
            if one.is_cart_discount and one.promotion_id == applied.promotion_id
        )
        if not amount:
            continue
        known = before.get((applied.promotion_id, applied.code))
        if known is None:
            yield PromotionLine(fresh_id(), applied.promotion_id, applied.code, applied.name, amount, now, now)
        elif (known.amount, known.name) == (amount, applied.name):
            yield known
        else:
            yield replace(known, amount=amount, name=applied.name, updated_at=now)


def messages(
    before: ShoppingCart, after: ShoppingCart, refused: Iterable[Refused], entered: Iterable[str]
) -> list[Message]:
    """Return what the way from *before* to *after* has to tell (behaviour.md 5.4).

    *refused* is what the judgement refused; of codes just *entered* it is told even if it is nothing new.
    """
    keys = {code_key(code) for code in entered}
    known = {(one.promotion_id, one.code, one.reason) for one in before.refusals}
    news = (one for one in refused if (one.promotion_id, one.code, one.reason) not in known or _key(one) in keys)
    refusals = (message for one in news for message in _of_refusal(one, after.currency or ""))
    return [*_of_promotions(before, after), *refusals, *_of_lines(before, after), *_of_shipping(before, after)]


def of_missed(missed: Iterable[tuple[AddedItem, Refusal]]) -> Iterator[Message]:
    """Tell of gifts that are due and could not be added."""
    for item, refusal in missed:
        yield Message(Source("promotion", item.promotion_id, item.code), refusal.title, refusal.detail)


def _of_promotions(before: ShoppingCart, after: ShoppingCart) -> Iterator[Message]:
    shown, showing = ({line.id for line in cart.promotion_lines} for cart in (before, after))
    for line in after.promotion_lines:
        if line.id not in shown:
            source = Source("promotion_item", line.id)
            yield Message(source, "Promotion Added", "Promotion has been added to cart.")
    for line in before.promotion_lines:
        if line.id not in showing:
            source = Source("promotion_item", line.id)
            yield Message(source, "Deleted Promotion", "Promotion has been removed from cart.")


def _of_refusal(refused: Refused, currency: str) -> Iterator[Message]:
    if refused.promotion_id is UNSET:
        return
    match refused.reason:
        case "cannot_stack":
            yield Message(
                Source("promotion", refused.promotion_id, refused.code),
                "Couldn't Stack Promotion",
                "Cannot apply promotion because non-stackable promotion applied first.",
            )
        case "code_exhausted" | "shopper_exhausted":
            yield Message(
                Source("rule_promotion", refused.promotion_id, refused.code),
                "Fully Consumed",
                "You've already fully consumed this promotion code",
            )
        case "currency_mismatch":
            described = f"discount unavailable in currency {currency}"
            yield Message(Source("promotion", refused.promotion_id), "currency mismatch", described)
        case _:
            pass


def _of_lines(before: ShoppingCart, after: ShoppingCart) -> Iterator[Message]:
    types = {line.id: line.type for line in after.lines}
    return _of_discounts(before.discounts, after.discounts, types, "Item")


def _of_shipping(before: ShoppingCart, after: ShoppingCart) -> Iterator[Message]:
    types = {group.id: "shipping_group" for group in after.groups}
    return _of_discounts(before.shipping_discounts, after.shipping_discounts, types, "Shipping")


def _of_discounts(
    before: Iterable[SeenDiscount], after: Iterable[SeenDiscount], types: Mapping[str, str], kind: str
) -> Iterator[Message]:
    was, now = (
        {(one.line_id, one.promotion_id, one.code): one.amount for one in discounts} for discounts in (before, after)
    )
    for key in [key for key in now if key not in was]:
        yield Message(Source(types[key[0]], key[0]), "Discount Added", f"{kind} discount has been added.")
    for key, amount in now.items():
        if key in was and was[key] != amount:
            yield Message(Source(types[key[0]], key[0]), "Discount Updated", f"{kind} discount has been updated.")
    for key in was:
        if key not in now and key[0] in types:
            yield Message(Source(types[key[0]], key[0]), "Discount Deleted", f"{kind} discount has been removed.")
