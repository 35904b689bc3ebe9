"""Several experts on one number: pooled for the point, one at a time in the draws, their distance measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model.errors import BadNetwork
from model.gates import (
    AllNeeded,
    AnyCause,
    Influence,
    Influences,
    Pinned,
    RowPool,
    StrengthPool,
    TableGate,
    exponential_races,
)
from model.gates.streams import Stream
from model.priors import load
from model.readback import show
from model.readback.gate_sentences import pool_in_words
from model.specification import JUDGEMENT, Expert, Model, Pool
from tests.prior_copies import ASIA, edited, said
from tests.sources import ROOT

A, B, C = ("A",), ("B",), ("C",)
TUB_OF_ASIA = "        p: {yes: 0.05, no: 0.95}\n"


def pool(method, rows, weights=None, ess=None, sources=None) -> RowPool:
    count = len(rows)
    return RowPool(
        method,
        np.array(rows),
        np.full(count, 1 / count) if weights is None else np.array(weights),
        np.full(count, 20.0) if ess is None else np.array(ess),
        sources or (A, B, C)[:count],
    )


def three(method="linear") -> RowPool:
    return pool(method, [[0.6, 0.4], [0.7, 0.3], [0.9, 0.1]])


# The pooled row


def test_a_linear_pool_is_the_weighted_mean():
    assert_allclose(three().row()[0], 0.7333333333, atol=1e-10)
    assert_allclose(pool("linear", [[0.7, 0.2, 0.1], [0.4, 0.4, 0.2]]).row(), [0.55, 0.3, 0.15], atol=1e-12)
    assert_allclose(pool("linear", [[0.25, 0.75], [0.4, 0.6]], [0.6, 0.4]).row(), [0.31, 0.69], atol=1e-12)


def test_a_log_pool_is_the_weighted_geometric_mean():
    assert_allclose(three("log").row()[0], 0.7595101587, atol=1e-10)
    wanted = [0.5550055679, 0.2966629547, 0.1483314775]
    assert_allclose(pool("log", [[0.7, 0.2, 0.1], [0.4, 0.4, 0.2]]).row(), wanted, atol=1e-10)


def test_a_log_pool_of_all_but_one_state_leaves_that_state_out():
    assert_allclose(pool("log", [[0.5, 0.5, 0], [0.8, 0.2, 0]]).row(), [2 / 3, 1 / 3, 0], atol=1e-12)


def test_a_log_pool_refuses_a_veto_of_one():
    with pytest.raises(BadNetwork, match="rule out the same states"):
        pool("log", [[0.5, 0.5], [1, 0]])


# How sure, and how far apart


def test_disagreement_costs_confidence():
    experts = three()
    assert_allclose(experts.within()[0], 0.0085714286, atol=1e-10)
    assert_allclose(experts.between()[0], 0.0155555556, atol=1e-10)
    assert_allclose(np.sqrt(experts.within() + experts.between())[0], 0.1553286327, atol=1e-10)
    assert_allclose(experts.size(), 7.1052631579, atol=1e-10)


def test_equal_experts_keep_their_row_in_either_pool_and_add_up_in_a_log_one():
    rows = [[0.2, 0.3, 0.5]] * 3
    for method, size in (("linear", 20), ("log", 60)):
        assert_allclose(pool(method, rows).row(), rows[0], atol=1e-12)
        assert_allclose(pool(method, rows).size(), size, atol=1e-9)


def test_disagreement_is_0_for_equal_experts_and_rises_with_their_distance():
    found = [pool("linear", [[0.5, 0.5], [0.5 + d, 0.5 - d]]).disagreement() for d in (0, 0.01, 0.1, 0.2, 0.4)]
    assert found[0] == 0
    assert found == sorted(found)
    assert len(set(found)) == len(found)


def test_the_size_of_several_states_matches_the_sum_of_their_variances():
    experts = pool("linear", [[0.7, 0.2, 0.1], [0.4, 0.4, 0.2]], ess=[10, 30])
    mean = experts.row()
    assert_allclose((mean * (1 - mean)).sum() / (experts.size() + 1), (experts.within() + experts.between()).sum())


def test_strengths_pool_in_decibels():
    strengths = StrengthPool(np.array([3.0, 10.0]), np.array([0.25, 0.75]), np.array([10.0, 30.0]), (A, B))
    drawn = strengths.draw(Stream(1), 200_000, exponential_races(2, 200_000)) * np.log(10) / 10
    assert strengths.mean() == 8.25
    assert_allclose(drawn.mean(), 8.25 * np.log(10) / 10, rtol=0.01)
    assert_allclose(4 / drawn.var(), strengths.size(), rtol=0.02)
    assert strengths.turned().mean() == -8.25


def test_strengths_that_agree_do_not_disagree():
    assert StrengthPool(np.array([6.0, 6.0]), np.array([0.5, 0.5]), np.array([10.0, 10.0]), (A, B)).disagreement() == 0


# Draws


def test_draws_of_a_linear_pool_have_the_mean_and_the_spread_of_the_mixture():
    experts = pool("linear", [[0.6, 0.4], [0.7, 0.3], [0.9, 0.1]], [0.5, 0.3, 0.2])
    drawn = experts.draw(Stream(3), 100_000, exponential_races(4, 100_000))
    assert_allclose(drawn.mean(axis=0), experts.row(), atol=0.002)
    assert_allclose(drawn.var(axis=0), experts.within() + experts.between(), rtol=0.02)


def test_draws_of_a_log_pool_lie_about_its_row_as_sure_as_all_experts_together():
    experts = pool("log", [[0.6, 0.4], [0.6, 0.4]], ess=[200, 200])
    drawn = experts.draw(Stream(5), 50_000, exponential_races(6, 50_000))
    assert_allclose(drawn.mean(axis=0), [0.6, 0.4], atol=0.002)
    assert_allclose(drawn[:, 0].var(), 0.24 / 401, rtol=0.03)


def test_an_expert_is_chosen_as_often_as_it_weighs():
    sure = pool("linear", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0.5, 0.3, 0.2], [np.inf] * 3)
    drawn = sure.draw(Stream(7), 100_000, exponential_races(8, 100_000))
    assert_allclose(drawn.mean(axis=0), [0.5, 0.3, 0.2], atol=0.006)


def test_two_rows_that_pool_the_same_sources_follow_the_same_expert_in_every_draw():
    sure = [np.inf, np.inf]
    first = pool("linear", [[1, 0], [0, 1]], [0.6, 0.4], sure, (("B15", "B16"), ("B17",)))
    second = pool("linear", [[0, 1], [1, 0]], [0.6, 0.4], sure, (("B16", "B15"), ("B17",)))
    rows = np.array([first.row(), second.row()])
    both = TableGate(rows, np.full(2, 5.0), np.arange(2), {0: first, 1: second})
    other = TableGate(second.row(), np.array(5.0), np.array(0), {0: second})
    drawn = both.draw(Stream(9), 400)
    assert_allclose(drawn[:, 0], 1 - drawn[:, 1])
    clocks = exponential_races(10, 400)
    elsewhere = other.draw(Stream(11), 400, clocks)
    assert_allclose(both.draw(Stream(12), 400, clocks)[:, 1], elsewhere)
    assert 0 < elsewhere[:, 0].mean() < 1


def test_every_gate_follows_the_expert_that_the_clocks_choose():
    apart = pool("linear", [[1.0, 0.0], [0.0, 1.0]], ess=[np.inf, np.inf])
    steep = StrengthPool(np.array([3.0, 10.0]), np.array([0.5, 0.5]), np.full(2, 1e12), (A, B))
    half, tied, plain = np.array([0.5, 0.5]), np.array([0, 1]), np.array([[1.0, 0.0], [0.5, 0.5]])
    effect = Influence(0, 6.5, np.array([0.0, 1.0]), 5.0, steep)
    gates = [
        AnyCause(np.array([1.0, 0.0]), np.inf, (plain,), (np.array([np.inf, 5]),), (tied,), pools=({1: apart},)),
        AllNeeded(np.array([0.0, 1.0]), np.inf, (plain[[1, 1]],), (np.full(2, 5.0),), (tied,), None, ({1: apart},)),
        Pinned(TableGate(plain, np.full(2, 9.0)), tied == 1, plain, np.full(2, 5.0), tied, {1: apart}),
    ]
    b_first = exponential_races(13, 50)(A) > exponential_races(13, 50)(B)
    for gate in gates:
        assert_allclose(gate.table()[1], half)
        assert_allclose(gate.draw(Stream(14), 50, exponential_races(13, 50))[:, 1, 1], b_first)
    drawn = Influences("ordinal", half, np.inf, "reference", (effect,), (2,)).draw(
        Stream(15), 50, exponential_races(13, 50)
    )
    odds = drawn[:, 1, 1] / drawn[:, 1, 0]
    assert_allclose(odds, np.where(b_first, 10.0, 10**0.3), rtol=1e-4)


def test_a_leak_and_a_base_may_be_pooled():
    apart = pool("linear", [[1.0, 0.0], [0.0, 1.0]], ess=[np.inf, np.inf])
    nothing = np.array([[1.0, 0.0], [1.0, 0.0]])
    leaky = AnyCause(apart.row(), 5.0, (nothing,), (np.full(2, np.inf),), leak_pool=apart)
    effect = Influence(0, 0.0, np.array([0.0, 1.0]), np.inf)
    based = Influences("ordinal", apart.row(), 5.0, "reference", (effect,), (2,), base_pool=apart)
    clocks = exponential_races(16, 60)
    assert_allclose(leaky.draw(Stream(1), 60, clocks), based.draw(Stream(2), 60, clocks))


def test_a_gate_without_pools_draws_alike_whatever_the_clocks():
    gate = TableGate(np.array([0.3, 0.7]), np.array(10.0))
    assert gate.draw(Stream(17), 20).tobytes() == gate.draw(Stream(17), 20, exponential_races(1, 20)).tobytes()


def test_a_row_that_is_not_that_of_its_pool_is_refused():
    with pytest.raises(BadNetwork, match="not those of its pool"):
        TableGate(np.array([0.5, 0.5]), np.array(5.0), np.array(0), {0: three()})


# In files


def pooled_asia(into: Path, of: str, method: str = "linear") -> Path:
    second = (
        "  another:\n    title: Another paper\n    publication: A journal\n    date: 1988\n    status: unverified\n..."
    )
    folder = edited(ASIA, into, "sources.yaml", ("...", second))
    text = (folder / "diseases.yaml").read_text(encoding="utf-8")
    assert TUB_OF_ASIA in text
    new = f"        pool:\n          method: {method}\n          of:\n{of}"
    (folder / "diseases.yaml").write_text(text.replace(TUB_OF_ASIA, new), encoding="utf-8")
    return folder


def expert(source: str, p: str, more: str = "") -> str:
    return f"            - {{sources: [{source}], p: {p}{more}}}\n"


TWO = expert("lauritzen_spiegelhalter_1988", "{yes: 0.25, no: rest}", ", weight: 0.6, ess: 15") + expert(
    "another", "{yes: 0.40, no: rest}", ", weight: 0.4, confidence: low"
)


def test_a_pooled_row_is_one_statement_that_keeps_its_experts_apart(tmp_path: Path):
    model = load(pooled_asia(tmp_path, TWO))
    statement = model.described["tub"].statements[0]
    assert_allclose(model.network.tables["tub"][0], [0.31, 0.69], atol=1e-12)
    assert statement.what == "when {asia: yes}: yes 0.31, no 0.69"
    assert statement.sources == ("lauritzen_spiegelhalter_1988", "another")
    within = 0.6 * 0.25 * 0.75 / 16 + 0.4 * 0.4 * 0.6 / 11
    between = 0.6 * 0.06**2 + 0.4 * 0.09**2
    assert statement.ess == pytest.approx(0.31 * 0.69 / (within + between) - 1)
    assert statement.pool is not None
    assert statement.pool.disagreement == pytest.approx(between / (within + between))
    assert [(e.sources[0], e.weight, e.ess) for e in statement.pool.members] == [
        ("lauritzen_spiegelhalter_1988", 0.6, 15.0),
        ("another", 0.4, 10.0),
    ]
    assert statement.pool.members[0].row == (0.25, 0.75)


def test_weights_left_out_are_equal_and_a_size_left_out_is_the_variables(tmp_path: Path):
    of = expert("lauritzen_spiegelhalter_1988", "{yes: 0.6, no: 0.4}") + expert("another", "{yes: 0.8, no: 0.2}")
    statement = load(pooled_asia(tmp_path, of, "log")).described["tub"].statements[0]
    assert statement.pool is not None
    assert [(each.weight, each.ess) for each in statement.pool.members] == [(0.5, 50.0), (0.5, 50.0)]
    assert statement.ess == 100


def test_what_one_expert_says_is_part_of_the_revision(tmp_path: Path):
    one = load(pooled_asia(tmp_path / "one", TWO))
    swapped = load(pooled_asia(tmp_path / "two", TWO.replace("0.25", "0.19").replace("0.40", "0.49")))
    assert_allclose(one.network.tables["tub"], swapped.network.tables["tub"], atol=1e-12)
    assert one.revision != swapped.revision


@pytest.mark.parametrize(
    ("of", "method", "problem"),
    [
        (
            TWO.replace("weight: 0.4", "weight: 0.3"),
            "linear",
            "22:13: tub, row when {asia: yes}, pool, of: weights that sum to 0.9, expected 1.",
        ),
        (
            TWO.replace(", weight: 0.4", ""),
            "linear",
            "22:13: tub, row when {asia: yes}, pool, of: weights for 1 of 2 experts, expected a weight for each, "
            "or for none.",
        ),
        (
            TWO.replace("another", "lauritzen_spiegelhalter_1988"),
            "linear",
            "23:26: tub, row when {asia: yes}, pool, expert 2, sources, item 1: 'lauritzen_spiegelhalter_1988' again, "
            "behind a second expert, expected each source in one expert only.",
        ),
        (
            TWO.replace("another", "anther"),
            "linear",
            "23:26: tub, row when {asia: yes}, pool, expert 2, sources, item 1: no source 'anther', expected a source "
            "declared in sources.yaml, or 'judgement'. Did you mean 'another'?",
        ),
        (
            TWO.replace("[another]", "[judgement]"),
            "linear",
            "23:26: tub, row when {asia: yes}, pool, expert 2, sources, item 1: judgement without a reason, expected "
            "a reason beside it, in one line.",
        ),
        (
            TWO.replace("{yes: 0.40, no: rest}", "{yes: never, no: 1}"),
            "log",
            "23:39: tub, row when {asia: yes}, pool, expert 2, p: 'yes' 'never', which is possible for expert 1, "
            "expected the same states 'never' for all, since in a log pool a zero of one is a veto.",
        ),
        (
            TWO.replace("{yes: 0.40, no: rest}", "{yes: 0.40, no: 0.5}"),
            "linear",
            "23:39: tub, row when {asia: yes}, pool, expert 2, p: sums to 0.9, expected 1.",
        ),
        (
            TWO.replace("{yes: 0.40, no: rest}", "{yes: never, no: 1}").replace(
                "{yes: 0.25, no: rest}", "{yes: 1, no: never}"
            ),
            "linear",
            "22:13: tub, row when {asia: yes}, pool, of: experts who are each certain of another state, expected an "
            "expert who leaves something to another state.",
        ),
        (
            TWO.splitlines(keepends=True)[0],
            "linear",
            "22:13: tub, row when {asia: yes}, pool, of: a list, expected a list of two experts at least.",
        ),
        (
            TWO,
            "mean",
            "20:19: tub, row when {asia: yes}, pool, method: 'mean', expected one of 'linear', 'log'.",
        ),
        (
            TWO + TUB_OF_ASIA,
            "linear",
            "24:9: tub, row when {asia: yes}, p: 'p' beside 'pool', expected one of them.",
        ),
        (
            TWO + "        ess: 5\n",
            "linear",
            "24:9: tub, row when {asia: yes}, ess: 'ess' beside 'pool', expected what each expert of the pool says "
            "instead.",
        ),
    ],
)
def test_a_pool_that_does_not_hold_together_is_refused(tmp_path: Path, of: str, method: str, problem: str):
    assert said(pooled_asia(tmp_path, of, method)) == [f"diseases.yaml:{problem}"]


def test_a_row_without_numbers_says_what_it_needs(tmp_path: Path):
    folder = edited(ASIA, tmp_path, "diseases.yaml", (TUB_OF_ASIA, ""))
    assert said(folder) == [
        "diseases.yaml:18:9: tub, row when {asia: yes}: neither 'p' nor 'pool', expected one of them."
    ]


# The flagship


@pytest.fixture(scope="module")
def flagship() -> Model:
    return load(ROOT / "priors" / "mosul-2017")


@pytest.mark.parametrize(("one", "other"), [("B15", "B17"), ("B01", "B05"), ("B19", "B21"), ("B15", "B26")])
def test_published_disagreements_are_kept_apart(flagship: Model, one: str, other: str):
    pools = [s.pool for d in flagship.described.values() for s in d.statements if s.pool is not None]
    apart = [
        each
        for each in pools
        if len({k for k, expert in enumerate(each.members) for s in (one, other) if s in expert.sources}) == 2
    ]
    assert apart
    assert all(each.disagreement > 0.05 for each in apart)


def test_a_read_back_shows_each_expert_under_the_pooled_row(flagship: Model):
    shown = " ".join(show(flagship, "operatives_deployed_europe").text(120).split())
    assert "pooled from 2 experts, one of whom is right" in shown
    assert "B19, weight 0.6: few 20 %, dozens 73 %, hundreds 7 %, as sure as 10 cases" in shown
    assert "hundreds from 7 % to 52 %; 64 % of the doubt is disagreement among them" in shown


def test_a_read_back_gives_each_judgement_its_own_reason_or_the_variables() -> None:
    row = (0.25, 0.75)
    experts = (
        Expert((JUDGEMENT,), 0.4, 10.0, "I saw it.", row=row),
        Expert((JUDGEMENT,), 0.3, 10.0, None, row=row),
        Expert(("a",), 0.3, 10.0, None, row=row),
    )
    _, first, second, third, _ = pool_in_words(Pool("linear", experts, 0.0), ("no", "yes"), "Nobody counts.")
    assert first.endswith("as sure as 10 cases (I saw it.)")
    assert second.endswith("as sure as 10 cases (Nobody counts.)")
    assert third.endswith("as sure as 10 cases")


def test_a_reason_stands_beside_a_pooled_row_only_where_no_expert_has_one(flagship: Model) -> None:
    pooled = [
        (name, s) for name, d in flagship.described.items() for s in d.statements if s.pool is not None and s.reason
    ]
    by_expert = [(name, s) for name, s in pooled if any(e.reason or JUDGEMENT in e.sources for e in s.pool.members)]
    assert by_expert
    for name, statement in by_expert[:3]:
        shown = " ".join(show(flagship, name).text(10_000).split())
        place = f"[{statement.file}:{statement.line}]"
        head = shown[: shown.index(place)].rpartition(f"{statement.what}")[2]
        assert f"({statement.reason})" not in head
