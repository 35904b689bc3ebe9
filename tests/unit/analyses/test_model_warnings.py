"""What a modeller is warned of: nothing that keeps a model from being served."""

from pathlib import Path

import pytest

from model.analyses.model_warnings import warnings
from model.priors import load
from tests.prior_copies import ASIA, DATA, edited
from tests.sources import ROOT


def about(folder: Path) -> list[str]:
    return [f"{each.about}: {each.text}" for each in warnings(load(folder))]


@pytest.mark.parametrize("model", ["asia", "colombia-2016", "mosul-2017"])
def test_the_models_of_the_project_have_no_warning(model: str) -> None:
    assert about(ROOT / "priors" / model) == []


@pytest.mark.parametrize("order", ["much, some, none", "none, much, some", "some, none, much"])
def test_states_of_a_ranked_parent_that_do_not_rise_are_named(order: str, tmp_path: Path) -> None:
    kinds = DATA / "kinds"
    before = set(about(kinds))
    changes = [("states: [none, some, much]", f"states: [{order}]")]
    (added,) = set(about(edited(kinds, tmp_path, "variables.yaml", *changes))) - before
    assert added.startswith(f"c: its states do not rise ({order})")


def test_a_variable_on_which_nothing_depends_and_of_which_nothing_speaks_is_named(tmp_path: Path) -> None:
    folder = edited(ASIA, tmp_path, "findings.yaml", ("role: outcome", "role: state"))
    (folder / "collection.yaml").unlink()
    model = folder / "model.yaml"
    model.write_text(
        model.read_text()
        .replace(", collection.yaml", "")
        .replace("    given: {xray: yes}\n", "")
        .replace("    given: {xray: {likelihood: {yes: 4, no: 1}}}\n", "")
    )
    (line,) = about(folder)
    assert line.startswith("xray: nothing depends on it and nothing speaks of it")


def test_what_is_asked_in_an_example_is_used(tmp_path: Path) -> None:
    assert about(edited(ASIA, tmp_path, "findings.yaml", ("role: outcome", "role: state"))) == []


def test_a_source_that_nothing_cites_is_named_with_its_line(tmp_path: Path) -> None:
    extra = "  nobody:\n    title: A\n    publication: B\n    date: 1980\n    status: verified\n...\n"
    (warned,) = warnings(load(edited(ASIA, tmp_path, "sources.yaml", ("...\n", extra))))
    assert str(warned) == "asia/sources.yaml:9:3: nobody: a source that nothing cites"


@pytest.mark.parametrize("label", ["“Smoker”", "„Smoker“", "«Smoker»", "‘Smoker’"])
def test_typographic_quotes_are_named(label: str, tmp_path: Path) -> None:
    (line,) = about(edited(ASIA, tmp_path, "diseases.yaml", ("label: Smoker", f"label: {label}")))
    assert line.startswith(f"smoke: the quotes of {label} are part of the text")


def test_a_parent_on_which_no_row_depends_is_named(tmp_path: Path) -> None:
    change = ("{yes: 0.05, no: 0.95}", "{yes: 0.01, no: 0.99}")
    (line,) = about(edited(ASIA, tmp_path, "diseases.yaml", change))
    assert line == "tub: its parent asia changes nothing: in every state of it the probabilities are the same"


def test_a_parent_that_a_rule_does_not_look_at_is_named(tmp_path: Path) -> None:
    folder = edited(ASIA, tmp_path, "findings.yaml", ("parents: [lung, tub]", "parents: [lung, tub, smoke]"))
    assert [line for line in about(folder) if line.startswith("either: its parent smoke changes nothing")]


def test_a_variable_of_the_group_with_a_parent_of_an_individual_is_named(tmp_path: Path) -> None:
    levels = DATA / "levels"
    assert not [line for line in about(levels) if "of one individual" in line]
    text = (levels / "variables.yaml").read_text(encoding="utf-8")
    war = text[text.index("  war:") : text.index("  stock:")]
    folder = edited(levels, tmp_path, "variables.yaml", (war, war.replace("role:", "level: individual\n    role:", 1)))
    assert "stock: it is of the group as a whole, and its parent war of one individual" in "\n".join(about(folder))
