"""The clients that this user may ask servers as, kept where nobody else reads them."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from couponry.cli.errors import NotSignedIn, UserError
from couponry.domain.credentials import Credentials
from couponry.settings import settings

FILE = "logins.json"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def address(url: str | None) -> str:
    """Return the address of the server that is meant.

    Raises:
        UserError: none is named, it is no address, or secrets would cross a network in the clear.
    """
    server = url or settings().url
    if server is None:
        raise UserError("Which server? Name it with --url or COUPONRY_URL.")
    scheme, host = _scheme_and_host(server)
    if scheme not in ("http", "https") or not host:
        raise UserError(f"{server} is no address of a server: it begins with https://.")
    if scheme == "http" and host not in LOOPBACK:
        raise UserError(f"{server} would be sent the client's secret in the clear; use https.")
    return server.rstrip("/")


def _scheme_and_host(server: str) -> tuple[str, str]:
    import httpx

    try:
        parts = urlsplit(server)
        host = parts.hostname or ""
        _ = httpx.URL(server), parts.port, host.encode("idna")
    except (ValueError, httpx.InvalidURL) as error:
        raise UserError(f"{server!r} is no address of a server: {error}.") from None
    return parts.scheme, host


def credentials_for(server: str) -> Credentials:
    """Return as whom to ask a server: as the settings say, else as whoever logged in.

    Raises:
        NotSignedIn: nobody did.
    """
    chosen = settings()
    if chosen.client_id is not None and chosen.client_secret is not None:
        return Credentials(chosen.client_id, chosen.client_secret.get_secret_value())
    known = _kept().get(server)
    if known is None:
        raise NotSignedIn(
            f"No client is known for {server}; run `couponry login --url {server}`,"
            " or set COUPONRY_CLIENT_ID and COUPONRY_CLIENT_SECRET."
        )
    return known


def keep(server: str, credentials: Credentials) -> Path:
    """Keep as whom to ask a server, and return the file."""
    _write(_kept() | {server: credentials})
    return _file()


def forget(server: str) -> None:
    """Keep them no longer.

    Raises:
        UserError: nobody logged in.
    """
    kept = _kept()
    if server not in kept:
        raise UserError(f"Nobody is signed in to {server}.")
    del kept[server]
    _write(kept)


def _file() -> Path:
    return settings().data_dir / FILE


def _kept() -> dict[str, Credentials]:
    try:
        return msgspec.json.decode(_file().read_bytes(), type=dict[str, Credentials])
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UserError(f"{_file()} cannot be read; delete it and log in again.") from error


def _write(kept: dict[str, Credentials]) -> None:
    """Write *kept* where only this user reads it, all or nothing."""
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as written:
        written.write(msgspec.json.encode(kept))
    fresh.replace(file)
