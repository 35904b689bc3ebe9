"""How many of our files a new what-if enters: a reader of the way from the address to the bytes opens no more."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.settings import Settings
from tests.servers import ROOT

MOST = 21
GUARDS = {
    "model/analyses/question_cost.py",
    "model/resources/cost.py",
    "model/resources/deadline.py",
    "service/http/access.py",
    "service/http/admission.py",
    "service/http/clients.py",
    "service/http/packing.py",
    "service/http/proxies.py",
    "service/http/security.py",
    "service/http/telemetry.py",
}
"""What may refuse a question, end it, pack its answer or note it, and adds nothing to it: a reader passes it by."""
WHAT_IFS = {
    "asia": ("asia/forecast/lung?interval=none&given=smoke:", "no", "yes"),
    "flagship": ("mosul-2017/forecast/pathway?interval=none&given=commitment:", "low", "high"),
    "do": ("asia/forecast/lung?interval=none&do=smoke:", "no", "yes"),
    "measured finding": (
        "mosul-2017/forecast/pathway?interval=none&given=foreign_fighter_stock:",
        "over(10000)",
        "under(20000)",
    ),
    "measured target": ("mosul-2017/forecast/foreign_fighter_stock?interval=none&given=commitment:", "low", "high"),
}


@pytest.fixture(scope="module")
def own() -> FlaskClient:
    return create_app(Settings(ROOT / "priors")).test_client()


@contextmanager
def entered() -> Iterator[set[str]]:
    """The files under ``model/`` and ``service/`` of which a function is called, kernels included."""
    files: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT):
            files.add(str(path.relative_to(ROOT)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield files
    finally:
        sys.setprofile(before)
        files.intersection_update([name for name in files if name.startswith(("model/", "service/"))])


@pytest.mark.parametrize("what_if", WHAT_IFS.values(), ids=WHAT_IFS)
def test_a_new_what_if_enters_few_files(own: FlaskClient, what_if: tuple[str, str, str]) -> None:
    address, first, second = what_if
    assert own.get(f"/v1/models/{address}{first}").status_code == 200
    with entered() as files:
        answer = own.get(f"/v1/models/{address}{second}")
    assert answer.status_code == 200
    assert {"service/routes/forecasts.py", "model/question.py", "model/forecast.py"} <= files
    assert any(name.endswith("_kernels.py") for name in files)
    assert len(files - GUARDS) <= MOST, "\n".join(sorted(files - GUARDS))
