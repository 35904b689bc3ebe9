"""Evidence at the edges: rare assumptions, what clashes, products below 1e-308, ties, the smallest conflicts."""

import math
import time
from pathlib import Path

import numpy as np
import pytest

from model import inference, priors
from model.analyses.causal_effect import cause_effect
from model.analyses.evidence_conflict import conflict, surprises
from model.analyses.explanation import explain
from model.analyses.variance_attribution import attribution
from model.errors import ImpossibleEvidence
from model.evidence import Assumed, Case, Observed, OneOf, Reported, SetTo
from model.forecast import answer, answers, prepare
from model.gates import TableGate
from model.inference import Evidence, conflict_sets
from model.inference.arrays import encode
from model.inference.conflict_sets import impossible, smallest_set
from model.inference.proportional_fitting import fit
from model.interchange import read
from model.network import Network, Variable
from model.question import Question
from service.cli import text
from service.translate import forecasts
from tests.property.test_edge_evidence import assert_finite
from tests.textbook import model_of
from tests.unit.uncertainty.test_draws import told

EDGES = Path(__file__).parent.parent / "data" / "edges"
TWO = ("no", "yes")


def stated(name):
    """A folder of priors, ready."""
    return prepare(priors.load(EDGES / name))


def imported(name):
    """A network file, ready."""
    return prepare(model_of(read(EDGES / name).network))


def p(found, target):
    return {row.state: row.p for each in found.targets if each.target == target for row in each.distribution}


def half(**more):
    return {"x": Assumed({"no": 0.5, "yes": 0.5}), **more}


# Rare states assumed.


def test_a_state_whose_number_with_the_evidence_is_below_the_range_is_assumed():
    v2 = np.array([[[0.0, 1.0]] * 3, [[1e-60, 1.0], [1e-60, 1.0], [0.0, 1.0]]])
    variables = [Variable("v0", ("a", "b", "c")), Variable("v1", TWO), Variable("v2", TWO, ("v1", "v0"))]
    tables = {"v0": np.array([1e-300, 1e-17, 1.0]), "v1": np.array([0.0, 1.0]), "v2": v2}
    model = prepare(model_of(Network(variables, tables)))
    found = answer(model, Question(("v0",), {"v0": Assumed({"a": 0.5, "b": 0.5}), "v2": Observed("no")}))
    assert p(found, "v0") == pytest.approx({"a": 0.5, "b": 0.5, "c": 0.0}, abs=1e-12)


def test_the_odds_of_a_state_of_1e_259_beside_a_finding_of_1e_60_have_all_their_digits():
    variables = [Variable("rare", ("a", "b"), ()), Variable("rarer", TWO, ("rare",)), Variable("other", TWO)]
    tables = {"rare": [1e-9, 1 - 1e-9], "rarer": [[1.0, 1e-250], [1.0, 0.0]], "other": [1.0, 1e-60]}
    ready = prepare(model_of(Network(variables, {name: np.array(each) for name, each in tables.items()})))
    found = explain(ready, Question((), {"other": Observed("yes")}), target="rarer", state="yes")
    assert found.balance.before_db == pytest.approx(-2590, abs=1e-9)
    assert found.balance.db == pytest.approx(-2590, abs=1e-9)


def test_a_rare_state_is_assumed_with_a_range():
    found = answer(stated("rare"), Question(("y",), half(), interval=0.9))
    assert p(found, "y") == pytest.approx({"no": 0.45, "yes": 0.55}, abs=1e-12)
    [row, _] = found.targets[0].distribution
    assert row.low < 0.45 < row.high
    assert found.targets.intervals.warning is None


def rare(prior, ess):
    tables = {"x": np.array([1 - prior, prior]), "y": np.array([[0.7, 0.3], [0.2, 0.8]])}
    return prepare(told(Network([Variable("x", TWO), Variable("y", TWO, ("x",))], tables), ess))


def doubly_rare(prior):
    """A state that is drawn as rare as 1e-200, and a finding that makes it rarer still by 1e-120."""
    two = ("x",)
    tables = {"x": np.array([1 - prior, prior]), "y": np.array([[0.7, 0.3], [0.2, 0.8]])}
    tables["w"] = np.array([[0.0, 1.0], [1.0, 1e-120]])
    network = Network([Variable("x", TWO), Variable("y", TWO, two), Variable("w", TWO, two)], tables)
    return prepare(told(network, 20.0, gates={"w": TableGate(tables["w"], np.full(2, math.inf))}))


