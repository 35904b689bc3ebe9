"""Evidence classified: what each vector says, which cases are alike, which are the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.simd import peek

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
TABLE, STATES = range(2)
"""Columns of the likelihoods of a variable, an array (cases, states): its address, how many states."""
OTHERS, SPOKEN = range(2)
"""Columns of the counts of a variable: vectors that are neither ones nor a known state, vectors that are not ones."""


@kernel
def codes_of_all(tables: Ints, codes: Codes, start: int, count: int, counts: Ints) -> None:
    """Say of each likelihood vector what it is, for ``count`` cases from ``start``.

    -1 ones (nothing is known), s a one in state s and zeros elsewhere (the state is known), -2 anything else. Writes
    ``codes`` (variables, cases), reads ``tables`` (variables, 2), adds to ``counts`` (variables, 2).
    """
    for v in range(len(tables)):
        card = tables[v, STATES]
        row = codes[v]
        others = 0
        spoken = 0
        stop = min(start + count, len(row))
        address = tables[v, TABLE] + 8 * start * card
        for i in range(start, stop):
            # all ones? then: one state alone with a weight, and that weight 1?
            s = 0
            while s < card and peek(address, s) == 1.0:
                s += 1
            if s == card:
                row[i] = -1
            else:
                spoken += 1
                state = -1
                for s in range(card):
                    weight = peek(address, s)
                    if weight != 0.0:
                        state = s if state == -1 and weight == 1.0 else -2
                row[i] = state if state >= 0 else -2
                others += state < 0
            address += 8 * card
        counts[v, OTHERS] += others
        counts[v, SPOKEN] += spoken


@kernel
def by_effort(picks: Ints, codes: Codes, ranked: Ints) -> Ints:
    """Cases in the order of their three costliest findings: neighbours then leave the same things alone.

    ``picks`` (cases,), ``codes`` (rows, all cases); ``ranked`` are the rows of ``codes``, costliest finding first.
    Returns places among ``picks``. Counting sort, so that equals keep their order.
    """
    rows = len(ranked)
    keys = np.full((3, len(picks)), rows, np.int64)
    found = np.zeros(len(picks), np.int64)
    # the three keys of a case: the ranks of its costliest findings, ``rows`` where it has fewer
    for r in range(rows):
        row = codes[ranked[r]]
        for i in range(len(picks)):
            if row[picks[i]] >= 0 and found[i] < 3:
                keys[found[i], i] = r
                found[i] += 1
    order = np.arange(len(picks))
    following = np.empty(len(picks), np.int64)
    # radix sort, the least of the three keys first
    for turn in range(3):
        key = keys[2 - turn]
        starts = np.zeros(rows + 2, np.int64)
        for i in range(len(picks)):
            starts[key[i] + 1] += 1
        for r in range(rows + 1):
            starts[r + 1] += starts[r]
        for case in order:
            following[starts[key[case]]] = case
            starts[key[case]] += 1
        order, following = following, order
    return order


@kernel
def kinds_of(codes: Codes, cards: Ints) -> NDArray[np.int8]:
    """How cases speak of variables: 0 not at all, 1 the state is known, 2 a likelihood; shape (rows, cases).

    ``codes`` (rows, cases), ``cards`` (rows,): states of the variable of each row.
    """
    kinds = np.empty(codes.shape, np.int8)
    for r in range(len(codes)):
        for i in range(codes.shape[1]):
            kinds[r, i] = 0 if codes[r, i] < 0 else 1 if codes[r, i] < cards[r] else 2
    return kinds


@kernel
def spoken_of(kinds: NDArray[np.int8], cases: Ints) -> NDArray[np.bool_]:
    """Which rows of ``kinds`` (rows, all cases) say anything in some of the ``cases``, shape (rows,)."""
    found = np.zeros(len(kinds), np.bool_)
    for r in range(len(kinds)):
        for i in cases:
            if kinds[r, i] > 0:
                found[r] = True
                break
    return found


@kernel
def alike(kinds: NDArray[np.int8]) -> bool:
    """Whether all columns of ``kinds`` (rows, cases) are the same: cases of one evidence pattern."""
    for r in range(len(kinds)):
        for i in range(kinds.shape[1]):
            if kinds[r, i] != kinds[r, 0]:
                return False
    return True


@kernel
def distinct(codes: Codes | NDArray[np.int8]) -> tuple[Ints, Ints]:
    """Different columns of ``codes`` (rows, cases), by a hash table with open addressing.

    Returns (first column of each kind, in order of appearance; which kind each column is (cases,)).
    """
    rows, cases = codes.shape
    size = 16
    while size < 2 * cases:
        size *= 2
    table = np.full(size, -1, np.int64)
    first = np.empty(cases, np.int64)
    kind = np.empty(cases, np.int64)
    found = 0
    # the hash of a column (FNV-1a), row by row
    hashes = np.full(cases, 2166136261, np.int64)
    for r in range(rows):
        row = codes[r]
        for i in range(cases):
            hashes[i] = ((hashes[i] ^ (row[i] + 1)) * 16777619) & 0xFFFFFFFF
    # each column to its slot: an empty one makes a new kind, an equal column there is the same kind, else the next slot
    for i in range(cases):
        slot = (hashes[i] ^ (hashes[i] >> 15)) & (size - 1)
        while True:
            k = table[slot]
            if k < 0:
                table[slot] = found
                first[found] = i
                kind[i] = found
                found += 1
                break
            same = True
            for r in range(rows):
                if codes[r, i] != codes[r, first[k]]:
                    same = False
                    break
            if same:
                kind[i] = k
                break
            slot = (slot + 1) & (size - 1)
    return first[:found].copy(), kind
