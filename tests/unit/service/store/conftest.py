"""Each test of the store runs on SQLite, with a rollback journal and with a log, and on PostgreSQL."""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.database import Store
from service.store.location import Folder, Place, Server
from service.store.sqlite import FIXED
from tests import stores

COUNT = itertools.count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[stores.PostgreSQL]:
    with stores.postgresql(durable=False) as server:
        yield server


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is quick to write to."""
    with tempfile.TemporaryDirectory(dir=stores.quick_folder(), prefix="aftermath-") as made:
        yield Path(made)


@pytest.fixture(params=["sqlite", "sqlite-log", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def place(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if request.param == "postgresql":
        server: stores.PostgreSQL = request.getfixturevalue("postgresql")
        return Server(server.database(f"store_{next(COUNT)}"))
    version = FIXED if request.param == "sqlite-log" else (3, 40, 1)
    monkeypatch.setattr("service.store.sqlite.VERSION", version)
    return Folder(folder / "state")


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An empty store."""
    made = stores.ready(place)
    yield made
    made.close()
