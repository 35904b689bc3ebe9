"""The main path: a question about a model becomes an answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import accumulate, compress, pairwise, product
from types import MappingProxyType
from typing import TypeVar
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from model import inference
from model.answers import Alone, Answer, Basis, Effect, JointAnswer, MostProbable, Targets
from model.d_separation import Dependence, requisite_each
from model.errors import AftermathError
from model.events import Event, with_combinations, with_events
from model.evidence import Case, Observed, SetTo, assumptions, counted
from model.inference import CELL_LIMIT, NOTHING, Evidence, Plan, Posterior
from model.inference.arrays import LEAST_EXACT, Columns, difference, encode, settled
from model.inference.conflict_sets import impossible
from model.inference.jeffrey import assume
from model.inference.lru import Usage
from model.network import Network, Table
from model.question import Question, Resolved, resolve
from model.specification import Model
from model.uncertainty.draws import Draws
from model.uncertainty.intervals import Intervals, Outside, between, intervals, intervals_alone, no_intervals

OVERLAYS = 32
"""Sets of events that a forecaster keeps ready, some 0.5 MB each; what answers them is kept within bounds in bytes."""

DRAWN_COMBINATIONS = 256
"""Combinations of a joint whose intervals are drawn: the table that makes one variable of them has their square."""

K = TypeVar("K")
V = TypeVar("V")

BASES = 128
"""Ways of asking (which targets, which statements) whose basis a forecaster keeps: some 100 KB each at the most."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a basis depends on: the targets, and which variables are spoken of in which way."""

    targets: tuple[str, ...]
    said: tuple[str, ...]
    observed: frozenset[str]
    cut: frozenset[str]
    fixed: frozenset[str]

    def needs(self, network: Network) -> Dependence:
        """The tables and findings that the answer about each target depends on."""
        reported = frozenset(self.said) - self.observed - self.cut
        return requisite_each(
            network, self.targets, observed=self.observed, reported=reported, cut=self.cut, fixed=self.fixed
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Every:
    """Columns of the engine's marginals of every variable: the engine's ``places``, and the file's order of them."""

    places: Mapping[str, Columns]
    order: NDArray[np.int64]


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Forecaster:
    """A model compiled and ready: immutable, shared by every thread.

    Nothing that it keeps refers to itself, so that its memory is free as soon as nobody asks it any more.

    ``prior`` is the distribution of each variable with nothing known and nothing done, ``baseline`` that under the
    model's default picture.
    """

    model: Model
    plan: Plan
    prior: Mapping[str, Table]
    baseline: Mapping[str, Table]
    every: _Every
    draws: Draws
    basis: Callable[[Shape], Basis] = field(init=False)
    laid_over: Callable[[tuple[Event, ...]], Forecaster] = field(init=False)
    combined: Callable[[tuple[str, ...]], tuple[Draws, Plan, str]] = field(init=False)

    def __post_init__(self) -> None:
        bases, overlays = (BASES, OVERLAYS) if self.plan.base is None else (BASES // 32, OVERLAYS // 32)
        object.__setattr__(self, "basis", lru_cache(bases)(partial(_basis, self.model, self.baseline)))
        object.__setattr__(self, "laid_over", lru_cache(overlays)(_of(self, _laid_over)))
        object.__setattr__(self, "combined", lru_cache(overlays)(_of(self, _combined)))

    @property
    def caches(self) -> dict[str, Usage]:
        """What is kept of answers to come, within which bounds; what is laid over it shares them."""
        return {**self.plan.caches, **self.draws.caches}

    def about(self, events: tuple[Event, ...]) -> Forecaster:
        """The same with a variable for each event, called as the event is written: it is asked like any other."""
        return self.laid_over(events) if events else self


def _of(forecaster: Forecaster, make: Callable[[Forecaster, K], V]) -> Callable[[K], V]:
    """What a forecaster makes of a key, without a reference to it."""
    weak = ref(forecaster)

    def made(key: K) -> V:
        held = weak()
        assert held is not None, "whoever asks holds it"
        return make(held, key)

    return made


def prepare(model: Model, *, limit: int = CELL_LIMIT) -> Forecaster:
    """Compile a model for answering.

    Raises ImpossibleEvidence where the default picture cannot be, and NetworkTooLarge when every variable at once
    is too costly.
    """
    plan, picture = inference.compile(model.network, limit=limit), resolve(model, Question()).case
    inference.check_size(plan)
    names, found = model.network.names, inference.posterior(plan)
    prior = MappingProxyType({name: found.of(name)[0] for name in names})
    baseline = _pictured(plan, picture, names) or prior
    every = _Every(found.places, _in_order(found.places, names))
    return Forecaster(model, plan, prior, baseline, every, Draws(model, picture))


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """All that a forecaster was made of, and nothing that it keeps of answers: whoever has this compiles nothing.

    ``drawn`` are the tables that were drawn, by variable.
    """

    model: Model
    plan: inference.Compiled
    prior: Mapping[str, Table]
    baseline: Mapping[str, Table]
    every: _Every
    picture: Case
    drawn: Mapping[str, Table]


def compiled(forecaster: Forecaster) -> Compiled:
    """What a forecaster is made of."""
    plan, draws = inference.compiled_of(forecaster.plan), forecaster.draws
    return Compiled(
        forecaster.model, plan, forecaster.prior, forecaster.baseline, forecaster.every, draws.picture, draws.drawn
    )


def restored(made: Compiled) -> Forecaster:
    """The forecaster that was made of this: the same answers, to the last digit."""
    draws = Draws(made.model, made.picture)
    draws.take(made.drawn)
    plan = inference.restored(made.plan)
    return Forecaster(made.model, plan, made.prior, made.baseline, made.every, draws)


def _laid_over(base: Forecaster, events: tuple[Event, ...]) -> Forecaster:
    model = with_events(base.model, events)
    plan = inference.laid_over(base.plan, model.network)
    names = tuple(name for name in model.network.names if name not in base.model.network)
    found = inference.posterior(plan, NOTHING, names)
    prior = {name: found.of(name)[0] for name in names}
    baseline = _pictured(plan, base.draws.picture, names) or prior
    nothing = _Every({}, np.empty(0, dtype=np.int64))
    draws = replace(base.draws, model=model)
    return Forecaster(model, plan, {**base.prior, **prior}, {**base.baseline, **baseline}, nothing, draws)


def _pictured(plan: Plan, picture: Case, names: Sequence[str]) -> Mapping[str, Table] | None:
    """The distribution of some variables under a picture; None where it says nothing. Raises ImpossibleEvidence."""
    if not picture.findings and not picture.settings:
        return None
    evidence = encode(plan.network, [picture])
    if not np.isfinite(inference.log_evidence(plan, evidence)[0]):
        raise impossible(plan, picture)
    found = inference.posterior(plan, assume(plan, evidence, [picture]), names)
    return MappingProxyType({name: found.of(name)[0] for name in names})


def answer(forecaster: Forecaster, question: Question | Resolved) -> Answer:
    """Answer one question exactly; what is resolved already is trusted. What it does is held against not doing it.

    Raises what ``resolve`` raises (UnknownVariable, UnknownState, BadQuestion and their like, or SeveralErrors), and
    ImpossibleEvidence naming a smallest set of findings that cannot hold together.
    """
    resolved = resolve(forecaster.model, question)
    found = _answered_by_itself(forecaster, resolved)
    if resolved.question.settings:
        [found] = _with_effects(forecaster, [found], each=bool(resolved.question.targets))
    return found


def _answered_by_itself(forecaster: Forecaster, resolved: Resolved) -> Answer:
    plan, case, evidence = forecaster.plan, resolved.case, resolved.evidence
    weights = {name: rows[0] for name, rows in evidence.likelihood.items()}
    found = inference.posterior(plan, evidence, resolved.asked)
    log_p = float(found.log_evidence[0])
    if not math.isfinite(log_p):
        raise impossible(plan, case)
    if assumptions(case):
        log_p = float(inference.log_evidence(plan, encode(plan.network, [counted(case)]))[0])
        evidence = assume(plan, evidence, [case])
        found = inference.posterior(plan, evidence, resolved.asked)
    [p] = _end_to_end(found, resolved.targets, forecaster.every)
    unrelated = _log_p_unrelated(plan, case, _before(forecaster, case), weights)
    plain = _answer(forecaster, resolved, p, log_p=log_p, unrelated=unrelated)
    asked = resolved.question
    if not asked.joint and not asked.most_probable:
        return plain
    return replace(
        plain,
        joint=tuple(_joint(forecaster, names, evidence, resolved) for names in asked.joint),
        most_probable=_most_probable(forecaster.plan, evidence) if asked.most_probable else None,
    )


def answers(
    forecaster: Forecaster, questions: Sequence[Question | Resolved], *, effects: bool = True
) -> list[Answer | AftermathError]:
    """Answer a batch, cases that change the same things side by side; a bad case is an error in its own place.

    With ``effects`` what each case does is held against not doing it, all its do() together.
    """
    found = _side_by_side(forecaster, questions)
    acting = {
        i: each for i, each in enumerate(found) if effects and isinstance(each, Answer) and each.question.settings
    }
    done = dict(zip(acting, _with_effects(forecaster, list(acting.values()), each=False), strict=True))
    return [done.get(i, each) for i, each in enumerate(found)]


def _side_by_side(forecaster: Forecaster, questions: Sequence[Question | Resolved]) -> list[Answer | AftermathError]:
    done: dict[int, Answer | AftermathError] = {}
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[int, Resolved]]] = {}
    for i, question in enumerate(questions):
        try:
            resolved = resolve(forecaster.model, question)
            if _needs_its_own_run(resolved):
                done[i] = _answered_by_itself(forecaster, resolved)
            else:
                groups.setdefault((resolved.targets, tuple(sorted(resolved.case.settings))), []).append((i, resolved))
        except AftermathError as error:
            done[i] = error
    for members in groups.values():
        done.update(zip((i for i, _ in members), _in_one_run(forecaster, [r for _, r in members]), strict=True))
    return [done[i] for i in range(len(questions))]


