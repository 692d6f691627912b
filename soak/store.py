"""The store that is redeemed from."""

import os
from typing import Any, NamedTuple

import httpx

from couponry.services import access, clients
from couponry.services.context import Context
from couponry.storage.database import Database
from soak.plan import Plan


class Store(NamedTuple):
    """A store of its own, and a token that speaks for its merchant."""

    id: str
    name: str
    token: str


async def opened(database_url: str, api: str) -> Store:
    """Make a store, and sign its merchant in."""
    database = Database(database_url, connections=1)
    await database.open()
    async with database.transaction() as connection:
        store = await access.create_store(connection, access.new_store(f"soak-{os.urandom(4).hex()}", None, 50))
        merchant = await clients.create_client(Context(connection, store.store_id, "soak"), "soak")
    await database.close()
    form = {
        "grant_type": "client_credentials",
        "client_id": merchant.client_id,
        "client_secret": merchant.client_secret,
    }
    async with httpx.AsyncClient() as http:
        token = (await http.post(f"{api}/oauth/access_token", data=form)).raise_for_status().json()["access_token"]
    return Store(str(store.store_id), store.name, token)


def stocked(store: Store, api: str, plan: Plan) -> None:
    """Create the two promotions, one of the cart and one of its items, and their codes."""
    with httpx.Client(base_url=f"{api}/v2/rule-promotions", headers={"Authorization": f"Bearer {store.token}"}) as http:
        for letter, strategy in (("C", "cart_discount"), ("I", "item_discount")):
            made = http.post("", json={"data": _promotion(strategy)}).raise_for_status().json()["data"]["id"]
            codes = [code.written() for code in plan.codes.values() if code.name.startswith(letter)]
            body = {"data": {"type": "promotion_codes", "codes": codes}}
            http.post(f"/{made}/codes", json=body).raise_for_status()


def _promotion(strategy: str) -> dict[str, Any]:
    return {
        "type": "rule_promotion",
        "name": strategy,
        "enabled": True,
        "start": "2024-01-01",
        "end": "2099-01-01",
        "rule_set": {
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [100]},
            "actions": [{"strategy": strategy, "args": ["percent", 10]}],
        },
    }
