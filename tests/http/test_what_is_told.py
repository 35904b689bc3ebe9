"""What answers tell of the machine and of files that are wrong: on this machine all, in public where it is."""

import json
import shutil
from pathlib import Path

import pytest

from service import create_app
from service.settings import Settings
from tests.servers import ROOT

SECRET = "a_secret_word"


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """A sound model, and one in whose files a word stands that is nobody's business."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("asia", "wrong"):
        shutil.copytree(ROOT / "priors" / "asia", folder / name)
    findings = folder / "wrong" / "findings.yaml"
    findings.write_text(findings.read_text().replace("parents: [either]", f"parents: [{SECRET}]"))
    return folder


def told(folder: Path, *, public: bool) -> dict[str, str]:
    client = create_app(Settings(folder, public_read=public)).test_client()
    paths = ("/plain", "/readyz", "/v1/models", "/v1/models.csv", "/v1/models/wrong", "/v1/models/wrong/forecast/lung")
    return {path: client.get(path).text for path in paths}


def test_on_this_machine_a_problem_is_told_whole(wrong):
    told_of = told(wrong, public=False)
    assert all(SECRET in told_of[path] for path in ("/plain", "/v1/models", "/v1/models/wrong"))


def test_in_public_a_problem_is_told_by_file_line_column_and_code(wrong):
    told_of = told(wrong, public=True)
    assert [path for path, text in told_of.items() if SECRET in text] == []
    (state,) = [each for each in json.loads(told_of["/v1/models"])["models"] if not each["ready"]]
    assert state["reasons"] == ["wrong/findings.yaml:22:15: bad_priors"]
    assert "wrong/findings.yaml:22:15: bad_priors" in told_of["/v1/models/wrong"]


@pytest.mark.parametrize("public", [False, True])
def test_no_answer_names_a_place_on_this_machine_or_holds_a_control_character(wrong, public):
    for text in told(wrong, public=public).values():
        assert str(wrong) not in text
        assert str(ROOT) not in text
        assert [c for c in text if ord(c) < 32 and c not in "\n\r\t"] == []


@pytest.mark.parametrize("path", ["/%1b[31m", "/v1/models/%1b[2J", "/v1/models/%0d%0aSet-Cookie:a", "/a%00b", "/%7f"])
def test_a_control_character_that_was_sent_does_not_come_back(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers
    assert [c for c in answer.text if (ord(c) < 32 and c != "\n") or ord(c) == 127] == []
