"""The door to numba: kernels work where compiled code cannot be kept, and where there is no numba at all."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.inference import numba_door
from model.inference.numba_door import COMPILED, kernel


def twice(x: np.ndarray) -> float:
    return 2 * float(x.sum())


def no_numba(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python that finds no numba."""
    hidden = "import sys; sys.modules['numba'] = None\n"
    return subprocess.run([sys.executable, "-c", hidden + code], capture_output=True, text=True, check=False)


def test_without_numba_questions_are_answered_and_it_is_said_once():
    code = (
        "from tests.textbook import forecaster\n"
        "from model.question import Question; from model.forecast import answer\n"
        "from model.evidence import Observed\n"
        "ready = forecaster('asia')\n"
        "print(answer(ready, Question(('lung',), {'xray': Observed('yes')})).targets[0].distribution[0].p)\n"
        "print(ready.plan.explain().splitlines()[-1])\n"
    )
    ran = no_numba(code)
    p, executor = ran.stdout.splitlines()
    assert float(p) == pytest.approx(0.4887114013196476, abs=1e-12)
    assert executor == "answered by: numpy executor, since numba cannot be imported"
    assert ran.stderr.count("numba cannot be imported") == 1


def test_without_numba_batches_draws_joints_explanations_and_derivatives_are_answered_too():
    code = (
        "import numpy as np\n"
        "from model import inference\n"
        "from model.inference import Evidence\n"
        "from model.inference.derivatives import derivatives\n"
        "from tests.textbook import sprinkler\n"
        "plan, which = inference.compile(sprinkler()), np.arange(40)\n"
        "known = np.eye(2)[which % 2]\n"
        "drawn = {'Wet': np.repeat(sprinkler().tables['Wet'][None], 40, axis=0)}\n"
        "one = Evidence(1, {'Wet': known[:1]})\n"
        "print(inference.posterior(plan, Evidence(40, {'Wet': known}), ['Rain']).of('Rain')[0, 0])\n"
        "print(inference.posterior_under_draws(plan, 'Rain', one, drawn)[0][39, 0])\n"
        "print(inference.marginal_under_draws(plan, 'Rain', one, drawn)[39, 0])\n"
        "print(inference.joint(plan, ['Rain'], one)[0])\n"
        "print(derivatives(plan, 'Rain', 0, one).p)\n"
        "print(inference.draw_cost(plan, 'Rain', one) > 0, 'Wet' in inference.needed_tables(plan, ['Rain'], one))\n"
        "print(inference.most_probable(plan, one)[0].shape[1] == len(sprinkler().names))\n"
    )
    ran = no_numba(code)
    *shares, costs, states = ran.stdout.splitlines()
    assert [float(p) for p in shares] == pytest.approx([0.7079276773296245] * 5, abs=1e-12)
    assert (costs, states) == ("True True", "True")


def test_without_numba_a_question_with_an_interval_is_answered():
    code = (
        "from tests.textbook import forecaster\n"
        "from model.question import Question; from model.forecast import answer\n"
        "from model.evidence import Observed\n"
        "asked = Question(('lung',), {'xray': Observed('yes')}, interval=0.9)\n"
        "print(answer(forecaster('asia'), asked).targets[0].distribution[0].p)\n"
    )
    ran = no_numba(code)
    assert float(ran.stdout) == pytest.approx(0.4887114013196476, abs=1e-12)


@pytest.fixture
def project(tmp_path):
    """A project of two files of kernels, one of which calls the other; returns what its kernel gives when run."""
    package = tmp_path / "small" / "inference"
    package.mkdir(parents=True)
    (package / "numba_door.py").write_bytes(Path(numba_door.__file__).read_bytes())
    (package / "layout.py").write_text("FACTOR = 2\n")
    head = "from small.inference.numba_door import kernel\n"
    lower = head + "from small.inference.layout import FACTOR\n@kernel\ndef times(x):\n    return FACTOR * x\n"
    (package / "lower.py").write_text(lower)
    upper = head + "from small.inference.lower import times\n@kernel\ndef more(x):\n    return times(x) + 1\n"
    (package / "upper.py").write_text(upper)
    code = "from small.inference.upper import more; print(more(10), sum(more.stats.cache_hits.values()))"
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run():
        ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert ran.stderr == ""
        return [int(number) for number in ran.stdout.split()]

    real = f"kernels-{numba_door.digest(numba_door.ROOM)}"  # of the project itself, which its door imports
    return package, run, lambda: {place.name for place in (tmp_path / "cache").iterdir()} - {real}


@pytest.mark.skipif(not COMPILED, reason="numba is not installed")
@pytest.mark.parametrize(("file", "old", "new"), [("lower.py", "FACTOR * x", "3 * x"), ("layout.py", "2", "3")])
def test_a_changed_callee_or_constant_in_another_file_gives_a_fresh_folder(project, file, old, new):
    package, run, folders = project
    assert run() == [21, 0]
    assert run() == [21, 1]
    before = folders()
    text = (package / file).read_text()
    (package / file).write_text(text.replace(old, new))
    assert run() == [31, 0]
    assert len(folders() - before) == len(before) == 1
    (package / file).write_text(text)
    assert run() == [21, 1]
    assert len(folders()) == 2


@pytest.mark.skipif(not COMPILED, reason="numba is not installed")
def test_where_no_folder_can_be_written_kernels_are_compiled_and_it_is_said(monkeypatch):
    monkeypatch.setattr(numba_door, "folder", lambda: None)
    with pytest.warns(RuntimeWarning, match="NUMBA_CACHE_DIR"):
        made = kernel(twice)
    assert made(np.array([1.0, 2.0])) == 6.0


@pytest.mark.skipif(not COMPILED, reason="numba is not installed")
def test_compiled_code_is_kept_where_the_setting_says_else_beside_the_sources(monkeypatch, tmp_path):
    digest = numba_door.digest(numba_door.ROOM)
    monkeypatch.setattr(numba_door.numba.config, "CACHE_DIR", str(tmp_path))
    assert numba_door.folder.__wrapped__() == tmp_path / f"kernels-{digest}"
    monkeypatch.setattr(numba_door.numba.config, "CACHE_DIR", "")
    assert numba_door.folder.__wrapped__() == numba_door.ROOM / "__pycache__" / f"kernels-{digest}"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(numba_door, "WHOLE", "none")
    monkeypatch.setattr(numba_door, "_writable", lambda place: tmp_path in place.parents)
    assert numba_door.folder.__wrapped__() == tmp_path / "aftermath" / f"kernels-{digest}"


def test_what_a_kernel_reads_from_another_file_is_in_the_digest():
    room, inside = numba_door.ROOM, numba_door.sources(numba_door.ROOM)
    outside = {}
    for place in inside:
        tree = ast.parse(place.read_text("utf-8"))
        imported = {
            alias.asname or alias.name: node.module
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("model")
            for alias in node.names
        }
        kernels = [
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "kernel" for d in node.decorator_list)
        ]
        bodies = [statement for function in kernels for statement in function.body]
        names = {node.id for statement in bodies for node in ast.walk(statement) if isinstance(node, ast.Name)}
        files = {name: room.parents[1].joinpath(*imported[name].split(".")) for name in names & set(imported)}
        outside |= {(place.name, name): file for name, file in files.items() if file.with_suffix(".py") not in inside}
    assert outside == {}
