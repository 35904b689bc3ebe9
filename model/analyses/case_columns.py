"""Many cases as columns of small integers: the answers of ``forecast.answers``, without a question made for each case.

What a question means depends on which variables it speaks of and on what it says of each, and these can be read
apart: each different cell once, each different set of variables once. The numbers of all cases are then gathered from
these, answered in one run of the engine for each set of variables that is set by do(), and cases that are the same are
answered once. What cannot be read so (an assumption, which is fitted case by case, an interval, a mistake, findings
that cannot hold together) is asked case by case.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model import inference
from model.answers import Answer
from model.errors import AftermathError
from model.evidence import Case, SaidFinding, SaidSetting, assumptions, counted, distribution, likelihood
from model.forecast import Forecaster
from model.forecast import answers as forecast_answers
from model.inference import Evidence
from model.inference.arrays import difference
from model.network import Table
from model.question import Question, Resolved, resolve
from model.specification import NO_SCENARIO, Model

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Kind = Literal["given", "do", "scenario", "cohort"]
Said = SaidFinding | SaidSetting | str | AftermathError

LONGEST = 2**62
"""Numbers of cases are kept below this: what is larger is numbered anew."""

COUNTED = 4
"""Numbers up to so many times as large as there are cases are told apart by counting, larger ones by sorting."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What cases say of one thing: of a variable, or which scenario or cohort is meant.

    ``codes`` (cases,) is -1 where a case says nothing, else the place in ``said`` of what it says: a statement, a name,
    or the error of what could not be read.
    """

    kind: Kind
    name: str
    codes: Codes
    said: tuple[Said, ...]

    def of(self, cases: Ints) -> Column:
        """The same of some cases, by number."""
        return replace(self, codes=self.codes[cases])


@dataclass(frozen=True, slots=True, eq=False)
class Columned:
    """Answers to cases that differ, and which of them each case asked for is.

    ``which`` (cases asked for,) is the place of each case. ``p``, ``without`` and ``effect`` have shape (different
    cases, states of all targets), ``p_evidence`` (different cases,), NaN where there is none. Those of ``singly``,
    by place, are answers or errors of their own, and NaN in the arrays. ``drawn`` says whether intervals were asked.
    """

    which: Ints
    p: Table
    without: Table
    effect: Table
    p_evidence: Table
    singly: Mapping[int, Answer | AftermathError]
    drawn: bool = False


def answered(forecaster: Forecaster, columns: Sequence[Column], cases: int, common: Question) -> Columned:
    """Answer cases given as columns, each with the targets and the interval of the question they have in ``common``.

    >>> from pathlib import Path
    >>> import priors
    >>> from model.evidence import Observed
    >>> from model.forecast import prepare
    >>> from model.priors import load
    >>> asia = prepare(load(Path(priors.__path__[0]) / "asia"))
    >>> xray = Column("given", "xray", np.array([0, -1, 0], np.int32), (Observed("yes"),))
    >>> found = answered(asia, [xray], 3, Question(("lung",)))
    >>> found.p.round(4).tolist(), found.which.tolist()
    ([[0.055, 0.945], [0.4887, 0.5113]], [1, 0, 1])
    """
    first, which = different([(column.codes, len(column.said)) for column in columns], cases)
    asked = [_read(forecaster.model, column.of(first)) for column in columns]
    singly = _to_be_asked_singly(asked, len(first), common)
    width = sum(forecaster.model.network.cards(common.targets))
    p, without, effect = (np.full((len(first), width), np.nan) for _ in range(3))
    p_evidence = np.full(len(first), np.nan)
    rest = np.flatnonzero(~singly)
    found, logs, errors = _side_by_side(forecaster, asked, rest, common)
    singly[rest] = np.isneginf(logs)
    good = np.isfinite(logs)
    p[rest[good]], p_evidence[rest[good]] = found[good], np.exp(logs[good])
    acting = np.zeros(len(first), dtype=np.bool_)
    for each in asked:
        if each.column.kind == "do":
            acting |= each.column.codes >= 0
    acting[rest[~good]] = acting[singly] = False
    doing = np.flatnonzero(acting)
    if len(doing):
        idle = [each for each in asked if each.column.kind != "do"]
        before, logs, _ = _side_by_side(forecaster, idle, doing, common)
        possible = np.isfinite(logs)
        without[doing[possible]] = before[possible]
        effect[doing[possible]] = difference(p[doing[possible]], before[possible])
    several = np.flatnonzero(singly)
    questions = [_question(asked, int(i), common) for i in several]
    own: dict[int, Answer | AftermathError] = {int(rest[i]): error for i, error in errors.items()}
    own.update(zip(several.tolist(), _one_by_one(forecaster, questions), strict=True))
    for error in own.values():
        if isinstance(error, AftermathError):
            _let_go(error)
    return Columned(which, p, without, effect, p_evidence, own, common.interval is not None)


def _let_go(error: BaseException | None) -> None:
    """Let go of where an error was raised: it would hold all arrays of that moment for as long as it is kept."""
    if error is None or error.__traceback__ is None:
        return
    error.__traceback__ = None
    for other in (error.__context__, error.__cause__, *getattr(error, "errors", ())):
        _let_go(other)


def different(columns: Sequence[tuple[NDArray[np.integer], int]], cases: int) -> tuple[Ints, Ints]:
    """The first of each kind of case, and which kind each case is: (kinds,) and (cases,).

    Each column is numbers from -1 to below a bound, with that bound.

    >>> different([(np.array([0, -1, 0, 1]), 2)], 4)
    (array([1, 0, 3]), array([1, 0, 1, 2]))
    """
    key, span = np.zeros(cases, dtype=np.int64), 1
    for codes, bound in columns:
        if span > LONGEST // (bound + 1):
            first, key = _numbered(key, span)
            span = len(first)
        key = key * (bound + 1) + codes + 1
        span *= bound + 1
    return _numbered(key, span)


def _numbered(key: Ints, span: int) -> tuple[Ints, Ints]:
    """Keys from 0 to below ``span`` as numbers without gaps, and where each is met first."""
    if span > COUNTED * len(key):
        _, first, which = np.unique(key, return_index=True, return_inverse=True)
        return first, which.astype(np.int64)
    number = np.zeros(span, dtype=np.int64)
    number[key] = 1
    which = (np.cumsum(number) - 1)[key]
    first = np.empty(which.max(initial=-1) + 1, dtype=np.int64)
    first[which[::-1]] = np.arange(len(key))[::-1]
    return first, which


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A column read under a model: ``vectors`` (statements, states) are likelihoods, or distributions under do().

    ``plain`` says which statements are read so; the others are asked case by case.
    """

    column: Column
    vectors: Table
    plain: NDArray[np.bool_]


