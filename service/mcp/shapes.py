"""What tools say: answers in short, each with its revision and its permalink, numbers to six digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import schema_components

MOST_ROWS = 16
"""Rows of an answer; what is left out is counted, and stands at the permalink."""
LONGEST = 160
"""Characters of a text within an answer."""

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
    """The JSON Schema of an answer, an object at its root."""
    _, definitions = schema_components([shape], ref_template="#/$defs/{name}")
    own = dict(definitions.pop(shape.__name__))
    return {**own, **({"$defs": definitions} if definitions else {})}


def figure(value: Any) -> Any:
    """A number to six digits; anything else as it is.

    >>> figure(0.4887114013196), figure(None), figure(12)
    (0.488711, None, 12)
    """
    return float(f"{value:.6g}") if isinstance(value, float) else value


def brief(text: str) -> str:
    """A text of a length that fits into an answer.

    >>> len(brief("a" * 1_000)) == LONGEST
    True
    """
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def first(rows: Sequence[Any], most: int = MOST_ROWS) -> tuple[list[Any], int]:
    """The first rows, and how many are left out."""
    return list(rows[:most]), max(0, len(rows) - most)


def _of(body: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: figure(body.get(key)) for key in keys}


def forecast(body: Mapping[str, Any]) -> ForecastSaid:
    """A forecast, or the answer of one target, from its JSON."""
    target = body["targets"][0] if "targets" in body else body
    rows, left = first(target["distribution"])
    states = [
        StateSaid(
            **{key: figure(row[key]) for key in ("state", "p", "lo", "hi", "shift")},
            **{key: figure(row[key]) for key in ("label", "effect", "effect_lo", "effect_hi") if key in row},
        )
        for row in rows
    ]
    return ForecastSaid(
        **_of(body, "model", "revision", "as_of", "p_evidence", "permalink"),
        question=body["sentence"][:600],
        target=target["target"],
        label=target["label"],
        distribution=states,
        left_out=left,
    )


def comparison(body: Mapping[str, Any]) -> ComparisonSaid:
    """A comparison from its JSON."""
    key = "sides" if "sides" in body else "scenarios"
    name = key.removesuffix("s")
    every = [
        ComparedSaid(
            target["target"],
            row["state"],
            brief(cell[name]),
            **_of(cell, "p", "lo", "hi", "difference", "difference_lo", "difference_hi"),
        )
        for target in body["targets"]
        for row in target["states"]
        for cell in row.get(key, ())
    ]
    rows, left = first(every)
    errors = [brief(f"{each[name]}: {each['error']['detail']}") for each in body[key] if each["error"]][:5]
    return ComparisonSaid(
        **_of(body, "model", "revision", "as_of", "permalink"), rows=rows, left_out=left, errors=errors
    )


def explanation(body: Mapping[str, Any]) -> ExplanationSaid:
    """An explanation from its JSON."""
    balance = body["balance"]
    done = [each for part in ("done", "done_by_scenario") if body[part] for each in body[part]["each"]]
    weights, left = first(balance["weights"], MOST_ROWS // 2)
    rows, more = first(done, MOST_ROWS // 2)
    return ExplanationSaid(
        **_of(body, "model", "revision", "as_of", "target", "state", "permalink"),
        p=figure(balance["p"]),
        done=[
            DoneSaid(brief(each["statement"]), *(figure(each[key]) for key in ("effect", "effect_low", "effect_high")))
            for each in rows
        ],
        weights=[
            WeightSaid(brief(each["statement"]), figure(each["db"]), figure(each["p_without"])) for each in weights
        ],
        conflict_bits=figure(body["conflict"]["bits"]),
        left_out=left + more,
    )


def sensitivity(body: Mapping[str, Any]) -> SensitivitySaid:
    """A sensitivity from its JSON."""
    rows, left = first(body["rows"], MOST_ROWS // 2)
    swings = [
        SwingSaid(
            **_of(row, "variable", "value", "p_low", "p_high"),
            what=brief(row["what"]),
            tips_at=[figure(value) for value in (row["threshold"] or {"values": ()})["values"][:4]],
        )
        for row in rows
    ]
    about = _of(body, "model", "revision", "as_of", "target", "state", "p", "permalink")
    return SensitivitySaid(**about, swings=swings, left_out=left)


def plan(body: Mapping[str, Any]) -> PlanSaid:
    """A collection plan from its JSON."""
    rows, left = first(body["steps"])
    steps = [
        StepSaid(**_of(row, "variable", "value", "cost", "lead_days", "reliability"), how=brief(row["how"]))
        for row in rows
    ]
    about = _of(body, "model", "revision", "as_of", "target", "state", "score", "permalink")
    return PlanSaid(**about, steps=steps, left_out=left)


def diff(body: Mapping[str, Any], permalink: str) -> DiffSaid:
    """A diff of two revisions from its JSON."""
    every = [
        ShiftSaid(
            each["headline"],
            each["scenario"],
            row["state"],
            *(figure(row[key]) for key in ("before", "after", "shift")),
        )
        for each in body["shifts"]
        for row in each["states"]
    ]
    rows, left = first(sorted(every, key=lambda row: -abs(row.shift or 0.0)))
    return DiffSaid(
        model=body["model"],
        old=body["old"],
        revision=body["new"],
        edits=len(body["edits"]),
        largest=figure(body["largest"]),
        shifts=rows,
        left_out=left,
        permalink=permalink,
    )


def prose(body: Mapping[str, Any]) -> ProseSaid:
    """Prose held against its answers, from its JSON."""
    rows, left = first(body["unsupported"], MOST_ROWS // 2)
    wrong = [
        WrongSaid(
            **{key: row[key] for key in ("text", "line", "column", "why")},
            around=brief(row["around"]),
            nearest=row["nearest"] and brief(_nearest(row["nearest"])),
        )
        for row in rows
    ]
    return ProseSaid(body["supported"], body["numbers"], wrong, left, body["permalinks"][:5])


def _nearest(found: Mapping[str, Any]) -> str:
    about = " ".join(filter(None, (found["target"], found["state"], found["side"])))
    return f"{found['said']} ({found['name']} of {about or 'the answer'})"


def models(states: Iterable[Mapping[str, Any]]) -> ModelsSaid:
    """The models from their JSON."""
    rows, left = first(list(states), MOST_ROWS // 2)
    return ModelsSaid(
        [
            ModelSaid(
                **{key: each[key] for key in ("name", "as_of", "horizon", "variables", "revision")},
                title=each["title"] and brief(each["title"]),
                headline=each["headline"][:8],
                permalink=each["link"] and f"{each['link']}?revision={each['revision']}",
            )
            for each in rows
        ],
        left,
    )
