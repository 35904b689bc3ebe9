"""Bayes-ball as the paper has it, one search from the targets: the reference of ``model/d_separation.py``."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from model.network import Network


@dataclass(frozen=True, slots=True)
class Requisite:
    """What the answer about some targets can depend on: variables whose tables count, and findings that count."""

    tables: frozenset[str]
    evidence: frozenset[str]


def requisite(
    network: Network,
    targets: Iterable[str],
    *,
    observed: Set[str] = frozenset(),
    reported: Set[str] = frozenset(),
    cut: Set[str] = frozenset(),
    fixed: Set[str] = frozenset(),
) -> Requisite:
    """The tables and findings that P(targets | evidence) depends on (Bayes-ball, Shachter 1998).

    ``observed`` variables have a known state; ``reported`` ones have evidence that leaves their state
    open, which acts as an observed child; ``cut`` variables are intervened on, so that their parents
    no longer count; those of them in ``fixed`` are set to one state, so that they also block.
    """
    known = set(observed) | set(fixed)
    children: dict[str, list[str]] = {name: [] for name in network.names}
    for variable in network.variables:
        for parent in () if variable.name in cut else variable.parents:
            children[parent].append(variable.name)
    above: set[str] = set()
    below: set[str] = set()
    seen: set[str] = set()
    waiting = [(target, True) for target in targets]
    while waiting:
        name, from_child = waiting.pop()
        seen.add(name)
        blocked = name in known
        upwards = not blocked if from_child else blocked or name in reported
        if (upwards or name in fixed) and name not in above:
            above.add(name)
            waiting.extend((parent, True) for parent in (() if name in cut else network[name].parents))
        if not blocked and name not in below:
            below.add(name)
            waiting.extend((child, False) for child in children[name])
    findings = (seen & set(observed)) | (seen & set(reported))
    return Requisite(frozenset(above - set(cut)), frozenset(findings | (above & set(cut))))
