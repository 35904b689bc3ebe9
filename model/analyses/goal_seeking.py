"""Goal seeking: the fewest changes that bring a probability past a threshold, and what each lever does by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model import inference, notebook
from model.answers import Answer
from model.errors import AftermathError, BadQuestion, ImpossibleEvidence
from model.evidence import Assumed, Case, Finding, Observed, Setting, SetTo, in_words
from model.forecast import Forecaster, answer, answers
from model.inference import Evidence, Plan
from model.inference.arrays import AGREE, encode, ranked, settled
from model.network import Table
from model.question import Question, of_target, resolve
from model.specification import Model
from model.uncertainty.draws import sampled
from model.uncertainty.intervals import MASS, Intervals, Reason, intervals, warned

Using = Literal["levers", "findings", "both"]

LARGEST = 3
"""Most changes in a set."""

TRIED = 20_000
"""Sets of one size that are tried. Where there are more, only the most promising changes are combined, by what
each does alone, as many as make no more sets than this."""

SHOWN = 20
"""Sets that are returned, each of them asked again as a question of its own."""

BLOCK_CELLS = 2_000_000
"""Table entries and likelihoods written out at once: the working memory of a block stays near 16 MB."""

NEAR_ONE = 2.3e-4
"""AGREE of this is the last digit of a probability near 1."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing done or found: ``verb`` is 'do' for a lever that is set, 'observe' for a state that is found."""

    variable: str
    verb: Literal["do", "observe"]
    state: str

    def __str__(self) -> str:
        """As a question says it.

        >>> str(Change("smoke", "do", "no")), str(Change("xray", "observe", "yes"))
        ('do(smoke=no)', 'xray=yes')
        """
        return f"do({self.variable}={self.state})" if self.verb == "do" else f"{self.variable}={self.state}"