# What is done, beside not doing it


def _with_effects(forecaster: Forecaster, acting: Sequence[Answer], *, each: bool) -> list[Answer]:
    """Answers to questions that do something, with the effect of that; with ``each`` of every do() alone too.

    ``each`` costs a question more for each do(): it is for questions that name their targets, not for batches.
    Questions that are the same without what they do share one answer without it.
    """
    variants: dict[str, Question] = {}
    wanted = [list(_variants(answer.question, variants, each=each)) for answer in acting]
    others = dict(zip(variants, _side_by_side(forecaster, list(variants.values())), strict=True))
    return [
        _with_effect(forecaster, answer, *(others[key] for key in keys), each=each)
        for answer, keys in zip(acting, wanted, strict=True)
    ]


def _variants(question: Question, known: dict[str, Question], *, each: bool) -> Iterator[str]:
    """Put the question without its do(), and with each of several alone, into ``known``; yield what they are under."""
    point = replace(question, joint=(), most_probable=False, interval=None)
    said = repr((question.targets, question.findings, question.scenario, question.cohort))
    alone = question.settings.items() if each and len(question.settings) > 1 else ()
    for settings in ({}, *({name: setting} for name, setting in alone)):
        key = f"{said}{settings}"
        if key not in known:
            known[key] = replace(point, settings=settings)
        yield key


