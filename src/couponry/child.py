"""How a supervised Python process begins: tied to its supervisor, so that none outlives it.

    python -m couponry.child LIFELINE MODULE [ARGUMENT...]

LIFELINE is the reading end of a pipe whose other end only the supervisor holds: it ends with it, kill -9
included, on every system.
"""

import importlib
import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 20


def main() -> None:
    """Run MODULE's `main`, until it ends or the supervisor does."""
    lifeline, module, *arguments = sys.argv[1:]
    threading.Thread(target=_follow, args=(int(lifeline),), daemon=True).start()
    sys.argv = [module, *arguments]
    importlib.import_module(module).main()


def _follow(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
