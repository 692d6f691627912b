"""Commands that ask the API: in their own process on the database here, and of a server with `--url`."""

import csv
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from commands import run_command
from couponry.storage.revisions import newest_revision
from support import Shop, await_answer, environment, evaluation_body, said

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PROMOTION = """
name: Summer
enabled: true
start: 2026-01-01
end: 2036-09-01
rule_set:
  rules: {strategy: cart_total, operator: gte, args: [10000]}
  actions:
    - {strategy: cart_discount, args: [percent, 10]}
"""
NOBODY = "00000000-0000-4000-8000-000000000000"


def command(*arguments: str, env: dict[str, str], given: str = "") -> "subprocess.CompletedProcess[str]":
    return run_command(arguments, env, given)


@pytest.fixture(params=["here", "server"])
def run(request: Any, shop: Shop, api: str, database_url: str, data_dir: Path, tmp_path: Path) -> Run:
    """Runs a command on the shop, either way; a server's commands get to know no database."""
    if request.param == "here":
        env = environment(database_url, data_dir)
        return lambda *arguments, given="": command(*arguments, "--store", shop.store_id, env=env, given=given)
    credentials = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    env = environment("postgresql://nobody@127.0.0.1:1/none", tmp_path / "data", url=api, **credentials)
    return lambda *arguments, given="": command(*arguments, env=env, given=given)


def document(done: "subprocess.CompletedProcess[str]") -> Any:
    return json.loads(said(done))["data"]


def test_a_promotion_lives_and_dies(run: Run, shop: Shop, tmp_path: Path):
    file = tmp_path / "promo.yaml"
    file.write_text(PROMOTION)
    id_ = said(run("promotions", "create", "-f", str(file))).strip()
    shop.add_codes(id_, "a", "b")
    assert said(run("promotions", "list")).splitlines()[1:] == [
        f"{id_}\tSummer\trunning\t2\t2026-01-01 00:00\t2036-09-01 00:00"
    ]
    assert (
        document(run("promotions", "get", id_, "--json")) == shop.http.get(f"/v2/rule-promotions/{id_}").json()["data"]
    )

    changed = run("promotions", "update", id_, "-f", "-", given='{"data": {"name": "Autumn", "priority": 4}}')
    assert (said(changed), changed.stderr) == ("", f"{id_} is changed.\n")
    said(run("promotions", "disable", id_))
    assert "Autumn\tdisabled\t2" in said(run("promotions", "list"))
    assert document(run("promotions", "enable", id_, "--json"))["enabled"] is True

    kept = run("promotions", "delete", id_)
    assert (kept.returncode, kept.stderr) == (1, "Delete 'Autumn' and its 2 codes? Say so with --yes.\n")
    assert said(run("promotions", "delete", id_, "--yes")) == ""
    assert document(run("promotions", "list", "--json")) == []


def test_refusals_are_one_sentence_and_a_status(run: Run, tmp_path: Path):
    file = tmp_path / "promo.yaml"
    file.write_text(PROMOTION.replace("percent, 10", "percent, 110").replace("name: Summer", ""))
    refused = run("promotions", "create", "-f", str(file))
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "data.name: name is required" in refused.stderr

    missing = run("promotions", "get", NOBODY)
    assert (missing.returncode, missing.stderr) == (1, "Not Found: promotion not found\n")
    assert run("promotions", "get").returncode == 2
    assert run("promotions", "list", "--limit", "0").returncode == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name: [", "is neither YAML nor JSON"),
        ("name: a\nname: b", "name is said twice"),
        ('{"name": "a", "name": "b"}', "name is said twice"),
        ("- a", "must hold one document with members"),
        ("x: !!python/object/apply:os.system [false]", "is neither YAML nor JSON"),
        ("x: !!bool perhaps", "is neither YAML nor JSON"),
        ("x: !!timestamp soon", "is neither YAML nor JSON"),
        ("max_discount: 1e999", "a number that is too large"),
        ('{"max_discount": 1e999}', "a number that is too large"),
        ("priority: 99999999999999999999", "a number that is too large"),
        ('{"priority": NaN}', "NaN is no number"),
        ("~: 3", "None is no text"),
        ("x: &x [*x]", "nests too deep, or holds itself"),
        ('{"x": ' + "[" * 100_000 + "]" * 100_000 + "}", "nests too deep"),
        ('{"name": "\\ud83d"}', "half a character"),
        ('{"\\ud83d": 1}', "half a character"),
    ],
)
def test_a_file_that_says_nothing_certain_is_refused(run: Run, content: str, sentence: str):
    refused = run("promotions", "create", "-f", "-", given=content)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_json_is_read_as_other_programs_write_it(run: Run):
    members = {
        "name": "Summer 😀",
        "enabled": True,
        "start": "2026-01-01",
        "end": "2036-09-01",
        "rule_set": {
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [10000]},
            "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
        },
    }
    body = json.dumps(members, indent="\t")
    assert "\\ud83d\\ude00" in body
    assert "\t" in body
    id_ = said(run("promotions", "create", "-f", "-", given=body)).strip()
    assert document(run("promotions", "get", id_, "--json"))["name"] == "Summer 😀"


