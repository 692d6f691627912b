"""What is said of an operation of the API: the part of the OpenAPI document that no code says."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from couponry.domain.errors import Refusal
from couponry.storage.filters import Attributes


class Operation(NamedTuple):
    """What one operation takes, answers and refuses. The handler says the rest."""

    description: str
    answer: type[msgspec.Struct] | None = None
    """None for an answer without a body, or one that is no JSON."""
    answer_type: str = "application/json"
    csv: bool = False
    """Whether a table can be asked for in place of the answer."""
    body: type[msgspec.Struct] | None = None
    body_type: str = "application/json"
    body_required: bool = True
    """Otherwise it may be left out."""
    partial: bool = False
    """Whether what `data` of the body leaves out stays as it is."""
    examples: Mapping[str, Any] = MappingProxyType({})
    """Bodies to try, by what they are for."""
    refuses: tuple[Refusal, ...] = ()
    """Beside what follows from the body, the lists, and who may come in."""
    nothing: str | None = None
    """What a 204 means, where the usual answer is another."""
    unavailable: type[msgspec.Struct] | None = None
    """What a 503 says, if it is not an error like others."""
    uses_database: bool = True
    file: str | None = None
    """A body that is a file of CSV, to try."""
    options: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    """What may stand in the query: a description and a schema each."""
    query: Mapping[str, str] = MappingProxyType({})
    """What else must stand in the query, and what it means."""
    headers: Mapping[str, str] = MappingProxyType({})
    """What may stand in the head, and what it means."""
    includes: tuple[str, ...] = ()
    """What can be asked for beside the answer."""
    filters: Attributes | None = None
    """Of a list: what it can be filtered by."""
    orders: tuple[str, ...] = ()
    """Of a list: what it can be sorted by."""


class Tag(NamedTuple):
    """Operations that belong together, by their ids."""

    name: str
    description: str
    operations: dict[str, Operation]
