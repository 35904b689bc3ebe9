"""The contract holds for inputs nobody thought of: a fuzzer over every operation, and questions drawn at random."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servers import ROOT, gunicorn

NAMES = ("asia", "tub", "smoke", "lung", "bronc", "either", "xray", "dysp")
IN_CI = bool(os.environ.get("CI"))
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


@pytest.fixture
def whole(priors, tmp_path):
    """A service whose models all load: of one that does not, 503 is the right answer to everything."""
    for name in ("asia", "oddities"):
        shutil.copytree(priors / name, tmp_path / "models" / name)
    with gunicorn(tmp_path / "models", tmp_path / "log", AFTERMATH_STATE=str(tmp_path / "state")) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("examples", [25, pytest.param(200, marks=pytest.mark.long)])
def test_the_fuzzer_finds_no_answer_outside_the_contract(whole, tmp_path, examples):
    server = whole
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(ROOT / "tests/data/schemathesis.toml")]
    command += ["run", f"{server.url}/openapi.json", "--phases", ",".join(PHASES).lower()]
    command += ["--no-color", f"--max-examples={examples}"]
    command += ["--generation-deterministic"] if IN_CI else ["--generation-database", "none"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=3600, check=False)
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-5_000:]
    cases = re.search(r"(\d+) generated", ran.stdout)
    assert cases is not None
    assert int(cases[1]) > 3_000
    assert re.findall(r"^  ✅ (\w+)$", ran.stdout, re.MULTILINE) == list(PHASES), ran.stdout[-3_000:]
    assert "Traceback" not in server.log.read_text()
    assert server.get("/livez") == {"status": "alive"}


def chances():
    return st.floats(0, 1).map(lambda p: {"yes": p, "no": 1 - p})


def texts():
    """Any text that a body may hold; NUL is refused as no JSON of ours."""
    return st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=4)


def findings():
    some = st.lists(st.sampled_from(["yes", "no"]), min_size=1, max_size=3)
    weights = st.floats(0, allow_infinity=False)
    return st.one_of(
        st.sampled_from(["yes", "no"]),
        st.builds(lambda states: {"in": states}, some),
        st.builds(lambda states: {"not": states}, some),
        st.builds(lambda yes, no: {"likelihood": {"yes": yes, "no": no}}, weights, weights),
        st.builds(lambda p: {"assumed": p}, chances()),
        texts(),
    )


def settings_said():
    return st.one_of(st.sampled_from(["yes", "no"]), st.builds(lambda p: {"p": p}, chances()))


def events_said():
    stated = ["yes", "no", "in(yes)", "not(no)", "in(no,yes)", 'in("yes")']
    condition = st.builds("{}:{}".format, st.sampled_from(NAMES), st.sampled_from(stated))
    verbs = st.sampled_from(["any(", "all(", "at_least(1,", "at_least(2,", "all( "])

    def several(parts):
        return st.builds(lambda verb, of: f"{verb}{','.join(of)})", verbs, st.lists(parts, min_size=1, max_size=4))

    event = st.recursive(condition, several, max_leaves=8)
    endings = st.sampled_from([")", "(", ",", ":over(5)", ":like(yes=1)"])
    broken = st.builds("{}{}".format, event, endings)
    return st.one_of(event, event, event, broken, texts())


def bodies():
    names = st.sampled_from(NAMES)
    return st.fixed_dictionaries(
        {
            "targets": st.lists(names, max_size=3),
            "events": st.lists(events_said(), max_size=2),
            "given": st.dictionaries(names, findings(), max_size=4),
            "do": st.dictionaries(names, settings_said(), max_size=2),
            "joint": st.lists(st.lists(names, min_size=1, max_size=3), max_size=1),
            "most_probable": st.booleans(),
            "scenario": st.sampled_from([None, "none", "back_from_asia"]),
            "cohort": st.sampled_from([None, "a_smoker"]),
        }
    )


@settings(max_examples=200)
@given(body=bodies())
def test_any_question_is_answered_exactly_or_refused_with_a_reason(app, body):
    client = app.test_client()
    answer = client.post("/v1/models/asia/query", json=body)
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:
        assert answer.json["pointer"] or answer.json["errors"]
        return
    assert "NaN" not in answer.text
    assert 0 <= answer.json["p_evidence"] <= 1 + 1e-9
    for target in answer.json["targets"]:
        assert sum(row["p"] for row in target["distribution"]) == pytest.approx(1, abs=1e-9)
        assert all(0 <= row["p"] <= 1 + 1e-9 for row in target["distribution"])
    for joint in answer.json["joint"]:
        assert sum(row["p"] for row in joint["rows"]) == pytest.approx(1, abs=1e-9)
    assert client.get(answer.json["permalink"]).data == answer.data