@pytest.mark.parametrize("codes", ["null", "abc"])
def test_codes_to_enter_are_added_to_a_list_alone(run: Run, codes: str):
    cart = f"currency: USD\nitems: []\ncodes: {codes}\n"
    refused = run("evaluate", "-f", "-", "--code", "x", given=cart)
    assert (refused.returncode, refused.stderr) == (1, "- cannot be sent: codes is no list.\n")


def test_yaml_has_the_types_of_json(run: Run):
    body = PROMOTION + "country: NO\nopens: 12:30\nsince: 2026-02-03\noctal: 012\nrate: 1.5\nnothing: ~\nempty:\n"
    id_ = said(run("promotions", "create", "-f", "-", given=body)).strip()
    made = document(run("promotions", "get", id_, "--json"))
    assert [made[name] for name in ("country", "opens", "since", "octal", "rate")] == [
        "NO",
        "12:30",
        "2026-02-03",
        "012",
        1.5,
    ]
    assert "nothing" not in made
    assert "empty" not in made


FILE = "code;uses;user;includes_guests\nnew;5;;\nold;;;\nNEW;;;\nx;many;;\n;1;;\nmine;;ann@example.com;\n"
REFUSED = [
    "line 3: the promotion has this code already (old)",
    "line 4: line 2 has this code already (NEW)",
    "line 5: uses is no whole number from 0 to 2147483647 (x)",
    "line 6: the code is empty",
]


def test_codes_are_imported_and_refused_lines_told(run: Run, shop: Shop, tmp_path: Path):
    promotion, file, report = shop.promotion(), tmp_path / "codes.csv", tmp_path / "refused.csv"
    shop.add_codes(promotion, "OLD")
    file.write_text(FILE)
    refused = run("codes", "import", promotion, str(file))
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        *REFUSED,
        "2 codes would be imported, 4 lines refused.",
        "Nothing was imported; mend these lines, or leave them out with --skip-invalid.",
    ]

    tried = run("codes", "import", promotion, str(file), "--dry-run", "--json", "--report", str(report))
    assert (tried.returncode, tried.stderr) == (1, "2 codes would be imported, 4 lines refused.\n")
    job = json.loads(tried.stdout)["data"]
    assert (job["dry_run"], job["result"]) == (True, {"imported": 2, "duplicate": 2, "invalid": 2, "deleted": 0})
    with report.open(newline="") as written:
        assert [row["line"] for row in csv.DictReader(written)] == ["3", "4", "5", "6"]
    assert [one["code"] for one in shop.list_codes(promotion)] == ["OLD"]
    again = run("codes", "import", promotion, str(file), "--dry-run", "--report", str(report))
    assert (again.returncode, "exists already" in again.stderr) == (1, True)

    done = run("codes", "import", promotion, str(file), "--skip-invalid")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "2 codes imported, 4 lines refused."
    found = {one["code"]: (one.get("max_uses"), one.get("user")) for one in shop.list_codes(promotion)}
    assert found == {"OLD": (None, None), "new": (5, None), "mine": (None, "ann@example.com")}


