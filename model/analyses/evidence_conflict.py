"""Whether findings sit badly together, which of them, and what would explain it: a test of the data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model import inference, notebook
from model.analyses.evidence_subsets import leave_one_out, subsets
from model.evidence import Assumed, Case, Finding, counted, in_words, likelihood, weight_vector
from model.inference import Evidence, Plan
from model.inference.arrays import LEAST_EXACT, ranked, settled
from model.network import Table, Variable

FLAGGED = 1.0
"""Bits of conflict beyond which it is worth a look: a little above 0 is common by chance."""

HYPOTHESES = 3
"""Explanations of a conflict that are named, the strongest first."""


@dataclass(frozen=True, slots=True)
class Odd:
    """How badly one finding sits with all others together: log2 P(finding) P(others) / P(all)."""

    finding: str
    statement: str
    bits: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A state, of a variable nothing is said about, that would account for a conflict.

    ``bits`` is log2 of how much more probable the findings make it, at least the conflict itself.
    """

    variable: str
    state: str
    before: float
    p: float
    bits: float


@dataclass(frozen=True, slots=True)
class Conflict:
    """log2 of the product of the findings' own probabilities over P(all), and the parts of it.

    Settings and assumptions have no probability and do not count; with fewer than two findings that do,
    ``bits`` is None. ``resolved_by`` are looked for where there is a conflict at all.
    """

    bits: float | None
    flagged: bool
    findings: tuple[Odd, ...]
    resolved_by: tuple[Hypothesis, ...]

    def _repr_html_(self) -> str:
        odd, why = ("statement", "bits"), ("variable", "state", "before", "p", "bits")
        return notebook.html(
            f"Conflict: {notebook.text(self.bits)} bits{', worth a look' if self.flagged else ''}",
            notebook.table(odd, notebook.records(odd, self.findings), bar="bits"),
            notebook.note("what would account for it:") if self.resolved_by else "",
            notebook.table(why, notebook.records(why, self.resolved_by), bar="bits"),
        )


@dataclass(frozen=True, slots=True)
class Surprise:
    """A finding beside what all other statements lead one to expect of its variable.

    ``p`` is the probability of the finding given the rest, None for an assumption; ``bits`` is how surprising it
    is: -log2 p, and for an assumption its divergence from what is expected, which is the same for a certain state.
    """

    finding: str
    statement: str
    expected: Mapping[str, float]
    p: float | None
    bits: float


def conflict(plan: Plan, case: Case) -> Conflict:
    """Measure how badly the findings of a case sit together (Jensen, Chamberlain, Nordahl & Jensen 1990).

    Above 0 they are less probable together than apart: bad data, or a rare situation, which a hypothesis
    whose probability they raise by as much would explain.

    >>> from model.evidence import observe
    >>> from model.network import Network, Variable
    >>> two, flip = ("no", "yes"), np.array([[0.75, 0.25], [0.25, 0.75]])
    >>> chain = Network([Variable("a", two), Variable("b", two, ("a",))], {"a": np.array([0.5, 0.5]), "b": flip})
    >>> conflict(inference.compile(chain), observe(a="yes", b="no")).bits
    1.0

    The evidence must be possible.
    """
    case = counted(case)
    count = len(case.findings)
    if count < 2:
        return Conflict(None, False, (), ())
    kept = np.concatenate([np.ones((1, count), dtype=np.bool_), leave_one_out(count), np.eye(count, dtype=np.bool_)])
    logs = inference.log_evidence(plan, subsets(plan, case, kept)) / math.log(2)
    together, others, alone = logs[0], logs[1 : count + 1], logs[count + 1 :]
    scale = max(1.0, -float(together))
    bits = settled(float(alone.sum() - together), scale)
    parts = [
        Odd(name, in_words(name, finding), settled(float(alone[i] + others[i] - together), scale))
        for i, (name, finding) in enumerate(case.findings.items())
    ]
    return Conflict(
        bits=bits,
        flagged=bits > FLAGGED,
        findings=tuple(sorted(parts, key=lambda part: -ranked(part.bits))),
        resolved_by=_explaining(plan, case, bits) if bits > 0 else (),
    )


