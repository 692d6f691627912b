"""`couponry demo`: a season of promotions, codes and redemptions, made by the services that make real ones."""

from typing import TYPE_CHECKING, Annotated

import typer

from couponry.cli.errors import UserError
from couponry.cli.options import JsonOption, StoreOption, Where
from couponry.cli.output import note, progress, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client, Document
    from couponry.cli.demo_season import Code, Visit

AT_A_TIME = 8
"""How many shoppers come at the same moment."""


def demo(
    redemptions: Annotated[int, typer.Option(min=0, max=100_000, help="How many shoppers came.")] = 1500,
    clean: Annotated[bool, typer.Option("--clean", help="Delete what a demo made, and nothing else.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also into a store that has promotions.")] = False,
    store: StoreOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Fill a store with a season of promotions, codes and redemptions, to look at and to try things on.

    It goes into the database here, and into no store that has promotions, nor twice, unless forced to. --clean
    deletes its promotions with their codes, and its products; uses of its codes stay in the ledger.
    """
    from couponry.cli.client import run
    from couponry.cli.session import require_here

    require_here()

    async def work(client: "Client") -> "Document":
        if clean:
            return await _clean(client)
        await _require_room(client, force=force)
        return await _fill(client, redemptions)

    made = run(Where(store=store), work)
    if as_json:
        tell({"data": made})
    counted = ", ".join(f"{count} {what}" for what, count in made.items())
    note(f"Deleted: {counted}." if clean else f"Made: {counted}.")


async def _made_before(client: "Client") -> "list[Document]":
    from couponry.cli.client import PROMOTIONS
    from couponry.cli.demo_season import MARK

    return [one for one in await client.every(PROMOTIONS, 10_000) if one.get(MARK) is True]


async def _require_room(client: "Client", *, force: bool) -> None:
    from couponry.cli.client import PROMOTIONS

    if force:
        return
    if await _made_before(client):
        raise UserError("The demo is here already; `couponry demo --clean` deletes it, --force makes another.")
    if await client.count(PROMOTIONS):
        raise UserError(
            "The store has promotions; choose another with --store, or put the demo beside them by --force."
        )


async def _clean(client: "Client") -> "Document":
    from couponry.cli.client import PROMOTIONS
    from couponry.cli.demo_season import PRODUCTS
    from couponry.cli.errors import Refused

    found = await _made_before(client)
    for one in found:
        await client.ask("DELETE", f"{PROMOTIONS}/{one['id']}")
    products = 0
    for id_, *_ in PRODUCTS if found else ():
        try:
            await client.ask("DELETE", f"/v2/products/{id_}")
            products += 1
        except Refused:
            pass  # somebody deleted it
    return {"promotions": len(found), "products": products}


async def _fill(client: "Client", redemptions: int) -> "Document":
    from couponry.cli import demo_season as season
    from couponry.cli.client import PROMOTIONS
    from couponry.services import figures
    from couponry.services.context import utc_now

    now = utc_now()
    await client.ask("PUT", "/v2/products", {"data": season.products()})
    codes = 0
    for campaign in season.CAMPAIGNS:
        made = await client.one("POST", PROMOTIONS, season.promotion(campaign, now))
        codes += await _codes(client, made["id"], campaign.codes, campaign.generated)
    discounted = await _redeem(client, season.visits(redemptions, now))
    assert client.local is not None
    await figures.take_in(client.local.api.database)
    return {
        "products": len(season.PRODUCTS),
        "promotions": len(season.CAMPAIGNS),
        "codes": codes,
        "redemptions": redemptions,
        "discounted": discounted,
    }


async def _codes(client: "Client", promotion_id: str, named: "tuple[Code, ...]", generated: int) -> int:
    from couponry.cli.client import PROMOTIONS
    from couponry.cli.code_jobs import made_here

    if named:
        body = {"type": "promotion_codes", "codes": [{"code": one.code, **one.limits} for one in named]}
        await client.ask("POST", f"{PROMOTIONS}/{promotion_id}/codes", {"data": body})
    if generated:
        parameters = {"number_of_codes": generated, "max_uses_per_code": 1}
        await made_here(client, promotion_id, parameters)
    return len(named) + generated


async def _redeem(client: "Client", visits: "list[Visit]") -> int:
    """Let everybody of the season buy, each at their moment; return how many got a discount."""
    import asyncio

    few = asyncio.Semaphore(AT_A_TIME)
    granted = come_by = 0
    with progress("redeeming") as advance:

        async def come(visit: "Visit") -> None:
            nonlocal granted, come_by
            async with few:
                discounted = await _buy(client, visit)
            granted += discounted
            come_by += 1
            advance(come_by, len(visits))

        await asyncio.gather(*map(come, visits))
    return granted


async def _buy(client: "Client", visit: "Visit") -> bool:
    """Redeem a cart as of its moment; tell whether it got a discount."""
    import msgspec

    from couponry.domain.cart import Cart
    from couponry.domain.redemption import RedemptionState
    from couponry.services.redeeming import Order, redeem

    assert client.local is not None
    api, store = client.local
    cart = dict(visit.cart)
    order = Order(
        store_id=store.store_id,
        actor="demo",
        codes=tuple(cart.pop("codes")),
        order_id=cart.pop("order_id"),
        cart=msgspec.convert(cart, Cart),
        explain=False,
        state=RedemptionState.CONFIRMED,
        hold_seconds=1,
        strict=False,
        key=None,
        at=visit.at,
    )
    redeemed = (await redeem(api.till, order)).redemption
    if visit.returned:
        await client.ask("POST", f"/v2/rule-promotions/redemptions/{redeemed.id}/release")
    return bool(redeemed.uses)
