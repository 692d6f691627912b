"""The command line, as an operator types it."""

import csv
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest

from support import Couponry, Shop, environment, evaluation_body, generate_body, said


def test_a_new_store_has_a_client_that_gets_tokens(couponry: Couponry, api: str):
    name = os.urandom(6).hex()
    told = dict(line.split(": ") for line in said(couponry("store", "create", name)).splitlines())

    form = {"grant_type": "client_credentials"} | {key: told[key] for key in ("client_id", "client_secret")}
    token = httpx.post(f"{api}/oauth/access_token", data=form).json()["access_token"]
    listed = httpx.get(f"{api}/v2/rule-promotions", headers={"Authorization": f"Bearer {token}"})
    assert listed.json()["data"] == []
    assert f"{name}\t{told['store_id']}\t1000\tnone\t50" in said(couponry("store", "list")).splitlines()


@pytest.mark.parametrize("name", ["", " ", "a\x1b[2J", "x" * 256])
def test_names_of_clients_and_stores_can_be_shown(couponry: Couponry, shop: Shop, name: str):
    for command in (("client", "create", "--store", shop.store_id, "--name", name), ("store", "create", name)):
        refused = couponry(*command)
        assert refused.returncode == 1, refused.stdout
        assert "printable characters" in refused.stderr


def test_a_store_is_created_once(couponry: Couponry):
    name = os.urandom(6).hex()
    said(couponry("store", "create", name))
    again = couponry("store", "create", name)

    assert again.returncode == 1
    assert again.stderr == f"Bad Request: A store named {name} exists already.\n"


def test_the_operator_raises_what_the_api_is_bound_by(couponry: Couponry, new_shop: Callable[..., Shop]):
    shop = new_shop(max_codes_per_job=1000)
    promotion = shop.promotion()
    refused = shop.start_job(promotion, generate_body(1001))
    assert refused.status_code == 400

    assert said(couponry("store", "set", shop.store_id, "--max-codes-per-job", "none")).endswith("= none\n")
    assert shop.ended_job(promotion, shop.generate(promotion, 1001))["result"]["generated"] == 1001


@pytest.mark.parametrize("value", ["0", "-1", "many", str(2**31), "none-such"])
def test_a_limit_is_a_number(couponry: Couponry, shop: Shop, value: str):
    refused = couponry("store", "set", shop.store_id, f"--max-codes-per-job={value}")

    assert refused.returncode == 1
    assert refused.stderr == f"max_codes_per_job takes a whole number of at least 1, or none, not {value}.\n"


def test_a_revoked_client_gets_no_token(couponry: Couponry, shop: Shop, api: str):
    told = said(couponry("client", "create", "--store", shop.store_id, "--name", "till"))
    credentials = dict(line.split(": ") for line in told.splitlines())
    assert f"{credentials['client_id']}\ttill\t" in said(couponry("client", "list", "--store", shop.store_id))

    said(couponry("client", "revoke", credentials["client_id"], "--store", shop.store_id))
    form = {"grant_type": "client_credentials", **credentials}
    assert httpx.post(f"{api}/oauth/access_token", data=form).status_code == 401
    assert "revoked" in said(couponry("client", "list", "--store", shop.store_id))


def test_promotions_are_listed_with_their_status_and_codes(couponry: Couponry, shop: Shop):
    running, ended = shop.promotion(name="Now"), shop.promotion(name="Then", end="2025-01-01")
    shop.add_codes(running, "a", "b")

    assert said(couponry("promotions", "list", "--store", shop.store_id)).splitlines() == [
        "id\tname\tstatus\tcodes\tstart\tend",
        f"{ended}\tThen\tended\t0\t2024-01-01 00:00\t2025-01-01 00:00",
        f"{running}\tNow\trunning\t2\t2024-01-01 00:00\t2099-01-01 00:00",
    ]


def test_generated_codes_are_written_and_nothing_but_them(
    couponry: Couponry, new_shop: Callable[..., Shop], tmp_path: Path
):
    shop = new_shop(max_codes_per_job=10)
    promotion, out = shop.promotion(), tmp_path / "codes.csv"
    shop.add_codes(promotion, "not one of them")
    arguments = ("--count", "3000", "--prefix", "win-", "--max-uses", "2", "--out", str(out))
    done = couponry("codes", "generate", promotion, *arguments, "--store", shop.store_id)

    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr == f"3000 codes generated.\n3000 codes written to {out}.\n"
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["code"] for row in rows}) == 3000
    assert all(re.fullmatch(r"win-[2-9A-HJ-NP-Z]{8}", row["code"]) and row["max_uses"] == "2" for row in rows)


