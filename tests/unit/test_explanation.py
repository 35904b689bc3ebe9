"""Explanations of textbook answers, with worked numbers."""

import pytest

from model.conflict import conflict, surprises
from model.evidence import Case, Observed, observe
from model.weights import weigh
from tests.textbook import forecaster

LUNG = observe(smoke="yes", xray="yes", dysp="yes")


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
