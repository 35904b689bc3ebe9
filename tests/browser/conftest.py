"""The service under gunicorn, and a browser to look at it with."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.browsers import Watched, launched, missing, opened
from tests.servers import ROOT, Server, gunicorn


@pytest.fixture(scope="session", autouse=True)
def _needs_a_browser() -> None:
    lacking = missing()
    if lacking:
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The flagship, the textbook's model, and one with names that bite."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("asia", "mosul-2017"):
        shutil.copytree(ROOT / "priors" / name, folder / name)
    shutil.copytree(ROOT / "tests" / "data" / "models" / "oddities", folder / "oddities")
    log: Path = tmp_path_factory.mktemp("log") / "server.log"
    with gunicorn(folder, log, AFTERMATH_STATE=str(tmp_path_factory.mktemp("state"))) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = launched(playwright)
        yield found
        found.close()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Callable[..., Watched]]:
    """Opens fresh pages; each must end without an error and without a request to anybody else."""
    with ExitStack() as stack:
        pages: list[Watched] = []
        entered: Callable[..., AbstractContextManager[Watched]] = partial(opened, browser, server.url)

        def make(**options: object) -> Watched:
            pages.append(stack.enter_context(entered(**options)))
            return pages[-1]

        yield make
        assert [error for watched in pages for error in watched.errors] == []
        assert [request for watched in pages for request in watched.elsewhere] == []


@pytest.fixture
def watched(open_page: Callable[..., Watched]) -> Watched:
    return open_page()
