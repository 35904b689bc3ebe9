"""How sure: tables drawn as the stated numbers allow, once a revision, and what a question's answer is under each.

The draws are parameters', so a number that is used in many rows is drawn once for all of them. Evidence about a
case is evidence about the parameters too: each draw weighs what it gives the evidence. A table that the target
does not depend on is left at its stated numbers, its average: what it could add to the weights is averaged out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model import inference
from model.errors import NetworkTooLarge
from model.evidence import Case, assumptions
from model.gates import exponential_races, named_stream
from model.inference import Evidence, Plan
from model.inference.arrays import encode
from model.inference.jeffrey import assume
from model.inference.lru import ByteLRU, Usage
from model.inference.proportional_fitting import fit
from model.network import Table
from model.resources.deadline import checkpoint
from model.specification import Model
from model.uncertainty import draws_cache

COUNT = 1_000
"""Draws of a revision."""

FEWEST = 100
"""Effective draws below which weights say too little to be used, and draws below which there is no interval."""

WORK = 2_000_000_000
"""Multiplications that the draws of one answer may cost; a target that costs more gets fewer draws."""

SWEEPS = 10
"""What a fit of assumptions is expected to take."""

TABLES = 256_000_000
ANSWERS = 16_000_000
"""Bytes of drawn tables, and of answers under every draw, that are kept: one is compared with several others."""


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """The distribution of one variable under each draw.

    ``rows`` has shape (draws, states); ``weights`` (draws,) sum to 1. ``effective`` is how many equally weighted draws
    the evidence leaves, 1 / sum w^2 (Kish 1965); where it is below FEWEST, ``weights`` are equal ones instead.
    Of ``left_out`` draws, under which the assumptions cannot be held, the weights are zero.
    """

    rows: Table
    weights: NDArray[np.float64]
    effective: float
    left_out: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A drawn table, or nothing for one that is certain."""

    table: Table


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Likelihoods under each draw by assumed variable, shape (draws, states), and which could be fitted, (draws,)."""

    likelihoods: dict[str, Table]
    done: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The drawn tables of one model, each made when it is first needed: what is asked changes none of them.

    A number is drawn by the names of the model and of its variable, and by its place in that variable's table: what
    an edit does not touch is drawn alike before and after, so that the shift between two revisions has an interval.

    ``picture`` is what the model's default picture says, from which shifts are measured.

    >>> from model.gates import TableGate
    >>> from model.specification import Description
    >>> from model.network import Network, Variable
    >>> coin, gate = Variable("coin", ("heads", "tails")), TableGate(np.array([0.3, 0.7]), np.array(20.0))
    >>> told = Description("coin", "Coin", None, "state", "table", None, None, gate, ())
    >>> model = Model("coins", "", "", "2017-03-06", "", (), Network([coin], {"coin": gate.rows}), {"coin": told})
    >>> Draws(model).table("coin").shape
    (1000, 2)
    """

    model: Model
    picture: Case = field(default_factory=lambda: Case({}))
    tables: ByteLRU[_Drawn] = field(default_factory=lambda: ByteLRU(TABLES))
    answers: ByteLRU[Sampled | None] = field(default_factory=lambda: ByteLRU(ANSWERS))
    fits: ByteLRU[_Fit] = field(default_factory=lambda: ByteLRU(ANSWERS))

    def table(self, name: str) -> Table | None:
        """Tables of one variable, shape (COUNT, *parents' states, states); None when its numbers are certain."""
        drawn = self.tables.get(name, lambda: self._draw(name)).table
        return drawn if len(drawn) else None

    @property
    def caches(self) -> dict[str, Usage]:
        """What is kept of answers to come, within which bounds."""
        return {
            "drawn tables": self.tables.usage,
            "answers under draws": self.answers.usage,
            "fits": self.fits.usage,
        }

    @property
    def drawn(self) -> dict[str, Table]:
        """The tables that are kept, by variable; of one that is certain, no draw."""
        kept = ((name, self.tables.find(name)) for name in self.model.network.names)
        return {name: found.table for name, found in kept if found is not None}

    def take(self, drawn: Mapping[str, Table]) -> None:
        """Keep tables that were drawn before."""
        for name, table in drawn.items():
            self.tables.get(name, partial(_Drawn, table))

    def warm(self) -> None:
        """Draw every table ahead of the first question."""
        for name in self.model.network.names:
            checkpoint()
            self.table(name)

    def _draw(self, name: str) -> _Drawn:
        gate, own, common = self.model.described[name].gate, named_stream(self.model.name, name), self.common
        place = draws_cache.place(gate, COUNT, own.seed, common)
        drawn = draws_cache.read(place)
        if drawn is None:
            drawn = gate.draw(own, COUNT, exponential_races(common, COUNT))
            if drawn.strides[0] == 0 or (drawn == drawn[:1]).all():  # a stride of 0: one table for all draws
                drawn = drawn[:0].copy()
            drawn = np.ascontiguousarray(drawn)
            draws_cache.write(place, drawn)
        drawn.setflags(write=False)
        return _Drawn(drawn)

    @property
    def common(self) -> int:
        """The seed of the clocks that choose between experts, which all variables share."""
        return named_stream(self.model.name, "").seed

    def baseline(self, plan: Plan, names: Sequence[str]) -> list[Sampled | None]:
        """``sampled_each`` under the default picture, with nothing else known and nothing else done."""
        return sampled_each(self, plan, names, self.picture)


