"""Explanations of textbook answers, with worked numbers."""

import json
from dataclasses import asdict

import pytest

from model.analyses.active_trails import LONGEST, STRONGEST, Step, active_trails, chains
from model.analyses.causal_effect import cause_effect, seen_and_done
from model.analyses.evidence_conflict import conflict, surprises
from model.analyses.evidence_subsets import whole
from model.analyses.explanation import explain
from model.analyses.weight_of_evidence import ALL_ORDERS, weigh
from model.errors import BadQuestion, ImpossibleEvidence, UnknownState, UnknownVariable
from model.evidence import Assumed, Case, Observed, Reported, SetTo, observe
from model.forecast import answer, prepare
from model.priors import load
from model.question import Question
from model.specification import NO_SCENARIO, Cohort
from tests.sources import ROOT
from tests.textbook import forecaster, model_of, network

YES = Observed("yes")


def rare():
    return prepare(load(ROOT / "tests" / "data" / "rare"))


def test_what_the_scenario_does_moved_as_much_as_the_same_done_by_the_question():
    by_scenario = explain(rare(), Question(scenario="shut"), target="breach", state="yes")
    own = explain(rare(), Question(settings={"fence": SetTo("closed")}), target="breach", state="yes")
    assert by_scenario.done is own.done_by_scenario is None
    assert by_scenario.done_by_scenario == own.done
    assert own.done.effect


def test_what_the_scenario_and_what_the_question_does_are_each_held_against_the_other_alone():
    asked = Question(scenario="shut", settings={"guard": SetTo("high")})
    found = explain(rare(), asked, target="breach", state="yes")
    assert [each.variable for each in found.done.each] == ["guard"]
    assert [each.variable for each in found.done_by_scenario.each] == ["fence"]
    without = answer(rare(), Question(("breach",), settings={"guard": SetTo("high")})).targets[0].distribution[0].p
    assert found.done_by_scenario.without == pytest.approx(without, abs=1e-12)
    assert found.done_by_scenario.p == found.done.p


def test_a_scenario_of_which_the_question_does_everything_itself_does_nothing():
    asked = Question(scenario="shut", settings={"fence": SetTo("open")})
    assert explain(rare(), asked, target="breach", state="yes").done_by_scenario is None
    asked = Question(scenario="shut", findings={"fence": Observed("open")})
    assert explain(rare(), asked, target="breach", state="yes").done_by_scenario is None


def balance(**states):
    return weigh(forecaster("asia").plan, observe(**states), "lung", 0)


def test_the_evidence_starts_from_the_log_odds_without_it():
    assert balance(smoke="yes").before_db == pytest.approx(-12.3506911902, abs=1e-10)


def test_weights_in_the_order_given_are_those_of_the_chain():
    found = balance(smoke="yes", xray="yes", dysp="yes")
    chain = [weight.in_order_db for weight in found.weights]
    assert chain == pytest.approx([2.8082660958, 12.1545548155, 1.5699515628], abs=1e-10)
    assert [w.p_in_order for w in found.weights] == pytest.approx([0.1, 0.6459914255, 0.7237140153], abs=1e-10)


def test_another_order_gives_other_weights_and_the_same_sum():
    found = balance(dysp="yes", xray="yes", smoke="yes")
    chain = [weight.in_order_db for weight in found.weights]
    assert chain == pytest.approx([2.9398092682, 11.5600711431, 2.0328920628], abs=1e-10)
    assert sum(chain) == pytest.approx(16.5327724741, abs=1e-10)


def test_weights_over_all_orders_add_up_to_the_change():
    found = balance(smoke="yes", xray="yes", dysp="yes")
    assert found.method == "all orders"
    assert [w.db for w in found.weights] == pytest.approx([2.3851940868, 11.9280829643, 2.2194954230], abs=1e-10)
    assert sum(w.db for w in found.weights) == pytest.approx(16.5327724741, abs=1e-10)
    assert found.change_db == pytest.approx(16.5327724741, abs=1e-10)
    assert found.reason is None


