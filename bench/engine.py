"""The engine by itself, in one process: no HTTP, no database."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from bench import carts
from bench.report import Row
from bench.rig import Rig
from couponry.api.evaluations import EvaluationDocument
from couponry.api.process import GARBAGE
from couponry.domain.evaluation import evaluate

DECODER = msgspec.json.Decoder(EvaluationDocument)


def microseconds(*sides: Callable[[], object], rounds: int = 400) -> list[float]:
    """Run the *sides* in turn and return the median of each, in microseconds."""
    gc.collect()
    gc.set_threshold(GARBAGE)  # as in an API process
    measured: list[list[int]] = [[] for _ in sides]
    for _ in range(rounds):
        for results, side in zip(measured, sides, strict=True):
            begun = time.perf_counter_ns()
            side()
            results.append(time.perf_counter_ns() - begun)
    return [statistics.median(results) / 1000 for results in measured]


def judging(lines: int, promotions: int, *, absent: int = 0, products: int = carts.SKUS) -> Callable[[], object]:
    """Return what judges a cart of so many lines by so many automatic promotions and two with codes."""
    cart = DECODER.decode(msgspec.json.encode({"data": carts.cart(lines)})).data
    book, codes = carts.stocked(promotions, products, absent=absent)
    return lambda: evaluate(cart, book, codes, carts.AT)


def measured(_: Rig) -> Iterator[Row]:
    """Compare judging with reading the request and writing the answer; look how its cost grows."""
    for products, required in ((carts.SKUS, 8.0), (40, None)):
        body = msgspec.json.encode({"data": carts.cart(20)})
        judge = judging(20, 50, products=products)
        answer = judge()
        applied = len(answer.applied)
        reading, writing, judged = microseconds(
            partial(DECODER.decode, body), partial(msgspec.json.encode, answer), judge
        )
        found = judged / (reading + writing)
        yield Row(
            f"judging / decode + encode, {applied} apply",
            f"{found:.1f}",
            f"<= {required:.1f}" if required else "",
            "4.0" if required else "",
            f"{judged:.0f} us against {reading + writing:.0f} us",
            required is None or found <= required,
        )
    yield from _growth("lines", [(25, 50), (50, 50), (100, 50)])
    yield from _growth("promotions", [(20, 250), (20, 500), (20, 1000)])
    alone, among = microseconds(judging(20, 50), judging(20, 50, absent=1000))
    yield Row("1,000 promotions for what is not there", f"{among / alone:.2f}", "<= 1.20", "", "", among <= 1.2 * alone)


def _growth(what: str, sizes: list[tuple[int, int]]) -> Iterator[Row]:
    taken = microseconds(*(judging(*size) for size in sizes), rounds=60)
    for before, after, smaller, larger in zip(taken, taken[1:], sizes, sizes[1:], strict=False):
        grown, place = after / before, what == "promotions"
        name = f"{what}: {smaller[place]:,} to {larger[place]:,}"
        yield Row(name, f"{grown:.2f}", "<= 2.40", "", f"{before:.0f} us to {after:.0f} us", grown <= 2.4)
