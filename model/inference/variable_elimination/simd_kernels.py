"""The interpreter for LANES cases side by side.

Numbers only. Memory holds LANES numbers an entry, a factor where its ``place`` says::

    one case     | factor 0 ........ | factor 1 .. | … | result |         entries
    lanes        | factor 0, entry 0: lane 0 … 31 | entry 1: lane 0 … 31 | …
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import COMPILED, kernel
from model.inference.simd import LANES, load, plus, scaled, store, times, zeros
from model.inference.variable_elimination import numpy_interpreter
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

    Returns steps (card, entries, first input, inputs, out, weights' place), inputs (factor, stride, map), maps,
    weights, and the exponent of each step's weights.
    """
    rows_all = 0
    weights_all = 0
    for s in range(len(steps)):
        if steps[s, 6] == 1:
            rows_all += steps[s, 1] * steps[s, 2] * steps[s, 4]
            weights_all += steps[s, 0] * steps[s, 1] * steps[s, 2]
    new_steps = np.empty((len(steps), 6), np.int64)
    new_inputs = np.empty((len(inputs), 3), np.int64)
    new_maps = np.empty(rows_all, np.int64)
    weights = np.ones(weights_all)
    weight_exponents = np.zeros(len(steps))
    step, entry, mapped, weight = 0, 0, 0, 0
    for s in range(len(steps)):
        if steps[s, 6] == 0:
            continue
        card, rows, run = steps[s, 0], steps[s, 1], steps[s, 2]
        size = rows * run
        new_steps[step, 0] = card
        new_steps[step, 1] = size
        new_steps[step, 2] = entry
        new_steps[step, 4] = steps[s, 5]
        new_steps[step, 5] = weight
        for i in range(steps[s, 3], steps[s, 3] + steps[s, 4]):
            f, stride, map_at, inc = inputs[i, 0], inputs[i, 1], inputs[i, 2], inputs[i, 3]
            spelt = new_maps[mapped : mapped + size]
            spell_out(maps[map_at : map_at + rows], run, inc, spelt)
            if factors[f, 3] == 1:
                new_inputs[entry, 0] = f
                new_inputs[entry, 1] = stride
                new_inputs[entry, 2] = mapped
                entry += 1
                mapped += size
            else:
                weight_exponents[step] += exponents[f]
                multiply_in(weights[weight : weight + size * card], card, memory[at[f] :], spelt, stride)
        weight += card * size
        new_steps[step, 3] = entry - new_steps[step, 2]
        step += 1
    return (
        new_steps[:step].copy(),
        new_inputs[:entry].copy(),
        new_maps[:mapped].copy(),
        weights,
        weight_exponents[:step].copy(),
    )


@kernel
def spell_out(row_map: Ints, run: int, inc: int, spelt: Ints) -> None:
    """From where each row begins to where each entry lies, ``inc`` apart in a run."""
    e = 0
    for j in range(len(row_map)):
        for r in range(run):
            spelt[e] = row_map[j] + r * inc
            e += 1


@kernel
def multiply_in(weights: Floats, card: int, table: Floats, spelt: Ints, stride: int) -> None:
    """Multiply weights, one an entry and state summed, with what a table holds there."""
    w = 0
    for e in range(len(spelt)):
        for x in range(card):
            weights[w] *= table[spelt[e] + x * stride]
            w += 1


