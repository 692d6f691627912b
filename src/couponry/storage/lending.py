"""Lends connections, the one that was used last first."""

import select
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[TupleRow]

WARM = 4
"""How many connections are kept at hand; further ones rest in the pool, which closes those that nobody needs."""

KEPT_SECONDS = 600.0
"""For how long a connection is kept at hand before the pool sees it again, which closes those that are too old."""

TIMEOUT = 15.0
"""For how many seconds a connection is waited for."""


async def require_open(connection: Connection) -> None:
    """Refuse a connection that PostgreSQL has closed since it was last used, without asking it.

    A closed connection is one that has something to read, its end; the round trip of a query would be
    a tenth of a small request.

    Raises:
        psycopg.OperationalError: PostgreSQL has closed it.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        connection.pgconn.consume_input()
        await connection.execute("")


class Lender:
    """The connections of one process.

    A pool lends in turn, so that few clients go round all of its connections and find each of them cold: its server
    process has left the processor's caches, which costs a fifth of a request. So the last few that were given back
    are lent again before the pool is asked.
    """

    def __init__(self, url: str, most: int, configure: Callable[[Connection], Awaitable[None]]) -> None:
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=most,
            open=False,
            configure=configure,
            check=require_open,
            kwargs={"autocommit": True, "application_name": "couponry"},
        )
        self._warm: list[Connection] = []
        self._since: dict[Connection, float] = {}
        """When the pool gave each connection that it has not had back."""
        self._waiting = 0

    async def open(self) -> None:
        """Begin connecting; connections are made as they are needed."""
        await self._pool.open()

    async def close(self) -> None:
        """Give every connection back to PostgreSQL."""
        while self._warm:
            await self._to_pool(self._warm.pop())
        await self._pool.close()

    @asynccontextmanager
    async def lent(self) -> AsyncGenerator[Connection]:
        """Lend a connection for the block.

        Raises:
            psycopg_pool.PoolTimeout: none can be had in time.
        """
        connection = await self._kept() or await self._from_pool()
        try:
            async with connection:
                yield connection
        finally:
            await self._take_back(connection)

    async def _kept(self) -> Connection | None:
        while self._warm:
            connection, usable = self._warm.pop(), False
            try:
                await require_open(connection)
                usable = True
            except psycopg.OperationalError:
                continue
            finally:
                if not usable:
                    await self._to_pool(connection)
            return connection
        return None

    async def _from_pool(self) -> Connection:
        self._waiting += 1
        try:
            connection = await self._pool.getconn(timeout=TIMEOUT)
        finally:
            self._waiting -= 1
        self._since[connection] = time.monotonic()
        return connection

    async def _take_back(self, connection: Connection) -> None:
        # Whoever waits does so for the pool.
        wanted = self._waiting or len(self._warm) >= WARM
        idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
        old = time.monotonic() > self._since[connection] + KEPT_SECONDS
        if wanted or old or not idle or self._pool.closed:
            await self._to_pool(connection)
        else:
            self._warm.append(connection)

    async def _to_pool(self, connection: Connection) -> None:
        del self._since[connection]
        await self._pool.putconn(connection)
