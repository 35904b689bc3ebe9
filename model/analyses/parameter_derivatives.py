"""How an answer moves with the prior numbers of a model: two gradients, and what each number does to its table.

The probability of a target's state together with the evidence, and that of the evidence alone, are linear in
the whole table of any one variable (Darwiche 2003). So the two gradients at the stated numbers tell what any change
of one table does, however it came about: no inference for each number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, compress

import numpy as np
from numpy.typing import NDArray

from model import inference
from model.analyses.evidence_subsets import whole
from model.evidence import Case, assumptions
from model.forecast import Forecaster, shape_of
from model.gates.formulas import LEAST
from model.inference import Evidence, Plan, derivatives
from model.inference.arrays import AGREE, difference
from model.inference.lru import OBJECT, ByteLRU
from model.network import Table, Variable, complements
from model.question import Question, of_target, resolve
from model.resources.deadline import checkpoint
from model.specification import Description, Model
from model.uncertainty.parameters import Parameter, parameters

MODELS = 8
"""Models whose numbers are kept ready."""

STEP = 0.005
"""Steps of a derivative that has no formula, against the scale on which the number matters."""

NATS = 4.3
"""Decibels on which a strength matters: about one natural unit of the log odds."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Every number of a model with what moving it does to the tables, whatever the question.

    The tables of all variables are taken end to end, ``stated`` as they stand; ``places`` says where that of each
    variable is. Number i changes the entries ``cells[starts[i]:starts[i + 1]]``, by ``slope`` for each unit at its
    value. ``first`` and ``second`` are what these entries are in two of its tables: where it is ``linear`` at 0 and 1,
    of which every other table is a mean, else at its low and its high end. ``ends`` (2, 2, numbers) are the weights of
    these two tables at the low end and at the high.
    """

    parameters: tuple[Parameter, ...]
    places: Mapping[str, slice]
    stated: Table
    cells: NDArray[np.int64]
    starts: NDArray[np.int64]
    slope: Table
    first: Table
    second: Table
    ends: Table
    linear: NDArray[np.bool_]

    def along(self, direction: Table, slopes: Table) -> Table:
        """What a probability changes by when each number moves in a direction: (numbers,).

        ``slopes`` are its derivatives by every entry of every table, end to end.
        """
        if not len(self.starts):
            return np.zeros(0)
        return np.asarray(np.add.reduceat(direction * slopes[self.cells], self.starts), dtype=np.float64)

    def lines(self, slopes: Table) -> Lines:
        """A probability as a function of each number, by its derivatives by every entry of every table, end to end."""
        first, second = (self.along(table, slopes) for table in (self.first, self.second))
        return Lines(self._elsewhere(slopes), first, second, self.ends)

    def _elsewhere(self, slopes: Table) -> Table:
        """What the entries that a number does not change give: (numbers,).

        The whole less what the changed ones give, or where that is most of it, so that digits would cancel, their sum.
        """
        parts = self.stated * slopes
        of_table = {name: float(parts[place].sum()) for name, place in self.places.items()}
        whole = np.array([of_table[number.variable] for number in self.parameters])
        changed = self.along(self.stated[self.cells], slopes)
        rest = np.maximum(whole - changed, 0.0)
        stops = [*self.starts[1:], len(self.cells)]
        for i in np.flatnonzero(changed > whole / 2).tolist():
            place = self.places[self.parameters[i].variable]
            others = parts[place].copy()
            others[self.cells[self.starts[i] : stops[i]] - place.start] = 0.0
            rest[i] = others.sum()
        return rest


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """A probability with each number moved alone, as sums of what is positive: each (numbers,).

    ``elsewhere`` is what the entries that the number leaves alone give, ``first`` and ``second`` what the others give
    in the two tables of ``Numbers``.
    """

    elsewhere: Table
    first: Table
    second: Table
    ends: Table

    @property
    def at_first(self) -> Table:
        return self.elsewhere + self.first

    @property
    def at_second(self) -> Table:
        return self.elsewhere + self.second

    @property
    def low(self) -> Table:
        """With each number at the low end of its range."""
        return self._mean(self.ends[0])

    @property
    def high(self) -> Table:
        """With each number at the high end of its range."""
        return self._mean(self.ends[1])

    def _mean(self, weights: Table) -> Table:
        return np.asarray(self.elsewhere + weights[0] * self.first + weights[1] * self.second, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _OfVariable:
    """The numbers of one variable: for each the entries of its table that it moves, and three tables of those."""

    parameters: tuple[Parameter, ...]
    cells: tuple[NDArray[np.int64], ...]
    tables: tuple[Table, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(each.nbytes for each in (*self.cells, *self.tables))


OF_VARIABLES: ByteLRU[_OfVariable] = ByteLRU(64_000_000)
"""Numbers of variables that are kept ready."""


def _numbers_of(description: Description, variable: Variable) -> _OfVariable:
    """The numbers of a variable: kept, since models with events of their own share all their other variables."""

    def made() -> _OfVariable:
        checkpoint()
        found = tuple(parameters(description, variable))
        parts = [_tables(number) for number in found]
        cells = tuple(_changed(part) for part in parts)
        return _OfVariable(found, cells, tuple(part[:3, at] for part, at in zip(parts, cells, strict=True)))

    return OF_VARIABLES.get(description, made, weigh=lambda found: found.nbytes + OBJECT * len(found.parameters))


@lru_cache(maxsize=MODELS)
def numbers(model: Model) -> Numbers:
    """The numbers of a model, in the order of its variables and their statements; made once and kept."""
    names = model.network.names
    sizes = [model.network.tables[name].size for name in names]
    begins = accumulate(sizes, initial=0)
    places = {name: slice(at, at + size) for name, size, at in zip(names, sizes, begins, strict=False)}
    each = [_numbers_of(model.described[name], model.network[name]) for name in names]
    found = [number for own in each for number in own.parameters]
    cells = [at for own in each for at in own.cells]
    kept = [part for own in each for part in own.tables]
    starts = np.cumsum([0, *(len(at) for at in cells)])[:-1]
    slope, first, second = np.concatenate(kept, axis=1) if kept else np.zeros((3, 0))
    absolute = [at + places[number.variable].start for number, at in zip(found, cells, strict=True)]
    return Numbers(
        parameters=tuple(found),
        places=places,
        stated=np.concatenate([model.network.tables[name].ravel() for name in names]),
        cells=np.concatenate(absolute) if absolute else np.zeros(0, dtype=np.int64),
        starts=starts,
        slope=slope,
        first=first,
        second=second,
        ends=np.array([_ends(number) for number in found]).reshape(-1, 2, 2).transpose(1, 2, 0),
        linear=np.array([number.linear for number in found], dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question about one target, resolved, with what its answer depends on.

    ``p`` (states of the target,); ``needed`` are the variables whose tables count; ``held`` those whose assumed
    distribution was fitted: their likelihood stays as fitted when a number moves.
    """

    plan: Plan
    target: str
    case: Case
    evidence: Evidence
    p: Table
    log_p_evidence: float
    needed: frozenset[str]
    held: tuple[str, ...]

    def slopes(self, states: Table) -> Table:
        """Derivatives of P(the target is in a state that is marked, evidence) over P(evidence).

        ``states`` (states of the target,) marks by ones; by every entry of every table, end to end.
        """
        both = {**self.evidence.likelihood, self.target: states * self.evidence.likelihood.get(self.target, 1.0)}
        found = derivatives.slopes(self.plan, Evidence(1, both, self.evidence.tables), self.log_p_evidence)
        return np.concatenate([found[name].ravel() for name in self.plan.network.names])

    def parted(self, state: int) -> Parted:
        """The answer for one state of the target, and for all others together, with the derivatives of both."""
        marks = np.eye(len(self.p))[state][None]
        p, p_others = float(self.p[state]), float(complements(self.p)[state])
        return Parted(state, p, p_others, self.slopes(marks), self.slopes(1 - marks))


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """One state of a target beside all its others together: what each has, and its derivatives (``Asked.slopes``).

    All are sums of what is positive, so that a rare state beside a near-certain one keeps its digits, which the
    difference of the whole and the other would not.
    """

    state: int
    p: float
    p_others: float
    of_state: Table
    of_others: Table

    @property
    def of_evidence(self) -> Table:
        """Derivatives of log P(evidence)."""
        return self.of_state + self.of_others


