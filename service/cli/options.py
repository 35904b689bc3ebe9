"""What commands share: which models they read, and the options that say what is known and what is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.cli import completion

if TYPE_CHECKING:
    from model.forecast import Forecaster
    from model.question import Question
    from model.specification import Model

REFUSED = 1
"""The exit code of a refused question, and of a model with problems."""

Command = TypeVar("Command", bound=Callable[..., Any])

EVENT_HELP = "In place of TARGET: VARIABLE:STATE, in(…), over(…), or any(…), all(…), at_least(2,…) of several of these."

STATE_HELP = (
    "VARIABLE:STATE, or in(…), not(…), like(…), assumed(…), over(…), under(…), between(…) after the colon; "
    "repeat for more."
)
DO_HELP = "VARIABLE:STATE, or chances(…), over(…), under(…), between(…) after the colon; repeat for more."


def priors_option(command: Command) -> Command:
    """``--priors DIR``, on every command that reads models."""
    return click.option(
        "--priors",
        "root",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder of models (AFTERMATH_PRIORS, else the project's own).",
    )(command)


def once(_context: click.Context, parameter: click.Parameter, said: tuple[str, ...]) -> str | None:
    """The one value of an option, None where it is left out. Raises BadParameter where it is said again."""
    if len(said) > 1:
        raise click.BadParameter(f"said {len(said)} times ({', '.join(said)}); it may be said once", param=parameter)
    return said[0] if said else None


def evidence_options(command: Command) -> Command:
    """``--given``, ``--do``, ``--scenario`` and ``--cohort``, on every command that asks under a what-if."""
    return _evidence(command, once)


def evidence_of_several(command: Command) -> Command:
    """The same, ``--scenario`` as often as one likes: on the command that compares scenarios."""
    return _evidence(command, None)


def _evidence(command: Command, scenarios: Callable[..., str | None] | None) -> Command:
    more = "" if scenarios else " Repeat for more."
    options = (
        click.option(
            "--given",
            multiple=True,
            metavar="EVIDENCE",
            shell_complete=completion.statements,
            help=f"What is known: {STATE_HELP}",
        ),
        click.option(
            "--do",
            multiple=True,
            metavar="SETTING",
            shell_complete=completion.statements,
            help=f"What is done: {DO_HELP}",
        ),
        click.option(
            "--scenario",
            metavar="NAME",
            multiple=True,
            callback=scenarios,
            help=f"A named picture of the model; left out, its default one, if any; none: without any.{more}",
        ),
        click.option(
            "--cohort",
            metavar="NAME",
            multiple=True,
            callback=once,
            help="A cohort of the model: it brings its evidence.",
        ),
    )
    return reduce(lambda made, option: option(made), reversed(options), command)


def interval_options(command: Command) -> Command:
    """``--interval`` and ``--no-interval``, on every command that shows the ranges of a distribution."""
    share = click.option(
        "--interval",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.9,
        show_default=True,
        help="The share of the draws that each range holds.",
    )
    return share(
        click.option("--no-interval", "point", is_flag=True, help="Only the probabilities, without their ranges.")(
            command
        )
    )


def side_option(command: Command) -> Command:
    """``--side``, on the commands that compare questions."""
    return click.option(
        "--side",
        "sides",
        multiple=True,
        metavar="QUESTION",
        help="A question, such as 'do=smoke:no&given=xray:yes'; also cohort=, scenario= and name=. Two or more.",
    )(command)


def matrix_options(command: Command) -> Command:
    """``--do`` or ``--given``, ``--scenario`` and ``--targets``, on the commands that show the matrix."""
    options = (
        click.option(
            "--do", "by", flag_value="do", default=True, help="The cause is brought about (this is so unsaid)."
        ),
        click.option("--given", "by", flag_value="given", help="The cause is learnt of."),
        click.option("--scenario", metavar="NAME", help="Under a scenario of the model; without it nothing is known."),
        click.option(
            "--targets", multiple=True, metavar="NAMES", help="Targets, with commas or repeated; else the headline."
        ),
    )
    return reduce(lambda made, option: option(made), reversed(options), command)


def split_names(said: Sequence[str]) -> list[str]:
    """Names of an option that takes several with commas and may be repeated.

    >>> split_names(["a,b", "c"])
    ['a', 'b', 'c']
    """
    return [name for text in said for name in text.split(",")]


def question_of(given: Sequence[str], do: Sequence[str], *, scenario: str | None, cohort: str | None) -> Question:
    """What ``evidence_options`` say, as a question without targets. Raises BadQuestion where they cannot be read."""
    from model.evidence import syntax
    from model.question import Question

    findings, settings = syntax.findings(given), syntax.settings(do)
    return Question((), findings, settings, scenario=scenario, cohort=cohort)


def root_of(root: Path | None) -> Path:
    """The folder of models: the one named, else the setting's."""
    from service.settings import Settings, from_environment

    return Settings(root).priors if root else from_environment().priors


def folders_of(root: Path | None) -> dict[str, Path]:
    """Every model's folder by its name."""
    from model import priors

    return priors.models(root_of(root))


def folder_of(model: str, root: Path | None) -> Path:
    """A model's folder. Raises UnknownModel when it has none; a folder of its name need not hold a model."""
    folders = folders_of(root)
    if model in folders:
        return folders[model]
    beside = {path.name: path for path in root_of(root).iterdir() if path.is_dir()}
    if model in beside:
        return beside[model]
    from service.revisions import UnknownModel

    raise UnknownModel(model, folders)


def load(model: str, root: Path | None) -> Model:
    """A model by its name. Raises UnknownModel, and BadPriors with every problem of its files."""
    from model import priors

    return priors.load(folder_of(model, root))


def ready(model: str, root: Path | None) -> Forecaster:
    """A model by its name, compiled. Raises what ``load`` raises, and NetworkTooLarge."""
    from model.forecast import prepare

    return prepare(load(model, root))