def test_a_file_without_wrong_lines_is_looked_at_and_imported_at_once(run: Run, shop: Shop, tmp_path: Path):
    promotion, file, out = shop.promotion(), tmp_path / "codes.csv", tmp_path / "out.csv"
    file.write_text("code\n" + "".join(f"C{number:05}\n" for number in range(10_500)))
    shop.add_codes(promotion, "c10400", *(f"c{number:05}" for number in range(30)))
    done = run("codes", "import", promotion, str(file))
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines), lines[0], lines[-2:]) == (
        1,
        22,
        "line 2: the promotion has this code already (C00000)",
        ["and 11 more lines; --report FILE writes them all", "10469 codes imported, 31 lines refused."],
    )
    jobs = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"]
    assert [(job["dry_run"], job.get("dry_run_id")) for job in jobs] == [(False, jobs[1]["id"]), (True, None)]
    assert said(run("codes", "export", promotion, "--out", str(out))) == ""
    with out.open(newline="") as written:
        assert len({row["code"].lower() for row in csv.DictReader(written)}) == 10_500
    other = shop.promotion()
    assert run("codes", "import", other, str(out)).stderr == "10500 codes imported, 0 lines refused.\n"


def test_what_cannot_be_imported_is_one_sentence(run: Run, shop: Shop, tmp_path: Path):
    promotion, file = shop.promotion(), tmp_path / "codes.csv"
    file.write_text("name\na\n")
    wrong = run("codes", "import", promotion, str(file))
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "The first line names a column 'name'" in wrong.stderr
    missing = run("codes", "import", promotion, str(tmp_path / "none.csv"))
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)
    file.write_text("code\na\n")
    assert run("codes", "import", NOBODY, str(file)).stderr == "Not Found: promotion not found\n"
    assert shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"] == []


@pytest.mark.parametrize("option", ["--dry-run", "--skip-invalid"])
def test_the_report_of_an_import_that_failed_is_written_too(
    run: Run, shop: Shop, database_url: str, tmp_path: Path, option: str
):
    promotion, file, report = shop.promotion(), tmp_path / "codes.csv", tmp_path / "refused.csv"
    with psycopg.connect(database_url, autocommit=True) as connection:
        limit = "UPDATE stores SET max_codes_per_promotion = 25500 WHERE store_id = %s"
        connection.execute(limit, [shop.store_id])
    file.write_text("code;uses\n;1\n" + "".join(f"c-{number};\n" for number in range(3, 26_002)))

    failed = run("codes", "import", promotion, str(file), option, "--report", str(report))

    assert failed.returncode == 1
    assert "ended failed: codes limit exceeded: the promotion may have 25500 codes" in failed.stderr
    assert report.read_text().splitlines() == ["line,code,reason", '2,"",the code is empty']


