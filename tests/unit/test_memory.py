"""What a worker frees goes back to the system."""

import ctypes
import subprocess
import sys

import pytest

HOLDING = """
import psutil

def round():
    large, kept = [], []
    for _ in range(50):
        large.append(b"x" * 3_000_000)
        kept.append(b"x" * 100_000)  # lies behind it, for good
    return kept

kept = [round(), round()]
print(psutil.Process().memory_info().rss // 2**20)
"""
RETURNING = f"""
from couponry.services.memory import return_what_is_freed
return_what_is_freed()
{HOLDING}
"""


def megabytes(script: str) -> int:
    return int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="NOT TESTED: the C library is not glibc")
def test_large_pieces_go_back_to_the_system_when_they_are_freed():
    assert megabytes(HOLDING) > 100  # as glibc is by itself
    assert megabytes(RETURNING) < 60
