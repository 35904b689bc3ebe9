"""Measure: ``python3 -m bench inference | http | scale | analyses | cost | start | live | web | sweep | …``."""

import os
import sys

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

if __name__ == "__main__":
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # before numpy is imported, here and in the peers' processes
    from bench.command import main

    sys.exit(main(sys.argv[1:]))