def test_of_an_import_that_failed_before_its_first_line_there_is_no_report(
    run: Run, shop: Shop, data_dir: Path, tmp_path: Path
):
    promotion, file, report = shop.promotion(), tmp_path / "codes.csv", tmp_path / "refused.csv"
    file.write_text("code\n" + "".join(f"c-{number}\n" for number in range(400_000)))
    with ThreadPoolExecutor(1) as pool:
        importing = pool.submit(run, "codes", "import", promotion, str(file), "--skip-invalid", "--report", str(report))
        deadline = time.monotonic() + 60
        while not (jobs := shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{jobs[0]['id']}/cancel").raise_for_status()
        cancelled = importing.result()

    assert (cancelled.returncode, report.exists()) == (1, False)
    assert "ended cancelled: somebody cancelled it.\n" in cancelled.stderr


def test_here_no_limit_of_the_store_binds_and_on_a_server_it_does(
    new_shop: Callable[..., Shop], api: str, database_url: str, data_dir: Path, tmp_path: Path
):
    shop = new_shop(max_codes_per_job=2)
    promotion, file = shop.promotion(), tmp_path / "codes.csv"
    file.write_text("code\na\nb\nc\n")
    credentials = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    there = environment("postgresql://nobody@127.0.0.1:1/none", tmp_path / "data", url=api, **credentials)
    refused = command("codes", "import", promotion, str(file), env=there)
    assert (refused.returncode, "Too many promotion codes" in refused.stderr) == (1, True)
    here = environment(database_url, data_dir)
    assert command("codes", "import", promotion, str(file), "--store", shop.store_id, env=here).returncode == 0
    assert len(shop.list_codes(promotion)) == 3


def test_generated_codes_are_written_alone_and_replace_nothing(run: Run, shop: Shop, tmp_path: Path):
    promotion, out = shop.promotion(), tmp_path / "codes.csv"
    shop.add_codes(promotion, "another")
    generate = ("codes", "generate", promotion, "--count", "900", "--prefix", "w-", "--out", str(out))
    limits = ("--max-uses-per-shopper", "1", "--include-guests")
    job = document(run(*generate, *limits, "--json"))
    assert (job["status"], job["result"]["generated"]) == ("completed", 900)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 900
    assert all(
        (row["code"][:2], row["max_uses_per_shopper"], row["includes_guests"]) == ("w-", "1", "true") for row in rows
    )

    before = out.read_bytes()
    for again in (generate, ("codes", "export", promotion, "--out", str(out))):
        refused = run(*again)
        assert refused.returncode == 1
        assert refused.stderr == f"{out} exists already; choose another name, or replace it with --force.\n"
        assert out.read_bytes() == before
    said(run("codes", "export", promotion, "--out", str(out), "--force"))
    assert out.read_bytes().count(b"\n") == 902
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    assert said(run("codes", "export", promotion, "--out", "-")).count("\n") == 902


def test_a_code_is_looked_up(run: Run, shop: Shop):
    promotion, over = shop.promotion(name="Mine"), shop.promotion(name="Over", end="2025-01-01")
    shop.add_codes(promotion, {"code": "it's (1)", "user": "ann@example.com", "uses": 3})
    shop.add_codes(over, "IT'S (1)")
    cart = evaluation_body(
        type="redemption", codes=["it's (1)"], shopper={"email": "ann@example.com"}, state="confirmed"
    )
    cart["data"]["strict"] = False
    assert shop.http.post("/v2/rule-promotions/redemptions", json=cart).status_code == 201

    found = {one["promotion"]["name"]: one for one in document(run("codes", "lookup", " It's (1)", "--json"))}
    assert {name: one["refused"] and one["refused"]["reason"] for name, one in found.items()} == {
        "Mine": "wrong_shopper",
        "Over": "ended",
    }
    assert (found["Mine"]["code"]["uses"], found["Mine"]["usages"]["total"]) == (2, 1)
    table = said(run("codes", "lookup", "it's (1)", "--shopper", "Ann@example.com"))
    assert "now\tIt can be used; the cart decides the rest.\n" in table
    assert "now\tThe promotion ended at 2025-01-01T00:00:00Z.\n" in table
    unknown = run("codes", "lookup", "none")
    assert (unknown.returncode, unknown.stderr) == (1, "No promotion has the code none.\n")


def test_a_cart_is_judged_and_explained(run: Run, shop: Shop, tmp_path: Path):
    shop.add_codes(shop.promotion(), "ten")
    file = tmp_path / "cart.json"
    file.write_text(json.dumps(evaluation_body()["data"]))
    assert document(run("evaluate", "-f", str(file), "--code", "TEN", "--json"))["totals"]["discount"] == -200
    table = said(run("evaluate", "-f", str(file), "--code", "ten", "--code", "nil", "--explain"))
    assert "EUR 2000 -200 = 1800; shipping 0 +0\n" in table
    assert "applied  Ten percent off (ten): -200, 1 times\n  yes cart_total gte 1000, found 2000\n" in table
    assert "refused  nil: No promotion has this code. (unknown_code)\n" in table
    early = said(run("evaluate", "-f", str(file), "--code", "ten", "--at", "2023-01-01T00:00:00Z"))
    assert "The promotion starts at 2024-01-01T00:00:00Z. (not_started)" in early


def test_jobs_are_listed_watched_and_cancelled(run: Run, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 100)
    watched = run("jobs", "watch", promotion, job)
    assert f"{job}\tcode_generate\tcompleted\t100\t100\t" in said(watched)
    assert [one["id"] for one in document(run("jobs", "list", promotion, "--json"))] == [job]
    assert document(run("jobs", "list", promotion, "--status", "failed", "--json")) == []
    assert document(run("jobs", "get", promotion, job, "--json")) == shop.job(promotion, job)
    late = run("jobs", "cancel", promotion, job)
    assert (late.returncode, late.stderr) == (
        1,
        "Unprocessable Entity: Only pending or processing jobs can be cancelled.\n",
    )


def test_a_job_that_did_not_complete_is_no_success(run: Run, shop: Shop):
    promotion = shop.promotion()
    job = shop.generate(promotion, 3_000_000)
    assert shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job}/cancel").status_code == 200
    watched = run("jobs", "watch", promotion, job)
    assert watched.returncode == 1
    assert watched.stderr == f"The job {job} ended cancelled: somebody cancelled it.\n"


