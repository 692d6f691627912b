"""What a judgement makes of a cart, and what there is to tell of the difference."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from couponry.domain.codes import auto_code, code_key
from couponry.domain.outcome import Evaluation, Refused
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
        discounts=tuple(_discounts(evaluation)),
        refusals=tuple(refusals),
    )


def _discounts(evaluation: Evaluation) -> Iterator[SeenDiscount]:
    for line in evaluation.items:
        sums: dict[tuple[str, str], int] = {}
        for one in line.discounts:
            by = one.promotion_id, one.code
            sums[by] = sums.get(by, 0) + one.amount
        for (promotion_id, code), amount in sums.items():
            yield SeenDiscount(line.id, promotion_id, code, amount)


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
    return [*_of_promotions(before, after), *refusals, *_of_lines(before, after)]


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
    was, now = (
        {(one.line_id, one.promotion_id, one.code): one.amount for one in cart.discounts} for cart in (before, after)
    )
    for key in [key for key in now if key not in was]:
        yield Message(Source(types[key[0]], key[0]), "Discount Added", "Item discount has been added.")
    for key, amount in now.items():
        if key in was and was[key] != amount:
            yield Message(Source(types[key[0]], key[0]), "Discount Updated", "Item discount has been updated.")
    for key in was:
        if key not in now and key[0] in types:
            yield Message(Source(types[key[0]], key[0]), "Discount Deleted", "Item discount has been removed.")
