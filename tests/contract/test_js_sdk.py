"""The official JavaScript SDK, unchanged, against our API (needs Node.js and npm)."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support import Shop

PACKAGE = Path(__file__).with_name("js")
NODE, NPM = shutil.which("node"), shutil.which("npm")
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")


@pytest.fixture
def program(pytestconfig: pytest.Config) -> Path:
    """The SDK as its lock file pins it and our program beside it, installed once for each lock file."""
    if NODE is None or NPM is None:
        pytest.skip("NOT TESTED with the official JavaScript SDK: install Node.js and npm")
    lock = hashlib.sha256((PACKAGE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = pytestconfig.cache.mkdir(f"js-sdk-{lock}")  # pyright: ignore[reportOptionalMemberAccess]
    installed = folder / "installed"
    if not installed.exists():
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(PACKAGE / name, folder)
        npm = subprocess.run([NPM, "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False)
        if npm.returncode and any(reason in npm.stderr for reason in OFFLINE):
            pytest.skip(f"NOT TESTED with the official JavaScript SDK: npm cannot fetch it ({npm.stderr[-200:]})")
        assert npm.returncode == 0, npm.stderr
        installed.touch()
    return Path(shutil.copy(PACKAGE / "contract.mjs", folder))


def test_the_official_sdk_works_unchanged(program: Path, shop: Shop):
    connection = {
        "COUPONRY_HOST": shop.http.base_url.netloc.decode(),
        "COUPONRY_CLIENT_ID": shop.client_id,
        "COUPONRY_CLIENT_SECRET": shop.client_secret,
    }
    assert NODE is not None
    run = subprocess.run(
        [NODE, program.name],
        cwd=program.parent,
        env=os.environ | connection,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert "FAIL" not in run.stdout
    assert run.stdout.count("ok ") >= 20
