"""Three models behind one service: the textbook's, one with names that bite, and one that cannot be loaded."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app
from service.settings import Settings
from service.store.location import Folder
from tests.servers import ROOT, Server, free_port, served

Check = Callable[[TestResponse, int, str], dict[str, Any]]


@pytest.fixture(scope="session")
def priors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(ROOT / "priors" / "asia", folder / "asia")
    shutil.copytree(ROOT / "tests" / "data" / "models" / "oddities", folder / "oddities")
    shutil.copytree(ROOT / "priors" / "asia", folder / "broken")
    findings = folder / "broken" / "findings.yaml"
    findings.write_text(findings.read_text().replace("yes: 0.98", "yes: 0.89"))
    return folder


@pytest.fixture(scope="session")
def app(priors: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    state = tmp_path_factory.mktemp("state")
    return create_app(Settings(priors, hosts=("forecasts.test",), place=Folder(state)))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, priors: Path) -> Iterator[Server]:
    """A real gunicorn with the settings that are shipped, and two workers."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "2", "wsgi:app"]
    log = tmp_path_factory.mktemp("log") / "server.log"
    with served(command, port=port, cwd=ROOT, log=log, AFTERMATH_PRIORS=str(priors)) as running:
        yield running


@pytest.fixture
def refused() -> Check:
    """The problem document of a refusal, its shape, status and code checked."""
    return check_refusal


SHAPE = ["type", "title", "status", "code", "detail", "pointer", "allowed", "did_you_mean", "errors"]
FAULT = ["code", "detail", "pointer", "allowed", "did_you_mean"]


def check_refusal(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert response.content_type == "application/problem+json", response.text
    problem: dict[str, Any] = response.get_json(force=True)
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert [key for key in problem if key not in ("conflict", "id")] == SHAPE
    assert problem["type"] == f"/errors#{code.replace('_', '-')}"
    assert problem["title"]
    assert problem["detail"]
    assert isinstance(problem["allowed"], list)
    assert all(list(mistake) == FAULT for mistake in problem["errors"])
    assert len(problem["errors"]) != 1
    assert response.headers["Cache-Control"] == "no-store"
    return problem
