"""Run every measurement and print one table: `python -m bench`, or with names, only those."""

import itertools
import json
import random
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx

from bench import bare, comparison, endpoint, engine, pages, redemptions
from bench.report import Row, ratio
from bench.rig import Rig, rig, rounds
from bench.stock import five_million_codes
from couponry.domain.codes import CodePattern

MILLION = 1_000_000


def copy_seconds(here: Rig, count: int) -> float:
    """Return how long bare COPY takes for *count* codes, the table being empty."""
    rows = bare.rows_ready(here.store_id, count)
    here.empty()
    return bare.copy_seconds(here.database_url, rows)


def generating(here: Rig) -> Iterator[Row]:
    """Generate a million codes through the API, against bare COPY."""
    here.generate(here.promotion(), 10_000)

    def ours() -> float:
        here.empty()
        return here.generate(here.promotion(), MILLION)

    copied, generated = rounds(3, lambda: copy_seconds(here, MILLION), ours)
    yield ratio("generate 1,000,000 codes / bare COPY", 0.60, 0.85, MILLION / generated, MILLION / copied, "codes/s")
    yield megabytes("worker's peak memory after 1,000,000", here)


def five_million(here: Rig) -> Iterator[Row]:
    """Generate five million codes, then look some of them up."""
    promotion = five_million_codes(here)
    yield megabytes("worker's peak memory after 5,000,000", here)
    found = here.worker_megabytes() + here.drawing_peak
    yield Row("the same with its drawing process", f"{found:.0f} MB", "< 150 MB", "", "", found < 150)
    path = f"/v2/rule-promotions/{promotion}/codes"
    code = here.http.get(path, params={"page[offset]": 5000, "page[limit]": 1}).json()["data"][0]
    for name, query in (("list", {}), ("sort", {"sort": "-code"}), ("filter", {"filter": f"eq(code,{code['code']})"})):
        yield milliseconds(f"{name}, of 5,000,000", lambda query=query: here.http.get(path, params=query), 20)
    yield milliseconds("delete, of 5,000,000", lambda: here.http.delete(f"{path}/{code['id']}"), 1)


def milliseconds(name: str, request: Callable[[], httpx.Response], times: int) -> Row:
    """Return a line for how long a request takes."""
    found: list[float] = []
    for _ in range(times):
        begun = time.perf_counter()
        assert request().is_success
        found.append(time.perf_counter() - begun)
    taken = statistics.median(found) * 1000
    return Row(name, f"{taken:.1f} ms", "< 50 ms", "", "", taken < 50)


def megabytes(name: str, here: Rig) -> Row:
    """Return a line for the worker's memory."""
    found = here.worker_megabytes()
    return Row(name, f"{found:.0f} MB", "< 150 MB", "", "", found < 150)


def exporting(here: Rig) -> Iterator[Row]:
    """Export a million codes through the API to a finished file, against `psql \\copy`."""
    promotion = here.promotion()
    here.generate(promotion, MILLION)
    before = here.worker_megabytes()

    def ours() -> float:
        return here.job(promotion, job_type="code_export")[0]

    def theirs() -> float:
        return bare.export_seconds(here.database_url, here.store_id, promotion)

    copied, exported = rounds(3, theirs, ours)
    yield ratio("export 1,000,000 codes / psql \\copy", 0.50, 0.85, MILLION / exported, MILLION / copied, "codes/s")
    grown = here.worker_megabytes() - before
    yield Row("worker's memory grown by exports", f"{grown:.0f} MB", "flat", "", "", grown < 30)


