"""Answers of analyses as rows of probabilities, each with what holds beside the question, as forecasts have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.prose.situations import SCENARIO

BESIDE = "(beside)"
"""Key of a row: the variables that hold there beside the question, each with its state."""
LIFTED = "(lifted)"
"""Key of a row: a finding of the question that does not hold there."""
_ENDS = {"low": "lo", "high": "hi", "shift_low": "shift_lo", "shift_high": "shift_hi"}

Body = Mapping[str, Any]


def as_rows(body: Body) -> Body:
    """The body of an answer, with the rows of levers, causes, reports and weights as rows of its target.

    >>> as_rows({"target": "lung", "state": "yes", "p": 0.1, "rows": [{"variable": "smoke", "state": "no", "p": 0.01}]})
    {'target': 'lung', 'state': 'yes', 'p': 0.1, 'rows': [{'state': 'yes', 'p': 0.01, '(beside)': {'smoke': 'no'}}]}
    """
    if "old" in body and "new" in body:
        return _between(body)
    if "effect_state" in body:
        return _of_causes(body)
    if "score" in body and "steps" in body:
        return {**body, "steps": [_of_step(each, body["target"]) for each in body["steps"]]}
    if isinstance(body.get("balance"), dict):
        weights = [{**each, LIFTED: each["finding"]} for each in body["balance"].get("weights", ())]
        return {**body, "balance": {**body["balance"], "weights": weights}}
    rows = body.get("rows")
    if "p" in body and isinstance(rows, list) and rows and {"variable", "state", "p"} <= rows[0].keys():
        return {**body, "rows": [_of_lever(each, body["state"]) for each in rows]}
    return body


def _between(body: Body) -> Body:
    """What moved between two revisions: the newer probability, the older as what was before, and the shift."""
    shifts = [*body.get("shifts", ()), *(step["shift"] for step in body.get("steps", ()) if step.get("shift"))]
    moved = [
        {
            "target": shift["target"],
            "label": shift["label"],
            "states": [_of_shift(each, shift.get("scenario")) for each in shift["states"]],
        }
        for shift in shifts
    ]
    return {
        "target": body.get("target"),
        "states": [_of_shift(each, None) for each in body.get("states", ())],
        "moved": moved,
    }


def _of_shift(row: Body, scenario: str | None) -> Body:
    """A row of a shift, whose interval is that of the shift."""
    named = {"before": "baseline", "after": "p", "low": "shift_lo", "high": "shift_hi"}
    kept = {"state", "shift", *named}
    beside = {BESIDE: {SCENARIO: scenario}} if scenario else {}
    return {named.get(key, key): value for key, value in row.items() if key in kept} | beside


def _of_lever(row: Body, state: str) -> Body:
    kept = {_ENDS.get(key, key): value for key, value in row.items() if key not in ("variable", "state")}
    return {"state": state, **kept, BESIDE: {row["variable"]: row["state"]}}


def _of_causes(body: Body) -> Body:
    rows = [
        {"state": body["effect_state"], "p": row[name], "gap": row["gap"], BESIDE: {body["cause"]: row["state"]}}
        for row in body["rows"]
        for name in ("observe", "intervene")
        if row[name] is not None
    ]
    return {**{key: value for key, value in body.items() if key != "rows"}, "target": body["effect"], "rows": rows}


def _of_step(step: Body, target: str) -> Body:
    """What a report may say, how probable that is, and the target then."""
    reports = [{"state": each["report"], "p": each["chance"]} for each in step["reports"]]
    then = [
        {"target": target, "state": state, "p": p, BESIDE: {step["variable"]: each["report"]}}
        for each in step["reports"]
        for state, p in each["p"].items()
    ]
    return {**step, "reports": reports, "then": then}
