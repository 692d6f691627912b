"""Shells complete commands and their options, once they were told how to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASH = shutil.which("bash")
ASK = """
set -e
. {script}
complete -p couponry
COMP_WORDS=(couponry {words}); COMP_CWORD={at}
$(complete -p couponry | sed 's/.*-F \\([^ ]*\\).*/\\1/') couponry
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has a home of their own, and `couponry` on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"HOME": str(tmp_path), "PATH": path, "SHELL": str(BASH)}


def bash(script: str, env: dict[str, str]) -> str:
    if BASH is None:
        pytest.skip("NOT TESTED with a shell: install bash")
    done = subprocess.run([BASH, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ('""', {"promotions", "codes", "jobs", "verify", "demo"}),
        ('codes ""', {"generate", "import", "export", "lookup"}),
        ("codes im", {"import"}),
        ("jobs list --st", {"--status", "--store"}),
        ("codes import x --d", {"--dry-run"}),
    ],
)
def test_what_was_begun_is_completed(shell: dict[str, str], words: str, completed: set[str]):
    bash("couponry --install-completion; true", shell)
    script = Path(shell["HOME"], ".bash_completions", "couponry.sh")
    assert str(script) in Path(shell["HOME"], ".bashrc").read_text()

    told = bash(ASK.format(script=script, words=words, at=len(words.split())), shell).splitlines()

    assert told[0].endswith("couponry")
    assert completed <= set(told[1:])
    assert len(told) < 20


def test_the_script_can_be_had_without_installing_it(shell: dict[str, str]):
    assert "complete -o default -F" in bash("couponry --show-completion; true", shell)
    assert list(Path(shell["HOME"]).iterdir()) == []
