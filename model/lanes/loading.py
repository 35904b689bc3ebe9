"""Fills a case's memory, or that of LANES cases, with sliced tables and likelihoods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.native import kernel
from model.vectors import LANES, peek

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
    entries, load map, base, first and last of its ``known`` (row, stride), then the load maps. ``streams`` (…, 8):
    factor, place, entries, load map, address of a table by case, entries a case, first and last ``known``.
    """
    lambdas, gathers, streams, known, load_maps = loads
    lane = np.empty(LANES, np.int64)
    end = len(picks) - 1
    for i in range(len(lambdas)):
        at, card, row, soft_at = lambdas[i, 1] * LANES, lambdas[i, 2], lambdas[i, 3], lambdas[i, 4]
        active = False
        for k in range(LANES):
            lane[k] = codes[row, picks[min(k, end)]]
            active |= lane[k] >= 0
        live[lambdas[i, 0]] = 2 if active else 0
        if active:
            for s in range(card):
                for k in range(LANES):
                    if lane[k] >= card:
                        memory[at + s * LANES + k] = soft[soft_at + (lane[k] - card) * card + s]
                    else:
                        memory[at + s * LANES + k] = 1.0 if lane[k] < 0 or lane[k] == s else 0.0
    for i in range(len(gathers)):
        at, entries, map_at = gathers[i, 1] * LANES, gathers[i, 2], gathers[i, 3]
        live[gathers[i, 0]] = 2
        lane[:] = gathers[i, 4]
        for h in range(gathers[i, 5], gathers[i, 6]):
            for k in range(LANES):
                lane[k] += codes[known[h, 0], picks[min(k, end)]] * known[h, 1]
        for e in range(entries):
            move = load_maps[map_at + e]
            for k in range(LANES):
                memory[at + e * LANES + k] = values[lane[k] + move]
    for i in range(len(streams)):
        at, entries, map_at, address, row = (
            streams[i, 1] * LANES,
            streams[i, 2],
            streams[i, 3],
            streams[i, 4],
            streams[i, 5],
        )
        live[streams[i, 0]] = 2
        for k in range(LANES):
            pick = picks[min(k, end)]
            lane[k] = pick * row
            for h in range(streams[i, 6], streams[i, 7]):
                lane[k] += codes[known[h, 0], pick] * known[h, 1]
        for e in range(entries):
            move = load_maps[map_at + e]
            for k in range(LANES):
                memory[at + e * LANES + k] = peek(address, lane[k] + move)
