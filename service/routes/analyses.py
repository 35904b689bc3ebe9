"""Analyses of one event: what it rests on, what moves it, what explains it, what to find out, how to change it."""

from __future__ import annotations

from model.analyses.causal_effect import CauseEffect
from model.analyses.causal_effect import cause_effect as contrasted
from model.analyses.collection_plan import CollectionPlan, plan
from model.analyses.explanation import Explanation, explain
from model.analyses.goal_seeking import Goals, Policies
from model.analyses.goal_seeking import goals as sought
from model.analyses.goal_seeking import policies as ranked
from model.analyses.sensitivity import Sensitivity
from model.analyses.sensitivity import sensitivity as moved
from model.analyses.variance_attribution import Attribution
from model.analyses.variance_attribution import attribution as attributed
from model.errors import BadQuestion
from model.forecast import Forecaster
from model.report.brief import Brief
from model.report.brief import brief as briefed
from model.report.brief_text import markdown, text
from model.uncertainty.intervals import MASS
from service.analyses import rows
from service.analyses.analysis import (
    Event,
    WrittenPlaces,
    answer_shape,
    body,
    event_asked,
    forms,
    reply,
    state_of,
    text_form,
)
from service.http.operation import Reply, json_form, operation
from service.schemas import requests
from service.translate import questions

ERRORS = (404, 422, 503)


def _event(forecaster: Forecaster, asked: requests.AnalysisParameters) -> Event:
    return event_asked(forecaster.model, asked, asked.target, asked.state, "target")


@operation(
    "GET",
    "/v1/models/<model>/attribution",
    query=requests.AnalysisParameters,
    forms=forms(Attribution, rows.AttributionRow, rows.of_attribution),
    errors=ERRORS,
)
def attribution(forecaster: Forecaster, asked: requests.AnalysisParameters) -> Reply:
    """Say which prior statements and which sources carry the uncertainty of an event's probability."""
    event = _event(forecaster, asked)

    def found() -> Attribution:
        return attributed(forecaster, event.question, target=event.target, state=state_of(forecaster, event))

    return reply(forecaster, event, "attribution", found)


@operation(
    "GET",
    "/v1/models/<model>/sensitivity",
    query=requests.SensitivityParameters,
    forms=forms(Sensitivity, rows.SensitivityRow, rows.of_sensitivity),
    errors=ERRORS,
)
def sensitivity(forecaster: Forecaster, asked: requests.SensitivityParameters) -> Reply:
    """Say how far each prior number moves an event's probability over its own 90 % range, and where it would tip it."""
    event = _event(forecaster, asked)

    def found() -> Sensitivity:
        state = state_of(forecaster, event)
        return moved(forecaster, event.question, target=event.target, state=state, threshold=asked.threshold)

    return reply(forecaster, event, "sensitivity", found, also=(("threshold", asked.threshold),))


@operation(
    "GET",
    "/v1/models/<model>/explanation",
    query=requests.AnalysisParameters,
    forms=forms(Explanation, rows.ExplanationRow, rows.of_explanation),
    errors=ERRORS,
)
def explanation(forecaster: Forecaster, asked: requests.AnalysisParameters) -> Reply:
    """Say what each finding weighs, whether they sit badly together, and along which ways they reach the event."""
    event = _event(forecaster, asked)

    def found() -> Explanation:
        return explain(forecaster, event.question, target=event.target, state=state_of(forecaster, event))

    return reply(forecaster, event, "explanation", found)


@operation(
    "GET",
    "/v1/models/<model>/collection-plan",
    query=requests.PlanParameters,
    forms=forms(CollectionPlan, rows.PlanRow, rows.of_plan),
    errors=ERRORS,
)
def collection_plan(forecaster: Forecaster, asked: requests.PlanParameters) -> Reply:
    """Say what to find out next: the reports that improve the forecast most for what they cost, in order."""
    event = _event(forecaster, asked)
    steps, budget = asked.steps, asked.budget

    def found() -> CollectionPlan:
        return plan(forecaster, event.question, target=event.target, state=event.state, steps=steps, budget=budget)

    return reply(forecaster, event, "collection-plan", found, also=(("steps", steps), ("budget", budget)))


@operation(
    "GET",
    "/v1/models/<model>/goals",
    query=requests.GoalParameters,
    forms=forms(Goals, rows.GoalRow, rows.of_goals),
    errors=ERRORS,
)
def goals(forecaster: Forecaster, asked: requests.GoalParameters) -> Reply:
    """Find the fewest changes that bring an event's probability below or above a threshold."""
    event = _event(forecaster, asked)
    if (asked.below is None) == (asked.above is None):
        raise BadQuestion("a goal has one threshold: below or above", where=("below",))

    def found() -> Goals:
        return sought(
            forecaster,
            event.question,
            target=event.target,
            state=state_of(forecaster, event),
            below=asked.below,
            above=asked.above,
            using=asked.using,
            largest=asked.largest,
        )

    also = (("below", asked.below), ("above", asked.above), ("using", asked.using), ("largest", asked.largest))
    return reply(forecaster, event, "goals", found, also=also)


@operation(
    "GET",
    "/v1/models/<model>/policies",
    query=requests.PolicyParameters,
    forms=forms(Policies, rows.PolicyRow, rows.of_policies),
    errors=ERRORS,
)
def policies(forecaster: Forecaster, asked: requests.PolicyParameters) -> Reply:
    """Rank every setting of every lever, one at a time, by what it does to an event."""
    event = _event(forecaster, asked)
    mass = questions.interval_mass(asked.interval, named=True) or MASS

    def found() -> Policies:
        state = state_of(forecaster, event)
        return ranked(forecaster, event.question, target=event.target, state=state, mass=mass)

    return reply(forecaster, event, "policies", found, also=(("interval", None if mass == MASS else mass),))


@operation(
    "GET",
    "/v1/models/<model>/cause-effect",
    query=requests.CauseParameters,
    forms=forms(CauseEffect, rows.CauseEffectRow, rows.of_cause_effect),
    errors=ERRORS,
)
def cause_effect(forecaster: Forecaster, asked: requests.CauseParameters) -> Reply:
    """Set each state of a cause as it is seen beside the same state brought about, and name what makes the gap."""
    model = forecaster.model
    model.network.variable(asked.cause, where=("cause",))
    event = event_asked(model, asked, asked.effect, asked.state, "effect")

    def found() -> CauseEffect:
        state = state_of(forecaster, event)
        return contrasted(forecaster, event.question, cause=asked.cause, target=event.target, state=state)

    return reply(forecaster, event, "cause-effect", found, target="effect", also=(("cause", asked.cause),))


@operation(
    "GET",
    "/v1/models/<model>/brief",
    query=requests.AnalysisParameters,
    forms=(
        json_form(answer_shape(Brief, WrittenPlaces), write=body),
        text_form("md", "text/markdown", markdown),
        text_form("txt", "text/plain", text),
    ),
    errors=ERRORS,
)
def brief(forecaster: Forecaster, asked: requests.AnalysisParameters) -> Reply:
    """Write down what is to be said of an event: how likely it is, why, and what that rests on."""
    event = _event(forecaster, asked)

    def found() -> Brief:
        return briefed(forecaster, event.question, target=event.target, state=state_of(forecaster, event))

    return reply(forecaster, event, "brief", found, written=True)


OPERATIONS = (attribution, sensitivity, explanation, collection_plan, goals, policies, cause_effect, brief)
