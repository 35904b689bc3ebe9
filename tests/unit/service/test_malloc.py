"""The allocator is set up once, and settings from outside go before."""

import subprocess
import sys
from pathlib import Path

import pytest

from service import malloc

SAY = """
import ctypes, sys, threading
from service import malloc
print(malloc.bound())
import numpy as np
def work():
    for _ in range(50):
        [bytes(100_000) for _ in range(200)]
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
c = ctypes.CDLL(None)
c.fopen.restype = ctypes.c_void_p
told = ctypes.c_void_p(c.fopen(sys.argv[1].encode(), b"w"))
c.malloc_info(0, told)
c.fclose(told)
"""


def test_the_allocator_is_set_up_where_there_is_one(tmp_path: Path) -> None:
    """The allocator itself counts its arenas, each of which may have any number of heaps."""
    told = tmp_path / "arenas.xml"
    ran = subprocess.run([sys.executable, "-c", SAY, told], capture_output=True, text=True, check=False)
    if ran.stdout == "False\n":
        pytest.skip("this system's allocator has no mallopt")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert 1 <= told.read_text().count("<heap nr=") <= malloc.ARENAS


def test_a_setting_of_the_environment_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in malloc.SETTINGS:
        monkeypatch.setenv(name, "1")
    calls: list[object] = []
    monkeypatch.setattr(malloc.ctypes, "CDLL", lambda _: type("C", (), {"mallopt": lambda *args: calls.append(args)}))
    malloc.bound()
    assert calls == []
