"""Commands, each in a process of its own that is forked from one which has imported everything: it starts at once."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

IMPORTED = [
    "commands",
    "couponry.cli",
    "couponry.cli.client",
    "couponry.cli.code_jobs",
    "couponry.cli.jobs_here",
    "couponry.cli.local",
    "couponry.cli.uploads",
    "couponry.api.app",
    "couponry.embedded",
    "couponry.server",
    "couponry.services.code_uploads",
    "yaml",
]
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(IMPORTED)
STREAMS = ("stdin", "stdout", "stderr")


def run_command(arguments: Sequence[str], env: dict[str, str], given: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `couponry` with *arguments* and *env* alone, *given* on its standard input, and return what came of it."""
    with tempfile.TemporaryDirectory(prefix="couponry-command-") as folder:
        files = [Path(folder, name) for name in STREAMS]
        files[0].write_text(given)
        process = _forking.Process(target=_main, args=([*arguments], env, [str(file) for file in files]))
        process.start()
        process.join(120)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([*arguments], 120)
        stdout, stderr = (file.read_text() for file in files[1:])
        return subprocess.CompletedProcess([*arguments], process.exitcode, stdout, stderr)


def _main(arguments: list[str], env: dict[str, str], files: list[str]) -> None:
    from couponry.cli import main

    os.environ.clear()
    os.environ.update(env)
    for descriptor, name in enumerate(files):
        opened = os.open(name, os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 # it is read to the end of the process
    sys.argv = ["couponry", *arguments]
    main()
