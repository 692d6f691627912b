"""What the fields of the rule builder are called, for faults that are told away from them."""

from functools import cache
from typing import Any

from msgspec import inspect

from couponry.console import words
from couponry.console.rules import parts_of
from couponry.domain.promotions import RuleSet
from couponry.domain.validity import is_array, is_object

IN_ORDER = ("actions", "children")
"""Members that have parts which are told by their number."""


def place_of(source: str, rule_set: object) -> str:
    """Return the way to the field that is at *source* in a rule set, as the builder labels it.

    `actions.0.args.1` is `What they get 1, Percent off`. The rule set may be of any shape; its root is `Rules`.
    """
    told: list[str] = []
    holder: object = None
    value, name = rule_set, ""
    for step in filter(None, source.split(".")):
        if not step.isdigit():
            holder, value, name = value, value.get(step) if is_object(value) else None, step
            told.append(_called(step))
            continue
        at = int(step)
        if name == "args":
            told[-1:] = _arg(holder, at)
        elif name in IN_ORDER:
            told[-1] += f" {at + 1}"
        else:
            told.append(f"line {at + 1}")
        value = value[at] if is_array(value) and at < len(value) else None
    return ", ".join(told) or "Rules"


def _called(name: str) -> str:
    return words.MEMBERS.get(name) or words.called(name).capitalize()


def _arg(holder: object, at: int) -> list[str]:
    """Return what one of the args of a condition or an action is called."""
    said: dict[str, Any] = holder if is_object(holder) else {}
    listed = said.get("args")
    args: list[Any] = listed if is_array(listed) else []
    strategy = said.get("strategy")
    if not isinstance(strategy, str):
        return [_called("args")]
    amounts = {part.tag: part for part in _types(strategy) if isinstance(part, inspect.StructType) and part.array_like}
    if amounts:
        named = amounts.get(args[0]) if args and isinstance(args[0], str) else None
        names = [field.name for field in named.fields] if named else []
        return [_called(names[at - 1]) if 0 < at <= len(names) else "How much"]
    return _value(strategy, said.get("operator"), args, at)


def _value(strategy: str, operator: object, args: list[Any], at: int) -> list[str]:
    slots = words.SLOTS.get(strategy, [])
    if at < len(slots):
        return [slots[at]["label"]]
    if any(isinstance(part, inspect.IntType | inspect.FloatType) for part in _types(strategy)) and not slots:
        if words.COUNTS.get(strategy, {}).get(str(operator), 1) > 1:
            return ["From" if at == 0 else "To"]
        return ["Amount" if strategy in words.MONEY else "Number"]
    if at < len(args) and is_object(args[at]):
        return []  # its members have names of their own
    return [_called("args"), f"line {at - len(slots) + 1}"]


@cache
def _types(strategy: str) -> list[inspect.Type]:
    """Return what the args of a strategy can be, or what each of them can be."""
    for part in parts_of(inspect.type_info(RuleSet)):
        if part.tag == strategy:
            [args] = [field.type for field in part.fields if field.name == "args"] or [None]
            one = args.item_type if isinstance(args, inspect.VarTupleType) else args
            return list(one.types) if isinstance(one, inspect.UnionType) else [] if one is None else [one]
    return []
