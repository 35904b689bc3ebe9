"""The three loops that do all the arithmetic on tables, each over a map ``m``.

``times`` multiplies a table by a smaller one, ``sums`` adds a table up into a smaller one, ``maxima`` keeps the
largest. The names in capitals, and what a map is, are described in ``model/layout.py``; the loops' numpy twins are in
``tests/twins/loops.py``.

Positions are cast to unsigned (``U``) where they index, so that the compiler need not ask whether they are
negative; all are sums of offsets that are not. Sums are made in a fixed order, without fast-math: the same
question gives the same bytes.
"""

from __future__ import annotations

import numpy as np

from model.layout import GATHER, STREAM, Ints
from model.native import kernel
from model.network import Table

U = np.uint64


@kernel
def times(ints: Ints, m: int, source: Table, p: int, factor: Table, q: int, target: Table, t: int) -> None:
    """target[t + e] = source[p + e] × factor[q + cell of e]; target and source may be the same."""
    kind, blocks, rows, run, high, low = ints[m], ints[m + 1], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    e = 0
    for a in range(blocks):
        base = q + ints[U(high + a)]
        if kind == GATHER:
            for b in range(rows):
                target[U(t + e + b)] = source[U(p + e + b)] * factor[U(base + ints[U(low + b)])]
            e += rows
        elif kind == STREAM:
            for b in range(rows):
                at = base + ints[U(low + b)]
                for i in range(run):
                    target[U(t + e + i)] = source[U(p + e + i)] * factor[U(at + i)]
                e += run
        else:
            for b in range(rows):
                x = factor[U(base + ints[U(low + b)])]
                for i in range(run):
                    target[U(t + e + i)] = source[U(p + e + i)] * x
                e += run


@kernel
def sums(ints: Ints, m: int, source: Table, p: int, target: Table, t: int) -> None:
    """target[t + cell of e] += source[p + e]."""
    kind, blocks, rows, run, high, low = ints[m], ints[m + 1], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    e = p
    for a in range(blocks):
        base = t + ints[U(high + a)]
        if kind == GATHER:
            for b in range(rows):
                target[U(base + ints[U(low + b)])] += source[U(e + b)]
            e += rows
        elif kind == STREAM:
            for b in range(rows):
                at = base + ints[U(low + b)]
                for i in range(run):
                    target[U(at + i)] += source[U(e + i)]
                e += run
        else:
            for b in range(rows):
                s0 = s1 = s2 = s3 = 0.0
                whole = run - run % 4
                for i in range(0, whole, 4):
                    s0 += source[U(e + i)]
                    s1 += source[U(e + i + 1)]
                    s2 += source[U(e + i + 2)]
                    s3 += source[U(e + i + 3)]
                for i in range(whole, run):
                    s0 += source[U(e + i)]
                target[U(base + ints[U(low + b)])] += (s0 + s1) + (s2 + s3)
                e += run


@kernel
def maxima(ints: Ints, m: int, source: Table, p: int, target: Table, t: int) -> None:
    """target[t + cell of e] = max(itself, source[p + e])."""
    kind, blocks, rows, run, high, low = ints[m], ints[m + 1], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    step = 1 if kind == STREAM else 0
    e = p
    for a in range(blocks):
        base = t + ints[U(high + a)]
        for b in range(rows):
            at = base + ints[U(low + b)]
            for i in range(run):
                x = source[U(e + i)]
                if x > target[U(at + step * i)]:
                    target[U(at + step * i)] = x
            e += run
