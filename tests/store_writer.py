"""A process that writes to a store until it is killed, and says of each write that was acknowledged what it wrote.

Run as ``python -m tests.store_writer STATE log|journal NAME``.
"""

import sys
from pathlib import Path

from service.store import answers, audit, sqlite
from service.store.location import Folder
from tests.stores import ready


def main(state: str, journal: str, name: str) -> None:
    sqlite.VERSION = sqlite.FIXED if journal == "log" else (3, 40, 1)
    store = ready(Folder(Path(state)))
    for number in range(1_000_000):
        written = f"{name}-{number}"
        audit.record(store, audit.Deed(name, "write", "a test", "done", {"id": written}))
        asked = answers.Asked("asia", "r-0000000000000001", "1.0", "query", written)
        answers.keep(store, asked, {"json": written.encode() * 200}, client=name)
        sys.stdout.write(f"{written}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
