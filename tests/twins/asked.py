"""Questions in a workspace of the tree executor, for a kernel and its twin to work on side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from model.inference import Evidence, Plan
from model.inference.arrays import encode
from model.inference.junction_tree.packed import collect_kernels, evidence_kernels, executor, prior_passes
from model.inference.junction_tree.packed.evidence_kernels import REBUILT
from model.inference.junction_tree.packed.executor import Tree
from model.inference.junction_tree.packed.layout import (
    CLIQUE,
    CLIQUE_AT,
    CLIQUES,
    COUNTED,
    LIKELIHOODS_AT,
    MODE,
    NEEDED,
    PER_CLIQUE,
    RELATIVE,
    STACK_AT,
    Ints,
)
from model.network import Network, Table, Variable
from tests.layouts import compiled, layouts
from tests.networks import cases, networks
from tests.twins.dense import DenseTree, Workspace, written_out

Arrays = tuple[Ints, Table, Table, Ints]

SPARSE = {prior_passes: {"DENSE": 1.1, "SMALLEST_SPARSE": 0, "LITTLE": 1.0}}
"""Thresholds under which every table with a zero is compressed."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question that a workspace lists: findings, replaced tables and targets (None: every variable), no marks yet."""

    tree: Tree
    evidence: Evidence
    targets: list[int] | None
    arrays: Arrays

    @property
    def dense(self) -> DenseTree:
        return DenseTree(self.tree)

    @property
    def findings(self) -> list[int]:
        return [self.tree.network.position[name] for name in self.evidence.likelihood]

    @property
    def swaps(self) -> list[int]:
        return [self.tree.network.position[name] for name in self.evidence.tables]

    @property
    def wanted(self) -> Sequence[int]:
        """The variables asked for."""
        return self.dense.variables if self.targets is None else self.targets

    @property
    def count(self) -> int:
        """How many targets, as the kernels take it."""
        return -1 if self.targets is None else len(self.targets)

    @property
    def root(self) -> int:
        return self.dense.cliques[-1]

    def record(self, c: int) -> int:
        """Where a clique's record is."""
        ints = self.tree.packed.ints
        return int(ints[CLIQUE_AT]) + CLIQUE * c

    def written_out(self) -> Workspace:
        _, _, work, state = self.arrays
        return written_out(self.dense, work, state)

    def begun(self) -> int:
        """Mark the question as the executor does before its passes; the clique where the ascent ends."""
        ints, _, work, state = self.arrays
        evidence_kernels.begin(ints, work, state, len(self.findings), len(self.swaps))
        if self.targets is None:
            return self.root
        return evidence_kernels.mark_targets(ints, state, len(self.targets), len(self.findings), len(self.swaps))

    def ended(self) -> Workspace:
        """The workspace of the marked question, written out, and then no mark left in it."""
        ints, _, _, state = self.arrays
        self.begun()
        found = self.written_out()
        evidence_kernels.end(ints, state, len(self.swaps), len(self.targets or ()))
        return found

    def climbed(self, top: int, *, best: bool = False) -> float:
        """Run the pass up to a clique."""
        return collect_kernels.up(*self.arrays, top, best)


