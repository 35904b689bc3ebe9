"""Fills a case's memory, or that of LANES cases, with sliced tables and likelihoods.

Entry e of a table sliced by known states and transposed to the axes of its factor is found at
``table[base + load_map[e]]``, where base adds up state x stride over the known variables. Memory of LANES cases holds
entry e of a factor at ``(place + e) * LANES``, lane by lane.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.simd import LANES, peek, peek_row, store
from model.inference.variable_elimination.columns import (
    ADDRESS,
    BASE,
    CASE_STRIDE,
    ENTRIES,
    ENTRY_STRIDE,
    EVIDENCE_ROW,
    FACTOR,
    KNOWN_FIRST,
    KNOWN_LAST,
    KNOWN_ROW,
    KNOWN_STRIDE,
    LIKELIHOODS_AT,
    LOAD_AT,
    MAP_AT,
    PLACE,
    SIZE,
    SOURCE,
    Loads,
    Numbers,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


@kernel
def bases(factors: Ints, sliced: tuple[Ints, Ints, Ints], table_at: Ints, replaced: Ints, states: Ints) -> Ints:
    """Where each table's slice begins (factors,): in the network's values, or -1 - its place among replaced tables.

    ``factors`` (factors, 4); ``sliced`` are offsets (factors + 1,), the variables sliced away and their strides.
    ``table_at[v]`` is where v's table begins among the values, ``replaced[v]`` is where v's replaced table begins, -1
    if it has none; ``states[v]`` its known state.
    """
    hard_at, hard, stride = sliced
    found = np.zeros(len(factors), np.int64)
    for f in range(len(factors)):
        if factors[f, LOAD_AT] < 0:
            continue
        v = factors[f, SOURCE]
        # absorb hard evidence: each known state moves the slice
        move = 0
        for i in range(hard_at[f], hard_at[f + 1]):
            move += max(states[hard[i]], 0) * stride[i]
        found[f] = table_at[v] + move if replaced[v] < 0 else -1 - (replaced[v] + move)
    return found


@kernel
def load_tables(memory: Floats, at: Ints, factors: Ints, load: Ints, base: Ints, values: Floats, other: Floats) -> None:
    """Slice and transpose tables into memory; ``base[f]`` is where f's slice begins, in ``other`` if below zero.

    ``at`` (factors,) is where each factor goes in ``memory`` (entries,), -1 for none; ``factors`` (factors, 4),
    ``load`` are their maps end to end, ``values`` the network's tables and ``other`` the replaced ones.
    """
    for f in range(len(factors)):
        if factors[f, LOAD_AT] < 0 or at[f] < 0:
            continue
        first, start = factors[f, LOAD_AT], at[f]
        if base[f] >= 0:
            for e in range(factors[f, SIZE]):
                memory[start + e] = values[base[f] + load[first + e]]
        else:
            for e in range(factors[f, SIZE]):
                memory[start + e] = other[-base[f] - 1 + load[first + e]]


@kernel
def load_lanes(picks: Ints, live: NDArray[np.uint8], loads: Loads, numbers: Numbers, memory: Floats) -> None:
    """Fill what differs between the cases picked, at most LANES; lanes beyond repeat the last of them.

    ``picks`` (cases,); writes ``live`` (factors,), as in ``Workspace``, and ``memory`` (entries x LANES).
    """
    lanes = np.empty(LANES, np.int64)
    for k in range(LANES):
        lanes[k] = picks[min(k, len(picks) - 1)]
    load_likelihoods(lanes, loads.likelihoods, live, numbers, memory)
    load_slices(lanes, loads, live, numbers, memory)
    load_streams(lanes, loads, live, numbers.codes, memory)


@kernel
def load_likelihoods(lanes: Ints, likelihoods: Ints, live: NDArray[np.uint8], numbers: Numbers, memory: Floats) -> None:
    """Absorb soft evidence: a likelihood of ones, a unit vector or a vector given, lane by lane.

    ``lanes`` (LANES,) are the cases, ``likelihoods`` (…, 5) the factors to fill. What no lane's case speaks of is left
    out of the products.
    """
    codes, soft = numbers.codes, numbers.soft
    lane_codes = np.empty(LANES, np.int64)
    for i in range(len(likelihoods)):
        at, card = likelihoods[i, PLACE] * LANES, likelihoods[i, ENTRIES]
        row, soft_at = likelihoods[i, EVIDENCE_ROW], likelihoods[i, LIKELIHOODS_AT]
        active = False
        for k in range(LANES):
            lane_codes[k] = codes[row, lanes[k]]
            active |= lane_codes[k] >= 0
        live[likelihoods[i, FACTOR]] = 2 if active else 0
        if active:
            for s in range(card):
                for k in range(LANES):
                    if lane_codes[k] >= card:
                        memory[at + s * LANES + k] = soft[soft_at + (lane_codes[k] - card) * card + s]
                    else:
                        memory[at + s * LANES + k] = 1.0 if lane_codes[k] < 0 or lane_codes[k] == s else 0.0


@kernel
def load_slices(lanes: Ints, loads: Loads, live: NDArray[np.uint8], numbers: Numbers, memory: Floats) -> None:
    """Absorb hard evidence: the network's own tables, sliced by the states that each lane's case knows.

    ``lanes`` (LANES,) are the cases.
    """
    slices, known, codes, values = loads.slices, loads.known, numbers.codes, numbers.values
    base = np.empty(LANES, np.int64)
    for i in range(len(slices)):
        at, entries, map_at = slices[i, PLACE] * LANES, slices[i, ENTRIES], slices[i, MAP_AT]
        live[slices[i, FACTOR]] = 2
        # where each lane's slice begins
        base[:] = slices[i, BASE]
        for h in range(slices[i, KNOWN_FIRST], slices[i, KNOWN_LAST]):
            for k in range(LANES):
                base[k] += codes[known[h, KNOWN_ROW], lanes[k]] * known[h, KNOWN_STRIDE]
        # gather the same entry of every lane's slice
        for e in range(entries):
            move = loads.load_maps[map_at + e]
            for k in range(LANES):
                memory[at + e * LANES + k] = values[base[k] + move]


@kernel
def load_streams(lanes: Ints, loads: Loads, live: NDArray[np.uint8], codes: Codes, memory: Floats) -> None:
    """The same for tables given by case (draws, interventions): each lane reads its own table.

    ``lanes`` (LANES,) are the cases, ``codes`` (rows, cases). Where the lanes' numbers are next to each other, as those
    of draws in one order are, they are copied at once.
    """
    streams, known = loads.streams, loads.known
    base = np.empty(LANES, np.int64)
    for i in range(len(streams)):
        at, entries, map_at = streams[i, PLACE] * LANES, streams[i, ENTRIES], streams[i, MAP_AT]
        address, case, entry = streams[i, ADDRESS], streams[i, CASE_STRIDE], streams[i, ENTRY_STRIDE]
        live[streams[i, FACTOR]] = 2
        # where each lane's slice of its own table begins, in numbers from the address
        for k in range(LANES):
            base[k] = lanes[k] * case
            for h in range(streams[i, KNOWN_FIRST], streams[i, KNOWN_LAST]):
                base[k] += codes[known[h, KNOWN_ROW], lanes[k]] * known[h, KNOWN_STRIDE] * entry
        together = True
        for k in range(LANES):
            together &= base[k] == base[0] + k
        for e in range(entries):
            move = loads.load_maps[map_at + e] * entry
            if together:
                store(memory, at + e * LANES, peek_row(address, base[0] + move))
            else:
                for k in range(LANES):
                    memory[at + e * LANES + k] = peek(address, base[k] + move)