@pytest.mark.parametrize("prior", [1e-3, 1e-12, 1e-99, 1e-101, 1e-200, 1e-300])
def test_a_state_as_rare_as_1e300_is_assumed(prior):
    found = answer(rare(prior, math.inf), Question(("y", "x"), half()))
    assert p(found, "y") == pytest.approx({"no": 0.45, "yes": 0.55}, abs=1e-12)
    assert p(found, "x") == pytest.approx({"no": 0.5, "yes": 0.5}, abs=1e-12)


def test_draws_that_cannot_hold_an_assumption_are_left_out_and_counted():
    found = answer(doubly_rare(1e-4), Question(("y",), half(w=Observed("yes")), interval=0.9)).targets.intervals
    assert 0 < found.left_out < 900
    assert found.draws == 1000 - found.left_out
    assert found.warning == f"{found.left_out} draws left out, under which the assumptions cannot be held"
    assert 0.0 < found.low[0] < 0.45 < found.high[0] < 1.0


def test_the_range_is_that_of_the_draws_that_hold_the_assumption():
    ready, question = rare(1e-4, 20.0), Question(("y",), half(), interval=0.9)
    y = ready.draws.table("y")
    ends = answer(ready, question).targets.intervals
    mean = y.mean(axis=1)[:, 0]
    assert ends.low[0] == pytest.approx(np.quantile(mean, 0.05), abs=0.03)
    assert ends.high[0] == pytest.approx(np.quantile(mean, 0.95), abs=0.03)


def test_without_enough_draws_there_is_no_range_and_it_is_said(monkeypatch):
    monkeypatch.setattr("model.uncertainty.draws.FEWEST", 900)
    found = answer(doubly_rare(1e-4), Question(("y",), half(w=Observed("yes")), interval=0.9))
    assert p(found, "y") == pytest.approx({"no": 0.45, "yes": 0.55}, abs=1e-12)
    assert np.isnan(found.targets.intervals.low).all()
    assert "no interval" in found.targets.intervals.warning


@pytest.mark.parametrize("noise", [1e-3, 1e-9, 1e-50, 1e-150])
@pytest.mark.parametrize("share", [0.6, 0.5 + 1e-6])
def test_assumptions_of_variables_that_agree_almost_always_are_held(noise, share):
    flip = np.array([[1 - noise, noise], [noise, 1 - noise]])
    network = Network([Variable("x", TWO), Variable("y", TWO, ("x",))], {"x": np.array([0.7, 0.3]), "y": flip})
    found = answer(prepare(model_of(network)), Question((), half(y=Assumed({"no": 1 - share, "yes": share}))))
    assert p(found, "x")["yes"] == pytest.approx(0.5, abs=1e-11)
    assert p(found, "y")["yes"] == pytest.approx(share, abs=1e-11)


# What clashes is named.


def clash(ready, findings, settings=None):
    with pytest.raises(ImpossibleEvidence) as caught:
        answer(ready, Question((), findings, settings or {}))
    return caught.value.conflict


def copies(count=4):
    """A root, and children that are each the same as it."""
    children = [Variable(f"c{i}", TWO, ("x",)) for i in range(count)]
    tables = {"x": np.array([0.5, 0.5])} | {child.name: np.eye(2) for child in children}
    return prepare(model_of(Network([Variable("x", TWO), *children], tables)))


def test_the_finding_that_an_assumption_clashes_with_is_named():
    found = clash(copies(), half(c1=Observed("yes")))
    assert found == ("x assumed (no=0.5, yes=0.5)", "c1=yes")


def test_of_several_findings_only_those_that_clash_are_named():
    ready = imported("doq.bif")
    both = {"Q": Assumed({"t": 0.5, "f": 0.5}), "D": Observed("t"), "A": Observed("f")}
    assert p(answer(ready, Question((), both)), "Q") == pytest.approx({"t": 0.5, "f": 0.5})
    found = clash(copies(), {"c0": OneOf(TWO[:1]), "x": Assumed({"no": 0.1, "yes": 0.9}), "c1": Reported({"no": 1.0})})
    assert len(found) == 2
    assert found[-1].startswith("x assumed") or found[0].startswith("x assumed") or "assumed" in found[1]


