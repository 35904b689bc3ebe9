"""The door to numba: kernels work where compiled code cannot be kept, and where there is no numba at all."""

import subprocess
import sys

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


@pytest.mark.skipif(not COMPILED, reason="numba is not installed")
def test_a_kernel_that_cannot_be_kept_is_compiled_all_the_same_and_says_what_would_help(monkeypatch):
    def refused(self):
        raise RuntimeError("no locator available")

    monkeypatch.setattr(numba_door.numba.core.dispatcher.Dispatcher, "enable_caching", refused)
    with pytest.warns(RuntimeWarning, match="NUMBA_CACHE_DIR"):
        made = kernel(twice)
    assert made(np.array([1.0, 2.0])) == 6.0


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


def test_without_numba_batches_and_draws_are_answered_too():
    code = (
        "import numpy as np\n"
        "from model.inference import variable_elimination\n"
        "from model.inference.arrays import Evidence\n"
        "from tests.textbook import sprinkler\n"
        "prepared, which = variable_elimination.prepare(sprinkler()), np.arange(40)\n"
        "known = np.eye(2)[which % 2]\n"
        "drawn = {'Wet': np.repeat(sprinkler().tables['Wet'][None], 40, axis=0)}\n"
        "print(variable_elimination.posterior(prepared, Evidence(40, {'Wet': known}), ['Rain'])[1]['Rain'][0, 0])\n"
        "print(variable_elimination.draws(prepared, ['Rain'], Evidence(1, {'Wet': known[:1]}), drawn)['Rain'][39, 0])\n"
    )
    ran = no_numba(code)
    assert [float(p) for p in ran.stdout.split()] == pytest.approx([0.7079276773296245] * 2, abs=1e-12)


@pytest.mark.skipif(not COMPILED, reason="numba is not installed")
def test_what_is_kept_of_a_kernel_is_stale_once_a_file_that_it_builds_on_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(numba_door, "ROOM", tmp_path)
    (tmp_path / "lower").mkdir()
    (tmp_path / "upper.py").write_text("from model.lower import (\n    times,\n)\n")
    (tmp_path / "lower" / "__init__.py").write_text("from model.lower.loops import times\n")
    (tmp_path / "lower" / "loops.py").write_text("from model.layout import TABLE\n\n@kernel\n")
    (tmp_path / "layout.py").write_text("TABLE = 1\n")
    asked = str(tmp_path / "upper.py")
    before = numba_door.sources(asked)
    assert numba_door.sources.__wrapped__(asked) == before
    (tmp_path / "layout.py").write_text("TABLE = 2\n")
    after = numba_door.sources.__wrapped__(asked)
    assert after != before
    stamps = []
    for digest in (before, after):
        monkeypatch.setattr(numba_door, "sources", lambda _, digest=digest: digest)
        stamps.append(kernel(twice)._cache._cache_file._source_stamp)
    assert stamps[0] != stamps[1]