def _read(model: Model, column: Column) -> _Read:
    said = column.said
    plain = np.ones(len(said), dtype=np.bool_)
    if column.kind not in ("given", "do"):
        return _Read(column, np.empty((len(said), 0)), plain)
    variable = model.network[column.name]
    vectors = np.zeros((len(said), len(variable.states)))
    for i, statement in enumerate(said):
        vector = None if isinstance(statement, AftermathError | str) else _vector(model, column, statement)
        plain[i] = vector is not None
        if vector is not None:
            vectors[i] = vector
    return _Read(column, vectors, plain)


def _vector(model: Model, column: Column, statement: SaidFinding | SaidSetting) -> Table | None:
    """What a statement alone says in numbers; None where it is wrong, or has to be fitted."""
    name, variable = column.name, model.network[column.name]
    said = {"findings" if column.kind == "given" else "settings": {name: statement}}
    try:
        case = resolve(model, Question((name,), scenario=NO_SCENARIO, **said)).case  # type: ignore[arg-type]
    except AftermathError:
        return None
    if column.kind == "do":
        return distribution(variable, case.settings[name])
    return None if assumptions(case) else likelihood(variable, case.findings[name])


def _to_be_asked_singly(asked: Sequence[_Read], cases: int, common: Question) -> NDArray[np.bool_]:
    singly = np.full(cases, common.interval is not None)
    for each in asked:
        if not each.plain.all():
            singly |= (each.column.codes >= 0) & ~np.append(each.plain, True)[each.column.codes]
    return singly


def _one_by_one(
    forecaster: Forecaster, questions: Sequence[Question | AftermathError]
) -> list[Answer | AftermathError]:
    posed = [question for question in questions if isinstance(question, Question)]
    found = iter(forecast_answers(forecaster, posed))
    return [question if isinstance(question, AftermathError) else next(found) for question in questions]


def _question(asked: Sequence[_Read], case: int, common: Question) -> Question | AftermathError:
    """The question of one case, or the error of what could not be read: the first, as in a batch."""
    stated: dict[Kind, dict[str, Said]] = {"given": {}, "do": {}, "scenario": {}, "cohort": {}}
    for each in asked:
        code = int(each.column.codes[case])
        if code >= 0:
            stated[each.column.kind][each.column.name] = each.column.said[code]
    for statement in (*stated["given"].values(), *stated["do"].values()):
        if isinstance(statement, AftermathError):
            return statement
    return replace(
        common,
        findings=stated["given"],  # type: ignore[arg-type]
        settings=stated["do"],  # type: ignore[arg-type]
        scenario=next(iter(stated["scenario"].values()), None),  # type: ignore[arg-type]
        cohort=next(iter(stated["cohort"].values()), None),  # type: ignore[arg-type]
    )


# In one run of the engine