def ask(forecaster: Forecaster, question: Question, target: str) -> Asked:
    """Resolve a question for one target and answer it.

    Raises as ``forecast.answer`` does, and NetworkTooLarge where the junction tree is over the limit: then there is
    nothing to take derivatives on.
    """
    plan = forecaster.plan
    resolved = resolve(forecaster.model, of_target(question, target))
    if plan.too_large:
        raise plan.too_large
    evidence = whole(plan, resolved.case)
    found = inference.posterior(plan, evidence, (target,))
    log_p = float(found.log_evidence[0])
    [tables] = shape_of(resolved).needs(plan.network).tables
    needed = frozenset(compress(plan.network.names, tables.tolist()))
    return Asked(plan, target, resolved.case, evidence, found.of(target)[0], log_p, needed, assumptions(resolved.case))


def derivative(every: Numbers, parted: Parted, state: Lines, others: Lines) -> Table:
    """What the answer moves by for each unit of each number, at its value: (numbers,).

    For the quotient of two straight lines it is a determinant of four sums over P(evidence) squared, which is the unit.
    """
    ups = state.second * others.first + state.elsewhere * others.first + others.elsewhere * state.second
    downs = state.first * others.second + state.elsewhere * others.second + others.elsewhere * state.first
    rise, rise_others = (every.along(every.slope, slopes) for slopes in (parted.of_state, parted.of_others))
    in_state, in_others = parted.p_others * rise, parted.p * rise_others
    bent = in_state - in_others
    rounding = np.abs(bent) <= AGREE * np.maximum(np.abs(in_state), np.abs(in_others))
    return np.where(every.linear, difference(ups, downs), np.where(rounding, 0.0, bent))


