"""Which findings cannot hold together: a smallest set of them, assumptions among them, settings in place throughout."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from model import inference
from model.errors import ImpossibleEvidence
from model.evidence import Assumed, Case, assumptions, in_words, likelihood
from model.inference.arrays import Evidence, encode
from model.inference.plan import Plan
from model.inference.proportional_fitting import fit
from model.network import Table
from model.resources.deadline import checkpoint

Flags = NDArray[np.bool_]
Possible = Callable[[Flags], Flags]
"""Whether the findings of each set may hold together: sets (sets, findings) in, shape (sets,) out."""

MOST_SETS = 1_000
WORK = 500_000_000
"""Sets of findings asked about, and table entries gone through, after which a set is no longer proven smallest."""

PAIRED = 30_000_000
"""Pairs of findings, and table entries gone through, up to which all pairs are asked about: on small networks."""

FEW = 8
"""Findings of which all sets may be asked about, with assumptions among them: each of these sets is fitted anew."""

MOST_STEPS = 1_000_000
"""Correction sets looked at in the search for what a smaller set would have to hold, after which it counts as unproven
too: some 2 s."""


def impossible(plan: Plan, case: Case, tried: Mapping[str, Table] | None = None) -> ImpossibleEvidence:
    """The error for findings, or assumptions, that cannot hold together, with a smallest set of them.

    ``tried`` are the likelihoods, by variable of shape (states,), in which a fit to the case ended that failed.

    Where the search for a smallest one would take too long the set is minimal: without any of its findings the
    others may hold. The error then says so.

    >>> from model.evidence import observe
    >>> from model.network import Network, Variable
    >>> two, same = ("no", "yes"), np.eye(2)
    >>> chain = Network([Variable("a", two), Variable("b", two, ("a",))], {"a": np.array([0.5, 0.5]), "b": same})
    >>> print(impossible(inference.compile(chain), observe(a="yes", b="no")))
    evidence: a=yes cannot hold together with b=no
    """
    given = list(case.findings.items())
    most = min(MOST_SETS, WORK // plan.cells)
    found, smallest = _found(plan, case, most, tried)
    under = []
    if case.settings:
        left = Case(dict(given[i] for i in found))
        if _possible(plan, left, np.ones((1, len(found)), dtype=np.bool_))[0]:
            under = [in_words(name, setting) for name, setting in case.settings.items()]
    return ImpossibleEvidence([in_words(*given[i]) for i in found], where=("evidence",), smallest=smallest, under=under)


def _found(plan: Plan, case: Case, most: int, tried: Mapping[str, Table] | None) -> tuple[tuple[int, ...], bool]:
    """A set of a case's findings, by place, that cannot hold together, and whether it is proven to be smallest.

    Of many findings with assumptions among them the search is among those that fight each other; all pairs are asked
    about only where that is little work.
    """
    count, pairs = len(case.findings), _with_an_assumption(case, most)

    def possible(kept: Flags) -> Flags:
        return _possible(plan, case, kept)

    if count <= FEW or not assumptions(case):
        return smallest_set(count, possible, most=most, pairs=pairs)
    alone = _of_one_or_two(count, possible, ())
    if alone:
        return alone, True
    core = np.array(_fighting(plan, case, possible, tried))

    def possible_of_core(kept: Flags) -> Flags:
        wider = np.zeros((len(kept), count), dtype=np.bool_)
        wider[:, core] = kept
        return possible(wider)

    own = list(combinations(range(len(core)), 2)) if len(core) <= FEW else []
    inside, smallest = smallest_set(len(core), possible_of_core, most=most, pairs=own)
    found = tuple(core[list(inside)].tolist())
    if len(found) == 2 or not pairs or len(pairs) * plan.cells > PAIRED:
        return found, len(found) == 2
    two = _of_one_or_two(count, possible, pairs)
    return (two, True) if two else (found, smallest and len(found) == 3)


def _fighting(plan: Plan, case: Case, possible: Possible, tried: Mapping[str, Table] | None) -> list[int]:
    """Findings that cannot hold together, by place: few assumptions, and the other findings where they are needed.

    Assumptions are taken in the order of how far apart the likelihoods of their states went in the fit that failed.
    """
    names, assumed = list(case.findings), assumptions(case)
    others = [i for i, name in enumerate(names) if name not in assumed]

    def hold(places: Sequence[int]) -> bool:
        return bool(possible(np.isin(np.arange(len(names)), places)[None])[0])

    if others and not hold(others):
        return others
    if tried is None:
        fitted, _ = fit(plan, encode(plan.network, [case]), [case])
        tried = {name: rows[0] for name, rows in fitted.likelihood.items()}
    apart = {name: _apart(tried[name]) for name in assumed}
    ranked = [names.index(name) for name in sorted(assumed, key=lambda name: -apart[name])]
    few = 1 + bisect_left(range(1, len(ranked)), True, key=lambda count: not hold(others + ranked[:count]))
    return sorted(ranked[:few] if not hold(ranked[:few]) else others + ranked[:few])


def _apart(likelihoods: NDArray[np.float64]) -> float:
    """The logarithm of how many times the largest likelihood is the smallest of those that are not nil."""
    logs = np.log(likelihoods[likelihoods > 0])
    return float(np.ptp(logs)) if len(logs) else 0.0


def _with_an_assumption(case: Case, most: int) -> list[tuple[int, int]]:
    """Pairs of findings, by place, of which an assumption is one; none where they are more than may be asked about."""
    assumed = [isinstance(finding, Assumed) for finding in case.findings.values()]
    pairs = [(i, j) for i, j in combinations(range(len(assumed)), 2) if assumed[i] or assumed[j]]
    return pairs if len(pairs) <= most else []


def _possible(plan: Plan, case: Case, kept: Flags) -> Flags:
    """Whether each set of a case's findings has a probability and its assumptions can be fitted."""
    network, given = plan.network, list(case.findings.items())
    rows = {
        name: np.where(kept[:, i, None], likelihood(network[name], finding), 1.0)
        for i, (name, finding) in enumerate(given)
    }
    evidence = Evidence(len(kept), rows, encode(network, [Case({}, case.settings)]).tables)
    holds: Flags = np.isfinite(inference.log_evidence(plan, evidence))
    assumed = set(assumptions(case))
    fitting = np.flatnonzero(holds & kept[:, [name in assumed for name, _ in given]].any(axis=1))
    if len(fitting):
        members = [Case({given[i][0]: given[i][1] for i in np.flatnonzero(kept[s])}, case.settings) for s in fitting]
        holds[fitting] = fit(plan, evidence.picked(fitting), members)[1]
    return holds


