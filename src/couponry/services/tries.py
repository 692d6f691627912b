"""Tries to come in by a secret: how many are heard, and whom the others are held against."""

import hashlib
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from couponry.domain.errors import TooManyTries
from couponry.services.context import utc_now
from couponry.storage import tries
from couponry.storage.database import Connection
from couponry.storage.tries import Slowness

FORGOTTEN = timedelta(hours=1)

SLOWNESS = Slowness(free=5, longest=timedelta(minutes=1), forgotten=FORGOTTEN)
"""What is held against where tries come from: nobody elsewhere waits for it."""

CEILING = Slowness(free=10_000, longest=timedelta(seconds=1), forgotten=FORGOTTEN)
"""What is held against a client, whose id everybody may know: so much, and so shortly, that its owner gets in."""

GUESSES = Slowness(free=10, longest=timedelta(minutes=1), forgotten=FORGOTTEN)
"""What is held against different wrong secrets of one client from one network, where tokens are asked for."""


def whose(*what: str) -> bytes:
    """Return the name under which tries are counted."""
    return hashlib.sha256("\0".join(what).encode()).digest()


def network_of(address: str) -> str:
    """Return what one household has: an IPv4 address, or a /64 of IPv6."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else address


def _held_against(client_id: str, address: str) -> list[tuple[bytes, Slowness]]:
    """Return what a try is held against, in the one order in which all of them are locked.

    A network is also held to account for each client by itself, as coming in with another forgives it.
    """
    network = network_of(address)
    return [
        (whose("network", network), SLOWNESS),
        (whose("network and client", network, client_id), SLOWNESS),
        (whose("client", client_id), CEILING),
    ]


async def count(connection: Connection, client_id: str, address: str) -> None:
    """Count a try to sign in, before anything is looked at: commit it whatever comes of the try.

    Raises:
        TooManyTries: too many have failed that came from there, or very many with that client.
    """
    for who, slowness in _held_against(client_id, address):
        await _count(connection, who, slowness)
    await tries.sweep(connection, utc_now() - FORGOTTEN)


async def _count(connection: Connection, who: bytes, slowness: Slowness) -> None:
    wait = await tries.count_try(connection, who, utc_now(), slowness)
    if wait is not None:
        raise TooManyTries(wait)


async def forgive(connection: Connection, client_id: str, address: str) -> None:
    """Hold no earlier try against who has come in."""
    for who, _ in _held_against(client_id, address):
        await tries.forgive(connection, who)


async def require_heard(connection: Connection, client_id: str, address: str) -> None:
    """Let a right secret pass, unless it may be the last of a row of guesses.

    Raises:
        TooManyTries: too many wrong ones have come from there just before.
    """
    wait = await tries.waiting(connection, _guesser(client_id, address), utc_now(), GUESSES)
    if wait is not None:
        raise TooManyTries(wait)


async def count_guess(connection: Connection, client_id: str, secret: str, address: str) -> None:
    """Count a wrong secret of a client that exists, each once: a machine that has only an old one guesses nothing.

    Raises:
        TooManyTries: too many have come from there.
    """
    guessed = whose("guess", network_of(address), client_id, secret)
    if await tries.is_new(connection, guessed, utc_now(), FORGOTTEN):
        await _count(connection, _guesser(client_id, address), GUESSES)
        await tries.sweep(connection, utc_now() - FORGOTTEN)


def _guesser(client_id: str, address: str) -> bytes:
    return whose("guesses", network_of(address), client_id)