def _with_effect(
    forecaster: Forecaster,
    answer: Answer,
    without: Answer | AftermathError,
    *alone: Answer | AftermathError,
    each: bool,
) -> Answer:
    """What is done beside not doing it; where what is known cannot be without it, the error says why."""
    targets = answer.targets
    if isinstance(without, AftermathError):
        case = resolve(forecaster.model, replace(answer.question, settings={})).case
        none = np.full_like(targets.p, np.nan)
        effect = Effect(case, -math.inf, none, none, none, none, without)
        return replace(answer, targets=replace(targets, effect=effect))
    change, low, high, outside = _change(forecaster, answer, answer, without)
    changes = [_change(forecaster, answer, found, without) for found in alone]
    own = answer.question.settings
    if each and len(own) == 1:
        changes = [(change, low, high, outside)]
    effect = Effect(
        Case(without.findings, without.settings),
        without.log_p_evidence,
        without.targets.p,
        change,
        low,
        high,
        alone=tuple(Alone(name, answer.settings[name], *parts) for name, parts in zip(own, changes, strict=False)),
    )
    drawn = targets.intervals
    if drawn is not None and outside:
        drawn = replace(drawn, outside=(*drawn.outside, *outside))
    return replace(answer, targets=replace(targets, effect=effect, intervals=drawn))


