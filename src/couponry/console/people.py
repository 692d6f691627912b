"""Who did something, as people call them: clients by their names, what nobody has made by its id."""

from collections.abc import Iterable

from msgspec import UnsetType

from couponry.services import clients
from couponry.services.context import Context

OPERATORS = {"cli": "the command line", "serve": "the first start"}
"""Who does things beside clients."""


async def names_of(context: Context, *client_ids: str | UnsetType | None) -> dict[str, str]:
    """Return what those who have these ids are called, by id, in one look-up; unknown ids are left out."""
    return OPERATORS | await clients.names_of(context, {id_ for id_ in client_ids if isinstance(id_, str)})


def choices(clients_: Iterable[tuple[str, str, bool]]) -> dict[str, str]:
    """Return how clients, each with its id, its name and whether it is revoked, are told apart in a list, by id."""
    listed = list(clients_)
    alike = [name for _, name, _ in listed]
    return {
        id_: f"{name}{f' ({id_[:8]}…)' if alike.count(name) > 1 else ''}{', revoked' if revoked else ''}"
        for id_, name, revoked in listed
    }
