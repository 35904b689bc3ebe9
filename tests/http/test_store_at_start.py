"""What is served at the start is kept with its files and active; a store in trouble takes no answer down."""

import shutil

import pytest

from service import SERVICE, create_app
from service.settings import Settings, from_environment
from service.store import activations, revisions
from service.store.location import Folder
from tests.servers import gunicorn
from tests.stores import ready


@pytest.fixture
def models(priors, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(priors / "asia", folder / "asia")
    return folder


def test_each_revision_that_is_served_is_kept_with_its_files_and_active_since_the_start(models, tmp_path):
    app = create_app(Settings(models, place=Folder(tmp_path / "state")))
    revision = app.test_client().get("/v1/models/asia").json["revision"]
    store = app.extensions[SERVICE].store
    assert (activations.active(store, "asia").revision, activations.active(store, "asia").cause) == (revision, "start")
    kept = revisions.files(store, "asia", revision)
    assert kept == {path.name: path.read_bytes() for path in (models / "asia").glob("*.yaml")}
    assert app.test_client().get("/readyz").json["store"] == {
        "kept": f"SQLite in {tmp_path / 'state'}",
        "trouble": None,
    }


def test_a_second_start_with_the_same_files_changes_nothing(models, tmp_path):
    for _ in range(2):
        app = create_app(Settings(models, place=Folder(tmp_path / "state")))
    assert activations.last_numbers(app.extensions[SERVICE].store)[0] == 1


def test_a_state_folder_that_cannot_be_made_takes_no_answer_down_and_is_told(models, tmp_path, caplog):
    (tmp_path / "state").write_text("a file where the folder would be")
    client = create_app(Settings(models, place=Folder(tmp_path / "state"))).test_client()
    assert "not kept" in caplog.text
    assert client.get("/v1/models/asia/forecast/lung").status_code == 200
    told = client.get("/readyz")
    assert (told.status_code, told.json["status"]) == (200, "degraded")
    assert "state folder" in told.json["store"]["trouble"]


def test_in_public_the_place_of_the_store_is_not_told(models, tmp_path):
    (tmp_path / "state").write_text("a file where the folder would be")
    client = create_app(Settings(models, place=Folder(tmp_path / "state"), public_read=True)).test_client()
    assert client.get("/readyz").json["store"] == {"kept": "SQLite", "trouble": "store_unavailable"}


def test_an_empty_state_setting_is_a_choice_and_no_trouble(models):
    settings = from_environment({"AFTERMATH_PRIORS": str(models), "AFTERMATH_STATE": ""})
    assert create_app(settings).test_client().get("/readyz").json == {
        "status": "ready",
        "models": create_app(settings).test_client().get("/v1/models").json["models"],
        "store": {"kept": "nowhere", "trouble": None},
    }


def test_a_real_server_keeps_what_it_serves_in_the_state_folder(models, tmp_path):
    with gunicorn(models, tmp_path / "log", AFTERMATH_STATE=str(tmp_path / "state")) as server:
        revision = server.get("/v1/models/asia")["revision"]
        store = ready(Folder(tmp_path / "state"))
        kept = server.settled(lambda: activations.active(store, "asia"))
        assert (kept.revision, kept.cause) == (revision, "start")
        assert server.get("/readyz")["store"]["trouble"] is None
