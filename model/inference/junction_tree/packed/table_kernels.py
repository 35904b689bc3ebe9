"""The three loops that do all the arithmetic on tables, each over a map ``m``.

``times`` multiplies a table by a smaller one, ``sums`` adds a table up into a smaller one, ``maxima`` keeps the
largest. The names in capitals, and what a map is, are described in ``layout``; the loops' numpy twins are in
``tests/twins/tables.py``.

Positions are cast to unsigned (``unsigned``) where they index, so that the compiler need not ask whether they are
negative; all are sums of offsets that are not. Sums are made in a fixed order, without fast-math: the same
question gives the same bytes.
"""

from __future__ import annotations

import numpy as np

from model.inference.junction_tree.packed.layout import GATHER, STREAM, Ints
from model.inference.numba_door import kernel
from model.inference.simd import OCTET, load_masked, nothing, octet, plus, scaled, store, store_few, total
from model.inference.simd import times as product
from model.network import Table

unsigned = np.uint64


@kernel
def times(
    ints: Ints, m: int, source: Table, factor: Table, target: Table, at: tuple[int, int, int], span: tuple[int, int]
) -> None:
    """target[t + e] = source[p + e] × factor[q + cell of e] for e from first to last; tables may be the same.

    ``at`` is where the three begin, (p, q, t); ``span`` is (first, last), both in one run of the map or where runs
    begin.
    """
    p, q, t = at
    first, last = span
    kind, rows, run, high, low = ints[m], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    left = ints[m + 1] * rows
    a = b = within = 0
    if last - first < left * run:
        a, b, within = first // run // rows, first // run % rows, first % run
        run = min(run, last - first)
        left = (last - first) // run
    rest = run % OCTET
    eights = run - rest
    start = q + (within if kind == STREAM else 0)
    e = first
    while left > 0:
        base = start + ints[unsigned(high + a)]
        stop = min(rows, b + left)
        left -= stop - b
        if kind == GATHER:
            shift = e - b
            for r in range(b, stop):
                target[unsigned(t + shift + r)] = (
                    source[unsigned(p + shift + r)] * factor[unsigned(base + ints[unsigned(low + r)])]
                )
            e += stop - b
        elif kind == STREAM:
            for r in range(b, stop):
                cell = base + ints[unsigned(low + r)]
                for i in range(0, eights, OCTET):
                    store(target, t + e + i, product(octet(source, p + e + i), octet(factor, cell + i)))
                for i in range(eights, run):
                    target[unsigned(t + e + i)] = source[unsigned(p + e + i)] * factor[unsigned(cell + i)]
                e += run
        else:
            for r in range(b, stop):
                x = factor[unsigned(base + ints[unsigned(low + r)])]
                for i in range(0, eights, OCTET):
                    store(target, t + e + i, scaled(octet(source, p + e + i), x))
                for i in range(eights, run):
                    target[unsigned(t + e + i)] = source[unsigned(p + e + i)] * x
                e += run
        a, b = a + 1, 0


@kernel
def sums(ints: Ints, m: int, source: Table, target: Table, at: tuple[int, int], span: tuple[int, int]) -> None:
    """target[t + cell of e] += source[p + e] for e from first to last; ``at`` is (p, t), ``span`` as in ``times``."""
    p, t = at
    first, last = span
    kind, rows, run, high, low = ints[m], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    repeat = ints[m + 6]
    left = ints[m + 1] * rows
    a = b = within = 0
    if last - first < left * run:
        a, b, within = first // run // rows, first // run % rows, first % run
        run = min(run, last - first)
        left = (last - first) // run
    rest = run % OCTET
    eights = run - rest
    start = t + (within if kind == STREAM else 0)
    e = first
    while left > 0:
        base = start + ints[unsigned(high + a)]
        stop = min(rows, b + left)
        left -= stop - b
        if kind == GATHER:
            shift = p + e - b
            for r in range(b, stop):
                target[unsigned(base + ints[unsigned(low + r)])] += source[unsigned(shift + r)]
            e += stop - b
        elif kind == STREAM:
            for r in range(b, stop, repeat):
                cell = base + ints[unsigned(low + r)]
                step = run * min(repeat, stop - r)
                for i in range(0, eights, OCTET):
                    row = octet(target, cell + i)
                    for k in range(e + i, e + i + step, run):
                        row = plus(row, octet(source, p + k))
                    store(target, cell + i, row)
                for i in range(eights, run):
                    x = target[unsigned(cell + i)]
                    for k in range(e + i, e + i + step, run):
                        x += source[unsigned(p + k)]
                    target[unsigned(cell + i)] = x
                e += step
        else:
            for r in range(b, stop):
                row = nothing()
                for i in range(0, eights, OCTET):
                    row = plus(row, octet(source, p + e + i))
                if rest > 0:
                    row = plus(row, load_masked(source, p + e + eights, rest))
                target[unsigned(base + ints[unsigned(low + r)])] += total(row)
                e += run
        a, b = a + 1, 0


@kernel
def vector_matrix(weights: Table, w: int, rows: int, source: Table, p: int, width: int, target: Table, t: int) -> None:
    """Add to target[t:t + width] each row of a matrix at ``p`` times its weight: a row vector times a matrix.

    An octet of columns at a time, in four sums side by side, each as long as a quarter of the rows.
    """
    quarters = rows - rows % 4
    for k in range(0, width, OCTET):
        count = min(OCTET, width - k)
        one, two, three, four = nothing(), nothing(), nothing(), nothing()
        for s in range(0, quarters, 4):
            at = p + s * width + k
            one = plus(one, scaled(load_masked(source, at, count), weights[unsigned(w + s)]))
            two = plus(two, scaled(load_masked(source, at + width, count), weights[unsigned(w + s + 1)]))
            three = plus(three, scaled(load_masked(source, at + 2 * width, count), weights[unsigned(w + s + 2)]))
            four = plus(four, scaled(load_masked(source, at + 3 * width, count), weights[unsigned(w + s + 3)]))
        for s in range(quarters, rows):
            one = plus(one, scaled(load_masked(source, p + s * width + k, count), weights[unsigned(w + s)]))
        row = plus(plus(one, two), plus(three, four))
        store_few(target, t + k, plus(load_masked(target, t + k, count), row), count)


@kernel
def maxima(ints: Ints, m: int, source: Table, target: Table, at: tuple[int, int], span: tuple[int, int]) -> None:
    """target[t + cell of e] = max(itself, source[p + e]) for e from first to last; places as in ``sums``."""
    p, t = at
    first, last = span
    kind, rows, run, high, low = ints[m], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    left = ints[m + 1] * rows
    a = b = within = 0
    if last - first < left * run:
        a, b, within = first // run // rows, first // run % rows, first % run
        run = min(run, last - first)
        left = (last - first) // run
    step = 1 if kind == STREAM else 0
    e = first
    while e < last:
        cell = t + ints[unsigned(high + a)] + ints[unsigned(low + b)] + step * within
        for i in range(run):
            x = source[unsigned(p + e + i)]
            if x > target[unsigned(cell + step * i)]:
                target[unsigned(cell + step * i)] = x
        e += run
        b += 1
        if b == rows:
            a, b = a + 1, 0
