"""Evidence at the edges against exact fractions: numbers from 1e-300 to 1 - 1e-16, what is impossible, and ties."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model import inference
from model.analyses.evidence_conflict import conflict, surprises
from model.analyses.explanation import explain
from model.errors import ImpossibleEvidence
from model.evidence import Assumed, Case, Observed, OneOf, Reported, RuledOut, SetTo, in_words, likelihood
from model.forecast import answer, answers, prepare
from model.inference.arrays import encode
from model.inference.conflict_sets import smallest_set
from model.network import Network, Variable
from model.question import Question, resolve
from tests.textbook import model_of

SMALL = (0.0, 1e-300, 1e-250, 1e-200, 1e-155, 1e-100, 1e-60, 1e-17, 1.1e-16, 1e-9, 0.001, 0.25, 1 / 3, 0.5)
SOME = settings(suppress_health_check=list(HealthCheck))
DEEP = settings(SOME, max_examples=3_000, deadline=None)

Exact = dict[tuple[int, ...], Fraction]


@st.composite
def rows(draw, states):
    """A distribution: all but one of its numbers from the small ones, the last what they leave."""
    small = draw(
        st.lists(st.sampled_from(SMALL), min_size=states - 1, max_size=states - 1).filter(lambda p: sum(p) <= 1)
    )
    return np.array(draw(st.permutations([*small, 1 - math.fsum(small)])))


@st.composite
def networks(draw, variables=5):
    count = draw(st.integers(1, variables))
    names = [f"v{i}" for i in range(count)]
    cards = [draw(st.integers(2, 3)) for _ in names]
    built, tables = [], {}
    for i, name in enumerate(names):
        above = draw(st.lists(st.sampled_from(range(i)), max_size=2, unique=True)) if i else []
        shape = tuple(cards[p] for p in above)
        drawn = [draw(rows(cards[i])) for _ in product(*map(range, shape))]
        tables[name] = np.array(drawn).reshape(*shape, cards[i])
        built.append(Variable(name, tuple(f"s{k}" for k in range(cards[i])), tuple(names[p] for p in above)))
    return Network(built, tables)


@st.composite
def findings(draw, variable):
    states = st.sampled_from(variable.states)
    some = st.lists(states, min_size=1, max_size=len(variable.states) - 1, unique=True).map(tuple)
    weights = st.lists(st.sampled_from((*SMALL, 1 - 1.2e-16, 1.0)), min_size=len(variable.states), max_size=3)
    reports = weights.map(lambda w: w[: len(variable.states)]).filter(any)
    reported = reports.map(lambda w: Reported(dict(zip(variable.states, w, strict=True))))
    return draw(st.one_of(states.map(Observed), some.map(OneOf), some.map(RuledOut), reported))


@st.composite
def questions(draw, least=0, variables=5):
    network = draw(networks(variables=variables))
    given, done = {}, {}
    for variable in network.variables:
        what = draw(st.sampled_from(["nothing", "finding", "finding", "setting"]))
        if what == "finding":
            given[variable.name] = draw(findings(variable))
        elif what == "setting" and draw(st.booleans()):
            done[variable.name] = SetTo(draw(st.sampled_from(variable.states)))
    assume(len(given) >= least)
    return network, Case(given, done)


def enumerated(network: Network, case: Case) -> Exact:
    """P(every variable, evidence), exactly for the numbers as they are held; zeros left out."""
    found = {}
    weights = {n: likelihood(network[n], finding).tolist() for n, finding in case.findings.items()}
    for states in product(*map(range, network.cards(network.names))):
        at = dict(zip(network.names, states, strict=True))
        p = Fraction(1)
        for variable in network.variables:
            if variable.name in case.settings:
                p *= int(variable.states[at[variable.name]] == case.settings[variable.name].state)
            else:
                row = network.tables[variable.name][tuple(at[n] for n in variable.parents)]
                p *= Fraction(float(row[at[variable.name]]))
            if variable.name in weights:
                p *= Fraction(weights[variable.name][at[variable.name]])
        if p:
            found[states] = p
    return found


def total(joint: Exact) -> Fraction:
    return sum(joint.values(), Fraction(0))


def log(p: Fraction) -> float:
    return math.log(p.numerator) - math.log(p.denominator)


def marginal(joint: Exact, network: Network, name: str) -> list[Fraction]:
    """One variable's share of an unnormalised joint."""
    place, shares = network.position[name], [Fraction(0)] * len(network[name].states)
    for states, p in joint.items():
        shares[states[place]] += p
    return [share / total(joint) for share in shares]


def assert_equal(found: Sequence[float], wanted: Sequence[Fraction]) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert abs(Fraction(float(one)) - other) <= other * Fraction(1e-9) + Fraction(1e-200)


def asked(network: Network, case: Case, **more):
    return answer(prepare(model_of(network)), Question((), case.findings, case.settings, **more))


