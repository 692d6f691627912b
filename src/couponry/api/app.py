"""The application that an API process serves."""

import gc
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.types import ControllerRouterHandler

from couponry.api import (
    audit_log,
    auth,
    cart_items,
    cart_shipping,
    cart_shoppers,
    carts,
    checkout,
    clients,
    code_imports,
    codes,
    docs,
    evaluations,
    files,
    health,
    invariants,
    job_events,
    jobs,
    metrics,
    orders,
    payments,
    products,
    promotions,
    redemptions,
    statistics,
    store_settings,
    usages,
)
from couponry.api.errors import HANDLERS
from couponry.api.state import ActiveClients, Api, Keys
from couponry.domain.audit import Via
from couponry.services import access
from couponry.services.look_ups import LookUps
from couponry.services.promotion_cache import PromotionCache
from couponry.services.till import Till
from couponry.services.watching import Watching
from couponry.settings import Settings, settings
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles

CLIENT_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "X-Request-Id",
    "X-Moltin-Customer-Token",
    "X-Moltin-Currency",
    "X-Moltin-Language",
    "X-Moltin-Auth-Store",
    "X-Moltin-Application",
    "X-Moltin-SDK-Language",
    "X-Moltin-SDK-Version",
    "EP-Account-Management-Authentication-Token",
    "EP-Channel",
    "EP-Context-Tag",
    "EP-Beta-Features",
    "EP-Disable-Beta-Filtering",
]
"""What official clients send from browsers."""


def create_app(
    configured: Settings | None = None,
    further: Sequence[ControllerRouterHandler] = (),
    refusing: dict[int | type[Exception], Any] | None = None,
) -> Litestar:
    """Return the application, with the settings of this process unless others are given.

    *further* handlers answer beside the API's, and *refusing* tells how some exceptions are answered outside of all.
    """
    chosen = configured or settings()
    return Litestar(
        route_handlers=[
            auth.create_access_token,
            health.healthz,
            health.readyz,
            metrics.metrics,
            *files.handlers,
            promotions.router,
            codes.router,
            jobs.router,
            job_events.router,
            code_imports.router,
            evaluations.router,
            redemptions.router,
            usages.router,
            statistics.router,
            invariants.get_invariants,
            audit_log.get_audit_log,
            clients.router,
            products.router,
            carts.router,
            cart_items.router,
            cart_shoppers.router,
            cart_shipping.router,
            checkout.router,
            orders.router,
            payments.router,
            store_settings.router,
            *docs.handlers,
            *further,
        ],
        lifespan=[lambda app: running(app, chosen)],
        middleware=[metrics.middleware],
        exception_handlers=HANDLERS | (refusing or {}),
        cors_config=CORSConfig(allow_origins=["*"], allow_headers=CLIENT_HEADERS),
        request_max_body_size=chosen.max_body_bytes,
        openapi_config=None,
        logging_config=None,
    )


@asynccontextmanager
async def running(app: Litestar, chosen: Settings, via: Via = Via.API) -> AsyncGenerator[Api]:
    """Hold connections and keys for as long as the application runs, and lend what it holds.

    *via* is how requests come in, for the audit log.
    """
    assert chosen.database_url is not None
    database = Database(chosen.database_url, chosen.database_connections)
    await database.open()
    secret = chosen.secret_key.get_secret_value() if chosen.secret_key else None
    async with database.connection() as connection:
        keys = Keys(
            tokens=await access.signing_key(connection, "tokens", secret),
            links=await access.signing_key(connection, "links", secret),
            sessions=await access.signing_key(connection, "sessions", secret),
            shoppers=await access.signing_key(connection, "shoppers", None),
        )
    exports = ExportFiles(chosen.exports_url, chosen.data_dir / "exports")
    gc.freeze()  # what has been imported stays: no collection need look at it again
    cache = PromotionCache(database)
    till = Till(database, cache, LookUps(database), keys.shoppers)
    watching = Watching(database)
    app.state["api"] = api = Api(chosen, database, exports, keys, ActiveClients(), cache, till, watching, via)
    try:
        yield api
    finally:
        await watching.finish()
        await till.finish()
        await database.close()
