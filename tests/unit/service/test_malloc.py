"""The allocator is set up once, and settings from outside go before."""

import subprocess
import sys

import pytest

from service import malloc

SAY = """
import os, threading
from service import malloc
print(malloc.bound())
import numpy as np
def work():
    for _ in range(50):
        [bytes(100_000) for _ in range(200)]
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
rows = open("/proc/self/maps").read().splitlines()
heaps = {int(row.split("-")[0], 16) >> 26 for row in rows if int(row.split("-")[0], 16) % (1 << 26) == 0}
print(len(heaps))
"""


def test_the_allocator_is_set_up_where_there_is_one() -> None:
    ran = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    done, heaps = ran.stdout.split()
    if done == "False":
        pytest.skip("this system's allocator has no mallopt")
    assert int(heaps) <= malloc.ARENAS


def test_a_setting_of_the_environment_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in malloc.SETTINGS:
        monkeypatch.setenv(name, "1")
    calls: list[object] = []
    monkeypatch.setattr(malloc.ctypes, "CDLL", lambda _: type("C", (), {"mallopt": lambda *args: calls.append(args)}))
    malloc.bound()
    assert calls == []