def test_two_assumptions_that_clash_are_named_and_what_is_set_is_context():
    ready = copies()
    both = {"c0": Assumed({"no": 0.5, "yes": 0.5}), "c1": Assumed({"no": 0.4, "yes": 0.6})}
    assert clash(ready, {**both, "c2": Reported({"no": 0.5, "yes": 1.0})}) == (
        "c0 assumed (no=0.5, yes=0.5)",
        "c1 assumed (no=0.4, yes=0.6)",
    )
    assert p(answer(ready, Question((), {"c1": both["c1"]}, {"c0": SetTo("no")})), "c1")["yes"] == pytest.approx(0.6)
    assert clash(ready, {"c1": both["c1"], "c2": Reported({"no": 0.5, "yes": 1.0})}, {"x": SetTo("no")}) == (
        "c1 assumed (no=0.4, yes=0.6)",
    )


def test_an_assumption_of_what_cannot_be_is_named_alone():
    network = Network([Variable("x", TWO)], {"x": np.array([1.0, 0.0])})
    assert clash(prepare(model_of(network)), half()) == ("x assumed (no=0.5, yes=0.5)",)


# Conflicts of the smallest size.


def test_a_finding_that_cannot_happen_alone_is_named_alone():
    given = {"a": Observed("yes"), "x": Observed("no"), "y": Observed("yes")}
    with pytest.raises(ImpossibleEvidence, match=r"^evidence: a=yes cannot happen in this model$"):
        answer(stated("conflict"), Question(("y",), given))


def test_a_pair_is_named_although_deletion_finds_three():
    kept = [frozenset({3, 4}), frozenset({0, 1, 2})]
    found = smallest_set(5, lambda sets: np.array([not any(row[list(c)].all() for c in kept) for row in sets]))
    assert found == ((3, 4), True)
    three = smallest_set(5, lambda sets: np.array([not any(row[list(c)].all() for c in kept[::-1]) for row in sets]))
    assert three == found


@pytest.mark.parametrize("pair", [None, (1, 4)])
def test_pairs_are_asked_about_side_by_side_and_where_one_is_impossible_nothing_larger_is(pair):
    """Of six findings three cannot hold together, and at a time also two of them."""
    asked = []

    def possible(sets):
        asked.append(sets.sum(axis=1).tolist())
        return np.array([not row[[0, 2, 5]].all() and not (pair and row[list(pair)].all()) for row in sets])

    found = smallest_set(6, possible, pairs=[(0, 4), (1, 4), (4, 5)])
    assert asked[:2] == [[1] * 6, [2] * 3]
    assert found == ((pair or (0, 2, 5)), True)
    assert (len(asked) == 2) is (pair is not None)


def test_assumptions_that_cannot_hold_together_are_found_among_pairs(monkeypatch):
    """b is where a is, so that it cannot be more probable than a: with two more assumptions, which can be held."""
    names = ("c", "a", "b", "d")
    variables = [Variable("c", TWO), Variable("a", TWO), Variable("b", TWO, ("a",)), Variable("d", TWO, ("c",))]
    even, leans = np.array([0.5, 0.5]), np.array([[0.7, 0.3], [0.4, 0.6]])
    never = np.array([[1.0, 0.0], [0.5, 0.5]])
    plan = inference.compile(Network(variables, {"c": even, "a": even, "b": never, "d": leans}))
    shares = dict(zip(names, (0.4, 0.2, 0.6, 0.45), strict=True))
    fits = []
    fit = conflict_sets.fit
    monkeypatch.setattr(conflict_sets, "fit", lambda *said: fits.append(len(said[2])) or fit(*said))
    case = Case({name: Assumed({"no": 1 - share, "yes": share}) for name, share in shares.items()})
    error = impossible(plan, case)
    assert [each.partition(" ")[0] for each in error.conflict] == ["a", "b"]
    assert error.smallest
    assert fits == [4, 6]


def test_thirty_assumptions_that_cannot_hold_are_refused_without_a_table_of_their_states():
    """Thirty copies of one coin that are to differ: 3 to the 30th states together, of which no table can be made."""
    states, even = ("a", "b", "c"), np.full(3, 1 / 3)
    names = [f"v{i:02}" for i in range(30)]
    variables = [Variable(name, states, () if i == 0 else (names[i - 1],)) for i, name in enumerate(names)]
    tables = {name: even if i == 0 else np.eye(3) for i, name in enumerate(names)}
    plan = inference.compile(Network(variables, tables))
    shares = {name: 0.2 + 0.02 * i for i, name in enumerate(names)}
    case = Case({name: Assumed({"a": share, "b": 0.9 - share, "c": 0.1}) for name, share in shares.items()})
    fitted = fit(plan, encode(plan.network, [case]), [case])[1]
    assert fitted.tolist() == [False]


