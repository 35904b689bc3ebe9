"""The command ``diff``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from model.analyses.revision_diff import RevisionDiff, diff
from model.errors import AftermathError
from service.analyses.revision_diff.body import ROW, diff_body, diff_rows
from service.analyses.revision_diff.page import LOOKED_AT, markdown, text
from service.cli import completion
from service.cli.model_files import Kept, NoSuchFiles, base_of, edition_of, model_files
from service.cli.options import REFUSED, folder_of, folders_of, interval_options, root_of
from service.cli.page import say
from service.cli.store_options import store_options
from service.http.csv_tables import csv_bytes
from service.http.json_encoding import encoded


@click.command(short_help="What the edits between two revisions do to the forecasts.")
@click.argument("model", required=False, shell_complete=completion.models)
@click.argument("a", required=False, metavar="[A]")
@click.argument("b", required=False, metavar="[B]")
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Under these scenarios alone (every one).")
@click.option(
    "--fail-over", type=click.FloatRange(0, 1), metavar="SHIFT", help="Exit 1 where a headline moves by more than this."
)
@click.option("--json", "form", flag_value="json", help="As JSON.")
@click.option("--csv", "form", flag_value="csv", help="Every part of every shift as CSV.")
@click.option("--markdown", "form", flag_value="markdown", help="To be pasted into a review.")
@interval_options
@store_options
def command(
    model: str | None,
    a: str | None,
    b: str | None,
    scenarios: Sequence[str],
    fail_over: float | None,
    form: str | None,
    interval: float,
    root: Path | None,
    state: Path | None,
    *,
    point: bool,
) -> None:
    """Every edit of MODEL (or of all models) from A to B, and the shift of each headline, split by edit.

    A and B are folders, revisions kept in the store by their hash, a name or as active, or git revisions of the
    model's folder (HEAD, main~3); the store is asked before git. Without B the folder as it is; without A what is
    active, by the store, else git's HEAD.

    The parts of a shift are Shapley values and add up to it: exact for up to 8 edits that can reach the headline, and
    beyond of random orders, with their standard errors.

    Exits 1 where --fail-over is given and a headline moves by more, or can be answered by one of the two alone.
    """
    chosen = {model: folder_of(model, root)} if model else folders_of(root)
    if not chosen:
        raise AftermathError(f"no models in {root_of(root)}: a model is a folder with a model.yaml")
    found = []
    for name, folder in chosen.items():
        try:
            kept = Kept(root, state)
            older = model_files(name, a, folder, kept) if a else base_of(name, folder, kept)
            sides = older, model_files(name, b, folder, kept)
        except NoSuchFiles as error:
            if model:
                raise
            say(f"{name}: not compared: {error}", err=True)
            continue
        old, new = map(edition_of, sides)
        found.append(diff(old, new, scenarios=scenarios or None, mass=None if point else interval))
    _print(found, form, whole=model is None, limit=LOOKED_AT if fail_over is None else fail_over)
    if fail_over is not None and any(each.over(fail_over) for each in found):
        sys.exit(REFUSED)


def _print(found: Sequence[RevisionDiff], form: str | None, *, whole: bool, limit: float) -> None:
    """Print what was found; as JSON a list where no model was named."""
    if form in ("json", "csv"):
        bodies = [diff_body(each) for each in found]
        rows = (row for each in found for row in diff_rows(each))
        sys.stdout.flush()
        sys.stdout.buffer.write(csv_bytes(ROW, rows) if form == "csv" else encoded(bodies if whole else bodies[0]))
        sys.stdout.buffer.flush()
        return
    pages = [markdown(each, limit) if form == "markdown" else text(each, limit) for each in found]
    say("\n".join(pages), nl=False)
