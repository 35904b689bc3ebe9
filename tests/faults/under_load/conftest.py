"""Real servers for faults that many tests need: small models, and the flagship."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from model import priors
from model.specification import Model
from tests.servers import ROOT, Server, gunicorn


@pytest.fixture(scope="session")
def small_priors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two smaller models."""
    folder = tmp_path_factory.mktemp("small")
    for name in ("asia", "colombia-2016"):
        shutil.copytree(ROOT / "priors" / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def asia() -> Model:
    return priors.load(ROOT / "priors" / "asia")


@pytest.fixture(scope="session")
def colombia() -> Model:
    return priors.load(ROOT / "priors" / "colombia-2016")


@pytest.fixture(scope="session")
def flagship() -> Model:
    return priors.load(ROOT / "priors" / "mosul-2017")


@pytest.fixture(scope="session")
def flagship_priors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flagship")
    shutil.copytree(ROOT / "priors" / "mosul-2017", folder / "mosul-2017")
    return folder


@pytest.fixture(scope="session")
def small_server(small_priors: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker over the two smaller models."""
    with gunicorn(small_priors, tmp_path_factory.mktemp("log") / "small.log", workers=1) as running:
        yield running
