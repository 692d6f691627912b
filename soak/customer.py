"""A client that repeats a request until somebody answers it, and now and then hangs up before."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence

from soak.servers import Server
from soak.told import Reply

HANG_UPS = 0.08
"""How many requests are given up before their answer is read."""

PATIENCE = 20
"""Seconds after which a silent server is given up."""

HOPELESS = 120
"""Seconds after which nobody will ever answer."""


class NobodyAnswers(Exception):
    """A request was repeated until it made no sense any more."""


class Customer:
    """One client, with a connection to each of the servers."""

    def __init__(self, servers: Sequence[Server], luck: random.Random, tally: Counter[str]) -> None:
        self.servers, self.luck, self.tally = servers, luck, tally
        self.calm = False
        """Whether it never hangs up."""
        self._connections: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    def close(self) -> None:
        """Hang up everywhere."""
        for port in list(self._connections):
            self._hang_up(port)

    async def ask(self, request: bytes) -> Reply:
        """Send a request to any server until one answers it.

        Raises:
            NobodyAnswers: in two minutes.
        """
        first_sent, unanswered = time.time(), 0
        while True:
            last_sent = time.time()
            answer = await self._attempt(request)
            if answer is not None and not answer[0].startswith(b"HTTP/1.1 503"):
                head, body = answer
                return Reply(int(head[9:12]), head, body, first_sent, last_sent, time.time(), unanswered)
            self.tally["answered 503"] += answer is not None
            unanswered += 1
            if last_sent - first_sent > HOPELESS:
                raise NobodyAnswers(request.partition(b"\r\n")[0].decode())

    async def _attempt(self, request: bytes) -> tuple[bytes, bytes] | None:
        """Send a request; return the head and the body of the answer, None for one that did not come or is not read."""
        port = self.luck.choice(self.servers).port
        impatient = not self.calm and self.luck.random() < HANG_UPS
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await self._connected(port)
                if impatient:
                    await self._leave(writer, request)
                else:
                    writer.write(request)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                    return head, await reader.readexactly(length)
        except TimeoutError:
            self.tally["silent"] += 1
        except (OSError, asyncio.IncompleteReadError):
            self.tally["cut off"] += 1
        self._hang_up(port)
        return None

    async def _leave(self, writer: asyncio.StreamWriter, request: bytes) -> None:
        """Hang up in the middle of the request, right after it, or while it is being answered."""
        whole = self.luck.random() < 0.8
        writer.write(request if whole else request[: self.luck.randrange(len(request))])
        await asyncio.sleep(self.luck.choice([0, self.luck.uniform(0, 0.01), self.luck.uniform(0, 0.2)]))
        self.tally["hung up"] += 1

    async def _connected(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if port not in self._connections:
            self._connections[port] = await asyncio.open_connection("127.0.0.1", port)
        return self._connections[port]

    def _hang_up(self, port: int) -> None:
        connection = self._connections.pop(port, None)
        if connection is not None:
            # Half of those who leave say so; the connection of the others just breaks.
            _, writer = connection
            (writer.close if self.luck.random() < 0.5 else writer.transport.abort)()
