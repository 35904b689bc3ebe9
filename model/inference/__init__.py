"""Exact inference, by junction tree or variable elimination: evidence as arrays in, probabilities out.

A network is moralised and triangulated into a tree of cliques (``model/inference/junction_tree/triangulation.py``);
findings enter it, one pass of messages goes up to the root and one comes down (Lauritzen & Spiegelhalter 1988).
``model/inference/plan.py`` chooses which of three executors does that, or does without the tree, and hands it the
question. What is asked through several questions, or of the tree alone, is here: joints, explanations, draws.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model.errors import BadQuestion, JointTooLarge, NetworkTooLarge
from model.inference import underflow, variable_elimination
from model.inference.arrays import NOTHING, Evidence, Explanations, Posterior
from model.inference.junction_tree import reference
from model.inference.junction_tree.packed import executor as compiled
from model.inference.junction_tree.triangulation import (
    CELL_LIMIT,
    JunctionTree,
    bounded_cells,
    searched_cells,
    triangulate,
)
from model.inference.plan import (
    DOUBTED,
    LOWEST,
    Compiled,
    Plan,
    by_tree,
    compiled_of,
    lost_before,
    marginals,
    posterior,
    posterior_numpy,
    restored,
)
from model.network import Network, Table

__all__ = [
    "CELL_LIMIT",
    "NOTHING",
    "Compiled",
    "Evidence",
    "JunctionTree",
    "Plan",
    "Posterior",
    "bounded_cells",
    "compile",
    "compiled_of",
    "draw_cost",
    "every_marginal_under_draws",
    "fits_side_by_side",
    "joint",
    "keep_to_one_thread",
    "laid_over",
    "log_evidence",
    "log_evidence_under_draws",
    "marginal_under_draws",
    "marginals",
    "most_probable",
    "most_probable_numpy",
    "needed_tables",
    "posterior",
    "posterior_numpy",
    "posterior_under_draws",
    "restored",
    "searched_cells",
    "triangulate",
]

JOINT_LIMIT = 100_000
"""Cells of a joint distribution that one answer may hold."""


def compile(network: Network, *, limit: int = CELL_LIMIT) -> Plan:
    """Make a network ready for exact inference.

    >>> from model.network import Variable
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> plan = compile(Network([rain, wet], tables))
    >>> posterior(plan, Evidence(1, {"wet": np.array([[0.0, 1.0]])})).of("rain").round(4)
    array([[0.3077, 0.6923]])

    A network whose tree has over ``limit`` cells is compiled too: it is answered target by target, by programs
    that leave out what a question does not need. Where even these are too large, the question raises NetworkTooLarge.
    """
    plan = Plan(network, limit)
    _ = plan.cliques
    return plan


def laid_over(plan: Plan, network: Network) -> Plan:
    """A plan for the network of another with variables added that its own decide, such as events: no tree is made.

    >>> from model.network import Variable
    >>> coin = Variable("coin", ("heads", "tails"))
    >>> plan = compile(Network([coin], {"coin": np.array([0.7, 0.3])}))
    >>> won = Variable("won", ("no", "yes"), ("coin",))
    >>> both = Network([coin, won], {"coin": np.array([0.7, 0.3]), "won": np.eye(2)})
    >>> posterior(laid_over(plan, both), NOTHING, ("won",)).of("won")
    array([[0.7, 0.3]])
    """
    return Plan(network, plan.limit, plan, plan.numpy_alone)


def keep_to_one_thread(plan: Plan) -> None:
    """Answer batches in the calling thread alone, from now on: for a process of which there is one for each core."""
    plan.programs.workers.count = 1


def needed_tables(plan: Plan, names: Iterable[str], evidence: Evidence) -> tuple[str, ...]:
    """Variables whose own tables the answers about these names depend on, in file order: draw only those.

    Kept by which variables one case speaks of, and how: a question is counted by them, and then answered.
    """
    if plan.numpy_alone:
        found = reference.needed(plan.network, tuple(names), evidence.pattern)
    elif evidence.cases == 1:
        every = tuple(names)
        found = plan.needed.get(
            (every, _spoken(evidence)), lambda: variable_elimination.needed(plan.programs, every, evidence)
        )
    else:
        found = variable_elimination.needed(plan.programs, names, evidence)
    return tuple(name for name in found if name not in evidence.tables) if evidence.tables else found


def _spoken(evidence: Evidence) -> tuple[Hashable, ...]:
    """How one case speaks of its variables: of which it knows the state, of which it only says something, and of which
    the table is replaced, by one state, by others whatever the parents, or by a table of its own."""
    weights = ((name, rows[0].tolist()) for name, rows in evidence.likelihood.items())
    findings = (
        (name, each.count(0.0) == len(each) - 1, min(each) == (top := max(each)), top == 1.0) for name, each in weights
    )
    replaced = (
        (name, None if any(rows.strides[1:-1]) else np.count_nonzero(rows[(0,) * (rows.ndim - 1)]) == 1)
        for name, rows in evidence.tables.items()
    )
    return (*findings, *replaced)


def draw_cost(plan: Plan, name: str, evidence: Evidence, *, with_p_evidence: bool = True) -> int:
    """Multiplications that one draw of the tables costs. Raises NetworkTooLarge where no program fits."""
    if plan.numpy_alone:
        if plan.too_large:
            raise plan.too_large
        return 2 * plan.cells
    return variable_elimination.cells(plan.programs, evidence, name, with_p_evidence=with_p_evidence)


def check_size(plan: Plan) -> None:
    """Raise NetworkTooLarge, counted and before any table is made, where a variable cannot be asked about.

    Where the tree is too large, programs answer; the dearest is that of the variable with most others above it.
    """
    if plan.too_large:
        above = {name: len(plan.network.ancestors((name,))) for name in plan.network.names}
        try:
            draw_cost(plan, max(above, key=lambda name: above[name]), NOTHING)
        except NetworkTooLarge:
            raise plan.too_large from None


def posterior_under_draws(
    plan: Plan, name: str, evidence: Evidence, tables: Mapping[str, Table]
) -> tuple[Table, NDArray[np.float64]]:
    """Distribution of a variable under each draw of the tables given, and how likely the evidence is under it.

    The evidence is of one case; ``tables[name]`` has shape (draws or 1, *parents' states, states). Returns shape
    (draws, states), zeros where a draw makes the evidence impossible, and natural logarithms of P(evidence), (draws,).

    >>> from model.network import Variable
    >>> coin = compile(Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.5, 0.5])}))
    >>> tails = Evidence(1, {"coin": np.array([[0.0, 1.0]])})
    >>> np.exp(posterior_under_draws(coin, "coin", tails, {"coin": np.array([[0.5, 0.5], [0.3, 0.7]])})[1]).round(4)
    array([0.5, 0.7])
    """
    plan = plan.narrowed((name,), evidence)
    if plan.numpy_alone:
        found = _drawn_numpy(plan, name, evidence, tables)
        return found.of(name), found.log_evidence
    return variable_elimination.draws_with_evidence(plan.programs, name, evidence, tables)


def marginal_under_draws(plan: Plan, name: str, evidence: Evidence, tables: Mapping[str, Table]) -> Table:
    """The distribution alone, shape (draws, states); the evidence is of one case, or of as many as there are draws.

    Evidence that the variable does not depend on may then be impossible unnoticed.
    """
    plan = plan.narrowed((name,), evidence)
    if plan.numpy_alone:
        return _drawn_numpy(plan, name, evidence, tables).of(name)
    if evidence.cases > 1:
        each = Evidence(evidence.cases, evidence.likelihood, {**tables, **evidence.tables})
        return variable_elimination.marginals(plan.programs, each, (name,))[name]
    return variable_elimination.draws(plan.programs, (name,), evidence, tables)[name]


def fits_side_by_side(plan: Plan, name: str, evidence: Evidence, tables: Mapping[str, Table]) -> bool:
    """Whether draws of these tables are answered by a program many at once, or the tree could not do it at all."""
    if plan.numpy_alone or plan.too_large:
        return True
    return variable_elimination.draws_fit(plan.programs, name, evidence, tables)


def every_marginal_under_draws(
    plan: Plan, names: Sequence[str], evidence: Evidence, tables: Mapping[str, Table]
) -> tuple[dict[str, Table], NDArray[np.float64]]:
    """``posterior_under_draws`` of several variables by the tree, two passes for each draw; of one case of evidence.

    Returns distributions of shape (draws, states) by name, and logarithms of P(evidence), shape (draws,).
    """
    draws = max(map(len, tables.values()))
    each = {name: np.repeat(rows, draws, axis=0) for name, rows in evidence.likelihood.items()}
    found = by_tree(plan, Evidence(draws, each, {**tables, **evidence.tables}), tuple(names))
    return {name: found.of(name) for name in names}, found.log_evidence


def log_evidence_under_draws(
    plan: Plan, evidence: Evidence, tables: Mapping[str, Table], *, draws: int
) -> NDArray[np.float64]:
    """Natural logarithm of P(evidence) under each draw of the tables given, shape (draws,); one case of evidence.

    ``tables[name]`` has shape (draws, *parents' states, states).
    """
    each = {name: np.repeat(rows, draws, axis=0) for name, rows in evidence.likelihood.items()}
    repeated = Evidence(draws, each, {**tables, **evidence.tables})
    if plan.numpy_alone:
        return posterior_numpy(plan, repeated, ()).log_evidence
    return variable_elimination.posterior(plan.programs, repeated)[0]


def _drawn_numpy(plan: Plan, name: str, evidence: Evidence, tables: Mapping[str, Table]) -> Posterior:
    """``posterior`` of one variable under every draw of the tables, by the numpy executor; what is set stays set.

    On the network of the variable, the findings and their ancestors: all others are barren (Shachter 1986).
    """
    network, kept, waiting = plan.network, set[str](), [name, *evidence.likelihood]
    while waiting:
        if (v := waiting.pop()) not in kept:
            kept.add(v)
            waiting += network[v].parents
    own = {v.name: network.tables[v.name] for v in network.variables if v.name in kept}
    small = compile(Network([v for v in network.variables if v.name in kept], own))
    cases = max((len(rows) for rows in tables.values()), default=evidence.cases)
    likelihood = {v: np.broadcast_to(rows, (cases, rows.shape[1])) for v, rows in evidence.likelihood.items()}
    replaced = {v: rows for v, rows in {**tables, **evidence.tables}.items() if v in kept}
    return posterior_numpy(small, Evidence(cases, likelihood, replaced), (name,))


def log_evidence(plan: Plan, evidence: Evidence) -> NDArray[np.float64]:
    """Natural logarithm of P(evidence) in each case, shape (cases,); -inf where it is impossible."""
    return posterior(plan, evidence, ()).log_evidence


def joint(plan: Plan, names: Sequence[str], evidence: Evidence = NOTHING) -> Table:
    """Joint distribution of a small set of variables in one case, shape (states of names[0], …).

    Read from one clique where one holds them all, else as P(combination, evidence) for every combination.

    >>> from model.network import Variable
    >>> coin = Network([Variable("a", ("h", "t")), Variable("b", ("h", "t"))],
    ...                {"a": np.array([0.5, 0.5]), "b": np.array([0.9, 0.1])})
    >>> joint(compile(coin), ("a", "b"))
    array([[0.45, 0.05],
           [0.45, 0.05]])

    Raises JointTooLarge beyond JOINT_LIMIT cells; all zero when the evidence is impossible.
    """
    if evidence.cases != 1:
        raise BadQuestion(f"a joint distribution is of one case, not of {evidence.cases}")
    cards = plan.network.cards(names)
    cells = math.prod(cards)
    if cells > JOINT_LIMIT:
        raise JointTooLarge(f"a joint of {', '.join(names)} has {cells:,} cells; the limit is {JOINT_LIMIT:,}")
    inside = None if plan.too_large else _clique_with(plan, names)
    shares = None if inside is None else _joint_in_clique(plan, names, evidence, inside)
    if shares is not None:
        return shares
    total = posterior(plan, evidence, ()).log_evidence
    if not np.isfinite(total[0]):
        return np.zeros(cards)
    logs = log_evidence(plan, _each_combination(plan, names, evidence))
    shares = np.exp(logs - total[0]).reshape(cards)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def most_probable(plan: Plan, evidence: Evidence = NOTHING) -> Explanations:
    """The most probable state of every variable together, given the evidence (Dawid 1992), and whether there is a tie.

    >>> from model.network import Variable
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.5, 0.5])})
    >>> most_probable(compile(coin)).ties
    array([ True])

    Raises NetworkTooLarge where the junction tree is over the limit.
    """
    if plan.too_large:
        raise plan.too_large
    if plan.numpy_alone:
        return most_probable_numpy(plan, evidence)
    chosen = plan.best if plan.fitting(evidence) is plan.packed else plan.best_whole

    def explained() -> Explanations:
        return compiled.most_probable(chosen, evidence.cases, evidence.likelihood, evidence.tables)

    found = explained()
    if found.logs.min(initial=0.0) >= DOUBTED and not lost_before(chosen, evidence):
        return found
    lost = chosen.lossy or underflow.watched(explained)[1]
    below = math.inf if lost_before(chosen, evidence) else DOUBTED if lost else LOWEST
    doubted = np.flatnonzero(found.logs < below)
    if not len(doubted):
        return found
    again = most_probable_numpy(plan, evidence.picked(doubted))
    for part, other in zip(found, again, strict=True):
        part[doubted] = other
    return found


def most_probable_numpy(plan: Plan, evidence: Evidence = NOTHING) -> Explanations:
    """The same by the numpy executor, in logarithms: no probability is too small for it."""
    return reference.most_probable(plan.cliques, evidence)


def _clique_with(plan: Plan, names: Sequence[str]) -> int | None:
    wanted = {plan.network.position[name] for name in names}
    holding = [c for c, clique in enumerate(plan.tree.cliques) if wanted.issubset(clique.variables)]
    return min(holding, key=lambda c: math.prod(plan.cliques.shapes[c]), default=None)


def _joint_in_clique(plan: Plan, names: Sequence[str], evidence: Evidence, c: int) -> Table | None:
    """None where the tree may have lost numbers that count."""
    if plan.numpy_alone:
        table, log = reference.belief(plan.cliques, c, evidence)
        variables = plan.tree.cliques[c].variables
    else:
        tree = plan.fitting(evidence)
        (table, log), lost = underflow.watched(partial(compiled.belief, tree, c, evidence.likelihood, evidence.tables))
        variables = tree.packed.tree.cliques[c].variables
        if (log < DOUBTED and (lost or tree.lossy)) or lost_before(tree, evidence):
            return None
    if log == -math.inf:
        return None
    lengths = [len(plan.network.variables[v].states) for v in variables]
    return _shares(plan, names, table.reshape(lengths), variables)


def _shares(plan: Plan, names: Sequence[str], belief: Table, variables: Sequence[int]) -> Table:
    """Joint distribution of some variables, in the order named, from a table over ``variables``."""
    places = [variables.index(plan.network.position[name]) for name in names]
    shares = belief.sum(axis=tuple(i for i in range(len(variables)) if i not in places))
    kept = sorted(places)
    shares = shares.transpose([kept.index(place) for place in places])
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _each_combination(plan: Plan, names: Sequence[str], evidence: Evidence) -> Evidence:
    cards = plan.network.cards(names)
    combinations = np.indices(cards).reshape(len(cards), -1)
    cases = combinations.shape[1]
    likelihood = {name: np.repeat(rows, cases, axis=0) for name, rows in evidence.likelihood.items()}
    for name, card, states in zip(names, cards, combinations, strict=True):
        likelihood[name] = np.eye(card)[states] * likelihood.get(name, 1.0)
    return Evidence(cases, likelihood, evidence.tables)
