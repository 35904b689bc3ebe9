"""Answers of operations in short: from their JSON to what tools say, numbers to six digits, rows so many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.mcp.shapes import (
    ComparedSaid,
    ComparisonSaid,
    DiffSaid,
    DoneSaid,
    ExplanationSaid,
    ForecastSaid,
    ModelSaid,
    ModelsSaid,
    PlanSaid,
    ProseSaid,
    SensitivitySaid,
    ShiftSaid,
    StateSaid,
    StepSaid,
    SwingSaid,
    WeightSaid,
    WrongSaid,
)

MOST_ROWS = 16
"""Rows of an answer; what is left out is counted, and stands at the permalink."""
LONGEST = 160
"""Characters of a text within an answer."""


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
