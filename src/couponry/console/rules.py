"""What the rule builder in the browser is made from, and the reading of what it has built."""

from functools import cache
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from couponry.api import aliases
from couponry.api.aliases import canonical
from couponry.api.documents import convert, read
from couponry.api.schemas import REFERENCE, components
from couponry.console import amounts, words
from couponry.console.pages import json_page
from couponry.console.sentences import sentence
from couponry.console.visits import body_of
from couponry.console.wording import plain
from couponry.domain.errors import Fault, InvalidDocument, Refusal
from couponry.domain.promotions import RuleSet
from couponry.domain.validity import is_object

AT = "data.rule_set"
"""Where a rule set stands in the documents of the wire."""


class RuleSetData(msgspec.Struct, frozen=True):
    """A rule set where the wire has it."""

    rule_set: RuleSet


class RuleSetDocument(msgspec.Struct, frozen=True):
    """A document that has nothing but a rule set."""

    data: RuleSetData


@get("/rules.json")
async def building_blocks() -> Response[bytes]:
    """Answer what a rule set may consist of: its schemas, what their parts are called, and how money is written."""
    return json_page(_blocks())


@cache
def _blocks() -> dict[str, Any]:
    shapes = components([RuleSet])
    for name, names in _places().items():
        shapes[name]["names"] = names
    return {
        "root": RuleSet.__name__,
        "reference": REFERENCE,
        "shapes": shapes,
        "words": words.for_builder(),
        "money": amounts.for_modules(),
    }


def _places() -> dict[str, list[str]]:
    """Return what stands where in those Structs that are arrays on the wire, by name."""
    found = (part.cls for part in parts_of(msgspec.inspect.type_info(RuleSet)))
    return {cls.__name__: [field.name for field in msgspec.structs.fields(cls)]
            for cls in found if cls.__struct_config__.array_like}  # fmt: skip


def parts_of(root: msgspec.inspect.Type) -> list[msgspec.inspect.StructType]:
    """Return every Struct that a value of a type may contain."""
    found: list[msgspec.inspect.StructType] = []
    seen: set[int] = set()
    pending: list[Any] = [root]
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            pending.extend(part)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(part, msgspec.inspect.Type | msgspec.inspect.Field) and id(part) not in seen:
            seen.add(id(part))
            pending.extend(getattr(part, name) for name in part.__struct_fields__)
            if isinstance(part, msgspec.inspect.StructType):
                found.append(part)
    return found


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rule set says, or all that keeps it from saying anything."""

    sentence: str | None = None
    faults: tuple[Fault, ...] = ()


@post("/rules/reading", status_code=200)
async def read_rules(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer a rule set in a sentence, or every fault with its place in the rule set."""
    return json_page(reading(await body_of(request)))


def reading(body: bytes) -> Reading:
    """Return what the rule set that *body* is says; sources of faults are told from its root."""
    try:
        document = canonical({"data": {"rule_set": read(body)}}, aliases.PROMOTION)
        rule_set = convert(document, RuleSetDocument).data.rule_set
    except InvalidDocument as refusal:
        return Reading(faults=tuple(relative(fault) for fault in refusal.faults))
    except Refusal:
        return Reading(faults=(Fault("malformed", "This is not JSON."),))
    return Reading(sentence(rule_set))


def relative(fault: Fault) -> Fault:
    """Return a fault of a rule set as the builder shows it: in plain words, its source told from the rule set."""
    return Fault(fault.title, plain(fault), fault.source.removeprefix(AT).lstrip("."))


def json_of(text: str) -> object:
    """Return the JSON that somebody typed.

    Raises:
        InvalidDocument: it is none; told where the rule set is.
    """
    try:
        document = read(text.encode())
    except Refusal as refusal:
        raise InvalidDocument(Fault("malformed", "This is not JSON.", AT)) from refusal
    return document if is_object(document) else {}


handlers = [building_blocks, read_rules]
