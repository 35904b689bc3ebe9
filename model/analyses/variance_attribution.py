"""Attribution: which prior statements and which sources an answer's uncertainty comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model import inference, notebook
from model.analyses.leave_out import table_without
from model.analyses.parameter_derivatives import Asked, Numbers, ask, derivative, numbers
from model.forecast import Forecaster
from model.inference import Evidence
from model.inference.arrays import encode, ranked, settled
from model.inference.proportional_fitting import fit
from model.network import Table
from model.question import Question
from model.specification import Model, Statement
from model.uncertainty.parameters import Parameter

SHARE_DIGITS = 12
"""Digits of a share by which statements and sources are ordered: what comes after them is rounding."""


@dataclass(frozen=True, slots=True)
class StatementShare:
    """How much of an answer's variance one prior statement carries.

    ``share`` is its part of the variance, ``sd`` the standard deviation that it alone would give the answer.
    ``p_visited`` is the probability, given the evidence, of the case that the statement is about; None when it
    is about every case. ``numbers`` are the numbers in it that are not certain.
    """

    variable: str
    what: str
    file: str
    line: int
    sources: tuple[str, ...]
    ess: float | None
    share: float
    sd: float
    p_visited: float | None
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceShare:
    """How much of an answer's variance one source carries, and what the answer would be without it.

    ``statements`` counts the uncertain ones that matter to the answer and cite it, ``alone`` those of them that
    cite nothing else. ``p_without`` is the answer when what rests on it alone says nothing (see
    ``model.analyses.leave_out``; a statement that has other sources stays, of a pool the other experts),
    ``p_without_any`` when everything that cites it says nothing. Both are None where the evidence would then be
    impossible.
    """

    source: str
    share: float
    statements: int
    alone: int
    p_without: float | None
    shift_without: float | None
    p_without_any: float | None
    shift_without_any: float | None


@dataclass(frozen=True, slots=True)
class VariableShare:
    """How much of an answer's variance the prior of one variable carries."""

    variable: str
    share: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the uncertainty of one answer comes from, largest share first; each list of shares sums to 1.

    ``sd`` is the standard deviation of the probability over what the priors' ESS allow, to first order. Where nothing
    is uncertain it is 0, and so are the shares. ``held`` are variables with an assumed distribution,
    which is held by a likelihood that stays as fitted for the stated numbers.
    """

    target: str
    state: str
    p: float
    sd: float
    held: tuple[str, ...]
    statements: tuple[StatementShare, ...]
    sources: tuple[SourceShare, ...]
    variables: tuple[VariableShare, ...]

    def _repr_html_(self) -> str:
        said, cited = (
            ("variable", "what", "share", "sd", "ess", "sources"),
            ("source", "share", "statements", "p_without"),
        )
        return notebook.html(
            f"What the uncertainty of P({self.target}={self.state}) comes from: {notebook.text(self.p)}, "
            f"standard deviation {notebook.text(self.sd)}",
            notebook.table(said, notebook.records(said, self.statements), bar="share", whole=1.0),
            notebook.table(cited, notebook.records(cited, self.sources), bar="share", whole=1.0),
            notebook.note(f"held: {', '.join(self.held)}" if self.held else ""),
        )


def attribution(forecaster: Forecaster, question: Question, *, target: str, state: str) -> Attribution:
    """Which prior statements and sources carry the spread of P(target = state).

    The delta method (Van Allen, Singh, Greiner & Hooper 2008): the variance of the answer is, to first order, the sum
    over independent parameters of variance times squared derivative; a row of a table is one Dirichlet, a gate has
    the uncertainty of its own parameters. A statement with several sources is split between them equally, so
    that nothing counts twice. Sources that the answer does not depend on have a share and a shift of exactly 0.

    Raises as ``forecast.answer`` does, and UnknownState.
    """
    position = forecaster.model.network.variable(target, where=("target",)).state(state, where=("state",))
    asked = ask(forecaster, question, target)
    every, parted = numbers(forecaster.model), asked.parted(position)
    slopes = derivative(every, parted, every.lines(parted.of_state), every.lines(parted.of_others))
    groups, unit = _groups(every, slopes, asked)
    variance = math.fsum(group.variance for group in groups)
    statements = tuple(_share(every, group, variance, parted.of_evidence, unit=unit) for group in groups)
    return Attribution(
        target=target,
        state=state,
        p=parted.p,
        sd=unit * math.sqrt(variance),
        held=asked.held,
        statements=statements,
        sources=_sources(forecaster.model, asked, groups, variance, position),
        variables=_variables(statements),
    )


def parts_of(statement: Statement) -> dict[str, float]:
    """What part of a statement rests on each of its sources, summing to 1: equal parts, or by the weights of a pool.

    >>> parts_of(Statement("x", "yes 0.2", ("paper", "judgement"), 10.0, "a guess", "x.yaml", 3))
    {'paper': 0.5, 'judgement': 0.5}
    """
    parts = dict.fromkeys(statement.sources, 0.0)
    pool = statement.pool
    members = [(m.sources, m.weight) for m in pool.members] if pool else [(statement.sources, 1.0)]
    total = math.fsum(weight for _, weight in members)
    for sources, weight in members:
        for source in sources:
            parts[source] += weight / total / len(sources)
    return parts


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The numbers of one statement, by their places among all, and what they add to the variance of the answer.

    The variance is in units of that of the number which adds most, so that none vanishes as a square too small.
    """

    statement: Statement
    numbers: tuple[int, ...]
    variance: float