def test_a_server_tells_how_a_job_goes_on_without_being_asked(
    shop: Shop, database_url: str, data_dir: Path, tmp_path: Path
):
    """A job that is watched over a crash of the server, which gets few requests meanwhile."""
    promotion = shop.promotion()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command_ = [sys.executable, "-m", "uvicorn", "--factory", "couponry.web:create_app", "--port", str(port)]
    env = environment(database_url, data_dir)
    url = f"http://127.0.0.1:{port}"

    def started() -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(command_, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        await_answer(f"{url}/readyz", process)
        return process

    def until_followed() -> None:
        deadline = time.monotonic() + 60
        while "/events" not in httpx.get(f"{url}/metrics").text:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    credentials = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    there = environment("postgresql://nobody@127.0.0.1:1/none", tmp_path / "data", url=url, **credentials)
    # Nobody can add codes to the promotion while this holds: its job cannot end before it has been followed.
    with psycopg.connect(database_url) as holding, ThreadPoolExecutor(1) as pool:
        holding.execute("SELECT FROM code_counts WHERE promotion_id = %s FOR UPDATE", [promotion])
        server = started()
        job = shop.generate(promotion, 1000)
        watching = pool.submit(command, "jobs", "watch", promotion, job, env=there)
        until_followed()
        server.kill()
        server.communicate()
        server = started()
        until_followed()
        holding.rollback()
        watched = watching.result()
    assert f"{job}\tcode_generate\tcompleted\t1000\t" in said(watched)
    _, requests = server.terminate(), server.communicate()[0].decode()
    assert f"/jobs/{job}/events" in requests
    assert requests.count(f"GET /v2/rule-promotions/{promotion}/jobs/{job} ") < 4


def test_usages_are_listed_with_filters(run: Run, shop: Shop):
    promotion = shop.promotion()
    shop.add_codes(promotion, "a/b", "c")
    for order, code in enumerate(["a/b", "c", "c"]):
        cart = evaluation_body(type="redemption", codes=[code], state="confirmed", order_id=f"o{order}")
        assert shop.http.post("/v2/rule-promotions/redemptions", json=cart).status_code == 201

    def orders(*options: str) -> list[str]:
        return [one["order_id"] for one in document(run("usages", "list", promotion, "--json", *options))]

    assert orders() == ["o2", "o1", "o0"]
    assert orders("--limit", "1") == ["o2"]
    assert orders("--code", "A/B") == ["o0"]
    assert orders("--code", "never") == []
    assert orders("--until", "2025-01-01") == []
    assert len(orders("--since", "2025-01-01")) == 3
    assert "\to0\t" in said(run("usages", "list", promotion))


def test_a_store_is_linted(run: Run, shop: Shop, tmp_path: Path):
    clean, empty = shop.promotion(name="Clean"), shop.promotion(name="Empty")
    shop.add_codes(clean, "a")
    done = run("promotions", "lint", "--json")
    assert done.returncode == 1
    assert [(one["promotion_id"], one["code"]) for one in json.loads(done.stdout)["data"]] == [(empty, "no_codes")]
    assert run("promotions", "lint", clean).stderr == "1 promotion looked at: 0 errors, 0 warnings, 0 info.\n"

    file = tmp_path / "promo.yaml"
    file.write_text(PROMOTION.replace("percent, 10", "percent, 100"))
    warned = run("promotions", "lint", "-f", str(file))
    assert (warned.returncode, warned.stdout.count("everything_free")) == (0, 1)
    assert run("promotions", "lint", "-f", str(file), "--strict").returncode == 1


def test_counters_are_verified_either_way(run: Run):
    done = run("verify", "--json")
    assert (done.returncode, done.stderr) == (0, "0 counters checked, 0 drifted.\n")
    assert [one["ok"] for one in json.loads(done.stdout)["data"]] == [True]


# Servers


def test_who_logged_in_is_remembered_for_that_server_alone(api: str, shop: Shop, tmp_path: Path):
    env = environment("postgresql://nobody@127.0.0.1:1/none", tmp_path)
    stranger = command("promotions", "list", "--url", api, env=env)
    assert stranger.returncode == 4
    assert f"run `couponry login --url {api}`" in stranger.stderr

    login = ("login", "--url", f"{api}/", "--client-id", shop.client_id)
    wrong = command(*login, env=env, given="wrong\n")
    assert (wrong.returncode, (tmp_path / "logins.json").exists()) == (4, False)
    right = command(*login, env=env, given=f"{shop.client_secret}\n")
    assert right.stderr == f"Signed in to {api}; kept in {tmp_path / 'logins.json'}.\n"
    assert stat.S_IMODE((tmp_path / "logins.json").stat().st_mode) == 0o600
    assert said(command("promotions", "list", "--url", api, env=env)).count("\n") == 1
    assert command("promotions", "list", "--url", "http://localhost:1", env=env).returncode == 4

    said(command("logout", "--url", api, env=env))
    assert command("promotions", "list", "--url", api, env=env).returncode == 4


def test_what_was_done_is_told_as_a_document_where_that_is_wanted(
    api: str, shop: Shop, database_url: str, data_dir: Path, tmp_path: Path
):
    env, stranger = environment(database_url, data_dir), environment("postgresql://nobody@127.0.0.1:1/none", tmp_path)
    here = ("--store", shop.store_id, "--json")

    def told(*arguments: str, env: dict[str, str] = env, given: str = "") -> Any:
        return document(command(*arguments, env=env, given=given))

    login = ("login", "--url", api, "--client-id", shop.client_id, "--json")
    assert told(*login, env=stranger, given=f"{shop.client_secret}\n") == {
        "url": api,
        "client_id": shop.client_id,
        "kept_in": str(tmp_path / "logins.json"),
    }
    assert told("logout", "--url", api, "--json", env=stranger) == {"url": api}
    assert told("migrate", "--json") == {"revision": newest_revision()}
    assert (
        told("store", "set", shop.store_id, "--max-codes-per-promotion", "none", "--json")["max_codes_per_promotion"]
        is None
    )
    client = told("client", "create", *here)["client_id"]
    assert told("client", "revoke", client, *here) == {"client_id": client, "store_id": shop.store_id}

    products = tmp_path / "products.csv"
    products.write_text("id,name,price_EUR\na,A,100\nb,B,x\n")
    stored = told("products", "import", str(products), "--skip-invalid", *here)
    assert (stored["stored"], stored["wrong"], [one["line"] for one in stored["told"]]) == (1, 1, [3])

    promotion, out = shop.promotion(), tmp_path / "codes.csv"
    shop.add_codes(promotion, "a", "b")
    exported = {"promotion_id": promotion, "codes": 2, "file": str(out)}
    assert told("codes", "export", promotion, "--out", str(out), *here) == exported
    (tmp_path / "new.csv").write_text("code\nc\n")
    for words in (
        ("export", promotion, "--out", "-"),
        ("generate", promotion, "--count", "1", "--out", "-"),
        ("import", promotion, str(tmp_path / "new.csv"), "--report", "-"),
    ):
        both = command("codes", *words, *here, env=env)
        assert (both.returncode, both.stdout) == (1, ""), words
        assert "takes the CSV or the document" in both.stderr
    assert told("promotions", "delete", promotion, "--yes", *here) == {"id": promotion, "codes": 2}


def test_a_server_that_is_away_is_told_from_one_that_refuses(tmp_path: Path, api: str):
    credentials = {"client_id": "x", "client_secret": "long enough"}
    env = environment("postgresql://nobody@127.0.0.1:1/none", tmp_path, **credentials)
    away = command("promotions", "list", "--url", "http://127.0.0.1:1", env=env)
    assert away.returncode == 3
    assert away.stderr.startswith("http://127.0.0.1:1 does not answer: ")
    assert command("promotions", "list", "--url", api, env=env).returncode == 4


@pytest.mark.parametrize("url", ["http://[", "http://h:abc", "http://127.0.0.1:99999", f"https://{'a' * 70}.example"])
def test_an_address_that_is_none_is_one_sentence(tmp_path: Path, url: str):
    refused = command("promotions", "list", "--url", url, env=environment("", tmp_path))
    assert refused.returncode == 1
    assert "is no address of a server" in refused.stderr
    assert refused.stderr.count("\n") == 1


JOB = {"id": NOBODY, "promotion_id": NOBODY, "status": "completed", "meta": {}}


class _Impostor(BaseHTTPRequestHandler):
    """Gives tokens and jobs, breaks files off, and answers everything else with what its server has to say."""

    def do_GET(self) -> None:
        length, answer = None, self.server.answer  # pyright: ignore[reportAttributeAccessIssue]
        if self.path == "/oauth/access_token":
            answer = (200, {"access_token": "t"})
        elif self.path.endswith("/jobs"):
            answer = (201, {"data": JOB})
        elif self.path.endswith("/file"):
            answer = (200, {"href": "/torn"})
        elif self.path == "/torn":
            length = 10_000
        status, said = answer
        body = b"" if said is None else json.dumps(said).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def impostor() -> Generator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Impostor) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def asking(server: HTTPServer, folder: Path) -> dict[str, str]:
    url = f"http://127.0.0.1:{server.server_port}"
    return environment("", folder, url=url, client_id="x", client_secret="long enough")