@dataclass(frozen=True, slots=True)
class GoalSet:
    """Changes made together; ``margin`` is how far ``p`` is past the threshold, negative where it falls short.

    ``p_evidence`` is the probability of the question's findings and those of the set together, under what is set.
    ``replaced`` names what cohort and scenario say that the changes stand in place of.
    """

    changes: tuple[Change, ...]
    p: float
    margin: float
    p_evidence: float
    replaced: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What is changed, and the probability then.

        >>> str(GoalSet((Change("smoke", "do", "no"),), 0.25, -0.05, 1.0)), str(GoalSet((), 0.5, -0.3, 1.0))
        ('do(smoke=no): 0.2500', 'no change: 0.5000')
        """
        return f"{', '.join(map(str, self.changes)) or 'no change'}: {notebook.text(self.p)}"


@dataclass(frozen=True, slots=True)
class NotTried:
    """A variable of which no change is tried, and why."""

    variable: str
    why: str


@dataclass(frozen=True, slots=True)
class Searched:
    """How far the sets of one size were searched: those of the ``combined`` most promising of ``possible`` changes
    that do not reach the goal alone, ``tried`` sets of them in which no smaller set does.
    """

    size: int
    tried: int
    combined: int
    possible: int


@dataclass(frozen=True, slots=True)
class Goals:
    """The smallest ways to a goal. ``p`` is the probability as things are; ``found`` counts the sets that reach
    the goal, of which ``sets`` holds the first, the smallest and then the furthest past the threshold first. ``met``
    says that nothing needs to change, ``cut`` that some sets were not tried, so that there may be others. ``best`` is
    the set of those tried that comes nearest where none reaches the goal, the smallest of equal ones: no change at
    all where every change leads away. It is None where the goal is reached. ``left_out`` are levers of which the
    question itself speaks, and where findings may change also conditions of which it, cohort or scenario speaks.
    """

    target: str
    state: str
    below: float | None
    above: float | None
    p: float
    sets: tuple[GoalSet, ...]
    found: int
    searched: tuple[Searched, ...]
    best: GoalSet | None = None
    left_out: tuple[NotTried, ...] = ()
    met: bool = field(init=False)
    cut: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "met", self.margin(self.p) > 0)
        object.__setattr__(self, "cut", any(row.combined < row.possible for row in self.searched))

    def margin(self, p: float) -> float:
        """How far a probability is past the threshold; negative on the wrong side of it."""
        return float(self.margins(np.array(p)))

    def margins(self, p: Table) -> Table:
        """``margin`` of many probabilities, of any shape; 0 where what lies between them may be rounding."""
        threshold = self.above if self.above is not None else (self.below or 0.0)
        past = p - threshold if self.above is not None else threshold - p
        scale = np.minimum(np.maximum(p, threshold), np.maximum(np.maximum(1.0 - p, 1.0 - threshold), NEAR_ONE))
        return np.where(np.abs(past) <= AGREE * scale, 0.0, past)

    def _repr_html_(self) -> str:
        columns = ("changes", "p", "margin", "p_evidence", "replaced")
        goal = f"above {self.above:g}" if self.above is not None else f"below {self.below or 0.0:g}"
        return notebook.html(
            f"P({self.target}={self.state}) {goal}: it is {notebook.text(self.p)} now",
            notebook.table(columns, notebook.records(columns, self.sets), bar="p", whole=1.0),
            notebook.note("nothing needs to change" if self.met else f"{self.found:,} smallest sets reach it"),
            notebook.note("" if self.best is None else f"the nearest to it: {self.best}"),
            notebook.note("not every set was tried" if self.cut else ""),
            notebook.note(*(f"left out: {each.variable}, {each.why}" for each in self.left_out)),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """What setting one lever does to an event: its probability then, and the shift against doing nothing.

    Intervals are of both, the shift's under common draws of the parameters; None where drawing is too costly.
    ``outside`` and ``shift_outside`` are why p and the shift lie outside their own, where they do. ``replaced`` names
    what cohort and scenario say that the setting stands in place of.
    """

    variable: str
    state: str
    p: float
    shift: float
    low: float | None
    high: float | None
    shift_low: float | None
    shift_high: float | None
    outside: Reason | None
    shift_outside: Reason | None
    replaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policies:
    """Every single lever setting, the lowest probability first. ``impossible`` are settings under which the
    question's evidence cannot happen, ``left_out`` levers of which the question itself speaks; ``warning`` is what
    to know before relying on the intervals.
    """

    target: str
    state: str
    p: float
    mass: float
    rows: tuple[Policy, ...]
    impossible: tuple[Change, ...]
    left_out: tuple[NotTried, ...]
    warning: str | None

    def _repr_html_(self) -> str:
        columns = ("variable", "state", "p", "low", "high", "shift", "shift_low", "shift_high", "replaced")
        return notebook.html(
            f"P({self.target}={self.state}) by what is done; {notebook.text(self.p)} with nothing more",
            notebook.table(columns, notebook.records(columns, self.rows), bar="p", whole=1.0),
            notebook.note(
                *(f"impossible with the evidence: {change}" for change in self.impossible),
                *(f"left out: {each.variable}, {each.why}" for each in self.left_out),
                self.warning or "",
            ),
        )


def goals(
    forecaster: Forecaster,
    question: Question,
    *,
    target: str,
    state: str,
    below: float | None = None,
    above: float | None = None,
    using: Using = "levers",
    largest: int = LARGEST,
) -> Goals:
    """The smallest sets of changes that bring P(target = state) under or over a threshold.

    Changes are settings of levers by do(), findings of a state of a condition or of something that can be
    collected, or both; only of variables that the question itself does not speak of. A setting stands in place of
    what cohort and scenario say of the lever, which the set names; a finding is not sought of what they speak of.
    Sets of one are tried first, then of two and three; one that holds a smaller one that does it is left out, and
    so is one that is impossible. Each set returned is asked again through ``forecast.answers``.
    Raises BadQuestion for no threshold, two, or assumed probabilities, and what ``forecast.answer`` raises.
    """
    _check(below, above, largest)
    now = answer(forecaster, _asked(question, target, ()))
    variable = forecaster.model.network[target]
    place = variable.state(state, where=("state",))
    for name, finding in now.findings.items():
        if isinstance(finding, Assumed):
            raise BadQuestion("a goal is not sought under assumed probabilities", where=("evidence", name))
    changes, left_out = _changes(forecaster.model, now, target, using)
    p = now.targets[0].distribution[place].p
    start = Goals(target, state, below, above, p, (), 0, (), left_out=left_out)
    if start.met:
        return start
    made = [_made(forecaster.model, now, _asked(question, target, [change])) for change in changes]
    found, nearest, searched = _search(_Trial(forecaster.plan, now, changes, made, target, place), start, largest)
    replayed = _replayed(forecaster, question, start, now, [changes for changes, _ in found[:SHOWN]])
    reached = tuple(row for row in replayed if row.margin > 0)
    tried = () if reached else _replayed(forecaster, question, start, now, [(), nearest])
    best = max(tried, key=lambda row: ranked(row.margin), default=None)
    return replace(start, sets=reached, found=len(found), searched=searched, best=best)


def policies(forecaster: Forecaster, question: Question, *, target: str, state: str, mass: float = MASS) -> Policies:
    """What each setting of each lever, one at a time, does to P(target = state); the lowest first.

    A setting stands in place of what cohort and scenario say of the lever, which the row names. Levers that the
    question itself speaks of are left as it has them, and named. Raises what ``forecast.answer`` raises.
    """
    if not 0 < mass < 1:
        raise BadQuestion(f"an interval holds a share between 0 and 1, not {mass:g}", where=("interval",))
    now = answer(forecaster, _asked(question, target, ()))
    place = forecaster.model.network[target].state(state, where=("state",))
    left_out = _left_out(forecaster.model, now, target)
    held = [target, *(each.variable for each in left_out)]
    changes = _settings(forecaster.model, [name for name in forecaster.model.network.names if name not in held])
    found = answers(forecaster, [_asked(question, target, [change]) for change in changes], effects=False)
    for answered in found:
        if isinstance(answered, AftermathError) and not isinstance(answered, ImpossibleEvidence):
            raise answered
    reached = {change: each for change, each in zip(changes, found, strict=True) if isinstance(each, Answer)}
    ends = dict(zip(reached, _ends(forecaster, now, list(reached.values()), mass), strict=True))
    rows = [_policy(now, change, answered, ends[change], place) for change, answered in reached.items()]
    return Policies(
        target,
        state,
        p=now.targets[0].distribution[place].p,
        mass=mass,
        rows=tuple(sorted(rows, key=lambda row: ranked(row.p))),
        impossible=tuple(change for change in changes if change not in reached),
        left_out=left_out,
        warning=_warning(ends, target, state),
    )


def _policy(now: Answer, change: Change, answered: Answer, ends: Intervals, place: int) -> Policy:
    said, before = answered.targets[0].distribution[place], now.targets[0].distribution[place].p
    return Policy(
        change.variable,
        change.state,
        said.p,
        settled(said.p - before, max(said.p, before)),
        *ends.of_state(place),
        *ends.reasons(answered.targets[0].target, said.state),
        replaced=_replaced(now, answered),
    )


def _replaced(now: Answer, answered: Answer) -> tuple[str, ...]:
    """What cohort and scenario say that a change stands in place of."""
    return tuple(each for each in answered.replaced if each not in now.replaced)


def _left_out(model: Model, now: Answer, target: str) -> tuple[NotTried, ...]:
    """The levers that the question of an answer speaks of itself, whole or in part, and one that is the target."""
    own, said = (*now.question.settings, *now.question.findings), {**now.findings, **now.settings}
    why = {
        part: f"the question sets {name}, of which it is a part" for name in own for part in _set_with(model, now, name)
    }
    why |= {name: f"the question itself says {in_words(name, said[name])}" for name in own}
    why[target] = "it is the target"
    levers = (name for name in model.network.names if model.described[name].role == "lever")
    return tuple(NotTried(name, why[name]) for name in levers if name in why)


def _set_with(model: Model, now: Answer, name: str) -> tuple[str, ...]:
    """The parts of a variable, where the question sets it."""
    return model.described[name].parts if name in now.question.settings else ()


def _warning(ends: Mapping[Change, Intervals], target: str, state: str) -> str | None:
    """What to know of the intervals of all settings, those that have their number outside by what is set."""
    found = [(change, each) for change, drawn in ends.items() for each in drawn.outside_of(target, state)]
    named = [f"{'the shift' if each.of == 'shift' else 'p'} under {change}" for change, each in found]
    caution = next((drawn.caution for drawn in ends.values() if drawn.caution), None)
    return warned(caution, [each for _, each in found], named)


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What a change makes of the case of a question: variables by the state that they are set to or found in, and
    findings of cohort and scenario that no longer hold."""

    settings: Mapping[str, str]
    found: Mapping[str, str]
    dropped: tuple[str, ...]


