"""The main path: a question about a model becomes an answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import accumulate, compress, pairwise, product
from types import MappingProxyType
from typing import overload

import numpy as np
from numpy.typing import NDArray

from model import inference, notebook
from model.document import Model
from model.draws import Draws
from model.errors import AftermathError, BadQuestion, GroupOutcomeOfCohort, ImpossibleEvidence
from model.evidence import Assumed, Case, Finding, Observed, Setting, SetTo, check, in_words, likelihood
from model.inference import Evidence, Plan, Posterior
from model.inference.arrays import Columns
from model.inference.encoding import assume, encode
from model.inference.junction_tree.triangulation import CELL_LIMIT
from model.intervals import Intervals, intervals
from model.network import Table, Variable
from model.separation import requisite_each

BASES = 128
"""Ways of asking (which targets, which statements) whose basis a forecaster keeps: some 100 KB each at the most."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: ``targets`` (none means every variable), given findings, under interventions.

    Under a cohort, where the model has variables of the individual level, the targets are of that level: none
    means every one of them.

    A scenario and a cohort bring statements of their own; on one variable the more specific wins:
    the question's own, then the scenario's do(), then the cohort's evidence, then the scenario's.
    ``interval`` is the share that the interval of each target's state is to hold; None asks for none.
    """

    targets: tuple[str, ...] = ()
    findings: Mapping[str, Finding] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    scenario: str | None = None
    cohort: str | None = None
    joint: tuple[tuple[str, ...], ...] = ()
    most_probable: bool = False
    interval: float | None = None


@dataclass(frozen=True, slots=True)
class StateAnswer:
    """Probability of one state, what it is with nothing known and nothing done, and the ends of its interval."""

    state: str
    p: float
    baseline: float
    low: float | None = None
    high: float | None = None

    @property
    def shift(self) -> float:
        """How far the evidence and interventions moved it."""
        return self.p - self.baseline


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """Distribution of one target in the order of the file, the sources it rests on, and what did not matter to it."""

    target: str
    distribution: tuple[StateAnswer, ...]
    sources: tuple[str, ...]
    no_effect: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What answers have in common that speak of the same variables in the same way, whatever the numbers.

    ``places[i]`` is where target i's states stand among those of all targets end to end, and ``baseline``
    is what they are with nothing known, in that order. ``cited[i]`` are its sources and ``idle[i]`` the
    statements that did not matter to it; ``sources`` and ``no_effect`` are of all targets together.
    """

    targets: tuple[Variable, ...]
    places: tuple[slice, ...]
    baseline: Table
    cited: tuple[tuple[str, ...], ...]
    idle: tuple[tuple[str, ...], ...]
    sources: tuple[str, ...]
    no_effect: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Targets(Sequence[TargetAnswer]):
    """The targets of an answer. ``p`` is the states of all of them end to end; a row is made when it is looked at."""

    basis: Basis
    p: Table
    intervals: Intervals | None = None

    def __len__(self) -> int:
        return len(self.basis.targets)

    @overload
    def __getitem__(self, i: int) -> TargetAnswer: ...

    @overload
    def __getitem__(self, i: slice) -> list[TargetAnswer]: ...

    def __getitem__(self, i: int | slice) -> TargetAnswer | list[TargetAnswer]:
        if isinstance(i, slice):
            return [self[k] for k in range(len(self))[i]]
        basis, place = self.basis, self.basis.places[i]
        variable = basis.targets[i]
        columns = [variable.states, self.p[place].tolist(), basis.baseline[place].tolist()]
        if self.intervals is not None and not np.isnan(self.intervals.low[place]).any():
            columns += [self.intervals.low[place].tolist(), self.intervals.high[place].tolist()]
        rows = map(StateAnswer, *columns)
        return TargetAnswer(variable.name, tuple(rows), basis.cited[i], basis.idle[i])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Targets) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class JointAnswer:
    """Probability of each combination of states, the last variable's states changing fastest."""

    variables: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], float], ...]


