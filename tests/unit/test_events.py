"""Events: read in canonical order, laid over a model, and as likely as counting says."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import events
from model.errors import BadQuestion, UnknownState, UnknownVariable
from model.events import AtLeast, Condition, event, with_events
from model.evidence import Case
from model.priors import load
from tests.networks import enumerated, networks
from tests.prior_copies import ASIA
from tests.textbook import model_of

MODEL = load(ASIA)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("lung:yes", "lung:yes"),
        ("lung:in(no,yes)", "lung:in(yes,no)"),
        ("lung:not(no)", "lung:yes"),
        ("any(tub:yes, lung:yes)", "any(tub:yes,lung:yes)"),
        ("any(lung:yes,tub:yes,lung:yes)", "any(tub:yes,lung:yes)"),
        ("all(lung:yes)", "lung:yes"),
        ("at_least(1,lung:yes,tub:yes)", "any(tub:yes,lung:yes)"),
        ("at_least(2,lung:yes,tub:yes)", "all(tub:yes,lung:yes)"),
        ("at_least( 2 , lung:yes,tub:yes,bronc:yes)", "at_least(2,tub:yes,lung:yes,bronc:yes)"),
        ("any(bronc:yes,all(lung:yes,tub:yes))", "any(all(tub:yes,lung:yes),bronc:yes)"),
    ],
)
def test_two_ways_of_writing_an_event_are_one_event(text, canonical):
    found = event(MODEL, text)
    assert str(found) == canonical
    assert event(MODEL, canonical) == found


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("lungs:yes", UnknownVariable, r"event: no variable 'lungs'.*Did you mean 'lung'\?"),
        ("any(lung:yess)", UnknownState, "Did you mean 'yes'"),
        ("lung", BadQuestion, "expected name:state"),
        ("any()", BadQuestion, "expected name:state"),
        ("any(lung:yes", BadQuestion, "a parenthesis that is not closed"),
        ("lung:like(yes=4,no=1)", BadQuestion, "an event is a set of states"),
        ("at_least(3,lung:yes,tub:yes)", BadQuestion, "3 of 2 events"),
        ("at_least(0,lung:yes,tub:yes)", BadQuestion, "0 of 2 events"),
        ("at_least(lung:yes,tub:yes)", BadQuestion, "a number first, found 'lung:yes'"),
        ("any(any(any(any(any(any(lung:yes))))))", BadQuestion, "more than 5 deep"),
        ("lung:over(3)", BadQuestion, "lung has no measured scale"),
        (
            f"any({','.join(['lung:yes', 'tub:yes'] * 60)},at_least(2,{','.join(['xray:yes'] * 120)}))",
            BadQuestion,
            "at most 100",
        ),
    ],
)
def test_what_is_no_event_says_what_would_have_been_right(text, error, message):
    with pytest.raises(error, match=message):
        event(MODEL, text)


def test_the_revision_and_every_table_stay_as_they_are():
    laid = with_events(MODEL, [event(MODEL, "any(lung:yes,tub:yes)")])
    assert laid.revision == MODEL.revision
    assert set(laid.network.names) - set(MODEL.network.names) == {"any(tub:yes,lung:yes)"}
    assert all(np.array_equal(laid.network.tables[name], MODEL.network.tables[name]) for name in MODEL.network.names)
    told = laid.described["any(tub:yes,lung:yes)"]
    assert told.label == "any of (Tuberculosis: yes; Lung cancer: yes)"


@st.composite
def asked(draw):
    """A small network, and an event of it."""
    network = draw(networks(variables=6))

    def condition():
        variable = draw(st.sampled_from(network.variables))
        states = draw(st.sets(st.sampled_from(variable.states), min_size=1))
        return Condition(variable.name, tuple(state for state in variable.states if state in states))

    parts = [condition() for _ in range(draw(st.integers(1, 7)))]
    if draw(st.booleans()) and len(parts) > 2:
        inner = events.combined(model_of(network), parts[:2], count=1)
        parts = [inner, *parts[2:]]
    count = draw(st.none() | st.integers(1, len(parts)))
    try:
        return network, events.combined(model_of(network), parts, count=count)
    except BadQuestion:
        return network, parts[0]


def happens(found, states):
    if isinstance(found, Condition):
        return states[found.variable] in found.states
    return sum(happens(part, states) for part in found.of) >= found.count


@given(asked(), st.sampled_from([2, 64]))
def test_an_event_is_as_likely_as_counting_the_joint_says(drawn, direct):
    network, found = drawn
    joint = enumerated(network, Case({}))
    expected = sum(
        float(joint[at])
        for at in product(*(range(len(v.states)) for v in network.variables))
        if happens(found, {v.name: v.states[k] for v, k in zip(network.variables, at, strict=True)})
    )
    before, events.DIRECT = events.DIRECT, direct
    try:
        laid = with_events(model_of(network), [found]).network
    finally:
        events.DIRECT = before
    whole = enumerated(laid, Case({}))
    axis = laid.position[str(found)]
    assert np.moveaxis(whole, axis, 0)[1].sum() == pytest.approx(expected, abs=1e-12)
    assert whole.sum() == pytest.approx(1.0)


def test_an_event_of_individuals_alone_is_of_an_individual():
    flagship = load(ASIA.parent / "mosul-2017")
    single = event(flagship, "any(pathway:returnee,inner_circle:yes)")
    mixed = event(flagship, "any(pathway:returnee,return_flow:surge)")
    laid = with_events(flagship, [single, mixed])
    assert [laid.described[str(each)].level for each in (single, mixed)] == ["individual", "group"]
    assert isinstance(mixed, AtLeast)
