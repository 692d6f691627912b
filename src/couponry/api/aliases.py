"""The one table of what clients write otherwise and mean the same.

An alias rewrites a raw document into the canonical one. It applies only where the canonical spelling is absent,
and leaves alone what it does not understand: the canonical form is then refused in its own words.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from couponry.domain.errors import Fault, InvalidDocument
from couponry.domain.moments import parse_moment
from couponry.domain.validity import Json, is_array, is_object, joined

Rewrite = Callable[[Json, str], Json]


MAX_ITEMS = 10_000
"""No array of ours takes more items; a longer one is refused, whatever is in it."""


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


def _rewritten(value: Json, steps: list[str], path: str, rewrite: Rewrite) -> Json:
    if not steps:
        return rewrite(value, path)
    step, *rest = steps
    for key in list(_keys(value, step)):
        value[key] = _rewritten(value[key], rest, joined(path, key), rewrite)
    if step == "**":
        value = _rewritten(value, rest, path, rewrite)
        if is_object(value):
            _rewritten(value.get("children"), ["*", *steps], joined(path, "children"), rewrite)
    return value


def _keys(value: Json, step: str) -> Iterator[str | int]:
    if step == "*" and is_array(value):
        yield from range(min(len(value), MAX_ITEMS))
    elif step not in ("*", "**") and is_object(value) and step in value:
        yield step


def renamed(alias: str, name: str) -> Rewrite:
    """Move the member *alias* to *name*; refuse both with different values."""

    def rename(value: Json, path: str) -> Json:
        if is_object(value) and alias in value:
            given = value.pop(alias)
            if value.setdefault(name, given) != given:
                detail = f"{name} and {alias} are the same and must not differ"
                raise InvalidDocument(Fault("number_one_of", detail, joined(path, name)))
        return value

    return rename


def respelled(**spellings: str) -> Rewrite:
    """Replace a string by its canonical spelling."""
    return lambda value, _: spellings.get(value, value) if isinstance(value, str) else value


def one_condition(value: Json, _: str) -> Json:
    """Take a list of conditions for one: the only one, or all of them."""
    if not is_array(value) or not value:
        return value
    return value[0] if len(value) == 1 else {"strategy": "and", "children": value}


def without_blanks(value: Json, _: str) -> Json:
    """Leave out the empty members that old answers show: `"operator":"","args":null,"children":null`."""
    if not is_object(value):
        return value
    blank: dict[str, tuple[object, ...]] = {"children": (None,)}
    if value.get("strategy") in ("and", "or", "items_bundle"):
        blank |= {"operator": (None, ""), "args": (None, [])}
    return {name: given for name, given in value.items() if given not in blank.get(name, ())}


def moment(value: Json, _: str) -> Json:
    """Complete a date, or a date and a time, to RFC 3339 in UTC."""
    try:
        return parse_moment(value).isoformat() if isinstance(value, str) else value
    except ValueError:
        return value


def enveloped(value: Json, _: str) -> Json:
    """Put a bare job under `data`."""
    if is_object(value) and "data" not in value and ("job_type" in value or "type" in value):
        return {"data": value}
    return value


def unwrapped(value: Json, _: str) -> Json:
    """Take what is wrapped twice, as one client does, for what it wraps."""
    return value["data"] if is_object(value) and value.keys() == {"data"} else value


def typed_as_job(value: Json, _: str) -> Json:
    """Take a job without a type, or with the type of what it makes, for a job."""
    if is_object(value) and value.get("type", "promotion_codes") == "promotion_codes":
        return {**value, "type": "promotion_job"}
    return value


def without_meta(value: Json, _: str) -> Json:
    """Leave out what only the server says, so that what was read can be written back."""
    return {name: given for name, given in value.items() if name != "meta"} if is_object(value) else value


CODES = (
    Alias("data.codes.*", renamed("max_users_per_shopper", "max_uses_per_shopper")),
    Alias("data.codes.*.max_uses_per_shopper", renamed("includes_guest", "includes_guests")),
)

JOB = (
    Alias("", enveloped),
    Alias("data", typed_as_job),
    Alias("data.parameters.consume_unit", respelled(per_cart="per_checkout", per_item="per_application")),
)

PRODUCTS = (Alias("data.*", without_meta),)

PROMOTION = (
    Alias("data.start", moment),
    Alias("data.end", moment),
    Alias("data.rule_set.rules", one_condition),
    Alias("data.rule_set.rules.**", without_blanks),
    Alias("data.rule_set.actions.*.strategy", respelled(item_bundle_discount="items_bundle_discount")),
    Alias("data.rule_set.actions.*.condition", one_condition),
    Alias("data.rule_set.actions.*.condition.**", without_blanks),
)

DRAFTS = tuple(Alias(alias.at.replace("data.", "data.promotions.*.", 1), alias.rewrite) for alias in PROMOTION)
"""A draft of a promotion may be written as a promotion may."""

EVALUATION = (Alias("data.at", moment), *DRAFTS)