@dataclass(frozen=True, slots=True)
class MostProbable:
    """The most probable state of every variable together; ``p`` is its probability given the evidence."""

    states: Mapping[str, str]
    p: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An exact answer and what it depends on.

    ``findings`` and ``settings`` are what was used, scenario and cohort laid in; ``replaced`` names
    their statements that something more specific replaced. ``p_evidence`` is the probability of all
    findings together (assumptions apart), under the interventions. ``conflict_bits`` is
    log2 of the product of the findings' own probabilities over P(evidence) (Jensen et al. 1990),
    above 0 where they sit badly together; None with fewer than two findings.
    """

    model: str
    revision: str
    question: Question
    findings: Mapping[str, Finding]
    settings: Mapping[str, Setting]
    replaced: tuple[str, ...]
    p_evidence: float
    log_p_evidence: float
    conflict_bits: float | None
    targets: Targets
    joint: tuple[JointAnswer, ...] = ()
    most_probable: MostProbable | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """What the answer rests on, in the order of the file."""
        return self.targets.basis.sources

    @property
    def no_effect(self) -> tuple[str, ...]:
        """Variables spoken of that matter to no target."""
        return self.targets.basis.no_effect

    def _repr_html_(self) -> str:
        said = [in_words(name, statement) for name, statement in (*self.findings.items(), *self.settings.items())]
        columns = ("state", "p", "low", "high", "baseline", "shift")
        parts = [
            notebook.html(
                target.target,
                notebook.table(
                    columns, notebook.records(columns, target.distribution), bar="p", whole=1.0, mark="baseline"
                ),
            )
            for target in self.targets[: notebook.MOST]
        ]
        more = len(self.targets) - len(parts)
        held = self.targets.intervals
        notes = notebook.note(
            f"and {more:,} more targets" if more else "",
            f"given {', '.join(said)}; P(evidence) {self.p_evidence:.3g}" if said else "nothing given, nothing done",
            "" if held is None else f"low and high hold {100 * held.mass:g} % of {held.draws:,} draws of the numbers",
            "" if held is None else held.warning or "",
            f"no effect: {', '.join(self.no_effect)}" if self.no_effect else "",
        )
        return notebook.html(f"{self.model} {self.revision}", *parts, notes)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a basis depends on: the targets, and which variables are spoken of in which way."""

    targets: tuple[str, ...]
    said: tuple[str, ...]
    observed: frozenset[str]
    cut: frozenset[str]
    fixed: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Every:
    """Columns of the engine's marginals of every variable: the engine's ``places``, and the file's order of them."""

    places: Mapping[str, Columns]
    order: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Forecaster:
    """A model compiled and ready: immutable, shared by every thread."""

    model: Model
    plan: Plan
    baseline: Mapping[str, Table] = field(init=False)
    every: _Every = field(init=False)
    draws: Draws = field(init=False)
    basis: Callable[[Shape], Basis] = field(init=False)

    def __post_init__(self) -> None:
        prior = inference.posterior(self.plan)
        rows = {name: prior.of(name)[0] for name in self.model.network.names}
        object.__setattr__(self, "baseline", MappingProxyType(rows))
        object.__setattr__(self, "every", _Every(prior.places, _in_order(prior.places, self.model.network.names)))
        object.__setattr__(self, "draws", Draws(self.model))
        object.__setattr__(self, "basis", lru_cache(BASES)(partial(_basis, self.model, self.baseline)))


@dataclass(frozen=True, slots=True)
class Resolved:
    """A question with its scenario and cohort laid in, every name checked.

    ``asked`` are the targets for the engine, None where they are all variables.
    """

    question: Question
    targets: tuple[str, ...]
    asked: tuple[str, ...] | None
    case: Case
    replaced: tuple[str, ...]


def prepare(model: Model, *, limit: int = CELL_LIMIT) -> Forecaster:
    """Compile a model for answering. Raises NetworkTooLarge when its junction tree is over the limit."""
    return Forecaster(model, inference.compile(model.network, limit=limit))


def answer(forecaster: Forecaster, question: Question) -> Answer:
    """Answer one question exactly.

    Raises UnknownVariable, UnknownState, UnknownScenario, UnknownCohort, GroupOutcomeOfCohort, BadQuestion, or
    ImpossibleEvidence naming a smallest set of findings that cannot hold together.
    """
    resolved = resolve(forecaster.model, question)
    plan, case = forecaster.plan, resolved.case
    evidence = encode(plan.network, [case])
    found = inference.posterior(plan, evidence, resolved.asked)
    log_p = float(found.log_evidence[0])
    if not math.isfinite(log_p):
        raise impossible(plan, case)
    if assumes(case):
        log_p = float(inference.log_evidence(plan, encode(plan.network, [Case(_counted(case), case.settings)]))[0])
        evidence = assume(plan, evidence, [case])
        found = inference.posterior(plan, evidence, resolved.asked)
    [p] = _end_to_end(found, resolved.targets, forecaster.every)
    plain = _answer(forecaster, resolved, p, log_p=log_p, before=_before(forecaster, resolved.case))
    if not question.joint and not question.most_probable:
        return plain
    return replace(
        plain,
        joint=tuple(_joint(forecaster.plan, names, evidence) for names in question.joint),
        most_probable=_most_probable(forecaster.plan, evidence) if question.most_probable else None,
    )