@kernel
def lane_steps(
    steps: Ints,
    inputs: Ints,
    maps: Ints,
    weights: Floats,
    weight_exponents: Floats,
    place: Ints,
    constant_at: Ints,
    constants: Floats,
    constant_exponents: Floats,
    live: NDArray[np.uint8],
    mixed: Floats,
    memory: Floats,
    exponents: Floats,
    wide: NDArray[np.bool_],
    careful: bool,
) -> float:
    """Run the steps for LANES cases; a step none of whose inputs differs from the prior is skipped.

    ``live[f]``: 0 left out, 1 as without evidence (read from ``constants``), 2 by lane (read from ``memory``).
    ``careful`` rescales each result, lane by lane, adding up ``exponents`` (LANES,), and marks in ``wide`` (LANES,)
    the lanes whose numbers are too far apart. Returns the exponent of what was read from constants.
    """
    fixed = 0.0
    from_ = np.zeros(3, np.int64)
    stride = np.zeros(3, np.int64)
    map_at = np.zeros(3, np.int64)
    for s in range(len(steps)):
        card, rows, w = steps[s, 0], steps[s, 1], steps[s, 5]
        first, last = steps[s, 2], steps[s, 2] + steps[s, 3]
        laned = 0
        for i in range(first, last):
            f = inputs[i, 0]
            if live[f] == 2:
                from_[laned] = place[f]
                stride[laned] = inputs[i, 1] * LANES
                map_at[laned] = inputs[i, 2]
                laned += 1
        live[steps[s, 4]] = 2 if laned > 0 else 1
        if laned == 0:
            continue
        fixed += weight_exponents[s]
        weight = weights[w : w + rows * card]
        if live_constants(inputs, first, last, live):
            for i in range(first, last):
                fixed += constant_exponents[inputs[i, 0]] if live[inputs[i, 0]] == 1 else 0.0
            weight = mixed[: rows * card]
            mix(rows, card, first, last, inputs, maps, weights[w:], constant_at, constants, live, weight)
        table = memory[place[steps[s, 4]] * LANES :]
        sum_lanes(laned, rows, card, weight, maps, (from_, stride, map_at), memory, table)
        if careful:
            rescale(table, rows, exponents)
            mark_wide(table, rows, wide)
    if len(steps) == 0 or live[steps[len(steps) - 1, 4]] == 1:
        fixed += constant_exponents[len(place) - 1]
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

    ``read`` are places of these tables in entries, distances of states in numbers, and where row maps begin.
    """
    place, stride, map_at = read
    i = 0
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
    """Whether a step reads a message that is as without evidence."""
    found = False
    for i in range(first, last):
        found |= live[inputs[i, 0]] == 1
    return found


@kernel
def mix(
    rows: int,
    card: int,
    first: int,
    last: int,
    inputs: Ints,
    maps: Ints,
    weights: Floats,
    constant_at: Ints,
    constants: Floats,
    live: NDArray[np.uint8],
    mixed: Floats,
) -> None:
    """Weights times the messages that are as without evidence."""
    for e in range(rows * card):
        mixed[e] = weights[e]
    for i in range(first, last):
        f = inputs[i, 0]
        if live[f] == 1:
            e = 0
            for j in range(rows):
                p = constant_at[f] + maps[inputs[i, 2] + j]
                for x in range(card):
                    mixed[e] *= constants[p + x * inputs[i, 1]]
                    e += 1


@kernel
def rescale(table: Floats, rows: int, exponents: Floats) -> None:
    """Bring each lane's largest entry near 1 by a power of two."""
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
    """Mark the lanes in which a number that is not 0 is so small that a product of a few might vanish."""
    for j in range(rows):
        for k in range(LANES):
            wide[k] |= 0.0 < table[j * LANES + k] < NARROW


@kernel
def mark_loaded(tables: Ints, live: NDArray[np.uint8], memory: Floats, wide: NDArray[np.bool_]) -> None:
    """The same for tables just loaded: (factor, place, entries, …) each, where they differ between lanes."""
    for i in range(len(tables)):
        if live[tables[i, 0]] == 2:
            mark_wide(memory[tables[i, 1] * LANES :], tables[i, 2], wide)


if not COMPILED:
    lane_steps = numpy_interpreter.lane_steps


@kernel
def run_lanes(
    picks: Ints,
    to: Ints,
    steps: Ints,
    inputs: Ints,
    maps: Ints,
    weights: Floats,
    weight_exponents: Floats,
    place: Ints,
    constant_at: Ints,
    constants: Floats,
    constant_exponents: Floats,
    narrow: bool,
    last: tuple[int, int],
    loads: tuple[Ints, Ints, Ints, Ints, Ints],
    values: Floats,
    codes: Codes,
    soft: Floats,
    scratch: tuple[Floats, Floats],
    result: Floats,
    logs: Floats,
) -> int:
    """Answer the cases picked, LANES at a time; the answer of ``picks[i]`` goes to row ``to[i]``.

    Fast first, without scaling; lanes whose total is not safely inside the range of numbers once more with it.
    Those whose numbers are too far apart for that are marked by NaN, all of them where not even the constants are
    ``narrow``; returns how many. ``last`` is the final factor and its entries, ``result`` has shape (cases, entries),
    ``logs`` (cases,): log P(evidence).
    """
    memory, mixed = scratch
    final, states = last
    live = np.ones(len(place), np.uint8)
    exponents = np.zeros(LANES)
    waiting = np.empty(LANES, np.bool_)
    wide = np.empty(LANES, np.bool_)
    marked = 0
    for first in range(0, len(picks), LANES):
        stop = min(first + LANES, len(picks))
        waiting[:] = True
        for careful in (False, True):
            live[:] = 1
            load_lanes(picks[first:stop], live, loads, values, codes, soft, memory)
            exponents[:] = 0.0
            wide[:] = not narrow
            if careful:
                for tables in loads[:3]:
                    mark_loaded(tables, live, memory, wide)
            fixed = lane_steps(
                steps, inputs, maps, weights, weight_exponents, place, constant_at, constants, constant_exponents, live,
                mixed, memory, exponents, wide, careful,
            )  # fmt: skip
            left = 0
            for k in range(stop - first):
                i = to[first + k]
                if not waiting[k]:
                    continue
                z = 0.0
                for s in range(states):
                    if live[final] == 2:
                        result[i, s] = memory[(place[final] + s) * LANES + k]
                    else:
                        result[i, s] = constants[constant_at[final] + s]
                    z += result[i, s]
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
def divide(row: Floats, z: float) -> float:
    """Divide by the sum; returns its logarithm, or -inf and leaves zeros."""
    if z == 0.0:
        return -np.inf
    for s in range(len(row)):
        row[s] /= z
    return math.log(z)
