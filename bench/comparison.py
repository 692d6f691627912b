"""Our engine and Medusa's promotion module on the same cart and promotions, as a shop calls them: with a database."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec
import psycopg
import uvloop
from psycopg import conninfo

from bench import carts, rival
from bench.engine import DECODER, judging, microseconds
from bench.report import Row
from bench.rig import Rig
from bench.stock import stock
from couponry.api.process import GARBAGE
from couponry.domain.outcome import Evaluation
from couponry.services.context import utc_now
from couponry.services.evaluations import evaluate_cart
from couponry.services.look_ups import LookUps
from couponry.services.promotion_cache import PromotionCache
from couponry.storage.database import Database

WITH_DATABASE = "evaluations with database / those of @medusajs/promotion"
IN_MEMORY = "the same, promotions in memory"
THEIR_DATABASE = "medusa"


def measured(here: Rig) -> Iterator[Row]:
    """Compare where Node is present: each with its database, which counts, and for information without."""
    with _their_database(here) as url:
        theirs = rival.with_database(url)
    if theirs is None:
        yield Row(WITH_DATABASE, "not run", ">= 20", "", "no Node or npm", reached=True)
        return
    stock(here)
    ours, judged = uvloop.run(_evaluations_per_second(here))
    _tell(theirs, judged)
    yield _row(WITH_DATABASE, ours, theirs.evaluations_per_second, 20)
    alone = rival.in_memory()
    assert alone is not None
    assert set(alone.applied) == set(theirs.applied), "Medusa's database selects other promotions than we do for it"
    [judging_alone] = microseconds(judging(20, 50))
    yield _row(IN_MEMORY, 1_000_000 / judging_alone, alone.evaluations_per_second)


@contextmanager
def _their_database(here: Rig) -> Iterator[str]:
    """Lend the URL of an empty database for Medusa, on the server that has ours."""
    with psycopg.connect(here.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {THEIR_DATABASE}")
        try:
            server = conninfo.conninfo_to_dict(here.database_url)
            yield rival.database_url(THEIR_DATABASE, **server)
        finally:
            connection.execute(f"DROP DATABASE {THEIR_DATABASE} WITH (FORCE)")


async def _evaluations_per_second(here: Rig, seconds: float = 5) -> tuple[float, Evaluation]:
    """Return how many carts this process judges in a second, one after another, and how it judges them."""
    gc.collect()
    gc.set_threshold(GARBAGE)  # as in an API process
    with psycopg.connect(here.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")  # as Medusa's database has had
    cart = DECODER.decode(msgspec.json.encode({"data": carts.cart(20)})).data
    database, store_id = Database(here.database_url), UUID(here.store_id)
    promotions, look_ups = PromotionCache(database), LookUps(database)

    async def once() -> Evaluation:
        return await evaluate_cart(look_ups, promotions, store_id, cart, cart.codes, at=utc_now())

    async def rate() -> float:
        begun, count = time.perf_counter(), 0
        while time.perf_counter() < begun + seconds:
            await once()
            count += 1
        return count / (time.perf_counter() - begun)

    await database.open()
    try:
        await rate()
        return await rate(), await once()
    finally:
        await database.close()


def _tell(theirs: rival.WithDatabase, ours: Evaluation) -> None:
    """Tell what applied on each side, and make sure that it is the same but where Medusa has nothing alike."""
    codes = carts.cart(20)["codes"]
    applied = {one.code if one.code in codes else one.name.replace("promotion ", "P") for one in ours.applied}
    differing = applied ^ set(theirs.applied)
    print(
        f"@medusajs/promotion makes {theirs.statements} statements for an evaluation; {len(theirs.applied)} promotions"
        f" apply, with {theirs.actions} actions. Ours makes one; {len(applied)} apply, with"
        f" {sum(len(line.discounts) for line in ours.items)} discounts. Only one side applies {sorted(differing)}.",
        file=sys.stderr,
    )
    assert differing <= rival.without_equal(carts.promotions(50)), differing


def _row(name: str, ours: float, theirs: float, required: float | None = None) -> Row:
    return Row(
        name,
        f"{ours / theirs:.1f}",
        f">= {required}" if required else "",
        "",
        f"{ours:,.0f} against {theirs:,.0f} evaluations/s",
        required is None or ours >= required * theirs,
    )
