"""Questions and answers on textbook networks, with the worked numbers of the literature."""

import math
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from model.answers import Answer
from model.errors import (
    AftermathError,
    BadQuestion,
    EvidenceOnIntervened,
    ImpossibleEvidence,
    JointTooLarge,
    UnknownCohort,
    UnknownScenario,
    UnknownState,
    UnknownVariable,
)
from model.evidence import Assumed, Observed, OneOf, Reported, RuledOut, SetChances, SetTo
from model.forecast import answer, answers, prepare
from model.question import Question
from model.specification import Cohort, Scenario
from tests.textbook import forecaster, model_of, network


def p(found: Answer, target: str, state: str) -> float:
    rows = next(t for t in found.targets if t.target == target).distribution
    return next(row.p for row in rows if row.state == state)


def ask(name: str, target: str, findings=None, settings=None, **more) -> Answer:
    return answer(forecaster(name), Question((target,), findings or {}, settings or {}, **more))


def with_scenario(**scenario):
    model = model_of(network("asia"), "asia")
    parts = {"name": "s", "label": "s", "note": None, "findings": {}, "settings": {}, **scenario}
    cohort = Cohort("c", "c", 1, 2, {"smoke": Observed("yes"), "asia": Observed("no")}, ())
    changed = {
        key: getattr(model, key)
        for key in ("name", "title", "description", "as_of", "horizon", "headline", "network", "described")
    }
    return prepare(type(model)(**changed, scenarios={"s": Scenario(**parts)}, cohorts={"c": cohort}))


def test_a_distribution_is_in_the_order_of_the_file_and_sums_to_one():
    rows = ask("asia", "xray").targets[0].distribution
    assert [row.state for row in rows] == list(network("asia")["xray"].states)
    assert math.fsum(row.p for row in rows) == pytest.approx(1.0, abs=1e-15)


def test_the_baseline_is_the_answer_with_nothing_known():
    found = ask("asia", "lung", {"xray": Observed("yes")})
    row = found.targets[0].distribution[0]
    assert (row.state, row.baseline) == ("yes", pytest.approx(0.055))
    assert row.shift == pytest.approx(row.p - 0.055)


def test_no_targets_means_every_variable():
    found = answer(forecaster("asia"), Question())
    assert [t.target for t in found.targets] == list(network("asia").names)


def test_an_assumed_distribution_is_held():
    found = ask("asia", "lung", {"xray": Assumed({"yes": 0.8, "no": 0.2})})
    assert p(found, "lung", "yes") == pytest.approx(0.3912163927, abs=1e-10)


def test_two_assumptions_are_fitted_together():
    findings = {"xray": Assumed({"yes": 0.8, "no": 0.2}), "dysp": Assumed({"yes": 0.3, "no": 0.7})}
    found = answer(forecaster("asia"), Question(("lung", "xray", "dysp"), findings))
    assert p(found, "lung", "yes") == pytest.approx(0.3005824012, abs=1e-9)
    assert p(found, "xray", "yes") == pytest.approx(0.8, abs=1e-11)
    assert p(found, "dysp", "yes") == pytest.approx(0.3, abs=1e-11)


def test_an_assumption_counts_for_nothing_in_the_probability_of_the_evidence():
    both = ask("asia", "lung", {"xray": Assumed({"yes": 0.8, "no": 0.2}), "smoke": Observed("yes")})
    assert both.p_evidence == pytest.approx(0.5)


def test_assumptions_that_cannot_hold_together_are_refused():
    findings = {"either": Assumed({"yes": 0.1, "no": 0.9}), "lung": Assumed({"yes": 0.5, "no": 0.5})}
    with pytest.raises(ImpossibleEvidence, match=r"lung assumed \(yes=0.5, no=0.5\) cannot hold together with either"):
        ask("asia", "xray", findings)


@pytest.mark.parametrize(
    ("settings", "target", "wanted"),
    [
        ({"Sprinkler": SetTo("T")}, "Rain", 0.5),
        ({"Sprinkler": SetTo("T")}, "Wet", 0.945),
        ({"Sprinkler": SetChances({"T": 0.3, "F": 0.7})}, "Wet", 0.5985),
    ],
)
def test_an_intervention_cuts_the_arcs_into_the_variable(settings, target, wanted):
    assert p(ask("sprinkler", target, {}, settings), target, "T") == pytest.approx(wanted, abs=1e-12)