def smallest_set(
    count: int, possible: Possible, *, most: int = MOST_SETS, pairs: Sequence[tuple[int, int]] = ()
) -> tuple[tuple[int, ...], bool]:
    """A smallest of the sets of 0..count-1 that are impossible, as all together are, and whether that is proven.

    Proven it is not where more than ``most`` sets would have to be asked about; the set is minimal then. These
    ``pairs`` are asked about first, side by side: a fit to assumptions that cannot be held takes many rounds, of many
    at once little more than of one.

    Every impossible set meets each correction set, the complement of a possible one. So a minimum hitting set of
    those known is tried: where it is impossible nothing smaller is, else it is grown as far as it stays possible,
    which gives one correction set more (Ignatiev, Previti, Liffiton & Marques-Silva 2015).

    >>> smallest_set(4, lambda kept: ~(kept[:, 3] & kept[:, 1]))
    ((1, 3), True)
    """
    asked = count + len(pairs)
    found = _of_one_or_two(count, possible, pairs)
    if found:
        return found, True
    refuted, shown = [(1 << count) - 1], [1 << i for i in range(count)] + [1 << i | 1 << j for i, j in pairs]

    def holds(members: Iterable[int]) -> bool:
        nonlocal asked
        numbers = list(members)
        wanted = sum(1 << i for i in numbers)
        if any(not wanted & ~other for other in shown):
            return True
        if any(not other & ~wanted for other in refuted):
            return False
        asked += 1
        [held] = possible(np.isin(np.arange(count), numbers)[None])
        (shown if held else refuted).append(wanted)
        return bool(held)

    found = _minimal(count, holds)
    corrections = [sum(1 << j for j in _grown((i,), count, holds)) for i in found]
    hitting = _HittingSets()
    while asked < most:
        tried = hitting.smallest(corrections, len(found))
        if tried is None:
            return found, False
        if not tried:
            return found, True
        correction = _grown(tried, count, holds)
        if not correction:
            return tuple(tried), True
        corrections.append(sum(1 << j for j in correction))
    return found, False