def test_beyond_the_bound_on_work_a_set_is_minimal_and_that_is_said():
    sets = [frozenset(np.random.default_rng(i).choice(24, 4 + i % 3, replace=False).tolist()) for i in range(40)]
    found, proven = smallest_set(
        24, lambda asked: np.array([not any(row[list(c)].all() for c in sets) for row in asked]), most=30
    )
    assert not proven
    assert any(c <= set(found) for c in sets)
    assert not any(c < set(found) for c in sets)
    error = ImpossibleEvidence(["a", "b"], smallest=False)
    assert str(error) == "a cannot hold together with b (none of these can be spared)"


def test_a_conflict_among_thirty_findings_is_found_soon():
    """A counter: no more than 27 of 30 findings can be, so each 28 are in conflict; there are thousands of such."""
    network, names = at_most(27, of=30)
    plan = inference.compile(network)
    given = {name: Observed("yes") for name in names}
    inference.log_evidence(plan, inference.NOTHING)
    start = time.perf_counter()
    error = impossible(plan, Case({**given, "over": Observed("no")}))
    assert time.perf_counter() - start < 30
    assert len(error.conflict) == 29


def at_most(most, *, of):
    """Causes, a running count of them, and whether it went over."""
    variables, tables, before = [], {}, None
    states = tuple(f"n{k}" for k in range(most + 2))
    for i in range(of):
        variables.append(Variable(f"v{i}", TWO))
        tables[f"v{i}"] = np.array([0.5, 0.5])
        if before is None:
            variables.append(Variable(f"k{i}", states, (f"v{i}",)))
            tables[f"k{i}"] = np.eye(most + 2)[[0, 1]]
        else:
            variables.append(Variable(f"k{i}", states, (before, f"v{i}")))
            counts = np.minimum(np.arange(most + 2)[:, None] + np.array([0, 1]), most + 1)
            tables[f"k{i}"] = np.eye(most + 2)[counts]
        before = f"k{i}"
    variables.append(Variable("over", TWO, (before,)))
    tables["over"] = np.eye(2)[(np.arange(most + 2) > most).astype(int)]
    return Network(variables, tables), [f"v{i}" for i in range(of)]


# Numbers below 1e-308.


def test_findings_whose_own_probability_is_below_1e308_have_an_answer():
    ready, given = stated("under"), {"y": Observed("yes"), "z": Observed("yes")}
    question = Question(("x",), given, interval=0.9)
    log = 2 * math.log(1e-200) + math.log(0.8)
    [batched] = answers(ready, [question])
    for found in (answer(ready, question), batched):
        assert found.log_p_evidence == pytest.approx(log, rel=1e-12)
        assert (p(found, "x")["yes"], found.p_evidence) == (1.0, 0.0)
        alone = 2 * math.log(1e-200) + math.log(0.5)
        assert found.conflict_bits == pytest.approx((alone - log) / math.log(2), rel=1e-9)
    assert "P(evidence) 8e-401" in text.answer_text(ready.model, found, drawn=text.marks(), whole=False)
    assert b"Infinity" not in forecasts.answer_body(ready.model, found)


def test_analyses_of_what_is_below_1e308_have_finite_numbers():
    ready, given = stated("under"), {"y": Observed("yes"), "z": Observed("yes")}
    for target, state in (("x", "yes"), ("x", "no"), ("y", "yes"), ("z", "no")):
        assert_finite(explain(ready, Question((), given), target=target, state=state))
    assert_finite(conflict(ready.plan, Case(given)))
    [first, second] = surprises(ready.plan, Case(given))
    assert (first.finding, first.p) == ("y", 0.0)
    assert first.bits == pytest.approx(-(2 * math.log2(1e-200) + math.log2(0.8)) + math.log2(0.5), rel=1e-9)
    assert second.p == pytest.approx(0.8)
    assert_finite(cause_effect(ready, Question((), given), cause="x", target="z", state="yes"))


