"""Cases as columns are answered as the same cases are one by one."""

from pathlib import Path

import numpy as np
import pytest

import priors
from model.analyses import case_columns
from model.analyses.case_columns import Column, answered, different
from model.answers import Answer
from model.errors import AftermathError
from model.evidence import Observed, syntax
from model.forecast import Forecaster, answers, prepare
from model.priors import load
from model.question import Question

MODELS = Path(priors.__path__[0])
TARGETS = {"asia": ("lung", "dysp"), "mosul-2017": ("pathway", "directed_attack_europe")}


@pytest.fixture(scope="module")
def forecasters() -> dict[str, Forecaster]:
    return {name: prepare(load(MODELS / name)) for name in TARGETS}


def said(kind: str, text: str) -> object:
    try:
        return syntax.finding_from_text(text) if kind == "given" else syntax.setting_from_text(text)
    except AftermathError as error:
        return error


def columns_of(forecaster: Forecaster, cases: int, seed: int) -> list[Column]:
    """Random cells: states, verbs, assumptions, mistakes, scenarios and cohorts."""
    rng, model = np.random.default_rng(seed), forecaster.model
    made = []
    for i, name in enumerate(rng.choice(model.network.names, 5, replace=False).tolist()):
        states, kind = model.network[name].states, "do" if i in (1, 3) else "given"
        verbs = {"given": [f"not({states[0]})", f"like({states[0]}=4,{states[1]}=1)", f"assumed({states[0]}=1)", "li("]}
        texts = [*states, *verbs.get(kind, [f"chances({states[0]}=0.2,{states[1]}=0.8)"]), "no_such_state"]
        often = rng.choice([-1, *range(len(states))], cases)
        codes = np.where(rng.random(cases) < 0.1, rng.integers(-1, len(texts), cases), often).astype(np.int32)
        made.append(Column(kind, name, codes, tuple(said(kind, text) for text in texts)))
    for kind, names in (("scenario", (*model.scenarios, "none", "nowhere")), ("cohort", (*model.cohorts, "nobody"))):
        codes = np.where(rng.random(cases) < 0.8, -1, rng.integers(-1, len(names), cases)).astype(np.int32)
        made.append(Column(kind, kind, codes, names))
    return made


def question(columns: list[Column], case: int, common: Question) -> Question | AftermathError:
    """The question of a case, made apart from the code under test."""
    stated: dict[str, dict[str, object]] = {"given": {}, "do": {}, "scenario": {}, "cohort": {}}
    for column in columns:
        if column.codes[case] >= 0:
            stated[column.kind][column.name] = column.said[column.codes[case]]
    for statement in (*stated["given"].values(), *stated["do"].values()):
        if isinstance(statement, AftermathError):
            return statement
    names = {kind: stated[kind].get(kind) for kind in ("scenario", "cohort")}
    return Question(common.targets, stated["given"], stated["do"], interval=common.interval, **names)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", TARGETS)
def test_columns_are_answered_as_the_cases_are_one_by_one(name: str, seed: int, forecasters) -> None:
    forecaster, cases, common = forecasters[name], 250, Question(TARGETS[name])
    columns = columns_of(forecaster, cases, seed)
    found = answered(forecaster, columns, cases, common)
    posed = [question(columns, i, common) for i in range(cases)]
    alone = iter(answers(forecaster, [each for each in posed if isinstance(each, Question)]))
    kinds = set()
    for i, each in enumerate(posed):
        expected = each if isinstance(each, AftermathError) else next(alone)
        place = found.which[i]
        own = found.singly.get(place)
        kinds.add((type(own), type(expected)))
        if isinstance(expected, AftermathError):
            assert str(own) == str(expected)
            continue
        effect = expected.effect
        got = own or found
        p, p_evidence = (own.targets.p, own.p_evidence) if own else (found.p[place], found.p_evidence[place])
        assert p == pytest.approx(expected.targets.p, abs=1e-13)
        assert p_evidence == pytest.approx(expected.p_evidence, rel=1e-12)
        if got is found:
            nothing = np.full(len(p), np.nan)
            without, change = (nothing, nothing) if effect is None else (effect.p, effect.change)
            assert found.without[place] == pytest.approx(without, abs=1e-13, nan_ok=True)
            assert found.effect[place] == pytest.approx(change, abs=1e-13, nan_ok=True)
    assert {(type(None), Answer), (Answer, Answer)} <= kinds
    assert any(issubclass(each, AftermathError) for each, _ in kinds)


def test_equal_cases_are_answered_once(forecasters, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, posterior = [], case_columns.inference.posterior

    def counting(plan, evidence, names):
        asked.append(evidence.cases)
        return posterior(plan, evidence, names)

    monkeypatch.setattr(case_columns.inference, "posterior", counting)
    codes, said = np.array([0, 1, 0, 0, -1, 1], np.int32), (Observed("yes"), Observed("no"))
    found = answered(forecasters["asia"], [Column("given", "xray", codes, said)], 6, Question(("lung",)))
    assert asked == [3]
    assert found.p.shape == (3, 2)
    assert (found.which[0], found.which[1]) == (found.which[2], found.which[5])


def test_with_an_interval_every_case_is_asked_by_itself(forecasters) -> None:
    column = Column("given", "xray", np.array([0, -1], np.int32), (Observed("yes"),))
    found = answered(forecasters["asia"], [column], 2, Question(("lung",), interval=0.9))
    assert found.drawn
    assert all(each.targets.intervals is not None for each in found.singly.values())
    assert len(found.singly) == 2


def test_no_cases_have_no_answers(forecasters) -> None:
    found = answered(forecasters["asia"], [Column("given", "xray", np.empty(0, np.int32), ())], 0, Question(("lung",)))
    assert (len(found.which), found.p.shape, found.singly) == (0, (0, 2), {})


@pytest.mark.parametrize("bounds", [(3, 4), (2**40, 2**40), (2**62 - 1, 5)])
def test_cases_are_told_apart_whatever_their_numbers(bounds: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    columns = [(rng.integers(-1, min(bound, 5), 200), bound) for bound in bounds]
    first, which = different(columns, 200)
    pairs = np.stack([codes for codes, _ in columns], axis=1)
    assert len(first) == len(np.unique(pairs, axis=0))
    assert (pairs[first][which] == pairs).all()
    assert all((which[:at] != which[at]).all() for at in first)


def test_a_refusal_holds_nothing_of_where_it_was_raised(forecasters) -> None:
    """Its frames would hold the arrays of a whole block, in a circle that is found late."""
    said = (Observed("ye"), Observed("yes"))
    columns = [
        Column("given", "xray", np.array([0, 1], np.int32), said),
        Column("cohort", "cohort", np.array([-1, 0], np.int32), ("nobody",)),
    ]
    found = answered(forecasters["asia"], columns, 2, Question(("lung",)))
    assert len(found.singly) == 2
    assert [error.__traceback__ for error in found.singly.values()] == [None, None]
