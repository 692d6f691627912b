"""npm packages that tests work with, each as its lock file pins it."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

NPM = shutil.which("npm")
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")


def installed(config: pytest.Config, package: Path, name: str) -> Path:
    """Return a folder with what *package* asks for, installed once for each lock file; skips where npm cannot."""
    if NPM is None:
        pytest.skip(f"NOT TESTED with {name}: install npm")
    version = hashlib.sha256((package / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = config.cache.mkdir(f"{package.parent.name}-{version}")  # pyright: ignore[reportOptionalMemberAccess]
    with (folder / "lock").open("w") as lock:  # test processes install it once, not at the same moment
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            _install(package, folder, name)
    return folder


def _install(package: Path, folder: Path, name: str) -> None:
    for file in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(package / file, folder)
    npm = subprocess.run([str(NPM), "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False)
    if npm.returncode and any(reason in npm.stderr for reason in OFFLINE):
        pytest.skip(f"NOT TESTED with {name}: npm cannot fetch it ({npm.stderr[-200:]})")
    assert npm.returncode == 0, npm.stderr
    (folder / "installed").touch()
