"""The commands ``db`` on the store as a whole: bring it up to date, check it, copy it, fill it, prune it."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import click

from model.wording import quantity
from service.cli.options import REFUSED
from service.cli.page import say
from service.cli.store_options import ORIGIN, store_of, store_options, user


@click.group(short_help="The store: upgrade, check, backup, restore, prune.")
def db() -> None:
    """The store of revisions, answers, tokens and the audit log: SQLite in the state folder, or DATABASE_URL."""


@db.command(short_help="Make the tables or bring them up to date.")
@store_options
def upgrade(root: Path | None, state: Path | None) -> None:
    """Make the tables, or bring them up to date; a service does the same when it starts."""
    with closing(store_of(root, state)) as store:
        steps = store.prepare()
        did = f"took {quantity(len(steps), 'step')}" if steps else "up to date"
        say(f"{store.place}: {did}")


@db.command(short_help="Look for damage.")
@store_options
def check(root: Path | None, state: Path | None) -> None:
    """Whether the store is as it was written: its file, references, triggers, chains and contents.

    Prints the last hash of each chain. Written down elsewhere, it shows whether rows were cut from the end.
    Exits 1 when something is damaged.
    """
    from service.store import checks

    with closing(store_of(root, state)) as store:
        found = checks.check(store)
        for each in found.damage:
            say(str(each))
        for name, head in found.heads.items():
            say(f"{name} ends with {head}")
        looked = f"{quantity(found.rows, 'chained row')}, {quantity(found.contents, 'content')}"
        say(f"{store.place}: {looked}, {quantity(len(found.damage), 'problem')}")
    sys.exit(REFUSED if found.damage else 0)


@db.command(short_help="Write a copy of the store.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@store_options
def backup(file: Path, root: Path | None, state: Path | None) -> None:
    """Write a copy of the store to FILE while it is in use.

    Of PostgreSQL, or where FILE ends in .zip, it is an archive that either database can be restored from; else it is
    an SQLite file, which can be restored from as well.
    """
    from service.store import backup as copies

    with closing(store_of(root, state)) as store:
        copies.backup(store, file)
        say(f"wrote {file} ({quantity(file.stat().st_size, 'byte')}) from {store.place}")


@db.command(short_help="Fill an empty store from a copy.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_options
def restore(file: Path, root: Path | None, state: Path | None) -> None:
    """Fill an empty store from FILE, which ``aftermath db backup`` wrote, of either database; all of it or nothing.

    A file that is damaged has to be moved away first, with those beside it, while no service runs.
    """
    from service.store import backup as copies

    with closing(store_of(root, state)) as store:
        counts = copies.restore(store, file)
        rows = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        say(f"{store.place}: restored {rows or 'nothing, the copy is empty'}")


@db.command(short_help="Remove what is old and not needed.")
@click.option("--older", type=click.FloatRange(min=0), metavar="DAYS", help="Also answers and the like of before that.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@store_options
def prune(older: float | None, root: Path | None, state: Path | None, *, dry_run: bool) -> None:
    """Remove content that nothing refers to; with --older also answers, failed loads and unused revisions.

    An unused revision was never active, and no answer and no name refers to it. Activations, names and the audit log
    are never removed. A permalink to an answer that was removed ends in 404. The prune itself is recorded.
    """
    from service.store import prune as pruning

    age = None if older is None else timedelta(days=older)
    with closing(store_of(root, state)) as store:
        found = pruning.prune(store, older=age, dry_run=dry_run, author=user(), origin=ORIGIN)
        rows = ", ".join(f"{count:,} {name}" for name, count in found.rows.items())
        said = f"{rows} ({quantity(found.bytes, 'byte')})" if rows else "nothing"
        say(f"{store.place}: {'would remove' if dry_run else 'removed'} {said}")
