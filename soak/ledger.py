"""What the database has on record of a store's redemptions."""

from typing import Any, NamedTuple

import psycopg

from soak.told import SLACK, Story


class Entry(NamedTuple):
    """A redemption and its uses."""

    state: str
    made: float
    """Seconds since 1970."""
    uses: dict[str, int]
    """By code."""
    counting: set[str]
    """The states of its rows in the ledger."""


class Ledger(NamedTuple):
    """All of them, the keys that have an answer, and how often PostgreSQL had to break a circle."""

    entries: dict[str, Entry]
    keys: set[str]
    deadlocks: int


def read(database_url: str, store_id: str) -> Ledger:
    """Return what is on record of a store."""
    with psycopg.connect(database_url, autocommit=True) as connection:

        def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]

        made = rows("SELECT id::text, state, created_at FROM redemptions WHERE store_id = %s", store_id)
        entries = {id_: Entry(state, at.timestamp(), {}, set()) for id_, state, at in made}
        for id_, code, state, uses in rows(
            "SELECT redemption_id::text, code, state::text, uses FROM usages WHERE store_id = %s", store_id
        ):
            # A use without a redemption is told as one of a redemption that nobody was told of.
            entry = entries.setdefault(id_, Entry("missing", 0.0, {}, set()))
            entry.uses[code] = entry.uses.get(code, 0) + uses
            entry.counting.add(state)
        keys = {key for (key,) in rows("SELECT key FROM idempotency_keys WHERE store_id = %s", store_id)}
        [(deadlocks,)] = rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return Ledger(entries, keys, deadlocks)


KEPT_AS = {"confirmed": [{"used"}], "released": [{"released"}], "held": [{"held"}, {"released"}, {"held", "released"}]}
"""The states that uses may have in the ledger, by that of their redemption."""


def differences(stories: list[Story], ledger: Ledger) -> list[str]:
    """Return where the ledger is not what clients were told: nothing more, nothing less, nothing twice."""
    found: list[str] = []
    granted = {story.id: story for story in stories if story.id is not None}
    if len(granted) != sum(story.id is not None for story in stories):
        found.append("one redemption was granted to two requests")
    found += [
        f"{id_}: {entry} is on record, but nobody was told"
        for id_, entry in ledger.entries.items()
        if id_ not in granted
    ]
    for id_, story in granted.items():
        entry = ledger.entries.get(id_)
        if entry is None:
            found.append(f"{story.key}: {id_} was granted, but is not on record")
            continue
        if entry.uses != story.uses:
            found.append(f"{story.key}: granted {story.uses}, on record {entry.uses}")
        if entry.state != story.state or (entry.uses and entry.counting not in KEPT_AS[story.state]):
            found.append(f"{story.key}: told {story.state}, on record {entry.state} and {entry.counting}")
        if story.made_after is not None and entry.made < story.made_after - SLACK:
            found.append(f"{story.key}: had been granted before, but the retry was answered as though it was the first")
    kept = {story.key for story in granted.values()}
    found += [f"{key}: has an answer, but was refused" for key in ledger.keys - kept]
    found += [f"{key}: was granted, but has no answer" for key in kept - ledger.keys]
    return found
