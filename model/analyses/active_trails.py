"""The ways along which a finding's influence reaches a target, and how much runs along each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from model import inference
from model.analyses.evidence_subsets import without
from model.analyses.weight_of_evidence import ROUNDING, direction
from model.d_separation import children_left
from model.evidence import Case, known_states
from model.inference import Evidence, Plan
from model.inference.arrays import encode, ranked
from model.network import Network, Table

LONGEST = 4
"""Arcs of a trail."""

STRONGEST = 3
"""Trails that are told."""

Arc = tuple[str, str]
"""Parent and child."""


@dataclass(frozen=True, slots=True)
class Step:
    """One arc of a trail: influence passes from ``start`` to ``end``, ``forward`` where that is cause to effect."""

    start: str
    end: str
    forward: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail from a finding to the target, and what goes with its first arc.

    ``strength`` is the total variation between the target's distributions with the arc and without it, ``change`` is
    what the arc adds to the probability of the state asked about and ``direction`` its word. ``trails`` counts the
    active trails that begin with the same arc, of which this is the shortest.
    """

    finding: str
    steps: tuple[Step, ...]
    strength: float
    change: float
    direction: str
    trails: int

    def __str__(self) -> str:
        """The trail with an arrow for each arc, as a → b ← c."""
        return self.drawn("→", "←")

    def drawn(self, forward: str, back: str) -> str:
        """The trail with an arrow for each arc as it points, from the finding to the target."""
        return self.finding + "".join(f" {forward if step.forward else back} {step.end}" for step in self.steps)


def chains(
    plan: Plan, case: Case, target: str, state: int, *, evidence: Evidence, of: Collection[str] | None = None
) -> tuple[Trail, ...]:
    """The strongest ways along which the findings of a case reach a target, ``evidence`` being those findings encoded.

    ``of`` are the findings that they may begin with; None is all of them.

    Every active trail of at most LONGEST arcs is followed (d-separated neither by the other findings nor by the arcs
    that do() cuts). A trail is scored by cutting its first arc, after INSITE (Suermondt 1992): the child's table is
    averaged over that parent, weighted with the parent's own probabilities before any finding. Trails with the
    same first arc have the same score, so one stands for them.

    >>> from model.evidence import observe
    >>> from model.network import Variable
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> plan, case = inference.compile(Network([rain, wet], tables)), observe(wet="yes")
    >>> [found] = chains(plan, case, "rain", 1, evidence=encode(plan.network, [case]))
    >>> found.steps, round(found.strength, 4), found.direction
    ((Step(start='wet', end='rain', forward=False),), 0.4923, 'raises')
    """
    network = plan.network
    begun = _by_first_arc(network, case, target, case.findings if of is None else of)
    if not begun or target in known_states(network, case):
        return ()
    [now] = inference.posterior(plan, evidence, (target,)).of(target)
    arcs = list(dict.fromkeys(_arc(network, trails[0]) for trails in begun))
    before = _before(plan, case, [parent for parent, _ in arcs])
    tables = {(parent, child): _averaged(network, parent, child, before[parent]) for parent, child in arcs}
    cut = _cut(plan, tables, target, evidence)
    found = [_told(network, trails, now, cut[_arc(network, trails[0])], state) for trails in begun]
    telling = [told for told in found if told.strength > ROUNDING]
    return tuple(sorted(telling, key=lambda told: (-ranked(told.strength), len(told.steps)))[:STRONGEST])


@dataclass(frozen=True, slots=True)
class _Map:
    """A network under interventions, and what is known in it: ``distance`` is in arcs from the trails' end."""

    parents: Mapping[str, Sequence[str]]
    children: Mapping[str, Sequence[str]]
    blocked: Set[str]
    opened: Set[str]
    distance: Mapping[str, int]

    def neighbours(self, name: str) -> Iterator[str]:
        """What an arc joins to a variable."""
        return chain(self.children[name], self.parents[name])

    def passes(self, before: str, name: str, after: str) -> bool:
        """Whether influence passes a variable between two of its neighbours (Pearl 1988)."""
        if before in self.parents[name] and after in self.parents[name]:
            return name in self.opened
        return name not in self.blocked


