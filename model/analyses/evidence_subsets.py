"""One case with some of its findings left out, in many ways side by side: a batch axis of sets of findings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.evidence import Case, Finding, assumptions, likelihood
from model.inference import Evidence, Plan, log_evidence
from model.inference.arrays import encode
from model.inference.conflict_sets import impossible
from model.inference.jeffrey import assume

Flags = NDArray[np.bool_]

NOTHING_BEHIND: Mapping[str, Finding] = MappingProxyType({})


def subsets(plan: Plan, case: Case, kept: Flags, background: Mapping[str, Finding] = NOTHING_BEHIND) -> Evidence:
    """Evidence whose case r has finding i where ``kept[r, i]``, shape (sets, findings); settings are in all of them.

    What is left out has a likelihood of ones. The ``background`` is in every set, but for what a finding of the set
    replaces. Assumptions are fitted anew to what each set holds.

    >>> from model import inference
    >>> from model.evidence import observe
    >>> from model.network import Network, Variable
    >>> plan = inference.compile(Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.5, 0.5])}))
    >>> subsets(plan, observe(coin="tails"), np.array([[True], [False]])).likelihood["coin"]
    array([[0., 1.],
           [1., 1.]])

    Raises ImpossibleEvidence when the assumptions of a set cannot hold together.
    """
    network = plan.network
    behind = {name: likelihood(network[name], finding) for name, finding in background.items()}
    rows = {name: np.repeat(weights[None], len(kept), axis=0) for name, weights in behind.items()}
    for i, (name, finding) in enumerate(case.findings.items()):
        rows[name] = np.where(kept[:, i, None], likelihood(network[name], finding), behind.get(name, 1.0))
    evidence = Evidence(len(kept), rows, encode(network, [Case({}, case.settings)]).tables)
    held = Case({**background, **case.findings})
    return assume(plan, evidence, _members(case, kept, background)) if assumptions(held) else evidence


def whole(plan: Plan, case: Case) -> Evidence:
    """Evidence with every finding of one case. Raises ImpossibleEvidence, naming what cannot hold together."""
    evidence = encode(plan.network, [case])
    if not math.isfinite(log_evidence(plan, evidence)[0]):
        raise impossible(plan, case)
    return assume(plan, evidence, [case])


def leave_one_out(count: int) -> Flags:
    """Sets of all findings but one, shape (findings, findings).

    >>> leave_one_out(2).astype(int)
    array([[0, 1],
           [1, 0]])
    """
    return ~np.eye(count, dtype=np.bool_)


def without(case: Case, name: str) -> Case:
    """The case with nothing said about one variable."""
    return Case(
        {n: finding for n, finding in case.findings.items() if n != name},
        {n: setting for n, setting in case.settings.items() if n != name},
    )


def _members(case: Case, kept: Flags, background: Mapping[str, Finding]) -> list[Case]:
    given = tuple(case.findings.items())
    return [
        Case({**background, **{given[i][0]: given[i][1] for i in np.flatnonzero(row)}}, case.settings) for row in kept
    ]