def _tables(number: Parameter) -> Table:
    """What a number does to the table of its variable, cells end to end: (4, cells).

    By one unit at its value; the two tables of ``Numbers``; and the table at its value.
    """
    here = number.tables(np.array([number.value]))[0].ravel()
    if number.linear:
        first, second = number.tables(np.array([0.0, 1.0]), np.array([1.0, 0.0])).reshape(2, -1)
        return np.stack([second - first, first, second, here])
    first, second = number.tables(*_range(number)).reshape(2, -1)
    steps = STEP * _scale(number) * np.array([-2, -1, 0, 1, 2])
    left = None if number.rests is None else number.rests[0] - steps
    tables = number.tables(number.value + steps, left).reshape(5, -1)
    slope = np.array([1, -8, 0, 8, -1]) @ tables / (12 * STEP * _scale(number))
    return np.stack([slope, first, second, here])


def _range(number: Parameter) -> tuple[Table, Table | None]:
    """The low and the high end of a number, and what each leaves to the rest of its row, where it is of one: (2,).

    Neither end is one where what is possible is ruled out: a quantile below every float is still above 0.
    """
    ends = np.array([number.low, number.high])
    return (ends, None) if number.rests is None else (np.maximum(ends, LEAST), np.maximum(number.rests[1:], LEAST))


def _ends(number: Parameter) -> Table:
    """The weights of the two tables at the low end of a number and at its high end: (2, 2)."""
    ends, rests = _range(number)
    return np.stack([rests, ends], axis=1) if number.linear and rests is not None else np.eye(2)


def _scale(number: Parameter) -> float:
    match number.scale:
        case "probability":
            return min(number.value, number.rests[0]) if number.rests else number.value
        case "decibels":
            return NATS
        case "weight" | "variance":
            return number.value


def _changed(tables: Table) -> NDArray[np.int64]:
    """The entries that a number changes; one at least, so that each number has its place."""
    slope, first, second, here = tables
    changed = np.flatnonzero((slope != 0) | (first != here) | (second != here))
    return changed if len(changed) else np.zeros(1, dtype=np.int64)
