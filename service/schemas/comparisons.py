"""The shapes of comparisons: scenarios against the default picture, or questions against the first of them."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from typing_extensions import TypedDict

from service.http.address import Links
from service.http.problems import Problem
from service.schemas.answers import (
    Cited,
    Finding,
    Header,
    Interval,
    Outside,
    SeenAfter,
    Setting,
    StateBounds,
    StateLabel,
)


class ScenarioColumn(Struct):
    """One scenario of a comparison; an impossible one has its error and no numbers."""

    scenario: str
    label: str
    given: dict[str, Finding] | None
    do: dict[str, Setting] | None
    replaced: list[str] | None
    p_evidence: float | None
    log10_p_evidence: float | None
    interval: Interval | None
    error: Problem | None


class SideColumn(Struct):
    """One question of a comparison, scenario and cohort laid in; an impossible one has its error and no numbers."""

    side: str
    given: dict[str, Finding] | None
    do: dict[str, Setting] | None
    replaced: list[str] | None
    after_do: Annotated[
        list[SeenAfter] | None, Meta(description="Findings that a do can influence: read as seen after it.")
    ]
    p_evidence: float | None
    log10_p_evidence: float | None
    interval: Interval | None
    error: Problem | None


class ScenarioCell(Struct):
    """A state's probability under a scenario, and the difference from the baseline, each with its interval."""

    scenario: str
    p: float | None
    lo: float | None
    hi: float | None
    difference: float | None
    difference_lo: Annotated[float | None, Meta(description="Under the same draws as the baseline.")]
    difference_hi: float | None


class SideCell(Struct):
    """A state's probability in a question, and the difference from the first question, each with its interval."""

    side: str
    p: float | None
    lo: float | None
    hi: float | None
    difference: float | None
    difference_lo: Annotated[float | None, Meta(description="Under the same draws as the first question.")]
    difference_hi: float | None


class ComparedState(Struct):
    """One state in every column of the comparison; ``baseline`` is what differences are taken from."""

    state: str
    baseline: float | None
    scenarios: list[ScenarioCell] | UnsetType = UNSET
    sides: list[SideCell] | UnsetType = UNSET
    label: StateLabel = UNSET
    bounds: StateBounds = UNSET


class ComparedTarget(Struct):
    """One target in every column of the comparison."""

    target: str
    label: str
    states: list[ComparedState]


class AskedSide(Struct):
    """A question of a comparison as asked, with what all of them say."""

    side: str
    given: dict[str, Finding]
    do: dict[str, Setting]
    scenario: str | None
    cohort: str | None


class ComparisonAsked(Struct):
    """The comparison as asked; of sides, each says what all of them do too."""

    targets: list[str]
    scenarios: list[str]
    given: dict[str, Finding]
    do: dict[str, Setting]
    cohort: str | None
    interval: float | None
    events: list[str]
    sides: list[AskedSide] | UnsetType = UNSET


class ComparisonBaseline(Struct):
    """What differences are taken from: the same evidence under the default picture, or the first question."""

    given: dict[str, Finding]
    do: dict[str, Setting]
    p_evidence: float
    log10_p_evidence: float


class ComparisonAnswer(Header):
    """Scenarios or sides x targets with the baseline and the differences from it."""

    asked: ComparisonAsked
    baseline: Annotated[
        ComparisonBaseline | None, Meta(description="Null where the first question cannot be, and so no difference.")
    ]
    targets: list[ComparedTarget]
    sources: list[Cited]
    permalink: str | None
    links: Links
    scenarios: Annotated[list[ScenarioColumn] | UnsetType, Meta(description="Where scenarios are compared.")] = UNSET
    sides: Annotated[list[SideColumn] | UnsetType, Meta(description="Where questions are compared.")] = UNSET


class ComparisonRow(TypedDict):
    """A row of a comparison as CSV: a state of a target under a scenario, or in a question."""

    scenario: str | None
    side: str | None
    target: str
    state: str
    p: float | None
    lo: float | None
    hi: float | None
    difference: float | None
    difference_lo: float | None
    difference_hi: float | None
    baseline: float | None
    p_evidence: float | None
    error: str | None
    label: str | None
    at_least: float | None
    below: float | None
    outside: Outside
    difference_outside: Outside