@pytest.mark.parametrize(
    ("status", "said"), [(200, {}), (200, []), (200, None), (200, {"data": "x"}), (400, {"errors": ["x"]}), (400, [])]
)
@pytest.mark.parametrize("words", [("promotions", "list"), ("promotions", "get", NOBODY), ("verify",)])
def test_what_answers_and_is_no_couponry_is_told(
    impostor: Any, tmp_path: Path, words: tuple[str, ...], status: int, said: object
):
    impostor.answer = (status, said)
    refused = command(*words, env=asking(impostor, tmp_path))
    assert refused.returncode == 1
    assert "Couponry" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_download_that_breaks_off_leaves_no_file_and_may_work_later(impostor: Any, tmp_path: Path):
    impostor.answer = (200, {"data": {}})
    broken = command("codes", "export", NOBODY, "--out", str(tmp_path / "all.csv"), env=asking(impostor, tmp_path))
    assert broken.returncode == 3
    assert broken.stderr.startswith("The file cannot be fetched: ")
    assert broken.stderr.count("\n") == 1
    assert list(tmp_path.glob("all.csv*")) == []


def test_secrets_do_not_leave_in_the_clear(tmp_path: Path):
    env = environment("", tmp_path, client_id="x", client_secret="long enough")
    refused = command("promotions", "list", "--url", "http://promo.example.com", env=env)
    assert refused.returncode == 1
    assert refused.stderr == "http://promo.example.com would be sent the client's secret in the clear; use https.\n"


