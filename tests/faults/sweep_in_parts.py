"""The command line with parts of a sweep of so many cases: ``sweep_in_parts.py CASES sweep …``."""

import sys

from service.cli.main import main
from service.jobs import sweep

if __name__ == "__main__":
    sweep.CASES = int(sys.argv[1])
    main(sys.argv[2:])
