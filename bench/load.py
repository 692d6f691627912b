"""A load of HTTP requests over connections that are kept open; costs the machine as little as Python can."""

import asyncio
import time
from collections.abc import Iterator

import uvloop


def request(path: str, token: str, body: bytes, headers: str = "", method: str = "POST") -> bytes:
    """Return a request, ready to be sent."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


class Answers(asyncio.Protocol):
    """One connection: sends the next request when an answer is complete."""

    def __init__(self, requests: Iterator[bytes], done: "asyncio.Future[None]") -> None:
        self.requests, self.done = requests, done
        self.statuses: dict[int, int] = {}
        self.seconds: list[float] = []
        self._received = b""
        self._missing = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._send()

    def _send(self) -> None:
        following = next(self.requests, None)
        if following is None:
            self.transport.close()
            return
        self._begun = time.perf_counter()
        self.transport.write(following)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._received += data
            head, found, rest = self._received.partition(b"\r\n\r\n")
            if not found:
                return
            status = int(head[9:12])
            self.statuses[status] = self.statuses.get(status, 0) + 1
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._missing = int(length or 0) - len(rest)
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self.seconds.append(time.perf_counter() - self._begun)
            self._received, self._missing = b"", -1
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Load:
    """What a load found out."""

    def __init__(self, seconds: float, connections: list[Answers]) -> None:
        self.seconds = seconds
        self.answers = sorted(taken for one in connections for taken in one.seconds)
        self.statuses: dict[int, int] = {}
        for one in connections:
            for status, count in one.statuses.items():
                self.statuses[status] = self.statuses.get(status, 0) + count

    @property
    def rate(self) -> float:
        """Return answers per second."""
        return len(self.answers) / self.seconds

    def quantile(self, part: float) -> float:
        """Return how many seconds so great a part of the answers took at most."""
        return self.answers[min(int(len(self.answers) * part), len(self.answers) - 1)]


def put_on(port: int, requests: Iterator[bytes], connections: int) -> Load:
    """Send all of *requests* over so many connections, each waiting for its answer."""

    async def run() -> Load:
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(connections)]
        begun = time.perf_counter()
        made = [
            (await loop.create_connection(lambda end=end: Answers(requests, end), "127.0.0.1", port))[1] for end in ends
        ]
        await asyncio.gather(*ends)
        return Load(time.perf_counter() - begun, made)

    return uvloop.run(run())