def test_leaving_a_finding_out_says_what_it_adds_to_the_others():
    found = {w.finding: w for w in balance(smoke="yes", xray="yes", dysp="yes").weights}
    assert {n: w.p_without for n, w in found.items()} == pytest.approx(
        {"smoke": 0.6212527967, "xray": 0.1483335986, "dysp": 0.6459914255}, abs=1e-10
    )
    assert found["xray"].delta == pytest.approx(0.5753804167, abs=1e-10)
    assert {n: w.last_db for n, w in found.items()} == pytest.approx(
        {"smoke": 2.0328920628, "xray": 11.7723810980, "dysp": 1.5699515628}, abs=1e-10
    )
    assert {w.direction for w in found.values()} == {"raises"}


def test_a_target_that_the_findings_make_certain_has_no_decibels_and_a_reason():
    found = balance(xray="yes", lung="yes")
    assert (found.db, found.change_db) == (None, None)
    assert found.reason == "lung=yes is certain given the findings, so its log odds are infinite"
    assert found.decided_by == ("lung",)
    assert [w.db for w in found.weights] == [None, None]
    assert found.weights[0].in_order_db == pytest.approx(11.7, abs=0.5)
    assert [w.direction for w in found.weights] == ["none", "raises"]


def test_explaining_away_lowers():
    found = weigh(forecaster("asia").plan, observe(xray="yes", tub="yes"), "lung", 0)
    assert [w.direction for w in found.weights] == ["raises", "lowers"]


@pytest.mark.parametrize(
    ("findings", "bits"),
    [
        ({"smoke": "no", "lung": "yes"}, 2.459431618637),
        ({"bronc": "no", "dysp": "yes", "xray": "no"}, 2.095943609943),
        ({"smoke": "yes", "bronc": "yes", "dysp": "yes"}, -1.310394709991),
        ({"xray": "yes", "dysp": "no", "smoke": "no"}, 0.689466290585),
    ],
)
def test_conflict_is_measured_in_bits_and_flagged_beyond_one(findings, bits):
    found = conflict(forecaster("asia").plan, observe(**findings))
    assert found.bits == pytest.approx(bits, abs=1e-12)
    assert found.flagged == (bits > 1)
    assert not found.resolved_by or bits > 0


def test_the_conflict_of_each_finding_with_the_rest_is_listed_the_worst_first():
    found = conflict(forecaster("asia").plan, observe(xray="yes", dysp="no", smoke="no"))
    assert [odd.finding for odd in found.findings] == ["xray", "smoke", "dysp"]
    assert [odd.bits for odd in found.findings] == pytest.approx([0.961069, 0.038620, 0.010222], abs=1e-6)


def test_a_conflict_is_resolved_by_what_the_findings_make_probable_enough():
    found = conflict(forecaster("asia").plan, observe(xray="yes", dysp="no", smoke="no"))
    ratio = {(h.variable, h.state): h.p / h.before for h in found.resolved_by}
    assert ratio["tub", "yes"] == pytest.approx(6.097465, abs=1e-6)
    assert ("lung", "yes") not in ratio


def test_one_finding_cannot_conflict():
    assert conflict(forecaster("asia").plan, observe(xray="yes")).bits is None


def test_the_finding_that_the_others_expect_least_is_named_first():
    case = Case({"smoke": Observed("yes"), "xray": Observed("yes"), "bronc": Observed("yes"), "dysp": Observed("no")})
    found = surprises(forecaster("asia").plan, case)
    assert found[0].p == min(surprise.p for surprise in found)
    assert {surprise.finding for surprise in found} == set(case.findings)


def test_an_assumption_surprises_by_its_divergence_from_what_is_expected():
    [found] = surprises(forecaster("asia").plan, Case({"bronc": Assumed({"yes": 0.9, "no": 0.1})}))
    assert found.p is None
    assert found.expected == pytest.approx({"yes": 0.45, "no": 0.55})
    assert found.bits == pytest.approx(0.9 - 0.1 * 2.459431618637, abs=1e-9)