def posterior_is_exact(network: Network, case: Case, limit: int) -> None:
    joint, plan = enumerated(network, case), inference.compile(network, limit=limit)
    evidence = encode(network, [case])
    log_p = inference.log_evidence(plan, evidence)[0]
    if not joint:
        assert log_p == -math.inf
        return
    assert log_p == pytest.approx(log(total(joint)), rel=1e-12, abs=1e-12)
    found = inference.posterior(plan, evidence)
    for name in network.names:
        assert_equal(found.of(name)[0], marginal(joint, network, name))
        assert_equal(inference.posterior(plan, evidence, (name,)).of(name)[0], marginal(joint, network, name))
        assert_equal(inference.marginals(plan, evidence, (name,))[name][0], marginal(joint, network, name))


def answer_is_exact(network: Network, case: Case) -> None:
    joint = enumerated(network, case)
    assume(joint)
    [batched] = answers(prepare(model_of(network)), [Question((), case.findings, case.settings)])
    for found in (asked(network, case, most_probable=True), batched):
        assert found.log_p_evidence <= 0.0
        assert 0.0 <= found.p_evidence <= 1.0
        if not case.findings:
            assert (found.log_p_evidence, found.p_evidence) == (0.0, 1.0)
        assert found.log_p_evidence == pytest.approx(log(total(joint)), rel=1e-12, abs=1e-12)
        if len(case.findings) > 1:
            alone = [log(total(enumerated(network, Case({n: f}, case.settings)))) for n, f in case.findings.items()]
            wanted = (math.fsum(alone) - log(total(joint))) / math.log(2)
            assert found.conflict_bits == pytest.approx(wanted, rel=1e-10, abs=1e-9)


def most_probable_is_exact(network: Network, case: Case) -> None:
    joint = enumerated(network, case)
    assume(joint)
    best = max(joint.values())
    found = asked(network, case, most_probable=True).most_probable
    states = tuple(network[n].index[found.states[n]] for n in network.names)
    assert joint[states] >= best * (1 - Fraction(1e-12))
    assert_equal([found.p], [best / total(joint)])
    assert found.tie == (sum(p >= best * (1 - Fraction(1e-12)) for p in joint.values()) > 1)


def smallest_impossible(network: Network, case: Case) -> int:
    for size in range(1, len(case.findings) + 1):
        for names in combinations(case.findings, size):
            if not enumerated(network, Case({n: case.findings[n] for n in names}, case.settings)):
                return size
    raise AssertionError("all of it is possible")


def conflict_is_smallest(network: Network, case: Case) -> None:
    assume(not enumerated(network, case))
    with pytest.raises(ImpossibleEvidence) as caught:
        asked(network, case)
    read = resolve(model_of(network), Question((), case.findings, case.settings)).case.findings
    named = {n: f for n, f in read.items() if in_words(n, f) in caught.value.conflict}
    assert len(named) == len(caught.value.conflict) == smallest_impossible(network, case)
    assert not enumerated(network, Case(named, case.settings))
    assert caught.value.smallest


def chances_with_any(network: Network, case: Case, place: int, wanted: list[Fraction]) -> Iterator[Fraction]:
    """How likely each state that is wanted is under every set of the findings: a number below the range is none."""
    for size in range(len(case.findings) + 1):
        for names in combinations(case.findings, size):
            joint = enumerated(network, Case({n: case.findings[n] for n in names}, case.settings))
            now = marginal(joint, network, network.names[place])
            yield from (p for q, p in zip(wanted, now, strict=True) if q)


def assumption_is_held(network: Network, case: Case, name: str, shares: Mapping[str, float]) -> None:
    rest = Case({n: f for n, f in case.findings.items() if n != name}, case.settings)
    joint = enumerated(network, rest)
    assume(joint and name not in case.settings)
    both = Case({**rest.findings, name: Assumed(shares)}, case.settings)
    place, now = network.position[name], marginal(joint, network, name)
    wanted = [Fraction(shares.get(state, 0.0)) for state in network[name].states]
    if any(q and not p for q, p in zip(wanted, now, strict=True)):
        assume(all(p == 0 or p >= Fraction(1e-300) for p in chances_with_any(network, rest, place, wanted)))
        with pytest.raises(ImpossibleEvidence) as caught:
            asked(network, both)
        sizes = [
            len(names)
            for size in range(len(rest.findings) + 1)
            for names in combinations(rest.findings, size)
            if any(
                q and not p
                for q, p in zip(
                    wanted,
                    marginal(
                        enumerated(network, Case({n: rest.findings[n] for n in names}, case.settings)), network, name
                    ),
                    strict=True,
                )
            )
        ]
        assert in_words(name, both.findings[name]) in caught.value.conflict
        assert len(caught.value.conflict) == 1 + min(sizes)
        return
    assume(all(p >= Fraction(1e-300) for q, p in zip(wanted, now, strict=True) if q))
    held = {
        states: p * wanted[states[place]] / now[states[place]] for states, p in joint.items() if wanted[states[place]]
    }
    found = asked(network, both)
    for target in found.targets:
        exact = marginal(held, network, target.target)
        for row, p in zip(target.distribution, exact, strict=True):
            assert row.p == pytest.approx(float(p), abs=1e-11)


