"""What an answer makes of each variable: known, restricted, reported, assumed, controlled, implied, of no effect."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.evidence import Assumed, Finding, Observed, OneOf, Reported, RuledOut, likelihood
from model.forecast import Answer, Forecaster, Question, answer
from model.network import Network, Variable

CERTAIN = 1e-12
"""What the other states of a variable may have together where one state counts as certain: rounding."""


@dataclass(frozen=True, slots=True)
class Status:
    """How each variable spoken of entered an answer, and which others it settled.

    ``observed`` is by variable the state that is known, ``restricted`` the states that are left, in the order of
    the file; ``reported`` and ``assumed`` are variables with a likelihood and with a distribution to be held.
    ``controlled`` is by variable set with do() the parents whose arcs to it were cut. ``implied`` is by
    variable the state that became certain with no statement on it; ``no_effect`` are variables
    spoken of that matter to no target.
    """

    observed: Mapping[str, str]
    restricted: Mapping[str, tuple[str, ...]]
    reported: tuple[str, ...]
    assumed: tuple[str, ...]
    controlled: Mapping[str, tuple[str, ...]]
    implied: Mapping[str, str]
    no_effect: tuple[str, ...]


def status(forecaster: Forecaster, question: Question) -> Status:
    """How each variable enters the answer to a question. States implied are looked for among its targets.

    Raises what ``answer`` raises.
    """
    return status_of(forecaster.model.network, answer(forecaster, question))


def status_of(network: Network, found: Answer) -> Status:
    """The same from an answer already found, without asking the engine anything."""
    given = found.findings
    return Status(
        observed={name: f.state for name, f in given.items() if isinstance(f, Observed)},
        restricted={name: _left(network[name], f) for name, f in given.items() if isinstance(f, OneOf | RuledOut)},
        reported=tuple(name for name, f in given.items() if isinstance(f, Reported)),
        assumed=tuple(name for name, f in given.items() if isinstance(f, Assumed)),
        controlled={name: network[name].parents for name in found.settings},
        implied=_implied(found),
        no_effect=found.no_effect,
    )


def _left(variable: Variable, finding: Finding) -> tuple[str, ...]:
    allowed = likelihood(variable, finding)
    return tuple(state for state, weight in zip(variable.states, allowed, strict=True) if weight > 0)


def _implied(found: Answer) -> dict[str, str]:
    """Of the targets without a statement of their own, those with a state that is certain now and was not before."""
    basis, now = found.targets.basis, found.targets.p
    settled: dict[str, str] = {}
    for at in np.flatnonzero((now > 1.0 - CERTAIN) & (basis.baseline <= 1.0 - CERTAIN)).tolist():
        i = bisect_right(basis.places, at, key=lambda place: place.start) - 1
        variable = basis.targets[i]
        if variable.name not in found.findings and variable.name not in found.settings:
            settled[variable.name] = variable.states[at - basis.places[i].start]
    return settled
