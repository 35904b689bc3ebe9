"""``aftermath db``, ``token`` and ``status`` on a store in a folder."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from model.errors import Problem
from service.store import activations, attempts
from service.store.location import Folder
from tests import stores
from tests.servers import ROOT
from tests.stores import raw, with_revisions

STEPS = len(list((ROOT / "service/store/migrations/versions").glob("v*.py")))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder of the commands."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("AFTERMATH_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_an_upgrade_makes_the_tables_once(run, state: Path) -> None:
    assert run("db", "upgrade").out == f"SQLite in {state}: took {STEPS} steps\n"
    assert run("db", "upgrade").out == f"SQLite in {state}: up to date\n"


def test_a_folder_that_is_named_goes_before_the_setting(run, state: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert run("db", "upgrade", "--state", other).out == f"SQLite in {other}: took {STEPS} steps\n"
    assert not state.exists()


def test_a_token_is_printed_once_and_listed_without_its_secret(run, state: Path) -> None:
    made = run("token", "new", "a dashboard", "--scopes", "read", "--models", "mosul-*,asia", "--days", "30")
    assert re.fullmatch(r"am_[a-z0-9]{12}_[\w-]{43}\n", made.out)
    assert "it is not shown again" in made.err
    id = made.out.split("_")[1]
    listed = run("token", "list").out
    assert re.fullmatch(rf"{id}  a dashboard: read of mosul-\*,asia, until \d{{4}}-\d\d-\d\d, never used\n", listed), (
        listed
    )
    assert made.out.split("_", 2)[2].strip() not in listed
    assert ", revoked " in run("token", "revoke", id).out
    assert ", revoked " in run("token", "list").out


def test_there_are_no_tokens_at_first(run, state: Path) -> None:
    assert run("token", "list").out == "no tokens\n"


def test_an_unknown_scope_is_refused(run, state: Path) -> None:
    ran = run("token", "new", "a dashboard", "--scopes", "reed")
    assert (ran.code, ran.out) == (1, "")
    assert "no scope 'reed'" in ran.err
    assert "Did you mean 'read'?" in ran.err


def test_a_sound_store_passes_its_check_and_a_changed_one_does_not(run, state: Path) -> None:
    run("token", "new", "a dashboard")
    sound = run("db", "check")
    assert (sound.code, sound.out.splitlines()[-1]) == (0, f"SQLite in {state}: 1 chained row, 0 contents, 0 problems")
    assert re.search(r"^audit ends with [0-9a-f]{64}$", sound.out, re.MULTILINE)
    with closing(stores.ready(Folder(state))) as store:
        raw(store, "DROP TRIGGER audit_refuses_update", "UPDATE audit SET who = 'somebody else'")
    changed = run("db", "check")
    assert changed.code == 1
    assert "audit, row 1: it is not what was written\n" in changed.out
    assert "audit: nothing refuses UPDATE any more: its trigger is gone\n" in changed.out


@pytest.mark.parametrize("name", ["copy.zip", "copy.sqlite"])
def test_a_backup_is_restored_into_another_place(run, state: Path, tmp_path: Path, name: str) -> None:
    run("token", "new", "a dashboard")
    assert run("db", "backup", tmp_path / name).out.startswith(f"wrote {tmp_path / name} (")
    restored = run("db", "restore", tmp_path / name, "--state", tmp_path / "other")
    assert restored.out == f"SQLite in {tmp_path / 'other'}: restored 1 audit, 1 tokens\n"
    assert run("token", "list", "--state", tmp_path / "other").out == run("token", "list").out
    again = run("db", "restore", tmp_path / name)
    assert (again.code, again.err) == (
        1,
        "the store is not empty (it has audit); restore into another place\n",
    )


def test_a_prune_says_what_it_would_remove_and_then_removes_it(run, state: Path) -> None:
    with closing(stores.ready(Folder(state))) as store:
        with_revisions(store, 2)
    said = "4 revision_files, 2 compiled_sizes, 2 revisions, 5 blobs"
    planned = run("db", "prune", "--older", "0", "--dry-run").out
    assert planned.startswith(f"SQLite in {state}: would remove {said} (")
    assert run("db", "prune", "--older", "0").out == planned.replace("would remove", "removed")
    assert run("db", "prune", "--older", "0").out == f"SQLite in {state}: removed nothing\n"


def test_the_status_is_the_active_revisions_and_failed_loads(run, state: Path) -> None:
    assert run("status").out.splitlines()[-1] == "nothing is kept yet"
    assert not state.exists()
    with closing(stores.ready(Folder(state))) as store:
        (revision,) = with_revisions(store, 1)
        assert run("status").out.splitlines()[-1] == "no revision was active yet"
        activations.activate(store, "asia", revision, cause="start")
        attempts.record(store, "asia", (Problem("asia/chest.yaml", 41, 9, "lung", "sums to 0.9", "1"),))
    lines = run("status").out.splitlines()
    assert lines[0] == f"store: SQLite in {state}"
    assert re.fullmatch(rf"asia  {revision}  since [\d-]+ [\d:]+ UTC, from: start", lines[-3])
    assert re.fullmatch(r"  the load of [\d-]+ [\d:]+ UTC failed with 1 problem:", lines[-2])
    assert lines[-1] == "  asia/chest.yaml:41:9: lung: sums to 0.9, expected 1."


def test_a_store_that_cannot_be_used_is_a_sentence_and_exit_1(run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for command in (("token", "list"), ("db", "upgrade")):
        ran = run(*command, "--state", tmp_path / "taken" / "state")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("the state folder cannot be used: ")
        assert "Not a directory" in ran.err


def test_without_a_store_every_command_says_so(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("AFTERMATH_STATE", "")
    ran = run("token", "list")
    assert (ran.code, ran.err) == (1, "this service keeps nothing: AFTERMATH_STATE is empty\n")
    assert run("status").code == 1
