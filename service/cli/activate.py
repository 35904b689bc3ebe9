"""The command ``activate``: which revision is served, by call."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli import completion
from service.cli.options import folder_of
from service.cli.page import say
from service.cli.store_options import ORIGIN, store_of, store_options, user

if TYPE_CHECKING:
    from service.store.database import Store


@click.command(short_help="Serve a revision that is kept, or the folder as it is.")
@click.argument("model", shell_complete=completion.models)
@click.argument("revision", required=False, metavar="[REVISION]")
@click.option("--expected", metavar="REVISION", help="Only if this one is active now; 'none': if none is.")
@click.option("--reason", default="", metavar="TEXT", help="Why, kept with the activation.")
@store_options
def activate(
    model: str, revision: str | None, expected: str | None, reason: str, root: Path | None, state: Path | None
) -> None:
    """Make a revision of MODEL the active one: services over the same store follow within a second.

    REVISION is the hash or a name of one that is kept. Without it the folder as it is now is read and kept. What is
    served by call stays until the folder changes, or for good where AFTERMATH_LIVE is off. A revision that moves a
    headline over acknowledge_over of model.yaml needs a --reason.

    Exits 1 where another revision than --expected is active, and nothing is changed.
    """
    from model.priors.files import files_of
    from service.http.fingerprint import fingerprint
    from service.live import record
    from service.revisions import HASH
    from service.store import activations, audit, names
    from service.store.activations import Expected
    from service.stored_models import made

    with closing(store_of(root, state)) as store:
        if revision is None:
            folder = folder_of(model, root)
            files = files_of(folder)
            found = made(model, files, model)
            revision = found.model.revision
            said: dict[str, Any] = {
                "engine": fingerprint(),
                "tree_cells": found.forecaster.plan.cells,
                "author": user(),
            }
            record.keep(store, model, revision, record.content_of(found.model), files, **said)
        elif not HASH.fullmatch(revision):
            revision = names.resolve(store, model, revision)
        _demand_reason(store, model, revision, reason)
        taken = Expected.ANY if expected is None else None if expected == "none" else expected
        change = activations.activate(
            store, model, revision, cause="call", expected=taken, author=user(), reason=reason
        )
        detail = {"model": model, "revision": revision, "previous": change.previous}
        audit.record(store, audit.Deed(user(), "activate", ORIGIN, "done", detail))
    say(f"{model}: {revision} is active" + (f" in place of {change.previous}" if change.previous else ""))


def _demand_reason(store: Store, model: str, revision: str, reason: str) -> None:
    """Raise NeedsReason where a revision moves a headline over the model's limit and nobody said why."""
    from model.analyses.revision_diff import over_limit
    from service.revisions import NeedsReason
    from service.store import activations, revisions
    from service.stored_models import made

    active = activations.active(store, model)
    if reason.strip() or active is None or active.revision == revision:
        return
    old, new = (made(model, revisions.files(store, model, each), each) for each in (active.revision, revision))
    moved = over_limit(old.forecaster, new.forecaster)
    if moved:
        raise NeedsReason(revision, moved)