def test_log_odds_below_1e308_are_those_of_the_logarithms():
    ready, given = stated("under"), {"y": Observed("no"), "z": Observed("yes")}
    balance = explain(ready, Question((), given), target="y", state="yes").balance
    assert balance.before_db == pytest.approx(-4000.0, rel=1e-9)


def test_reports_of_1e300_on_several_findings_are_weighed():
    ready = stated("under")
    faint = Reported({"no": 1e-300, "yes": 1.0})
    found = answer(ready, Question(("z",), {"x": faint, "y": faint, "z": Reported({"no": 1e-300, "yes": 1e-300})}))
    assert math.isfinite(found.conflict_bits)
    assert found.log_p_evidence == pytest.approx(2 * math.log(1e-200), rel=1e-3)


def test_many_findings_of_a_long_list_do_not_underflow():
    ready = imported("underflow.bif.gz")
    found = answer(ready, Question(("R",), {f"F{i}": Observed("y") for i in range(190)}))
    assert found.log_p_evidence / math.log(10) == pytest.approx(-825.0523631640228, rel=1e-13)


def test_what_the_first_findings_rule_out_almost_the_others_bring_back():
    """100 findings to 95 at 10,000 to 1: what is left of a cause after the 95 is below any number, and it wins."""
    children = [Variable(f"c{i}", TWO, ("x",)) for i in range(195)]
    leaning = np.array([[1 - 1e-4, 1e-4], [1e-4, 1 - 1e-4]])
    tables = {"x": np.array([0.5, 0.5])} | {child.name: leaning for child in children}
    plan = inference.compile(Network([Variable("x", TWO), *children], tables))
    seen = Evidence(1, {f"c{i}": np.eye(2)[[int(i >= 95)]] for i in range(195)})
    found = inference.posterior(plan, seen, ("x",)).of("x")[0]
    assert found[0] == pytest.approx((1e-4 / (1 - 1e-4)) ** 5, rel=1e-9)
    assert inference.posterior(plan, seen).of("x")[0] == pytest.approx(found, rel=1e-12)
    assert inference.joint(plan, ("x",), seen) == pytest.approx(found, rel=1e-9)
    [states] = inference.most_probable(plan, seen).states
    assert states[plan.network.position["x"]] == 1


def test_without_findings_the_probability_of_evidence_is_exactly_one():
    for name in ("rare", "conflict", "under"):
        for question in (Question(), Question(settings={"x": SetTo("yes")}), Question((), half())):
            found = answer(stated(name), question)
            assert (found.log_p_evidence, found.p_evidence) == (0.0, 1.0)


def test_the_probability_of_evidence_is_never_above_one():
    rng = np.random.default_rng(3)
    for _ in range(200):
        row = rng.dirichlet(np.ones(7))
        variable = Variable("x", tuple("abcdefg"))
        ready = prepare(model_of(Network([variable], {"x": row})))
        found = answer(ready, Question((), {"x": Reported(dict.fromkeys("abcdefg", 1.0))}))
        assert found.log_p_evidence <= 0.0
        assert found.p_evidence <= 1.0


def test_an_attribution_leaves_out_a_source_without_which_an_assumption_cannot_hold():
    ready = stated("rare")
    assert_finite(attribution(ready, Question((), half()), target="y", state="yes").p)


# Ties.


def test_a_tie_of_the_most_probable_states_is_said():
    ready = imported("ties.bif")
    found = answer(ready, Question((), {"M": Observed("same")}, most_probable=True)).most_probable
    assert found.states["Na"] == found.states["Nb"]
    assert (found.p, found.tie) == (pytest.approx(4 / 9), True)
    settled = answer(ready, Question((), {"M": Observed("same"), "Na": Observed("q")}, most_probable=True))
    assert (settled.most_probable.p, settled.most_probable.tie) == (1.0, False)


def test_the_most_probable_states_are_not_the_most_probable_each():
    found = answer(imported("mpe.bif"), Question(most_probable=True)).most_probable
    assert (found.states, found.tie) == ({"a": "s0", "b": "s1"}, False)
    assert found.p == pytest.approx(3 / 7)


def test_a_tie_is_in_the_body():
    ready = imported("ties.bif")
    found = answer(ready, Question((), {"M": Observed("same")}, most_probable=True))
    assert b'"tie":true' in forecasts.answer_body(ready.model, found).replace(b": ", b":")
