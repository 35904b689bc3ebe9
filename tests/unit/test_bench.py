"""The benchmarks measure what they say: peers are checked, what is missing is said, counts are right."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench import inference, limit, networks, ours, questions, report, start, table
from bench.inference import Beside, Row
from bench.peers import Done, Hired, Refused, Task
from bench.questions import Question
from bench.timing import Measured, compared, interleaved
from model import inference as engine
from model.evidence import Case, SetTo
from model.inference.arrays import encode
from model.interchange import read
from model.network import Network, Variable


def chain() -> Network:
    two, flip = ("no", "yes"), np.array([[0.9, 0.1], [0.2, 0.8]])
    names = ("a", "b", "c")
    variables = [Variable("a", two), Variable("b", two, ("a",)), Variable("c", two, ("b",))]
    return Network(variables, dict(zip(names, (np.array([0.3, 0.7]), flip, flip), strict=True)))


def test_made_networks_are_the_same_each_time_and_of_the_size_asked_for() -> None:
    assert networks.unrolled(8).digest() == networks.unrolled(8).digest()
    assert len(networks.unrolled(8).names) == 96
    assert engine.compile(networks.banded(30, width=5)).tree.width == 5


def test_every_case_has_a_row_and_every_row_a_maker() -> None:
    assert {row for rows in inference.CASES.values() for row in rows} == set(inference.MAKERS)
    prepared = ours.prepare(networks.load("asia"))
    for row, make in inference.MAKERS.items():
        assert make(prepared, row, 0.01).multiply_adds > 0


def test_the_mutilated_network_answers_as_the_intervention_does() -> None:
    net, cut = chain(), questions.mutilated(chain(), "b", 1)
    done = engine.posterior(engine.compile(net), encode(net, [Case({}, {"b": SetTo("yes")})]))
    there = engine.posterior(engine.compile(cut))
    assert all(np.allclose(done.of(name), there.of(name), atol=1e-15) for name in net.names)


def test_scenarios_have_three_findings_each_and_shared_ones_the_same_three() -> None:
    net, rng = networks.load("asia"), np.random.default_rng(1)
    own = questions.scenarios(net, 50, rng=rng, target="lung", given=None)
    same = questions.scenarios(net, 50, rng=rng, target="lung", given=["asia", "smoke", "xray"])
    assert {len(case.findings) for case in own} == {3}
    assert len({frozenset(case.findings) for case in own}) > 1
    assert {frozenset(case.findings) for case in same} == {frozenset({"asia", "smoke", "xray"})}


def test_pgmpy_agrees_and_is_told_what_it_is_asked() -> None:
    net = networks.load("asia")
    peer = Hired("pgmpy")
    peer.take(net)
    try:
        asked = [Task({"xray": 0}), Task({"xray": 1}, "lung")]
        done = peer.run("VariableElimination", asked, first=0, seconds=60, within=60, wall=False)
    finally:
        peer.dismiss()
    plan = engine.compile(net)
    for one in done:
        state = asked[one.task].findings["xray"]
        mine = engine.posterior(plan, engine.Evidence(1, {"xray": np.eye(2)[[state]]}))
        assert all(np.abs(mine.of(name)[0] - row).max() < 1e-12 for name, row in one.found.items())
    assert [len(one.found) for one in done] == [8, 1]


def test_a_peer_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.peers.find_spec", lambda name: None)
    peer = Hired("pyagrum")
    peer.start()
    with pytest.raises(Refused, match="not installed"):
        peer.greet()
    with pytest.raises(Refused, match="not installed"):
        peer.run("LazyPropagation", [], first=0, seconds=1, within=1, wall=False)
    peer.dismiss()


def test_an_engine_that_fell_out_is_named_although_another_answered() -> None:
    engines = {"Quick": Measured({0: [1.0]}), "Gone": Measured(reason="refused: AttributeError: no such engine")}
    assert inference._reasons(engines) == "Gone: refused: AttributeError: no such engine"
    row = Row("a", "asia", 1.0, peers={"pyagrum": Beside("Quick", 1.0, None, inference._reasons(engines))})
    assert "Gone: refused" in table.line(row)


def test_a_difference_is_found_wherever_it_is() -> None:
    mine = {0: {"x": np.array([0.5, 0.5])}, 1: {"x": np.array([0.5, 0.5])}}
    theirs = {"one": {0: {"x": np.array([0.5, 0.5])}}, "two": {1: {"x": np.array([0.25, 0.75])}}}
    assert inference._difference(mine, theirs) == 0.25
    assert inference._difference(mine, {}) is None


def test_the_ratio_is_over_questions_both_answered_and_the_quickest_engine_counts() -> None:
    mine = Measured({0: [1.0, 1.0, 9.0], 1: [2.0]})
    ratio = compared(mine, [Measured({0: [4.0]}), Measured({0: [3.0], 2: [1.0]})])
    assert ratio is not None
    assert (ratio.median, ratio.lowest) == (3.0, 3.0)


def test_runners_take_turns_and_one_that_refuses_is_out() -> None:
    turns: list[str] = []

    def good(first: int, seconds: float) -> list[Done]:
        turns.append("good")
        return [Done(0, 1.0, {})]

    def bad(first: int, seconds: float) -> list[Done]:
        turns.append("bad")
        raise Refused("too slow")

    found = interleaved({"good": good, "bad": bad}, seconds=60, see=lambda name, done: None)
    assert turns == ["good", "bad", "good", "good", "good", "good"]
    assert (found["bad"].reason, found["good"].typical) == ("too slow", 1.0)


def test_multiply_adds_of_a_chain_are_those_counted_by_hand() -> None:
    net = chain()
    # c given nothing: a out of P(a)P(b|a), 4 entries; b out of m(b)P(c|b), 4; c itself, 2
    assert limit.elimination(net, Question({}, "c"), set(net.names)) == 10
    # b known: P(c|b) is a row of 2
    assert limit.elimination(net, Question({"b": 0}, "c"), {"c"}) == 2


def test_ours_answers_every_question_and_notes_the_first_time_apart() -> None:
    prepared = ours.prepare(networks.load("asia"))
    asked = questions.asked(prepared.network, 3, rng=np.random.default_rng(1), targeted=True)
    first: dict[int, float] = {}
    done = ours.single(prepared, asked, {}, first)(0, 0.0)
    assert set(first) == {0, 1, 2} == {one.task for one in done}


def test_json_has_the_keys_that_are_read_and_null_for_what_is_not_known() -> None:
    rows = [Row("-", "asia", None, note="skipped"), Row("a", "asia", 0.5)]
    (only,) = json.loads(table.as_json(rows))
    assert list(only) == ["case", "network", "seconds", "ratio_pyagrum", "ratio_pgmpy", "max_abs_diff"]
    assert (only["seconds"], only["ratio_pgmpy"]) == (0.5, None)


def test_the_report_takes_the_newest_results_and_keeps_the_rest_of_the_page(tmp_path: Path) -> None:
    for day in ("2001-01-01", "2001-02-01"):
        table.write(tmp_path / f"{day}-http.csv", [{"request": day, "per_second": 1.0, "cpu_us": None}])
    text = report.tables(tmp_path)
    assert "| 2001-02-01 | 1 | - |" in text
    assert "| 2001-01-01" not in text
    page = report.README.read_text(encoding="utf-8")
    assert report.placed(page, text).startswith(page[: page.index(report.BEGIN)])
    assert report.tables(tmp_path / "nothing") == ""


def test_the_networks_that_are_imported_and_served_are_as_large_as_is_said(tmp_path):
    (tmp_path / "wide.bif").write_text(start.wide(), encoding="utf-8")
    network = read(tmp_path / "wide.bif").network
    assert network.tables["effect"].shape == (2,) * 13
    assert 4_000_000 < len(start.large()) < 5_000_000
