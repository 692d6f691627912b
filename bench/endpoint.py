"""The endpoint that judges carts, beside one on the same server that does all but judging."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec

from bench import carts
from bench.load import put_on, request
from bench.report import Row, ratio
from bench.rig import Rig, rounds
from bench.stock import stock

REQUESTS = 2000
CONNECTIONS = 8


def measured(here: Rig) -> Iterator[Row]:
    """Compare requests per second, one process serving both."""
    stock(here)
    body = msgspec.json.encode({"data": carts.cart(20)})
    token = here.http.headers["Authorization"].removeprefix("Bearer ")
    port, process = _served(here)
    try:
        sides = [request(path, token, body) for path in ("/bench/constant", "/v2/rule-promotions/evaluations")]

        def side(which: bytes) -> float:
            load = put_on(port, itertools.repeat(which, REQUESTS), CONNECTIONS)
            assert set(load.statuses) == {200}, load.statuses
            return load.rate

        for which in sides:
            side(which)
        constant, judged = rounds(5, lambda: side(sides[0]), lambda: side(sides[1]))
    finally:
        process.terminate()
        process.wait(30)
    yield ratio("evaluations / the same without judging", 0.50, 0.50, judged, constant, "requests/s")


def _served(here: Rig) -> "tuple[int, subprocess.Popen[str]]":
    """Start one API process with the endpoint to compare with; return its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.constant"],
        env=os.environ | {"COUPONRY_DATABASE_URL": here.database_url},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    time.sleep(1)
    return port, process
