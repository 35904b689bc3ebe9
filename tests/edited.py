"""A copy of the textbook's model, its prior of lung cancer changed and broken as a modeller would."""

import json
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import ROOT, Server

STATED = "p: {yes: 0.1, no: 0.9}"


@dataclass(frozen=True)
class Edited:
    """A folder of models with ``asia`` in it."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "asia"

    @property
    def file(self) -> Path:
        return self.folder / "diseases.yaml"

    def text(self, p: float) -> str:
        """The file with another probability of lung cancer for who smokes."""
        text = (ROOT / "priors" / "asia" / "diseases.yaml").read_text()
        assert text.count(STATED) >= 1
        return text.replace(STATED, f"p: {{yes: {p}, no: rest}}", 1)

    def save(self, p: float) -> float:
        """Save it; returns the probability of lung cancer that is then forecast."""
        self.file.write_text(self.text(p))
        return forecast(p)

    def break_(self) -> None:
        """Save the file with a row that sums to more than 1."""
        self.file.write_text(self.text(0.1).replace("yes: 0.1, no: rest", "yes: 0.1, no: 0.95"))


def forecast(p: float) -> float:
    """P(lung) where half of all smoke: what the textbook's other row gives, and this one."""
    return round(0.5 * p + 0.5 * 0.01, 12)


def copied(into: Path) -> Edited:
    into.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "priors" / "asia", into / "asia")
    return Edited(into)


PATH = "/v1/models/asia/forecast/lung?interval=none"


def p_of(server: Server) -> float:
    return float(server.get(PATH)["distribution"][0]["p"])


def revision_of(server: Server, model: str = "asia") -> str:
    return str(server.get(f"/v1/models/{model}")["revision"])


def status_of(server: Server, model: str = "asia") -> dict[str, Any]:
    """What the status says of one model."""
    (found,) = [each for each in server.get("/v1/status")["models"] if each["model"] == model]
    return dict(found)


def becomes(server: Server, p: float, *, within: float = 30) -> str:
    """Wait until the forecast is this; returns the revision."""
    server.settled(lambda: abs(p_of(server) - p) < 1e-9, within=within)
    return revision_of(server)


def posted(server: Server, path: str, content: object, **headers: str) -> tuple[int, Any]:
    """The status and the body that a POST of JSON ends with, refused or not."""
    headers = {"Content-Type": "application/json", **headers}
    return _answered(urllib.request.Request(server.url + path, json.dumps(content).encode(), headers))


def got(server: Server, path: str) -> tuple[int, Any]:
    """The status and the body that a GET ends with, refused or not."""
    return _answered(urllib.request.Request(server.url + path))


def _answered(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
