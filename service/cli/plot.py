"""The command ``plot``: results as pictures. It needs matplotlib, which the program otherwise does without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from model.errors import AftermathError
from service.cli.options import evidence_options, priors_option, ready

if TYPE_CHECKING:
    from types import ModuleType

    from model.forecast import Forecaster
    from model.question import Question

Command = TypeVar("Command", bound=Callable[..., object])

MOST = 40
"""Variables in a picture of a network, unless asked for: more are too small to read on a screen."""


@click.group(short_help="A distribution, a tornado, a waterfall or the network as a picture.")
def plot() -> None:
    """A result as a picture, PNG or SVG by the ending of FILE."""


def question_options(command: Command) -> Command:
    """What a picture's question may say, and of which models."""
    return evidence_options(priors_option(command))


file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@plot.command(short_help="A target's distribution against the baseline.")
@click.argument("model")
@click.argument("target")
@file_argument
@click.option(
    "--interval",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="The share of the draws that each range holds.",
)
@click.option("--no-interval", "point", is_flag=True, help="Only the probabilities, without their ranges.")
@question_options
def distribution(
    model: str,
    target: str,
    file: Path,
    interval: float,
    point: bool,
    given: tuple[str, ...],
    do: tuple[str, ...],
    scenario: str | None,
    cohort: str | None,
    root: Path | None,
) -> None:
    """How likely each state of TARGET is under a what-if, beside the baseline.

    \b
    aftermath plot distribution asia lung lung.svg --given xray:yes
    """
    from model.forecast import answer

    pictures = _pictures(file)
    forecaster, question = _prepared(model, root, _Evidence(given, do, scenario, cohort))
    asked = replace(question, targets=(target,), interval=None if point else interval)
    found = answer(forecaster, asked)
    _save(pictures, pictures.distribution(forecaster.model, found), file)


@plot.command(short_help="The numbers that move an answer most.")
@click.argument("model")
@click.argument("target")
@click.argument("state")
@file_argument
@click.option("--top", type=click.IntRange(min=1), default=12, show_default=True, help="How many numbers.")
@question_options
def tornado(
    model: str,
    target: str,
    state: str,
    file: Path,
    top: int,
    given: tuple[str, ...],
    do: tuple[str, ...],
    scenario: str | None,
    cohort: str | None,
    root: Path | None,
) -> None:
    """What each prior number, over its own 90 % range, does to P(TARGET = STATE); the widest swing on top.

    \b
    aftermath plot tornado asia lung yes tornado.svg --given xray:yes
    """
    from model.analyses.sensitivity import sensitivity

    pictures = _pictures(file)
    forecaster, question = _prepared(model, root, _Evidence(given, do, scenario, cohort))
    found = sensitivity(forecaster, question, target=target, state=state, search=0)
    _save(pictures, pictures.tornado(forecaster.model, found, top=top), file)


@plot.command(short_help="What each finding weighs, from prior to posterior.")
@click.argument("model")
@click.argument("target")
@click.argument("state")
@file_argument
@question_options
def waterfall(
    model: str,
    target: str,
    state: str,
    file: Path,
    given: tuple[str, ...],
    do: tuple[str, ...],
    scenario: str | None,
    cohort: str | None,
    root: Path | None,
) -> None:
    """Each finding's weight of evidence for TARGET = STATE, a step from the log odds before to those after.

    \b
    aftermath plot waterfall asia lung yes weights.svg --given xray:yes --given smoke:yes
    """
    from model.analyses.explanation import explain

    pictures = _pictures(file)
    forecaster, question = _prepared(model, root, _Evidence(given, do, scenario, cohort))
    found = explain(forecaster, question, target=target, state=state)
    _save(pictures, pictures.waterfall(forecaster.model, found), file)


@plot.command(short_help="The network with what is believed of each variable.")
@click.argument("model")
@click.argument("target")
@file_argument
@click.option(
    "--around", type=click.IntRange(min=0), metavar="ARCS", help="Only causes and effects of TARGET so many arcs away."
)
@question_options
def network(
    model: str,
    target: str,
    file: Path,
    around: int | None,
    given: tuple[str, ...],
    do: tuple[str, ...],
    scenario: str | None,
    cohort: str | None,
    root: Path | None,
) -> None:
    """The variables about TARGET and the arcs between them, with their distributions under a what-if.

    What is given or done and matters to TARGET is shown too, however far away. Without --around it is every
    variable; then a model of more than 40 is refused, since nothing could be read.

    \b
    aftermath plot network asia lung asia.svg --given xray:yes
    """
    from model.forecast import answer

    pictures = _pictures(file)
    forecaster, question = _prepared(model, root, _Evidence(given, do, scenario, cohort))
    names = forecaster.model.network.names
    of_target = answer(forecaster, replace(question, targets=(target,)))
    if around is None and len(names) > MOST:
        raise AftermathError(f"{model} has {len(names)} variables: say --around 2 for those near to {target}")
    near = names if around is None else pictures.around(forecaster.model.network, target, around)
    shown = {*of_target.findings, *of_target.settings}.difference(of_target.no_effect).union(near)
    answerable = forecaster.model.answerable(question.cohort)
    found = answer(forecaster, replace(question, targets=tuple(name for name in answerable if name in shown)))
    _save(pictures, pictures.network(forecaster.model, found, target=target), file)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The options of a question, as written."""

    given: tuple[str, ...]
    do: tuple[str, ...]
    scenario: str | None
    cohort: str | None


def _prepared(name: str, root: Path | None, evidence: _Evidence) -> tuple[Forecaster, Question]:
    """The model made ready, and the question without its targets."""
    from model.evidence import syntax
    from model.question import Question, resolve

    question = Question(
        (),
        syntax.findings(evidence.given),
        syntax.settings(evidence.do),
        scenario=evidence.scenario,
        cohort=evidence.cohort,
    )
    forecaster = ready(name, root)
    return forecaster, resolve(forecaster.model, question).question


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


def _save(pictures: ModuleType, figure: object, file: Path) -> None:
    pictures.save(figure, file)
    click.echo(f"wrote {file}")
