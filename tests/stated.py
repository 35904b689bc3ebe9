"""Models in which every row of a network is a statement of its own, with an equivalent sample size and a source."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.gates import TableGate
from model.network import Network
from model.specification import Description, Model, Source, Statement
from tests.textbook import model_of


def stated(network: Network, *, ess: float) -> Model:
    """A model of the network whose rows all have one ESS; each variable cites a source of its own name."""
    plain = model_of(network)
    described = {name: _described(network, name, plain.described[name], ess) for name in network.names}
    sources = {name: Source(name, name, name, "2016", None, "verified") for name in network.names}
    return replace(plain, described=described, sources=sources)


def _described(network: Network, name: str, plain: Description, ess: float) -> Description:
    table = network.tables[name]
    gate = TableGate(table, np.full(table.shape[:-1], ess))
    rows = table.reshape(-1, table.shape[-1])
    statements = tuple(
        Statement(name, f"row {k}: {row.tolist()}", (name,), None if row.max() == 1 else ess, None, "x.yaml", k, place)
        for k, row in enumerate(rows)
        for place in [("rows", k)]
    )
    return replace(plain, gate=gate, statements=statements)
