"""Cases as the arrays that inference takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.evidence import Assumed, Case, Finding, Reported, Setting, distribution, likelihood
from model.inference import Evidence
from model.network import Network, Table


def encode(network: Network, cases: Sequence[Case]) -> Evidence:
    """Cases as arrays for the engine: variables without a finding in a case get a likelihood of ones.

    All cases must set the same variables by do(), since a set of replaced tables is one batch axis;
    assumptions enter as the states they allow, and are then fitted by ``assume``.
    """
    names = dict.fromkeys(name for case in cases for name in case.findings)
    rows = {name: np.ones((len(cases), len(network[name].states))) for name in names}
    read: dict[tuple[str, Finding], Table] = {}
    for i, case in enumerate(cases):
        for name, finding in case.findings.items():
            if isinstance(finding, Reported | Assumed):
                rows[name][i] = likelihood(network[name], finding)
                continue
            if (name, finding) not in read:
                read[name, finding] = likelihood(network[name], finding)
            rows[name][i] = read[name, finding]
    tables = {name: _surgery(network, name, [case.settings[name] for case in cases]) for name in cases[0].settings}
    return Evidence(len(cases), rows, tables)


def _surgery(network: Network, name: str, settings: Sequence[Setting]) -> Table:
    """The table of an intervened variable: the same distribution whatever its parents, shape (cases or 1, *family)."""
    different = settings[:1] if all(setting == settings[0] for setting in settings) else settings
    rows = np.stack([distribution(network[name], setting) for setting in different])
    shape = network.tables[name].shape
    return np.broadcast_to(rows.reshape(len(rows), *([1] * (len(shape) - 1)), shape[-1]), (len(rows), *shape))
