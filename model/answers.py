"""What an answer holds: distributions of the targets, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isnan
from typing import overload

from model import notebook
from model.d_separation import children_left
from model.errors import AftermathError
from model.evidence import Case, Finding, Setting, in_words
from model.inference.arrays import difference
from model.network import Network, Table, Variable
from model.question import Question
from model.uncertainty.intervals import Intervals, Outside, Reason
from model.wording import chance, portion

FORMS = 256
"""Ways of asking, by the names that they speak of, of which it is kept what is seen after a do()."""


@dataclass(frozen=True, slots=True)
class StateAnswer:
    """Probability of one state, its shift from that under the default picture alone, and the ends of their intervals.

    ``without`` is the probability without what the question does, ``effect`` the difference that this makes, with the
    ends of its interval; None where nothing is done, or where the findings are impossible without it.
    """

    state: str
    p: float
    baseline: float
    shift: float
    low: float | None = None
    high: float | None = None
    shift_low: float | None = None
    shift_high: float | None = None
    without: float | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None


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

    ``names`` are those of the targets. ``places[i]`` is where target i's states stand among those of all targets end
    to end, and ``baseline`` is what they are under the default picture alone, in that order. ``cited[i]`` are its
    sources and ``idle[i]`` the statements that did not matter to it; ``sources`` and ``no_effect`` are of all targets
    together.
    """

    names: tuple[str, ...]
    targets: tuple[Variable, ...]
    places: tuple[slice, ...]
    baseline: Table
    cited: tuple[tuple[str, ...], ...]
    idle: tuple[tuple[str, ...], ...]
    sources: tuple[str, ...]
    no_effect: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """What one of several do() changes by itself, beside the same question with none of them.

    ``change`` is the states of all targets end to end, ``low`` and ``high`` are the ends of its interval; NaN where
    the findings cannot be with this one alone, or where there is no interval. ``outside`` are the changes that lie
    outside their own interval.
    """

    variable: str
    setting: Setting
    change: Table
    low: Table
    high: Table
    outside: tuple[Outside, ...] = ()

    def why(self, target: str, state: str) -> Reason | None:
        """Why the change of a state lies outside its interval; None where it does not."""
        return next((each.why for each in self.outside if (each.target, each.state) == (target, state)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """What the do() of a question change: the answer beside the one to the same question without them.

    ``without`` is that question's case: what the do() displaced in scenario or cohort counts in it again, a do() of
    the scenario's own too. ``p`` is the states of all targets end to end in it, ``change`` the difference that all do()
    make together, ``low`` and ``high`` the ends of its interval under the same draws, NaN where there is none. Where
    the findings are impossible without the do(), ``impossible`` says why and the numbers are NaN.
    ``alone`` is each by itself, where targets were named.
    """

    without: Case
    log_p_evidence: float
    p: Table
    change: Table
    low: Table
    high: Table
    impossible: AftermathError | None = None
    alone: tuple[Alone, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Targets(Sequence[TargetAnswer]):
    """The targets of an answer. ``p`` is the states of all of them end to end; a row is made when it is looked at."""

    basis: Basis
    p: Table
    intervals: Intervals | None = None
    effect: Effect | None = None

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
        variable, effect, drawn = basis.targets[i], self.effect, self.intervals
        now, before = self.p[place], basis.baseline[place]
        columns = [variable.states, now.tolist(), before.tolist(), difference(now, before).tolist()]
        ends = None if drawn is None else (drawn.low, drawn.high, drawn.shift_low, drawn.shift_high)
        columns += _columns(len(now), None if ends is None else [end[place] for end in ends], 4)
        if effect is not None:
            columns += _columns(
                len(now), (effect.p[place], effect.change[place], effect.low[place], effect.high[place]), 4
            )
        rows = map(StateAnswer, *columns)
        return TargetAnswer(variable.name, tuple(rows), basis.cited[i], basis.idle[i])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Targets) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def _columns(states: int, numbers: Sequence[Table] | None, count: int) -> list[list[float | None]]:
    """Numbers of each state as columns, None where there is none."""
    if numbers is None:
        return [[None] * states] * count
    return [[None if isnan(number) else number for number in column.tolist()] for column in numbers]


@dataclass(frozen=True, slots=True)
class JointAnswer:
    """Probability of each combination of states, the last variable's states changing fastest.

    ``intervals`` are of the combinations in the same order, and None where none were asked for.
    """

    variables: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], float], ...]
    intervals: Intervals | None = None

    def ends(self) -> list[tuple[float | None, float | None]]:
        """The ends of each combination's interval, None where it has none."""
        found = self.intervals
        return [(None, None) if found is None else found.of_state(k)[:2] for k in range(len(self.rows))]


@dataclass(frozen=True, slots=True)
class MostProbable:
    """The most probable state of every variable together; ``p`` is its probability given the evidence.

    ``tie`` says whether other states together have the same probability, to a relative 1e-12.
    """

    states: Mapping[str, str]
    p: float
    tie: bool


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

    @property
    def effect(self) -> Effect | None:
        """What the question's own do() change; None where it does nothing."""
        return self.targets.effect

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
            f"given {', '.join(said)}; P(evidence) {chance(self.log_p_evidence)}"
            if said
            else "nothing given, nothing done",
            "" if held is None else f"low and high hold {portion(held.mass)} of {held.draws:,} draws of the numbers",
            "" if held is None else held.warning or "",
            f"no effect: {', '.join(self.no_effect)}" if self.no_effect else "",
        )
        return notebook.html(f"{self.model} {self.revision}", *parts, notes)


def seen_after(network: Network, case: Case) -> dict[str, tuple[str, ...]]:
    """By finding the variables set with do() that it is a consequence of, both in the order of the file.

    A way that leads into another variable that is set ends there: its arcs are cut.

    >>> import numpy as np
    >>> from model.evidence import Observed, SetTo
    >>> two, even = ("no", "yes"), np.full((2, 2), 0.5)
    >>> rain, wet = Variable("rain", two), Variable("wet", two, ("rain",))
    >>> both = Network([rain, wet], {"rain": even[0], "wet": even})
    >>> seen_after(both, Case({"wet": Observed("yes")}, {"rain": SetTo("no")}))
    {'wet': ('rain',)}
    """
    if not case.settings or not case.findings:
        return {}
    return dict(_seen_after(network, tuple(case.findings), tuple(case.settings)))


@lru_cache(FORMS)
def _seen_after(
    network: Network, findings: tuple[str, ...], settings: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    children = children_left(network, settings)
    causes: dict[str, set[str]] = {name: set() for name in network.names}
    for name in network.topological:
        own = {name} if name in settings else set()
        for child in children[name]:
            causes[child] |= causes[name] | own
    in_order = ((name, tuple(sorted(causes[name], key=network.position.__getitem__))) for name in findings)
    return tuple((name, done) for name, done in in_order if done)
