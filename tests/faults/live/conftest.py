"""A real server with four workers over a copy of a small model that tests change under it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edited import Edited, copied
from tests.servers import Server, gunicorn


@pytest.fixture
def models(tmp_path: Path) -> Edited:
    return copied(tmp_path / "models")


@pytest.fixture
def server(models: Edited, tmp_path: Path) -> Iterator[Server]:
    with gunicorn(models.root, tmp_path / "log", workers=4, AFTERMATH_STATE=str(tmp_path / "state")) as running:
        yield running
