"""The command ``plot``: results as pictures. It needs matplotlib, which the program otherwise does without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.errors import AftermathError
from service.cli.options import evidence_options, interval_options, priors_option, question_of, ready

if TYPE_CHECKING:
    from types import ModuleType

    from model.forecast import Forecaster
    from model.question import Question

MOST = 40
"""Variables in a picture of a network, unless asked for: more are too small to read on a screen."""


@click.group(short_help="A distribution, a tornado, a waterfall or the network as a picture.")
def plot() -> None:
    """A result as a picture, PNG or SVG by the ending of FILE."""


def picture(draw: Callable[..., object]) -> Callable[..., None]:
    """A command that saves what ``draw`` makes, with the options of what is known and done.

    ``draw`` gets what draws, the model made ready and the question without its targets, then what is its own.
    """

    @evidence_options
    @priors_option
    @wraps(draw)
    def run(
        model: str,
        file: Path,
        given: Sequence[str],
        do: Sequence[str],
        scenario: str | None,
        cohort: str | None,
        root: Path | None,
        **own: Any,
    ) -> None:
        from model.question import resolve

        pictures = _pictures(file)
        question = question_of(given, do, scenario=scenario, cohort=cohort)
        forecaster = ready(model, root)
        figure = draw(pictures, forecaster, resolve(forecaster.model, question).question, **own)
        pictures.save(figure, file)
        click.echo(f"wrote {file}")

    return run


file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@plot.command(short_help="A target's distribution against the baseline.")
@click.argument("model")
@click.argument("target")
@file_argument
@interval_options
@picture
def distribution(
    pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str, interval: float, point: bool
) -> object:
    """How likely each state of TARGET is under a what-if, beside the baseline.

    \b
    aftermath plot distribution asia lung lung.svg --given xray:yes
    """
    from model.forecast import answer

    found = answer(forecaster, replace(question, targets=(target,), interval=None if point else interval))
    return pictures.distribution(forecaster.model, found)


@plot.command(short_help="The numbers that move an answer most.")
@click.argument("model")
@click.argument("target")
@click.argument("state")
@file_argument
@click.option("--top", type=click.IntRange(min=1), default=12, show_default=True, help="How many numbers.")
@picture
def tornado(
    pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str, state: str, top: int
) -> object:
    """What each prior number, over its own 90 % range, does to P(TARGET = STATE); the widest swing on top.

    \b
    aftermath plot tornado asia lung yes tornado.svg --given xray:yes
    """
    from model.analyses.sensitivity import sensitivity

    found = sensitivity(forecaster, question, target=target, state=state, search=0)
    return pictures.tornado(forecaster.model, found, top=top)


@plot.command(short_help="What each finding weighs, from prior to posterior.")
@click.argument("model")
@click.argument("target")
@click.argument("state")
@file_argument
@picture
def waterfall(pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str, state: str) -> object:
    """Each finding's weight of evidence for TARGET = STATE, a step from the log odds before to those after.

    \b
    aftermath plot waterfall asia lung yes weights.svg --given xray:yes --given smoke:yes
    """
    from model.analyses.explanation import explain

    found = explain(forecaster, question, target=target, state=state)
    return pictures.waterfall(forecaster.model, found)


@plot.command(short_help="The network with what is believed of each variable.")
@click.argument("model")
@click.argument("target")
@file_argument
@click.option(
    "--around", type=click.IntRange(min=0), metavar="ARCS", help="Only causes and effects of TARGET so many arcs away."
)
@picture
def network(
    pictures: ModuleType, forecaster: Forecaster, question: Question, *, target: str, around: int | None
) -> object:
    """The variables about TARGET and the arcs between them, with their distributions under a what-if.

    What is given or done and matters to TARGET is shown too, however far away. Without --around it is every
    variable; then a model of more than 40 is refused, since nothing could be read.

    \b
    aftermath plot network asia lung asia.svg --given xray:yes
    """
    from model.forecast import answer

    names = forecaster.model.network.names
    of_target = answer(forecaster, replace(question, targets=(target,)))
    if around is None and len(names) > MOST:
        raise AftermathError(
            f"{forecaster.model.name} has {len(names)} variables: say --around 2 for those near to {target}"
        )
    near = names if around is None else pictures.around(forecaster.model.network, target, around)
    shown = {*of_target.findings, *of_target.settings}.difference(of_target.no_effect).union(near)
    answerable = forecaster.model.answerable(question.cohort)
    found = answer(forecaster, replace(question, targets=tuple(name for name in answerable if name in shown)))
    return pictures.network(forecaster.model, found, target=target)


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