def sampled(draws: Draws, plan: Plan, name: str, case: Case) -> Sampled | None:
    """The distribution of a variable under each draw, given a case that is possible.

    An assumption is held under every draw: its likelihood is fitted anew to each, and draws under which it cannot be
    held are left out. None where even FEWEST draws would cost more than WORK multiplications, where fewer than FEWEST
    hold the assumptions, or where no draw allows the evidence.
    """
    return sampled_each(draws, plan, (name,), case)[0]


def sampled_each(draws: Draws, plan: Plan, names: Sequence[str], case: Case) -> list[Sampled | None]:
    """``sampled`` of several variables: those that take the whole tree under each draw share its passes."""
    asked = _Asked(draws, plan, case, encode(plan.network, [case]))
    said = repr(case)
    asked.plan_ahead([name for name in names if draws.answers.find((name, said)) is None])
    return [draws.answers.get((name, said), partial(asked.sampled, name)) for name in names]


@dataclass(slots=True, eq=False)
class _Asked:
    """A case under every draw: what each variable depends on, and which are answered by the tree in one go."""

    draws: Draws
    plan: Plan
    case: Case
    evidence: Evidence
    tables: dict[str, dict[str, Table]] = field(default_factory=dict)
    groups: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    found: dict[str, Sampled | None] = field(default_factory=dict)

    def plan_ahead(self, names: Sequence[str]) -> None:
        """Group the variables that take the whole tree by the tables that they depend on."""
        assumed = assumptions(self.case)
        for name in names:
            checkpoint()
            found = self.tables[name] = _tables(self.draws, self.plan, (name, *assumed), self.evidence)
            if found and not assumed and self._whole_tree(name, found):
                self.groups.setdefault(tuple(found), []).append(name)

    def _whole_tree(self, name: str, tables: dict[str, Table]) -> bool:
        """Whether the tree is quicker under each draw than this variable's program, which cannot take many at once.

        That depends on nothing else that is asked: the answer is the same to the last digit.
        """
        return self.plan.base is None and not inference.fits_side_by_side(self.plan, name, self.evidence, tables)

    def sampled(self, name: str) -> Sampled | None:
        """What ``sampled`` says of one variable."""
        checkpoint()
        if name not in self.tables:
            self.plan_ahead([name])
        plan, evidence, tables = self.plan, self.evidence, self.tables[name]
        if not tables:
            row = inference.posterior(plan, assume(plan, evidence, [self.case]), (name,)).of(name)
            return _equally(np.broadcast_to(row, (COUNT, row.shape[1])))
        if name in self.groups.get(tuple(tables), ()):
            return self._by_tree(name)
        count = _affordable(plan, name, evidence)
        if count < FEWEST:
            return None
        some = {other: table[:count] for other, table in tables.items()}
        if assumptions(self.case):
            return _held(self.draws, plan, name, evidence, some, self.case)
        if not evidence.likelihood:
            return _equally(inference.marginal_under_draws(plan, name, evidence, some))
        return _weighted(*inference.posterior_under_draws(plan, name, evidence, some))

    def _by_tree(self, name: str) -> Sampled | None:
        """The answer about one variable, and with it those about the others of its group."""
        if name not in self.found:
            tables = self.tables[name]
            count = min(COUNT, WORK // (2 * self.plan.cells))
            if count < FEWEST:
                return None
            some = {other: table[:count] for other, table in tables.items()}
            names = self.groups[tuple(tables)]
            rows, logs = inference.every_marginal_under_draws(self.plan, names, self.evidence, some)
            self.found |= {each: _weighted(rows[each], logs) for each in names}
        return self.found[name]


def _held(
    draws: Draws, plan: Plan, name: str, evidence: Evidence, tables: dict[str, Table], case: Case
) -> Sampled | None:
    """With assumptions: fitted under each draw; the other findings alone give the weights."""
    fit_found = draws.fits.get(repr(case), lambda: _fitted(draws, plan, evidence, case))
    count = min(max(map(len, tables.values())), len(fit_found.done))
    if count < FEWEST:
        return None
    tables = {other: table[:count] for other, table in tables.items()}
    rows = {other: np.repeat(found, count, axis=0) for other, found in evidence.likelihood.items()}
    held = Evidence(count, rows | {n: found[:count] for n, found in fit_found.likelihoods.items()}, evidence.tables)
    answers = inference.marginal_under_draws(plan, name, held, tables)
    counted = {other: found for other, found in evidence.likelihood.items() if other not in fit_found.likelihoods}
    done = fit_found.done[:count]
    left_out = count - int(done.sum())
    if not counted and not left_out:
        return _equally(answers)
    if count - left_out < FEWEST:
        return None
    logs = inference.log_evidence_under_draws(plan, Evidence(1, counted, evidence.tables), tables, draws=count)
    weighted = _weighted(answers, np.where(done, logs, -np.inf))
    return None if weighted is None else replace(weighted, left_out=left_out)


def _fitted(draws: Draws, plan: Plan, evidence: Evidence, case: Case) -> _Fit:
    """The likelihoods that hold a case's assumptions under each draw: the same whatever is asked about.

    Each draw is fitted from where the stated numbers are. Only tables that the assumed variables depend on are drawn.
    """
    assumed = assumptions(case)
    stated = assume(plan, evidence, [case]).likelihood
    try:
        each = sum(inference.draw_cost(plan, name, evidence) for name in assumed)
    except NetworkTooLarge:
        return _Fit({}, np.zeros(0, dtype=np.bool_))
    count = min(COUNT, WORK // max(1, SWEEPS * each))
    tables = {name: table[:count] for name, table in _tables(draws, plan, assumed, evidence).items()}
    if not tables:
        return _Fit({name: np.repeat(stated[name], COUNT, axis=0) for name in assumed}, np.ones(COUNT, dtype=np.bool_))
    rows = {other: np.repeat(found, count, axis=0) for other, found in evidence.likelihood.items()}
    repeated = Evidence(count, rows, tables | dict(evidence.tables))
    fitted, done = fit(plan, repeated, [case] * count, start={name: stated[name][0] for name in assumed})
    return _Fit({name: fitted.likelihood[name] for name in assumed}, done)


def _equally(rows: Table) -> Sampled:
    return Sampled(rows, np.full(len(rows), 1 / len(rows)), float(len(rows)))


def _weighted(rows: Table, logs: NDArray[np.float64]) -> Sampled | None:
    """Weights in proportion to P(evidence | draw); None where no draw allows the evidence.

    Experts of a pool may differ in what can happen at all, so that a draw may rule out what the stated numbers allow.
    """
    possible = np.isfinite(logs)
    if not possible.any():
        return None
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    effective = float(1.0 / (weights @ weights))
    return Sampled(rows, possible / possible.sum() if effective < FEWEST else weights, effective)


def interval(values: Table, weights: NDArray[np.float64], mass: float) -> tuple[Table, Table]:
    """The ends of the central interval of each column: shape (columns,) twice.

    ``values`` has shape (draws, columns), ``weights`` (draws,) sum to 1. Quantiles are read from the weighted
    distribution function with each draw in the middle of its own step (Hazen 1914 where weights are equal). Draws
    that weigh nothing have no part in it.

    >>> low, high = interval(np.arange(10.0)[:, None], np.full(10, 0.1), 0.8)
    >>> low.round(9), high.round(9)
    (array([0.5]), array([8.5]))
    """
    counts = weights > 0
    if not counts.all():
        values, weights = values[counts], weights[counts]
    order = np.argsort(values, axis=0, kind="stable")
    ends = np.empty((2, values.shape[1]))
    for k in range(values.shape[1]):
        steps = weights[order[:, k]]
        ends[:, k] = np.interp((0.5 - mass / 2, 0.5 + mass / 2), np.cumsum(steps) - steps / 2, values[order[:, k], k])
    return ends[0], ends[1]


def _tables(draws: Draws, plan: Plan, names: Sequence[str], evidence: Evidence) -> dict[str, Table]:
    """Drawn tables of the variables that the answer depends on."""
    needed = inference.needed_tables(plan, names, evidence)
    return {name: table for name in needed if (table := draws.table(name)) is not None}


def _affordable(plan: Plan, name: str, evidence: Evidence) -> int:
    """How many draws fit into WORK: 0 where no program does."""
    try:
        return min(COUNT, WORK // max(1, inference.draw_cost(plan, name, evidence)))
    except NetworkTooLarge:
        return 0
