"""The first start: a store and a client, so that a newcomer can begin at once."""

import os
from pathlib import Path

from couponry.domain.audit import Via
from couponry.domain.credentials import Credentials
from couponry.services import access, clients
from couponry.services.context import Context
from couponry.settings import Settings
from couponry.storage import stores
from couponry.storage.database import Database

FIRST_STORE = "default"


async def begin(url: str, settings: Settings) -> Path | None:
    """Make the store `default` and its first client, unless stores exist; return the file with new credentials.

    A client given by `COUPONRY_CLIENT_ID` and `COUPONRY_CLIENT_SECRET` is made at any start that lacks it, or
    given that secret, so that an operator's configuration is the truth.
    """
    database = Database(url, connections=1)
    await database.open()
    try:
        async with database.transaction() as connection:
            await stores.lock_access(connection)
            new = not await stores.has_stores(connection)
            if new:
                await access.create_store(connection, access.first_limits(FIRST_STORE, settings))
            store = await stores.store_named(connection, FIRST_STORE)
            given = _given(settings)
            if store is None:
                return None
            context = Context(connection, store.store_id, "serve", via=Via.COMMAND_LINE)
            if given is not None:
                await clients.ensure_client(context, given)
                return None
            if not new:
                return None
            drawn = await clients.create_client(context, "First client")
            return _keep(drawn, settings.data_dir)  # before the commit: credentials that exist are never lost
    finally:
        await database.close()


def _given(settings: Settings) -> Credentials | None:
    if settings.client_id is None or settings.client_secret is None:
        return None
    return Credentials(settings.client_id, settings.client_secret.get_secret_value())


def _keep(credentials: Credentials, folder: Path) -> Path:
    """Write *credentials* where only this user reads them, as lines that a shell can source."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder.absolute() / "credentials"
    file.unlink(missing_ok=True)
    with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as kept:
        kept.write(f"COUPONRY_CLIENT_ID={credentials.client_id}\nCOUPONRY_CLIENT_SECRET={credentials.client_secret}\n")
    return file
