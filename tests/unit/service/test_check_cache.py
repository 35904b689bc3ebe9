"""What ``check`` printed is printed again until something changes, and never from a file that is not whole."""

import shutil
from pathlib import Path

import pytest

from model.resources import disk_cache
from service.cli import check, check_cache
from service.cli.main import main
from tests.servers import ROOT


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(disk_cache.CACHE, str(tmp_path / "cache"))
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    return tmp_path / "models"


def checked(models: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int | str | None, str]:
    with pytest.raises(SystemExit) as left:
        main(["check", "asia", "--priors", str(models), *options])
    return left.value.code, capsys.readouterr().out


def test_it_is_worked_out_once_and_again_after_an_edit(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = checked(models, capsys)
    worked_out = check._found
    monkeypatch.setattr(check, "_found", None)
    assert checked(models, capsys) == first
    monkeypatch.setattr(check, "_found", worked_out)
    file = models / "asia" / "diseases.yaml"
    file.write_text(file.read_text().replace("yes: 0.05, no: 0.95", "yes: 0.06, no: 0.94"))
    assert checked(models, capsys)[1] != first[1]
    file.write_text("variables: [\n...\n")
    code, _ = checked(models, capsys)
    assert code == 1
    assert checked(models, capsys)[0] == 1


def test_each_option_and_other_code_have_a_file_of_their_own(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = models / "asia"
    keys = {check_cache.key(folder, size=size, strict=strict) for size in (True, False) for strict in (True, False)}
    (models / "check.py").write_text("# another way\n")
    monkeypatch.setattr(check_cache, "CODE", models)
    keys.add(check_cache.key(folder, size=True, strict=True))
    assert len(keys - {None}) == 5


def test_a_damaged_file_is_made_again(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = checked(models, capsys)
    (file,) = (models.parent / "cache" / "checks").iterdir()
    whole = file.read_bytes()
    for damage in (b"", whole[:-1], whole[:60] + b"x" + whole[61:]):
        file.write_bytes(damage)
        assert checked(models, capsys) == first
        assert file.read_bytes() == whole
