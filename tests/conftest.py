"""What holds for every test: nothing is skipped in silence, and long versions run when asked for."""

import os
import shutil
import tempfile
from collections.abc import Generator
from glob import glob

import pytest
from hypothesis import HealthCheck, settings

Report = pytest.TestReport | pytest.CollectReport
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

# Debian keeps the programs of a PostgreSQL server off the PATH.
os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), *sorted(glob("/usr/lib/postgresql/*/bin"))])

STATE = tempfile.mkdtemp(prefix="aftermath-state-")
os.environ["XDG_STATE_HOME"] = STATE
"""Stores of services that a test starts, one for each folder of models: none is in the user's own folder."""
for name in ("AFTERMATH_STATE", "DATABASE_URL"):
    os.environ.pop(name, None)

settings.register_profile(
    "house",
    deadline=None,
    derandomize=IN_CI,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long too")


def pytest_unconfigure() -> None:
    shutil.rmtree(STATE, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    chosen = [item for item in items if item.get_closest_marker("long") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool) is None:
                pytest.skip(f"needs the program {tool}, which is not on the PATH")


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed does not depend on the terminal that the tests are started from, nor on that of xdist."""
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Report, Report]:
    return spoken((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Report, Report]:
    return spoken((yield))


def spoken(report: Report) -> Report:
    """The report, a skip in CI and a skip without a reason made into failures."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    said = reason.removeprefix("Skipped:").strip()
    if said in ("", "unconditional skip"):
        report.outcome, report.longrepr = "failed", "a skipped test must say why"
    elif IN_CI:
        report.outcome, report.longrepr = "failed", f"nothing is skipped in CI: {said}"
    return report