def _made(model: Model, now: Answer, asked: Question) -> _Made:
    """What a question with one change more differs by from the question as it is, the variable's parts with it."""
    case = resolve(model, asked).case
    return _Made(
        {n: said.state for n, said in case.settings.items() if isinstance(said, SetTo) and said != now.settings.get(n)},
        {n: said.state for n, said in case.findings.items() if isinstance(said, Observed) and n not in now.findings},
        tuple(name for name in now.findings if name not in case.findings),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """What is tried: changes on top of a question, and what each makes of its case, for one state of the target."""

    plan: Plan
    now: Answer
    changes: Sequence[Change]
    made: Sequence[_Made]
    target: str
    place: int

    def p(self, sets: NDArray[np.int64]) -> Table:
        """The event's probability under each set of changes, shape (sets,); NaN where the evidence is impossible.

        ``sets`` has shape (sets, size), indices of changes. All sets of a block are one batch: a lever that a
        set leaves alone keeps its own table there, a finding that it does not make is a likelihood of ones.
        """
        tables = self.plan.network.tables
        used = [self.made[i] for i in np.unique(sets)]
        tables_used = {name for made in used for name in made.settings}
        rows_used = {name for made in used for name in (*made.found, *made.dropped)}
        cells = sum(tables[n].size for n in tables_used) + sum(tables[n].shape[-1] for n in rows_used)
        step = max(1, BLOCK_CELLS // max(1, cells))
        blocks = [self._block(sets[at : at + step]) for at in range(0, len(sets), step)]
        return np.concatenate([np.empty(0), *blocks])

    def _block(self, sets: NDArray[np.int64]) -> Table:
        network = self.plan.network
        plain = encode(network, [Case(self.now.findings, self.now.settings)])
        made = {i: self.made[i] for i in sorted(np.unique(sets).tolist(), key=lambda i: -len(self.made[i].settings))}
        tables = dict(plain.tables)
        for name in {name: None for each in made.values() for name in each.settings}:
            table = tables.get(name, network.tables[name][None])
            tables[name] = np.array(np.broadcast_to(table, (len(sets), *table.shape[1:])))
        rows = {name: np.broadcast_to(row, (len(sets), row.shape[1])) for name, row in plain.likelihood.items()}
        for name in {name: None for each in made.values() for name in (*each.dropped, *each.found)}:
            rows[name] = np.array(rows.get(name, np.ones((len(sets), len(network[name].states)))))
        for i, each in made.items():
            where = (sets == i).any(axis=1)
            for name, state in each.settings.items():
                tables[name][where] = np.eye(len(network[name].states))[network[name].state(state)]
            for name in each.dropped:
                rows[name][where] = 1.0
            for name, state in each.found.items():
                rows[name][where] = np.eye(len(network[name].states))[network[name].state(state)]
        found = inference.posterior(self.plan, Evidence(len(sets), rows, tables), (self.target,))
        return np.where(np.isfinite(found.log_evidence), found.of(self.target)[:, self.place], np.nan)


def _check(below: float | None, above: float | None, largest: int) -> None:
    if (below is None) == (above is None):
        raise BadQuestion("a goal is a probability to be below or one to be above: one of the two", where=("below",))
    for name, threshold in (("below", below), ("above", above)):
        if threshold is not None and not 0 <= threshold <= 1:
            raise BadQuestion(f"a threshold lies between 0 and 1; {threshold:g} does not", where=(name,))
    if not 1 <= largest <= LARGEST:
        raise BadQuestion(f"sets of 1 to {LARGEST} changes are searched, not of {largest}", where=("largest",))


def _asked(question: Question, target: str, changes: Sequence[Change]) -> Question:
    """The question with some changes more, of this target alone."""
    findings: dict[str, Finding] = {c.variable: Observed(c.state) for c in changes if c.verb == "observe"}
    settings: dict[str, Setting] = {c.variable: SetTo(c.state) for c in changes if c.verb == "do"}
    return replace(
        of_target(question, target),
        findings={**question.findings, **findings},
        settings={**question.settings, **settings},
        interval=None,
    )


def _changes(model: Model, now: Answer, target: str, using: Using) -> tuple[list[Change], tuple[NotTried, ...]]:
    """Everything that may be changed, in the order of the file, and what of its kind may not, with why."""
    names, levers = model.network.names, using != "findings"
    left_out = _left_out(model, now, target) if levers else ()
    held = {target, *(each.variable for each in left_out)}
    settings = _settings(model, [name for name in names if name not in held]) if levers else []
    taken = held | {change.variable for change in settings}
    seen = [n for n in names if n not in taken and (model.described[n].role == "condition" or n in model.collection)]
    said = {**now.findings, **now.settings}
    if using != "levers":
        left_out += tuple(NotTried(name, _by_whom(now, name, said[name])) for name in seen if name in said)
    found = [name for name in seen if name not in said] if using != "levers" else []
    return [*settings, *(Change(name, "observe", state) for name in found for state in model.network[name].states)], (
        left_out
    )


def _by_whom(now: Answer, name: str, said: Finding | Setting) -> str:
    """Who says what of a variable, in words."""
    own = name in now.question.findings or name in now.question.settings
    return f"{'the question itself' if own else 'cohort or scenario'} says {in_words(name, said)}"


def _settings(model: Model, free: Sequence[str]) -> list[Change]:
    """Every state that a lever among these may be set to, in the order of the file."""
    levers = (name for name in free if model.described[name].role == "lever")
    return [Change(name, "do", state) for name in levers for state in model.network[name].states]


def _search(
    trial: _Trial, start: Goals, largest: int
) -> tuple[list[tuple[tuple[Change, ...], float]], tuple[Change, ...], tuple[Searched, ...]]:
    """Every set that does it and holds none that does, of those that are tried, with its margin, the best first.

    Then the set tried with the highest margin, of equal ones the smallest, and how far each size was searched.
    """
    variables = np.array([change.variable for change in trial.changes])
    barred = variables[:, None] == variables[None, :]
    order = np.arange(len(variables))
    found: list[tuple[tuple[Change, ...], float]] = []
    searched, nearest, furthest = [], np.empty(0, dtype=np.int64), start.margin(start.p)
    for size in range(1, largest + 1):
        combined = order[: _most(size)]
        sets = _sets(combined, size, barred)
        p = trial.p(sets)
        margins = start.margins(p)
        promise = np.nan_to_num(margins, nan=-np.inf)
        done = margins > 0
        searched.append(Searched(size, len(sets), len(combined), len(order)))
        if len(sets) and ranked(promise.max()) > ranked(furthest):
            nearest, furthest = sets[promise.argmax()], float(promise.max())
        for members, margin in zip(sets[done].tolist(), margins[done].tolist(), strict=True):
            found.append((_named(trial, members), margin))
        if size == 1:
            order = np.array([i for i in np.argsort(-promise, kind="stable") if not done[i]], dtype=np.int64)
        elif size == 2:
            barred[sets[done][:, 0], sets[done][:, 1]] = barred[sets[done][:, 1], sets[done][:, 0]] = True
    found.sort(key=lambda row: (len(row[0]), -ranked(row[1])))
    return found, _named(trial, nearest.tolist()), tuple(searched)


def _named(trial: _Trial, members: Sequence[int]) -> tuple[Change, ...]:
    """The changes of a set, in the order of the file."""
    return tuple(trial.changes[i] for i in sorted(members))


def _most(size: int) -> int:
    """How many changes can be combined in sets of a size without there being more than TRIED.

    >>> _most(2), _most(3)
    (200, 50)
    """
    count = size
    while math.comb(count + 1, size) <= TRIED:
        count += 1
    return count


def _sets(order: NDArray[np.int64], size: int, barred: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sets of changes, shape (sets, size), without those of which two are barred from being together."""
    sets = np.array(list(combinations(order.tolist(), size)), dtype=np.int64).reshape(-1, size)
    fine = np.ones(len(sets), dtype=np.bool_)
    for one, other in combinations(range(size), 2):
        fine &= ~barred[sets[:, one], sets[:, other]]
    return sets[fine]


def _replayed(
    forecaster: Forecaster, question: Question, start: Goals, now: Answer, sets: Sequence[tuple[Change, ...]]
) -> tuple[GoalSet, ...]:
    """The sets with what a question of its own answers to each, the smallest and furthest past the goal first."""
    found = answers(forecaster, [_asked(question, start.target, changes) for changes in sets], effects=False)
    place = forecaster.model.network[start.target].state(start.state)
    kept = []
    for changes, answered in zip(sets, found, strict=True):
        if isinstance(answered, Answer):
            p = answered.targets[0].distribution[place].p
            kept.append(GoalSet(changes, p, start.margin(p), answered.p_evidence, _replaced(now, answered)))
    return tuple(sorted(kept, key=lambda row: (len(row.changes), -ranked(row.margin))))


def _ends(forecaster: Forecaster, now: Answer, found: Sequence[Answer], mass: float) -> list[Intervals]:
    """The intervals of the target with each lever set, its shifts measured from the question as it is."""
    plan, draws = forecaster.plan, forecaster.draws
    [target] = (row.target for row in now.targets)
    without, before = [sampled(draws, plan, target, Case(now.findings, now.settings))], now.targets.p
    cases = [(Case(each.findings, each.settings), each.targets.p) for each in found]
    return [
        intervals(draws, plan, (target,), case, mass=mass, p=p, before=before, against=without) for case, p in cases
    ]
