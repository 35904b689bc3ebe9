"""Results as a notebook shows them: what the tables hold, and that nothing in a model can break out of them."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from model import notebook
from model.analyses.causal_effect import cause_effect
from model.analyses.collection_plan import plan
from model.analyses.explanation import explain
from model.analyses.goal_seeking import goals, policies
from model.analyses.sensitivity import sensitivity
from model.analyses.variance_attribution import attribution
from model.evidence import Observed, observe
from model.forecast import Forecaster, answer, prepare
from model.gates import TableGate
from model.network import Network, Variable
from model.priors import load
from model.question import Question
from model.specification import Collectable, Description, Model, Statement
from tests.sources import ROOT, imports

ALLOWED = {"div", "strong", "br", "table", "tr", "th", "td"}
EVIL = "<script>alert(1)</script>"
CAUSE, EFFECT, TRACE = f"cause {EVIL}", "effect & \"more\" 'yet' <b>", "trace <i>"
STATES = ('no <img src="x" onerror="alert(1)">', f"yes & {EVIL}")
SOURCE = 'a <a href="javascript:alert(1)">source</a>'


class Shown(Protocol):
    def _repr_html_(self) -> str: ...


class Read(HTMLParser):
    """The tags of a page, its text by cells, and its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag != "br":
            self.open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells[-1] += data


def evil() -> Forecaster:
    """A model whose every word would be markup."""
    variables = [Variable(CAUSE, STATES), Variable(EFFECT, STATES, (CAUSE,)), Variable(TRACE, STATES, (EFFECT,))]
    follows = np.array([[0.8, 0.2], [0.1, 0.9]])
    tables = {CAUSE: np.array([0.7, 0.3]), EFFECT: follows, TRACE: follows}
    described = {
        CAUSE: _described(CAUSE, "lever", tables[CAUSE], [("yes", ("rows", 0))]),
        EFFECT: _described(EFFECT, "outcome", follows, [("if not", ("rows", 0)), ("if so", ("rows", 1))]),
        TRACE: _described(TRACE, "state", follows, [("without", ("rows", 0)), ("with", ("rows", 1))]),
    }
    model = Model(
        name=EVIL,
        title=EVIL,
        description=EVIL,
        as_of="2017-03-06",
        horizon="none",
        headline=(EFFECT,),
        network=Network(variables, tables),
        described=described,
        collection={CAUSE: Collectable(CAUSE, EVIL, 1.0, 2.0, 0.9, (SOURCE,))},
    )
    return prepare(model)


def _described(name: str, role: str, table: np.ndarray, said: list[tuple[str, tuple[str | int, ...]]]) -> Description:
    statements = tuple(
        Statement(name, f"{what} {EVIL}", (SOURCE,), 10.0, EVIL, f"{EVIL}.yaml", 3, place) for what, place in said
    )
    return Description(
        name=name,
        label=EVIL,
        definition=None,
        role=role,
        kind="table",
        from_article=None,
        note=None,
        gate=TableGate(table, np.full(table.shape[:-1], 10.0)),
        statements=statements,
    )


def results(forecaster: Forecaster, question: Question, event: tuple[str, str], cause: str) -> dict[str, Shown]:
    target, state = event
    found = explain(forecaster, question, target=target, state=state)
    return {
        "answer": answer(forecaster, question),
        "explanation": found,
        "balance": found.balance,
        "conflict": found.conflict,
        "cause_effect": cause_effect(forecaster, Question(), cause=cause, target=target, state=state),
        "attribution": attribution(forecaster, question, target=target, state=state),
        "sensitivity": sensitivity(forecaster, question, target=target, state=state),
        "collection": plan(forecaster, Question(), target=target),
        "goals": goals(forecaster, Question(), target=target, state=state, above=0.5),
        "policies": policies(forecaster, Question(), target=target, state=state),
    }


@pytest.fixture(scope="module")
def shown_evil() -> dict[str, Shown]:
    question = Question((EFFECT,), {CAUSE: Observed(STATES[1]), TRACE: Observed(STATES[0])}, interval=0.9)
    return results(evil(), question, (EFFECT, STATES[1]), CAUSE)


