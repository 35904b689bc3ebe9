"""The costliest questions that are accepted, many at once: polls are answered meanwhile, and after it as before.

The questions are those that ``python3 -m bench costliest --write`` found, of different kinds.
"""

import json
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.attack import another, at_once, polled, polls_for
from tests.clients import status
from tests.servers import ROOT, Server, gunicorn

COSTLIEST = json.loads((ROOT / "tests/data/costliest_questions.json").read_text(encoding="utf-8"))
POLL = "/v1/models/asia/forecast/lung.json?given=xray:yes"
QUIET = 3.0
"""Seconds of polls before an attack, and after it."""
REST = 5.0
"""Seconds after the end of an attack from which on polls take what they took before."""


@pytest.fixture(scope="module")
def both_priors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attacked")
    for name in ("asia", "mosul-2017"):
        shutil.copytree(ROOT / "priors" / name, folder / name)
    return folder


def attacked(server: Server, clients: int, *, within: float) -> None:
    """Every question by so many clients at once, one question after the other."""
    port = int(server.url.rpartition(":")[2])
    before, memory = polls_for(server.url, POLL, QUIET), status(server.url)["private_bytes"]
    outcomes: Counter[str] = Counter()
    with polled(server.url, POLL) as during:
        for place, question in enumerate(COSTLIEST):
            asked = [another(question, place * clients + i) for i in range(clients)]
            answered = at_once(port, asked, within=within)
            codes = Counter(str(code) if code < 400 else json.loads(body)["code"] for code, body, _ in answered)
            print(question["path"][:60], dict(codes), f"{max(seconds for *_, seconds in answered):.1f} s")
            outcomes += codes
    time.sleep(REST)
    after, grown = polls_for(server.url, POLL, QUIET), status(server.url)["private_bytes"] - memory
    print(
        f"polls at the 99th percentile: {before.p99 * 1e3:.1f} ms, {during.p99 * 1e3:.1f} ms beside the attack"
        f" (of {len(during.seconds):,}), {after.p99 * 1e3:.1f} ms after it; grown by {grown / 1e6:.0f} MB"
    )
    assert before.wrong + during.wrong + after.wrong == []
    assert set(outcomes) <= {"200", "busy", "deadline", "impossible_evidence"}, outcomes
    assert outcomes["busy"] < len(COSTLIEST) * clients
    assert outcomes["busy"] > outcomes["200"]
    assert during.p99 < max(1.0, 20 * before.p99)
    assert after.p99 < 3 * before.p99 + 0.05
    assert grown < 1_000_000_000


def test_fault_09_the_costliest_questions_at_once_leave_polls_answered(both_priors: Path, tmp_path: Path) -> None:
    with gunicorn(both_priors, tmp_path / "log", workers=1, AFTERMATH_DEADLINE="1") as server:
        attacked(server, 20, within=60)
        assert "Traceback" not in server.log.read_text()


@pytest.mark.long
@pytest.mark.parametrize("clients", [20, 100])
def test_fault_09_the_costliest_questions_leave_polls_answered_as_shipped(
    both_priors: Path, tmp_path: Path, clients: int
) -> None:
    with gunicorn(both_priors, tmp_path / "log") as server:
        attacked(server, clients, within=300)
        assert "Traceback" not in server.log.read_text()
