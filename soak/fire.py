"""Clients that redeem, confirm and release at once, while the processes that answer them are killed."""

import asyncio
import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from bench.load import request
from soak.audit import used_up
from soak.customer import Customer
from soak.plan import Plan, Wish, topping_up
from soak.servers import Server
from soak.told import Moved, Reply, Story, said

PROMOTIONS = "/v2/rule-promotions"
REDEMPTIONS = f"{PROMOTIONS}/redemptions"

ASKED_AGAIN = 0.05
"""How many ask again although they were told."""


class Due(NamedTuple):
    """A move that is to be made."""

    at: float
    number: int
    story: Story
    moves: tuple[str, ...]


class Fire:
    """What happens, and what is told."""

    def __init__(self, plan: Plan, servers: Sequence[Server], token: str, seed: int, kills: int) -> None:
        self.plan, self.servers, self.token = plan, servers, token
        self.stories: list[Story] = []
        self.findings: list[str] = []
        """What cannot be."""
        self.tally: Counter[str] = Counter()
        """How often what happened."""
        self.late = 0
        """Requests that did what was asked when their clients had left, asked elsewhere and been refused."""
        self.asked = 0
        """How many redemptions were asked for before it came to what was left."""
        self._luck = random.Random(f"{seed} luck")
        self._prefix = f"soak-{seed}"
        self._wishes: Iterator[Wish] = iter(plan.wishes)
        self._agenda: list[Due] = []
        total = len(plan.wishes)
        self._kills = sorted(self._luck.randrange(total) for _ in range(kills))
        self._numbers = itertools.count(total)

    @property
    def unanswered(self) -> int:
        """How many requests were sent in vain."""
        return sum(self.tally[how] for how in ("hung up", "cut off", "silent", "answered 503"))

    async def burn(self, customers: Sequence[Customer], deadline: float) -> None:
        """Ask for everything, or what can be asked until the *deadline*, and make all moves that follow."""
        async with asyncio.TaskGroup() as group:
            for customer in customers:
                group.create_task(self._burn(customer, deadline))

        self.asked = len(self.stories)

    async def _burn(self, customer: Customer, deadline: float) -> None:
        while True:
            now = time.time()
            if self._agenda and self._agenda[0].at <= now:
                await self._move(customer, heapq.heappop(self._agenda))
            elif now < deadline and (wish := next(self._wishes, None)) is not None:
                await self._redeem(customer, self._story(wish))
                self._kill_when_due()
            elif self._agenda:
                await asyncio.sleep(min(self._agenda[0].at - now, 0.05))
            else:
                return

    def _story(self, wish: Wish) -> Story:
        story = Story(wish, f"{self._prefix}-{wish.number}")
        self.stories.append(story)
        return story

    def _kill_when_due(self) -> None:
        while self._kills and len(self.stories) > self._kills[0]:
            self._kills.pop(0)
            self.kill(self._luck.choice(self.servers))

    def kill(self, server: Server) -> None:
        """Kill an API process and start it again."""
        server.kill()
        self.tally["killed"] += 1

    async def _redeem(self, customer: Customer, story: Story) -> Reply:
        sending = self._redeeming(story)
        reply = await customer.ask(sending)
        self.findings += story.hear(reply)
        if story.id is not None:
            self.tally["replayed"] += reply.replayed
            if customer.luck.random() < ASKED_AGAIN:
                self._compare(story, reply, await customer.ask(sending))
            self._plan_moves(story, story.wish.fate.value[2], customer.luck)
        return reply

    def _redeeming(self, story: Story) -> bytes:
        return request(REDEMPTIONS, self.token, story.wish.body(), f"Idempotency-Key: {story.key}\r\n")

    def _compare(self, story: Story, first: Reply, again: Reply) -> None:
        self.tally["asked again"] += 1
        if (again.status, again.body, again.replayed) != (201, first.body, True):
            self.findings.append(f"{story.key}: asked again, answered {again.status} {again.body[:300]!r}")

    def _plan_moves(self, story: Story, moves: tuple[str, ...], luck: random.Random) -> None:
        if not moves:
            return
        at = time.time() + luck.choice([0, luck.uniform(0, 0.5)])
        if story.wish.fate.late and not story.moves:
            at = story.expires_at + luck.choice([luck.uniform(-0.03, 0.01), luck.uniform(0, 0.5)])
        heapq.heappush(self._agenda, Due(at, next(self._numbers), story, moves))

    async def _move(self, customer: Customer, due: Due) -> None:
        story, (move, *later) = due.story, due.moves
        reply = await customer.ask(request(f"{REDEMPTIONS}/{story.id}/{move}", self.token, b""))
        done = reply.status == 200
        if not done and not (reply.status == 409 and move == "confirm" and b"Redemption Expired" in reply.body):
            self.findings.append(f"{story.key}: {move} answered {reply.status} {reply.body[:300]!r}")
        story.moves.append(Moved(move, done, reply.first_sent, reply.received, reply.unanswered))
        self._plan_moves(story, tuple(later), customer.luck)

    async def settle(self, customers: Sequence[Customer]) -> None:
        """Let those ask again who were refused while what they had sent before may still have been under way.

        Refusals are not remembered: a process may come to the first request when the client has left, asked another
        process and been refused. Who asks once more learns of it.
        """
        await self._share(customers, [story for story in self.stories if story.waits_for_truth], self._ask_once_more)
        await self.burn(customers, 0)  # the moves of what they were told now
        await self._share(customers, [story for story in self.stories if _doubtful(story)], self._look)

    async def _ask_once_more(self, customer: Customer, story: Story) -> None:
        self.late += (await self._redeem(customer, story)).replayed

    async def _look(self, customer: Customer, story: Story) -> None:
        reply = await customer.ask(request(f"{REDEMPTIONS}/{story.id}", self.token, b"", method="GET"))
        if story.moves[-1].move == "confirm" and said(reply)["state"] == "confirmed":
            story.moves[-1] = story.moves[-1]._replace(done=True, received=reply.received)
            self.late += 1

    async def top_up(self, customers: Sequence[Customer]) -> None:
        """Ask for what is left of every code that somebody was refused, many at once, until it is refused again."""
        wanted = sorted(used_up(self.stories))
        gone = set[str]()

        async def use_up(customer: Customer, codes: list[str]) -> None:
            for code in codes:
                for wish in topping_up(self.plan.codes[code], self._numbers):
                    if code in gone:
                        break
                    await self._redeem(customer, story := self._story(wish))
                    self.tally["topped up"] += story.id is not None
                    if story.id is None:
                        gone.add(code)

        orders = [self._luck.sample(wanted, len(wanted)) for _ in customers]
        await self._share(customers, orders, use_up)

    async def _share(
        self, customers: Sequence[Customer], work: list[Any], do: Callable[[Customer, Any], Coroutine[Any, Any, None]]
    ) -> None:
        left = iter(work)

        async def help_out(customer: Customer) -> None:
            for one in left:
                await do(customer, one)

        async with asyncio.TaskGroup() as group:
            for customer in customers:
                group.create_task(help_out(customer))

    async def expire(self) -> None:
        """Return when no hold lasts any more that nobody will move."""
        held = [story.expires_at for story in self.stories if story.state == "held" and story.id is not None]
        await asyncio.sleep(max([0.0, *(at - time.time() for at in held)]) + 0.1)

    async def watch(self, customer: Customer, pause: float) -> None:
        """Verify the counters by the ledger again and again, until cancelled."""
        while True:
            await asyncio.sleep(pause)
            reply = await customer.ask(request(f"{PROMOTIONS}/invariants", self.token, b"", method="GET"))
            found = said(reply)
            self.tally["verified meanwhile"] += 1
            if not found["ok"]:
                self.findings.append(f"counters drifted: {msgspec.json.encode(found['drift'])[:500]!r}")


def _doubtful(story: Story) -> bool:
    return bool(story.moves) and not story.moves[-1].done and story.moves[-1].unanswered > 0