@pytest.fixture(scope="module")
def asia() -> Forecaster:
    return prepare(load(ROOT / "priors" / "asia"))


KINDS = (
    "answer",
    "explanation",
    "balance",
    "conflict",
    "cause_effect",
    "attribution",
    "sensitivity",
    "collection",
    "goals",
    "policies",
)


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_words_of_a_model_stay_text(kind: str, shown_evil: dict[str, Shown]) -> None:
    page = shown_evil[kind]._repr_html_()
    read = Read(page)
    assert read.open == []
    assert set(read.tags) <= ALLOWED
    assert read.attributes == {"style"}
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;") > 2


def test_every_kind_of_result_is_looked_at(shown_evil: dict[str, Shown]) -> None:
    assert set(shown_evil) == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("answer", {*STATES}),
        ("balance", {f"{CAUSE}={STATES[1]}"}),
        ("conflict", {f"{TRACE}={STATES[0]}"}),
        ("explanation", {f"{CAUSE} → {EFFECT}", f"{TRACE} ← {EFFECT}"}),
        ("cause_effect", {*STATES}),
        ("attribution", {EFFECT, f"if so {EVIL}", SOURCE}),
        ("sensitivity", {EFFECT}),
        ("collection", {CAUSE, EVIL, SOURCE}),
        ("goals", {f"do({CAUSE}={STATES[1]})"}),
        ("policies", {CAUSE, *STATES}),
    ],
)
def test_a_cell_says_what_the_model_says(kind: str, words: set[str], shown_evil: dict[str, Shown]) -> None:
    assert words <= set(Read(shown_evil[kind]._repr_html_()).cells)


def test_an_answer_has_each_state_with_its_probability_baseline_and_shift(asia: Forecaster) -> None:
    found = answer(asia, Question(("lung", "bronc"), observe(xray="yes").findings, interval=0.9))
    page = found._repr_html_()
    cells = Read(page).cells
    for target in found.targets:
        for row in target.distribution:
            at = cells.index(f"{row.p:.4f}")
            assert row.low is not None
            assert cells[at - 1] == row.state
            assert cells[at + 2] == f"{row.low:.4f}"
            assert cells[at + 4] == f"{row.baseline:.4f}"
    assert found.revision in page
    assert "given xray=yes; P(evidence) 0.11" in page


def test_an_explanation_draws_its_ways_with_arrows(asia: Forecaster) -> None:
    found = explain(asia, Question(findings=observe(dysp="yes", asia="yes").findings), target="tub", state="yes")
    cells = Read(found._repr_html_()).cells
    assert "asia → tub" in cells
    assert any(cell.startswith("dysp ← ") for cell in cells)


def test_infinite_weights_are_dashes_and_the_reason_is_said(asia: Forecaster) -> None:
    found = explain(asia, Question(findings=observe(either="no").findings), target="lung", state="yes").balance
    page = found._repr_html_()
    assert "lung=yes is impossible given the findings" in page
    assert "–" in Read(page).cells


def test_a_long_table_says_how_many_rows_there_are_more() -> None:
    page = notebook.table(["n"], [[k] for k in range(25)])
    assert page.count("<tr>") == 1 + notebook.MOST
    assert "and 5 more" in page


def test_a_table_without_rows_is_nothing() -> None:
    assert notebook.table(["n"], []) == ""


@pytest.mark.parametrize(("value", "width"), [(0.25, 30.0), (-0.5, 60.0), (None, 0.0)])
def test_a_bar_is_as_long_as_its_number(value: float | None, width: float) -> None:
    page = notebook.table(["p"], [[value]], bar="p", whole=1.0)
    assert f"width:{width:.1f}px" in page
    assert (notebook.LOWERS in page) == (value is not None and value < 0)


def test_a_mark_stands_where_its_number_is() -> None:
    page = notebook.table(["p", "baseline"], [[0.5, 0.75]], bar="p", whole=1.0, mark="baseline")
    assert f"left:{0.75 * notebook.WIDE:.1f}px" in page


def test_the_rendering_knows_none_of_the_results() -> None:
    known = {name.rpartition(".")[0] for name in imports(Path(notebook.__file__)) if name.startswith("model")}
    assert known == {"model.wording"}