def answers(forecaster: Forecaster, questions: Sequence[Question]) -> list[Answer | AftermathError]:
    """Answer a batch, cases that change the same things side by side; a bad case is an error in its own place."""
    done: dict[int, Answer | AftermathError] = {}
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[int, Resolved]]] = {}
    for i, question in enumerate(questions):
        try:
            resolved = resolve(forecaster.model, question)
            if _needs_its_own_run(resolved):
                done[i] = answer(forecaster, question)
            else:
                groups.setdefault((resolved.targets, tuple(sorted(resolved.case.settings))), []).append((i, resolved))
        except AftermathError as error:
            done[i] = error
    for members in groups.values():
        done.update(zip((i for i, _ in members), _side_by_side(forecaster, [r for _, r in members]), strict=True))
    return [done[i] for i in range(len(questions))]


def impossible(plan: Plan, case: Case) -> ImpossibleEvidence:
    """The error for evidence of probability zero, with a minimal conflicting set found by deletion."""
    kept = dict(case.findings)
    for name in case.findings:
        fewer = {other: finding for other, finding in kept.items() if other != name}
        if fewer and not np.isfinite(
            inference.log_evidence(plan, encode(plan.network, [Case(fewer, case.settings)]))[0]
        ):
            kept = fewer
    words = [in_words(name, finding) for name, finding in kept.items()]
    return ImpossibleEvidence(words, where=("evidence",))


def of_target(question: Question, target: str) -> Question:
    """The same question about one target alone, as every analysis of an event asks it."""
    return replace(question, targets=(target,), joint=(), most_probable=False)


def resolve(model: Model, question: Question) -> Resolved:
    """Lay scenario and cohort under the question's own statements, every name checked."""
    network = model.network
    if question.interval is not None and not 0 < question.interval < 1:
        raise BadQuestion(f"an interval holds a share between 0 and 1, not {question.interval:g}", where=("interval",))
    for i, target in enumerate(question.targets):
        network.variable(target, where=("targets", i))
    for i, names in enumerate(question.joint):
        _check_joint(model, names, ("joint", i))
    own = Case(question.findings, question.settings)
    check(network, own)
    scenario = model.scenario(question.scenario) if question.scenario else None
    cohort = model.cohort(question.cohort) if question.cohort else None
    if cohort:
        _check_levels(model, question, cohort.name)
    layers: list[tuple[str, Mapping[str, Finding], Mapping[str, Setting]]] = [
        ("question", own.findings, _with_parts(model, own.settings, own.findings))
    ]
    if scenario:
        layers.append((f"scenario {scenario.name}", {}, _with_parts(model, scenario.settings, {})))
    if cohort:
        layers.append((f"cohort {cohort.name}", cohort.findings, {}))
    if scenario:
        layers.append((f"scenario {scenario.name}", scenario.findings, {}))
    case, replaced = _laid(layers)
    answerable = model.answerable(question.cohort)
    asked = question.targets or (answerable if len(answerable) < len(network.names) else None)
    return Resolved(question, asked or network.names, asked, case, replaced)


def _with_parts(model: Model, settings: Mapping[str, Setting], findings: Mapping[str, Finding]) -> dict[str, Setting]:
    """The settings, and with each the same on the parts of its variable of which nothing else is said."""
    parts = {part: setting for name, setting in settings.items() for part in model.described[name].parts}
    return {**{part: setting for part, setting in parts.items() if part not in findings}, **settings}


def _check_joint(model: Model, names: Sequence[str], where: tuple[str | int, ...]) -> None:
    for name in names:
        model.network.variable(name, where=where)
    if len(set(names)) != len(names) or not names:
        raise BadQuestion("a joint names each variable once, and at least one", where=where)


def _check_levels(model: Model, question: Question, cohort: str) -> None:
    """Refuse a target that a cohort's evidence does not speak of. Raises GroupOutcomeOfCohort."""
    answerable = frozenset(model.answerable(cohort))
    joint = [(name, ("joint", i)) for i, names in enumerate(question.joint) for name in names]
    for target, where in (*((name, ("targets", i)) for i, name in enumerate(question.targets)), *joint):
        if target not in answerable:
            raise GroupOutcomeOfCohort(target, cohort, model.headline_of(cohort), where=where)
    if question.most_probable and len(answerable) < len(model.network.names):
        raise GroupOutcomeOfCohort(None, cohort, model.headline_of(cohort), where=("most_probable",))


def _laid(
    layers: Iterable[tuple[str, Mapping[str, Finding], Mapping[str, Setting]]],
) -> tuple[Case, tuple[str, ...]]:
    """Statements laid over each other, the first layer on top; what is covered is named with its origin."""
    findings: dict[str, Finding] = {}
    settings: dict[str, Setting] = {}
    replaced = []
    for origin, given, set_to in layers:
        for name, statement in (*given.items(), *set_to.items()):
            if name in findings or name in settings:
                replaced.append(f"{in_words(name, statement)} of {origin}")
        findings.update({name: f for name, f in given.items() if name not in findings and name not in settings})
        settings.update({name: s for name, s in set_to.items() if name not in findings and name not in settings})
    return Case(findings, settings), tuple(replaced)


