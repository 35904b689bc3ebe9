"""What each target depends on, found for all at once, is what is found for it alone."""

from hypothesis import given
from hypothesis import strategies as st

from model.separation import requisite, requisite_each
from tests.networks import networks


@given(st.data())
def test_all_targets_at_once_are_each_by_itself(data):
    network = data.draw(networks(variables=8))
    names = st.sampled_from(network.names)
    observed, reported, cut = (set(), set(), set())
    for name in network.names:
        data.draw(st.sampled_from([set(), observed, reported, cut])).add(name)
    fixed = {name for name in sorted(cut) if data.draw(st.booleans())}
    evidence = {"observed": observed, "reported": reported, "cut": cut, "fixed": fixed}
    targets = data.draw(st.lists(names, min_size=1, max_size=10))
    together = requisite_each(network, targets, **evidence)
    assert together == {target: requisite(network, [target], **evidence) for target in targets}
