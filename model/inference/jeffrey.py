"""Jeffrey's rule: assumed distributions held by likelihoods that are fitted to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.evidence import Case
from model.inference.arrays import Evidence
from model.inference.conflict_sets import impossible
from model.inference.plan import Plan
from model.inference.proportional_fitting import fit


def assume(plan: Plan, evidence: Evidence, cases: Sequence[Case]) -> Evidence:
    """Fit every assumption at once: the likelihoods under which the marginals are those assumed.

    By ``proportional_fitting.fit``. Raises ImpossibleEvidence, naming a smallest set of assumptions and findings that
    cannot hold together: the fit then has no end.
    """
    fitted, done = fit(plan, evidence, cases)
    if not done.all():
        bad = int(np.argmin(done))
        raise impossible(plan, cases[bad], {name: rows[bad] for name, rows in fitted.likelihood.items()})
    return fitted
