"""Where the store is: one place for each deployment, and never among models or code."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import default_priors
from service.store.location import BadLocation, Folder, Nowhere, Server, place
from tests.sources import ROOT

URL = "postgresql://me:secret@db.example:5433/forecasts"


def test_a_folder_that_is_named_goes_before_all_settings(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": URL, "AFTERMATH_STATE": "/elsewhere"}
    assert place(tmp_path / "priors", state=tmp_path / "state", environment=settings) == Folder(tmp_path / "state")


def test_a_database_goes_before_the_folder_of_the_environment(tmp_path: Path) -> None:
    assert place(tmp_path, environment={"DATABASE_URL": URL, "AFTERMATH_STATE": "/elsewhere"}) == Server(URL)


def test_each_folder_of_models_has_its_own_store(tmp_path: Path) -> None:
    settings = {"XDG_STATE_HOME": str(tmp_path / "state")}
    one, two = (place(tmp_path / name, environment=settings) for name in ("one", "two"))
    assert isinstance(one, Folder)
    assert one != two
    assert one.path.parent == tmp_path / "state" / "aftermath"
    assert place(tmp_path / "two" / ".." / "one", environment=settings) == one


def test_without_settings_it_is_in_the_user_s_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = place(tmp_path / "priors", environment={})
    assert isinstance(found, Folder)
    assert found.path.parent == tmp_path / ".local" / "state" / "aftermath"


def test_an_empty_setting_means_no_store(tmp_path: Path) -> None:
    assert place(tmp_path, environment={"AFTERMATH_STATE": ""}) == Nowhere("AFTERMATH_STATE is empty")


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadLocation, match="'mysql' is no database of ours; it begins with postgresql://"):
        place(tmp_path, environment={"DATABASE_URL": "mysql://me@db.example/x"})


@pytest.mark.parametrize("inside", ["priors", "priors/asia", "service/store", "model"])
def test_a_folder_among_models_or_code_is_refused(inside: str) -> None:
    with pytest.raises(BadLocation, match="which holds models or code; name another"):
        place(default_priors(), state=ROOT / inside)


def test_a_password_is_never_shown() -> None:
    assert str(Server(URL)) == "PostgreSQL at db.example/forecasts"


def test_the_service_and_the_command_line_start_without_a_database(tmp_path: Path) -> None:
    talk = "import sys, service.cli.main, service.http.problems; print({'sqlalchemy', 'alembic'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", talk], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
