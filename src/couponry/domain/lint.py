"""What a merchant may not have meant: promotions that never apply, take nothing, or give everything away.

Nothing here is refused anywhere; each finding is certain, and says what follows from what was written.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Literal

import msgspec

from couponry.domain.actions import (
    AnyAction,
    CartDiscount,
    Fixed,
    FixedPriceFor,
    ItemDiscount,
    ItemsBundleDiscount,
    Percent,
    bundle_in,
)
from couponry.domain.conditions import And, CartTotal, Or, RuleCondition
from couponry.domain.impossible import TOTALS, dead_branches, never
from couponry.domain.money import exact
from couponry.domain.promotions import PromotionAttributes, PromotionStatus

Severity = Literal["error", "warning", "info"]
"""`error`: the promotion cannot do anything; `warning`: probably not what was meant; `info`: has no effect."""
Code = Literal[
    "never_holds",
    "never_applies",
    "no_codes",
    "unknown_currency",
    "ended",
    "dead_branch",
    "takes_nothing",
    "everything_free",
    "free_cart",
    "over_100_percent",
    "shadowed",
    "twin",
    "idle_limit",
]

RULES = "rule_set.rules"


class Finding(msgspec.Struct, frozen=True):
    """One thing to look at in a promotion."""

    code: Code
    severity: Severity
    path: str
    """Where, from the promotion: `rule_set.actions.0.args`."""
    sentence: str


def lint(promotion: PromotionAttributes, at: datetime, *, codes: int | None = None) -> list[Finding]:
    """Return what is to be said of a promotion by itself, as of the moment *at*, the gravest first.

    *codes* is how many it has, where that is known.
    """
    findings = [
        *_of_time(promotion, at),
        *_of_codes(promotion, codes),
        *_of_currencies(promotion),
        *_of_rules(promotion),
        *_of_actions(promotion),
        *_of_gifts(promotion),
    ]
    return graded(findings)


def graded(findings: Sequence[Finding]) -> list[Finding]:
    """Return *findings*, the gravest first."""
    return sorted(findings, key=lambda one: ("error", "warning", "info").index(one.severity))


def _of_time(promotion: PromotionAttributes, at: datetime) -> Iterator[Finding]:
    if promotion.status(at) is PromotionStatus.ENDED:
        yield Finding("ended", "info", "end", f"It ended at {promotion.end:%Y-%m-%d %H:%M} and is still enabled.")


def _of_codes(promotion: PromotionAttributes, codes: int | None) -> Iterator[Finding]:
    if codes == 0 and promotion.enabled and not promotion.automatic:
        yield Finding("no_codes", "error", "automatic", "It needs a code and has none, so that nobody can get it.")


def _of_currencies(promotion: PromotionAttributes) -> Iterator[Finding]:
    named = promotion.rule_set.currencies or ()
    unknown = [one for one in named if not (len(one) == 3 and one.isascii() and one.isalpha())]
    if unknown:
        grave: Severity = "error" if len(unknown) == len(named) else "warning"
        sentence = f"No cart is in {', '.join(unknown)}: a currency has three letters."
        yield Finding("unknown_currency", grave, "rule_set.currencies", sentence)


def _of_rules(promotion: PromotionAttributes) -> Iterator[Finding]:
    rules = promotion.rule_set.rules
    if (dead := never(rules, RULES)) is not None:
        yield Finding("never_holds", "error", dead.path, f"The rules can never hold: {dead.why}.")
        return
    for dead in dead_branches(rules, RULES):
        yield Finding("dead_branch", "warning", dead.path, f"This alternative can never hold: {dead.why}.")


def _of_actions(promotion: PromotionAttributes) -> Iterator[Finding]:
    actions = promotion.rule_set.actions
    idle = [finding for index, action in enumerate(actions) if (finding := _idle(promotion, index, action))]
    if len(idle) == len(actions):
        yield msgspec.structs.replace(idle[0], code="never_applies", severity="error")
        idle = idle[1:]
    yield from idle
    for index, action in enumerate(actions):
        if isinstance(action, CartDiscount) and isinstance(action.args, Fixed) and action.limitations:
            cap = action.limitations.max_discount
            if cap is not None and cap >= action.args.amount > 0:
                path = f"rule_set.actions.{index}.limitations.max_discount"
                yield Finding("idle_limit", "info", path, f"{action.args.amount} is taken off at most anyway.")


def _idle(promotion: PromotionAttributes, index: int, action: AnyAction) -> Finding | None:
    """Return why an action never takes anything off; None where it may."""
    path = f"rule_set.actions.{index}"
    condition = action.condition
    if condition is not None and (dead := never(condition, f"{path}.condition")) is not None:
        return Finding("takes_nothing", "warning", dead.path, f"It is for nothing: {dead.why}.")
    args, limits = action.args, getattr(action, "limitations", None)
    if (isinstance(args, Percent) and not args.exact) or (isinstance(args, Fixed) and not args.amount):
        return Finding("takes_nothing", "warning", f"{path}.args", "It takes 0 off.")
    if limits is not None and limits.max_discount == 0:
        return Finding("takes_nothing", "warning", f"{path}.limitations.max_discount", "It takes off 0 at most.")
    if isinstance(action, ItemDiscount) and isinstance(args, FixedPriceFor) and action.limitations is not None:
        items = action.limitations.items
        if items is not None and items.max_units is not None and items.max_units < args.quantity:
            sentence = f"It is for {args.quantity} units together, and may take {items.max_units} at most."
            return Finding("takes_nothing", "warning", f"{path}.limitations.items.max_units", sentence)
    if isinstance(action, ItemsBundleDiscount) and condition is None and bundle_in(promotion.rule_set.rules) is None:
        return Finding("takes_nothing", "warning", path, "It is off a bundle, and neither it nor the rules name one.")
    return None


# More than was meant


def _of_gifts(promotion: PromotionAttributes) -> Iterator[Finding]:
    shares: dict[tuple[str, bytes], list[Percent]] = {}
    for index, action in enumerate(promotion.rule_set.actions):
        if isinstance(action, CartDiscount) and action.condition is None:
            yield from _of_cart(promotion, f"rule_set.actions.{index}", action)
        limits = getattr(action, "limitations", None)
        if isinstance(action.args, Percent) and limits is None:
            target = msgspec.json.encode(action.condition, order="deterministic")
            shares.setdefault((str(action.__struct_config__.tag), target), []).append(action.args)
    for percents in shares.values():
        together = sum(Fraction(*exact(one.share)) for one in percents)
        if len(percents) > 1 and together > 100:
            yield Finding("over_100_percent", "warning", "rule_set.actions", _together(percents))


def _together(percents: Sequence[Percent]) -> str:
    left = Fraction(1)
    for one in percents:
        left *= 1 - Fraction(*exact(one.share)) / 100
    told = " and ".join(f"{one.share} %" for one in percents)
    return (
        f"{told} are off the same, together more than 100 %: they are taken one after the other,"
        f" {float(100 - 100 * left):.4g} % in all."
    )


def _of_cart(promotion: PromotionAttributes, path: str, action: CartDiscount) -> Iterator[Finding]:
    if action.limitations is not None and action.limitations.max_discount is not None:
        return
    if isinstance(action.args, Percent) and action.args.exact == 100:
        sentence = "It is 100 % off the whole cart, however much is in it: limit it with limitations.max_discount."
        yield Finding("everything_free", "warning", f"{path}.args", sentence)
    least = least_total(promotion.rule_set.rules)
    if isinstance(action.args, Fixed) and 0 < least <= action.args.amount:
        sentence = f"Carts of {least} qualify, and {action.args.amount} are taken off: they cost nothing."
        yield Finding("free_cart", "warning", f"{path}.args", sentence)


def least_total(rules: RuleCondition) -> int:
    """Return how much a cart that meets *rules* costs at least, as far as they say so; 0 where they do not."""
    match rules:
        case And():
            return max(least_total(child) for child in rules.children)
        case Or():
            return min(least_total(child) for child in rules.children)
        case CartTotal():
            operator = "gte" if rules.operator == "range" else rules.operator
            return ceil(TOTALS.narrowed(operator, rules.args[0]).low)
        case _:
            return 0
