"""Promotions that others keep from applying, or that apply twice: what only a look at the whole store tells."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from couponry.domain.actions import CartDiscount, Fixed, Percent
from couponry.domain.conditions import CartTotal, RuleCondition
from couponry.domain.impossible import never
from couponry.domain.item_conditions import Condition, ItemPrice
from couponry.domain.lint import Finding, least_total
from couponry.domain.nesting import walk
from couponry.domain.promotion_book import Entry, book
from couponry.domain.refusals import compatible


def lint_store(entries: Sequence[Entry], at: datetime) -> Mapping[str, list[Finding]]:
    """Return what is to be said of promotions beside each other, as of the moment *at*, by their ids."""
    standing = [one for one in book(entries).entries if one.enabled and one.end > at]
    found: dict[str, list[Finding]] = {}
    for place, one in enumerate(standing):
        findings = [*_shadowed(one, standing[:place], at), *_twin(one, standing[:place], at)]
        if findings:
            found[one.id] = findings
    return found


def _shadowed(one: Entry, before: Sequence[Entry], at: datetime) -> Iterator[Finding]:
    """Tell of the promotion that applies to every cart that *one* is for, comes first, and does not stack with it."""
    for place, other in enumerate(before):
        if (
            other.automatic
            and not compatible(other, one)
            and _covers(other, one, at)
            and _surely_takes(other)
            and not _kept_out(other, one, before[:place])
        ):
            path = "priority" if one.stackable else "stackable"
            sentence = (
                f"It never applies: {other.name} comes before it on every cart that it is for"
                " and that costs anything, and the two do not stack."
            )
            yield Finding("shadowed", "warning", path, sentence)
            return


def _twin(one: Entry, before: Sequence[Entry], at: datetime) -> Iterator[Finding]:
    for other in before:
        if (
            one.automatic
            and other.automatic
            and compatible(one, other)
            and one.promotion.rule_set == other.promotion.rule_set
            and one.start < other.end
            and max(other.start, at) < one.end
        ):
            sentence = f"{other.name} says the same at the same time: carts get both discounts."
            yield Finding("twin", "warning", "rule_set", sentence)
            return


def _covers(other: Entry, one: Entry, at: datetime) -> bool:
    """Tell whether *other* runs whenever *one* does from now on, and is for every cart that *one* is for."""
    if other.start > max(one.start, at) or other.end < one.end:
        return False
    for wide, narrow in ((other.currencies, one.currencies), (other.catalogs, one.catalogs)):
        if wide is not None and (narrow is None or not narrow <= wide):
            return False
    if other.catalogs != one.catalogs:
        return False  # their rules look at other lines, so that one says nothing of the other
    return _implied(other.promotion.rule_set.rules, one.promotion.rule_set.rules)


def _implied(wide: RuleCondition, narrow: RuleCondition) -> bool:
    """Tell whether every cart that meets *narrow* met *wide* before, when prices were as they are now or higher."""
    if wide == narrow and all(_steady(part) for _, _, part in walk(wide)):
        return True
    if isinstance(wide, CartTotal) and wide.operator in ("gte", "gt") and not wide.children:
        bound = wide.args[0]
        least = least_total(narrow)
        return (least > bound) or (wide.operator == "gte" and least >= bound)
    return False


def _steady(condition: Condition) -> bool:
    """Tell whether what meets *condition* met it before promotions took something off, too."""
    return not isinstance(condition, CartTotal | ItemPrice) or condition.operator in ("gte", "gt")


def _surely_takes(other: Entry) -> bool:
    """Tell whether *other* takes something off every cart that meets its rules, but for amounts that round to 0."""
    if never(other.promotion.rule_set.rules) is not None:
        return False
    for action in other.promotion.rule_set.actions:
        if not isinstance(action, CartDiscount) or action.condition is not None:
            continue
        capped = action.limitations is not None and action.limitations.max_discount == 0
        some = isinstance(action.args, Fixed) and action.args.amount > 0
        some = some or (isinstance(action.args, Percent) and action.args.exact > 0)
        if some and not capped:
            return True
    return False


def _kept_out(other: Entry, one: Entry, earlier: Sequence[Entry]) -> bool:
    """Tell whether something that comes first may keep *other* out and yet let *one* in."""
    return any(not compatible(other, first) and compatible(one, first) for first in earlier)
