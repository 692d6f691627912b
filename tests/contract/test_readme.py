"""The README's tour, and other walks, run as they are printed: each command is typed, each answer compared."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(bash|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGING = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "<id>",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z": "<moment>",
    r"[0-9a-f]{32}": "<actor>",
    r"127.0.0.1:\d+": "<server>",
    r"Expires=\d+&Signature=[\w-]+": "<signature>",
    r"_\d{8}_\d{6}_codes": "_<moment>_codes",
}
"""What no two runs have in common, and what is compared in its place."""


def masked(text: str) -> str:
    for pattern, mask in CHANGING.items():
        text = re.sub(pattern, mask, text)
    return re.sub(r"\s+", "", text)


@pytest.fixture
def home() -> Generator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="couponry-readme-", dir="/tmp"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def newcomers_server(home: Path) -> Generator[str]:
    """`make serve`, as a newcomer with an empty home runs it, but on any free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "couponry.cli", "serve", "--port", "0"],
        env=newcomer(home) | {"COUPONRY_DATA_DIR": str(home / ".local/share/couponry")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield ready(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"ready at http://(\S+)", line):
            return found[1]
    raise AssertionError("it did not start")


def newcomer(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"]}


@pytest.mark.parametrize(("page", "start"), [("README.md", "## A tour"), ("docs/checkout.md", "# Checkout")])
def test_a_walk_works_as_printed(home: Path, newcomers_server: str, page: str, start: str):
    walk = (ROOT / page).read_text().partition(start)[2]
    blocks = [(kind, text) for kind, text in BLOCK.findall(walk)]
    commands = [text for kind, text in blocks if kind == "bash"]
    assert len(commands) > 5
    (home / ".venv/bin").mkdir(parents=True)
    (home / ".venv/bin/couponry").symlink_to(Path(sys.executable).parent / "couponry")
    script = "".join(f"echo '@@@'\n{text.replace('127.0.0.1:8080', newcomers_server)}" for text in commands)

    done = subprocess.run(
        ["bash", "-e", "-c", f"exec 2>&1\n{script}"],
        cwd=home,
        env=newcomer(home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    answers = iter(done.stdout.split("@@@\n")[1:])
    for (kind, text), (following, expected) in pairwise([*blocks, ("bash", "")]):
        if kind == "bash":
            answer = next(answers)
            assert masked(answer) == masked(expected if following != "bash" else ""), f"{text}\n{answer}"
