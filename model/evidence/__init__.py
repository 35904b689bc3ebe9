"""The evidence verbs and do(): what a question says, and the likelihood or distribution that each stands for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from model.errors import BadQuestion, EvidenceOnIntervened, NoScale, Place
from model.evidence.scale import Scale
from model.network import SUM_TOLERANCE, Network, Table, Variable


@dataclass(frozen=True, slots=True)
class Observed:
    """The variable is known to be in this state."""

    state: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The variable is known to be in one of these states."""

    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuledOut:
    """The variable is known not to be in any of these states."""

    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """A report with a likelihood under each state (virtual evidence, Pearl 1988); only ratios count."""

    likelihood: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Assumed:
    """A distribution held whatever else is known (Jeffrey's rule); states not named have none of it."""

    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Within:
    """The number that the variable's scale measures lies from ``low`` up to ``high``; None leaves a side open.

    Under do() it names the one state that this is. A question's own: read into states where the scale is known.
    """

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SetTo:
    """An intervention: do(variable = state), by graph surgery."""

    state: str


@dataclass(frozen=True, slots=True)
class SetChances:
    """An intervention that replaces the variable's table by one distribution."""

    probabilities: Mapping[str, float]


Finding = Observed | OneOf | RuledOut | Reported | Assumed
Setting = SetTo | SetChances

SaidFinding = Finding | Within
SaidSetting = Setting | Within
"""What a question may say, before its numbers are read on the variables' scales."""


@dataclass(frozen=True, slots=True)
class Case:
    """What one question says of a network: findings and settings, by variable."""

    findings: Mapping[str, Finding]
    settings: Mapping[str, Setting] = field(default_factory=dict)


def observe(**states: str) -> Case:
    """The case in which each variable named is known to be in a state.

    >>> observe(xray="yes").findings
    {'xray': Observed(state='yes')}
    """
    return Case({name: Observed(state) for name, state in states.items()})


def check_apart(case: Case) -> None:
    """Refuse a case that both sets and observes a variable. Raises EvidenceOnIntervened."""
    both = [name for name in case.findings if name in case.settings]
    if both:
        raise EvidenceOnIntervened(
            f"{both[0]} is set by do() and also given as evidence; a question says one or the other",
            where=("evidence", both[0]),
        )


def likelihood(variable: Variable, finding: Finding, *, where: Place | None = None) -> Table:
    """How likely the finding is under each state, shape (states,); for an assumption, the states it allows.

    A report is scaled to a largest likelihood of 1: only its ratios count, and P(evidence) stays a probability.

    >>> likelihood(Variable("xray", ("yes", "no")), Reported({"yes": 4.0, "no": 1.0}))
    array([1.  , 0.25])
    """
    where = where or ("evidence", variable.name)
    match finding:
        case Observed(state):
            weights = {state: 1.0}
        case OneOf(states):
            weights = dict.fromkeys(states, 1.0)
        case RuledOut(states):
            _known(variable, states, where)
            weights = {state: 1.0 for state in variable.states if state not in states}
        case Reported(reported):
            vector = weight_vector(variable, reported, where)
            return np.asarray(vector / vector.max(), dtype=np.float64)
        case Assumed(probabilities):
            weights = {state: float(p > 0) for state, p in _shares(variable, probabilities, where).items()}
    return weight_vector(variable, weights, where)


def distribution(variable: Variable, setting: Setting) -> Table:
    """The distribution that an intervention gives the variable, shape (states,).

    >>> distribution(Variable("sprinkler", ("on", "off")), SetTo("on"))
    array([1., 0.])
    """
    where: Place = ("do", variable.name)
    if isinstance(setting, SetTo):
        return weight_vector(variable, {setting.state: 1.0}, where)
    return weight_vector(variable, _shares(variable, setting.probabilities, where), where)


def assumptions(case: Case) -> tuple[str, ...]:
    """Variables with a distribution to be held, which has no probability of its own and has to be fitted."""
    return tuple(name for name, finding in case.findings.items() if isinstance(finding, Assumed))


def counted(case: Case) -> Case:
    """The case without assumptions: findings that have a probability."""
    return Case({n: f for n, f in case.findings.items() if not isinstance(f, Assumed)}, case.settings)


def known_states(network: Network, case: Case) -> frozenset[str]:
    """Variables in one known state, by finding or by setting: no influence passes through them."""
    left = {n: likelihood(network[n], finding) for n, finding in case.findings.items()}
    left |= {n: distribution(network[n], setting) for n, setting in case.settings.items()}
    return frozenset(name for name, weights in left.items() if np.count_nonzero(weights) == 1)