def test_evidence_beside_an_intervention_is_read_after_it():
    seen = ask("sprinkler", "Cloudy", {"Wet": Observed("T"), "Sprinkler": Observed("T")})
    done = ask("sprinkler", "Cloudy", {"Wet": Observed("T")}, {"Sprinkler": SetTo("T")})
    assert p(seen, "Cloudy", "T") == pytest.approx(0.1747572816, abs=1e-10)
    assert p(done, "Cloudy", "T") == pytest.approx(0.5142857143, abs=1e-10)


def test_evidence_on_a_variable_that_is_set_is_refused():
    with pytest.raises(EvidenceOnIntervened, match=r"evidence\.Rain: Rain is set by do\(\) and also given"):
        ask("sprinkler", "Wet", {"Rain": Observed("T")}, {"Rain": SetTo("F")})


@pytest.mark.parametrize(
    ("findings", "bits"),
    [
        ({"smoke": "no", "lung": "yes"}, 2.459431618637),
        ({"bronc": "no", "dysp": "yes", "xray": "no"}, 2.095943609943),
        ({"smoke": "yes", "bronc": "yes", "dysp": "yes"}, -1.310394709991),
        ({"xray": "yes", "dysp": "no", "smoke": "no"}, 0.689466290585),
    ],
)
def test_conflict_is_measured_in_bits(findings, bits):
    found = ask("asia", "tub", {name: Observed(state) for name, state in findings.items()})
    assert found.conflict_bits == pytest.approx(bits, abs=1e-11)


def test_one_finding_cannot_conflict():
    assert ask("asia", "tub", {"xray": Observed("yes")}).conflict_bits is None


def test_impossible_evidence_names_a_smallest_conflicting_set():
    findings = {"smoke": Observed("yes"), "either": Observed("no"), "dysp": Observed("yes"), "lung": RuledOut(("no",))}
    with pytest.raises(ImpossibleEvidence) as caught:
        ask("asia", "xray", findings)
    assert caught.value.conflict == ("lung not in (no)", "either=no")
    assert str(caught.value) == "evidence: lung not in (no) cannot hold together with either=no"


@pytest.mark.parametrize(
    ("question", "error", "message"),
    [
        (Question(("lungs",)), UnknownVariable, r"targets\.0: no variable 'lungs'.*Did you mean 'lung'\?"),
        (Question(("lung",), {"xry": Observed("yes")}), UnknownVariable, r"given\.xry: .*Did you mean 'xray'\?"),
        (Question(("lung",), {"xray": Observed("yess")}), UnknownState, r"given\.xray: no state 'yess'; .*'yes'\?"),
        (Question(("lung",), {"xray": OneOf(("maybe",))}), UnknownState, r"the states are 'yes', 'no'"),
        (Question(("lung",), {"xray": RuledOut(("yes", "no"))}), BadQuestion, "leaves xray no state at all"),
        (Question(("lung",), {"xray": Reported({"yes": -1.0})}), BadQuestion, r"the likelihood of 'yes' is -1\.0"),
        (Question(("lung",), {"xray": Reported({"yes": math.inf})}), BadQuestion, "must be finite"),
        (Question(("lung",), {"xray": Assumed({"yes": 0.8})}), BadQuestion, r"sum to 0\.8, not to 1"),
        (Question(("lung",), {}, {"smoke": SetTo("often")}), UnknownState, r"do\.smoke: no state 'often'"),
        (Question(("lung",), joint=(("lung", "lung"),)), BadQuestion, "names each variable once"),
        (Question(("lung",), scenario="nowhere"), UnknownScenario, "there are no scenarios"),
        (Question(("lung",), cohort="none"), UnknownCohort, "no cohort 'none'"),
    ],
)
def test_a_question_that_has_no_meaning_says_where_and_what_would_have_been_right(question, error, message):
    with pytest.raises(error, match=message):
        answer(forecaster("asia"), question)


def test_a_joint_too_large_is_refused_before_it_is_made():
    names = network("alarm").names[:20]
    with pytest.raises(JointTooLarge, match="cells; the limit is 100,000"):
        answer(forecaster("alarm"), Question(("HISTORY",), joint=(names,)))


def test_a_joint_lists_every_combination_with_the_last_variable_fastest():
    found = ask("sprinkler", "Wet", {"Wet": Observed("T")}, joint=(("Rain", "Sprinkler"),))
    assert [states for states, _ in found.joint[0].rows] == [("T", "T"), ("T", "F"), ("F", "T"), ("F", "F")]
    assert found.joint[0].rows[0][1] == pytest.approx(0.4581 * 0.1944990177 / 0.6471, abs=1e-9)


