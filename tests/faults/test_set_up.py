"""dev.py on a new machine: killed half-way, run twice, without a network, with a tampered lock."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dev
from model.inference import numba_door
from tests.servers import clone, free_port, served, start, stop

pytestmark = pytest.mark.slow


KERNELS = numba_door.folder()
COMPILED = {} if KERNELS is None else {"NUMBA_CACHE_DIR": str(KERNELS.parent)}
"""Where the engine is compiled already: that a set-up compiles it is for test_packaging, and takes two minutes."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("clone"))


def wait_for(path: Path, *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"{path} was not made in {seconds} s"
        time.sleep(0.02)


def run(project: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "dev.py"), *arguments]
    environment = {**os.environ, **settings}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_a_killed_set_up_is_done_again_and_the_next_start_skips_it(project: Path, tmp_path: Path) -> None:
    place = tmp_path / "environment"
    port, log = free_port(), tmp_path / "log"
    settings = {"AFTERMATH_VENV": str(place), "WEB_CONCURRENCY": "1", **COMPILED}
    command = [sys.executable, project / "dev.py", "run", "--port", str(port)]

    killed = start(command, cwd=tmp_path, log=log, settings=settings)
    wait_for(place / "bin" / "python")
    stop(killed, signal.SIGKILL)
    assert dev.stamped(place) == dev.UNFINISHED

    with served(command, port=port, cwd=tmp_path, log=log, within=600, **settings) as first:
        assert "Setting up" in log.read_text()
    log.unlink()
    with served(command, port=port, cwd=tmp_path, log=log, **settings) as second:
        assert "Setting up" not in log.read_text()
        assert second.seconds < first.seconds / 4


def test_a_folder_that_is_not_an_environment_is_left_alone(project: Path, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("keep")
    ran = run(project, "run", AFTERMATH_VENV=str(tmp_path))
    assert ran.returncode == 1
    assert "is not an environment that dev.py made" in ran.stderr
    assert (tmp_path / "letters.txt").read_text() == "keep"


def test_without_a_package_index_the_set_up_says_so_and_leaves_nothing_in_use(project: Path, tmp_path: Path) -> None:
    place = tmp_path / "environment"
    ran = run(project, "run", AFTERMATH_VENV=str(place), PIP_NO_INDEX="1", PIP_FIND_LINKS="", UV_OFFLINE="1")
    assert ran.returncode == 1
    assert "The packages could not be installed" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert dev.stamped(place) == dev.UNFINISHED


def test_fault_63_a_package_whose_hash_is_not_in_the_lock_is_refused(tmp_path: Path) -> None:
    project = clone(tmp_path / "clone")
    lines = dev.locked("uv").splitlines()
    pinned = [lines[0], f"    --hash=sha256:{'0' * 64}", ""]
    (project / "requirements.txt").write_text("\n".join(pinned))
    ran = run(project, "run", AFTERMATH_VENV=str(tmp_path / "environment"))
    assert ran.returncode == 1
    assert "DO NOT MATCH THE HASHES" in ran.stderr
    assert not (tmp_path / "environment" / "bin" / "uv").exists()


STEPS = ("make_venv", "install_packages", "install_project", "compile_bytecode", "compile_kernels")

SMALL = f"""
import sys
from pathlib import Path
import dev

STEP = (
    "import os, sys, time; p = open(sys.argv[1], 'w', 1); print('half', file=p);"
    "time.sleep(float(os.environ['PAUSE'])); print('whole', file=p)"
)

def small(name):
    def step(folder, python):
        dev.call([sys.executable, "-c", STEP, str(folder / name)], name, name + " failed")
    return step

def used(python, upgrade):
    folder = python.parents[1]
    print(*("used" if (folder / name).read_text().endswith("whole\\n") else "BROKEN" for name in {STEPS}))
    return 0

for name in {STEPS}:
    setattr(dev, name, small(name))
dev.lock = used
Path("started").touch()
sys.exit(dev.main(["lock"]))
"""
"""dev.py with steps that write a file each, in PAUSE seconds: all but what is installed is the real thing."""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A checkout that sets up what SMALL does."""
    for name in ("dev.py", "setup.cfg", "requirements.txt"):
        (tmp_path / name).write_bytes((Path(dev.__file__).parent / name).read_bytes())
    (tmp_path / "small.py").write_text(SMALL)
    return tmp_path


def small_set_up(small: Path, *, pause: float = 0.25) -> subprocess.Popen[str]:
    """A set-up that has begun."""
    begun = small / "started"
    begun.unlink(missing_ok=True)
    started = subprocess.Popen(
        [sys.executable, str(small / "small.py")],
        cwd=small,
        env={**os.environ, "AFTERMATH_VENV": str(small / "environment"), "PAUSE": str(pause)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(begun)
    return started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_set_up_stopped_at_any_moment_ends_in_a_line_and_the_next_one_goes_on(
    small: Path, number: signal.Signals
) -> None:
    ready = dev.stamp(small / "environment")
    for delay in (0.02, 0.2, 0.45, 0.6, 0.9):
        set_up = small_set_up(small)
        time.sleep(delay)
        set_up.send_signal(number)
        out, err = set_up.communicate(timeout=60)
        if "used" in out:
            break
        assert "BROKEN" not in out
        assert not ready.exists() or ready.read_text().startswith(dev.UNFINISHED)
        assert "Traceback" not in err
        if number == signal.SIGINT:
            assert (set_up.returncode, err) == (130, "\nStopped. The next start goes on from there.\n")
    out, err = small_set_up(small).communicate(timeout=60)
    assert err == ""
    assert out.splitlines()[-1] == "used used used used used"


def test_what_is_done_of_a_stopped_set_up_is_not_done_again_but_for_half_installed_packages(small: Path) -> None:
    folder = small / "environment"
    set_up = small_set_up(small)
    wait_for(folder / "compile_bytecode")
    set_up.send_signal(signal.SIGINT)
    set_up.communicate(timeout=60)
    (folder / "install_packages").write_text("the same whole\n")
    out, _ = small_set_up(small).communicate(timeout=60)
    assert "Going on with setting up" in out
    assert (folder / "install_packages").read_text() == "the same whole\n"

    dev.stamp(folder).write_text(dev.UNFINISHED)
    out, _ = small_set_up(small).communicate(timeout=60)
    assert "Setting up" in out
    assert (folder / "install_packages").read_text() == "half\nwhole\n"


def test_a_second_set_up_waits_for_the_first_and_finds_the_work_done(small: Path) -> None:
    first, second = small_set_up(small, pause=1), small_set_up(small)
    outs = [each.communicate(timeout=60)[0] for each in (first, second)]
    assert all(out.endswith("used used used used used\n") for out in outs)
    assert sum("ready after" in out for out in outs) == 1
    assert sum("Another set-up" in out for out in outs) == 1
