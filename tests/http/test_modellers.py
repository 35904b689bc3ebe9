"""What the page for modellers types at a running service is answered as it says."""

import re
import shlex
import shutil

import pytest
from flask.testing import FlaskClient

from tests.http.test_revisions import LESS, revised, served
from tests.pages import page
from tests.servers import ROOT

SERVER = "http://127.0.0.1:8000"
[SECTION] = re.findall(r"## Beside a running service\n(.*?)\n## ", page("modellers.md"), re.DOTALL)
VALUED = ("-X", "-H", "-d")


@pytest.fixture
def client(tmp_path):
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    served(tmp_path)
    return revised(tmp_path, LESS)


def typed() -> list[list[str]]:
    """The words of each curl."""
    lines = [line for block in re.findall(r"```bash\n(.*?)```", SECTION, re.DOTALL) for line in joined(block)]
    return [shlex.split(line) for line in lines]


def joined(block: str) -> list[str]:
    return block.replace("\\\n", " ").splitlines()


def sent(client: FlaskClient, words: list[str]):
    assert words[:2] == ["curl", "-s"]
    options = [(word, words[i + 1]) for i, word in enumerate(words) if word in VALUED]
    [url] = [word.removeprefix(SERVER) for word in words if word.startswith(SERVER)]
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    data = next((value for name, value in options if name == "-d"), None)
    method = dict(options).get("-X", "GET" if data is None else "POST")
    return client.open(url, method=method, headers=headers, data=data)


def test_every_request_of_the_page_is_answered(client):
    answers = [sent(client, words) for words in typed()]
    assert [answer.status_code for answer in answers] == [200] * len(answers) == [200] * 6
    validated = answers[4].json
    assert (validated["valid"], validated["problems"]) == (True, [])
    assert validated["diff"]["edits"]
    addresses = re.findall(r"^\| `([^`]+)`", SECTION, re.MULTILINE)
    assert len(addresses) == 3
    assert all(client.get(address).status_code == 200 for address in addresses)
