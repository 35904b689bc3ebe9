"""The command ``check``: problems of a model, its size, what it rests on, and its checks against published figures."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from model.errors import AftermathError
from model.wording import quantity
from service.cli import completion
from service.cli.options import REFUSED, folder_of, folders_of, priors_option, root_of
from service.cli.page import say, width


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
    from service.cli import check_cache

    key = check_cache.key(folder, size=size, strict=strict, width=width())
    kept = check_cache.read(key)
    if kept is None:
        found, sound = _found(name, folder, size=size, strict=strict)
        kept = "".join(f"{line}\n" for line in found), sound
        if key == check_cache.key(folder, size=size, strict=strict, width=width()):
            check_cache.write(key, *kept)
    say(kept[0], nl=False)
    return kept[1]


def _found(name: str, folder: Path, *, size: bool, strict: bool) -> tuple[list[str], bool]:
    from model import priors
    from model.analyses import model_review, model_warnings
    from model.errors import BadPriors
    from model.forecast import prepare
    from service.cli import text

    try:
        forecaster = prepare(priors.load(folder))
    except BadPriors as error:
        return [*map(str, error.problems), f"{name}: {quantity(len(error.problems), 'problem')}"], False
    except AftermathError as error:
        return [f"{name}: {error}"], False
    model, tree = forecaster.model, forecaster.plan.tree
    held, warned = model_review.held(forecaster), model_warnings.warnings(model)
    defaults, arcs = text.defaults_text(model), model_review.costly_arcs(model.network, tree) if size else ()
    outside = sum(not each.inside for each in held)
    parts = (
        f"{name}  {model.title} ({model.revision}, as of {model.as_of})",
        text.size_text(model.network, tree),
        text.footing_text(model_review.footing(model)),
        defaults and f"combinations of parents that only a default row covers:\n{defaults}",
        model.counts and text.counts_text(model),
        arcs and text.arcs_text(arcs),
        text.ranges_text(model_review.ranges(forecaster)),
        held and text.checks_text(held),
        model.questions and text.expressible_text(model),
        warned and text.warnings_text(warned, strict=strict),
        text.held_text(len(held), outside),
    )
    return [str(part) for part in parts if part], outside == 0 and not (strict and warned)
