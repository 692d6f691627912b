"""The official JavaScript SDK, unchanged, against our API (needs Node.js and npm)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from packages import installed
from support import Shop

PACKAGE = Path(__file__).with_name("js")
NODE = shutil.which("node")


@pytest.fixture
def program(pytestconfig: pytest.Config) -> Path:
    """The SDK as its lock file pins it and our program beside it, installed once for each lock file."""
    if NODE is None:
        pytest.skip("NOT TESTED with the official JavaScript SDK: install Node.js and npm")
    folder = installed(pytestconfig, PACKAGE, "the official JavaScript SDK")
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