def test_beyond_ten_findings_the_weights_are_those_in_the_order_given():
    alarm = forecaster("alarm")
    names = [name for name in alarm.model.network.names if name != "HYPOVOLEMIA"][: ALL_ORDERS + 1]
    found = weigh(alarm.plan, Case(most_probable_states(alarm, names)), "HYPOVOLEMIA", 0)
    assert found.method == "in order"
    assert [w.db for w in found.weights] == [w.in_order_db for w in found.weights]
    assert sum(w.db for w in found.weights) == pytest.approx(found.change_db, abs=1e-9)


def contrast(name, cause, cause_state, effect, state, **given):
    asked = Question((), observe(**given).findings)
    found = cause_effect(forecaster(name), asked, cause=cause, target=effect, state=state)
    return next(row for row in found.rows if row.state == cause_state), found.backdoor


@pytest.mark.parametrize(
    ("name", "cause", "cause_state", "effect", "state", "seen", "done"),
    [
        ("sprinkler", "Sprinkler", "T", "Rain", "T", 0.3, 0.5),
        ("sprinkler", "Sprinkler", "T", "Wet", "T", 0.927, 0.945),
        ("asia", "bronc", "yes", "dysp", "yes", 0.8079672, 0.8064828),
    ],
)
def test_seeing_a_state_and_bringing_it_about_differ(name, cause, cause_state, effect, state, seen, done):
    row, _ = contrast(name, cause, cause_state, effect, state)
    assert (row.observe, row.intervene) == (pytest.approx(seen, abs=1e-7), pytest.approx(done, abs=1e-7))
    assert row.gap == pytest.approx(seen - done, abs=1e-7)


def test_the_common_cause_that_makes_the_gap_is_named():
    assert contrast("sprinkler", "Sprinkler", "T", "Wet", "T")[1].confounders == ("Cloudy",)
    assert contrast("asia", "bronc", "yes", "dysp", "yes")[1].confounders == ("smoke",)


def test_a_common_cause_that_is_known_makes_no_gap():
    row, why = contrast("sprinkler", "Sprinkler", "T", "Wet", "T", Cloudy="F")
    assert row.gap == pytest.approx(0.0, abs=1e-15)
    assert why.confounders == ()


def test_findings_on_consequences_of_the_cause_are_named_and_an_effect_that_is_a_cause_is_said():
    row, why = contrast("sprinkler", "Sprinkler", "T", "Cloudy", "T", Wet="T")
    assert row.observe == pytest.approx(0.1747572816, abs=1e-10)
    assert row.intervene == pytest.approx(0.5142857143, abs=1e-10)
    assert (why.reverse, why.downstream, why.confounders) == (True, ("Wet",), ())


def test_each_finding_of_a_question_is_set_beside_its_intervention():
    found = seen_and_done(forecaster("sprinkler").plan, observe(Sprinkler="T", Wet="T"), "Cloudy", 0)
    sprinkler = found[0]
    assert [each.finding for each in found] == ["Sprinkler", "Wet"]
    assert sprinkler.contrast.intervene == pytest.approx(0.5142857143, abs=1e-10)
    assert sprinkler.contrast.observe == pytest.approx(0.1747572816, abs=1e-10)


def test_a_state_that_cannot_hold_with_the_rest_has_no_probability_instead_of_a_made_up_one():
    row, _ = contrast("asia", "either", "no", "dysp", "yes", lung="yes")
    assert (row.observe, row.gap) == (None, None)
    assert row.intervene is not None


def test_a_state_under_which_assumptions_cannot_hold_has_no_probability():
    given = {"either": Assumed({"yes": 0.5, "no": 0.5})}
    found = cause_effect(forecaster("asia"), Question((), given), cause="lung", target="dysp", state="yes")
    yes, no = found.rows
    assert (yes.observe, yes.intervene, yes.gap) == (None, None, None)
    assert no.observe is not None


def test_what_a_question_says_of_the_cause_gives_way_to_each_of_its_states():
    asked = Question((), {"bronc": YES}, {"smoke": SetTo("no")})
    plain = Question((), {}, {"smoke": SetTo("no")})
    with_it, without_it = (
        cause_effect(forecaster("asia"), question, cause="bronc", target="dysp", state="yes")
        for question in (asked, plain)
    )
    assert with_it == without_it