def surprises(plan: Plan, case: Case) -> tuple[Surprise, ...]:
    """Each finding against what the rest of the evidence expects of its variable, the most surprising first.

    A finding far down the distribution is worth checking at its source. The evidence must be possible.

    >>> from model.evidence import observe
    >>> from model.network import Network, Variable
    >>> two, flip = ("no", "yes"), np.array([[0.75, 0.25], [0.25, 0.75]])
    >>> chain = Network([Variable("a", two), Variable("b", two, ("a",))], {"a": np.array([0.5, 0.5]), "b": flip})
    >>> [(found.statement, found.bits) for found in surprises(inference.compile(chain), observe(a="yes", b="no"))]
    [('a=yes', 2.0), ('b=no', 2.0)]

    Raises ImpossibleEvidence when assumptions among the findings cannot hold together.
    """
    if not case.findings:
        return ()
    # One pass over the tree costs less than to work out a program for each variable with a finding.
    names = tuple(case.findings) if plan.too_large else None
    others = subsets(plan, case, leave_one_out(len(case.findings)))
    rest = inference.posterior(plan, others, names)
    found = [
        _surprise(plan, others.picked(np.array([i])), plan.network[name], finding, rest.of(name)[i])
        for i, (name, finding) in enumerate(case.findings.items())
    ]
    return tuple(sorted(found, key=lambda surprise: -ranked(surprise.bits)))


def _surprise(plan: Plan, others: Evidence, variable: Variable, finding: Finding, expected: Table) -> Surprise:
    """``others`` is the rest of the evidence, which lets one expect a distribution of the variable."""
    if isinstance(finding, Assumed):
        p, bits = None, _divergence(plan, others, variable, finding, expected)
    else:
        weights = likelihood(variable, finding)
        p = float(expected @ weights)
        bits = -math.log2(p) if p > LEAST_EXACT else -_log2_given(plan, others, variable, weights[None])[0]
    states = dict(zip(variable.states, expected.tolist(), strict=True))
    return Surprise(variable.name, in_words(variable.name, finding), states, p, bits)


def _divergence(plan: Plan, others: Evidence, variable: Variable, finding: Assumed, expected: Table) -> float:
    """Bits by which what is assumed diverges from what is expected (Kullback & Leibler 1951)."""
    shares = weight_vector(variable, finding.probabilities, ())
    some = shares > 0
    if expected[some].min() > LEAST_EXACT:
        return math.fsum(q * math.log2(q / p) for q, p in zip(shares[some], expected[some].tolist(), strict=True))
    logs = _log2_given(plan, others, variable, np.eye(len(shares)))
    return math.fsum(q * (math.log2(q) - logs[k]) for k, q in enumerate(shares.tolist()) if q > 0)


def _log2_given(plan: Plan, others: Evidence, variable: Variable, weights: Table) -> list[float]:
    """log2 of how likely findings on a variable are given the rest: ``weights`` (findings, states) are theirs.

    Of any size: where the probability itself is too small a number the logarithm is not.
    """
    count = len(weights)
    repeated = others.picked(np.zeros(count, dtype=np.int64))
    told = Evidence(count, {**repeated.likelihood, variable.name: weights}, repeated.tables)
    logs: list[float] = (inference.log_evidence(plan, told) - inference.log_evidence(plan, others)).tolist()
    return [log / math.log(2) for log in logs]


def _log2_ratio(p: float, before: float) -> float:
    return math.log2(p / before) if before > LEAST_EXACT else math.log2(p) - math.log2(before)


def _explaining(plan: Plan, case: Case, bits: float) -> tuple[Hypothesis, ...]:
    """States that the findings make more probable by at least so many bits, the most first."""
    count = len(case.findings)
    none_and_all = np.stack([np.zeros(count, dtype=np.bool_), np.ones(count, dtype=np.bool_)])
    found = inference.posterior(plan, subsets(plan, case, none_and_all))
    spoken_of = {*case.findings, *case.settings}
    hypotheses = [
        Hypothesis(variable.name, state, before, p, _log2_ratio(p, before))
        for variable in plan.network.variables
        if variable.name not in spoken_of
        for state, before, p in zip(variable.states, *found.of(variable.name).tolist(), strict=True)
        if p > 0 and before > 0 and _log2_ratio(p, before) >= bits
    ]
    return tuple(sorted(hypotheses, key=lambda hypothesis: -ranked(hypothesis.bits))[:HYPOTHESES])
