"""What goes into inference and what comes out of it, as arrays with a leading axis of cases; cases as such arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.evidence import Assumed, Case, Finding, Observed, Reported, Setting, distribution, likelihood
from model.network import Network, Table, Variable

Columns = tuple[slice, slice]
"""Every case, and the columns of one variable: ready to index with."""

LEAST_EXACT = 1e-200
"""Probabilities above this have all their digits. Below, products may have lost theirs: those with a P(evidence) that
is itself small, down to e**-208, below which every answer is confirmed (``plan.DOUBTED``)."""


AGREE = 1e-12
"""Relative to the larger: probabilities that are nearer to each other than this differ by rounding alone."""


def difference(p: Table, before: Table) -> Table:
    """How far probabilities moved, exactly 0 where they differ by no more than rounding; of any one shape.

    >>> difference(np.array([0.5, 0.1 + 0.2, 2e-300]), np.array([0.25, 0.3, 1e-300])).tolist()
    [0.25, 0.0, 1e-300]
    """
    moved = p - before
    return np.where(np.abs(moved) <= AGREE * np.maximum(p, before), 0.0, moved)


def settled(number: float, scale: float) -> float:
    """A number that was worked out from others of about this scale, exactly 0 where it is no more than their rounding.

    >>> settled(-5.6e-17, 0.25), settled(1e-15, 2e-15)
    (0.0, 1e-15)
    """
    return 0.0 if abs(number) <= AGREE * scale else number


def ranked(number: float) -> float:
    """A number to order by: the same for two that differ by rounding alone, so that the order of the file decides.

    >>> ranked(0.1 + 0.2) == ranked(0.3)
    True
    """
    return float(f"{number:.11g}")


class Pattern(NamedTuple):
    """Which variables evidence speaks of, and how: all of it that the cost of an answer depends on.

    ``findings`` are (variable, whether its state is known), ``replaced`` the variables whose tables are replaced. Of
    several cases no state counts as known.
    """

    findings: tuple[tuple[str, bool], ...]
    replaced: tuple[str, ...]
    single_case: bool


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a batch of questions says, as numbers.

    ``likelihood[name]`` has shape (cases, states): how likely the finding is under each state.
    ``tables[name]`` has shape (cases or 1, *parents' states, states): a replaced conditional table.
    """

    cases: int = 1
    likelihood: Mapping[str, Table] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)

    @cached_property
    def pattern(self) -> Pattern:
        """Which variables it speaks of, and how."""
        alone = self.cases == 1
        findings = tuple((name, alone and np.count_nonzero(rows) == 1) for name, rows in self.likelihood.items())
        return Pattern(findings, tuple(self.tables), alone)

    def block(self, start: int, stop: int) -> Evidence:
        """Some consecutive cases of the batch."""
        return Evidence(
            min(stop, self.cases) - start,
            {name: rows[start:stop] for name, rows in self.likelihood.items()},
            {name: rows if len(rows) == 1 else rows[start:stop] for name, rows in self.tables.items()},
        )

    def picked(self, cases: NDArray[np.int64]) -> Evidence:
        """Some cases of the batch, by number."""
        return Evidence(
            len(cases),
            {name: rows[cases] for name, rows in self.likelihood.items()},
            {name: rows if len(rows) == 1 else rows[cases] for name, rows in self.tables.items()},
        )


NOTHING = Evidence()


class Explanations(NamedTuple):
    """The most probable state of every variable together, in each case of a batch.

    ``states`` has shape (cases, variables) in file order, ``logs`` (cases,) the logarithm of that assignment's
    probability together with the evidence, -inf where that is impossible; ``ties`` (cases,) says whether another
    assignment has the same probability, to a relative 1e-12.
    """

    states: NDArray[np.int64]
    logs: NDArray[np.float64]
    ties: NDArray[np.bool_]


def encode(network: Network, cases: Sequence[Case]) -> Evidence:
    """Cases as arrays for the engine: variables without a finding in a case get a likelihood of ones.

    All cases must set the same variables by do(), since a set of replaced tables is one batch axis;
    assumptions enter as the states they allow, and are then fitted by ``assume``.
    """
    tables = {name: _surgery(network, name, [case.settings[name] for case in cases]) for name in cases[0].settings}
    if len(cases) == 1:
        each = cases[0].findings.items()
        return Evidence(1, {name: _row(network.by_name[name], finding) for name, finding in each}, tables)
    names = dict.fromkeys(name for case in cases for name in case.findings)
    rows = {name: np.ones((len(cases), len(network.by_name[name].states))) for name in names}
    read: dict[tuple[str, Finding], Table] = {}
    for i, case in enumerate(cases):
        for name, finding in case.findings.items():
            if isinstance(finding, Reported | Assumed):
                rows[name][i] = likelihood(network.by_name[name], finding)
                continue
            if (name, finding) not in read:
                read[name, finding] = likelihood(network.by_name[name], finding)
            rows[name][i] = read[name, finding]
    return Evidence(len(cases), rows, tables)


def _row(variable: Variable, finding: Finding) -> Table:
    """The likelihood of one finding, shape (1, states)."""
    if isinstance(finding, Observed) and (state := variable.index.get(finding.state)) is not None:
        return _one_hot(len(variable.states))[state : state + 1]
    return likelihood(variable, finding)[None]


@cache
def _one_hot(states: int) -> Table:
    """The likelihood of each state observed, of a variable with so many, shape (states, states)."""
    rows = np.eye(states)
    rows.setflags(write=False)
    return rows


def _surgery(network: Network, name: str, settings: Sequence[Setting]) -> Table:
    """The table of an intervened variable: the same distribution whatever its parents, shape (cases or 1, *family)."""
    different = settings[:1] if all(setting == settings[0] for setting in settings) else settings
    rows = np.stack([distribution(network.by_name[name], setting) for setting in different])
    shape = network.tables[name].shape
    return np.broadcast_to(rows.reshape(len(rows), *([1] * (len(shape) - 1)), shape[-1]), (len(rows), *shape))


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Marginals of a batch: ``of(name)`` has shape (cases, states), rows sum to 1 in the file's order.

    All are slices of one array: ``rows`` has shape (cases, states of every variable asked for + 1), its last
    column the logarithm of P(evidence); ``places`` says which columns are whose, ready to index with.
    """

    rows: Table
    places: Mapping[str, Columns]

    @property
    def log_evidence(self) -> NDArray[np.float64]:
        """Natural logarithm of P(evidence), shape (cases,); -inf where it is impossible, all marginals then zero."""
        return self.rows[:, -1]

    def of(self, name: str) -> Table:
        """Marginal of one variable, shape (cases, states)."""
        return self.rows[self.places[name]]

    @staticmethod
    def gathered(log_evidence: NDArray[np.float64], marginals: Mapping[str, Table]) -> Posterior:
        """From separate arrays: log_evidence of shape (cases,), each marginal of shape (cases, states)."""
        places = {}
        start = 0
        for name, rows in marginals.items():
            places[name] = (slice(None), slice(start, start := start + rows.shape[1]))
        gathered = np.concatenate([*marginals.values(), log_evidence[:, None]], axis=1)
        gathered.setflags(write=False)
        return Posterior(gathered, places)
