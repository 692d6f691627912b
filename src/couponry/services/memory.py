"""Keeps a process that works in large pieces from holding on to memory that it has freed."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""From glibc's malloc.h."""

LARGE = 1024 * 1024
"""How many bytes make a piece large."""


def return_what_is_freed() -> None:
    """Have large pieces go back to the system when they are freed; without effect where the C library is not glibc.

    Once a large piece was freed, glibc by itself keeps others of its size for later: measured, a fifth of what
    a worker holds.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(M_MMAP_THRESHOLD, LARGE)
        set_option(M_TRIM_THRESHOLD, LARGE)
