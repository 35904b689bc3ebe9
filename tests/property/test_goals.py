"""Goal seeking against asking every set of changes one by one."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model.analyses.goal_seeking import goals, policies
from model.errors import ImpossibleEvidence
from model.evidence import Observed, SetTo
from model.forecast import answer, prepare
from model.question import Question
from model.specification import Scenario
from tests.networks import cases, enumerated, networks
from tests.textbook import model_of

FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
ROLES = st.sampled_from(["lever", "condition", "state"])


@st.composite
def posed(draw):
    """A model with some levers and conditions, a question of which its default scenario says a part, and an event."""
    network = draw(networks(variables=5))
    case = draw(cases(network))
    assume(enumerated(network, case).sum() > 0)
    model = model_of(network)
    described = {name: replace(told, role=draw(ROLES)) for name, told in model.described.items()}
    target = draw(st.sampled_from(network.names))
    of_scenario = draw(st.sets(st.sampled_from(network.names)))
    findings, settings = (
        {n: said for n, said in each.items() if n in of_scenario} for each in (case.findings, case.settings)
    )
    scenarios = {"now": Scenario("now", "now", None, findings, settings)}
    forecaster = prepare(replace(model, described=described, scenarios=scenarios, default_scenario="now"))
    findings, settings = (
        {n: said for n, said in each.items() if n not in of_scenario} for each in (case.findings, case.settings)
    )
    return forecaster, Question((), findings, settings), target, draw(st.sampled_from(network[target].states))


def p(forecaster, question, target, state):
    found = answer(forecaster, replace(question, targets=(target,))).targets[0]
    return next(row.p for row in found.distribution if row.state == state)


def changed(question, changes):
    findings = {c.variable: Observed(c.state) for c in changes if c.verb == "observe"}
    done = {c.variable: SetTo(c.state) for c in changes if c.verb == "do"}
    return replace(question, findings={**question.findings, **findings}, settings={**question.settings, **done})


def every_change(forecaster, question, target, using):
    """(variable, state, verb) of all that may be changed, found without the code under test."""
    verbs = {"levers": {"lever": "do"}, "findings": {"condition": "observe"}}
    verbs["both"] = verbs["levers"] | verbs["findings"]
    scenario = forecaster.model.scenarios["now"]
    spoken = {*question.findings, *question.settings, target}
    barred = {"do": spoken, "observe": spoken | {*scenario.findings, *scenario.settings}}
    found = [(v, verbs[using].get(forecaster.model.described[v.name].role)) for v in forecaster.model.network.variables]
    return [(v.name, state, verb) for v, verb in found if verb and v.name not in barred[verb] for state in v.states]


def smallest(forecaster, question, target, state, using, threshold):
    """Minimal sets of up to three changes that bring the event under the threshold, by asking all of them."""
    found = []
    every = every_change(forecaster, question, target, using)
    for size in (1, 2, 3):
        for some in combinations(every, size):
            if len({name for name, _, _ in some}) < size or any(set(less) <= set(some) for less in found):
                continue
            findings = {n: Observed(s) for n, s, verb in some if verb == "observe"}
            done = {n: SetTo(s) for n, s, verb in some if verb == "do"}
            asked = replace(
                question, findings={**question.findings, **findings}, settings={**question.settings, **done}
            )
            try:
                reached = p(forecaster, asked, target, state) < threshold - 1e-12
            except ImpossibleEvidence:
                continue
            if reached:
                found.append(some)
    return found


@FEW
@given(posed(), st.sampled_from(["levers", "findings", "both"]), st.sampled_from([0.1, 0.33, 0.5]))
def test_the_sets_found_are_all_the_smallest_that_reach_the_goal(problem, using, threshold):
    forecaster, question, target, state = problem
    found = goals(forecaster, question, target=target, state=state, below=threshold, using=using)
    assert found.p == pytest.approx(p(forecaster, question, target, state), abs=1e-12)
    if found.met:
        assert found.sets == ()
        return
    expected = smallest(forecaster, question, target, state, using, threshold)
    assert not found.cut
    assert found.found == len(expected)
    sets = {frozenset((c.variable, c.state, c.verb) for c in row.changes) for row in found.sets}
    assert sets <= set(map(frozenset, expected))
    assert len(sets) == min(len(expected), 20)


@FEW
@given(posed(), st.sampled_from([0.5, 0.67, 0.9]))
def test_every_set_reaches_the_goal_when_asked_again_and_holds_no_other(problem, threshold):
    forecaster, question, target, state = problem
    found = goals(forecaster, question, target=target, state=state, above=threshold, using="both")
    for row in found.sets:
        again = answer(forecaster, replace(changed(question, row.changes), targets=(target,)))
        assert p(forecaster, again.question, target, state) == row.p > threshold
        assert (row.margin, row.p_evidence) == (row.p - threshold, again.p_evidence)
    for one, other in combinations([set(row.changes) for row in found.sets], 2):
        assert not one <= other
        assert not other <= one
    order = [(len(row.changes), -row.margin) for row in found.sets]
    assert order == sorted(order)


@FEW
@given(posed())
def test_a_policy_is_the_answer_with_that_lever_set(problem):
    forecaster, question, target, state = problem
    found = policies(forecaster, question, target=target, state=state)
    every = every_change(forecaster, question, target, "levers")
    rows = {(row.variable, row.state): row for row in found.rows}
    refused = {(change.variable, change.state) for change in found.impossible}
    assert set(rows) | refused == {(name, value) for name, value, _ in every}
    for (name, value), row in rows.items():
        asked = replace(question, settings={**question.settings, name: SetTo(value)})
        assert row.p == pytest.approx(p(forecaster, asked, target, state), abs=1e-12)
        # No number of these models is uncertain: an interval is a point.
        assert row.shift == pytest.approx(row.p - found.p, abs=1e-12)
        assert (row.low, row.high) == pytest.approx((row.p, row.p), abs=1e-12)
        assert (row.shift_low, row.shift_high) == pytest.approx((row.shift, row.shift), abs=1e-12)
    assert [row.p for row in found.rows] == pytest.approx(sorted(row.p for row in found.rows), abs=1e-10)
