"""Numbers right at the edges: states from 1e-300 to 1 - 1e-16, and exact 0 and 1, against exact fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model import inference
from model.analyses.causal_effect import cause_effect
from model.analyses.parameter_derivatives import numbers
from model.analyses.sensitivity import BreakEven, Swing, sensitivity
from model.analyses.value_of_information import brier_drop, mutual_information, tells
from model.analyses.variance_attribution import attribution
from model.analyses.weight_of_evidence import weigh
from model.evidence import Case, Observed, distribution, likelihood
from model.forecast import prepare
from model.gates import (
    AllNeeded,
    AnyCause,
    Gate,
    Influence,
    Influences,
    Pinned,
    Ranked,
    TableGate,
    all_needed,
    any_cause,
    calibrated_nominal,
    calibrated_ordinal,
    nominal,
    ordinal,
)
from model.gates.streams import Stream
from model.inference.arrays import encode
from model.network import Network, Table, Variable
from model.question import Question
from model.uncertainty.dirichlet_updating import sequential
from model.uncertainty.parameters import Parameter
from tests.networks import cases
from tests.stated import stated

CLOSE = 1e-9
"""Relative error that is allowed where nothing cancels in the question itself."""

FAINT = 1e-200
"""What is smaller may be any number as small: its products are at the end of the range of floats."""

LIKELY = 1e-80
"""Evidence is at least as likely as this, for what is FAINT beside it to be in that range."""

ORDINARY = 25

ordinary = settings(
    deadline=None,
    max_examples=ORDINARY,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)
deep = settings(ordinary, max_examples=2_200)

tiny = st.floats(-300, -0.31).map(lambda power: 10.0**power)
edge = st.one_of(tiny, st.just(0.0), st.floats(0.01, 0.5))


@st.composite
def rows(draw: st.DrawFn, states: int, *, zeros: bool = True) -> Table:
    """A row that has the rest in one state, as prior files do: the others are rare, impossible or ordinary."""
    part = edge if zeros else st.one_of(tiny, st.floats(0.01, 0.5))
    others = [draw(part) / (states - 1) for _ in range(states - 1)]
    rest = float(1 - sum(map(Fraction, others)))
    others.insert(draw(st.integers(0, states - 1)), rest)
    return np.array(others)


@st.composite
def networks(draw: st.DrawFn, *, variables: int = 4) -> Network:
    count = draw(st.integers(2, variables))
    cards = [draw(st.integers(2, 3)) for _ in range(count)]
    built, tables = [], {}
    for i in range(count):
        above = draw(st.lists(st.sampled_from(range(i)), max_size=2, unique=True)) if i else []
        shape = tuple(cards[k] for k in above)
        found = [draw(rows(cards[i])) for _ in product(*map(range, shape))]
        tables[f"v{i}"] = np.array(found).reshape(*shape, cards[i])
        built.append(Variable(f"v{i}", tuple(f"s{k}" for k in range(cards[i])), tuple(f"v{k}" for k in above)))
    return Network(built, tables)


Joint = dict[tuple[int, ...], Fraction]


def fractions(network: Network, case: Case, tables: dict[str, Callable[..., Fraction]] | None = None) -> Joint:
    """P(every variable, evidence) of the floats as they stand, by states of the variables in file order."""
    factors: list[Callable[[tuple[int, ...]], Fraction]] = []
    for name in network.names:
        own, above = network.position[name], [network.position[parent] for parent in network[name].parents]
        table: np.ndarray = np.vectorize(Fraction, otypes=[object])(network.tables[name])
        if name in case.settings:
            table = np.broadcast_to(
                [Fraction(p) for p in distribution(network[name], case.settings[name])], table.shape
            )
        if tables and name in tables:
            table = tables[name](table)
        said = [Fraction(1)] * len(network[name].states)
        if name in case.findings:
            said = [Fraction(p) for p in likelihood(network[name], case.findings[name])]
        factors.append(
            lambda at, t=table, own=own, above=above, said=said: t[(*(at[k] for k in above), at[own])] * said[at[own]]
        )
    return {at: math.prod(f(at) for f in factors) for at in product(*map(range, network.cards(network.names)))}


def summed(joint: Joint, *axes: int) -> dict[tuple[int, ...], Fraction]:
    found: dict[tuple[int, ...], Fraction] = {}
    for at, p in joint.items():
        key = tuple(at[axis] for axis in axes)
        found[key] = found.get(key, Fraction(0)) + p
    return found


def log(p: Fraction) -> float:
    return math.log(p.numerator) - math.log(p.denominator)


def close(found: float, right: Fraction, *, digits: Fraction | float = 0) -> bool:
    """Whether a number is right; ``digits`` is the size of what cancels in it, of which 1e-12 may be missed."""
    missed = abs(Fraction(found) - right)
    return missed <= Fraction(CLOSE) * abs(right) + Fraction(1e-12) * Fraction(digits) + Fraction(FAINT)


def possible(joint: Joint) -> Fraction:
    """P(evidence), in the range in which no float is lost under way."""
    total = sum(joint.values(), Fraction(0))
    assume(total > Fraction(LIKELY))
    return total


@st.composite
def questions(draw: st.DrawFn) -> tuple[Network, Case, str, int]:
    network = draw(networks())
    case = draw(cases(network))
    target = draw(st.sampled_from(network.names))
    return network, case, target, draw(st.integers(0, len(network[target].states) - 1))


def check_engine(drawn: tuple[Network, Case, str, int]) -> None:
    network, case = drawn[:2]
    joint = fractions(network, case)
    total = possible(joint)
    plan = inference.compile(network)
    evidence = encode(network, [case])
    for names in (None, network.names[:1], network.names[-1:]):
        found = inference.posterior(plan, evidence, names)
        assert found.log_evidence[0] == pytest.approx(log(total), rel=1e-9, abs=1e-9)
        for name in names or network.names:
            for (k,), p in summed(joint, network.position[name]).items():
                assert close(found.of(name)[0, k], p / total), (name, k)
    pair = (network.names[0], network.names[-1])
    table = inference.joint(plan, pair, evidence)
    for at, p in summed(joint, *(network.position[name] for name in pair)).items():
        assert close(table[at], p / total)


def maximum(alone: Table, effects: Sequence[Table], at: tuple[int, ...]) -> list[Fraction]:
    """P(the highest of what is alone and of the effects), in fractions."""
    below = Fraction(0)
    parts = [alone, *(effect[k] for effect, k in zip(effects, at, strict=True))]
    found = []
    for state in range(len(alone)):
        to = math.prod(sum(map(Fraction, part[: state + 1]), Fraction(0)) / sum(map(Fraction, part)) for part in parts)
        found.append(Fraction(to) - below)
        below = Fraction(to)
    return found


@st.composite
def causes(draw: st.DrawFn) -> tuple[Table, list[Table]]:
    states = draw(st.integers(2, 4))
    effects = [np.array([draw(rows(states)) for _ in range(2)]) for _ in range(draw(st.integers(1, 3)))]
    return draw(rows(states)), effects


def check_causes(drawn: tuple[Table, list[Table]]) -> None:
    alone, effects = drawn
    table = any_cause(alone, effects)
    mirrored = all_needed(alone, effects)
    flipped = [effect[:, ::-1] for effect in effects]
    for at in product(*(range(2) for _ in effects)):
        for found, right in zip(table[at], maximum(alone, effects, at), strict=True):
            assert close(found, right)
        for found, right in zip(mirrored[at][::-1], maximum(alone[::-1], flipped, at), strict=True):
            assert close(found, right)


@st.composite
def bases(draw: st.DrawFn) -> tuple[Table, Table, Table]:
    """A base, natural log odds for three cases of the parents, and how likely these are."""
    states = draw(st.integers(2, 4))
    shift = np.array([[draw(st.floats(-12, 12)) for _ in range(states)] for _ in range(3)])
    weights = np.array([draw(st.floats(0.01, 1)) for _ in range(3)])
    return draw(rows(states)), shift, weights / weights.sum()


def check_influences(drawn: tuple[Table, Table, Table]) -> None:
    base, shift, weights = drawn
    exact = list(map(Fraction, base))
    for case, row in enumerate(nominal(base, shift)):
        mass = [p * Fraction(math.exp(s)) for p, s in zip(exact, shift[case], strict=True)]
        assert all(close(found, p / sum(mass)) for found, p in zip(row, mass, strict=True))
    for s, row in zip(shift[:, 0], ordinal(base, shift[:, 0]), strict=True):
        factor, total = Fraction(math.exp(s)), sum(exact)
        up_to = [Fraction(0)]
        for p in exact:
            up_to.append(up_to[-1] + p / total)
        cut = [c / (c + (1 - c) * factor) for c in up_to]
        assert all(close(found, b - a) for found, a, b in zip(row, cut[:-1], cut[1:], strict=True))
    for solve, spread, moved in (
        (calibrated_nominal, nominal, shift),
        (calibrated_ordinal, ordinal, shift[:, 0]),
    ):
        if (base[base > 0] > 1e-280).all():
            average = weights @ spread(solve(base, moved, weights), moved)
            np.testing.assert_allclose(average, base, rtol=1e-8)


@st.composite
def gates(draw: st.DrawFn) -> Gate:
    """A gate of any kind that has rows, its numbers at the edges."""
    states, ess = draw(st.integers(2, 3)), draw(st.sampled_from([0.5, 10.0, 1000.0]))
    sizes = np.full(2, ess)
    table = np.array([draw(rows(states)) for _ in range(2)])
    kind = draw(st.sampled_from(["table", "any", "all", "ordinal", "nominal", "pinned", "ranked"]))
    alone = draw(rows(states))
    if kind == "any":
        return AnyCause(alone, ess, (table,), (sizes,))
    if kind == "all":
        return AllNeeded(alone, ess, (table,), (sizes,))
    if kind in ("ordinal", "nominal"):
        pattern = np.array([0.0, 1.0]) if kind == "ordinal" else np.eye(2, states)
        when = draw(st.sampled_from(["reference", "typical"]))
        effect = Influence(0, draw(st.floats(-20, 20)), pattern, ess)
        return Influences(kind, alone, ess, when, (effect,), (2,), np.array([0.3, 0.7]))
    if kind == "pinned":
        return Pinned(TableGate(table, sizes), np.array([True, False]), table[::-1], sizes)
    if kind == "ranked":
        return Ranked(states, "mean", (2.0,), (False,), (2,), draw(st.floats(1e-4, 1.0)), ess)
    return TableGate(table, sizes)


def check_draws(gate: Gate) -> None:
    drawn = gate.draw(Stream(7), 200)
    assert np.isfinite(drawn).all()
    assert (drawn >= 0).all()
    np.testing.assert_allclose(drawn.sum(axis=-1), 1, atol=1e-12)
    if isinstance(gate, TableGate):
        assert ((drawn > 0) == (gate.rows > 0)).all()


def function_of(
    network: Network, case: Case, target: str, state: int, number: Parameter
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """P(state, evidence) and P(other states, evidence): each with the number at 0, at 1, and where it says nothing."""
    assert number.state is not None
    assert number.when is not None
    own, when = network[number.variable].states.index(number.state), number.when
    ends = []
    for t, rest in ((0, 1), (1, 0), (0, 0)):

        def moved(table: np.ndarray, t: int = t, rest: int = rest) -> np.ndarray:
            table = np.array(table)
            for at in zip(*np.nonzero(when), strict=True) if when.ndim else [()]:
                others = sum(p for k, p in enumerate(table[at]) if k != own)
                table[at] = [Fraction(t) if k == own else p / others * rest for k, p in enumerate(table[at])]
            return table

        of_target = summed(fractions(network, case, {number.variable: moved}), network.position[target])
        ends.append((of_target[state,], Fraction(sum(p for (k,), p in of_target.items() if k != state))))
    of_state, of_others = zip(*ends, strict=True)
    return of_state, of_others


def check_sensitivity(drawn: tuple[Network, Case, str, int], threshold: float) -> None:
    network, case, target, state = drawn
    total = possible(fractions(network, case))
    forecaster = prepare(stated(network, ess=10.0))
    question = Question(findings=case.findings, settings=case.settings)
    asked = {"target": target, "state": network[target].states[state]}
    found = sensitivity(forecaster, question, **asked, threshold=threshold)
    by_what = {(number.variable, number.what): number for number in numbers(forecaster.model).parameters}
    shares = [share.share for share in attribution(forecaster, question, **asked).statements]
    assert not shares or sum(shares) == pytest.approx(1, abs=1e-9) or not any(shares)
    for swing in found.rows:
        number = by_what[swing.variable, swing.what]
        both = function_of(network, case, target, state, number)
        of_state, of_others = (tuple(p / total for p in side) for side in both)
        check_function(swing, number, of_state, of_others, total)
        if swing.threshold is not None:
            check_break_even(swing.threshold, (*of_state[:2], *of_others[:2]), Fraction(threshold))


def check_function(
    swing: Swing, number: Parameter, of_state: Sequence[Fraction], of_others: Sequence[Fraction], total: Fraction
) -> None:
    (n0, n1, n), (m0, m1, m) = of_state, of_others
    assert number.rests is not None
    at, left = Fraction(number.value), Fraction(number.rests[0])
    unit = (left * (n0 + m0) + at * (n1 + m1)) ** 2
    terms = n * (m0 + m1 - 2 * m) + m * (n0 + n1 - 2 * n) + (n1 - n) * (m0 - m) + (n0 - n) * (m1 - m)
    assert close(swing.derivative, (n1 * m0 - n0 * m1) / unit, digits=terms / unit)
    assert swing.coefficients is not None
    alpha, beta, gamma, delta = swing.coefficients
    assert close(beta, n0 * total)
    assert close(delta, (n0 + m0) * total)
    assert close(alpha, (n1 - n0) * total, digits=(n0 + n1 - 2 * n) * total)
    assert close(gamma, (n1 + m1 - n0 - m0) * total, digits=(n0 + n1 + m0 + m1 - 2 * n - 2 * m) * total)
    for end, rest, p in ((number.low, number.rests[1], swing.p_low), (number.high, number.rests[2], swing.p_high)):
        at, left = Fraction(max(end, 1e-200)), Fraction(max(rest, 1e-200))
        with_state = n + left * (n0 - n) + at * (n1 - n)
        everything = with_state + m + left * (m0 - m) + at * (m1 - m)
        if everything > Fraction(FAINT):
            assert close(p, with_state / everything)


def check_break_even(found: BreakEven, sides: tuple[Fraction, ...], threshold: Fraction) -> None:
    n0, n1, m0, m1 = sides
    at_zero, at_one = ((1 - threshold) * n - threshold * m for n, m in ((n0, m0), (n1, m1)))
    size = max(n0, n1, m0, m1)
    for margin, total, wanted in zip(found.margins, (n0 + m0, n1 + m1), (at_zero, at_one), strict=True):
        assert (margin is None) == (total == 0) or total < size * Fraction(FAINT)
        if margin is not None and total > size * Fraction(FAINT):
            assert close(margin, wanted / total, digits=1)
    if found.values:
        assert at_zero * at_one <= 0 or min(abs(at_zero) / (n0 + m0), abs(at_one) / (n1 + m1)) < 1e-12
        slack = (n0 + m0 + n1 + m1) * threshold * (1 - threshold) + n0 * (1 - threshold) + m1 * threshold
        right = at_zero / (at_zero - at_one)
        assert close(found.values[0], right, digits=slack / abs(at_zero - at_one))
    elif min(n0 + m0, n1 + m1) > size * Fraction(FAINT):
        margins = [at_zero / (n0 + m0), at_one / (n1 + m1)]
        assert margins[0] * margins[1] >= 0 or min(map(abs, margins)) < 1e-12


@st.composite
def joints(draw: st.DrawFn) -> Table:
    shape = (draw(st.integers(1, 2)), draw(st.integers(2, 3)), draw(st.integers(2, 3)))
    weights = np.array([draw(st.one_of(edge, st.floats(0.01, 1))) for _ in range(math.prod(shape))]).reshape(shape)
    assume(weights.sum() > 0.01)
    return weights / weights.sum()


def told(joint: Sequence[Sequence[Sequence[Fraction]]]) -> tuple[Fraction, Fraction]:
    """Mutual information in nats and the drop of the Brier score, of a joint whose first axis is known beforehand."""
    nats, drop = Fraction(0), Fraction(0)
    for table in joint:
        all_ = sum(map(sum, table), Fraction(0))
        of_t = [sum(column, Fraction(0)) for column in zip(*table, strict=True)]
        for line in table:
            of_x = sum(line, Fraction(0))
            for p, t in zip(line, of_t, strict=True):
                nats += p * ln(p * all_ / (of_x * t)) if p else 0
                drop += of_x * (p / of_x - t / all_) ** 2 if of_x else 0
    return nats, drop


def rounding(joint: Sequence[Sequence[Sequence[Fraction]]]) -> Fraction:
    """What two variables may tell that are independent but for the last digits of the joint: less, the rarer it is."""
    open_ = Fraction(0)
    for table in joint:
        sides = ([sum(line, Fraction(0)) for line in side] for side in (table, list(zip(*table, strict=True))))
        open_ += min(sum(side, Fraction(0)) - max(side) for side in sides)
    return Fraction(1e-10) * open_


def check_information(joint: Table) -> None:
    exact = [[list(map(Fraction, line)) for line in table] for table in joint]
    nats, drop = told(exact)
    least = rounding(exact)
    assert close(mutual_information(joint) * math.log(2), nats, digits=least)
    assert close(brier_drop(joint), drop, digits=least)


def check_tells(drawn: tuple[Network, Case, str, int]) -> None:
    network, case, target, _ = drawn
    joint = fractions(network, case)
    total = possible(joint)
    forecaster = prepare(stated(network, ess=10.0))
    for row in tells(forecaster, Question(findings=case.findings, settings=case.settings), target=target):
        pair = summed(joint, network.position[row.variable], network.position[target])
        cards = network.cards((row.variable, target))
        table = [[pair[x, t] / total for t in range(cards[1])] for x in range(cards[0])]
        nats, drop = told([table])
        least = rounding([table])
        assert close(row.bits * math.log(2), nats, digits=least)
        assert close(row.value, drop, digits=least)


def ln(p: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = 750
        return Fraction((Decimal(p.numerator) / Decimal(p.denominator)).ln())


def check_causal(drawn: tuple[Network, Case, str, int], cause: int) -> None:
    network, case, target, state = drawn
    name = network.names[cause % len(network.names)]
    assume(name != target)
    case = Case(
        {k: v for k, v in case.findings.items() if k != name}, {k: v for k, v in case.settings.items() if k != name}
    )
    possible(fractions(network, case))
    forecaster = prepare(stated(network, ess=10.0))
    question = Question(findings=case.findings, settings=case.settings)
    found = cause_effect(forecaster, question, cause=name, target=target, state=network[target].states[state])
    for k, row in enumerate(found.rows):
        seen = fractions(network, Case({**case.findings, name: Observed(row.state)}, case.settings))
        done = fractions(
            network, case, {name: lambda table, k=k: np.broadcast_to(unit(k, table.shape[-1]), table.shape)}
        )
        for joint, p in ((seen, row.observe), (done, row.intervene)):
            total = sum(joint.values(), Fraction(0))
            if total == 0:
                assert p is None
            elif total > Fraction(LIKELY):
                assert p is not None
                assert close(p, summed(joint, network.position[target])[state,] / total)


def unit(k: int, states: int) -> list[Fraction]:
    return [Fraction(i == k) for i in range(states)]


def check_weights(drawn: tuple[Network, Case, str, int]) -> None:
    network, case, target, state = drawn
    possible(fractions(network, case))
    found = weigh(inference.compile(network), case, target, state)
    for db, findings in ((found.before_db, {}), (found.db, case.findings)):
        of_target = summed(fractions(network, Case(findings, case.settings)), network.position[target])
        others = sum(p for (k,), p in of_target.items() if k != state)
        total = others + of_target[state,]
        if min(others, of_target[state,]) > total * Fraction(FAINT) or min(others, of_target[state,]) == 0:
            certain = others == 0 or of_target[state,] == 0
            assert (db is None) == certain
            if db is not None:
                right = 10 * (log(of_target[state,]) - log(Fraction(others))) / math.log(10)
                assert db == pytest.approx(right, rel=1e-9, abs=1e-8)


@st.composite
def counted(draw: st.DrawFn) -> tuple[Table, Table]:
    states = draw(st.integers(2, 3))
    row = draw(rows(states))
    ratio = np.array([draw(st.floats(0.1, 3)) for _ in range(states)])
    shares = row * ratio
    alpha = draw(st.sampled_from([0.5, 30.0, 1e4])) * row
    return alpha[None], (draw(st.one_of(tiny, st.floats(0.01, 1))) * shares / max(shares.sum(), 1))[None]


def check_counts(drawn: tuple[Table, Table]) -> None:
    alpha, shares = drawn
    a, h = list(map(Fraction, alpha[0])), list(map(Fraction, shares[0]))
    after, s, under = sequential(alpha, shares)[0], sum(a), sum(h)
    parts = [(share, [p + (k == x) for k, p in enumerate(a)]) for x, share in enumerate(h)] + [(1 - under, a)]
    mean = [sum(w * b[k] / sum(b) for w, b in parts) for k in range(len(a))]
    square = [sum(w * b[k] * (b[k] + 1) / (sum(b) * (sum(b) + 1)) for w, b in parts) for k in range(len(a))]
    if sum(1 for p in a if p) == 1:
        return
    top = sum(m**2 * (1 - m) for m, p in zip(mean, a, strict=True) if p)
    size = top / sum(m * (q - m**2) for m, q, p in zip(mean, square, a, strict=True) if p) - 1
    assert close(after.sum(), size, digits=s)
    assert all(close(found, m * size, digits=s * m) for found, m in zip(after, mean, strict=True))


CHECKS = {
    "engine": (check_engine, [questions()]),
    "noisy max and min": (check_causes, [causes()]),
    "influences": (check_influences, [bases()]),
    "draws": (check_draws, [gates()]),
    "sensitivity": (check_sensitivity, [questions(), st.one_of(tiny, st.floats(0.01, 0.99))]),
    "information": (check_information, [joints()]),
    "what variables tell": (check_tells, [questions()]),
    "causal effect": (check_causal, [questions(), st.integers(0, 3)]),
    "weight of evidence": (check_weights, [questions()]),
    "counts": (check_counts, [counted()]),
}


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_rare_is_as_right_as_what_is_common(name: str) -> None:
    check, drawn = CHECKS[name]
    ordinary(given(*drawn)(check))()


@pytest.mark.long
@pytest.mark.parametrize("name", CHECKS)
def test_what_is_rare_is_as_right_as_what_is_common_in_many_examples(name: str) -> None:
    check, drawn = CHECKS[name]
    deep(given(*drawn)(check))()
