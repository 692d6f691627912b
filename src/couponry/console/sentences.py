"""A rule set in a sentence."""

from collections.abc import Iterator, Sequence

import msgspec

from couponry.console import words
from couponry.console.conditions import either, of_cart, of_line, of_requirement
from couponry.console.formats import plural
from couponry.console.writing import amounts_in, money, quoted
from couponry.domain.actions import (
    Action,
    CartDiscount,
    Fixed,
    FixedPrice,
    FixedPriceFor,
    ItemDiscount,
    ItemLimitations,
    ItemsBundleDiscount,
    Limitations,
    Percent,
    ShippingDiscount,
)
from couponry.domain.conditions import CartTotal
from couponry.domain.item_conditions import Condition
from couponry.domain.promotions import RuleSet


def sentence(rule_set: RuleSet) -> str:
    """Return what *rule_set* does, in one sentence that a merchant can check against what was meant."""
    with amounts_in(rule_set.currencies or ()):
        when = "Always" if _always(rule_set.rules) else f"When {of_cart(rule_set.rules)},"
        then = "; then ".join(_action(action) for action in rule_set.actions)
    only = [
        f"only for {name} {either(quoted(values))}"
        for name, values in (("catalog", rule_set.catalog_ids), ("currency", rule_set.currencies))
        if values
    ]
    return f"{when} {then}{''.join(f', {part}' for part in only)}."


def _always(condition: Condition) -> bool:
    """Tell whether every cart meets a condition: no total is below nothing."""
    if not isinstance(condition, CartTotal) or condition.children:
        return False
    return condition.operator == "gte" and not any(condition.args)


def _action(action: Action) -> str:
    match action:
        case CartDiscount():
            for_ = f", spread over items {of_line(action.condition)}" if action.condition else ""
            return f"take {_off(action.args)} off the cart{for_}{_at_most(action.limitations)}"
        case ItemDiscount():
            return f"{_off_items(action)}{_at_most(action.limitations)}"
        case ItemsBundleDiscount():
            bundle = f"each set of {_set(action)}"
            if isinstance(action.args, FixedPrice):
                return f"sell {bundle} for {money(action.args.total)}{_at_most(action.limitations)}"
            return f"take {_off(action.args)} off {bundle}{_at_most(action.limitations)}"
        case ShippingDiscount():
            shipping = f"shipping by {either(quoted(action.condition.args))}" if action.condition else "shipping"
            if isinstance(action.args, FixedPrice):
                return f"let {shipping} cost {money(action.args.total)}"
            return f"take {_off(action.args)} off {shipping}"
        case _:
            return f"{words.called(str(action.__struct_config__.tag))} {msgspec.json.encode(action).decode()}"


def _off(args: Fixed | Percent | FixedPrice | FixedPriceFor) -> str:
    match args:
        case Fixed(amount):
            return money(amount)
        case Percent():
            return f"{args.exact:f}\N{NO-BREAK SPACE}%"
        case _:
            return money(args.total)


def _off_items(action: ItemDiscount) -> str:
    items = f"items {of_line(action.condition)}" if action.condition else "the items that matched"
    match action.args:
        case Fixed(amount):
            return f"take {money(amount)} off each unit of {items}"
        case FixedPriceFor(quantity, total):
            return f"sell every {plural(quantity, 'unit')} of {items} for {money(total)} together"
        case Percent():
            return f"take {_off(action.args)} off {items}"


def _set(action: ItemsBundleDiscount) -> str:
    if action.condition is None:
        return "the items that the rules ask for together"
    return " with ".join(of_requirement(child) for child in action.condition.children)


def _at_most(limitations: Limitations | None) -> str:
    return "".join(f", {limit}" for limit in _limits(limitations)) if limitations else ""


def _limits(limitations: Limitations) -> Iterator[str]:
    if isinstance(limitations, ItemLimitations):
        yield from _item_limits(limitations)
    if limitations.max_discount is not None:
        yield f"at most {money(limitations.max_discount)} in total"


def _item_limits(limitations: ItemLimitations) -> Iterator[str]:
    if limitations.max_quantity is not None:
        yield f"at most {plural(limitations.max_quantity, 'unit')} of each line"
    items = limitations.items
    if items is None:
        return
    first = {"cheapest": "the cheapest ", "expensive": "the dearest ", None: "the cheapest "}[items.price_strategy]
    counts: Sequence[tuple[int | None, str]] = ((items.max_items, "line"), (items.max_units, "unit"))
    told = [plural(count, name) for count, name in counts if count is not None]
    if told:
        yield f"only {first}{' with '.join(told)}"
    elif items.price_strategy is not None:
        yield f"{first.strip()} first"
    if items.auto_add:
        yield "added to carts that lack it"
    if items.show_suggestions:
        yield "suggested to carts that lack it"