def _change(
    forecaster: Forecaster, asked: Answer, found: Answer | AftermathError, without: Answer
) -> tuple[Table, Table, Table, tuple[Outside, ...]]:
    """What ``found`` differs by from the answer without the do(), the ends of its interval, and what lies outside them.

    ``found`` is the answer ``asked`` for itself, or that to a variant with one do() alone. Numbers are NaN where there
    are none.
    """
    none = np.full_like(asked.targets.p, np.nan)
    if isinstance(found, AftermathError):
        return none, none, none, ()
    change = difference(found.targets.p, without.targets.p)
    if asked.question.interval is None:
        return change, none, none, ()
    names = found.targets.basis.names
    case, other = (Case(each.findings, each.settings) for each in (found, without))
    ends = between(
        forecaster.draws,
        forecaster.plan,
        names,
        case,
        other,
        mass=asked.question.interval,
        p=found.targets.p,
        before=without.targets.p,
    )
    return change, *ends


def _needs_its_own_run(resolved: Resolved) -> bool:
    question = resolved.question
    return bool(question.joint or question.most_probable or assumptions(resolved.case))


def _in_one_run(forecaster: Forecaster, members: Sequence[Resolved]) -> list[Answer | AftermathError]:
    """Answers to questions that share targets and intervened variables, in one run of the engine."""
    plan, cases = forecaster.plan, [member.case for member in members]
    evidence = encode(plan.network, cases)
    found = inference.posterior(plan, evidence, members[0].asked)
    p = _end_to_end(found, members[0].targets, forecaster.every)
    asked = tuple(dict.fromkeys(name for case in cases for name in case.findings))
    done_only = [Case({}, case.settings) for case in cases]
    before = inference.posterior(plan, encode(plan.network, done_only), asked) if cases[0].settings else None
    results: list[Answer | AftermathError] = []
    for i, member in enumerate(members):
        log_p = float(found.log_evidence[i])
        if not math.isfinite(log_p):
            results.append(impossible(plan, member.case))
            continue
        known = {name: before.of(name)[i] for name in asked} if before else forecaster.prior
        weights = {name: evidence.likelihood[name][i] for name in member.case.findings}
        unrelated = _log_p_unrelated(plan, member.case, known, weights)
        results.append(_answer(forecaster, member, p[i], log_p=log_p, unrelated=unrelated))
    return results


def _in_order(places: Mapping[str, Columns], targets: Sequence[str]) -> NDArray[np.int64]:
    """Where the states of the targets stand among the engine's columns."""
    columns = [places[name][1] for name in targets]
    return np.concatenate([np.arange(place.start, place.stop) for place in columns])


def _end_to_end(found: Posterior, targets: Sequence[str], every: _Every) -> Table:
    """Marginals of the targets side by side, shape (cases, states of all targets)."""
    known = found.places is every.places and len(targets) == len(every.places)
    joined: Table = found.rows[:, every.order if known else _in_order(found.places, targets)]
    joined.setflags(write=False)
    return joined


def _answer(forecaster: Forecaster, resolved: Resolved, p: Table, *, log_p: float, unrelated: float | None) -> Answer:
    model, case = forecaster.model, resolved.case
    basis = forecaster.basis(shape_of(resolved))
    log_p = min(log_p, 0.0) if counted(case).findings else 0.0  # sums of rounded numbers may be 1 and a last digit
    return Answer(
        model=model.name,
        revision=model.revision,
        question=resolved.question,
        findings=case.findings,
        settings=case.settings,
        replaced=resolved.replaced,
        p_evidence=math.exp(log_p),
        log_p_evidence=log_p,
        conflict_bits=None if unrelated is None else settled((unrelated - log_p) / math.log(2), max(1.0, -log_p)),
        targets=Targets(basis, p, _intervals(forecaster, resolved, p, basis.baseline)),
    )


def _intervals(forecaster: Forecaster, resolved: Resolved, p: Table, before: Table) -> Intervals | None:
    mass = resolved.question.interval
    if mass is None:
        return None
    draws, plan = forecaster.draws, forecaster.plan
    return intervals(draws, plan, resolved.targets, resolved.case, mass=mass, p=p, before=before)


def shape_of(resolved: Resolved) -> Shape:
    """Which variables a question speaks of in which way."""
    case = resolved.case
    return Shape(
        resolved.targets,
        (*case.findings, *case.settings),
        observed=frozenset(name for name, finding in case.findings.items() if isinstance(finding, Observed)),
        cut=frozenset(case.settings),
        fixed=frozenset(name for name, setting in case.settings.items() if isinstance(setting, SetTo)),
    )