def _needs_its_own_run(resolved: Resolved) -> bool:
    question = resolved.question
    return bool(question.joint or question.most_probable or assumes(resolved.case))


def _side_by_side(forecaster: Forecaster, members: Sequence[Resolved]) -> list[Answer | AftermathError]:
    """Answers to questions that share targets and intervened variables, in one run of the engine."""
    plan, cases = forecaster.plan, [member.case for member in members]
    found = inference.posterior(plan, encode(plan.network, cases), members[0].asked)
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
        known = {name: before.of(name)[i] for name in asked} if before else forecaster.baseline
        results.append(_answer(forecaster, member, p[i], log_p=log_p, before=known))
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


def _answer(
    forecaster: Forecaster, resolved: Resolved, p: Table, *, log_p: float, before: Mapping[str, Table]
) -> Answer:
    model, case = forecaster.model, resolved.case
    return Answer(
        model=model.name,
        revision=model.revision,
        question=resolved.question,
        findings=case.findings,
        settings=case.settings,
        replaced=resolved.replaced,
        p_evidence=math.exp(log_p),
        log_p_evidence=log_p,
        conflict_bits=_conflict(model, case, before, log_p=log_p),
        targets=Targets(forecaster.basis(shape_of(resolved)), p, _intervals(forecaster, resolved)),
    )


def _intervals(forecaster: Forecaster, resolved: Resolved) -> Intervals | None:
    mass = resolved.question.interval
    if mass is None:
        return None
    return intervals(forecaster.draws, forecaster.plan, resolved.targets, resolved.case, mass=mass)


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
    reported = frozenset(shape.said) - shape.observed - shape.cut
    needs = requisite_each(
        model.network, shape.targets, observed=shape.observed, reported=reported, cut=shape.cut, fixed=shape.fixed
    )
    used = needs.evidence[:, [model.network.position[name] for name in shape.said]]
    *cited, sources = model.cited_each(np.vstack([needs.tables, needs.tables.any(axis=0)]))
    *idle, no_effect = (tuple(compress(shape.said, row)) for row in (~np.vstack([used, used.any(axis=0)])).tolist())
    ends = accumulate(model.network.cards(shape.targets), initial=0)
    joined = np.concatenate([baseline[name] for name in shape.targets])
    joined.setflags(write=False)
    return Basis(
        targets=tuple(model.network[name] for name in shape.targets),
        places=tuple(slice(start, end) for start, end in pairwise(ends)),
        baseline=joined,
        cited=tuple(cited),
        idle=tuple(idle),
        sources=sources,
        no_effect=no_effect,
    )


def assumes(case: Case) -> bool:
    """Whether a finding is an assumption, which has to be fitted."""
    return any(isinstance(finding, Assumed) for finding in case.findings.values())


def _before(forecaster: Forecaster, case: Case) -> Mapping[str, Table]:
    """Marginals under the interventions alone, of the variables that findings speak of."""
    if not case.settings:
        return forecaster.baseline
    only_done = encode(forecaster.plan.network, [Case({}, case.settings)])
    found = inference.posterior(forecaster.plan, only_done, tuple(case.findings))
    return {name: found.of(name)[0] for name in case.findings}


def _conflict(model: Model, case: Case, before: Mapping[str, Table], *, log_p: float) -> float | None:
    counted = _counted(case)
    if len(counted) < 2:
        return None
    alone = sum(math.log(float(before[n] @ likelihood(model.network[n], f))) for n, f in counted.items())
    return (alone - log_p) / math.log(2)


def _counted(case: Case) -> dict[str, Finding]:
    """Findings that have a probability: all but assumptions."""
    return {name: finding for name, finding in case.findings.items() if not isinstance(finding, Assumed)}


def _joint(plan: Plan, names: Sequence[str], evidence: Evidence) -> JointAnswer:
    table: NDArray[np.float64] = inference.joint(plan, names, evidence)
    combinations = product(*(plan.network[name].states for name in names))
    return JointAnswer(tuple(names), tuple(zip(combinations, table.ravel().tolist(), strict=True)))


def _most_probable(plan: Plan, evidence: Evidence) -> MostProbable:
    states, log = inference.most_probable(plan, evidence)
    total = inference.log_evidence(plan, evidence)
    named = {v.name: v.states[k] for v, k in zip(plan.network.variables, states[0].tolist(), strict=True)}
    return MostProbable(named, float(np.exp(log[0] - total[0])))