@pytest.mark.parametrize(
    "words", [("store", "list"), ("client", "list"), ("demo",), ("products", "import", "x.csv"), ("migrate",)]
)
def test_no_command_works_here_when_a_server_is_meant(
    database_url: str, data_dir: Path, api: str, words: tuple[str, ...], tmp_path: Path
):
    env = environment(database_url, data_dir, url=api)
    (tmp_path / "x.csv").write_text("id,name,price_EUR\n")
    refused = command(*[str(tmp_path / word) if word == "x.csv" else word for word in words], env=env)
    assert refused.returncode == 1
    assert "unset COUPONRY_URL" in refused.stderr


def test_help_answers_at_once():
    started = time.process_time(), os.times().children_user
    done = subprocess.run([sys.executable, "-m", "couponry.cli", "--help"], capture_output=True, text=True, check=True)
    assert "Exit status" in done.stdout
    assert os.times().children_user - started[1] < 1.5  # of the processor, on whatever machine; 0.3 s on ours


# Ctrl-C


def interrupted(arguments: list[str], env: dict[str, str], answer: bytes) -> tuple[int, str]:
    """Run a command on a terminal, interrupt it when its bar moves, and answer its question; return what came of it."""
    watched, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "couponry.cli", *arguments],
        env=env | {"TERM": "xterm", "COLUMNS": "120"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown, asked = b"", False
    try:
        while piece := os.read(watched, 65536):
            shown += piece
            if b"/s" in shown and not asked:
                asked = True
                process.send_signal(signal.SIGINT)
            if b"[y/N]" in shown and answer:
                os.write(watched, answer)
                answer = b""
    except OSError:
        pass  # Linux says so when the other side has closed
    finally:
        os.close(watched)
    return process.wait(120), shown.decode()


@pytest.mark.parametrize("answer", [b"y\n", b"n\n"])
def test_ctrl_c_says_what_becomes_of_the_job(
    answer: bytes, database_url: str, data_dir: Path, shop: Shop, tmp_path: Path
):
    promotion, out = shop.promotion(), tmp_path / "x.csv"
    generate = ["codes", "generate", promotion, "--count", "4000000", "--out", str(out), "--store", shop.store_id]
    status, shown = interrupted(generate, environment(database_url, data_dir), answer)

    [job] = shop.http.get(f"/v2/rule-promotions/{promotion}/jobs").json()["data"]
    assert status == 130, shown
    assert list(tmp_path.iterdir()) == []
    if answer == b"y\n":
        assert f"The job {job['id']} is cancelled;" in shown
        assert job["status"] == "cancelled"
        assert shop.list_codes(promotion) == []
    else:
        assert f"The job {job['id']} goes on when a worker runs" in shown
        assert job["status"] in ("pending", "processing")
        assert shop.http.post(f"/v2/rule-promotions/{promotion}/jobs/{job['id']}/cancel").status_code == 200
        assert shop.ended_job(promotion, job["id"], seconds=120)["status"] == "cancelled"


# The demo


def test_a_demo_fills_an_empty_store_once_and_is_cleaned_up(database_url: str, data_dir: Path, shop: Shop):
    env = environment(database_url, data_dir)

    def demo(*options: str) -> "subprocess.CompletedProcess[str]":
        return command("demo", "--store", shop.store_id, *options, env=env)

    made = document(demo("--redemptions", "200", "--json"))
    listed = shop.http.get("/v2/rule-promotions").json()["data"]
    assert made["promotions"] == len(listed)
    assert made["discounted"] > 50
    statuses = said(command("promotions", "list", "--store", shop.store_id, env=env))
    assert all(status in statuses for status in ("running", "ended", "scheduled", "disabled"))
    usages = [
        use["used_on"]
        for one in listed
        for use in shop.http.get(f"/v2/rule-promotions/{one['id']}/usages?page[limit]=100").json()["data"]
    ]
    assert len({moment[:10] for moment in usages}) > 10, "they are spread over the season"
    assert shop.http.get("/v2/rule-promotions/invariants").json()["data"]["ok"]
    span = {"from": str(datetime.now(UTC).date() - timedelta(days=110))}
    told = {
        name: shop.http.get(f"/v2/rule-promotions/statistics/{name}", params=span).json()["data"]
        for name in ("redemptions", "refusals")
    }
    assert len(told["redemptions"]) > 10
    assert len({one["reason"] for one in told["refusals"]}) > 3

    assert "is here already" in demo().stderr
    assert said(demo("--clean")) == ""
    assert shop.http.get("/v2/rule-promotions").json()["data"] == []
    assert shop.http.get("/v2/products").json()["data"] == []

    shop.promotion()
    refused = demo()
    assert (refused.returncode, "has promotions" in refused.stderr) == (1, True)
    assert document(demo("--force", "--redemptions", "0", "--json"))["redemptions"] == 0


def test_who_changed_what_is_listed_and_sifted(run: Run, shop: Shop):
    id_, other = shop.promotion(name="Summer", priority=7), shop.promotion(name="Winter")
    shop.add_codes(id_, "a", "b")
    said(run("promotions", "update", id_, "-f", "-", given='{"priority": null}'))

    told = document(run("audit", "--of", id_, "--json"))
    assert [one["action"] for one in told] == ["promotion.changed", "codes.created", "promotion.created"]
    rows = [line.split("\t") for line in said(run("audit", "--of", id_)).splitlines()]
    assert rows[0] == ["at", "who", "action", "what", "details"]
    assert rows[1][2:] == ["promotion.changed", f"promotion Summer {id_}", "priority: 7 -> None"]
    assert rows[2][1:] == [
        shop.client_id,
        "codes.created",
        f"promotion Summer {id_}",
        "count=2, codes=['a', 'b']",
    ]
    assert len(document(run("audit", "--client", shop.client_id, "--action", "promotion.created", "--json"))) == 2
    assert document(run("audit", "--until", "2020-01-01", "--json")) == []
    newest = document(run("audit", "--since", "2020-01-01", "--limit", "1", "--json"))
    assert [one["object"]["id"] for one in newest] == [id_]
    assert other in said(run("audit"))