def test_the_most_probable_explanation_has_its_probability():
    found = ask("sprinkler", "Wet", {"Wet": Observed("T")}, most_probable=True)
    assert found.most_probable.states == {"Cloudy": "T", "Sprinkler": "F", "Rain": "T", "Wet": "T"}
    assert found.most_probable.p == pytest.approx(0.5 * 0.9 * 0.8 * 0.9 / 0.6471)


def test_evidence_that_cannot_reach_the_target_is_named():
    findings = {"lung": Observed("yes"), "smoke": Observed("no"), "asia": Observed("yes")}
    assert ask("asia", "xray", findings).no_effect == ("smoke",)
    assert ask("asia", "bronc", findings).targets[0].no_effect == ("asia", "lung")


def test_an_intervention_downstream_of_the_target_has_no_effect():
    assert ask("asia", "smoke", {}, {"lung": SetTo("yes")}).no_effect == ("lung",)


def test_a_scenario_brings_its_evidence_and_the_question_wins_over_it():
    ready = with_scenario(findings={"xray": Observed("yes"), "smoke": Observed("no")})
    found = answer(ready, Question(("lung",), {"xray": Observed("no")}, scenario="s"))
    assert found.findings == {"xray": Observed("no"), "smoke": Observed("no")}
    assert found.replaced == ("xray=yes of scenario s",)


def test_a_cohort_wins_over_the_scenario_s_evidence_but_not_over_its_interventions():
    ready = with_scenario(findings={"smoke": Observed("no")}, settings={"asia": SetTo("yes")})
    found = answer(ready, Question(("lung",), scenario="s", cohort="c"))
    assert found.findings == {"smoke": Observed("yes")}
    assert found.settings == {"asia": SetTo("yes")}
    assert found.replaced == ("asia=no of cohort c", "smoke=no of scenario s")


def mixed(count: int, seed: int) -> list[Question]:
    """Questions of every verb, interventions and impossible ones among them."""
    chance = Random(seed)
    names = network("alarm").names
    found = []
    for _ in range(count):
        picked = chance.sample(names, 5)
        findings, settings = {}, {}
        for name in picked[:4]:
            states = network("alarm")[name].states
            some = tuple(chance.sample(states, max(1, len(states) - 1)))
            weights = {state: chance.random() + 0.01 for state in states}
            total = math.fsum(weights.values())
            findings[name] = chance.choice(
                [
                    Observed(some[0]),
                    OneOf(some),
                    RuledOut(some),
                    Reported(weights),
                    Assumed({state: weight / total for state, weight in weights.items()}),
                ]
            )
        if chance.random() < 0.4:
            name = findings.popitem()[0]
            settings[name] = SetTo(chance.choice(network("alarm")[name].states))
        found.append(Question((picked[4],), findings, settings))
    return found


def outcome(ready, question):
    try:
        return answer(ready, question)
    except AftermathError as error:
        return str(error)


def same(one, other) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    pairs = zip(one.targets[0].distribution, other.targets[0].distribution, strict=True)
    return all(abs(a.p - b.p) <= 1e-12 for a, b in pairs) and abs(one.p_evidence - other.p_evidence) <= 1e-12


def test_two_thousand_mixed_questions_on_sixteen_threads_equal_the_serial_answers():
    ready, questions = forecaster("alarm"), mixed(2000, seed=20)
    serial = [outcome(ready, question) for question in questions]
    with ThreadPoolExecutor(16) as pool:
        threaded = list(pool.map(lambda question: outcome(ready, question), questions))
    assert sum(isinstance(found, Answer) for found in serial) > 1500
    assert all(same(one, other) for one, other in zip(serial, threaded, strict=True))


def test_a_batch_gives_each_case_its_own_answer_or_its_own_error():
    ready, questions = forecaster("alarm"), mixed(300, seed=7)
    bad = Question(("HISTORY",), {"HISTORY": Observed("perhaps")})
    found = answers(ready, [*questions[:150], bad, *questions[150:]])
    assert isinstance(found.pop(150), UnknownState)
    for one, question in zip(found, questions, strict=True):
        assert same(str(one) if isinstance(one, AftermathError) else one, outcome(ready, question))
