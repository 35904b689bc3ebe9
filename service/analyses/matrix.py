"""The matrix: every cause's shift on every headline target, in long rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import click
from msgspec import UNSET, Struct, UnsetType, field
from pydantic import Field
from typing_extensions import TypedDict

from model.analyses import question_cost
from model.analyses.matrix import FEWEST_SHOWN, Matrix, Shift, matrix
from model.evidence.syntax import plain_number
from model.forecast import Forecaster
from model.question import Question, resolve
from model.specification import NO_SCENARIO, Description, Model
from model.uncertainty.intervals import MASS
from model.wording import portion
from service.analyses.analysis import ERRORS
from service.cli import completion
from service.cli.options import matrix_options, priors_option, ready, split_names
from service.cli.page import say
from service.cli.text import columns
from service.http.address import Address, Links, model_path
from service.http.csv_tables import Table
from service.http.forms import json_form, table_form
from service.http.json_encoding import encoded
from service.http.operation import Reply, operation
from service.http.problems import AnswerTooLarge
from service.http.validation import Pinned, Text, validated
from service.schemas import requests
from service.schemas.answers import Header, Outside
from service.translate.questions import interval_mass

NO_WAY = "-"
"""In a cell: the cause does not lead to the target, or cannot be so."""

MOST_DRAWN = 1_000
"""Causes times targets with intervals: some 20 ms each by do(), 60 ms by ``given`` in a model of 130 variables."""


class MatrixParameters(Pinned):
    """Which causes on which targets, and how."""

    by: Annotated[
        Literal["do", "given"], Field(description="do: the cause is brought about; given: it is learnt of.")
    ] = "do"
    target: Annotated[
        list[Text],
        Field(
            default_factory=list,
            max_length=requests.MOST_TARGETS,
            description="Repeated; none means the headline targets.",
        ),
    ]
    scenario: Annotated[Text | None, Field(description="A scenario of the model; without it nothing is known.")] = None
    interval: requests.MatrixInterval = None


class MatrixCell(Struct):
    """How much likelier a state of a target is with the cause in one state than in another."""

    cause: str
    from_: str = field(name="from")
    to: str
    target: str
    state: str
    shift: float | None
    lo: float | UnsetType | None = UNSET
    hi: float | UnsetType | None = UNSET
    outside: Outside | UnsetType = UNSET


class MatrixAnswer(Header):
    """Every cause's shift on every target, in the order of the file."""

    by: Literal["do", "given"]
    scenario: str | None
    targets: list[str]
    interval: float | None
    rows: list[MatrixCell]
    permalink: str | None
    links: Links


MatrixRow = TypedDict(
    "MatrixRow",
    {"cause": str, "from": str, "to": str, "target": str, "state": str, "shift": "float | None"},
)
"""A row as CSV; ``lo``, ``hi`` and ``outside`` follow where intervals were asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A matrix on its way out."""

    model: Model
    matrix: Matrix
    address: Address


def body(found: Found) -> MatrixAnswer:
    """The JSON of a matrix."""
    model, result = found.model, found.matrix
    return MatrixAnswer(
        model=model.name,
        revision=model.revision,
        as_of=model.as_of,
        by=result.by,
        scenario=result.scenario,
        targets=list(result.targets),
        interval=result.mass,
        rows=[_cell(row, intervals=result.mass is not None) for row in result.rows],
        permalink=found.address.permalink(model.revision),
        links=found.address.links(),
    )


def _cell(row: Shift, *, intervals: bool) -> MatrixCell:
    ends = (row.low, row.high, row.outside) if intervals else (UNSET, UNSET, UNSET)
    return MatrixCell(row.cause, row.start, row.to, row.target, row.state, row.shift, *ends)


def rows(result: Matrix) -> Iterator[dict[str, object]]:
    """Long rows: one a state of a target and a cause."""
    for row in result.rows:
        yield {
            "cause": row.cause,
            "from": row.start,
            "to": row.to,
            "target": row.target,
            "state": row.state,
            "shift": row.shift,
            "lo": row.low,
            "hi": row.high,
            "outside": row.outside,
        }


def _rows_of(found: Found) -> Table:
    ends = {"lo": float | None, "hi": float | None, "outside": str | None} if found.matrix.mass is not None else {}
    return Table((*MatrixRow.__annotations__, *ends), rows(found.matrix), ends)


@operation(
    "GET",
    "/v1/models/<model>/matrix",
    query=MatrixParameters,
    forms=(
        json_form(MatrixAnswer, write=lambda found: encoded(body(found))),
        table_form(MatrixRow, _rows_of),
    ),
    errors=ERRORS,
)
def matrix_of(forecaster: Forecaster, asked: MatrixParameters) -> Reply:
    """What each cause does to each target, from its first state to its last, all in one batch.

    A cause is a variable upstream of a target; one whose states have no order is taken between the two that are
    furthest apart in what they do to the target. Nothing else is known, not even the default picture, unless a
    scenario is named.
    """
    model, mass = forecaster.model, interval_mass(asked.interval, named=False)
    scenario = asked.scenario or NO_SCENARIO
    resolved = resolve(model, Question(tuple(asked.target), scenario=scenario))
    place = _address(model, asked, resolved.question, mass)
    targets = resolved.question.targets
    if mass is not None:
        _refuse_many(model, targets or model.headline)
    return Reply(
        lambda: Found(model, matrix(forecaster, by=asked.by, scenario=scenario, targets=targets, mass=mass), place),
        place,
        lambda: question_cost.of_matrix(forecaster, targets or model.headline, intervals=mass is not None),
    )