def assert_finite(value: object) -> None:
    """Every number in a value, and in what it holds, is finite."""
    if isinstance(value, float):
        assert math.isfinite(value)
    elif is_dataclass(value):
        for each in fields(value):
            assert_finite(getattr(value, each.name))
    elif isinstance(value, Mapping):
        assert_finite(tuple(value.values()))
    elif isinstance(value, tuple):
        for each in value:
            assert_finite(each)


def explanation_is_finite(network: Network, case: Case) -> None:
    joint = enumerated(network, case)
    assume(joint)
    ready = prepare(model_of(network))
    question = Question((), case.findings, case.settings)
    for variable in network.variables:
        for state in variable.states:
            found = explain(ready, question, target=variable.name, state=state)
            assert_finite(found)
            [before, after] = (
                marginal(enumerated(network, given), network, variable.name)[variable.index[state]]
                for given in (Case({}, case.settings), case)
            )
            for db, p in ((found.balance.before_db, before), (found.balance.db, after)):
                assert (db is None) == (p in (0, 1))
                if db is not None and p < 1 - Fraction(1e-200):
                    assert db == pytest.approx(10 / math.log(10) * log(p / (1 - p)), rel=1e-9, abs=1e-9)
    for surprise in surprises(ready.plan, case):
        rest = Case({n: f for n, f in case.findings.items() if n != surprise.finding}, case.settings)
        wanted = (log(total(enumerated(network, rest))) - log(total(joint))) / math.log(2)
        assert surprise.bits == pytest.approx(wanted, rel=1e-10, abs=1e-9)
    odd = conflict(ready.plan, case)
    if odd.bits is not None:
        assert odd.bits == pytest.approx(asked(network, case).conflict_bits, rel=1e-10, abs=1e-9)


LIMITS = st.sampled_from((inference.CELL_LIMIT, 1))
SHARES = st.sampled_from(((0.5, 0.5, 0.0), (0.25, 0.25, 0.5), (1.0, 0.0, 0.0), (0.0, 0.9, 0.1), (1e-9, 1 - 1e-9, 0.0)))


def shares_of(variable: Variable, shares: Sequence[float]) -> dict[str, float]:
    held = shares[: len(variable.states)]
    return {state: p / math.fsum(held) for state, p in zip(variable.states, held, strict=True) if p}


@SOME
@given(questions(), LIMITS)
def test_posteriors_and_the_probability_of_evidence_are_exact(question, limit):
    posterior_is_exact(*question, limit)


@SOME
@given(questions())
def test_answers_have_the_exact_probability_of_evidence_and_conflict(question):
    answer_is_exact(*question)


@SOME
@given(questions())
def test_the_most_probable_states_and_their_ties_are_exact(question):
    most_probable_is_exact(*question)


@SOME
@given(questions(least=1))
def test_a_conflict_is_a_smallest_one(question):
    conflict_is_smallest(*question)


@SOME
@given(questions(), st.data(), SHARES)
def test_one_assumption_is_held_or_what_it_clashes_with_is_named(question, data, shares):
    network, case = question
    name = data.draw(st.sampled_from(network.names))
    assumption_is_held(network, case, name, shares_of(network[name], shares))


@SOME
@given(questions(variables=4))
def test_an_explanation_has_finite_numbers(question):
    explanation_is_finite(*question)


@pytest.mark.long
@DEEP
@given(questions(), LIMITS)
def test_deep_posteriors(question, limit):
    posterior_is_exact(*question, limit)


@pytest.mark.long
@DEEP
@given(questions())
def test_deep_answers(question):
    answer_is_exact(*question)


@pytest.mark.long
@DEEP
@given(questions())
def test_deep_most_probable_states(question):
    most_probable_is_exact(*question)


@pytest.mark.long
@DEEP
@given(questions(least=1))
def test_deep_conflicts(question):
    conflict_is_smallest(*question)


@pytest.mark.long
@DEEP
@given(questions(), st.data(), SHARES)
def test_deep_assumptions(question, data, shares):
    network, case = question
    name = data.draw(st.sampled_from(network.names))
    assumption_is_held(network, case, name, shares_of(network[name], shares))


@pytest.mark.long
@DEEP
@given(questions(variables=4))
def test_deep_explanations(question):
    explanation_is_finite(*question)


@SOME
@given(st.integers(2, 9), st.data())
def test_the_smallest_set_is_found_among_any_conflicts(count, data):
    conflicts = data.draw(
        st.lists(st.sets(st.integers(0, count - 1), min_size=1).map(frozenset), min_size=1, max_size=8)
    )

    def possible(kept):
        return np.array([not any(c <= set(np.flatnonzero(row).tolist()) for c in conflicts) for row in kept])

    found, proven = smallest_set(count, possible)
    assert proven
    assert not possible(np.isin(np.arange(count), found)[None])[0]
    assert len(found) == min(map(len, conflicts))