def _of_one_or_two(count: int, possible: Possible, pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """One of 0..count-1 that is impossible by itself, else one of these pairs that is; empty where none is."""
    one_by_one = possible(np.eye(count, dtype=np.bool_))
    if not one_by_one.all():
        return (int(np.argmin(one_by_one)),)
    two_by_two = possible(np.array([np.isin(np.arange(count), pair) for pair in pairs])) if pairs else np.array([True])
    return () if two_by_two.all() else pairs[int(np.argmin(two_by_two))]


def _minimal(count: int, holds: Callable[[Iterable[int]], bool]) -> tuple[int, ...]:
    """A set that is impossible and without any of its members possible, by deletion from the first on."""
    kept = list(range(count))
    for i in range(count):
        fewer = [other for other in kept if other != i]
        if fewer and not holds(fewer):
            kept = fewer
    return tuple(kept)


def _grown(start: Iterable[int], count: int, holds: Callable[[Iterable[int]], bool]) -> list[int]:
    """What is left out when a set takes in one after the other that it stays possible with; nothing if it is not.

    How far the others can follow in their order is found by halving.
    """
    kept = list(start)
    others = [i for i in range(count) if i not in kept]
    left_out: list[int] = []
    if not holds(kept):
        return left_out
    while others and not holds(kept + others):
        far, beyond = 0, len(others)
        while beyond - far > 1:
            middle = (far + beyond) // 2
            far, beyond = (middle, beyond) if holds(kept + others[:middle]) else (far, middle)
        kept += others[:far]
        left_out.append(others[far])
        others = others[far + 1 :]
    return left_out


class _HittingSets:
    """Smallest sets that meet each of some sets, all as bits of a number; together they take MOST_STEPS at the most."""

    def __init__(self) -> None:
        self.steps = 0

    def smallest(self, sets: Sequence[int], most: int) -> list[int] | None:
        """A smallest set of under ``most`` members, by branching on the members of one that is not yet met.

        None where more steps would be taken; empty where there is none so small.
        """
        for size in range(1, most):
            waiting = [(0, 0, tuple(sets))]
            while waiting:
                checkpoint()
                chosen, barred, unmet = waiting.pop()
                self.steps += len(unmet)
                if self.steps > MOST_STEPS:
                    return None
                if not unmet:
                    return _numbers(chosen)
                open_sets = sorted((members & ~barred for members in unmet), key=int.bit_count)
                if chosen.bit_count() + _disjoint(open_sets) > size:
                    continue
                for i in _numbers(open_sets[0]):
                    left = tuple(members for members in unmet if not members >> i & 1)
                    waiting.append((chosen | 1 << i, barred, left))
                    barred |= 1 << i
        return []


def _numbers(members: int) -> list[int]:
    return [i for i in range(members.bit_length()) if members >> i & 1]


def _disjoint(sets: Iterable[int]) -> int:
    """How many sets, at the least, have no member in common with each other: each needs a member of its own."""
    met = count = 0
    for members in sets:
        if not members & met:
            met |= members
            count += 1
    return count