def _refuse_many(model: Model, targets: Sequence[str]) -> None:
    """Raises AnswerTooLarge beyond a thousand pairs of a cause and a target, each of which is drawn twice."""
    named = set(targets)
    pairs = len(model.network.ancestors(named)) * len(named)
    if pairs > MOST_DRAWN:
        raise AnswerTooLarge(
            f"intervals of {pairs:,} causes and targets were asked for, the most is {MOST_DRAWN:,}: "
            "ask for fewer targets, or for none"
        )


def _address(model: Model, asked: MatrixParameters, question: Question, mass: float | None) -> Address:
    parameters: list[tuple[str, str]] = [("by", asked.by)] if asked.by != "do" else []
    parameters += [("target", name) for name in question.targets]
    if question.scenario not in (None, NO_SCENARIO):
        parameters.append(("scenario", str(question.scenario)))
    if mass is not None:
        parameters.append(("interval", plain_number(mass)))
    return Address(model_path(model.name, "matrix"), tuple(parameters))


OPERATIONS = (matrix_of,)


@click.command(short_help="What each cause does to each headline target.")
@click.argument("model", shell_complete=completion.models)
@matrix_options
@click.option("--interval", metavar="SHARE", help=f"Also the interval of each shift, such as {MASS}.")
@click.option("--json", "form", flag_value="json", help="Exactly the body of the HTTP answer.")
@click.option("--csv", "form", flag_value="csv", help="Long rows: cause, from, to, target, state, shift.")
@click.option("--markdown", "form", flag_value="md", help="The page of text as a Markdown table.")
@priors_option
def command(
    model: str,
    by: str,
    scenario: str | None,
    targets: tuple[str, ...],
    interval: str | None,
    form: str | None,
    root: Path | None,
) -> None:
    """What each cause does to each headline target of MODEL, from its first state to its last.

    \b
    aftermath matrix asia
    aftermath matrix asia --given --targets lung,tub --csv
    """
    sent = {"by": by, "target": split_names(targets), "scenario": scenario, "interval": interval}
    parameters = validated(MatrixParameters, {name: value for name, value in sent.items() if value is not None})
    found: Found = matrix_of.view(ready(model, root), parameters).content()
    if form == "md":
        say(markdown(found.matrix, found.model), nl=False)
        return
    if form is not None:
        sys.stdout.flush()
        [chosen] = (each for each in matrix_of.forms if each.suffix == form)
        sys.stdout.buffer.write(chosen.write(found))
        return
    say(text(found), nl=False)


def text(found: Found) -> str:
    """A page: causes by their largest shift, and of each target the state that moves most, in points of a hundred."""
    result = found.matrix
    lines = _table(result, found.model)
    how = {"do": "set by do()", "given": "observed"}[result.by]
    under = f" under {result.scenario}" if result.scenario else ", nothing else known"
    about = f"shift in points of the state that moves most, the cause {how} from one state to the other{under}"
    notes = [about] if all(line[1] != "*" for line in lines[1:]) else [about, "* between the two states furthest apart"]
    if result.mass is not None:
        notes.append(f"in brackets what holds {portion(result.mass)} of the draws")
    return "\n".join([*columns(lines, right=set()), *notes, f"{found.model.name} {found.model.revision}"]) + "\n"


def markdown(result: Matrix, model: Model) -> str:
    """The same table for a page in Markdown."""
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in _table(result, model))
    head, *lines = (f"| {' | '.join(line)} |" for line in escaped)
    return "\n".join([head, f"|{'---|' * (3 + len(result.targets))}", *lines]) + "\n"


def _table(result: Matrix, model: Model) -> list[tuple[str, ...]]:
    """A heading, then a line a cause; a star where a target that moves has furthest states of its own."""
    strongest, described = result.strongest(), model.described
    lines: list[tuple[str, ...]] = [("cause", "from", "to", *result.targets)]
    for cause in result.ranked():
        each = [strongest.get((cause, target)) for target in result.targets]
        there = [row for row in each if row is not None]
        pairs = {(row.start, row.to) for row in there if row.shift} or {(row.start, row.to) for row in there}
        ends = next(iter(pairs)) if len(pairs) == 1 else ("*", "*")
        start, to = (described[cause].labels.get(state, state) for state in ends)
        cells = [_points(described[row.variable], row) if row else NO_WAY for row in each]
        lines.append((cause, start, to, *cells))
    return lines


def _points(target: Description, row: Shift) -> str:
    if row.shift is None:
        return NO_WAY
    if abs(row.shift) < FEWEST_SHOWN:
        return "·"
    ends = "" if row.low is None or row.high is None else f" ({100 * row.low:+.1f} to {100 * row.high:+.1f})"
    return f"{target.labels.get(row.state, row.state)} {100 * row.shift:+.1f}{ends}"
