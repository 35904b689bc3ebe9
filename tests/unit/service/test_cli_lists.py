"""The commands that list what a model has, and ``cause-effect``: columns, or the bytes of the HTTP answer."""

import shutil

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.cli.lists import LISTS
from service.settings import Settings, default_priors
from tests.prior_copies import ASIA

RESOURCES = ("variables", "scenarios", "cohorts", "sources")


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Settings(default_priors())).test_client()


def test_there_is_a_command_for_the_models_and_for_each_list_of_a_model(run) -> None:
    assert {each.name for each in LISTS} == {"models", *RESOURCES}


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("resource", RESOURCES)
def test_a_form_is_the_http_answer_byte_for_byte(run, client: FlaskClient, resource: str, form: str) -> None:
    ran = run(resource, "asia", f"--{form}")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.encode() == client.get(f"/v1/models/asia/{resource}.{form}").data


@pytest.mark.parametrize("form", ["json", "csv"])
def test_models_are_listed_as_over_http(run, client: FlaskClient, form: str) -> None:
    assert run("models", f"--{form}").out.encode() == client.get(f"/v1/models.{form}").data


def test_columns_are_aligned_and_begin_with_the_name_and_the_label(run) -> None:
    lines = run("variables", "asia").out.splitlines()
    assert len(lines) == 8
    assert lines[0].split("  ")[0] == "asia"
    assert {line.index("yes, no") for line in lines} == {lines[0].index("yes, no")}


@pytest.mark.parametrize("word", ["LUNG", "lung"])
def test_a_word_is_looked_for_in_names_and_labels_whatever_its_capitals(run, word: str) -> None:
    names = [line.split()[0] for line in run("variables", "asia", word).out.splitlines()]
    assert names == ["lung", "either"]  # the label of either is Tuberculosis or lung cancer


@pytest.mark.parametrize("form", [[], ["--csv"]])
@pytest.mark.parametrize(
    ("resource", "word"), [("variables", "re"), ("scenarios", "re"), ("cohorts", "ia"), ("sources", "re")]
)
def test_every_row_left_by_a_word_is_one_of_the_whole_list(run, resource: str, word: str, form: list[str]) -> None:
    whole = run(resource, "mosul-2017", *form).out.splitlines()
    some = run(resource, "mosul-2017", word, *form).out.splitlines()
    assert 1 < len(some) < len(whole)
    assert {" ".join(line.split()) for line in some} <= {" ".join(line.split()) for line in whole}


def test_a_word_that_is_nowhere_is_said(run) -> None:
    ran = run("cohorts", "asia", "zebra")
    assert (ran.code, ran.out) == (0, "no cohorts with 'zebra' in name or label\n")


def test_scenarios_and_cohorts_say_what_they_say(run) -> None:
    assert run("scenarios", "asia").out.rstrip().endswith("given asia:yes, given dysp:yes")
    assert run("cohorts", "asia").out.split("  ")[-2:] == ["1", "smoke:yes\n"]


def test_a_model_that_cannot_be_loaded_is_listed(run, tmp_path, caplog) -> None:
    shutil.copytree(ASIA, tmp_path / "asia")
    shutil.copytree(ASIA, tmp_path / "broken")
    (tmp_path / "broken" / "diseases.yaml").unlink()
    lines = run("models", "--priors", tmp_path).out.splitlines()
    assert [line.split()[0] for line in lines] == ["asia", "broken"]
    assert "cannot be loaded" in lines[1]


def test_a_misspelt_model_is_refused(run) -> None:
    ran = run("variables", "asai")
    assert (ran.code, ran.out) == (1, "")
    assert "Did you mean 'asia'?" in ran.err


# cause-effect


def test_cause_effect_as_json_is_the_http_answer(run, client: FlaskClient) -> None:
    over_http = client.get("/v1/models/asia/cause-effect.json?cause=bronc&effect=dysp&state=yes&given=xray:yes")
    ran = run("cause-effect", "asia", "bronc", "dysp", "yes", "--given", "xray:yes", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.encode() == over_http.data


def test_cause_effect_sets_seeing_beside_setting_and_names_the_confounder(run) -> None:
    lines = run("cause-effect", "asia", "bronc", "dysp", "yes").out.splitlines()
    assert lines[3].split() == ["yes", "0.8080", "0.8065", "+0.0015"]
    assert "what sets them apart: confounders smoke" in lines


def test_cause_effect_without_a_back_door_says_so(run) -> None:
    assert "nothing sets seeing and setting apart here" in run("cause-effect", "asia", "smoke", "lung").out


def test_cause_effect_takes_an_event_in_place_of_the_effect(run) -> None:
    ran = run("cause-effect", "asia", "smoke", "--event", "any(lung:yes,bronc:yes)")
    assert ran.out.startswith("any(lung:yes,bronc:yes)=yes")
    assert run("cause-effect", "asia", "smoke").code == 2
