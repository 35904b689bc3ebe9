"""What is asked: findings sampled forward, so that they are possible and as likely as the network says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from model.d_separation import requisite_each
from model.gates import TableGate
from model.gates.streams import Stream
from model.inference import Evidence
from model.network import Network, Table, Variable

ESS = 100.0
FINDINGS = 3
POOL = 100
"""Random scenarios are about at most so many variables: a batch is a likelihood for each of them."""


@dataclass(frozen=True, slots=True)
class Question:
    """States found, by position; the distribution of ``target`` is wanted, or of every variable."""

    findings: Mapping[str, int]
    target: str | None = None


def sampled(network: Network, rng: np.random.Generator) -> dict[str, int]:
    """One state for every variable, drawn from the network."""
    found: dict[str, int] = {}
    for name in network.topological:
        row = network.tables[name][tuple(found[p] for p in network[name].parents)]
        found[name] = int(rng.choice(len(row), p=row / row.sum()))
    return found


def asked(network: Network, count: int, *, rng: np.random.Generator, targeted: bool, apart: str = "") -> list[Question]:
    """Questions about random variables, each with its own findings; none is about the variable ``apart``."""
    names = [name for name in network.names if name != apart]
    questions = []
    for _ in range(count):
        states = sampled(network, rng)
        target, *given = (str(name) for name in rng.choice(names, FINDINGS + 1, replace=False))
        questions.append(Question({name: states[name] for name in given}, target if targeted else None))
    return questions


def scenarios(
    network: Network, count: int, *, rng: np.random.Generator, target: str, given: Sequence[str] | None
) -> list[Question]:
    """Scenarios about one target: findings on the variables given, or on three of their own each."""
    others = [name for name in network.names if name != target]
    pool = others if len(others) <= POOL else [str(name) for name in rng.choice(others, POOL, replace=False)]
    states = many_sampled(network, count, rng)
    of_pool = rng.random((count, len(pool))).argpartition(FINDINGS - 1, axis=1)[:, :FINDINGS]
    each = []
    for i in range(count):
        picked = given or [pool[k] for k in of_pool[i]]
        each.append(Question({name: int(states[name][i]) for name in picked}, target))
    return each


def many_sampled(network: Network, count: int, rng: np.random.Generator) -> dict[str, Table]:
    """``sampled`` for many cases at once: shape (cases,) for each variable."""
    found: dict[str, Table] = {}
    for name in network.topological:
        rows = network.tables[name][tuple(found[p] for p in network[name].parents)]
        below = np.cumsum(np.broadcast_to(rows, (count, rows.shape[-1])), axis=1)
        found[name] = (rng.random((count, 1)) * below[:, -1:] >= below).sum(axis=1)
    return found


def batch(network: Network, cases: Sequence[Question]) -> Evidence:
    """Scenarios as one batch: a likelihood of ones where a case says nothing."""
    rows = {name: np.ones((len(cases), len(network[name].states))) for case in cases for name in case.findings}
    for i, case in enumerate(cases):
        for name, state in case.findings.items():
            rows[name][i] = 0.0
            rows[name][i, state] = 1.0
    return Evidence(len(cases), rows)


def mutilated(network: Network, name: str, state: int) -> Network:
    """The network in which a variable has been set: it keeps no parents and one state."""
    certain = np.eye(len(network[name].states))[state]
    variables = [Variable(v.name, v.states, () if v.name == name else v.parents) for v in network.variables]
    return Network(variables, {**network.tables, name: certain})


def needed(network: Network, question: Question) -> list[str]:
    """The variables whose tables the answer about the target depends on."""
    [tables] = requisite_each(network, [question.target or ""], observed=set(question.findings)).tables
    return list(compress(network.names, tables.tolist()))


def drawn(network: Network, names: Sequence[str], draws: int, *, rng: np.random.Generator) -> dict[str, Table]:
    """Dirichlet draws of some tables, every row with an equivalent sample size of 100: (draws, *parents, states)."""
    gates = {name: TableGate(network.tables[name], np.full(network.tables[name].shape[:-1], ESS)) for name in names}
    stream = Stream(int(rng.integers(1 << 62)))
    return {name: gate.draw(stream.at(name), draws) for name, gate in gates.items()}
