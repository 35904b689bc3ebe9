"""The command ``prose``: a text is held against answers of a folder and of the store, without a service."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service import create_app
from service.cli.main import commands
from service.settings import Settings
from service.store.location import Folder
from tests.servers import ROOT


@pytest.fixture
def place(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "priors" / "asia")
    return tmp_path


def held(place: Path, text: str, *words: str) -> Result:
    options = ["--priors", str(place / "priors"), "--state", str(place / "state"), *words]
    return CliRunner().invoke(commands, ["prose", "-", *options], input=text)


def service(place: Path):
    return create_app(Settings(place / "priors", place=Folder(place / "state"))).test_client()


def test_the_command_says_what_the_service_says_and_exits_1_where_a_number_is_not_supported(place: Path) -> None:
    client = service(place)
    permalink = client.get("/v1/models/asia/forecast/lung?given=xray:yes").get_json()["permalink"]
    text = f"Lung cancer is at 49 % ({permalink}).\nIt falls by 43 points."
    found = held(place, text, "--json")
    assert found.exit_code == 1
    assert found.stdout_bytes == client.post("/v1/prose", json={"text": text}).data
    said = held(place, text)
    assert said.exit_code == 1
    assert said.output.startswith("<stdin>:2:13: 43 points\n  the answers have this change, in the other direction")
    right = held(place, "Lung cancer is at 49 %.", "--cite", permalink)
    assert (right.exit_code, right.output) == (0, "all of 1 number supported by 1 answer\n")


def test_answers_of_the_store_are_read_from_it_though_the_folder_has_moved_on(place: Path) -> None:
    client = service(place)
    kept = client.post("/v1/answers", json={"model": "asia", "targets": ["tub"], "given": {"xray": "yes"}}).get_json()
    before = client.get("/v1/models/asia/forecast/lung?given=xray:yes").get_json()["permalink"]
    diseases = place / "priors" / "asia" / "diseases.yaml"
    diseases.write_text(diseases.read_text().replace("{yes: 0.1, no: 0.9}", "{yes: 0.2, no: 0.8}"))
    text = f"Tuberculosis has 9 % ({kept['permalink']}). Lung cancer has 49 % ({before})."
    assert held(place, text).exit_code == 0, held(place, text).output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("49 %", "cites no answer"),
        ("49 % (/v1/models/asi/forecast/lung?revision=r-0123456789abcdef)", "Did you mean 'asia'?"),
        ("49 % (/v1/models/asia/forecast/lung?revision=r-0123456789abcdef)", "no revision 'r-0123456789abcdef'"),
        ("49 % (/v1/answers/a-1.json)", "holds no answer 'a-1'"),
        ("49 % (/v1/models/asia/diff/r-0123456789abcdef...r-fedcba9876543210)", "is answered by a service alone"),
    ],
)
def test_what_is_not_to_be_had_is_told_in_a_line(place: Path, text: str, said: str) -> None:
    service(place)
    found = held(place, text)
    assert found.exit_code == 1
    assert said in str(found.exception)


def test_a_file_that_is_no_text_is_told_in_a_line(place: Path) -> None:
    (place / "bad.md").write_bytes(b"\xff\xfe49 %")
    found = CliRunner().invoke(commands, ["prose", str(place / "bad.md"), "--priors", str(place / "priors")])
    assert found.exit_code == 1
    assert "no text in UTF-8" in str(found.exception)


def test_the_body_names_why_and_the_nearest(place: Path) -> None:
    permalink = service(place).get("/v1/models/asia/forecast/lung?given=xray:yes").get_json()["permalink"]
    [wrong] = json.loads(held(place, f"Lung cancer: 60 % {permalink}", "--json").output)["unsupported"]
    assert (wrong["why"], wrong["nearest"]["said"]) == ("the answers have no such number", "48.9 %")
