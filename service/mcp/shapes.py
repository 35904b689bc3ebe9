"""What tools say: answers in short, each with its revision and its permalink, numbers to six digits."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import schema_components

Number = float | None
LeftOut = Annotated[int, Meta(description="Rows that are not here; all of them stand at the permalink.")]
Permalink = Annotated[
    str | None, Meta(description="The whole answer, for ever: cite it. Null where the question is too long for one.")
]


class ModelSaid(Struct):
    """A model."""

    name: str
    title: str | None
    as_of: str | None
    horizon: str | None
    variables: int | None
    headline: Annotated[list[str], Meta(description="Targets it is mostly asked for.")]
    revision: Annotated[str | None, Meta(description="Null where it cannot be asked now.")]
    permalink: Permalink


class ModelsSaid(Struct):
    """The models that may be asked."""

    models: list[ModelSaid]
    left_out: LeftOut


class VariableSaid(Struct):
    """A variable, its states from low to high where they have an order."""

    name: str
    label: str
    role: str
    states: list[str]
    labels: Annotated[dict[str, str], Meta(description="States in words.")]


class VariablesSaid(Struct):
    """Variables of a model that fit what was looked for, the best first."""

    model: str
    revision: str
    as_of: str
    variables: list[VariableSaid]
    left_out: LeftOut
    permalink: Permalink


class StateSaid(Struct, omit_defaults=True):
    """A state: its probability with its interval, the shift from the default picture, and what was done changes."""

    state: str
    p: float
    lo: Number
    hi: Number
    shift: Number
    label: str | UnsetType = UNSET
    effect: Number | UnsetType = UNSET
    effect_lo: Number | UnsetType = UNSET
    effect_hi: Number | UnsetType = UNSET


class ForecastSaid(Struct):
    """A distribution under a what-if."""

    model: str
    revision: str
    as_of: str
    question: str
    target: str
    label: str
    p_evidence: float
    distribution: list[StateSaid]
    left_out: LeftOut
    permalink: Permalink


class ComparedSaid(Struct):
    """A state in one question or scenario, and its difference from the first, or from the default picture."""

    target: str
    state: str
    side: str
    p: Number
    lo: Number
    hi: Number
    difference: Number
    difference_lo: Number
    difference_hi: Number


class ComparisonSaid(Struct):
    """Questions or scenarios beside each other."""

    model: str
    revision: str
    as_of: str
    rows: list[ComparedSaid]
    left_out: LeftOut
    errors: Annotated[list[str], Meta(description="Sides that have no answer, and why.")]
    permalink: Permalink


class DoneSaid(Struct):
    """What one thing that is done changes."""

    statement: str
    effect: Number
    effect_lo: Number
    effect_hi: Number


class WeightSaid(Struct):
    """What a finding weighs, in decibels on the odds, and what the probability would be without it."""

    statement: str
    decibels: Number
    p_without: Number


class ExplanationSaid(Struct):
    """Why an event has its probability."""

    model: str
    revision: str
    as_of: str
    target: str
    state: str
    p: Number
    done: list[DoneSaid]
    weights: list[WeightSaid]
    conflict_bits: Annotated[Number, Meta(description="Above 0 where findings sit badly together.")]
    left_out: LeftOut
    permalink: Permalink


class SwingSaid(Struct):
    """A prior number, and the event's probability at the ends of the number's own 90 % range."""

    variable: str
    what: str
    value: float
    p_low: float
    p_high: float
    tips_at: Annotated[list[float], Meta(description="Where it takes the event past the threshold; none if never.")]


class SensitivitySaid(Struct):
    """Which prior numbers move an event most."""

    model: str
    revision: str
    as_of: str
    target: str
    state: str
    p: float
    swings: list[SwingSaid]
    left_out: LeftOut
    permalink: Permalink


class StepSaid(Struct):
    """A thing to find out: what it improves (expected drop of the Brier score), what it costs and how sure it is."""

    variable: str
    how: str
    value: float
    cost: float
    lead_days: float
    reliability: float


class PlanSaid(Struct):
    """What to find out next, in order."""

    model: str
    revision: str
    as_of: str
    target: str
    state: str | None
    score: Annotated[float, Meta(description="Expected Brier score now.")]
    steps: list[StepSaid]
    left_out: LeftOut
    permalink: Permalink


class ShiftSaid(Struct):
    """A state of a headline before and after."""

    headline: str
    scenario: str | None
    state: str
    before: Number
    after: Number
    shift: Number


class DiffSaid(Struct):
    """What the edits between two revisions do to the headlines; shifts the largest first."""

    model: str
    old: str
    revision: str
    edits: int
    largest: Number
    shifts: list[ShiftSaid]
    left_out: LeftOut
    permalink: Permalink


class WrongSaid(Struct):
    """A number of a text that its answers do not support, and the nearest that they do."""

    text: str
    line: int
    column: int
    around: str
    why: str
    nearest: str | None


class ProseSaid(Struct):
    """Which numbers of a text its answers do not support."""

    supported: bool
    numbers: int
    unsupported: list[WrongSaid]
    left_out: LeftOut
    permalinks: list[str]


def schema(shape: type[Struct]) -> dict[str, Any]:
    """The JSON Schema of an answer, an object at its root; the names of its parts are told by ``$defs`` alone."""
    _, definitions = schema_components([shape], ref_template="#/$defs/{name}")
    for each in definitions.values():
        each.pop("title", None)
    own = dict(definitions.pop(shape.__name__))
    return {**own, **({"$defs": definitions} if definitions else {})}