def listed(packed: Tree, evidence: Evidence, names: Sequence[str] | None = None, *, best: bool = False) -> Asked:
    """A question as the executor leaves it in a workspace, with nothing of use left from what it computed.

    Numbers are none any more, and marks that a question sets anew are as another question may have left them.
    """
    if best:
        executor.most_probable(packed, 1, evidence.likelihood, evidence.tables)
    else:
        executor.posterior(packed, 1, evidence.likelihood, evidence.tables, names)
    work, state = packed.take()
    ints = packed.packed.ints
    work[: ints[LIKELIHOODS_AT]] = np.nan
    work[ints[STACK_AT] :] = np.nan
    of_cliques = state[: PER_CLIQUE * ints[CLIQUES]].reshape(PER_CLIQUE, -1)
    of_cliques[[MODE, RELATIVE, NEEDED, COUNTED]] = [[REBUILT], [1], [1], [7]]
    targets = None if names is None else [packed.network.position[name] for name in names]
    return Asked(packed, evidence, targets, (ints, packed.floats, work, state))


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, Evidence]:
    """A network and one case: findings in any order, some of no or of much weight, variables set, tables replaced."""
    network, changes = draw(st.one_of(networks(), chains(), chains(), stars())), draw(st.booleans())
    said = encode(network, [draw(cases(network, settings=changes))])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        network = hardened(rng, network)
    likelihood = {name: row * rng.choice([1.0, 1e-12, 1e-12, 1e25]) for name, row in said.likelihood.items()}
    tables = dict(said.tables)
    for name in network.names:
        what = rng.random()
        if what < 0.2:
            likelihood.setdefault(name, np.ones((1, len(network[name].states))))
        elif changes and what < 0.4:
            own = network.tables[name]
            tables[name] = own[None] if what < 0.3 else with_zeros(rng, own.shape)[None]
    order = rng.permutation(list(likelihood)).tolist()[: draw(st.sampled_from([1, 2, None]))]
    plan = compiled(network, draw(st.one_of(layouts(), st.just(SPARSE))))
    return plan, Evidence(1, {name: likelihood[name] for name in order}, tables)


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """A question about up to three variables or all, its tables compressed wherever they can be."""
    plan, evidence = draw(plans())
    count = draw(st.sampled_from([None, 0, 1, 1, 2, 3]))
    names = None if count is None else draw(st.permutations(plan.network.names))[:count]
    return listed(plan.fitting(evidence), evidence, names)


@st.composite
def best_questions(draw: st.DrawFn) -> Asked:
    """A question for the most probable explanation."""
    plan, evidence = draw(plans())
    tree = plan.best if plan.fitting(evidence) is plan.packed else plan.best_whole
    return listed(tree, evidence, best=True)


@st.composite
def whole_questions(draw: st.DrawFn) -> Asked:
    """A question about every variable to a tree without compressed tables."""
    plan, evidence = draw(plans())
    return listed(plan.whole, evidence)


@st.composite
def stars(draw: st.DrawFn) -> Network:
    """One cause with so many effects that the messages about it are scaled on the way."""
    effects = [f"x{i}" for i in range(draw(st.integers(9, 11)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    two = ("no", "yes")
    variables = [Variable("c", two), *(Variable(name, two, ("c",)) for name in effects)]
    return Network(variables, {v.name: with_zeros(rng, (2,) * (len(v.parents) + 1)) for v in variables})


@st.composite
def chains(draw: st.DrawFn) -> Network:
    """A network whose tree is long, so that a question may keep to a branch of it: parents come shortly before."""
    count = draw(st.integers(4, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cards = rng.integers(2, 4, count).tolist()
    above = [sorted({i - 1, max(i - rng.integers(1, 3), 0)}) if i else [] for i in range(count)]
    variables = [
        Variable(f"v{i}", ("low", "middle", "high")[: cards[i]], tuple(f"v{p}" for p in above[i])) for i in range(count)
    ]
    shapes = [(*(cards[p] for p in above[i]), cards[i]) for i in range(count)]
    tables = {f"v{i}": with_zeros(rng, shape) for i, shape in enumerate(shapes)}
    return Network(rng.permutation(np.array(variables, dtype=object)).tolist(), tables)


def hardened(rng: np.random.Generator, network: Network) -> Network:
    """The network with half of its tables, on average, made certain: one state a row has all the chance."""
    certain = [v for v in network.variables if rng.random() < 0.5]
    rows = {v.name: rng.integers(len(v.states), size=network.tables[v.name].shape[:-1]) for v in certain}
    return Network(
        network.variables, {**network.tables, **{v.name: np.eye(len(v.states))[rows[v.name]] for v in certain}}
    )


def with_zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Table:
    """Random rows that sum to 1, a third of their entries zero."""
    table = rng.random(shape) * (rng.random(shape) < 2 / 3)
    table[..., 0] += table.sum(axis=-1) == 0
    return np.asarray(table / table.sum(axis=-1, keepdims=True))
