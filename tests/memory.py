"""Whether a process keeps growing: its own memory after so many questions, and the line through what came late."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

Sample = tuple[int, int]
"""How many questions were asked, and the bytes that the process then had for itself."""


def private_bytes(pid: int | None = None) -> int:
    """Memory that a process, by default this one, shares with no other."""
    lines = Path(f"/proc/{pid or os.getpid()}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    sizes = {name: int(size.split()[0]) * 1024 for name, size in (line.split(":") for line in lines)}
    return sizes["Private_Clean"] + sizes["Private_Dirty"]


def growth(samples: Sequence[Sample]) -> float:
    """Bytes for each further question, by the line of least squares through the second half of the samples."""
    late = np.array(samples[len(samples) // 2 :], dtype=np.float64)
    asked, held = late.T
    return float(np.polyfit(asked - asked[0], held - held[0], 1)[0])


def growth_of_a_cache(entries: int | None) -> float:
    """Growth of this process while it keeps 50 kB for each of 4,000 questions, at most so many of them."""
    kept: dict[int, bytes] = {}
    samples = []
    for asked in range(0, 4_000, 100):
        for i in range(asked, asked + 100):
            kept[i if entries is None else i % entries] = os.urandom(50_000)
        samples.append((asked, private_bytes()))
    return growth(samples)
