"""Many cases at once, from JSON or CSV: each answered or refused in its own place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from msgspec import UNSET, Raw, UnsetType

from model.analyses import question_cost
from model.answers import Answer, seen_after
from model.errors import AftermathError, BadQuestion, UnknownVariable
from model.evidence import Case, syntax
from model.forecast import Forecaster
from model.forecast import answers as forecast_answers
from model.network import Network, Table
from model.question import Question, Resolved, resolve
from model.resources.cost import Cost
from model.specification import Model
from service.http import csv_tables, strict_json
from service.http.json_encoding import GAP, Template, encoded, make_room
from service.http.problems import AnswerTooLarge, BadCSV, Problem, TooMany, problem
from service.http.validation import validated
from service.schemas import answers, requests
from service.translate import forecasts, questions

MOST_ROWS = 1_000_000
MOST_DRAWN = 1_000
OWN_COLUMNS = ("id", "scenario", "cohort")


@dataclass(frozen=True, slots=True)
class JSONCases:
    """A batch sent as JSON: the cases still as sent, so that one of the wrong shape is refused alone."""

    targets: tuple[str, ...]
    events: tuple[str, ...]
    cases: tuple[Any, ...]
    interval: float | None


@dataclass(frozen=True, slots=True)
class CSVCases:
    """A batch sent as CSV: the columns, and each record with its line."""

    columns: tuple[str, ...]
    records: tuple[tuple[int, list[str]], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One case: its id, and the question or what is wrong with it."""

    id: str | None
    question: Resolved | AftermathError


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """A batch on its way out: what was asked of each case, and its answer or what is wrong with it."""

    forecaster: Forecaster
    targets: tuple[str, ...]
    cases: tuple[tuple[str | None, Answer | AftermathError], ...]
    interval: float | None


def read_json(raw: bytes) -> JSONCases:
    """The cases of a JSON body."""
    body = validated(requests.BatchInFull, strict_json.read(raw))
    interval = questions.interval_mass(body.interval, named=False)
    return JSONCases(tuple(body.targets), tuple(body.events), tuple(body.cases), interval)


def read_csv(raw: bytes) -> CSVCases:
    """The cases of a CSV body: a column a variable, ``do.<variable>``, ``id``, ``scenario`` or ``cohort``.

    >>> read_csv(b"id,smoke,do.bronc\\n1,yes,no\\n").columns
    ('id', 'smoke', 'do.bronc')

    Raises BadCSV without a header or a case, and for a column named twice; TooMany beyond 10,000 cases.
    """
    records = csv_tables.read(raw)
    _, header = next(records, (0, []))
    columns = columns_of(header)
    cases = tuple(_few(records))
    if not cases:
        raise BadCSV("the body has a header and no case")
    return CSVCases(columns, cases)


def columns_of(header: Sequence[str]) -> tuple[str, ...]:
    """The columns that a header names. Raises BadCSV for none, and for one that is named twice."""
    columns = tuple(name.strip() for name in header)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if not columns or twice:
        raise BadCSV(f"the column {twice[0]!r} is named twice" if twice else "the body has no header")
    return columns


