"""Fills a case's memory, or that of LANES cases, with sliced tables and likelihoods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.simd import LANES, peek, peek_row, store

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


@kernel
def bases(factors: Ints, sliced: tuple[Ints, Ints, Ints], table_at: Ints, replaced: Ints, states: Ints) -> Ints:
    """Where each table's slice begins: in the network's values, or -1 - its place among replaced tables.

    ``replaced[v]`` is where v's replaced table begins, -1 if it has none; ``states[v]`` its known state.
    """
    hard_at, hard, stride = sliced
    found = np.zeros(len(factors), np.int64)
    for f in range(len(factors)):
        if factors[f, 2] < 0:
            continue
        v = factors[f, 0]
        move = 0
        for i in range(hard_at[f], hard_at[f + 1]):
            move += max(states[hard[i]], 0) * stride[i]
        found[f] = table_at[v] + move if replaced[v] < 0 else -1 - (replaced[v] + move)
    return found


@kernel
def load_tables(memory: Floats, at: Ints, factors: Ints, load: Ints, base: Ints, values: Floats, other: Floats) -> None:
    """Slice and transpose tables into memory; ``base[f]`` is where f's slice begins, in ``other`` if below zero."""
    for f in range(len(factors)):
        if factors[f, 2] < 0 or at[f] < 0:
            continue
        first, start = factors[f, 2], at[f]
        if base[f] >= 0:
            for e in range(factors[f, 1]):
                memory[start + e] = values[base[f] + load[first + e]]
        else:
            for e in range(factors[f, 1]):
                memory[start + e] = other[-base[f] - 1 + load[first + e]]


@kernel
def load_lanes(
    picks: Ints,
    live: NDArray[np.uint8],
    loads: tuple[Ints, Ints, Ints, Ints, Ints],
    values: Floats,
    codes: Codes,
    soft: Floats,
    memory: Floats,
) -> None:
    """Fill what differs between the cases picked, at most LANES; lanes beyond repeat the last of them.

    ``codes`` (rows, cases): -1 nothing, s a known state, card + k the k-th likelihood of the variable in ``soft``.
    ``lambdas`` (…, 5): factor, place, card, row, where its likelihoods begin. ``gathers`` (…, 7): factor, place,
    entries, load map, base, first and last of its ``known`` (row, stride), then the load maps. ``streams`` (…, 9):
    factor, place, entries, load map, address of tables by case, how far apart in them are cases and entries, first and
    last ``known``.
    """
    lambdas, gathers, streams, known, load_maps = loads
    lanes = np.empty(LANES, np.int64)
    for k in range(LANES):
        lanes[k] = picks[min(k, len(picks) - 1)]
    load_likelihoods(lanes, lambdas, live, codes, soft, memory)
    load_slices(lanes, gathers, known, load_maps, live, codes, values, memory)
    load_streams(lanes, streams, known, load_maps, live, codes, memory)


@kernel
def load_likelihoods(
    lanes: Ints, lambdas: Ints, live: NDArray[np.uint8], codes: Codes, soft: Floats, memory: Floats
) -> None:
    """Fill in what each lane's case says of variables; what none of them speaks of is left out."""
    lane_codes = np.empty(LANES, np.int64)
    for i in range(len(lambdas)):
        at, card, row, soft_at = lambdas[i, 1] * LANES, lambdas[i, 2], lambdas[i, 3], lambdas[i, 4]
        active = False
        for k in range(LANES):
            lane_codes[k] = codes[row, lanes[k]]
            active |= lane_codes[k] >= 0
        live[lambdas[i, 0]] = 2 if active else 0
        if active:
            for s in range(card):
                for k in range(LANES):
                    if lane_codes[k] >= card:
                        memory[at + s * LANES + k] = soft[soft_at + (lane_codes[k] - card) * card + s]
                    else:
                        memory[at + s * LANES + k] = 1.0 if lane_codes[k] < 0 or lane_codes[k] == s else 0.0


@kernel
def load_slices(
    lanes: Ints,
    gathers: Ints,
    known: Ints,
    load_maps: Ints,
    live: NDArray[np.uint8],
    codes: Codes,
    values: Floats,
    memory: Floats,
) -> None:
    """Fill in the network's own tables, sliced by the states that each lane's case knows."""
    base = np.empty(LANES, np.int64)
    for i in range(len(gathers)):
        at, entries, map_at = gathers[i, 1] * LANES, gathers[i, 2], gathers[i, 3]
        live[gathers[i, 0]] = 2
        base[:] = gathers[i, 4]
        for h in range(gathers[i, 5], gathers[i, 6]):
            for k in range(LANES):
                base[k] += codes[known[h, 0], lanes[k]] * known[h, 1]
        for e in range(entries):
            move = load_maps[map_at + e]
            for k in range(LANES):
                memory[at + e * LANES + k] = values[base[k] + move]


@kernel
def load_streams(
    lanes: Ints, streams: Ints, known: Ints, load_maps: Ints, live: NDArray[np.uint8], codes: Codes, memory: Floats
) -> None:
    """Fill in tables given by case, sliced in the same way: at once where the lanes' numbers are next to each other."""
    base = np.empty(LANES, np.int64)
    for i in range(len(streams)):
        at, entries, map_at = streams[i, 1] * LANES, streams[i, 2], streams[i, 3]
        address, case, entry = streams[i, 4], streams[i, 5], streams[i, 6]
        live[streams[i, 0]] = 2
        for k in range(LANES):
            base[k] = lanes[k] * case
            for h in range(streams[i, 7], streams[i, 8]):
                base[k] += codes[known[h, 0], lanes[k]] * known[h, 1] * entry
        together = True
        for k in range(LANES):
            together &= base[k] == base[0] + k
        for e in range(entries):
            move = load_maps[map_at + e] * entry
            if together:
                store(memory, at + e * LANES, peek_row(address, base[0] + move))
            else:
                for k in range(LANES):
                    memory[at + e * LANES + k] = peek(address, base[k] + move)