@pytest.mark.parametrize(
    ("cause", "target", "state", "error", "says"),
    [
        ("lung", "lung", "yes", BadQuestion, "its own effect"),
        ("lnug", "dysp", "yes", UnknownVariable, "cause: no variable 'lnug'"),
        ("lung", "dypsnea", "yes", UnknownVariable, "effect: no variable 'dypsnea'"),
        ("lung", "dysp", "maybe", UnknownState, "state: no state 'maybe'"),
    ],
)
def test_a_cause_is_not_its_own_effect_and_names_are_checked(cause, target, state, error, says):
    with pytest.raises(error, match=says):
        cause_effect(forecaster("asia"), Question(), cause=cause, target=target, state=state)


def test_causes_are_not_told_under_impossible_evidence():
    asked = Question((), {"either": Observed("no"), "lung": YES})
    with pytest.raises(ImpossibleEvidence):
        cause_effect(forecaster("asia"), asked, cause="smoke", target="dysp", state="yes")


def told(target, **findings):
    plan, case = forecaster("asia").plan, observe(**findings)
    return chains(plan, case, target, 0, evidence=whole(plan, case))


def test_a_trail_is_told_arc_by_arc_with_its_directions():
    [found] = told("lung", xray="yes")
    assert found.steps == (Step("xray", "either", False), Step("either", "lung", False))
    assert found.direction == "raises"
    assert found.trails == 1


def test_cutting_the_only_arc_of_a_finding_leaves_the_target_as_it_was_before():
    [found] = told("lung", xray="yes")
    now = answer(forecaster("asia"), Question(("lung",), {"xray": YES})).targets[0].distribution[0]
    assert found.change == pytest.approx(now.shift, abs=1e-12)
    assert found.strength == pytest.approx(now.shift, abs=1e-12)


def test_explaining_away_runs_through_a_consequence_that_is_spoken_of():
    found = told("lung", xray="yes", tub="yes")
    assert Step("tub", "either", True) in {chain.steps[0] for chain in found}
    assert told("lung", tub="yes") == ()


def test_a_known_state_blocks_a_trail_and_an_intervention_cuts_it():
    asia = network("asia")
    assert active_trails(asia, observe(either="yes"), "xray", "lung") == []
    assert active_trails(asia, Case({}, {"either": SetTo("yes")}), "xray", "lung") == []
    assert active_trails(asia, Case({}, {"xray": SetTo("yes")}), "xray", "lung") == []
    assert active_trails(asia, Case({}, {"lung": SetTo("yes")}), "smoke", "xray") == []


def test_the_strongest_trails_are_told_in_order_and_none_is_long():
    found = told("lung", xray="yes", dysp="yes", smoke="yes", asia="yes")
    assert len(found) == STRONGEST
    assert [chain.strength for chain in found] == sorted((chain.strength for chain in found), reverse=True)
    assert all(len(chain.steps) <= LONGEST for chain in found)


def test_a_finding_on_the_target_itself_leaves_no_trail_to_tell():
    assert told("lung", lung="yes", xray="yes") == ()


def test_a_report_on_the_target_leaves_the_trails_of_the_other_findings():
    plan = forecaster("asia").plan
    case = Case({"lung": Reported({"yes": 4.0, "no": 1.0}), "xray": YES})
    assert [chain.finding for chain in chains(plan, case, "lung", 0, evidence=whole(plan, case))] == ["xray"]


def test_an_explanation_holds_plain_names_and_numbers():
    asked = Question((), {"xray": YES, "dysp": Reported({"yes": 4.0, "no": 1.0})}, {"smoke": SetTo("yes")})
    found = explain(forecaster("asia"), asked, target="lung", state="yes")
    again = json.loads(json.dumps(asdict(found), allow_nan=False))
    assert again["balance"]["p_before"] == pytest.approx(0.1)
    assert again["settings"] == ["do(smoke=yes)"]
    assert again["revision"] == forecaster("asia").model.revision