def _basis(model: Model, baseline: Mapping[str, Table], shape: Shape) -> Basis:
    """What answers of one shape rest on: a table's sources are cited by the targets that depend on the table."""
    needs = shape.needs(model.network)
    used = needs.evidence[:, [model.network.position[name] for name in shape.said]]
    *cited, sources = model.cited_each(np.vstack([needs.tables, needs.tables.any(axis=0)]))
    *idle, no_effect = (tuple(compress(shape.said, row)) for row in (~np.vstack([used, used.any(axis=0)])).tolist())
    ends = accumulate(model.network.cards(shape.targets), initial=0)
    joined = np.concatenate([baseline[name] for name in shape.targets])
    joined.setflags(write=False)
    return Basis(
        names=shape.targets,
        targets=tuple(model.network.by_name[name] for name in shape.targets),
        places=tuple(slice(start, end) for start, end in pairwise(ends)),
        baseline=joined,
        cited=tuple(cited),
        idle=tuple(idle),
        sources=sources,
        no_effect=no_effect,
    )


def _before(forecaster: Forecaster, case: Case) -> Mapping[str, Table]:
    """Marginals under the interventions alone, of the variables that findings speak of."""
    if not case.settings:
        return forecaster.prior
    only_done = encode(forecaster.plan.network, [Case({}, case.settings)])
    found = inference.posterior(forecaster.plan, only_done, tuple(case.findings))
    return {name: found.of(name)[0] for name in case.findings}


def _log_p_unrelated(plan: Plan, case: Case, before: Mapping[str, Table], weights: Mapping[str, Table]) -> float | None:
    """Log probability that the findings would have if they had nothing to do with each other; None for fewer than two.

    ``before`` holds the marginal of each variable without them, ``weights`` the likelihood of each finding by state.
    What these are too small for is asked of the engine, whose logarithms have no least number.
    """
    findings = counted(case).findings
    if len(findings) < 2:
        return None
    return sum(
        math.log(p)
        if (p := float(before[name] @ weights[name])) > LEAST_EXACT
        else float(inference.log_evidence(plan, encode(plan.network, [Case({name: finding}, case.settings)]))[0])
        for name, finding in findings.items()
    )


def _joint(forecaster: Forecaster, names: Sequence[str], evidence: Evidence, resolved: Resolved) -> JointAnswer:
    plan, mass = forecaster.plan, resolved.question.interval
    table: NDArray[np.float64] = inference.joint(plan, names, evidence)
    combinations = list(product(*(plan.network.by_name[name].states for name in names)))
    drawn = None if mass is None else _joint_intervals(forecaster, tuple(names), resolved.case, mass, table.ravel())
    return JointAnswer(tuple(names), tuple(zip(combinations, table.ravel().tolist(), strict=True)), drawn)


def _joint_intervals(forecaster: Forecaster, names: tuple[str, ...], case: Case, mass: float, p: Table) -> Intervals:
    """Intervals of combinations of states: those of one variable that has them as its states."""
    if p.size > DRAWN_COMBINATIONS:
        return no_intervals(mass, p.size)
    draws, plan, name = forecaster.combined(names)
    found = intervals_alone(draws, plan, name, case, mass=mass, p=p)
    states = plan.network[name].states
    said = dict(zip(states, product(*(plan.network[part].states for part in names)), strict=True))
    outside = (replace(each, target=",".join(names), state=",".join(said[each.state])) for each in found.outside)
    return replace(found, outside=tuple(outside))


def _combined(base: Forecaster, names: tuple[str, ...]) -> tuple[Draws, Plan, str]:
    model, name = with_combinations(base.model, names)
    return replace(base.draws, model=model), inference.laid_over(base.plan, model.network), name


def _most_probable(plan: Plan, evidence: Evidence) -> MostProbable:
    states, log, ties = inference.most_probable(plan, evidence)
    total = inference.log_evidence(plan, evidence)
    named = {v.name: v.states[k] for v, k in zip(plan.network.variables, states[0].tolist(), strict=True)}
    return MostProbable(named, min(float(np.exp(log[0] - total[0])), 1.0), bool(ties[0]))
