"""Updating from counts against the mixture written out, on random networks with zeros."""

from math import inf

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from model.evidence import Case, Observed
from model.gates import TableGate
from model.inference import compile as compiled
from model.network import Network, Table
from model.specification import Counts, Seen
from model.uncertainty.dirichlet_updating import updated
from tests.networks import enumerated, networks

AS_OF = "2017-03-06"


@st.composite
def gated(draw: st.DrawFn) -> tuple[Network, dict[str, TableGate], dict[str, str]]:
    """A network, how sure its rows are, and a case of some of its variables that can happen."""
    network = draw(networks(variables=4, parents=2))
    sizes = st.sampled_from([0.5, 2.0, 10.0, 100.0, inf])
    gates = {}
    for name, table in network.tables.items():
        ess = np.array([draw(sizes) for _ in range(table[..., 0].size)]).reshape(table.shape[:-1])
        gates[name] = TableGate(table, ess)
    seen = draw(st.sets(st.sampled_from(network.names), min_size=1))
    case = {name: draw(st.sampled_from(network[name].states)) for name in sorted(seen)}
    assume(enumerated(network, observed(case)).any())
    return network, gates, case


def observed(case: dict[str, str]) -> Case:
    return Case({name: Observed(state) for name, state in case.items()})


def learnt(network: Network, gates: dict[str, TableGate], *cases: Seen) -> dict[str, TableGate]:
    counts = [Counts("seen", "seen", AS_OF, ("diary",), cases)]
    return {n: s.gate for n, s in updated(compiled(network), gates, counts, as_of=AS_OF, fading=1.0).items()}


def family_shares(network: Network, name: str, case: dict[str, str]) -> Table:
    """P(parents, state | case) from the joint of everything, shape of the table."""
    joint = enumerated(network, observed(case))
    family = [network.position[v] for v in (*network[name].parents, name)]
    summed = joint.sum(axis=tuple(i for i in range(joint.ndim) if i not in family))
    left = [i for i in range(joint.ndim) if i in family]
    return summed.transpose([left.index(i) for i in family]) / joint.sum()


def moments(alpha: Table, shares: Table) -> tuple[Table, Table]:
    """Mean and variance of one row whose Dirichlet has gained a case of each state with these chances, or none."""
    parts = [(float(share), alpha + np.eye(len(alpha))[x]) for x, share in enumerate(shares)]
    parts.append((1 - float(shares.sum()), alpha))
    mean = sum(p * a / a.sum() for p, a in parts)
    square = sum(p * a * (a + 1) / (a.sum() * (a.sum() + 1)) for p, a in parts)
    return mean, square - mean**2


@settings(max_examples=40, deadline=None)
@given(said=gated())
def test_one_case_leaves_the_mean_and_the_average_variance_of_the_exact_posterior(said) -> None:
    network, gates, case = said
    found = learnt(network, gates, Seen(1, case))
    for name, gate in gates.items():
        after = found.get(name, gate)
        shares = family_shares(network, name, case)
        for row in np.ndindex(gate.ess.shape):
            if np.isinf(gate.ess[row]) or gate.rows[row].max() == 1:
                assert np.array_equal(after.rows[row], gate.rows[row])
                continue
            mean, variance = moments(gate.rows[row] * gate.ess[row], shares[row])
            assert_allclose(after.rows[row], mean, atol=1e-9)
            size = (mean**2 * (1 - mean)).sum() / (mean * variance).sum() - 1
            assert_allclose(after.ess[row], size, rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(said=gated(), n=st.integers(1, 9))
def test_cases_that_were_seen_whole_add_up_in_any_order(said, n: int) -> None:
    network, gates, _ = said
    joint = enumerated(network, Case({}))
    likely = np.argwhere(joint > 0)[:3]
    cases = [Seen(n, {v.name: v.states[k] for v, k in zip(network.variables, where, strict=True)}) for where in likely]
    one, other = learnt(network, gates, *cases), learnt(network, gates, *reversed(cases))
    for name, gate in gates.items():
        counted = np.zeros_like(gate.rows)
        for where in likely:
            counted[tuple(where[network.position[v]] for v in (*network[name].parents, name))] += n
        sure = np.isinf(gate.ess) | (gate.rows.max(axis=-1) == 1)
        alpha = gate.rows * np.where(sure, 1, gate.ess)[..., None] + np.where(sure[..., None], 0, counted)
        for found in (one.get(name, gate), other.get(name, gate)):
            assert_allclose(found.rows, alpha / alpha.sum(axis=-1, keepdims=True), atol=1e-12)
            assert_allclose(found.ess[~sure], alpha.sum(axis=-1)[~sure], rtol=1e-12)
