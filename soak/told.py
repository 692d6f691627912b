"""What clients were told: the record that the ledger must agree with."""

from collections.abc import Iterator
from datetime import datetime
from math import inf
from typing import Any, NamedTuple

import msgspec

from soak.plan import Wish
from soak.timeline import Span

SLACK = 0.002
"""Moments are told and kept in whole milliseconds."""


class Reply(NamedTuple):
    """An answer, and what it took to get it; moments are seconds since 1970."""

    status: int
    head: bytes
    body: bytes
    first_sent: float
    """When the request was sent for the first time."""
    last_sent: float
    """When it was sent so that it was answered."""
    received: float
    unanswered: int
    """How often it was sent in vain."""

    @property
    def replayed(self) -> bool:
        """Whether it says that it was given before."""
        return b"\r\nidempotent-replayed: true" in self.head.lower()


class Refused(NamedTuple):
    """A code that somebody did not get, or not as often as they wanted."""

    code: str
    reason: str
    sent: float
    received: float


class Moved(NamedTuple):
    """A redemption that was to be confirmed or released."""

    move: str
    done: bool
    """Otherwise it was too late."""
    first_sent: float
    received: float
    unanswered: int


class Story(msgspec.Struct):
    """A wish and all that its client was told."""

    wish: Wish
    key: str
    first_sent: float = 0.0
    unanswered: int = 0
    id: str | None = None
    answered: float = 0.0
    made_after: float | None = None
    """When the request was sent that was answered as the first; None for one that was answered before."""
    expires_at: float = inf
    uses: dict[str, int] = {}
    refused: list[Refused] = []
    moves: list[Moved] = []

    def hear(self, reply: Reply) -> list[str]:
        """Note the answer to the wish; return what about it cannot be."""
        self.first_sent = self.first_sent or reply.first_sent
        self.unanswered += reply.unanswered
        if reply.status == 201:
            return [*self._granted(reply)]
        if reply.status == 422 and self.wish.strict:
            for error in msgspec.json.decode(reply.body)["errors"]:
                code, reason = error["meta"]["code"].upper(), error["meta"]["reason"]
                self.refused.append(Refused(code, reason, reply.last_sent, reply.received))
            return []
        return [f"{self.key}: answered {reply.status} {reply.body[:300]!r}"]

    def _granted(self, reply: Reply) -> Iterator[str]:
        data = msgspec.json.decode(reply.body)["data"]
        self.id, self.answered = data["id"], reply.received
        self.made_after = None if reply.replayed else reply.last_sent
        if "expires_at" in data:
            self.expires_at = datetime.fromisoformat(data["expires_at"]).timestamp()
        self.uses = {one["code"]: one["uses"] for one in data["uses"]}
        for one in data["evaluation"]["refused"]:
            self.refused.append(Refused(one["code"].upper(), one["reason"], self.first_sent, reply.received))
        if reply.replayed and not self.unanswered:
            yield f"{self.key}: answered the first time as though it had been answered before"
        if data["state"] != self.wish.fate.value[0]:
            yield f"{self.key}: is {data['state']}"
        if sorted([*self.uses, *(one["code"].upper() for one in data["evaluation"]["refused"])]) != sorted(
            code.upper() for code in self.wish.codes
        ):
            yield f"{self.key}: codes were neither granted nor refused, or both"

    @property
    def waits_for_truth(self) -> bool:
        """Whether the client was refused, while what it had sent before may still have been under way."""
        return self.id is None and self.unanswered > 0

    @property
    def state(self) -> str:
        """What the redemption is now."""
        moved = [one.move for one in self.moves if one.done]
        return {"confirm": "confirmed", "release": "released"}[moved[-1]] if moved else self.wish.fate.value[0]

    def move(self, name: str) -> Moved | None:
        """Return when it was confirmed or released, None if it was not."""
        return next((one for one in self.moves if one.move == name and one.done), None)

    def possible(self, uses: int) -> Iterator[Span]:
        """Return when so many uses can have been taken by it: not shorter than they were."""
        released = self.move("release")
        # A process may have come to confirm it when its client had left and been told elsewhere that it was too late.
        tried = next((one for one in self.moves if one.move == "confirm" and (one.unanswered or one.done)), None)
        confirmed = tried if tried and (tried.done or released) else None
        until = inf if released is None else released.received
        expired = min(self.expires_at + SLACK, until)
        if self.expires_at == inf or (confirmed and confirmed.first_sent <= expired):
            yield Span(self.first_sent, until, uses)
            return
        yield Span(self.first_sent, expired, uses)
        if confirmed:
            yield Span(confirmed.first_sent, until, uses)

    def sure(self, uses: int) -> Iterator[Span]:
        """Return when so many uses must have been taken by it: not longer than they were."""
        confirmed, released = self.move("confirm"), self.move("release")
        until = inf if released is None else released.first_sent
        expired = min(self.expires_at - SLACK, until)
        if self.expires_at == inf or (confirmed and confirmed.received <= expired):
            yield Span(self.answered, until, uses)
            return
        yield Span(self.answered, expired, uses)
        if confirmed:
            yield Span(confirmed.received, until, uses)


def said(reply: Reply) -> dict[str, Any]:
    """Return what an answer has under `data`."""
    return msgspec.json.decode(reply.body)["data"]
