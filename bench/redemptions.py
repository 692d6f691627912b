"""Redemptions over HTTP, against pgbench with the bare statement on the same database."""

import itertools
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg

from bench.load import Load, put_on, request
from bench.report import Row, ratio
from bench.rig import Rig, rounds
from couponry.account import BINARIES

CODES = 10_000
REQUESTS = 10_000
SECONDS = 5
MOST = 2**31 - 1

BARE = """
\\set n random(1, {codes})
WITH code AS (SELECT promotion_id, id, code FROM bench_codes WHERE n = :n), claimed AS (
    UPDATE promotion_codes SET used = used + 1 FROM code
    WHERE promotion_codes.store_id = '{store_id}' AND promotion_codes.promotion_id = code.promotion_id
        AND promotion_codes.id = code.id AND used + 1 <= max_uses
    RETURNING promotion_codes.promotion_id, promotion_codes.id, promotion_codes.code
)
INSERT INTO usages (
    store_id, promotion_id, id, redemption_id, code_id, state, uses, expires_at, used_on, updated_at, code, updated_by,
    shoppers
)
SELECT '{store_id}', promotion_id, gen_random_uuid(), gen_random_uuid(), id, 'used', 1, now(), now(), now(), code,
    'bench', '{{}}'
FROM claimed;
"""
"""The conditional update and the usage, in one statement."""


def measured(here: Rig) -> Iterator[Row]:
    """Redeem distinct codes, one hot code, and one without limits."""
    promotion = here.promotion()
    _codes(here, promotion, [{"code": f"D{n}", "uses": MOST} for n in range(CODES)])
    _codes(here, promotion, [{"code": "HOT", "uses": MOST}, {"code": "FREE"}])
    port, token = here.http.base_url.port, here.http.headers["Authorization"].removeprefix("Bearer ")
    assert port is not None

    def load(codes: Iterator[str], connections: int) -> Load:
        found = put_on(port, (_redeeming(code, token) for code in itertools.islice(codes, REQUESTS)), connections)
        assert set(found.statuses) == {201}, found.statuses
        return found

    def distinct() -> Iterator[str]:
        return itertools.cycle(f"D{n}" for n in range(CODES))

    loads: list[Load] = []

    def ours(codes: Iterator[str], connections: int) -> float:
        loads.append(load(codes, connections))
        return loads[-1].rate

    load(itertools.islice(distinct(), 500), 32)
    _number(here, promotion, "D%")
    bare, found = rounds(3, lambda: _pgbench(here, CODES, 32), lambda: ours(distinct(), 32))
    yield ratio("redemptions, 10,000 codes, 32 clients / pgbench", 0.20, 0.40, found, bare, "redemptions/s")
    yield _tail("their 99th percentile / median", loads)
    loads.clear()
    _number(here, promotion, "HOT")
    hot_bare, hot = rounds(3, lambda: _pgbench(here, 1, 64), lambda: ours(itertools.repeat("HOT"), 64))
    yield ratio("one hot code, 64 clients / pgbench", 1.5, 3.0, hot, hot_bare, "redemptions/s")
    yield _tail("their 99th percentile / median", loads)
    [free] = rounds(3, lambda: ours(itertools.repeat("FREE"), 32))
    yield ratio("one hot code without limits / distinct codes", 0.80, 1.0, free, found, "redemptions/s")


def _codes(here: Rig, promotion: str, codes: list[dict[str, object]]) -> None:
    body = {"data": {"type": "promotion_codes", "codes": codes}}
    here.ok(here.http.post(f"/v2/rule-promotions/{promotion}/codes", json=body))


def _redeeming(code: str, token: str) -> bytes:
    items = [{"id": str(n), "sku": f"sku-{n}", "quantity": n + 1, "unit_price": 1000 * (n + 1)} for n in range(3)]
    data = {"type": "redemption", "currency": "USD", "items": items, "codes": [code], "state": "confirmed"}
    return request("/v2/rule-promotions/redemptions", token, msgspec.json.encode({"data": data}))


def _number(here: Rig, promotion: str, pattern: str) -> None:
    """Give the codes that pgbench draws from numbers."""
    with psycopg.connect(here.database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bench_codes")
        connection.execute(
            "CREATE TABLE bench_codes AS SELECT row_number() OVER (ORDER BY id)::int AS n, promotion_id, id, code"
            " FROM promotion_codes WHERE store_id = %s AND promotion_id = %s AND code LIKE %s",
            [here.store_id, promotion, pattern],
        )
        connection.execute("ALTER TABLE bench_codes ADD PRIMARY KEY (n)")
        connection.execute("VACUUM ANALYZE bench_codes, promotion_codes, usages")
        connection.execute("CHECKPOINT")


def _pgbench(here: Rig, codes: int, clients: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.sql"
        script.write_text(BARE.format(codes=codes, store_id=here.store_id))
        command = [BINARIES / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(SECONDS)]
        run = subprocess.run([*command, "-f", script, here.database_url], capture_output=True, text=True, check=True)
    return float(re.search(r"tps = ([\d.]+)", run.stdout)[1])


def _tail(name: str, loads: list[Load]) -> Row:
    found = max(load.quantile(0.99) / load.quantile(0.5) for load in loads)
    median = 1000 * loads[-1].quantile(0.5)
    return Row(name, f"{found:.1f}", "<= 5.0", "", f"median {median:.1f} ms", found <= 5.0)
