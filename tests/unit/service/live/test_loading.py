"""A folder is read in a child, whose end, memory and time are nobody else's."""

import os
import signal

import pytest

from model.forecast import restored
from service.live import loading, mapped
from service.settings import LOAD_SECONDS
from tests.edited import copied

PLENTY = 2_000_000_000


@pytest.fixture
def models(tmp_path):
    return copied(tmp_path / "models")


def load(models, into, **limits):
    return loading.load("asia", models.folder, into, **{"seconds": 60, "memory": PLENTY, **limits})


def test_a_model_is_left_compiled_with_the_files_that_were_read(models, tmp_path) -> None:
    result = load(models, tmp_path / "into")
    assert result.kind == "ready"
    assert restored(mapped.read(tmp_path / "into")).model.revision == result.revision
    files = {path.name: path.read_bytes() for path in (tmp_path / "into" / "files").iterdir()}
    assert files == {path.name: path.read_bytes() for path in models.folder.glob("*.yaml")}
    assert result.digest == loading.digest_of(files)


def test_problems_come_back_with_their_places(models, tmp_path) -> None:
    models.break_()
    result = load(models, tmp_path / "into")
    assert (result.kind, result.problems[0].file, result.problems[0].line) == ("broken", "asia/diseases.yaml", 41)


def test_what_takes_too_long_is_ended(models, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(loading, "prepared", lambda *_: signal.pause())
    monkeypatch.setattr(loading, "GRACE", 0.0)
    result = load(models, tmp_path / "into", seconds=0.3)
    assert result.kind == "broken"
    assert LOAD_SECONDS in result.reasons[0]


def test_what_takes_too_much_memory_is_refused(models, tmp_path, monkeypatch) -> None:
    really = loading.prepared

    def greedy(*given):
        held = bytearray(300_000_000)
        return really(*given) if held else None

    monkeypatch.setattr(loading, "prepared", greedy)
    assert load(models, tmp_path / "enough").kind == "ready"
    result = load(models, tmp_path / "into", memory=100_000_000)
    assert result.kind == "broken"
    assert "ended" in result.reasons[0] or "memory" in result.reasons[0]


def test_a_child_that_crashes_is_an_error_and_no_outage(models, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(loading, "prepared", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    result = load(models, tmp_path / "into")
    assert result.reasons == (f"its loading ended with signal {int(signal.SIGKILL)}",)


def test_files_that_change_meanwhile_are_read_again_later(models, tmp_path, monkeypatch) -> None:
    really = loading.prepared

    def changing(*given):
        models.save(0.3)
        return really(*given)

    monkeypatch.setattr(loading, "prepared", changing)
    assert load(models, tmp_path / "into").kind == "changed"
