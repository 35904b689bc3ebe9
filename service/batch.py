"""Many cases at once, from JSON or CSV: each answered or refused in its own place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model.document import Model
from model.errors import AftermathError, BadQuestion, UnknownVariable
from model.forecast import Answer, Forecaster, Question
from model.forecast import answers as forecast_answers
from service import answers, grammar, shapes, strict_json, tables, wire
from service.operation import shaped
from service.problems import AnswerTooLarge, BadCSV, Problem, TooMany, problem

MOST_ROWS = 1_000_000
OWN_COLUMNS = ("id", "scenario", "cohort")


@dataclass(frozen=True, slots=True)
class JSONCases:
    """A batch sent as JSON: the cases still as sent, so that one of the wrong shape is refused alone."""

    targets: tuple[str, ...]
    cases: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CSVCases:
    """A batch sent as CSV: the columns, and each record with its line."""

    columns: tuple[str, ...]
    records: tuple[tuple[int, list[str]], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One case: its id, and the question or what is wrong with it."""

    id: str | None
    question: Question | AftermathError


def read_json(raw: bytes) -> JSONCases:
    """The cases of a JSON body."""
    body = shaped(shapes.BatchInFull, strict_json.read(raw))
    return JSONCases(tuple(body.targets), tuple(body.cases))


def read_csv(raw: bytes) -> CSVCases:
    """The cases of a CSV body: a column a variable, ``do.<variable>``, ``id``, ``scenario`` or ``cohort``.

    >>> read_csv(b"id,smoke,do.bronc\\n1,yes,no\\n").columns
    ('id', 'smoke', 'do.bronc')

    Raises BadCSV without a header or a case, and for a column named twice; TooMany beyond 10,000 cases.
    """
    records = tables.read(raw)
    _, header = next(records, (0, []))
    columns = tuple(name.strip() for name in header)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if not columns or twice:
        raise BadCSV(f"the column {twice[0]!r} is named twice" if twice else "the body has no header")
    cases = tuple(_few(records))
    if not cases:
        raise BadCSV("the body has a header and no case")
    return CSVCases(columns, cases)


