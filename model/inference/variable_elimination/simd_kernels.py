"""The interpreter for LANES cases side by side.

A step of a program in lane form makes, for each entry j of its result and each lane k,

    r[j, k] = sum over states x of  weight[j, x] * product over inputs i of  m[place[i] + map[i][j] + x * stride[i], k]

where the weight is the product of the tables that are the same in all cases. Memory holds LANES numbers an entry, a
factor where its ``place`` says::

    one case     | factor 0 ........ | factor 1 .. | … | result |         entries
    lanes        | factor 0, entry 0: lane 0 … 31 | entry 1: lane 0 … 31 | …
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.simd import LANES, load, plus, scaled, store, times, zeros
from model.inference.variable_elimination.columns import (
    CARD,
    COUNT,
    DIFFERS,
    ENTRIES,
    FACTOR,
    FIRST,
    INC,
    MAP_AT,
    OUT,
    PLACE,
    ROWS,
    RUN,
    STRIDE,
    VARYING,
    WEIGHTS_AT,
    Bound,
    Loads,
    Numbers,
    Workspace,
)
from model.inference.variable_elimination.load_kernels import load_lanes
from model.inference.variable_elimination.single_kernels import LN2, SAFE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
NARROW = 2.0**-160
"""Numbers from here to 1 are not lost in a product of as many as a step multiplies."""
SURE = 2.0**SAFE


@kernel
def expand(
    steps: Ints, inputs: Ints, maps: Ints, factors: Ints, at: Ints, memory: Floats, exponents: Floats
) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """From a program to its lane form: only the steps and inputs that differ between cases.

    Row maps are spelt out entry by entry; the tables that are the same in all cases become the step's weights,
    one an entry of the result and state summed, in the order in which they are used.

    ``steps`` (steps, 7), ``inputs`` (inputs, 4), ``maps`` (row offsets,), ``factors`` (factors, 4). ``memory``
    (entries,) holds each factor from ``at[f]`` on, as it is without evidence, times two to the power ``exponents[f]``.

    Returns the first five arrays of ``Bound``: steps (steps, 6), inputs (inputs, 3), maps, weights, and the exponent of
    each step's weights.
    """
    rows_all, weights_all = room(steps)
    new_steps = np.empty((len(steps), 6), np.int64)
    new_inputs = np.empty((len(inputs), 3), np.int64)
    new_maps = np.empty(rows_all, np.int64)
    weights = np.ones(weights_all)
    weight_exponents = np.zeros(len(steps))
    step, entry, mapped, weight = 0, 0, 0, 0
    # what is the same in all cases has been computed once: only steps whose result differs are left
    for s in range(len(steps)):
        if steps[s, VARYING] == 0:
            continue
        card, rows, run = steps[s, CARD], steps[s, ROWS], steps[s, RUN]
        size = rows * run
        new_steps[step, CARD] = card
        new_steps[step, ROWS] = size
        new_steps[step, FIRST] = entry
        new_steps[step, OUT] = steps[s, OUT]
        new_steps[step, WEIGHTS_AT] = weight
        # an input that differs stays an input, any other is multiplied into the weights
        for i in range(steps[s, FIRST], steps[s, FIRST] + steps[s, COUNT]):
            f, stride, map_at, inc = inputs[i, FACTOR], inputs[i, STRIDE], inputs[i, MAP_AT], inputs[i, INC]
            spelt = new_maps[mapped : mapped + size]
            spell_out(maps[map_at : map_at + rows], run, inc, spelt)
            if factors[f, DIFFERS] == 1:
                new_inputs[entry, FACTOR] = f
                new_inputs[entry, STRIDE] = stride
                new_inputs[entry, MAP_AT] = mapped
                entry += 1
                mapped += size
            else:
                weight_exponents[step] += exponents[f]
                multiply_in(weights[weight : weight + size * card], card, memory[at[f] :], spelt, stride)
        weight += card * size
        new_steps[step, COUNT] = entry - new_steps[step, FIRST]
        step += 1
    return (
        new_steps[:step].copy(),
        new_inputs[:entry].copy(),
        new_maps[:mapped].copy(),
        weights,
        weight_exponents[:step].copy(),
    )


@kernel
def room(steps: Ints) -> tuple[int, int]:
    """Row offsets and weights of a lane form at most: maps for every input, a weight for every entry and state summed.

    ``steps`` (steps, 7).
    """
    offsets = 0
    weights = 0
    for s in range(len(steps)):
        if steps[s, VARYING] == 1:
            offsets += steps[s, ROWS] * steps[s, RUN] * steps[s, COUNT]
            weights += steps[s, CARD] * steps[s, ROWS] * steps[s, RUN]
    return offsets, weights


@kernel
def spell_out(row_map: Ints, run: int, inc: int, spelt: Ints) -> None:
    """From where each row begins (rows,) to where each entry lies, ``spelt`` (rows x run,), ``inc`` apart in a run."""
    e = 0
    for j in range(len(row_map)):
        for r in range(run):
            spelt[e] = row_map[j] + r * inc
            e += 1


@kernel
def multiply_in(weights: Floats, card: int, table: Floats, spelt: Ints, stride: int) -> None:
    """Multiply ``weights`` (entries x card,) with what ``table`` holds for each entry (from ``spelt`` on) and state."""
    w = 0
    for e in range(len(spelt)):
        for x in range(card):
            weights[w] *= table[spelt[e] + x * stride]
            w += 1


@kernel
def lane_steps(bound: Bound, work: Workspace, careful: bool) -> float:
    """Run the steps for LANES cases; a step none of whose inputs differs from the prior is skipped.

    ``work.live`` says of each factor loaded how to read it, and is written for those made. ``careful`` rescales each
    result, lane by lane, adding up ``work.exponents``, and marks in ``work.wide`` the lanes whose numbers are too far
    apart. Returns the exponent of what was read from constants.
    """
    steps, inputs, live = bound.steps, bound.inputs, work.live
    fixed = 0.0
    from_ = np.zeros(3, np.int64)
    stride = np.zeros(3, np.int64)
    map_at = np.zeros(3, np.int64)
    for s in range(len(steps)):
        card, rows, w = steps[s, CARD], steps[s, ROWS], steps[s, WEIGHTS_AT]
        first, last = steps[s, FIRST], steps[s, FIRST] + steps[s, COUNT]
        # list the inputs that differ between lanes, at most three
        laned = 0
        for i in range(first, last):
            f = inputs[i, FACTOR]
            if live[f] == 2:
                from_[laned] = bound.place[f]
                stride[laned] = inputs[i, STRIDE] * LANES
                map_at[laned] = inputs[i, MAP_AT]
                laned += 1
        live[steps[s, OUT]] = 2 if laned > 0 else 1
        if laned == 0:
            continue
        fixed += bound.weight_exponents[s]
        weight = bound.weights[w : w + rows * card]
        # messages of branches without evidence in this block are constants too
        if live_constants(inputs, first, last, live):
            for i in range(first, last):
                f = inputs[i, FACTOR]
                fixed += bound.constant_exponents[f] if live[f] == 1 else 0.0
            weight = work.mixed[: rows * card]
            mix(bound, s, live, weight)
        table = work.memory[bound.place[steps[s, OUT]] * LANES :]
        sum_lanes(laned, rows, card, weight, bound.maps, (from_, stride, map_at), work.memory, table)
        if careful:
            rescale(table, rows, work.exponents)
            mark_wide(table, rows, work.wide)
    if len(steps) == 0 or live[steps[len(steps) - 1, OUT]] == 1:
        fixed += bound.constant_exponents[len(bound.place) - 1]
    return fixed


@kernel
def sum_lanes(
    laned: int,
    rows: int,
    card: int,
    weight: Floats,
    maps: Ints,
    read: tuple[Ints, Ints, Ints],
    memory: Floats,
    table: Floats,
) -> None:
    """Each entry of a result: the sum over states of weight x one, two or three tables that differ between lanes.

    ``laned`` counts these tables; ``weight`` (rows x card,), ``table`` (rows x LANES,) is written. ``read`` are their
    places in ``memory`` in entries, distances of states in numbers, and where row maps begin in ``maps``.
    """
    place, stride, map_at = read
    i = 0
    # three times the same two loops: over entries of the result, and over the states summed; a weight of 0 adds nothing
    if laned == 1:
        for j in range(rows):
            p = (place[0] + maps[map_at[0] + j]) * LANES
            row = zeros()
            for _x in range(card):
                if weight[i] != 0.0:
                    row = plus(row, scaled(load(memory, p), weight[i]))
                p += stride[0]
                i += 1
            store(table, j * LANES, row)
    elif laned == 2:
        for j in range(rows):
            p = (place[0] + maps[map_at[0] + j]) * LANES
            q = (place[1] + maps[map_at[1] + j]) * LANES
            row = zeros()
            for _x in range(card):
                if weight[i] != 0.0:
                    row = plus(row, times(scaled(load(memory, p), weight[i]), load(memory, q)))
                p += stride[0]
                q += stride[1]
                i += 1
            store(table, j * LANES, row)
    else:
        for j in range(rows):
            p = (place[0] + maps[map_at[0] + j]) * LANES
            q = (place[1] + maps[map_at[1] + j]) * LANES
            r = (place[2] + maps[map_at[2] + j]) * LANES
            row = zeros()
            for _x in range(card):
                if weight[i] != 0.0:
                    product = times(scaled(load(memory, p), weight[i]), load(memory, q))
                    row = plus(row, times(product, load(memory, r)))
                p += stride[0]
                q += stride[1]
                r += stride[2]
                i += 1
            store(table, j * LANES, row)


@kernel
def live_constants(inputs: Ints, first: int, last: int, live: NDArray[np.uint8]) -> bool:
    """Whether a step, of ``inputs[first:last]``, reads a message that is as without evidence (``live`` 1)."""
    found = False
    for i in range(first, last):
        found |= live[inputs[i, FACTOR]] == 1
    return found


@kernel
def mix(bound: Bound, s: int, live: NDArray[np.uint8], mixed: Floats) -> None:
    """Weights of step s times the messages that are as without evidence, ``mixed`` (rows x states summed,)."""
    steps, inputs, maps, constants = bound.steps, bound.inputs, bound.maps, bound.constants
    rows, card, w = steps[s, ROWS], steps[s, CARD], steps[s, WEIGHTS_AT]
    for e in range(rows * card):
        mixed[e] = bound.weights[w + e]
    # multiply each such message in, over entries of the result and states summed
    for i in range(steps[s, FIRST], steps[s, FIRST] + steps[s, COUNT]):
        f = inputs[i, FACTOR]
        if live[f] == 1:
            e = 0
            for j in range(rows):
                p = bound.constant_at[f] + maps[inputs[i, MAP_AT] + j]
                for x in range(card):
                    mixed[e] *= constants[p + x * inputs[i, STRIDE]]
                    e += 1


@kernel
def rescale(table: Floats, rows: int, exponents: Floats) -> None:
    """Bring each lane's largest entry near 1 by a power of two, added to ``exponents`` (LANES,).

    ``table`` (rows x LANES,) from its first number on.
    """
    for k in range(LANES):
        high = 0.0
        for j in range(rows):
            high = max(high, table[j * LANES + k])
        if high > 0.0 and (high < 0.5 or high >= 1.0):
            power = math.frexp(high)[1]
            half = power // 2
            for j in range(rows):
                table[j * LANES + k] = table[j * LANES + k] * 2.0 ** (-half) * 2.0 ** (half - power)
            exponents[k] += power


@kernel
def mark_wide(table: Floats, rows: int, wide: NDArray[np.bool_]) -> None:
    """Mark in ``wide`` (LANES,) the lanes with a number above 0 so small that a product of a few might vanish.

    ``table`` (rows x LANES,) from its first number on.
    """
    for j in range(rows):
        for k in range(LANES):
            wide[k] |= 0.0 < table[j * LANES + k] < NARROW


@kernel
def mark_loaded(tables: Ints, live: NDArray[np.uint8], memory: Floats, wide: NDArray[np.bool_]) -> None:
    """The same for tables just loaded: ``tables`` (…, 5 or more) are one array of ``Loads``."""
    for i in range(len(tables)):
        if live[tables[i, FACTOR]] == 2:
            mark_wide(memory[tables[i, PLACE] * LANES :], tables[i, ENTRIES], wide)


@kernel
def run_lanes(
    picks: Ints,
    to: Ints,
    program: tuple[Ints, Ints, Ints, Floats, Floats, Ints, Ints, Floats, Floats, bool],
    loading: tuple[Ints, Ints, Ints, Ints, Ints],
    evidence: tuple[Floats, Codes, Floats],
    scratch: tuple[Floats, Floats],
    result: Floats,
    logs: Floats,
) -> int:
    """Answer the cases picked, LANES at a time; the answer of ``picks[i]`` goes to row ``to[i]``.

    Fast first, without scaling; lanes whose total is not safely inside the range of numbers once more with it. Those
    whose numbers are too far apart for that are marked by NaN, all of them where not even the constants are ``narrow``;
    returns how many. ``program``, ``loading`` and ``evidence`` are the arrays of ``Bound``, ``Loads`` and ``Numbers``
    in plain tuples: named, they would take 10 microseconds more of a call of 170. ``scratch`` are the first two arrays
    of the workspace; ``result`` has shape (cases, states), ``logs`` (cases,): log P(evidence).
    """
    bound, loads, numbers = Bound(*program), Loads(*loading), Numbers(*evidence)
    memory, mixed = scratch
    place, constant_at, constants = bound.place, bound.constant_at, bound.constants
    final = len(place) - 1
    live = np.ones(len(place), np.uint8)
    exponents = np.zeros(LANES)
    waiting, wide = np.empty(LANES, np.bool_), np.empty(LANES, np.bool_)
    work = Workspace(memory, mixed, live, exponents, wide)
    marked = 0
    # block by block of LANES cases
    for first in range(0, len(picks), LANES):
        stop = min(first + LANES, len(picks))
        waiting[:] = True
        for careful in (False, True):
            live[:] = 1
            load_lanes(picks[first:stop], live, loads, numbers, memory)
            exponents[:] = 0.0
            wide[:] = not bound.narrow
            if careful:
                for tables in (loads.likelihoods, loads.slices, loads.streams):
                    mark_loaded(tables, live, memory, wide)
            fixed = lane_steps(bound, work, careful)
            left = 0
            # normalise each lane: the final factor is P(target, evidence), its sum z is P(evidence)
            for k in range(stop - first):
                i = to[first + k]
                if not waiting[k]:
                    continue
                if live[final] == 2:
                    z = read(memory[place[final] * LANES + k :], LANES, result[i])
                else:
                    z = read(constants[constant_at[final] :], 1, result[i])
                if not careful and not SURE < z < 1.0 / SURE:
                    left += 1
                    continue
                waiting[k] = False
                lost = careful and wide[k]
                marked += lost
                logs[i] = np.nan if lost else divide(result[i], z) + (exponents[k] + fixed) * LN2
            if left == 0:
                break
    return marked


@kernel
def read(numbers: Floats, apart: int, row: Floats) -> float:
    """Fill ``row`` (states,) with numbers so far ``apart``, from the first on; returns their sum."""
    z = 0.0
    for s in range(len(row)):
        row[s] = numbers[s * apart]
        z += row[s]
    return z


@kernel
def divide(row: Floats, z: float) -> float:
    """Divide ``row`` (states,) by its sum z; returns the logarithm of z, or -inf and leaves zeros."""
    if z == 0.0:
        return -np.inf
    for s in range(len(row)):
        row[s] /= z
    return math.log(z)