def _groups(every: Numbers, slopes: Table, asked: Asked) -> tuple[list[_Group], float]:
    """The uncertain statements that matter to the answer, the largest variance first, and the unit: a deviation."""
    members: dict[int, list[int]] = {}
    for i, number in enumerate(every.parameters):
        if number.variable in asked.needed and not number.certain:
            members.setdefault(id(number.statement), []).append(i)
    sd = {i: math.sqrt(every.parameters[i].variance) * abs(float(slopes[i])) for own in members.values() for i in own}
    unit = max(sd.values(), default=0.0) or 1.0
    groups = []
    for group in members.values():
        # A deviation that is rounding beside the largest is none.
        variance = math.fsum(settled(sd[i] / unit, 1.0) ** 2 for i in group)
        groups.append(_Group(every.parameters[group[0]].statement, tuple(group), variance))
    return sorted(groups, key=lambda group: -ranked(group.variance)), unit


def _share(every: Numbers, group: _Group, total: float, of_evidence: Table, *, unit: float) -> StatementShare:
    said, first = group.statement, every.parameters[group.numbers[0]]
    return StatementShare(
        variable=said.variable,
        what=said.what,
        file=said.file,
        line=said.line,
        sources=said.sources,
        ess=said.ess,
        share=group.variance / total if total else 0.0,
        sd=unit * math.sqrt(group.variance),
        p_visited=_visited(every, first, of_evidence),
        numbers=tuple(every.parameters[i].what for i in group.numbers),
    )


def _visited(every: Numbers, number: Parameter, of_evidence: Table) -> float | None:
    """P(the case that a number is about | evidence): entries times their derivatives; None where of every case."""
    if number.when is None or number.when.all():
        return None
    place = every.places[number.variable]
    occurs = (of_evidence[place] * every.stated[place]).reshape(*number.when.shape, -1)
    return min(1.0, float(occurs[number.when].sum()))


def _variables(statements: Sequence[StatementShare]) -> tuple[VariableShare, ...]:
    shares = dict.fromkeys((statement.variable for statement in statements), 0.0)
    for statement in statements:
        shares[statement.variable] += statement.share
    return tuple(VariableShare(name, share) for name, share in _largest_first(shares))


def _largest_first(shares: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: -round(item[1], SHARE_DIGITS))


def _sources(
    model: Model, asked: Asked, groups: Sequence[_Group], variance: float, position: int
) -> tuple[SourceShare, ...]:
    shares = dict.fromkeys(model.cited(model.network.names), 0.0)
    cited = dict.fromkeys(shares, 0)
    alone = dict.fromkeys(shares, 0)
    for group in groups:
        for source, part in parts_of(group.statement).items():
            shares[source] += part * group.variance / variance if variance else 0.0
            cited[source] += 1
            alone[source] += len(group.statement.sources) == 1
    p = float(asked.p[position])
    only, any_ = (_without(model, asked, tuple(shares), position, partly=partly) for partly in (False, True))
    return tuple(
        SourceShare(
            source=source,
            share=share,
            statements=cited[source],
            alone=alone[source],
            p_without=only[source],
            shift_without=_shift(only[source], p),
            p_without_any=any_[source],
            shift_without_any=_shift(any_[source], p),
        )
        for source, share in _largest_first(shares)
    )


def _shift(without: float | None, p: float) -> float | None:
    return None if without is None else settled(without - p, max(without, p))


def _without(
    model: Model, asked: Asked, sources: Sequence[str], position: int, *, partly: bool
) -> dict[str, float | None]:
    """The answer without each source, all of them as one batch; untouched where no table that counts changes."""
    changed = {source: dict(_tables_without(model, asked, source, partly=partly)) for source in sources}
    touched = [source for source in sources if changed[source]]
    found: dict[str, float | None] = dict.fromkeys(sources, float(asked.p[position]))
    if not touched:
        return found
    network = asked.plan.network
    names = dict.fromkeys(name for source in touched for name in changed[source])
    tables = {name: np.stack([changed[source].get(name, network.tables[name]) for source in touched]) for name in names}
    cases = [asked.case] * len(touched)
    said = encode(network, cases)
    evidence, fitted = fit(asked.plan, Evidence(len(cases), said.likelihood, {**said.tables, **tables}), cases)
    answers = inference.posterior(asked.plan, evidence, (asked.target,))
    possible = fitted & np.isfinite(answers.log_evidence)
    for source, p, holds in zip(touched, answers.of(asked.target)[:, position], possible, strict=True):
        found[source] = float(p) if holds else None
    return found


def _tables_without(model: Model, asked: Asked, source: str, *, partly: bool) -> Iterator[tuple[str, Table]]:
    for name in model.network.names:
        if name in asked.needed:
            table = table_without(model, name, source, partly=partly)
            if table is not None:
                yield name, table
