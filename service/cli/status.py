"""The command ``status``: what the store holds, without asking a service that runs."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from model.wording import quantity
from service.cli.options import REFUSED
from service.cli.page import say
from service.cli.store_options import store_of, store_options


@click.command(short_help="The store, and which revision of each model is active.")
@store_options
def status(root: Path | None, state: Path | None) -> None:
    """Where the store is, whether it can be written to, the active revision of each model, and failed loads.

    Each revision with where it is from and since when, each failed load with all its problems. It reads the store alone
    and asks no service: /v1/status of one says what its workers serve. Exits 1 where nothing can be kept.
    """
    from service.store import activations, attempts
    from service.store.location import Folder

    with closing(store_of(root, state)) as store:
        say(f"store: {store.place}")
        if store.caution:
            say(store.caution)
        if isinstance(store.place, Folder) and not store.place.file.exists():
            say("nothing is kept yet")
            return
        if trouble := store.trouble():
            say(f"nothing can be kept: {trouble}")
            sys.exit(REFUSED)
        active = activations.all_active(store)
        for model, each in active.items():
            say(f"{model}  {each.revision}  since {each.at:%Y-%m-%d %H:%M:%S} UTC, from: {each.cause}")
            failed = attempts.last(store, model)
            if failed and failed.problems:
                count = quantity(len(failed.problems), "problem")
                say(f"  the load of {failed.at:%Y-%m-%d %H:%M:%S} UTC failed with {count}:")
                for problem in failed.problems:
                    say(f"  {problem}")
        if not active:
            say("no revision was active yet")
