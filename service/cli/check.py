"""The command ``check``: problems of a model, its size, what it rests on, and its checks against published figures."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from model.errors import AftermathError
from model.wording import quantity
from service.cli import completion
from service.cli.options import REFUSED, folder_of, folders_of, priors_option, root_of
from service.cli.page import say


@click.command(short_help="Problems, size and checks of a model.")
@click.argument("model", required=False, shell_complete=completion.models)
@click.option("--size", is_flag=True, help="Also which arcs make the compiled model large: a long search.")
@click.option("--strict", is_flag=True, help="Warnings count as problems do.")
@priors_option
def check(model: str | None, root: Path | None, *, size: bool, strict: bool) -> None:
    """Every problem of MODEL (or of all), its size, what it rests on, and its checks against published figures.

    What it rests on: of how many statements a publication gives the number, of how many only the direction, and how
    many are judgement; then how the sources were read. Headline targets whose 90 % range without evidence is wider
    than 0.5 are named with the prior statements that would narrow it most. With --size, the arcs without which the
    compiled model would shrink most.

    Warnings, such as of states that nobody could judge afterwards, never keep a model from being served.

    Exits 1 when a model has problems or a figure lies outside its published range; with --strict, also for a warning.
    """
    chosen = {model: folder_of(model, root)} if model else folders_of(root)
    if not chosen:
        raise AftermathError(f"no models in {root_of(root)}: a model is a folder with a model.yaml")
    sound = [_checked(name, folder, size=size, strict=strict) for name, folder in chosen.items()]
    sys.exit(0 if all(sound) else REFUSED)


def _checked(name: str, folder: Path, *, size: bool, strict: bool) -> bool:
    """Print what is to be said of one model; whether nothing is wrong with it, or where ``strict`` to be warned of."""
    from model import priors
    from model.analyses import model_review, model_warnings
    from model.errors import BadPriors
    from model.forecast import prepare
    from service.cli import text

    try:
        forecaster = prepare(priors.load(folder))
    except BadPriors as error:
        for line in (*map(str, error.problems), f"{name}: {quantity(len(error.problems), 'problem')}"):
            say(line)
        return False
    except AftermathError as error:
        say(f"{name}: {error}")
        return False
    model, tree = forecaster.model, forecaster.plan.tree
    held = model_review.held(forecaster)
    say(f"{name}  {model.title} ({model.revision}, as of {model.as_of})")
    say(text.size_text(model.network, tree))
    say(text.footing_text(model_review.footing(model)))
    if defaults := text.defaults_text(model):
        say(f"combinations of parents that only a default row covers:\n{defaults}")
    if model.counts:
        say(text.counts_text(model))
    if size and (arcs := model_review.costly_arcs(model.network, tree)):
        say(text.arcs_text(arcs))
    say(text.ranges_text(model_review.ranges(forecaster)))
    if held:
        say(text.checks_text(held))
    if model.questions:
        say(text.expressible_text(model))
    warned = model_warnings.warnings(model)
    if warned:
        say(text.warnings_text(warned))
    outside = sum(not each.inside for each in held)
    say(f"{quantity(len(held), 'check')}, {outside} outside their range" if held else "no checks")
    return outside == 0 and not (strict and warned)