def in_words(name: str, finding: Finding | Setting) -> str:
    """A finding or setting as people read it.

    >>> in_words("xray", RuledOut(("yes",)))
    'xray not in (yes)'
    """
    match finding:
        case Observed(state):
            return f"{name}={state}"
        case SetTo(state):
            return f"do({name}={state})"
        case OneOf(states):
            return f"{name} in ({', '.join(states)})"
        case RuledOut(states):
            return f"{name} not in ({', '.join(states)})"
        case Reported(weights):
            return f"{name} reported ({_pairs(weights)})"
        case Assumed(weights):
            return f"{name} assumed ({_pairs(weights)})"
        case SetChances(weights):
            return f"do({name} chances ({_pairs(weights)}))"


def labelled(label: str, said: Finding | Setting, state_label: Callable[[str], str]) -> str:
    """A finding or a setting in running text, after the label of its variable and by the labels of its states.

    >>> labelled("Smoker", RuledOut(("yes",)), spoken)
    'Smoker: not yes'
    """
    match said:
        case Observed(state) | SetTo(state):
            words = state_label(state)
        case OneOf(states):
            words = " or ".join(map(state_label, states))
        case RuledOut(states):
            words = f"not {' or '.join(map(state_label, states))}"
        case Reported(numbers):
            words = f"a report, its likelihood {_labelled_pairs(numbers, state_label)}"
        case Assumed(numbers):
            words = f"assumed chances, {_labelled_pairs(numbers, state_label)}"
        case _:
            words = f"chances, {_labelled_pairs(said.probabilities, state_label)}"
    return f"{label}: {words}"


def unnamed(variable: Variable, finding: SaidFinding) -> tuple[str, ...]:
    """The states that a report does not name, and so rules out: it has no likelihood under them.

    >>> unnamed(Variable("season", ("dry", "mild", "wet")), Reported({"dry": 4.0, "mild": 1.0}))
    ('wet',)
    """
    if not isinstance(finding, Reported):
        return ()
    return tuple(state for state in variable.states if state not in finding.likelihood)


def spoken(state: str) -> str:
    """The name of a state as text has it where it has no label.

    >>> spoken("killed_or_captured")
    'killed or captured'
    """
    return state.replace("_", " ")


def within_states(variable: Variable, said: Within, scale: Scale | None, *, where: Place) -> Finding:
    """The states that a number on a variable's scale names: one of them observed, or one of several.

    >>> fighters = Scale("fighters", (0.0, 1000.0, 5000.0, math.inf), "by estimate")
    >>> stock = Variable("stock", ("few", "some", "many"))
    >>> within_states(stock, Within(low=1000.0), fighters, where=())
    OneOf(states=('some', 'many'))

    Raises NoScale, NotACutPoint, and BadQuestion where it names every state or none.
    """
    if scale is None:
        raise NoScale(variable.name, variable.states, where=where)
    chosen = scale.within(said.low, said.high, where=where)
    if len(chosen) == len(variable.states):
        raise BadQuestion(f"names every state of {variable.name}, so it says nothing", where=where)
    states = tuple(variable.states[i] for i in chosen)
    return OneOf(states) if len(states) > 1 else Observed(states[0])


def set_within(variable: Variable, said: Within, scale: Scale | None, *, where: Place) -> SetTo:
    """The state that a number sets under do(). Raises as ``within_states`` does, and BadQuestion for several states."""
    found = within_states(variable, said, scale, where=where)
    if isinstance(found, Observed):
        return SetTo(found.state)
    named = ", ".join(found.states) if isinstance(found, OneOf) else variable.name
    raise BadQuestion(
        f"do() sets one state, and this names several: {named}; name one, or say with chances(...) how likely each is",
        where=where,
    )


def _pairs(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{state}={weight:g}" for state, weight in weights.items())


def _labelled_pairs(numbers: Mapping[str, float], state_label: Callable[[str], str]) -> str:
    return ", ".join(f"{state_label(state)} {number:g}" for state, number in numbers.items())


def _known(variable: Variable, states: Iterable[str], where: Place) -> None:
    for state in states:
        if state not in variable.index:
            variable.state(state, where=where)


def weight_vector(variable: Variable, weights: Mapping[str, float], where: Place) -> Table:
    """One weight a state, shape (states,); states not named have none. Raises BadQuestion, UnknownState."""
    vector = np.zeros(len(variable.states))
    for state, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise BadQuestion(
                f"the likelihood of {state!r} is {weight!r}; it must be finite and not negative", where=where
            )
        place = variable.index.get(state)
        vector[variable.state(state, where=where) if place is None else place] = weight
    if not vector.any():
        raise BadQuestion(f"leaves {variable.name} no state at all", where=where)
    return vector


def _shares(variable: Variable, probabilities: Mapping[str, float], where: Place) -> dict[str, float]:
    _known(variable, probabilities, where)
    total = math.fsum(probabilities.values())
    if not (math.isfinite(total) and abs(total - 1.0) <= SUM_TOLERANCE) or min(probabilities.values()) < 0:
        raise BadQuestion(f"the probabilities sum to {total:g}, not to 1, or one is negative", where=where)
    return dict(probabilities)
