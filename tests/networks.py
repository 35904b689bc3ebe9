"""Random small networks and questions, and the answers by enumerating the joint: an oracle of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog

from model.evidence import (
    Assumed,
    Case,
    Finding,
    Observed,
    OneOf,
    Reported,
    RuledOut,
    SetChances,
    SetTo,
    distribution,
    likelihood,
)
from model.network import Network, Table, Variable


@st.composite
def distributions(draw: st.DrawFn, states: int) -> Table:
    """A distribution of small whole-number weights, zeros included."""
    weights = draw(st.lists(st.integers(0, 4), min_size=states, max_size=states).filter(any))
    return np.array(weights) / sum(weights)


@st.composite
def networks(draw: st.DrawFn, *, variables: int = 6, parents: int = 3) -> Network:
    """A network of one to six variables of two to four states, in an order that need not be topological."""
    count = draw(st.integers(1, variables))
    names = [f"v{i}" for i in range(count)]
    cards = [draw(st.integers(2, 4)) for _ in names]
    built = []
    tables = {}
    for i, name in enumerate(names):
        above = draw(st.lists(st.sampled_from(range(i)), max_size=parents, unique=True)) if i else []
        shape = tuple(cards[p] for p in above)
        rows = [draw(distributions(cards[i])) for _ in product(*map(range, shape))]
        tables[name] = np.array(rows).reshape(*shape, cards[i])
        built.append(Variable(name, tuple(f"s{k}" for k in range(cards[i])), tuple(names[p] for p in above)))
    return Network(draw(st.permutations(built)), tables)


@st.composite
def findings(draw: st.DrawFn, variable: Variable, *, assumed: bool) -> Finding:
    """Any evidence verb about one variable."""
    states = st.sampled_from(variable.states)
    some = st.lists(states, min_size=1, max_size=len(variable.states) - 1, unique=True).map(tuple)
    weights = st.lists(
        st.sampled_from([0.0, 0.25, 1.0, 4.0]), min_size=len(variable.states), max_size=len(variable.states)
    )
    reported = weights.filter(any).map(lambda w: Reported(dict(zip(variable.states, w, strict=True))))
    verbs = [states.map(Observed), some.map(OneOf), some.map(RuledOut), reported]
    if assumed:
        verbs.append(
            distributions(len(variable.states)).map(
                lambda p: Assumed(dict(zip(variable.states, p.tolist(), strict=True)))
            )
        )
    return draw(st.one_of(verbs))


@st.composite
def cases(draw: st.DrawFn, network: Network, *, assumed: bool = False, settings: bool = True) -> Case:
    """Findings and interventions on some of the variables."""
    given: dict[str, Finding] = {}
    done: dict[str, SetTo | SetChances] = {}
    for variable in network.variables:
        what = draw(st.sampled_from(["nothing", "finding", "setting" if settings else "nothing"]))
        if what == "finding":
            given[variable.name] = draw(findings(variable, assumed=assumed))
        elif what == "setting":
            chances = draw(distributions(len(variable.states)))
            done[variable.name] = draw(
                st.one_of(
                    st.sampled_from(variable.states).map(SetTo),
                    st.just(SetChances(dict(zip(variable.states, chances.tolist(), strict=True)))),
                )
            )
    return Case(given, done)


def enumerated(network: Network, case: Case) -> Table:
    """P(every variable, evidence) by multiplying all tables, shape (states of each variable, file order).

    Interventions by truncated factorisation: the factor of a variable that is set becomes its setting.
    """
    states = np.indices(network.cards(network.names))
    at = dict(zip(network.names, states, strict=True))
    joint = np.ones(states.shape[1:])
    for variable in network.variables:
        if variable.name in case.settings:
            joint *= distribution(variable, case.settings[variable.name])[at[variable.name]]
        else:
            family = (*variable.parents, variable.name)
            joint *= network.tables[variable.name][tuple(at[name] for name in family)]
        if variable.name in case.findings:
            joint *= likelihood(variable, case.findings[variable.name])[at[variable.name]]
    return joint


def marginal(joint: Table, network: Network, name: str) -> Table:
    """One variable's share of an unnormalised joint, shape (states,), summing to 1."""
    axis = network.position[name]
    rows = joint.sum(axis=tuple(i for i in range(joint.ndim) if i != axis))
    return rows / rows.sum()


def fitted(joint: Table, network: Network, targets: Mapping[str, Table], *, sweeps: int = 2000) -> Table:
    """The joint closest to the given one whose marginals are the targets (iterative proportional fitting)."""
    for _ in range(sweeps):
        for name, target in targets.items():
            now = marginal(joint, network, name)
            ratio = np.divide(target, now, out=np.zeros_like(target), where=now > 0)
            shape = [1] * joint.ndim
            shape[network.position[name]] = len(ratio)
            joint = joint * ratio.reshape(shape)
        joint = joint / joint.sum()
    return joint


def attainable(joint: Table, network: Network, targets: Mapping[str, Table]) -> bool:
    """Whether some distribution has the targets as marginals and is zero where the joint is: a linear programme."""
    cells = np.argwhere(joint > 0)
    rows = [
        (cells[:, network.position[name]] == k, p) for name, target in targets.items() for k, p in enumerate(target)
    ]
    members, wanted = np.array([row for row, _ in rows], dtype=float), np.array([p for _, p in rows])
    return bool(linprog(np.zeros(len(cells)), A_eq=members, b_eq=wanted).success)


def grid(side):
    """The graph of a square grid as bit sets: no vertex of its middle is simplicial."""
    graph = [0] * side**2
    for v in range(side**2):
        for u in (v + 1 if (v + 1) % side else -1, v + side if v + side < side**2 else -1):
            if u >= 0:
                graph[v] |= 1 << u
                graph[u] |= 1 << v
    return graph
