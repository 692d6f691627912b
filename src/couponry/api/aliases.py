"""The one table of what clients write otherwise and mean the same.

An alias rewrites a raw document into the canonical one. It applies only where the canonical spelling is absent,
and leaves alone what it does not understand: the canonical form is then refused in its own words.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from couponry.domain.errors import Fault, InvalidDocument
from couponry.domain.moments import parse_moment
from couponry.domain.validity import joined

Rewrite = Callable[[Any, str], Any]


class Alias(NamedTuple):
    """Where in a document something may be written otherwise, and how to write it canonically."""

    at: str
    """A path with dots; `*` is every item of an array, `**` every condition below."""
    rewrite: Rewrite
    """Given the value and its path, returns the canonical value."""


def canonical(document: object, aliases: tuple[Alias, ...]) -> object:
    """Return *document* as the canonical client would have written it; it may be changed in place."""
    for alias in aliases:
        document = _rewritten(document, alias.at.split(".") if alias.at else [], "", alias.rewrite)
    return document


def _rewritten(value: Any, steps: list[str], path: str, rewrite: Rewrite) -> Any:
    if not steps:
        return rewrite(value, path)
    step, *rest = steps
    for key in list(_keys(value, step)):
        value[key] = _rewritten(value[key], rest, joined(path, key), rewrite)
    if step == "**":
        value = _rewritten(value, rest, path, rewrite)
        if isinstance(value, dict) and isinstance(value.get("children"), list):
            _rewritten(value["children"], ["*", *steps], joined(path, "children"), rewrite)
    return value


def _keys(value: Any, step: str) -> Iterator[Any]:
    if step == "*" and isinstance(value, list):
        yield from range(len(value))
    elif step not in ("*", "**") and isinstance(value, dict) and step in value:
        yield step


def renamed(alias: str, name: str) -> Rewrite:
    """Move the member *alias* to *name*; refuse both with different values."""

    def rename(value: Any, path: str) -> Any:
        if isinstance(value, dict) and alias in value:
            given = value.pop(alias)
            if value.setdefault(name, given) != given:
                detail = f"{name} and {alias} are the same and must not differ"
                raise InvalidDocument(Fault("number_one_of", detail, joined(path, name)))
        return value

    return rename


def respelled(**spellings: str) -> Rewrite:
    """Replace a string by its canonical spelling."""
    return lambda value, _: spellings.get(value, value) if isinstance(value, str) else value


def one_condition(value: Any, _: str) -> Any:
    """Take a list of conditions for one: the only one, or all of them."""
    match value:
        case [only]:
            return only
        case [_, *_]:
            return {"strategy": "and", "children": value}
        case _:
            return value


def without_blanks(value: Any, _: str) -> Any:
    """Leave out the empty members that old answers show: `"operator":"","args":null,"children":null`."""
    if not isinstance(value, dict):
        return value
    blank = {"children": (None,)}
    if value.get("strategy") in ("and", "or", "items_bundle"):
        blank |= {"operator": (None, ""), "args": (None, [])}
    return {name: given for name, given in value.items() if given not in blank.get(name, ())}


def moment(value: Any, _: str) -> Any:
    """Complete a date, or a date and a time, to RFC 3339 in UTC."""
    try:
        return parse_moment(value).isoformat() if isinstance(value, str) else value
    except ValueError:
        return value


def enveloped(value: Any, _: str) -> Any:
    """Put a bare job under `data`."""
    bare = isinstance(value, dict) and "data" not in value and ("job_type" in value or "type" in value)
    return {"data": value} if bare else value


def typed_as_job(value: Any, _: str) -> Any:
    """Take a job without a type, or with the type of what it makes, for a job."""
    if isinstance(value, dict) and value.get("type", "promotion_codes") == "promotion_codes":
        return {**value, "type": "promotion_job"}
    return value


CODES = (
    Alias("data.codes.*", renamed("max_users_per_shopper", "max_uses_per_shopper")),
    Alias("data.codes.*.max_uses_per_shopper", renamed("includes_guest", "includes_guests")),
)

JOB = (
    Alias("", enveloped),
    Alias("data", typed_as_job),
    Alias("data.parameters.consume_unit", respelled(per_cart="per_checkout", per_item="per_application")),
)

PROMOTION = (
    Alias("data.start", moment),
    Alias("data.end", moment),
    Alias("data.rule_set.rules", one_condition),
    Alias("data.rule_set.rules.**", without_blanks),
    Alias("data.rule_set.actions.*.strategy", respelled(item_bundle_discount="items_bundle_discount")),
    Alias("data.rule_set.actions.*.condition", one_condition),
    Alias("data.rule_set.actions.*.condition.**", without_blanks),
)
