"""Seeing beside doing: what follows from a state that is found, and what from one that is brought about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import reduce

import numpy as np

from model import inference, notebook
from model.analyses.evidence_subsets import whole, without
from model.d_separation import children_left
from model.errors import BadQuestion
from model.evidence import Case, Observed, SetTo, assumptions, known_states
from model.forecast import Forecaster
from model.inference import Plan
from model.inference.arrays import encode, settled
from model.inference.proportional_fitting import fit
from model.network import Network
from model.question import Question, of_target, resolve

_END = ""
"""Where every way ends; no variable has an empty name."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A state of a cause, seen and brought about: the probability of the effect's state either way.

    ``gap`` is seen less done. A probability is None where that state cannot hold with the other
    statements, the gap too.
    """

    state: str
    observe: float | None
    intervene: float | None
    gap: float | None


@dataclass(frozen=True, slots=True)
class Backdoor:
    """What makes seeing differ from doing.

    ``confounders`` are causes that reach the cause and the effect by ways of their own, in the order of the file;
    ``reverse`` says that the effect is itself a cause of the cause; ``downstream`` are findings on consequences
    of the cause, which are read after an intervention, as its result.
    """

    confounders: tuple[str, ...]
    reverse: bool
    downstream: tuple[str, ...]

    def __str__(self) -> str:
        """What sets seeing apart from doing, in words; empty where nothing does."""
        parts = [f"confounders {', '.join(self.confounders)}"] if self.confounders else []
        parts += ["the effect is a cause of the cause"] if self.reverse else []
        parts += [f"findings downstream {', '.join(self.downstream)}"] if self.downstream else []
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class CauseEffect:
    """Every state of a cause, seen and brought about, for one state of an effect."""

    cause: str
    effect: str
    effect_state: str
    rows: tuple[Contrast, ...]
    backdoor: Backdoor

    def _repr_html_(self) -> str:
        columns = ("state", "observe", "intervene", "gap")
        rows = notebook.table(columns, notebook.records(columns, self.rows), bar="gap")
        return notebook.html(
            f"P({self.effect}={self.effect_state}) with {self.cause} seen and brought about",
            rows,
            notebook.note(str(self.backdoor)),
        )


@dataclass(frozen=True, slots=True)
class SeenAndDone:
    """A finding of a question beside the intervention that would bring the same state about."""

    finding: str
    contrast: Contrast
    backdoor: Backdoor


def cause_effect(forecaster: Forecaster, question: Question, *, cause: str, target: str, state: str) -> CauseEffect:
    """Each state of a cause as a thing found and as a thing done, given what else the question says.

    ``observe`` is P(effect | cause, findings) and ``intervene`` P(effect | do(cause), findings); findings are read
    after the intervention (Pearl 2009). What the question says of the cause itself is left out.

    Raises what ``resolve`` raises, UnknownVariable or UnknownState for the names given, BadQuestion for a cause
    that is its own effect, ImpossibleEvidence when the question's other statements cannot hold together.
    """
    network, plan = forecaster.model.network, forecaster.plan
    which = network.variable(target, where=("effect",)).state(state, where=("state",))
    states = network.variable(cause, where=("cause",)).states
    if cause == target:
        raise BadQuestion(f"{cause} is asked about as its own effect", where=("effect",))
    case = without(resolve(forecaster.model, of_target(question, target)).case, cause)
    whole(plan, case)
    seen = _chances(plan, [_found(case, cause, each) for each in states], target, which)
    done = _chances(plan, [_brought(case, cause, each) for each in states], target, which)
    rows = tuple(map(_contrast, states, seen, done))
    return CauseEffect(cause, target, state, rows, backdoor(network, case, cause, target))


def seen_and_done(
    plan: Plan, case: Case, target: str, state: int, *, of: Collection[str] | None = None
) -> tuple[SeenAndDone, ...]:
    """Each finding of a known state beside the intervention that would bring that state about, all else the same.

    ``of`` are the findings to look at; None is all of them.

    >>> from model.evidence import observe
    >>> from model.network import Variable
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> [found] = seen_and_done(inference.compile(Network([rain, wet], tables)), observe(wet="yes"), "rain", 1)
    >>> round(found.contrast.observe, 4), round(found.contrast.intervene, 4), found.backdoor.reverse
    (0.6923, 0.2, True)

    The evidence must be possible.
    """
    [seen] = _chances(plan, [case], target, state)
    return tuple(
        SeenAndDone(
            name,
            _contrast(finding.state, seen, *_chances(plan, [_brought(case, name, finding.state)], target, state)),
            backdoor(plan.network, without(case, name), name, target),
        )
        for name, finding in case.findings.items()
        if isinstance(finding, Observed) and name != target and (of is None or name in of)
    )


def backdoor(network: Network, case: Case, cause: str, effect: str) -> Backdoor:
    """Why seeing a cause may say more of an effect than bringing it about, other statements being those of the case.

    A confounder has two directed ways, one to the cause and one to the effect, that share nothing else and
    that no known state blocks; with one way shared, what they part from is the confounder.

    >>> from model.network import Variable
    >>> two, even = ("no", "yes"), np.full((2, 2), 0.5)
    >>> fork = [Variable("c", two), Variable("x", two, ("c",)), Variable("y", two, ("c",))]
    >>> backdoor(Network(fork, {"c": even[0], "x": even, "y": even}), Case({}), "x", "y").confounders
    ('c',)
    """
    known = known_states(network, case) - {cause, effect}
    children = children_left(network, case.settings)
    ends = {cause, effect}
    parting = _parting(network, children, ends, known)
    below = _downstream(children, cause, frozenset())
    return Backdoor(
        confounders=tuple(n for n in network.names if parting.get(n) == _END and n not in ends),
        reverse=cause in _downstream(children, effect, known),
        downstream=tuple(name for name in case.findings if name in below),
    )


def _parting(
    network: Network, children: Mapping[str, Sequence[str]], ends: Set[str], known: Set[str]
) -> dict[str, str]:
    """By variable with an open directed way to an end: the nearest one that all its ways pass.

    That is its immediate post-dominator, the end of all being _END; where it is that, two ways share nothing.
    """
    after: dict[str, str] = {}
    depth = {_END: 0}
    for name in reversed(network.topological):
        ways = [child for child in children[name] if child in after] + [_END] * (name in ends)
        if name in known or not ways:
            continue
        after[name] = reduce(lambda a, b: _meeting(a, b, after, depth), ways)
        depth[name] = depth[after[name]] + 1
    return after


def _meeting(a: str, b: str, after: Mapping[str, str], depth: Mapping[str, int]) -> str:
    while a != b:
        if depth[a] >= depth[b]:
            a = after[a]
        else:
            b = after[b]
    return a


def _downstream(children: Mapping[str, Sequence[str]], start: str, known: Set[str]) -> set[str]:
    """What is reached along arcs, not through a known state."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = [child for child in children[waiting.pop()] if child not in known and child not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found


def _found(case: Case, name: str, state: str) -> Case:
    return Case({**case.findings, name: Observed(state)}, case.settings)


def _brought(case: Case, name: str, state: str) -> Case:
    return Case(without(case, name).findings, {**case.settings, name: SetTo(state)})


def _chances(plan: Plan, cases: Sequence[Case], target: str, state: int) -> list[float | None]:
    """The probability of the target's state in each case, None where its statements cannot hold together."""
    if assumptions(cases[0]) and len(cases) > 1:
        return [p for case in cases for p in _chances(plan, [case], target, state)]
    evidence, fitted = fit(plan, encode(plan.network, cases), cases)
    found = inference.posterior(plan, evidence, (target,))
    possible = (fitted & np.isfinite(found.log_evidence)).tolist()
    return [p if holds else None for p, holds in zip(found.of(target)[:, state].tolist(), possible, strict=True)]


def _contrast(state: str, seen: float | None, done: float | None) -> Contrast:
    gap = None if seen is None or done is None else settled(seen - done, max(seen, done))
    return Contrast(state, seen, done, gap)