def active_trails(network: Network, case: Case, start: str, end: str) -> list[tuple[str, ...]]:
    """Every trail of at most LONGEST arcs along which one variable can tell of another, the shortest first.

    It passes a variable that both its arcs point to where that one or a consequence of it is spoken of, and any
    other where its state is not known; what the case says of ``start`` itself does not count.

    >>> from model.evidence import observe
    >>> from model.network import Variable
    >>> two, even = ("no", "yes"), np.full((2, 2, 2), 0.5)
    >>> alarm = [Variable("fire", two), Variable("theft", two), Variable("alarm", two, ("fire", "theft"))]
    >>> network = Network(alarm, {"fire": even[0, 0], "theft": even[0, 0], "alarm": even})
    >>> active_trails(network, Case({}), "fire", "theft"), active_trails(network, observe(alarm="yes"), "fire", "theft")
    ([], [('fire', 'alarm', 'theft')])
    """
    known = _map(network, case, start, end)
    found: list[tuple[str, ...]] = []
    waiting: list[tuple[str, ...]] = [(start,)]
    while waiting:
        trail = waiting.pop()
        if trail[-1] == end:
            found.append(trail)
        else:
            waiting.extend(
                (*trail, following) for following in known.neighbours(trail[-1]) if _goes_on(known, trail, following)
            )
    return sorted(found, key=lambda trail: (len(trail), trail))


def _goes_on(known: _Map, trail: tuple[str, ...], following: str) -> bool:
    near = len(trail) + known.distance.get(following, LONGEST) <= LONGEST
    return near and following not in trail and (len(trail) == 1 or known.passes(trail[-2], trail[-1], following))


def _map(network: Network, case: Case, start: str, end: str) -> _Map:
    rest = without(case, start)
    children = children_left(network, case.settings)
    parents = {name: () if name in case.settings else network[name].parents for name in network.names}
    opened = _reached(parents.__getitem__, rest.findings, len(network.names))
    distance = _reached(lambda name: chain(children[name], parents[name]), (end,), LONGEST)
    return _Map(parents, children, known_states(network, rest), frozenset(opened), distance)


def _reached(onwards: Callable[[str], Iterable[str]], starts: Iterable[str], most: int) -> dict[str, int]:
    """Steps to everything within so many of the starts."""
    found = dict.fromkeys(starts, 0)
    edge = list(found)
    for steps in range(1, most + 1):
        edge = [name for name in dict.fromkeys(chain.from_iterable(map(onwards, edge))) if name not in found]
        found.update(dict.fromkeys(edge, steps))
    return found


def _by_first_arc(network: Network, case: Case, target: str, of: Collection[str]) -> list[list[tuple[str, ...]]]:
    """Active trails from the findings to the target, in groups that begin with the same arc."""
    groups: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for name in (each for each in case.findings if each in of and each != target):
        for trail in active_trails(network, case, name, target):
            groups.setdefault((trail[0], trail[1]), []).append(trail)
    return list(groups.values())


def _arc(network: Network, trail: Sequence[str]) -> Arc:
    """The first arc of a trail."""
    start, end = trail[:2]
    return (start, end) if start in network[end].parents else (end, start)


def _cut(plan: Plan, tables: Mapping[Arc, Table], target: str, evidence: Evidence) -> dict[Arc, Table]:
    """The target's distribution, shape (states,), with each arc's child given that table."""
    # One by one, since most of the network does not matter to a question with one table replaced: a batch in which
    # several are is slower, and so are the derivatives by all tables.
    found = {}
    for (parent, child), table in tables.items():
        cut = Evidence(1, evidence.likelihood, {**evidence.tables, child: table[None]})
        found[parent, child] = inference.posterior(plan, cut, (target,)).of(target)[0]
    return found


def _before(plan: Plan, case: Case, names: Iterable[str]) -> dict[str, Table]:
    """What the variables named are under the interventions alone."""
    wanted = tuple(dict.fromkeys(names))
    found = inference.posterior(plan, encode(plan.network, [Case({}, case.settings)]), wanted)
    return {name: found.of(name)[0] for name in wanted}


def _averaged(network: Network, parent: str, child: str, weights: Table) -> Table:
    """A child's table that no longer depends on one parent, its shape kept."""
    table, axis = network.tables[child], network[child].parents.index(parent)
    mean = np.tensordot(weights, table, axes=(0, axis))
    return np.broadcast_to(np.expand_dims(mean, axis), table.shape)


def _told(network: Network, trails: Sequence[tuple[str, ...]], now: Table, cut: Table, state: int) -> Trail:
    change = float(now[state] - cut[state])
    steps = tuple(Step(start, end, start in network[end].parents) for start, end in pairwise(trails[0]))
    strength = float(np.abs(now - cut).sum() / 2)
    return Trail(trails[0][0], steps, strength, change, direction(change), len(trails))
