"""The guides, run as they are printed; for who comes from Elastic Path, another store of this wire is the old one."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import Shop, environment, evaluation_body

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/migrating-from-elastic-path.md").read_text()
QUICKSTART = (ROOT / "docs/quickstart.md").read_text()


def blocks(page: str) -> list[str]:
    """Return what a page says to type where commands ask a server; those that work on its database stay out."""
    found = re.findall(r"^```bash\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in found for line in block.splitlines(keepends=True)]
    return [line for line in lines if not line.startswith(".venv/bin/couponry client ")]


def old_store(shop: Shop) -> dict[str, str]:
    """Fill a store with whatever can move; return the names of its promotions by id."""
    summer = shop.promotion(name="Summer", description="Ten percent", priority=3, season="hot", catalog="x")
    shop.add_codes(
        summer,
        {"code": "LEFT", "uses": 3},
        {"code": "gone", "uses": 1},
        {"code": 'odd,"\u00fc', "user": "ann@example.com"},
        {"code": "each", "max_uses_per_shopper": {"max_uses": 2, "includes_guests": True}},
        {"code": "first", "is_for_new_shopper": True},
        {"code": "unit", "uses": 9, "consume_unit": "per_application"},
        "=cmd|' /C calc'!A0",
    )
    for code in ("left", "gone"):
        body = evaluation_body(type="redemption", state="confirmed", codes=[code])
        assert shop.http.post("/v2/rule-promotions/redemptions", json=body).status_code == 201
    many = shop.promotion(name="Many", enabled=False)
    shop.ended_job(many, shop.generate(many, 250, max_uses_per_code=1))
    automatic = shop.promotion(name="By itself", automatic=True)
    return {summer: "Summer", many: "Many", automatic: "By itself"}


def kept(code: dict[str, object]) -> dict[str, object]:
    """Return what must be the same of a code in both stores."""
    return {name: value for name, value in code.items() if name not in ("id", "created_by", "meta", "max_uses")}


def members(promotion: dict[str, object]) -> dict[str, object]:
    return {
        name: promotion[name]
        for name in promotion
        if name not in ("id", "store_id", "created_by", "updated_by", "meta")
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like a checkout whose environment is made."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/couponry").symlink_to(Path(sys.executable).parent / "couponry")
    return tmp_path


def typed(lines: list[str], folder: Path, env: dict[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", *options, "-c", "".join(lines)],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def of_server(shop: Shop, api: str, data_dir: Path) -> dict[str, str]:
    credentials = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    return environment("postgresql://nobody@127.0.0.1:1/none", data_dir, url=api, **credentials)


def test_the_quickstart_works_as_printed(shop: Shop, api: str, data_dir: Path, checkout: Path):
    done = typed(blocks(QUICKSTART), checkout, of_server(shop, api, data_dir), "-e")

    assert done.returncode == 0, done.stderr
    assert "500 codes written to codes.csv." in done.stderr
    assert "0 drifted" in done.stderr
    assert "790" in done.stdout


def test_a_store_moves_with_what_is_left_of_its_codes(
    new_shop: Callable[..., Shop], api: str, checkout: Path, data_dir: Path
):
    old, new = new_shop(), new_shop()
    names = old_store(old)
    env = of_server(new, api, data_dir)
    env |= {"EP_URL": api, "EP_CLIENT_ID": old.client_id, "EP_CLIENT_SECRET": old.client_secret}
    here = blocks(GUIDE)
    assert len(here) > 5

    def run() -> str:
        done = typed(here, checkout, env)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    said = run()

    assert "Summer: 7 codes" in said
    assert "250 codes imported, 0 lines refused" in said
    moved = {one["name"]: one for one in new.http.get("/v2/rule-promotions").json()["data"]}
    assert set(moved) == set(names.values())
    for id_, name in names.items():
        there = old.http.get(f"/v2/rule-promotions/{id_}").json()["data"]
        assert members(moved[name]) == members(there)
        if name != "By itself":
            codes = old.list_codes(id_, sort="code", **{"page[limit]": "100"})
            assert [kept(one) for one in new.list_codes(moved[name]["id"], sort="code", **{"page[limit]": "100"})] == [
                kept(one) for one in codes
            ]
    codes = {one["code"]: one for one in new.list_codes(moved["Summer"]["id"])}
    assert (codes["LEFT"]["uses"], codes["gone"]["uses"]) == (2, 0)
    assert new.http.get(f"/v2/rule-promotions/{moved['Many']['id']}/codes").json()["meta"]["results"]["total"] == 250
    assert said.count("promotion.created") == 3

    again = run()
    assert "codes imported, 250 lines refused" in again
    assert len(new.http.get("/v2/rule-promotions").json()["data"]) == 3