def importing(here: Rig) -> Iterator[Row]:
    """Import a million shuffled codes from a file through the API, against bare COPY of as many sorted ones."""
    pattern = CodePattern("", 8)
    bodies = pattern.draw(pattern.slice(0, MILLION, MILLION), MILLION, set(), secrets.token_bytes)
    random.Random(7).shuffle(bodies)
    file = b"code,uses,consume_unit\n" + b"".join(body + b",1,per_checkout\n" for body in bodies)
    before = here.worker_megabytes()

    def ours() -> float:
        here.empty()
        return here.upload(here.promotion(), file)

    copied, imported = rounds(3, lambda: copy_seconds(here, MILLION), ours)
    yield ratio("import 1,000,000 codes / bare COPY", 0.20, 0.40, MILLION / imported, MILLION / copied, "codes/s")
    here.empty()
    dried = here.upload(here.promotion(), file, dry_run="true")
    yield ratio("the same, a dry run", 0.20, 0.40, MILLION / dried, MILLION / copied, "codes/s")
    grown = here.worker_megabytes() - before
    yield Row("worker's memory grown by imports", f"{grown:.0f} MB", "< 80 MB", "", "", grown < 80)


def small_jobs(here: Rig) -> Iterator[Row]:
    """Run jobs of 1,000 codes, one after another, seen by a client that polls every 5 ms."""
    promotion = here.promotion()
    found = statistics.median(here.generate(promotion, 1000, poll=0.005) for _ in range(25))
    yield Row(
        "a job of 1,000 codes, median", f"{found * 1000:.0f} ms", "< 150 ms", "", "POST to completed", found < 0.15
    )


def single_codes(here: Rig) -> Iterator[Row]:
    """Create codes by requests of 1,000, against bare COPY: four clients, and one that waits for each answer."""
    path, numbers = f"/v2/rule-promotions/{here.promotion()}/codes", itertools.count()
    count = 100_000

    def ours(clients: int) -> float:
        bodies = [[_thousand(numbers) for _ in range(count // 1000 // clients)] for _ in range(clients)]
        here.empty()
        with ThreadPoolExecutor(clients) as pool:
            begun = time.perf_counter()
            list(pool.map(send, bodies))
            return time.perf_counter() - begun

    def send(bodies: list[bytes]) -> None:
        with closing(here.connection()) as http:  # the plainest client there is: its own time counts too
            for body in bodies:
                http.request("POST", path, body, headers)
                answer = http.getresponse()
                answer.read()
                assert answer.status == 201

    headers = {"Content-Type": "application/json", "Authorization": here.http.headers["Authorization"]}

    copied, alone, together = rounds(5, lambda: copy_seconds(here, count), lambda: ours(1), lambda: ours(4))
    yield ratio("POST /codes with 1,000 / bare COPY", 0.40, 0.40, count / alone, count / copied, "codes/s")
    yield ratio("the same, four clients", 0.40, 0.40, count / together, count / copied, "codes/s")


def _thousand(numbers: Iterator[int]) -> bytes:
    codes = [{"code": f"C{next(numbers):08}", "uses": 1, "consume_unit": "per_checkout"} for _ in range(1000)]
    return json.dumps({"data": {"type": "promotion_codes", "codes": codes}}).encode()


MEASUREMENTS: dict[str, Callable[[Rig], Iterator[Row]]] = {
    "engine": engine.measured,
    "rival": comparison.measured,
    "endpoint": endpoint.measured,
    "redemptions": redemptions.measured,
    "single_codes": single_codes,
    "small_jobs": small_jobs,
    "exporting": exporting,
    "importing": importing,
    "generating": generating,
    "five_million": five_million,
    "pages": pages.measured,
}


WIDTH = 76
"""How much room the names of rows have."""


def main() -> int:
    """Print the table, line by line; 1 when something is below what it must reach."""
    chosen = sys.argv[1:] or list(MEASUREMENTS)
    show(Row("", "measured", "required", "stretch", "", reached=True))
    reached = True
    with rig() as here:
        for name in chosen:
            for row in MEASUREMENTS[name](here):
                show(row)
                reached = reached and row.reached
    return 0 if reached else 1


def show(row: Row) -> None:
    """Print a line of the table."""
    missed = "" if row.reached else "  MISSED"
    print(f"{row.name:<{WIDTH}}{row.measured:>10}{row.required:>10}{row.stretch:>9}  {row.detail}{missed}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
