"""A sweep that is killed goes on where it was, and a worker that is killed loses nothing: in processes and on Dask."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.memory import private_bytes
from tests.sources import ROOT

PART = 5_000
STATES = ("yes", "no", "", "not(no)", "like(yes=3,no=1)", "maybe")
SECONDS = 120


def cases(path: Path, count: int) -> Path:
    """A file of random cases, one of six cells of which is wrong now and then."""
    rng = np.random.default_rng(11)
    chances = [0.3, 0.3, 0.3, 0.05, 0.0499, 0.0001]
    texts = pa.array(STATES)
    columns = {
        name: texts.take(pa.array(rng.choice(len(STATES), count, p=chances)))
        for name in ("xray", "smoke", "dysp", "bronc")
    }
    columns["do.asia"] = pa.array(["yes", "no", ""]).take(pa.array(rng.integers(0, 3, count)))
    parquet.write_table(pa.table(columns), path)
    return path


def started(words: list[str], *, part: int = PART, **options) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = ROOT / "tests" / "faults" / "sweep_in_parts.py"
    command = [sys.executable, str(script), str(part), "sweep", "asia", *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def finished(words: list[str], **options) -> str:
    process = started(words, **options)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    return out


def parts(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("part-*.parquet"))}


def wait_for_parts(out: Path, count: int) -> None:
    end = time.monotonic() + SECONDS
    while len(list(out.glob("part-*.parquet"))) < count:
        assert time.monotonic() < end, "no parts came"
        time.sleep(0.005)


def children(process: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def memory(process: int) -> int:
    """Bytes that a process has for itself, none once it is gone."""
    try:
        return private_bytes(process)
    except (OSError, ValueError):
        return 0


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cases(tmp_path_factory.mktemp("cases") / "cases.parquet", 100_000)


@pytest.fixture(scope="module")
def whole(file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The parts of a sweep that nothing happened to."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert "of 100,000 cases answered" in finished([str(file), "--out", str(out)])
    found = parts(out)
    assert len(found) == 100_000 // PART
    return found


def test_a_sweep_killed_in_the_middle_goes_on_where_it_was(file: Path, whole, tmp_path: Path) -> None:
    words = [str(file), "--out", str(tmp_path / "out")]
    process = started(words)
    wait_for_parts(tmp_path / "out", 3)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SECONDS)
    assert len(workers) >= 2
    end = time.monotonic() + 20
    while any(map(is_alive, workers)):
        assert time.monotonic() < end, "workers outlive the sweep that started them"
        time.sleep(0.01)
    before = parts(tmp_path / "out")
    assert 3 <= len(before) < len(whole)
    assert before == {name: whole[name] for name in before}
    said = finished(words).splitlines()[-1]
    assert said.endswith(f"; {len(before) * PART:,} of them had been answered before")
    assert parts(tmp_path / "out") == whole
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["_summary.json", "_sweep.json", *whole]


def test_ctrl_c_ends_it_and_its_processes_in_a_line(file: Path, whole, tmp_path: Path) -> None:
    words = [str(file), "--out", str(tmp_path / "out")]
    process = started(words, start_new_session=True)
    wait_for_parts(tmp_path / "out", 2)
    workers = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.strip() == "Stopped. The same command goes on where this was."
    assert len(out.splitlines()) == 1
    until = time.monotonic() + 10
    while any(map(is_alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [each for each in workers if is_alive(each)] == []
    assert finished(words).splitlines()[-1].endswith("of them had been answered before")
    assert parts(tmp_path / "out") == whole


def test_a_process_that_is_killed_loses_nothing(file: Path, whole, tmp_path: Path) -> None:
    process = started([str(file), "--out", str(tmp_path / "out")])
    wait_for_parts(tmp_path / "out", 2)
    os.kill(children(process.pid)[-1], signal.SIGKILL)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert parts(tmp_path / "out") == whole


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler and two workers, each a process of its own; its address, and the workers."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    place = tmp_path / "scheduler.json"
    dask = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--no-dashboard",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-dashboard", "--no-nanny", "--nthreads", "1"]
    with (tmp_path / "log").open("wb") as log:

        def start(command: list[str]) -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)

        scheduler = start([*dask, "--scheduler-file", str(place)])
        workers = [start([*worker, "--scheduler-file", str(place)]) for _ in range(2)]
        try:
            end = time.monotonic() + SECONDS
            while not place.exists() or not place.read_text().strip():
                assert time.monotonic() < end, (tmp_path / "log").read_text()
                time.sleep(0.05)
            yield json.loads(place.read_text())["address"], workers
        finally:
            for process in (*workers, scheduler):
                process.kill()
                process.wait()


def test_a_dask_cluster_gives_the_same_and_a_worker_that_is_killed_loses_nothing(
    file: Path, whole, tmp_path: Path, cluster
) -> None:
    address, workers = cluster
    process = started([str(file), "--out", str(tmp_path / "out"), "--engine", "dask", "--address", address])
    wait_for_parts(tmp_path / "out", 3)
    workers[0].kill()
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert len(parts(tmp_path / "out")) == len(whole)
    assert parts(tmp_path / "out") == whole
    assert workers[0].wait() == -signal.SIGKILL


def test_without_an_address_a_dask_cluster_is_started_for_the_time(file: Path, whole, tmp_path: Path) -> None:
    finished([str(file), "--out", str(tmp_path / "out"), "--engine", "dask", "--workers", "2"])
    assert parts(tmp_path / "out") == whole


@pytest.mark.long
def test_ten_million_cases_take_no_more_memory_than_one(tmp_path: Path) -> None:
    most = {}
    for count in (1_000_000, 10_000_000):
        path, out = cases(tmp_path / f"{count}.parquet", count), tmp_path / f"out-{count}"
        process = started([str(path), "--out", str(out), "--target", "lung"], part=250_000)
        sizes = []
        while process.poll() is None:
            sizes.append(sum(map(memory, (process.pid, *children(process.pid)))))
            if count > 1_000_000 and len(list(out.glob("part-*.parquet"))) == 10:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.1)
        process.communicate()
        said = finished([str(path), "--out", str(out), "--target", "lung"], part=250_000)
        assert f"of {count:,} cases answered" in said
        most[count] = max(sizes)
    assert most[10_000_000] < 1.2 * most[1_000_000]
