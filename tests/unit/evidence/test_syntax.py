"""Evidence as written in addresses and on the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import BadQuestion, DuplicateEvidence
from model.evidence import Assumed, Observed, OneOf, Reported, RuledOut, SetChances, SetTo, syntax


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("xray:yes", "xray", Observed("yes")),
        ("xray:in(yes)", "xray", OneOf(("yes",))),
        ("xray:in(yes, no)", "xray", OneOf(("yes", "no"))),
        ("xray:not(yes,no)", "xray", RuledOut(("yes", "no"))),
        ("xray:like(yes=4,no=1)", "xray", Reported({"yes": 4.0, "no": 1.0})),
        ("xray:like( yes = 4e-1 , no = .5 )", "xray", Reported({"yes": 0.4, "no": 0.5})),
        ("xray:assumed(yes=0.7,no=0.3)", "xray", Assumed({"yes": 0.7, "no": 0.3})),
        ("xray:a:b", "xray", Observed("a:b")),
        ("xray:one of (these)", "xray", Observed("one of (these)")),
        ("xray:nothing(yes)", "xray", Observed("nothing(yes)")),
        ("xray:a,b=c", "xray", Observed("a,b=c")),
        ("xray:in(two words)", "xray", OneOf(("two words",))),
        ('xray:in("a,b","(c)")', "xray", OneOf(("a,b", "(c)"))),
        ('xray:not("say ""x""")', "xray", RuledOut(('say "x"',))),
        ('xray:like("a=b"=2,c=1)', "xray", Reported({"a=b": 2.0, "c": 1.0})),
        ('xray:in("in(a)")', "xray", OneOf(("in(a)",))),
        ('xray:in(" padded ")', "xray", OneOf((" padded ",))),
        ("xray:chances(yes=1)", "xray", Observed("chances(yes=1)")),
    ],
)
def test_a_finding_reads_as_what_it_means(text, name, said):
    assert syntax.finding(text) == (name, said)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("smoke:no", "smoke", SetTo("no")),
        ("smoke:chances(yes=0.3,no=0.7)", "smoke", SetChances({"yes": 0.3, "no": 0.7})),
        ("smoke:in(yes)", "smoke", SetTo("in(yes)")),
    ],
)
def test_a_setting_reads_as_what_it_means(text, name, said):
    assert syntax.setting(text) == (name, said)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected name:state"),
        ("xray", "expected name:state"),
        (":yes", "expected name:state"),
        ("xray:", "expected name:state"),
        ("xray:in(yes", "not closed"),
        ("xray:in()", "separated by commas"),
        ("xray:in(yes,)", "separated by commas"),
        ("xray:in(,yes)", "separated by commas"),
        ("xray:in(yes,,no)", "separated by commas"),
        ("xray:in( )", "separated by commas"),
        ('xray:in("yes)', "separated by commas"),
        ('xray:in("yes"no)', "separated by commas"),
        ('xray:in("")', "separated by commas"),
        ("xray:in((yes))", "separated by commas"),
        ("xray:not(yes=1)", "expected states, found numbers"),
        ("xray:like(yes)", "expected state=number"),
        ("xray:like(yes=)", "separated by commas"),
        ("xray:like(yes=four)", "expected state=number"),
        ("xray:like(yes=nan)", "expected state=number"),
        ("xray:like(yes=inf)", "expected state=number"),
        ("xray:like(yes=1e999)", "expected state=number"),
        ("xray:like(yes=0x1)", "expected state=number"),
        ("xray:like(yes=1_0)", "expected state=number"),
        ("xray:like(yes=١)", "expected state=number"),
        ("xray:like(yes=1,yes=2)", "named twice"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_expected(text, reason):
    with pytest.raises(BadQuestion, match=reason) as raised:
        syntax.finding(text, where=("given", 3))
    assert raised.value.where == ("given", 3)


def test_two_statements_about_one_variable_are_refused():
    with pytest.raises(DuplicateEvidence, match="xray"):
        syntax.findings(["xray:yes", "smoke:no", "xray:yes"])
    with pytest.raises(DuplicateEvidence, match="smoke"):
        syntax.settings(["smoke:yes", "smoke:no"])


STATES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(
    ["in(a)", "not(", "like(a=1)", "chances(a=1)", 'a"b', "a,b", "(x)", "a=b", " a ", '""', ":", "in"]
)
NUMBERS = st.dictionaries(STATES, st.floats(0, allow_infinity=False), min_size=1, max_size=4)
SETS = st.lists(STATES, min_size=1, max_size=4).map(tuple)
FINDINGS = st.one_of(SETS.map(OneOf), SETS.map(RuledOut), NUMBERS.map(Reported), NUMBERS.map(Assumed))


@given(said=FINDINGS)
def test_what_is_written_reads_back_as_the_same_finding(said):
    assert syntax.finding(f"x:{syntax.text_of(said)}") == ("x", said)


@given(state=STATES)
def test_any_state_can_be_observed_and_set(state):
    _, finding = syntax.finding(f"x:{syntax.text_of(Observed(state))}")
    assert finding in (Observed(state), OneOf((state,)))
    _, setting = syntax.setting(f"x:{syntax.text_of(SetTo(state))}")
    assert setting in (SetTo(state), SetChances({state: 1.0}))


@given(numbers=NUMBERS)
def test_chances_read_back_as_the_same_setting(numbers):
    said = SetChances(numbers)
    assert syntax.setting(f"x:{syntax.text_of(said)}") == ("x", said)


@given(text=st.text(st.sampled_from('in()notlike=,"" 1a:'), max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        _, said = syntax.finding(f"x:{text}")
    except BadQuestion:
        return
    assert syntax.finding(f"x:{syntax.text_of(said)}")[1] == said or isinstance(said, Observed)


@pytest.mark.parametrize("text", ["in(" + " " * 100_000 + "(", 'in("' + '""' * 50_000, "in(" + "a " * 50_000 + "="])
def test_a_long_text_that_is_wrong_at_its_end_is_refused_at_once(text):
    with pytest.raises(BadQuestion):
        syntax.finding_from_text(text)