def test_an_export_has_every_code(couponry: Couponry, shop: Shop, tmp_path: Path):
    promotion, out = shop.promotion(), tmp_path / "codes.csv"
    shop.add_codes(promotion, "a,b", '"q"', "ü", "=1+1")
    said(couponry("codes", "export", promotion, "--out", str(out), "--store", shop.store_id))

    with out.open(newline="", encoding="utf-8") as file:
        assert [row["code"] for row in csv.DictReader(file)] == ["a,b", '"q"', "ü", "=1+1"]


def test_a_terminal_shows_how_far_and_how_fast(database_url: str, data_dir: Path, shop: Shop):
    promotion = shop.promotion()
    watched, terminal = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "couponry.cli",
            "codes",
            "generate",
            promotion,
            "--count",
            "60000",
            "--store",
            shop.store_id,
        ],
        env=environment(database_url, data_dir) | {"TERM": "xterm", "COLUMNS": "120"},
        stderr=terminal,
        stdout=terminal,
    )
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(watched, 65536):
            shown += piece
    except OSError:
        pass  # Linux says so when the other side has closed
    finally:
        os.close(watched)
    assert process.wait(60) == 0
    assert b"60000/60000" in shown
    assert re.search(rb"\d/s", shown)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("codes", "generate", "nonsense", "--count", "1"), "nonsense is not the id of a promotion."),
        (
            ("codes", "generate", "00000000-0000-4000-8000-000000000000", "--count", "1"),
            "Not Found: promotion not found",
        ),
        (("promotions", "list", "--store", "nobody"), "There is no store nobody; `couponry store list` shows"),
        (("codes", "export", "00000000-0000-4000-8000-000000000000", "--out", "/nowhere/x.csv"), "No such file"),
        (("client", "revoke", "nobody"), "has no active client nobody."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(couponry: Couponry, shop: Shop, arguments: tuple[str, ...], sentence: str):
    store = () if "--store" in arguments else ("--store", shop.store_id)
    refused = couponry(*arguments, *store)

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_client_without_a_secret_never_gets_a_merchants_token(couponry: Couponry, shop: Shop, database_url: str):
    with psycopg.connect(database_url) as connection:  # as an installation may hold it from somewhere else
        connection.execute(
            "INSERT INTO clients VALUES (%s, %s, 'open', sha256(''), now())", [shop.store_id, f"open-{shop.store_id}"]
        )
    for secret in ({}, {"client_secret": ""}):
        form = {"grant_type": "client_credentials", "client_id": f"open-{shop.store_id}", **secret}
        assert shop.nobody.post("/oauth/access_token", data=form).status_code == 401


def test_settings_that_belong_together_are_asked_for_together(database_url: str, data_dir: Path):
    told = subprocess.run(
        [sys.executable, "-m", "couponry.cli", "store", "list"],
        env=environment(database_url, data_dir, client_id="shop"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert told.stderr == "COUPONRY_CLIENT_ID and COUPONRY_CLIENT_SECRET are set together or not at all.\n"


def test_counters_are_verified(couponry: Couponry, shop: Shop, database_url: str):
    promotion = shop.promotion()
    code = shop.add_codes(promotion, {"code": "few", "uses": 9}).json()["data"][0]["id"]
    body = evaluation_body(type="redemption", codes=["few"])
    assert shop.http.post("/v2/rule-promotions/redemptions", json=body).status_code == 201

    clean = couponry("verify", "--store", shop.store_id)
    assert (said(clean), clean.stderr) == ("", "1 counters checked, 0 drifted.\n")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE promotion_codes SET used = 3 WHERE id = %s", [code])
    for arguments in (["--store", shop.store_id], []):
        drifted = couponry("verify", *arguments)
        assert drifted.returncode == 1
        assert f"\t{promotion}\t{code}\tfew\t3\t1" in drifted.stdout
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE promotion_codes SET used = 1 WHERE id = %s", [code])
