"""Headlines that are asked of some cases only: each once, of other variables, judged only where they can be read."""

import pytest

from model.priors import load
from tests.prior_copies import DATA, edited, said

LEVELS = DATA / "levels"
PLAIN = "headline: [stock, fate]\n"


def headlines(tmp_path, *entries):
    lines = "".join(f"  - {entry}\n" for entry in entries)
    return edited(LEVELS, tmp_path, "model.yaml", (PLAIN, f"headline:\n{lines}"))


def asked(given, target="fate"):
    return f"{{label: Of some, target: {target}, given: {given}}}"


def test_a_target_may_be_asked_of_every_case_and_of_some(tmp_path):
    folder = headlines(tmp_path, "fate", asked("{home: near}"), asked("{home: far}"))
    assert list(map(str, load(folder).headlines)) == ["fate", "fate|home:near", "fate|home:far"]


@pytest.mark.parametrize("twice", ["fate", asked("{home: near}")])
def test_the_same_asked_of_the_same_cases_again_is_refused(tmp_path, twice):
    [problem] = said(headlines(tmp_path, "stock", twice, twice))
    assert "again, expected each name once" in problem


@pytest.mark.parametrize("others", [["fate"], ["fate", asked("{home: near}"), asked("{home: far}")]])
def test_a_condition_on_what_a_broken_sheet_holds_makes_nothing_look_like_another(tmp_path, others):
    folder = headlines(tmp_path, *others, asked("{war: lost}"), asked("{war: held}"))
    sheet = folder / "variables.yaml"
    sheet.write_text(sheet.read_text().replace("lost: 0.6, held: 0.4", "lost: 0.6, held: 0.4, ", 1) + "\n  broken: [\n")
    problems = said(folder)
    assert problems
    assert [text for text in problems if "again" in text] == []


@pytest.mark.parametrize("given", ["{fate: stays}", "{home: near, fate: {not: [stays]}}"])
def test_a_condition_on_the_target_itself_is_refused(tmp_path, given):
    [problem] = said(headlines(tmp_path, asked(given)))
    assert "'fate', which is the target, expected a condition on other variables" in problem
