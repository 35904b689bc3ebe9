"""Machine code on disk: found again, never where it does not fit, and made again where it is not whole."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from model.inference import numba_door  # noqa: E402
from model.inference.kernel_cache import KernelCache  # noqa: E402


def total(row: np.ndarray) -> float:
    found = 0.0
    for i in range(len(row)):
        found += row[i]
    return found


ONES = np.ones(3)


def dispatcher(place: Path) -> numba.core.dispatcher.Dispatcher:
    made = numba.njit(total)
    made._cache = KernelCache(total, place)
    return made


def hits(made: numba.core.dispatcher.Dispatcher) -> int:
    return sum(made.stats.cache_hits.values())


def test_what_was_compiled_is_loaded_for_the_same_types_alone(tmp_path: Path) -> None:
    assert (dispatcher(tmp_path)(ONES), len(list(tmp_path.iterdir()))) == (3.0, 1)
    again = dispatcher(tmp_path)
    assert (again(ONES), hits(again)) == (3.0, 1)
    assert (again(np.ones(3, np.float32)), hits(again)) == (3.0, 1)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    dispatcher(tmp_path)(ONES)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damage in (b"", whole[:-1], whole[:100] + b"x" + whole[101:]):
        file.write_bytes(damage)
        again = dispatcher(tmp_path)
        assert (again(ONES), hits(again)) == (3.0, 0)
        last = dispatcher(tmp_path)
        assert (last(ONES), hits(last)) == (3.0, 1)


def test_a_folder_that_cannot_be_written_is_read_and_compiling_goes_on_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher(tmp_path)(ONES)

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    for name in ("utime", "replace"):
        monkeypatch.setattr(os, name, refused)
    again = dispatcher(tmp_path)
    assert (again(ONES), hits(again)) == (3.0, 1)
    assert (again(np.ones(3, np.float32)), hits(again)) == (3.0, 1)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_with_every_kernel_is_used_though_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / f"kernels-{numba_door.digest(numba_door.ROOM)}"
    place.mkdir()
    monkeypatch.setattr(numba_door, "_bases", lambda: iter([tmp_path]))
    monkeypatch.setattr(numba_door, "_writable", lambda _: False)
    assert numba_door.folder.__wrapped__() is None
    (place / numba_door.WHOLE).touch()
    assert numba_door.folder.__wrapped__() == place


def test_kernels_that_are_there_are_loaded_without_the_compiler_and_scipy() -> None:
    code = (
        "import sys; from model.inference.precompile import warm; warm()\n"
        "print(*({'scipy.linalg', 'numba.np.linalg', 'numba.np.arraymath'} & set(sys.modules)))"
    )
    for _ in range(2):  # the first time they may have to be compiled
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
    assert ran.stderr == ""


@pytest.mark.parametrize(("folder", "file"), [(0o755, 0o644), (0o700, 0o600)])
def test_whoever_may_read_the_folder_may_read_what_another_user_compiled(
    tmp_path: Path, folder: int, file: int
) -> None:
    tmp_path.chmod(folder)
    dispatcher(tmp_path)(ONES)
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == file
