"""What targets depend on, all at once and one by one, and what could still tell something of them."""

from itertools import compress

from hypothesis import given
from hypothesis import strategies as st

from model import inference
from model.d_separation import connected, requisite_each
from model.inference import variable_elimination
from model.inference.arrays import encode
from tests.bayes_ball import requisite
from tests.networks import cases, networks


@st.composite
def spoken_of(draw):
    """A network, and the variables that are observed, reported, intervened on, and of those set to one state."""
    network = draw(networks(variables=8))
    observed, reported, cut = (set(), set(), set())
    for name in network.names:
        draw(st.sampled_from([set(), observed, reported, cut])).add(name)
    fixed = {name for name in sorted(cut) if draw(st.booleans())}
    return network, {"observed": observed, "reported": reported, "cut": cut, "fixed": fixed}


@given(spoken_of(), st.data())
def test_all_targets_at_once_are_a_search_from_each(drawn, data):
    network, evidence = drawn
    names = st.sampled_from(network.names)
    targets = data.draw(st.lists(names, min_size=1, max_size=10))
    together = requisite_each(network, targets, **evidence)
    for target, tables, used in zip(targets, together.tables, together.evidence, strict=True):
        alone = requisite(network, [target], **evidence)
        assert set(compress(network.names, tables)) == alone.tables
        assert set(compress(network.names, used)) == alone.evidence


@given(spoken_of(), st.data())
def test_a_variable_could_tell_something_of_a_target_if_a_report_of_it_would_count(drawn, data):
    network, evidence = drawn
    target = data.draw(st.sampled_from(network.names))
    found = connected(network, target, **evidence)
    for name in set(network.names) - evidence["observed"] - evidence["cut"]:
        with_report = {**evidence, "reported": evidence["reported"] | {name}}
        assert (name in found) == (name in requisite(network, [target], **with_report).evidence)


@given(networks(), st.data())
def test_the_tables_that_are_kept_for_a_pattern_are_those_of_every_case_of_it(network, data):
    plan = inference.compile(network)
    for case in data.draw(st.lists(cases(network), min_size=2, max_size=6)):
        evidence = encode(network, [case])
        for name in network.names:
            found = variable_elimination.needed(plan.programs, (name,), evidence)
            alone = tuple(other for other in found if other not in evidence.tables)
            assert inference.needed_tables(plan, (name,), evidence) == alone
