"""What a shell offers for half a word: models, variables of the model named, states of the variable named."""

import shutil

import pytest
from click.shell_completion import ShellComplete

from service.cli.main import commands
from tests.prior_copies import ASIA


def offered(*words: str) -> list[str]:
    """What stands to choose for the last word, the ones before being whole."""
    completion = ShellComplete(commands, {}, "aftermath", "_AFTERMATH_COMPLETE")
    return [item.value for item in completion.get_completions(list(words[:-1]), words[-1])]


NAMES_A_MODEL = [
    *("ask", "check", "show", "questions", "variables", "scenarios", "cohorts", "sources", "matrix", "compare"),
    *("export", "explain", "cause-effect", "goals", "sensitivity", "plan", "policies", "attribution", "brief"),
]


@pytest.mark.parametrize("command", NAMES_A_MODEL)
def test_the_model_of_every_command_is_offered(command: str) -> None:
    assert offered(command, "mo") == ["mosul-2017"]


@pytest.mark.parametrize("before", [["ask"], ["show"], ["explain"], ["compare"], ["cause-effect"]])
def test_variables_are_those_of_the_model_named(before: list[str]) -> None:
    assert offered(*before, "asia", "s") == ["smoke"]
    assert "smoke" not in offered(*before, "mosul-2017", "")


def test_several_targets_are_offered_one_after_the_other() -> None:
    assert offered("ask", "asia", "lung", "tu") == ["tub"]


def test_states_are_those_of_the_variable_named() -> None:
    assert offered("explain", "asia", "lung", "") == ["yes", "no"]
    assert offered("explain", "mosul-2017", "pathway", "r") == ["returnee"]
    assert offered("cause-effect", "asia", "smoke", "lung", "y") == ["yes"]


@pytest.mark.parametrize("option", ["--given", "--do"])
def test_evidence_is_offered_as_a_variable_and_then_with_its_states(option: str) -> None:
    assert offered("ask", "asia", "lung", option, "x") == ["xray:"]
    assert offered("ask", "asia", "lung", option, "xray:") == ["xray:yes", "xray:no"]


def test_a_folder_of_models_of_ones_own_is_used(tmp_path) -> None:
    shutil.copytree(ASIA, tmp_path / "mine")
    assert offered("ask", "--priors", str(tmp_path), "") == ["mine"]
    assert offered("ask", "--priors", str(tmp_path), "mine", "lu") == ["lung"]


def test_a_file_that_cannot_be_read_hides_nothing_of_the_others(tmp_path) -> None:
    shutil.copytree(ASIA, tmp_path / "mine")
    (tmp_path / "mine" / "findings.yaml").write_text("variables: [\n")
    assert offered("ask", "--priors", str(tmp_path), "mine", "lu") == ["lung"]


def test_where_nothing_is_known_nothing_is_offered() -> None:
    assert offered("ask", "nothing", "") == []
    assert offered("explain", "asia", "nothing", "") == []


@pytest.mark.parametrize("kind", ["distribution", "tornado", "waterfall", "network", "compare", "matrix"])
def test_a_picture_is_completed_as_other_commands_are(kind: str) -> None:
    assert offered("plot", kind, "mo") == ["mosul-2017"]
    if kind != "matrix":
        assert offered("plot", kind, "asia", "lu")[0] == "lung"
        assert offered("plot", kind, "asia", "--given", "xray:") == ["xray:yes", "xray:no"]
    if kind in ("tornado", "waterfall"):
        assert offered("plot", kind, "asia", "lung", "") == ["yes", "no"]
