"""Updating from counts: cases that were seen move the rows of tables, and weigh less the older they are.

A row is a Dirichlet with mean p and equivalent sample size s, alpha = s p. A complete case adds 1 to the alpha it
falls under (Heckerman, Geiger & Chickering 1995). Where a case leaves the family partly unseen, the exact posterior
is a mixture; it is brought back to one Dirichlet with the mixture's mean and average variance, case by case
(Spiegelhalter & Lauritzen 1990), so that the ESS may fall: such a case can teach that less is known than was thought.

Counts fade towards the prior as it is written, never towards ignorance: a model that nobody attends to comes back
to its experts. With years between them, alpha(t) = prior + fading^years (alpha(t-1) - prior) + counts(t).

Every case is taken as a draw of its own, at random, of all that it does not name. Where cases share something (one
war, one policy) or were chosen for what they show, ``updates`` says which variables alone they teach.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from model.evidence import Case, Observed
from model.gates import TableGate
from model.inference import Evidence, Plan, joint, log_evidence
from model.inference.arrays import encode
from model.network import Table, complements
from model.specification import Counts, Seen

DAYS_A_YEAR = 365.25

SAME = 1e-12
"""Shares that differ from what the row itself expects by less than this part of it say nothing about the row."""

SMALL = 0.05
"""Cases that are alike and incomplete are absorbed together as long as no alpha changes by more than this part."""

AT_LEAST = 32
"""They are absorbed one by one up to this many, then in steps of at least one for so many already absorbed."""

Alphas = dict[str, Table]
"""By variable, the Dirichlet parameters of each of its statements, shape (statements, states)."""


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """What counts did to one table: the gate they leave, and for each of its statements how much was seen.

    ``cases`` (statements,): how many cases, faded, fell under the rows of each statement and said something of
    them; 0 where nothing moved. ``counts``: by statement, the names of the counts that moved it.
    """

    gate: TableGate
    cases: Table
    counts: tuple[tuple[str, ...], ...]


def faded(prior: Table, now: Table, kept: float) -> Table:
    """Dirichlet parameters some time later: what they hold beyond the prior weighs ``kept`` of what it did.

    >>> faded(np.array([8.0, 2.0]), np.array([11.0, 7.0]), 0.9**2).round(2)
    array([10.43,  6.05])
    """
    return np.asarray(prior + kept * (now - prior), dtype=np.float64)


def sequential(alpha: Table, shares: Table) -> Table:
    """One incomplete case absorbed: the mixture's mean, with the ESS of its average variance.

    ``alpha`` has shape (rows, states); ``shares[u, x]`` is the probability, given the case, that it fell under
    row u with state x. A row of which the case says nothing stays as it is, to the last bit, and a zero stays a zero.

    >>> sequential(np.array([[8.0, 2.0]]), np.array([[0.0, 1.0]]))
    array([[8., 3.]])

    Spiegelhalter & Lauritzen, Networks 20 (1990) 579.
    """
    expected = shares.sum(axis=-1, keepdims=True) * _mean(alpha)
    told = (np.abs(shares - expected) > SAME * expected).any(axis=-1)
    after = np.array(alpha, dtype=np.float64)
    after[told] = _matched(after[told], shares[told])
    return after


def _mean(alpha: Table) -> Table:
    return np.asarray(alpha / alpha.sum(axis=-1, keepdims=True), dtype=np.float64)


def _matched(alpha: Table, shares: Table) -> Table:
    """The Dirichlet with the mean and the average variance of the mixture that a case leaves of each row.

    Of one state's probability the mixture has three parts: the case fell under this row with this state, with
    another state, or not under this row. All is summed from what is positive, so that a row of 1e-12 and the rest is as
    exact as any: for each part 1 - mean, its distance from the mixture's mean, and mean (1 - mean) - variance as the
    average of p (1 - p).
    """
    size = alpha.sum(axis=-1, keepdims=True)
    p, q = alpha / size, complements(alpha) / size
    here, other = shares, complements(shares)
    away = np.maximum(1 - shares.sum(axis=-1, keepdims=True), 0.0)
    weights = np.stack([here, other, np.broadcast_to(away, here.shape)])
    totals = np.stack([size + 1, size + 1, size])
    below = (size * q, size * q + 1, size * q)
    means = np.stack([size * p + 1, size * p, size * p]) / totals
    spreads = means * np.stack(below) / totals
    apart = np.stack([q * (other + away) + p * other, p * (here + away) + q * here, here * q - other * p]) / (size + 1)
    mean = (weights * means).sum(axis=0)
    variance = (weights * (spreads / (totals + 1) + apart**2)).sum(axis=0)
    expected = (weights * spreads * (totals / (totals + 1))).sum(axis=0)
    mean = np.where(alpha > 0, mean, 0)
    ess = (mean * expected).sum(axis=-1) / (mean * variance).sum(axis=-1)
    return np.asarray(mean * ess[:, None], dtype=np.float64)


def age(seen: str, as_of: str) -> float:
    """Years from the middle of the period in which cases were seen to the day of knowledge.

    A year or a month that is not over on that day counts as far as it has gone.

    >>> round(age("2016-11", "2017-03-06"), 4), age("2017-03-06", "2017-03-06"), round(age("2017", "2017-03-06"), 4)
    (0.3025, 0.0, 0.0876)
    """
    first, last = _period(seen)
    today = date.fromisoformat(as_of).toordinal()
    return (today - (first + min(last, today)) / 2) / DAYS_A_YEAR


def _period(text: str) -> tuple[int, int]:
    """First and last day of a year, month or day, as ordinals."""
    year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
    first = date(year, month or 1, day or 1)
    last = date(year, month or 12, day or monthrange(year, month or 12)[1])
    return first.toordinal(), last.toordinal()


def updated(
    plan: Plan, gates: Mapping[str, TableGate], counts: Collection[Counts], *, as_of: str, fading: float
) -> dict[str, Shift]:
    """What the counts do to the tables: those that moved, by variable.

    ``plan`` is of the network as the priors have it, ``gates`` its tables that may move. Counts are absorbed in the
    order of their dates, those of one date in the order of the file; ``fading`` is what a count still weighs a
    year later, in (0, 1]. The cases must be possible (``impossible_cases``).
    """
    learner = _Learner(plan, gates)
    ages = {batch.name: age(batch.date, as_of) for batch in counts}
    now = max(ages.values(), default=0.0)
    for batch in sorted(counts, key=lambda batch: -ages[batch.name]):
        learner.fade(fading ** (now - ages[batch.name]))
        now = ages[batch.name]
        for seen in batch.cases:
            learner.absorb(batch, seen)
    learner.fade(fading**now)
    return learner.shifts()


def impossible_cases(plan: Plan, cases: Sequence[Seen]) -> list[int]:
    """Positions of cases that cannot happen in the network."""
    different = {tuple(sorted(seen.states.items())): seen for seen in cases}
    logs = log_evidence(plan, encode(plan.network, [_case(seen) for seen in different.values()]))
    bad = {key for key, log in zip(different, logs, strict=True) if log == -math.inf}
    return [i for i, seen in enumerate(cases) if tuple(sorted(seen.states.items())) in bad]


def _case(seen: Seen) -> Case:
    return Case({name: Observed(state) for name, state in seen.states.items()})


class _Parameters:
    """The statements of one table: rows that were written as one are one parameter.

    ``group`` (*parents' states) numbers the statement of each row from 0, ``certain`` (statements,) marks those
    that no case moves, ``prior`` (statements, states) holds their alphas.
    """

    def __init__(self, gate: TableGate, family: tuple[str, ...]) -> None:
        tied = np.arange(gate.ess.size).reshape(gate.ess.shape) if gate.tied is None else gate.tied
        _, first, group = np.unique(tied, return_index=True, return_inverse=True)
        self.gate = gate
        self.family = family
        self.group: NDArray[np.intp] = group.reshape(gate.ess.shape)
        rows = gate.rows.reshape(-1, gate.rows.shape[-1])[first]
        size = gate.ess.ravel()[first]
        self.certain = np.isinf(size) | ((rows > 0).sum(axis=-1) == 1)
        self.prior = rows * np.where(self.certain, 1.0, size)[:, None]

    def rows(self, alpha: Table) -> Table:
        """The table that these parameters mean on average."""
        return np.asarray(_mean(alpha)[self.group], dtype=np.float64)

    def shares(self, together: Table) -> Table:
        """How likely the case fell under each statement and state: ``together`` (*parents' states, states) added up."""
        shares = np.zeros_like(self.prior)
        np.add.at(shares, self.group, together)
        return shares

    def moved(self, alpha: Table, by: Sequence[Mapping[str, None]]) -> TableGate:
        """The gate with those of its statements replaced that counts have moved; the others to the bit."""
        told = np.array([bool(names) for names in by])[self.group]
        rows = np.where(told[..., None], self.rows(alpha), self.gate.rows)
        ess = np.where(told, alpha.sum(axis=-1)[self.group], self.gate.ess)
        return TableGate(rows, ess, self.gate.tied, fallback=self.gate.fallback)


class _Learner:
    """Tables on their way through the counts."""

    def __init__(self, plan: Plan, gates: Mapping[str, TableGate]) -> None:
        self.plan = plan
        network = plan.network
        self.tables = {name: _Parameters(gate, (*network[name].parents, name)) for name, gate in gates.items()}
        self.alpha: Alphas = {name: table.prior for name, table in self.tables.items()}
        self.cases = {name: np.zeros(len(table.prior)) for name, table in self.tables.items()}
        self.by: dict[str, list[dict[str, None]]] = {n: [{} for _ in t.prior] for n, t in self.tables.items()}

    def fade(self, kept: float) -> None:
        if kept == 1:
            return
        self.alpha = {name: faded(self.tables[name].prior, alpha, kept) for name, alpha in self.alpha.items()}
        self.cases = {name: cases * kept for name, cases in self.cases.items()}

    def absorb(self, batch: Counts, seen: Seen) -> None:
        """All the cases of one kind. Families that they show whole are counted; the others go step by step.

        What a whole family says does not reach the others: given the case its table is one number.
        """
        wanted = [name for name in self.tables if not batch.updates or name in batch.updates]
        whole = [name for name in wanted if seen.states.keys() >= set(self.tables[name].family)]
        above = self.plan.network.ancestors(seen.states)
        partly = [name for name in wanted if name in above and name not in whole]
        for name in whole:
            self._count(name, batch.name, seen)
        if partly:
            self._step(partly, batch.name, seen)

    def _count(self, name: str, batch: str, seen: Seen) -> None:
        table, network = self.tables[name], self.plan.network
        *parents, state = (network[v].state(seen.states[v]) for v in table.family)
        row = int(table.group[tuple(parents)])
        if not table.certain[row]:
            added = np.zeros_like(table.prior)
            added[row, state] = seen.n
            self.alpha[name] = self.alpha[name] + added
            self.cases[name][row] += seen.n
            self.by[name][row][batch] = None

    def _step(self, names: Sequence[str], batch: str, seen: Seen) -> None:
        """Cases that are alike, absorbed one by one while each changes much, then in steps of several.

        A step of several goes by what a case would teach in its middle, which for one case is the case itself.
        """
        likelihood = encode(self.plan.network, [_case(seen)]).likelihood
        left = seen.n
        while left:
            start = {name: self.alpha[name] for name in names}
            at, shares = start, self._shares(names, likelihood)
            several = min(left, max(1, (seen.n - left) // AT_LEAST, _at_once(at, _after(at, shares))))
            if several > 1:
                self.alpha |= _carried(start, at, _after(at, shares), (several - 1) / 2)
                at, shares = {name: self.alpha[name] for name in names}, self._shares(names, likelihood)
            after = _after(at, shares)
            self.alpha |= _carried(start, at, after, several)
            for name in names:
                told = (after[name] != at[name]).any(axis=-1)
                self.cases[name] += several * np.where(told, shares[name].sum(axis=-1), 0)
                for row in np.flatnonzero(told):
                    self.by[name][row][batch] = None
            left -= several

    def _shares(self, names: Sequence[str], likelihood: Mapping[str, Table]) -> Alphas:
        """P(row, state | one such case) of each statement, by the tables as they stand; none where it is certain."""
        tables = {
            name: table.rows(self.alpha[name])[None]
            for name, table in self.tables.items()
            if self.alpha[name] is not table.prior
        }
        evidence = Evidence(1, likelihood, tables)
        found = {}
        for name in names:
            table = self.tables[name]
            shares = table.shares(joint(self.plan, table.family, evidence))
            found[name] = np.where(table.certain[:, None], 0.0, shares)
        return found

    def shifts(self) -> dict[str, Shift]:
        return {
            name: Shift(
                table.moved(self.alpha[name], self.by[name]), self.cases[name], tuple(map(tuple, self.by[name]))
            )
            for name, table in self.tables.items()
            if any(self.by[name])
        }


def _after(alpha: Alphas, shares: Alphas) -> Alphas:
    return {name: sequential(alpha[name], shares[name]) for name in shares}


def _at_once(at: Alphas, after: Alphas) -> int:
    """How many cases like this one change no alpha by more than a small part of it."""
    most = max(
        float(
            np.divide(np.abs(after[name] - at[name]), at[name], out=np.zeros_like(at[name]), where=at[name] > 0).max()
        )
        for name in at
    )
    return int(min(SMALL / most, 2**53)) if most > 0 else 2**53


def _carried(start: Alphas, at: Alphas, after: Alphas, cases: float) -> Alphas:
    """Parameters after some cases of which each does what one did ``at`` others: those that rise by as much each
    time, those that fall by the same part, so that none falls to 0."""
    carried = {}
    for name, alpha in start.items():
        rise = np.maximum(after[name] - at[name], 0)
        part = np.divide(np.minimum(after[name], at[name]), at[name], out=np.ones_like(alpha), where=at[name] > 0)
        carried[name] = alpha * part**cases + cases * rise
    return carried