def test_an_explanation_agrees_with_the_answer():
    asked = Question(("lung",), {"xray": YES, "dysp": YES, "bronc": Assumed({"yes": 0.2, "no": 0.8})})
    found = explain(forecaster("asia"), asked, target="lung", state="yes")
    plain = answer(forecaster("asia"), asked)
    assert found.balance.p == pytest.approx(plain.targets[0].distribution[0].p, abs=1e-11)
    assert found.conflict.bits == pytest.approx(plain.conflict_bits, abs=1e-11)
    assert {weight.finding for weight in found.balance.weights} == {"xray", "dysp", "bronc"}
    assert {odd.finding for odd in found.conflict.findings} == {"xray", "dysp"}


def test_the_findings_of_a_cohort_are_explained_too():
    model = with_cohort(model_of(network("asia"), "asia"))
    found = explain(prepare(model), Question((), {"xray": YES}, cohort="c"), target="lung", state="yes")
    assert [weight.finding for weight in found.balance.weights] == ["xray", "smoke"]


def with_cohort(model):
    keys = ("name", "title", "description", "as_of", "horizon", "headline", "network", "described")
    cohort = Cohort("c", "c", 1, 2, {"smoke": YES}, ())
    return type(model)(**{key: getattr(model, key) for key in keys}, cohorts={"c": cohort})


def test_with_nothing_found_there_is_nothing_to_explain():
    found = explain(forecaster("asia"), Question(), target="lung", state="yes")
    assert (found.balance.p_before, found.balance.change_db, found.balance.weights) == (pytest.approx(0.055), 0.0, ())
    assert (found.conflict.bits, found.surprises, found.chains, found.seen_and_done) == (None, (), (), ())


def test_impossible_evidence_is_refused_and_names_are_checked():
    with pytest.raises(ImpossibleEvidence, match="cannot hold together"):
        explain(forecaster("asia"), Question((), {"either": Observed("no"), "lung": YES}), target="dysp", state="yes")
    with pytest.raises(UnknownVariable, match="target: no variable 'lnug'"):
        explain(forecaster("asia"), Question(), target="lnug", state="yes")
    with pytest.raises(UnknownState, match="state: no state 'maybe'"):
        explain(forecaster("asia"), Question(), target="lung", state="maybe")


def test_a_network_whose_tree_is_too_large_is_explained_by_programs_alike():
    asked = Question((), observe(xray="yes", dysp="no", smoke="no").findings)
    asia = forecaster("asia")
    small, large = (explain(f, asked, target="lung", state="yes") for f in (asia, prepare(asia.model, limit=1)))
    assert [w.db for w in large.balance.weights] == pytest.approx([w.db for w in small.balance.weights], abs=1e-9)
    assert [s.bits for s in large.surprises] == pytest.approx([s.bits for s in small.surprises], abs=1e-9)
    assert [c.strength for c in large.chains] == pytest.approx([c.strength for c in small.chains], abs=1e-9)
    assert large.conflict.bits == pytest.approx(small.conflict.bits, abs=1e-9)


def test_ten_findings_on_the_flagship_are_weighed_over_all_orders_and_add_up():
    flagship = prepare(load(ROOT / "priors" / "mosul-2017"))
    names = flagship.model.network.names
    case = most_probable_states(flagship, [name for name in names if name != "return_flow"][:: len(names) // 10][:10])
    found = explain(
        flagship, Question(("return_flow",), case, scenario=NO_SCENARIO), target="return_flow", state="surge"
    ).balance
    plain = answer(flagship, Question(("return_flow",), case, scenario=NO_SCENARIO))
    assert found.method == "all orders"
    assert len(found.weights) == 10
    assert sum(weight.db for weight in found.weights) == pytest.approx(found.change_db, abs=1e-9)
    assert found.p == pytest.approx(plain.targets[0].distribution[-1].p, abs=1e-12)


def most_probable_states(ready, names):
    states = answer(ready, Question(most_probable=True, scenario=NO_SCENARIO)).most_probable.states
    return {name: Observed(states[name]) for name in names}
