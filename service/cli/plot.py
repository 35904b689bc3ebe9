"""The command ``plot``: results as pictures. It needs matplotlib, which the program otherwise does without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.errors import AftermathError
from service.cli import completion
from service.cli.options import (
    EVENT_HELP,
    evidence_options,
    interval_options,
    matrix_options,
    priors_option,
    question_of,
    ready,
    side_option,
    split_names,
)
from service.cli.page import say

if TYPE_CHECKING:
    from types import ModuleType

    from model.analyses.matrix import By
    from model.forecast import Forecaster
    from model.question import Question

MOST = 40
"""Variables in a picture of a network, unless asked for: more are too small to read on a screen."""


@click.group(short_help="A distribution, a comparison, a tornado, a waterfall, the matrix or the network as a picture.")
def plot() -> None:
    """A result as a picture, PNG or SVG by the ending of FILE."""


file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


def picture(*wanted: str, optional: bool = False) -> Callable[[Callable[..., object]], Callable[..., None]]:
    """A command that saves what ``draw`` makes, with the options of what is known and done.

    ``wanted`` are the names that it takes: a target, or a target and one of its states; ``--event`` stands in for
    them, and where they are ``optional`` none need be named. ``draw`` gets what draws, the model made ready, the
    question without its targets and those names, then what is its own.
    """

    def made(draw: Callable[..., object]) -> Callable[..., None]:
        @click.argument("model", shell_complete=completion.models)
        @click.argument(
            "named",
            metavar=f"[{' '.join(wanted).upper()}]",
            nargs=-1,
            shell_complete=completion.pictured(*wanted),
        )
        @file_argument
        @click.option("--event", metavar="EVENT", help=EVENT_HELP)
        @evidence_options
        @priors_option
        @wraps(draw)
        def run(
            model: str,
            named: tuple[str, ...],
            file: Path,
            event: str | None,
            given: Sequence[str],
            do: Sequence[str],
            scenario: str | None,
            cohort: str | None,
            root: Path | None,
            **own: Any,
        ) -> None:
            from model.question import resolve

            if named or not optional:
                _demand_names(wanted, named, event)
            pictures = _pictures(file)
            question = question_of(given, do, scenario=scenario, cohort=cohort)
            forecaster, about = _about(ready(model, root), wanted, named, event)
            figure = draw(pictures, forecaster, resolve(forecaster.model, question).question, **about, **own)
            _save(pictures, figure, file)

        return run

    return made


def _demand_names(wanted: Sequence[str], named: Sequence[str], event: str | None) -> None:
    """Refuse, as wrong usage, a command that names too little or too much before its file."""
    if event is not None and named:
        raise click.UsageError("TARGET and --event are both named; a picture is about one of them.")
    if event is None and len(named) != len(wanted):
        raise click.UsageError(f"Expected MODEL {' '.join(wanted).upper()} FILE, or --event in place of TARGET.")


def _about(
    forecaster: Forecaster, wanted: Sequence[str], named: Sequence[str], event: str | None
) -> tuple[Forecaster, dict[str, str]]:
    """What the picture is about by what it is wanted as, and the forecaster that has a variable for it."""
    if event is None:
        return forecaster, dict(zip(wanted, named, strict=False))
    from model.events import HAPPENS
    from service.translate.questions import about

    forecaster, [target] = about(forecaster, [event])
    return forecaster, dict(zip(wanted, (target, HAPPENS), strict=False))


def _save(pictures: ModuleType, figure: object, file: Path) -> None:
    pictures.save(figure, file)
    say(f"wrote {file}")


@plot.command(short_help="A target's distribution, and the effect of what is done.")
@interval_options
@picture("target")
def distribution(
    pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str, interval: float, point: bool
) -> object:
    """How likely each state of TARGET is under a what-if, beside the same without what it does, or the baseline.

    \b
    aftermath plot distribution asia lung lung.svg --given xray:yes
    """
    from model.forecast import answer

    found = answer(forecaster, replace(question, targets=(target,), interval=None if point else interval))
    return pictures.distribution(forecaster.model, found)


@plot.command(short_help="The numbers that move an answer most.")
@click.option("--top", type=click.IntRange(min=1), default=12, show_default=True, help="How many numbers.")
@picture("target", "state")
def tornado(
    pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str, state: str, top: int
) -> object:
    """What each prior number, over its own 90 % range, does to P(TARGET = STATE); the widest swing on top.

    \b
    aftermath plot tornado asia lung yes tornado.svg --given xray:yes
    """
    from model.analyses.sensitivity import sensitivity
    from model.question import of_target, resolve

    found = sensitivity(forecaster, question, target=target, state=state, search=0)
    asked = resolve(forecaster.model, of_target(question, target))
    return pictures.tornado(forecaster.model, found, asked, top=top)


@plot.command(short_help="What each finding weighs, from prior to posterior.")
@picture("target", "state")
def waterfall(pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str, state: str) -> object:
    """Each finding's weight of evidence for TARGET = STATE, a step from the log odds before to those after.

    \b
    aftermath plot waterfall asia lung yes weights.svg --given xray:yes --given smoke:yes
    """
    from model.analyses.explanation import explain
    from model.question import of_target, resolve

    found = explain(forecaster, question, target=target, state=state)
    findings = resolve(forecaster.model, of_target(question, target)).case.findings
    return pictures.waterfall(forecaster.model, found, findings)


@plot.command(short_help="The network with what is believed of each variable.")
@click.option(
    "--around", type=click.IntRange(min=0), metavar="ARCS", help="Only causes and effects of TARGET so many arcs away."
)
@picture("target", optional=True)
def network(
    pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str | None = None, around: int | None
) -> object:
    """The variables about TARGET, or all of them, and the arcs between them, with their distributions under a what-if.

    What is given or done and matters to TARGET is shown too, however far away. Without --around it is every
    variable; then a model of more than 40 is refused, since nothing could be read.

    \b
    aftermath plot network asia asia.svg
    aftermath plot network asia lung asia.svg --given xray:yes
    """
    from model.forecast import answer

    names = forecaster.model.network.names
    if target is None and around is not None:
        raise click.UsageError("--around is from a TARGET: name one before FILE.")
    if around is None and len(names) > MOST:
        nearby = f"say --around 2 for those near to {target}" if target else "name a TARGET and say --around 2"
        raise AftermathError(f"{forecaster.model.name} has {len(names)} variables: {nearby}")
    shown = set(names)
    if target is not None and around is not None:
        of_target = answer(forecaster, replace(question, targets=(target,)))
        shown = {*of_target.findings, *of_target.settings}.difference(of_target.no_effect)
        shown |= pictures.around(forecaster.model.network, target, around)
    answerable = forecaster.model.answerable(question.cohort)
    found = answer(forecaster, replace(question, targets=tuple(name for name in answerable if name in shown)))
    return pictures.network(forecaster.model, found, target=target)


@plot.command(short_help="What each cause does to each headline target.")
@click.argument("model", shell_complete=completion.models)
@file_argument
@matrix_options
@priors_option
def matrix(model: str, file: Path, by: By, scenario: str | None, targets: tuple[str, ...], root: Path | None) -> None:
    """What each cause does to each headline target of MODEL as a heat map, the strongest causes on top.

    A cell has the state that moves most and its shift in points, as in `aftermath matrix`; 40 causes are shown.

    \b
    aftermath plot matrix asia matrix.png --targets lung,tub
    """
    from model.analyses import matrix as analysis

    pictures = _pictures(file)
    forecaster = ready(model, root)
    found = analysis.matrix(forecaster, by=by, scenario=scenario, targets=split_names(targets))
    _save(pictures, pictures.matrix(forecaster.model, found), file)


@plot.command(short_help="Questions about a target beside each other.")
@click.argument("model", shell_complete=completion.models)
@click.argument("named", metavar="[TARGET]", nargs=-1, shell_complete=completion.pictured("target"))
@file_argument
@click.option("--event", metavar="EVENT", help=EVENT_HELP)
@side_option
@evidence_options
@interval_options
@priors_option
def compare(
    model: str,
    named: tuple[str, ...],
    file: Path,
    event: str | None,
    sides: tuple[str, ...],
    given: Sequence[str],
    do: Sequence[str],
    scenario: str | None,
    cohort: str | None,
    interval: float,
    point: bool,
    root: Path | None,
) -> None:
    """Two or more questions about TARGET beside each other, each with its difference from the first.

    \b
    aftermath plot compare asia lung sides.svg --side do=smoke:yes --side do=smoke:no
    """
    from service.analyses import comparison

    _demand_names(("target",), named, event)
    pictures = _pictures(file)
    mass = "none" if point else interval
    asked = {"side": list(sides), "given": list(given), "do": list(do), "cohort": cohort, "interval": mass}
    about = {"target": list(named), "event": [event] if event else []}
    found = comparison.asked_of(ready(model, root), asked | about | {"scenario": [scenario] if scenario else []})
    _save(pictures, pictures.comparison(found.model, found.sides, comparison.names_in_full(found)), file)


def _pictures(file: Path) -> ModuleType:
    """What draws, once the file's ending is known to be one that it can write."""
    try:
        from service import pictures
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "matplotlib":
            raise
        raise AftermathError("pictures need matplotlib: pip install 'aftermath[plots]'") from None
    pictures.demand_a_picture(file)
    return pictures