@dataclass(frozen=True, slots=True, eq=False)
class _Pattern:
    """Cases that speak of the same variables: their places, what one of them means, and whose cells say what.

    ``own`` names the column of each statement of ``resolved`` that is a cell's, by its identity.
    """

    cases: Ints
    resolved: Resolved
    own: Mapping[int, _Read]

    def vectors(self, model: Model, name: str, numbers: Ints) -> Table:
        """What the cases say of a variable, shape (cases or 1, states); ``numbers`` are those of the cases asked."""
        finding, setting = self.resolved.case.findings.get(name), self.resolved.case.settings.get(name)
        each = self.own.get(id(finding if finding is not None else setting))
        if each is not None:
            return each.vectors[each.column.codes[numbers[self.cases]]]
        variable = model.network[name]
        if finding is not None:
            return likelihood(variable, finding)[None]
        assert setting is not None, "a variable is spoken of by a finding or a setting"
        return distribution(variable, setting)[None]


def _side_by_side(
    forecaster: Forecaster, asked: Sequence[_Read], numbers: Ints, common: Question
) -> tuple[Table, Table, dict[int, AftermathError]]:
    """Some cases, by number: distributions (cases, states), log P(evidence) (cases,), and errors by place.

    The logarithm is -inf where a case is impossible or has to be asked by itself, NaN where it is refused.
    """
    model = forecaster.model
    p = np.full((len(numbers), sum(model.network.cards(common.targets))), np.nan)
    logs, errors = np.full(len(numbers), np.nan), dict[int, AftermathError]()
    groups: dict[tuple[str, ...], list[_Pattern]] = {}
    first, which = different([_presence(each, numbers) for each in asked], len(numbers))
    order, counts = np.argsort(which, kind="stable"), np.bincount(which, minlength=len(first))
    for place, end, count in zip(first.tolist(), np.cumsum(counts).tolist(), counts.tolist(), strict=True):
        members = order[end - count : end]
        try:
            pattern = _pattern(model, asked, members, int(numbers[place]), common)
        except AftermathError as error:
            errors.update(dict.fromkeys(members.tolist(), error))
            continue
        if assumptions(pattern.resolved.case):
            logs[members] = -math.inf
        else:
            groups.setdefault(tuple(sorted(pattern.resolved.case.settings)), []).append(pattern)
    for settings, patterns in groups.items():
        cases = np.sort(np.concatenate([pattern.cases for pattern in patterns]))
        found = inference.posterior(
            forecaster.plan, _evidence(model, patterns, settings, cases, numbers), common.targets
        )
        p[cases] = np.concatenate([found.of(name) for name in common.targets], axis=1)
        logs[cases] = np.minimum(found.log_evidence, 0.0)
        for pattern in patterns:
            if not counted(pattern.resolved.case).findings:
                logs[pattern.cases] = 0.0
    return p, logs, errors


def _presence(each: _Read, numbers: Ints) -> tuple[NDArray[np.integer], int]:
    """What counts of a column for what a question means: whether it says something, or which scenario or cohort."""
    codes = each.column.codes[numbers]
    if each.column.kind in ("given", "do"):
        return np.where(codes >= 0, 0, -1), 1
    return codes, len(each.column.said)


def _pattern(model: Model, asked: Sequence[_Read], cases: Ints, one: int, common: Question) -> _Pattern:
    """Cases by what one of them means. Raises what is wrong with all of them."""
    question = _question(asked, one, common)
    assert isinstance(question, Question), "cells that cannot be read are asked singly"
    resolved = resolve(model, question)
    stated = {("given", name): said for name, said in resolved.question.findings.items()}
    stated |= {("do", name): said for name, said in resolved.question.settings.items()}  # type: ignore[misc]
    columns = {(each.column.kind, each.column.name): each for each in asked}
    return _Pattern(cases, resolved, {id(said): columns[key] for key, said in stated.items()})  # type: ignore[index]


def _evidence(
    model: Model, patterns: Sequence[_Pattern], settings: tuple[str, ...], cases: Ints, numbers: Ints
) -> Evidence:
    """What these cases say, side by side in their order; where one says nothing of a variable it has ones."""
    network, count = model.network, len(cases)
    names = dict.fromkeys(name for pattern in patterns for name in pattern.resolved.case.findings)
    rows = {name: np.ones((count, len(network[name].states))) for name in names}
    tables = {name: np.empty((count, len(network[name].states))) for name in settings}
    for pattern in patterns:
        said: Case = pattern.resolved.case
        places = slice(None) if len(pattern.cases) == count else np.searchsorted(cases, pattern.cases)
        for name in said.findings:
            rows[name][places] = pattern.vectors(model, name, numbers)
        for name in settings:
            tables[name][places] = pattern.vectors(model, name, numbers)
    return Evidence(count, rows, {name: _surgery(network.tables[name], each) for name, each in tables.items()})


def _surgery(table: Table, chances: Table) -> Table:
    """A variable's table with one distribution for all parents: (cases, states) to (cases or 1, *parents, states)."""
    rows = chances[:1] if (chances == chances[0]).all() else chances
    spread = rows.reshape(len(rows), *([1] * (table.ndim - 1)), table.shape[-1])
    return np.broadcast_to(spread, (len(rows), *table.shape))