def _few(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    for number, record in enumerate(records):
        if number == requests.MOST_CASES:
            raise TooMany(f"more than {requests.MOST_CASES:,} cases")
        yield record


def asked(model: Model, body: JSONCases | CSVCases, targets: tuple[str, ...], interval: float | None) -> list[Asked]:
    """The questions of a batch, each with these targets and intervals."""
    if isinstance(body, JSONCases):
        return [_from_json(model, case, targets, interval) for case in body.cases]
    check_columns(model, body.columns)
    return [_from_csv(model, body.columns, *record, Question(targets, interval=interval)) for record in body.records]


def check_columns(model: Model, columns: Sequence[str]) -> None:
    """Refuse columns that are of no variable. Raises UnknownVariable."""
    for name in columns:
        if name not in OWN_COLUMNS:
            variable = name.removeprefix("do.")
            questions.refuse_events(model, [(variable, ("columns", name))])
            if variable not in model.network:
                raise UnknownVariable(variable, model.network.names, where=("columns", name))


def _from_json(model: Model, case: Any, targets: tuple[str, ...], interval: float | None) -> Asked:
    named = case.get("id") if isinstance(case, dict) else None
    name = named if isinstance(named, str) else None
    try:
        sent = validated(requests.Case, case)
        return Asked(name, questions.question_of_case(model, sent, targets=targets, interval=interval))
    except AftermathError as error:
        return Asked(name, error)


def _from_csv(model: Model, columns: Sequence[str], line: int, cells: Sequence[str], common: Question) -> Asked:
    record = {column: cell for column, cell in zip(columns, cells, strict=False) if cell != ""}
    name = record.get("id", f"line {line}")
    try:
        if len(cells) != len(columns):
            raise wrong_width(line, cells, columns)
        return Asked(name, resolve(model, _question(record, common)))
    except AftermathError as error:
        return Asked(name, error)


def wrong_width(line: int, cells: Sequence[str], columns: Sequence[str]) -> BadQuestion:
    """What is wrong with a record that has not a cell for each column."""
    return BadQuestion(f"line {line} has {len(cells)} cells, the header {len(columns)}")


def _question(record: dict[str, str], common: Question) -> Question:
    """The question of one record, with what all have in common. A cell holds a state, or a verb as in addresses."""
    variables = {column: cell for column, cell in record.items() if column not in OWN_COLUMNS}
    return replace(
        common,
        findings={
            name: syntax.finding_from_text(cell, where=("given", name))
            for name, cell in variables.items()
            if not name.startswith("do.")
        },
        settings={
            name.removeprefix("do."): syntax.setting_from_text(cell, where=("do", name.removeprefix("do.")))
            for name, cell in variables.items()
            if name.startswith("do.")
        },
        scenario=record.get("scenario"),
        cohort=record.get("cohort"),
    )


def demand_short(
    forecaster: Forecaster, cases: Sequence[Asked], targets: tuple[str, ...], interval: float | None
) -> None:
    """Raise AnswerTooLarge when the answer would have over a million rows, or over a thousand distributions with
    intervals: each of those is drawn a thousand times.
    """
    if interval is not None and len(cases) * len(targets) > MOST_DRAWN:
        raise AnswerTooLarge(
            f"intervals of {len(cases) * len(targets):,} distributions were asked for, the most is {MOST_DRAWN:,}: "
            "ask for fewer cases or targets, or for none"
        )
    rows = len(cases) * sum(forecaster.model.network.cards(targets))
    if rows > MOST_ROWS:
        raise AnswerTooLarge(f"the answer would have {rows:,} rows, the most is {MOST_ROWS:,}: ask for fewer targets")


def answered(
    forecaster: Forecaster, cases: Sequence[Asked], targets: tuple[str, ...], interval: float | None
) -> Answered:
    """Every case worked out."""
    posed = [case.question for case in cases if isinstance(case.question, Resolved)]
    found = iter(forecast_answers(forecaster, posed))
    results = [next(found) if isinstance(case.question, Resolved) else case.question for case in cases]
    return Answered(forecaster, targets, tuple(zip((case.id for case in cases), results, strict=True)), interval)


def cost(forecaster: Forecaster, cases: Sequence[Asked]) -> Cost:
    """What the cases will cost, without those that are wrong."""
    return question_cost.of_several(
        forecaster, [case.question for case in cases if isinstance(case.question, Resolved)]
    )


def body(found: Answered) -> bytes:
    """A batch as JSON."""
    model = found.forecaster.model
    good = [result for _, result in found.cases if isinstance(result, Answer)]
    cited = {source for answer in good for source in answer.sources}
    intervals = found.interval is not None
    seen, done = (_template(model, found.targets, intervals=intervals, effects=effects) for effects in (False, True))
    baseline = np.concatenate([found.forecaster.baseline[target] for target in found.targets])
    cases = [_case(model.network, name, result, seen, done) for name, result in found.cases]
    parts: list[Any] = [case.targets for case in cases]
    make_room(sum(memoryview(part).nbytes for part in parts if isinstance(part, Raw)))
    said = answers.BatchAnswer(
        *forecasts.header(model),
        targets=list(found.targets),
        baseline=_template(model, found.targets, intervals=False, effects=False).filled(baseline),
        interval=found.interval,
        answered=len(good),
        refused=len(found.cases) - len(good),
        cases=cases,
        sources=forecasts.cited(model, [name for name in model.cited(model.network.names) if name in cited]),
    )
    return encoded(said)


def _template(model: Model, targets: Sequence[str], *, intervals: bool, effects: bool) -> Template:
    """The targets' states, with gaps for what ``_numbers`` has of them."""
    end, change = GAP if intervals else UNSET, GAP if effects else UNSET
    change_end = end if effects else UNSET

    def states(target: str) -> list[answers.StateRange]:
        described = model.described[target]
        return [
            answers.StateRange(
                state=state,
                p=GAP,
                lo=end,
                hi=end,
                without=change,
                effect=change,
                effect_lo=change_end,
                effect_hi=change_end,
                **forecasts.meaning(described, i, state),
            )
            for i, state in enumerate(model.network[target].states)
        ]

    return Template([answers.CaseTarget(target=target, distribution=states(target)) for target in targets])


def _numbers(result: Answer) -> Table:
    """What is laid into the states of all targets, shape (states, numbers): p and effect, the interval after each."""
    p, ends, effect = result.targets.p, result.targets.intervals, result.effect
    columns = [p] if ends is None else [p, ends.low, ends.high]
    if effect is not None:
        columns += [effect.p, effect.change, *((effect.low, effect.high) if ends is not None else ())]
    return np.stack(columns, axis=1)


def _case(
    network: Network, name: str | None, result: Answer | AftermathError, seen: Template, done: Template
) -> answers.CaseAnswer:
    """One case by the template of those that only know, or of those that do something too."""
    if not isinstance(result, Answer):
        return answers.CaseAnswer(
            id=name,
            p_evidence=None,
            log10_p_evidence=None,
            conflict_bits=None,
            no_effect=None,
            targets=None,
            error=problem(result),
        )
    ends = result.targets.intervals
    return answers.CaseAnswer(
        id=name,
        p_evidence=result.p_evidence,
        log10_p_evidence=forecasts.log10(result.log_p_evidence),
        conflict_bits=result.conflict_bits,
        no_effect=list(result.no_effect),
        targets=(seen if result.effect is None else done).filled(_numbers(result), missing=True),
        error=None,
        after_do=_after_do(network, result),
        outside=UNSET
        if ends is None
        else forecasts.outside_json([each for each in ends.outside if each.of != "shift"]),
    )


def _after_do(network: Network, result: Answer) -> list[answers.SeenAfter] | UnsetType:
    """The findings of a case that what it sets can influence; left out where it sets nothing."""
    if not result.settings:
        return UNSET
    found = seen_after(network, Case(result.findings, result.settings))
    return [answers.SeenAfter(variable=name, do=list(done)) for name, done in found.items()]


COLUMNS = tuple(answers.CaseRow.__annotations__)


def rows(found: Answered) -> Iterator[dict[str, object]]:
    """A batch as rows, one a state of a target of a case, and one for a case refused."""
    model = found.forecaster.model
    states = [
        {"target": target, "state": state, **forecasts.columns_of(model.described[target], i, state)}
        for target in found.targets
        for i, state in enumerate(model.network[target].states)
    ]
    empty: dict[str, object] = dict.fromkeys(COLUMNS)
    for name, result in found.cases:
        if not isinstance(result, Answer):
            yield {**empty, "id": name, "error": problem_line(problem(result))}
            continue
        for state, numbers in zip(states, forecasts.numbers(result), strict=True):
            yield {**empty, "id": name, **numbers, **state, "p_evidence": result.p_evidence}


def problem_line(error: Problem) -> str:
    """A problem in one line, for a cell."""
    place = f"{error['pointer']}: " if error["pointer"] else ""
    hint = f" Did you mean {error['did_you_mean']!r}?" if error["did_you_mean"] else ""
    return f"{error['code']}: {place}{error['detail']}.{hint}"
