"""What an answer holds: distributions of the targets, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from model import notebook
from model.evidence import Finding, Setting, in_words
from model.network import Table, Variable
from model.question import Question
from model.uncertainty.intervals import Intervals
from model.wording import portion


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
            "" if held is None else f"low and high hold {portion(held.mass)} of {held.draws:,} draws of the numbers",
            "" if held is None else held.warning or "",
            f"no effect: {', '.join(self.no_effect)}" if self.no_effect else "",
        )
        return notebook.html(f"{self.model} {self.revision}", *parts, notes)
