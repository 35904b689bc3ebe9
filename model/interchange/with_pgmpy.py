"""Networks to and from pgmpy's model objects, by names and never by positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from model.errors import BadExchangeFile, listed
from model.interchange.unchecked import Declared, Draft, Filled, settle
from model.network import Network, Table

if TYPE_CHECKING:
    from pgmpy.models import DiscreteBayesianNetwork


def to_pgmpy(network: Network) -> DiscreteBayesianNetwork:
    """The network as a pgmpy model that shares nothing with it; parents and states keep their order."""
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork()
    model.add_nodes_from(network.names)
    model.add_edges_from((parent, v.name) for v in network.variables for parent in v.parents)
    for variable in network.variables:
        family = (variable.name, *variable.parents)
        model.add_cpds(
            TabularCPD(
                variable.name,
                len(variable.states),
                network.tables[variable.name].reshape(-1, len(variable.states)).T.copy(),
                evidence=list(variable.parents),
                evidence_card=list(network.cards(variable.parents)),
                state_names={name: list(network[name].states) for name in family},
            )
        )
    model.check_model()
    return model


def from_pgmpy(model: DiscreteBayesianNetwork) -> Network:
    """A pgmpy model as a network, once everything that pgmpy leaves unchecked holds.

    Parents are read from ``cpd.variables[1:]`` (``get_evidence()`` gives them backwards), and each
    parent's states by name, since a table may list them in another order than the parent does.

    Raises BadExchangeFile naming the variable.
    """
    tables: dict[str, Any] = {}
    for cpd in model.get_cpds():
        tables[str(cpd.variable)] = cpd
    missing = [str(name) for name in model.nodes() if name not in tables]
    if missing:
        raise _complaint(f"no table is given for {listed(missing)}")
    variables = tuple(Declared(name, _states(tables[name], name), 0) for name in model.nodes())
    states = {variable.name: variable.states for variable in variables}
    filled = tuple(_filled(tables[name], name, states, set(model.get_parents(name))) for name in states)
    return settle(Draft(str(model.name or "unknown"), variables, filled), "pgmpy model")[0]


def _states(cpd: Any, name: Any) -> tuple[str, ...]:
    if not isinstance(name, str):
        raise _complaint(f"variable {name!r} is named by a {type(name).__name__}, not by text")
    found = tuple(str(state) for state in cpd.state_names[name])
    if len(found) != cpd.values.shape[0]:
        raise _complaint(f"variable {name!r} names {len(found)} states and has {cpd.values.shape[0]}")
    return found


def _filled(cpd: Any, name: str, states: dict[str, tuple[str, ...]], arcs: set[str]) -> Filled:
    parents = tuple(cpd.variables[1:])
    if set(parents) != arcs:
        odd = listed(sorted(map(str, set(parents) ^ arcs)))
        raise _complaint(f"variable {name!r}: its table and its arcs differ in {odd}")
    table: Table = np.moveaxis(np.array(cpd.values, dtype=np.float64), 0, -1)
    for axis, parent in enumerate(parents):
        told = [str(state) for state in cpd.state_names[parent]]
        if sorted(told) != sorted(states[parent]) or len(told) != table.shape[axis]:
            raise _complaint(f"variable {name!r} knows {parent!r} by other states: {listed(told)}")
        table = table.take([told.index(state) for state in states[parent]], axis=axis)
    return Filled(name, parents, table, 0)


def _complaint(detail: str) -> BadExchangeFile:
    return BadExchangeFile(detail, where=("pgmpy model",))
