"""Revisions that are not served and that somebody asks for, compiled from the store beside the workers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from service.live import loading, states
from service.live.loading import RESULT, Result
from service.store import revisions
from service.store.database import Store
from service.store.errors import StoreError

OLDER_BYTES = 512_000_000
"""Bytes of compiled revisions that are not served: seven of a model of 130 variables."""


def compile_asked(
    home: Path, store: Store, *, load: Callable[[str, Path, Path], Result], new_folder: Callable[[str], Path]
) -> None:
    """Leave one revision that somebody asks for where workers map it from, or what is wrong with it."""
    found = states.asked(home)
    if found is None:
        return
    model, revision = found
    into, unpacked = states.older(home, model, revision), new_folder("unpacked")
    if (into / RESULT).exists():  # asked for again while it was compiled
        return
    into.parent.mkdir(exist_ok=True)
    made = new_folder(model)
    try:
        folder = revisions.unpack(store, model, revision, unpacked)
        result = load(model, folder, made)
    except StoreError as error:
        made.mkdir(exist_ok=True)
        result = Result("broken", reasons=(str(error),))
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    loading.leave(made, result)
    made.replace(into)
    states.bound(home, OLDER_BYTES)
