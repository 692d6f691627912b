"""How a cart was judged, in words: what each promotion gave, or why it gave nothing."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from couponry.console import formats, words
from couponry.console.conditions import of_cart, of_line, of_requirement
from couponry.console.formats import plural
from couponry.console.writing import amounts_in, both, money, quoted
from couponry.domain.codes import AUTO_CODE_PREFIX
from couponry.domain.conditions import AccountTags, And, CartCustomAttribute, CartTotal, ItemsBundle, Or
from couponry.domain.item_conditions import (
    Condition,
    ItemAnd,
    ItemCondition,
    ItemOr,
    ItemPrice,
    ItemQuantity,
    LineCondition,
    children_of,
)
from couponry.domain.outcome import Applied, Refused, Trace
from couponry.domain.promotions import PromotionAttributes
from couponry.domain.refusals import RULES_NOT_MET, TARGET_MISSING
from couponry.domain.validity import is_object
from couponry.services.trying import ANY_CODE, Tried

Labels = Mapping[str, str]
"""What the lines of a cart are called, by id."""

BELOW = "The promotion applies once the cart has what it is off; see “To add” below."

_NUMBER = re.compile(r"\d+")


class Step(NamedTuple):
    """A condition: what it asks, whether the cart meets it, and by what, or what is missing."""

    text: str
    holds: bool
    found: str
    short: str
    below: "list[Step]"


class Verdict(NamedTuple):
    """What became of a promotion, or of a code that stands for none."""

    title: str
    promotion_id: str | None
    code: str | None
    amount: int | None
    """What it took off; None where it does not apply."""
    headline: str
    detail: str
    steps: list[Step]


def verdicts(tried: Tried, promotion_id: str, labels: Labels) -> list[Verdict]:
    """Return what became of each promotion that was judged; the one that is tried comes first."""
    judged = tried.evaluation
    with amounts_in([judged.currency]):
        found = [
            *(_applied(one, tried.promotions, labels) for one in judged.applied),
            *(_refused(one, tried.promotions, labels) for one in judged.refused),
            *(_elsewhere(code) for code in tried.elsewhere),
        ]
    if promotion_id in tried.promotions and not any(one.promotion_id == promotion_id for one in found):
        found.append(_not_asked_for(promotion_id, tried.promotions[promotion_id]))
    return sorted(found, key=lambda one: one.promotion_id != promotion_id)


def _applied(one: Applied, promotions: Mapping[str, PromotionAttributes], labels: Labels) -> Verdict:
    times = "" if one.applications == 1 else f" It applied {one.applications:,} times."
    uses = "" if one.uses == 1 else f" An order would use the code {one.uses:,} times."
    steps = _steps(one.trace, promotions.get(one.promotion_id), labels)
    return Verdict(
        one.name, one.promotion_id, _entered(one.code), one.amount, "It applies", f"{times}{uses}".strip(), steps
    )


def _refused(one: Refused, promotions: Mapping[str, PromotionAttributes], labels: Labels) -> Verdict:
    id_, code = one.promotion_id or None, _entered(one.code or None)
    detail = {TARGET_MISSING: BELOW, RULES_NOT_MET: ""}.get(one.detail, formats.with_moments(one.detail))
    promotion = promotions.get(id_ or "")
    title = promotion.name if promotion else f"The code “{code}”"
    headline = words.REASONS.get(one.reason, words.called(one.reason))
    return Verdict(title, id_, code, None, headline, detail, _steps(one.trace, promotion, labels))


def _elsewhere(code: str) -> Verdict:
    told = "It belongs to another promotion, which takes no part here."
    return Verdict(f"The code “{code}”", None, code, None, "Not a code of this promotion", told, [])


def _not_asked_for(id_: str, promotion: PromotionAttributes) -> Verdict:
    told = "It takes a code, and none of its codes is among those entered."
    return Verdict(promotion.name, id_, None, None, "It was not asked for", told, [])


def _entered(code: str | None) -> str | None:
    """Return the code that somebody entered, if it is one: automatic promotions and trials go without."""
    return None if code is None or code == ANY_CODE or code.startswith(AUTO_CODE_PREFIX) else code


# Conditions


def _steps(trace: Trace | UnsetType, promotion: PromotionAttributes | None, labels: Labels) -> list[Step]:
    if trace is UNSET or promotion is None:
        return []
    rules = promotion.rule_set.rules
    return [_step(trace, rules, labels, of_cart(rules))]


def _step(trace: Trace, condition: Condition, labels: Labels, text: str) -> Step:
    if isinstance(condition, And | ItemAnd | Or | ItemOr):
        text = words.STRATEGIES["or" if isinstance(condition, Or | ItemOr) else "and"]
    if isinstance(condition, ItemsBundle):
        below = [_requirement(part, child, labels) for part, child in _beside(trace, condition.children)]
    else:
        below = [
            _step(part, child, labels, _asked(condition, child))
            for part, child in _beside(trace, children_of(condition))
        ]
    short = trace.short or ""
    if isinstance(condition, CartTotal):
        short = _NUMBER.sub(lambda amount: money(int(amount[0])), short)
    return Step(_capital(text), trace.holds, _found(trace, condition, labels), short, below)


def _requirement(trace: Trace, child: ItemCondition, labels: Labels) -> Step:
    """Tell of a requirement of a bundle, whose units are told with it and not as a condition of their own."""
    parts = child.children if isinstance(child, ItemAnd) else ()
    others = [part for part in parts if not isinstance(part, ItemQuantity)]
    below = [_step(part, one, labels, f"items {of_line(one)}") for part, one in _beside(trace, others)]
    found = f"it has {plural(int(trace.found), 'unit')}"
    return Step(_capital(of_requirement(child)), trace.holds, found, trace.short or "", below)


def _beside(trace: Trace, conditions: Sequence[Condition]) -> list[tuple[Trace, Any]]:
    return list(zip(trace.children or (), conditions, strict=False))


def _asked(parent: Condition, child: Condition) -> str:
    if isinstance(parent, CartTotal | LineCondition):
        return f"items {of_line(child)}"
    return of_cart(child)


def _found(trace: Trace, condition: Condition, labels: Labels) -> str:
    found: Any = trace.found
    match condition:
        case CartTotal():
            return f"it comes to {money(found)}"
        case AccountTags() | CartCustomAttribute() if found is None:
            return ""  # what is missing says so already
        case AccountTags():
            return f"the account has {both(quoted(found))}" if found else "the account has no tags"
        case CartCustomAttribute():
            return f"it is {quoted([found.value])[0]}"
        case ItemsBundle():
            return f"it has {both([f'{units:,}' for units in found])} units of them"
        case _ if trace.holds and trace.lines:
            return f"met by {both([labels.get(id_, id_) for id_ in trace.lines])}"
        case _ if is_object(found):
            return both([f"{labels.get(id_, id_)} {_has(condition, value)}" for id_, value in found.items()])
        case _:
            return ""


def _has(condition: Condition, value: Any) -> str:  # noqa: ANN401 # whatever a line has
    if isinstance(condition, ItemPrice):
        return f"costs {money(value)}"
    if isinstance(condition, ItemQuantity):
        return f"has {plural(value, 'unit')}"
    if is_object(value):
        value = list(value.values())
    several: list[Any] = [*value] if isinstance(value, list | tuple) else [value]
    several = [one for one in several if one is not None]
    return f"has {both(quoted(several))}" if several else "has none"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
