"""Twins of ``model/inference/junction_tree/packed/evidence_kernels.py``: which cliques, findings and targets a question
marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from model.inference.junction_tree.packed.evidence_kernels import CLEAN, REBUILT, TOUCHED
from model.network import Table
from tests.twins.dense import DenseTree, Workspace


def says_nothing(likelihood: Table) -> bool:
    """Whether every state is as likely as any other: a likelihood of ones."""
    return bool((likelihood == 1).all())


def begin(work: Workspace, findings: Sequence[int], swaps: Sequence[int]) -> None:
    """A finding touches the highest clique with its variable; a replaced table rebuilds the clique it belongs to."""
    said = sorted(v for v in findings if not says_nothing(work.likelihoods[v]))
    for c in work.tree.cliques:
        work.findings[c] = [v for v in said if work.tree.top(v) == c]
        rebuilt = not set(swaps).isdisjoint(work.tree.placed(c))
        work.modes[c] = REBUILT if rebuilt else TOUCHED if work.findings[c] else CLEAN
    work.replaced = set(swaps)


def end(work: Workspace, swaps: Sequence[int], targets: Sequence[int]) -> None:
    """No table counts as replaced any more and no target has a place."""
    work.replaced -= set(swaps)
    work.places = {v: place for v, place in work.places.items() if v not in targets}


def mark_targets(work: Workspace, targets: Sequence[int], findings: Sequence[int], swaps: Sequence[int]) -> int:
    """The lowest branch with every target and finding (the whole tree for a replaced table); targets lie end to end."""
    tree = work.tree
    tops = {v: tree.top(v) for v in [*targets, *(v for v in findings if not says_nothing(work.likelihoods[v]))]}
    holding = [c for c in tree.cliques if set(tops.values()) <= set(tree.branch(c))]
    top = tree.cliques[-1] if swaps else min(holding)
    work.needed = {c for c in tree.branch(top) if any(tops[v] in tree.branch(c) for v in targets)}
    starts = np.cumsum([1, *(tree.cards[v] for v in targets)])
    work.places = dict(zip(targets, starts.tolist(), strict=False))
    return top


def enter(tree: DenseTree, row: Table, findings: Sequence[int]) -> Mapping[int, Table]:
    """One case's likelihoods, cut where the next finding begins."""
    parts = np.split(row, np.cumsum([tree.cards[v] for v in findings])[:-1])
    return dict(zip(findings, parts, strict=True)) if findings else {}
