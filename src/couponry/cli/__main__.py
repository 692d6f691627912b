"""`python -m couponry.cli` is `couponry`."""

from couponry.cli import main

main()
