"""The command ``diff``: revisions from git, from the store and from folders, its forms, and its limit."""

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from model.priors import load
from model.priors.files import files_of
from service.store import activations, names, opened, revisions
from service.store.location import Folder
from tests.sources import ROOT

LUNG = ("p: {yes: 0.1, no: 0.9}", "p: {yes: 0.2, no: 0.8}")


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A modeller", "-c", "user.email=modeller@example.org"]
    ran = subprocess.run(["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "diseases.yaml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of a folder with asia, committed twice: in the second revision a label is another."""
    monkeypatch.setenv("AFTERMATH_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    root = tmp_path / "checkout" / "models"
    shutil.copytree(ROOT / "priors" / "asia", root / "asia")
    git(root.parent.parent, "init", "-q", "-b", "main", "checkout")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "As published")
    edit(root / "asia", "label: Smoker", "label: Smokes")
    git(root, "commit", "-q", "-a", "-m", "A label")
    return root


@pytest.fixture
def diff(run, models: Path) -> Callable[..., object]:
    return lambda *words: run("diff", *words, "--priors", models)


def test_without_more_the_folder_is_held_against_the_last_commit(diff, models: Path) -> None:
    assert "no edits\nno headline moved\n" in diff("asia").out
    edit(models / "asia", *LUNG)
    ran = diff("asia")
    assert ran.code == 0
    assert "1 edit: 1 numeric; 1 of them can move a forecast" in ran.out
    assert "asia/diseases.yaml:40  lung, row when {smoke: yes}: numeric, changed; moves points" in ran.out
    assert "lung                        yes  0.0550  0.1050  +5.00" in ran.out
    assert "check lung_cancer: now outside its published range (0.0550 to 0.1050)" in ran.out


def test_git_revisions_are_read_as_they_were(diff, models: Path) -> None:
    ran = diff("asia", "main~1", "HEAD")
    assert "1 edit: 1 label; no forecast can move" in ran.out
    assert "Smoker -> Smokes" in ran.out
    (models / "asia" / "diseases.yaml").write_text("nothing of it is read")
    assert diff("asia", "main~1", "HEAD").out == ran.out


def test_a_folder_may_stand_on_either_side(diff, models: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(models / "asia", tmp_path / "other" / "asia"))
    edit(other, *LUNG)
    assert "largest shifts" in diff("asia", other).out
    assert diff("asia", "HEAD", other.parent).out == diff("asia", "HEAD", other).out


def test_revisions_are_found_in_the_store_by_their_hash(diff, models: Path, tmp_path: Path) -> None:
    model = load(models / "asia")
    with closing(opened(Folder(tmp_path / "state"))) as store:
        files = files_of(models / "asia")
        revisions.keep(store, "asia", model.revision, files=files, content=b"asia", engine="1.0")
    edit(models / "asia", *LUNG)
    ran = diff("asia", model.revision)
    assert ran.out.startswith(f"asia  {model.revision} to {load(models / 'asia').revision}\n1 edit: 1 numeric")
    assert (
        "the store holds no revision 'r-0123456789abcdef' of the model 'asia'" in diff("asia", "r-0123456789abcdef").err
    )


@pytest.fixture
def approved(models: Path, tmp_path: Path) -> str:
    """A revision that the store holds under a name and as the active one, before an edit of the folder."""
    model = load(models / "asia")
    with closing(opened(Folder(tmp_path / "state"))) as store:
        revisions.keep(store, "asia", model.revision, files=files_of(models / "asia"), content=b"asia", engine="1.0")
        names.point(store, "asia", "approved", revision=model.revision)
        activations.activate(store, "asia", model.revision, cause="call", author="", reason="")
    edit(models / "asia", *LUNG)
    return model.revision


@pytest.mark.parametrize("said", ["approved", "active"])
def test_a_name_of_the_store_is_a_revision_in_every_command_that_takes_one(
    run, diff, models: Path, approved: str, said: str
) -> None:
    git(models, "branch", "approved", "main~1")
    for ran in (
        diff("asia", said),
        diff("asia"),
        run("validate", models / "asia", "--against", said, "--priors", models),
    ):
        assert ran.out.startswith(f"asia  {approved} to {load(models / 'asia').revision}\n1 edit: 1 numeric")
    assert diff("asia", said, said).out.startswith(f"asia  {approved} to {approved}\nno edits")


def test_a_word_that_means_no_revision_is_named_with_the_store_and_its_names(diff, approved: str, tmp_path) -> None:
    ran = diff("asia", "aproved")
    assert (ran.code, ran.out) == (1, "")
    said = " ".join(ran.err.split())
    assert f"'aproved' is no folder of a model, no name in the store (SQLite in {tmp_path / 'state'}, with" in said
    assert "with the names 'approved')" in said


def test_where_nothing_is_active_validate_says_in_which_store_it_looked(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    ran = run("validate", tmp_path / "models" / "asia", "--state", tmp_path / "none", "--priors", tmp_path / "models")
    assert ran.code == 0
    assert f"the store (SQLite in {tmp_path / 'none'}, without a name of asia) has no active revision" in ran.out
    assert not (tmp_path / "none").exists()


def test_problems_of_a_folder_are_at_the_path_that_check_prints(run, models: Path, monkeypatch) -> None:
    monkeypatch.chdir(models.parent)
    edit(models / "asia", "p: {yes: 0.1, no: 0.9}", "p: {yes: 0.1, no: 0.8}")
    said = "models/asia/diseases.yaml:41:12: lung, row when {smoke: yes}, p: sums to 0.9, expected 1."
    assert said in run("check", "asia", "--priors", "models").out
    assert said in run("validate", "models/asia", "--priors", "models").out
    assert said in run("diff", "asia", "--priors", "models").err
    assert said in run("diff", "asia", "HEAD", "models/asia", "--priors", "models").err


@pytest.mark.parametrize("said", ["mane", "-v", "--all", "HEAD; true", "main:models"])
def test_what_is_no_revision_is_refused_and_never_run(diff, said: str) -> None:
    ran = diff("--", "asia", said) if said.startswith("-") else diff("asia", said)
    assert ran.code in (1, 2)
    assert ran.out == ""
    if ran.code == 1:
        assert f"{said!r} is no folder of a model, no name in the store (" in ran.err
        assert f"git knows no revision {said!r} there); name a folder, a git revision, or a revision of the" in ran.err


def test_a_folder_that_is_in_no_checkout_says_so(run, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "asia")
    ran = run("diff", "asia", "--priors", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "has no active revision of asia" in ran.err
    assert "it is in no git checkout" in ran.err


def test_problems_of_an_older_revision_name_it(diff, models: Path) -> None:
    edit(models / "asia", "p: {yes: 0.1, no: 0.9}", "p: {yes: 0.1, no: 0.8}")
    git(models, "commit", "-q", "-a", "-m", "Wrong")
    ran = diff("asia", "main~1", "main")
    assert ran.code == 1
    assert "git main: diseases.yaml:41:12: lung, row when {smoke: yes}, p: sums to 0.9, expected 1." in ran.err


def test_a_headline_that_moves_by_more_than_the_limit_exits_1(diff, models: Path) -> None:
    edit(models / "asia", *LUNG)
    assert diff("asia", "--scenario", "none", "--fail-over", "0.04").code == 1
    assert diff("asia", "--scenario", "none", "--fail-over", "0.05").code == 0
    assert diff("asia", "--fail-over", "0.05").code == 1
    edit(models / "asia", LUNG[1], LUNG[0])
    assert diff("asia", "--fail-over", "0").code == 0


def test_json_has_every_edit_and_parts_that_sum_to_each_shift(diff, models: Path) -> None:
    edit(models / "asia", *LUNG)
    edit(models / "asia", "p: {yes: 0.05, no: 0.95}", "p: {yes: 0.1, no: 0.9}")
    found = json.loads(diff("asia", "--json").out)
    assert [(each["what"], each["class"], each["new_place"]["line"]) for each in found["edits"]] == [
        ("tub, row when {asia: yes}", "numeric", 18),
        ("lung, row when {smoke: yes}", "numeric", 40),
    ]
    states = [state for shift in found["shifts"] for state in shift["states"]]
    assert len(states) == 12
    assert any(len(state["parts"]) == 2 for state in states)
    for state in states:
        assert abs(sum(part["shift"] for part in state["parts"]) - state["shift"]) < 1e-9
        assert state["low"] <= state["shift"] <= state["high"]


def test_csv_has_a_row_for_each_part(diff, models: Path) -> None:
    edit(models / "asia", *LUNG)
    rows = list(csv.DictReader(io.StringIO(diff("asia", "--csv").out)))
    assert {row["part"] for row in rows} == {"", "lung, row when {smoke: yes}"}
    [lung] = (row for row in rows if (row["headline"], row["scenario"], row["state"]) == ("lung", "", "yes"))
    assert (lung["shift"], lung["part_shift"], lung["part_error"]) == ("0.05", "0.05", "")


def test_markdown_has_the_movers_and_what_to_look_at(diff, models: Path) -> None:
    edit(
        models / "asia",
        LUNG[0],
        "p: {yes: 0.2, no: 0.8}\n        sources: [judgement]\n        reason: A <b>guess</b>.",
    )
    page = diff("asia", "--markdown").out
    assert page.startswith("## What the edits of asia do\n")
    assert "| lung | - | yes | 0.0550 | 0.1050 | +5.00 |" in page
    assert "- lung: the new yes, no lies outside the old interval" in page
    assert "- lung, row when {smoke: yes} rests on weak sources: judgement" in page
    assert r"\<b\>guess" in page


def test_without_a_model_every_model_is_held_against_its_own(diff, models: Path) -> None:
    shutil.copytree(models / "asia", models / "asia2")
    git(models, "add", ".")
    git(models, "commit", "-q", "-m", "A second model")
    edit(models / "asia2", *LUNG)
    found = json.loads(diff("--json", "--no-interval").out)
    assert [(each["model"], len(each["edits"])) for each in found] == [("asia", 0), ("asia2", 1)]
    assert found[1]["shifts"][0]["states"][0]["low"] is None


def test_a_model_that_git_does_not_know_yet_is_left_out_where_none_was_named(diff, models: Path) -> None:
    shutil.copytree(models / "asia", models / "asia2")
    ran = diff("--no-interval")
    assert (ran.code, ran.out.startswith("asia  r-"), "asia2" in ran.out) == (0, True, False)
    assert "asia2: not compared: " in ran.err
    assert diff("asia2").code == 1
