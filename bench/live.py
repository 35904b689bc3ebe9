"""A saved prior file: from the last write to the new answer, beside reading and compiling it alone.

And what the watcher costs polls: the same polls of a service that watches its folder and of one that does not, in turn.
And the diff of eight edits of numbers above every headline of the flagship: each shift split exactly.
"""

from __future__ import annotations

import http.client
import itertools
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.analyses.revision_diff import Edition

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 12
POLLS = 4_000
WORKERS = 2
PORTS = itertools.count(18_481)
MODELS = {
    "asia": ("diseases.yaml", "p: {yes: 0.1, no: 0.9}", "p: {{yes: 0.1{}, no: rest}}", "lung"),
    "mosul-2017": ("fighter.yaml", "p: {yes: 0.23}", "p: {{yes: 0.23{}}}", "pathway"),
}
"""A file of each model, a number in it, what it becomes, and a target."""
EDITS = itertools.count(10_000)
FLAGSHIP = "mosul-2017"
UPSTREAM = (
    *("coalition_military_pressure", "partner_security_assistance", "is_combat_capability", "is_territorial_control"),
    *("territorial_loss_rate", "mosul_status", "raqqa_status", "conflict_end_mode"),
)
"""Variables above every headline of the flagship: two numbers of the first row of each change places."""
ROW = re.compile(r"(p: \{\w+: )([\d.]+)(, \w+: )([\d.]+)")


def run(*, rounds: int = ROUNDS) -> int:
    """Print the median and the slowest of each model, then polls with a watcher and without."""
    print("| model | from the last write to the answer, s | slowest, s | read and compiled alone, s | beside it, s |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        for model in MODELS:
            print(_edited(model, Path(made), rounds), flush=True)
        print("\n| polls answered 304 | median, us | 99th percentile, us | beside no watcher |\n|---|---|---|---|")
        for line in _polled(Path(made), rounds):
            print(line, flush=True)
        print("\n| diff of the flagship | shifts | units of each | seconds | of the processor |\n|---|---|---|---|---|")
        for line in _compared(Path(made)):
            print(line, flush=True)
    return 0


def _edited(model: str, made: Path, rounds: int) -> str:
    folder = _copied(model, made / "edited")
    with _served(made / "edited", made) as port:
        waits, alone = [], []
        for _ in range(rounds):
            before = _revision(port, model)
            saved = _save(folder)
            while _revision(port, model) == before:
                time.sleep(0.005)
            waits.append(time.monotonic() - saved)
            alone.append(_alone(folder))
    wait, work = statistics.median(waits), statistics.median(alone)
    shutil.rmtree(made / "edited")
    return f"| {model} | {wait:.2f} | {max(waits):.2f} | {work:.2f} | {wait - work:.2f} |"


def _alone(folder: Path) -> float:
    """Seconds of reading and compiling a folder whose files are new, and of drawing what changed, in this process."""
    from model.forecast import prepare
    from model.priors import load

    with tempfile.TemporaryDirectory() as made:
        copy = _copied(folder.name, Path(made))
        _save(copy)
        started = time.monotonic()
        prepare(load(copy)).draws.warm()
        return time.monotonic() - started


def _polled(made: Path, rounds: int) -> Iterator[str]:
    folder = made / "polled"
    _copied("mosul-2017", folder)
    path = f"/v1/models/mosul-2017/forecast/{MODELS['mosul-2017'][3]}"
    with _served(folder, made) as watched, _served(folder, made, AFTERMATH_LIVE="0") as plain:
        turns = [[_poll(port, path) for port in (plain, watched)] for _ in range(rounds + 1)][1:]
    without, with_it = ([each for turn in turns for each in turn[side]] for side in (0, 1))
    for name, found in (("without a watcher", without), ("with one", with_it)):
        middle, late = statistics.median(found), statistics.quantiles(found, n=100)[98]
        ratio = middle / statistics.median(without)
        yield f"| {name} | {1e6 * middle:.0f} | {1e6 * late:.0f} | {ratio:.3f} |"


def _compared(made: Path) -> Iterator[str]:
    """A diff without intervals and one with them, each between revisions that were loaded anew."""
    from model.analyses.revision_diff import diff
    from model.uncertainty.intervals import MASS

    old, new = ROOT / "priors" / FLAGSHIP, _swapped(made / "compared")
    for name, mass in (("points alone", None), ("with intervals", MASS)):
        editions = [_edition(folder) for folder in (old, new)]
        started, worked = time.monotonic(), time.process_time()
        found = diff(*editions, mass=mass)
        seconds, work = time.monotonic() - started, time.process_time() - worked
        (units,) = {len(each.units) for each in found.shifts}
        yield f"| {name} | {len(found.shifts)} | {units} | {seconds:.2f} | {work:.2f} |"


def _edition(folder: Path) -> Edition:
    from model.analyses.revision_diff import edition
    from model.forecast import prepare
    from model.priors import load
    from model.priors.files import files_of

    return edition(prepare(load(folder)), files_of(folder))


def _swapped(root: Path) -> Path:
    """A copy of the flagship with an edit of each of the variables above its headlines."""
    folder = _copied(FLAGSHIP, root)
    for name in UPSTREAM:
        (file,) = (path for path in folder.glob("*.yaml") if f"\n  {name}:\n    label" in path.read_text("utf-8"))
        before, mark, after = file.read_text("utf-8").partition(f"\n  {name}:\n")
        file.write_text(before + mark + ROW.sub(r"\g<1>\g<4>\g<3>\g<2>", after, count=1), encoding="utf-8")
    return folder


def _poll(port: int, path: str) -> list[float]:
    """Seconds of each of some polls on one connection, all answered 304."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    tag = _answer(connection, path, {})[1]
    found = []
    for _ in range(POLLS // ROUNDS):
        started = time.perf_counter()
        status, _ = _answer(connection, path, {"If-None-Match": tag})
        found.append(time.perf_counter() - started)
        if status != 304:
            raise RuntimeError(f"a poll was answered {status}")
    connection.close()
    return found


def _answer(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[int, str]:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers["ETag"] or ""


def _revision(port: int, model: str) -> str:
    """What a poll sees: the ETag that names the revision."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", f"/v1/models/{model}/forecast/{MODELS[model][3]}?interval=none")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["X-Model-Revision"] or ""


def _copied(model: str, root: Path) -> Path:
    return Path(shutil.copytree(ROOT / "priors" / model, root / model))


def _save(folder: Path) -> float:
    """Change a number of the file; returns when it was written."""
    file, stated, changed, _ = MODELS[folder.name]
    text = (ROOT / "priors" / folder.name / file).read_text(encoding="utf-8")
    if stated not in text:
        raise RuntimeError(f"{file} no longer has the number that is changed")
    (folder / file).write_text(text.replace(stated, changed.format(next(EDITS)), 1), encoding="utf-8")
    return time.monotonic()


@contextmanager
def _served(priors: Path, made: Path, **settings: str) -> Iterator[int]:
    """The port of a service over a folder of models, with what is shipped."""
    port = next(PORTS)
    state = {"AFTERMATH_STATE": str(made / f"state-{port}"), "AFTERMATH_PRIORS": str(priors), "DATABASE_URL": ""}
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "--workers", str(WORKERS), "wsgi:app"],
        cwd=ROOT,
        env={**os.environ, **state, **settings},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/livez")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"the service ended with {process.returncode}")
