"""The evidence verbs and do(): what a question says, turned into likelihoods and replaced tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
class SetTo:
    """An intervention: do(variable = state), by graph surgery."""

    state: str


@dataclass(frozen=True, slots=True)
class SetChances:
    """An intervention that replaces the variable's table by one distribution."""

    probabilities: Mapping[str, float]


Finding = Observed | OneOf | RuledOut | Reported | Assumed
Setting = SetTo | SetChances