def _few(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    for number, record in enumerate(records):
        if number == shapes.MOST_CASES:
            raise TooMany(f"more than {shapes.MOST_CASES:,} cases")
        yield record


def asked(model: Model, body: JSONCases | CSVCases, targets: tuple[str, ...]) -> list[Asked]:
    """The questions of a batch, each with these targets."""
    if isinstance(body, JSONCases):
        return [_from_json(model, case, targets) for case in body.cases]
    for name in body.columns:
        if name not in OWN_COLUMNS:
            variable = name.removeprefix("do.")
            if variable not in model.network:
                raise UnknownVariable(variable, model.network.names, where=("columns", name))
    return [_from_csv(model, body.columns, line, cells, targets=targets) for line, cells in body.records]


def _from_json(model: Model, case: Any, targets: tuple[str, ...]) -> Asked:
    named = case.get("id") if isinstance(case, dict) else None
    name = named if isinstance(named, str) else None
    try:
        sent = shaped(shapes.Case, case)
        return Asked(name, wire.case_sent(model, sent, targets=targets))
    except AftermathError as error:
        return Asked(name, error)


def _from_csv(
    model: Model, columns: Sequence[str], line: int, cells: Sequence[str], *, targets: tuple[str, ...]
) -> Asked:
    said = {column: cell for column, cell in zip(columns, cells, strict=False) if cell != ""}
    name = said.get("id", f"line {line}")
    try:
        if len(cells) != len(columns):
            raise BadQuestion(f"line {line} has {len(cells)} cells, the header {len(columns)}")
        return Asked(name, wire.canonical(model, _question(said, targets)))
    except AftermathError as error:
        return Asked(name, error)


def _question(said: dict[str, str], targets: tuple[str, ...]) -> Question:
    """The question of one record: a cell holds a state, or a verb as in addresses; empty is unknown."""
    variables = {column: cell for column, cell in said.items() if column not in OWN_COLUMNS}
    return Question(
        targets,
        {
            name: grammar.finding_said(cell, where=("given", name))
            for name, cell in variables.items()
            if not name.startswith("do.")
        },
        {
            name.removeprefix("do."): grammar.setting_said(cell, where=("do", name.removeprefix("do.")))
            for name, cell in variables.items()
            if name.startswith("do.")
        },
        scenario=said.get("scenario"),
        cohort=said.get("cohort"),
    )


def answered(forecaster: Forecaster, cases: Sequence[Asked], targets: tuple[str, ...]) -> answers.BatchAnswer:
    """The body for a batch. Raises AnswerTooLarge when it would have over a million rows."""
    model = forecaster.model
    rows = len(cases) * sum(model.network.cards(targets))
    if rows > MOST_ROWS:
        raise AnswerTooLarge(f"the answer would have {rows:,} rows, the most is {MOST_ROWS:,}: ask for fewer targets")
    questions = [case.question for case in cases if isinstance(case.question, Question)]
    found = iter(forecast_answers(forecaster, questions))
    results = [next(found) if isinstance(case.question, Question) else case.question for case in cases]
    good = [result for result in results if isinstance(result, Answer)]
    cited = {source for answer in good for source in answer.sources}
    return {
        "model": model.name,
        "revision": model.revision,
        "as_of": model.as_of,
        "targets": list(targets),
        "baseline": [_baseline(forecaster, target) for target in targets],
        "answered": len(good),
        "refused": len(results) - len(good),
        "cases": [_case(case.id, result) for case, result in zip(cases, results, strict=True)],
        "sources": wire.cited(model, [name for name in model.cited(model.network.names) if name in cited]),
    }


def _baseline(forecaster: Forecaster, target: str) -> answers.CaseTarget:
    states = forecaster.model.network[target].states
    numbers = forecaster.baseline[target].tolist()
    return {"target": target, "distribution": [{"state": s, "p": p} for s, p in zip(states, numbers, strict=True)]}


def _case(name: str | None, result: Answer | AftermathError) -> answers.CaseAnswer:
    if not isinstance(result, Answer):
        return {
            "id": name,
            "p_evidence": None,
            "log10_p_evidence": None,
            "conflict_bits": None,
            "no_effect": None,
            "targets": None,
            "error": problem(result),
        }
    return {
        "id": name,
        "p_evidence": result.p_evidence,
        "log10_p_evidence": wire.log10(result.log_p_evidence),
        "conflict_bits": result.conflict_bits,
        "no_effect": list(result.no_effect),
        "targets": [
            {"target": found.target, "distribution": [{"state": s.state, "p": s.p} for s in found.distribution]}
            for found in result.targets
        ],
        "error": None,
    }


def rows(answer: answers.BatchAnswer) -> Iterator[answers.CaseRow]:
    """A batch as rows, one a state of a target of a case, and one for a case refused."""
    for case in answer["cases"]:
        if case["error"] is not None:
            yield _row(case, error=said(case["error"]))
        for target in case["targets"] or ():
            for state in target["distribution"]:
                yield {**_row(case), "target": target["target"], "state": state["state"], "p": state["p"]}


def _row(case: answers.CaseAnswer, *, error: str | None = None) -> answers.CaseRow:
    return {
        "id": case["id"],
        "target": None,
        "state": None,
        "p": None,
        "p_evidence": case["p_evidence"],
        "error": error,
    }


def said(error: Problem) -> str:
    """A problem in one line, for a cell."""
    place = f"{error['pointer']}: " if error["pointer"] else ""
    hint = f" Did you mean {error['did_you_mean']!r}?" if error["did_you_mean"] else ""
    return f"{error['code']}: {place}{error['detail']}.{hint}"
