"""The interpreters of elimination programs: one case by runs of entries, or LANES cases side by side.

Numbers only. Memory of a case is one flat array, its factors end to end in the order of ``factors``; of a
batch, the same with LANES numbers an entry::

    one case     | factor 0 ........ | factor 1 .. | … | result |         entries
    lanes        | factor 0, entry 0: lane 0 … 31 | entry 1: lane 0 … 31 | …

A step multiplies its inputs and sums one variable; a row of its result reads input i from ``at[i] + map[row]``,
``stride[i]`` further for each state summed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model import lane_twins
from model.elimination_kernels import HARD, SOFT, compiled
from model.native import COMPILED, kernel
from model.vectors import LANES, load, peek, plus, scaled, store, times, zeros

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]

SMALL = 2.0**-100
LARGE = 2.0**100
"""A table whose largest entry is outside is rescaled by a power of two, which is exact; exponents are added up."""
SAFE = 2.0**-300
"""Without scaling, a lane's total above this shows that nothing that counts was lost on the way."""
LN2 = math.log(2.0)


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
def run_steps(steps: Ints, inputs: Ints, maps: Ints, at: Ints, memory: Floats, exponents: Floats) -> None:
    """Run every step for one case; a factor with ``at`` below zero is left out of the products.

    Writes into ``exponents``, per factor, the power of two that its entries must still be multiplied with.
    """
    exponents[:] = 0.0
    from_ = np.empty(64, np.int64)
    stride = np.empty(64, np.int64)
    map_at = np.empty(64, np.int64)
    for s in range(len(steps)):
        card, rows, run = steps[s, 0], steps[s, 1], steps[s, 2]
        out = at[steps[s, 5]]
        if steps[s, 4] > len(from_):
            from_ = np.empty(2 * steps[s, 4], np.int64)
            stride = np.empty(2 * steps[s, 4], np.int64)
            map_at = np.empty(2 * steps[s, 4], np.int64)
        # inputs that run along with the result first, then those constant along a run
        running = 0
        present = 0
        for turn in range(2):
            for i in range(steps[s, 3], steps[s, 3] + steps[s, 4]):
                f = inputs[i, 0]
                exponents[steps[s, 5]] += exponents[f] * turn
                if inputs[i, 3] == 1 - turn and at[f] >= 0:
                    from_[present] = at[f]
                    stride[present] = inputs[i, 1]
                    map_at[present] = inputs[i, 2]
                    present += 1
                    running += 1 - turn
        for j in range(rows):
            start = out + j * run
            row = memory[start : start + run]
            row[:] = 0.0
            for x in range(card):
                c = 1.0
                for i in range(running, present):
                    c *= memory[from_[i] + x * stride[i] + maps[map_at[i] + j]]
                if c == 0.0:
                    continue
                if running == 0:
                    for r in range(run):
                        row[r] += c
                    continue
                p = from_[0] + x * stride[0] + maps[map_at[0] + j]
                one = memory[p : p + run]
                if running == 1:
                    for r in range(run):
                        row[r] += c * one[r]
                    continue
                p = from_[1] + x * stride[1] + maps[map_at[1] + j]
                two = memory[p : p + run]
                if running == 2:
                    for r in range(run):
                        row[r] += c * one[r] * two[r]
                    continue
                p = from_[2] + x * stride[2] + maps[map_at[2] + j]
                three = memory[p : p + run]
                if running == 3:
                    for r in range(run):
                        row[r] += c * one[r] * two[r] * three[r]
                    continue
                for r in range(run):
                    product = c * one[r] * two[r] * three[r]
                    for i in range(3, running):
                        product *= memory[from_[i] + x * stride[i] + maps[map_at[i] + j] + r]
                    row[r] += product
        whole = memory[out : out + rows * run]
        high = 0.0
        for r in range(len(whole)):
            high = max(high, whole[r])
        if high > 0.0 and (high < SMALL or high > LARGE):
            power = math.frexp(high)[1]
            half = power // 2  # in two parts: 2**-power itself may overflow
            for r in range(len(whole)):
                whole[r] = whole[r] * 2.0 ** (-half) * 2.0 ** (half - power)
            exponents[steps[s, 5]] += power


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
        new_steps[step, 0] = card
        new_steps[step, 1] = rows * run
        new_steps[step, 2] = entry
        new_steps[step, 4] = steps[s, 5]
        new_steps[step, 5] = weight
        for i in range(steps[s, 3], steps[s, 3] + steps[s, 4]):
            f, stride, map_at, inc = inputs[i, 0], inputs[i, 1], inputs[i, 2], inputs[i, 3]
            if factors[f, 3] == 1:
                new_inputs[entry, 0] = f
                new_inputs[entry, 1] = stride
                new_inputs[entry, 2] = mapped
                entry += 1
                for j in range(rows):
                    for r in range(run):
                        new_maps[mapped] = maps[map_at + j] + r * inc
                        mapped += 1
            else:
                w = weight
                weight_exponents[step] += exponents[f]
                for j in range(rows):
                    for r in range(run):
                        p = at[f] + maps[map_at + j] + r * inc
                        for x in range(card):
                            weights[w] *= memory[p + x * stride]
                            w += 1
        weight += card * rows * run
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
    careful: bool,
) -> float:
    """Run the steps for LANES cases; a step none of whose inputs differs from the prior is skipped.

    ``live[f]``: 0 left out, 1 as without evidence (read from ``constants``), 2 by lane (read from ``memory``).
    ``careful`` rescales each result, lane by lane, adding up ``exponents`` (LANES,). Returns the exponent of
    what was read from constants.
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
        out = place[steps[s, 4]] * LANES
        a, b, c = from_[0], from_[1], from_[2]
        i = 0
        if laned == 1:
            for j in range(rows):
                p = (a + maps[map_at[0] + j]) * LANES
                row = zeros()
                for _x in range(card):
                    if weight[i] != 0.0:
                        row = plus(row, scaled(load(memory, p), weight[i]))
                    p += stride[0]
                    i += 1
                store(memory, out, row)
                out += LANES
        elif laned == 2:
            for j in range(rows):
                p = (a + maps[map_at[0] + j]) * LANES
                q = (b + maps[map_at[1] + j]) * LANES
                row = zeros()
                for _x in range(card):
                    if weight[i] != 0.0:
                        row = plus(row, times(scaled(load(memory, p), weight[i]), load(memory, q)))
                    p += stride[0]
                    q += stride[1]
                    i += 1
                store(memory, out, row)
                out += LANES
        else:
            for j in range(rows):
                p = (a + maps[map_at[0] + j]) * LANES
                q = (b + maps[map_at[1] + j]) * LANES
                r = (c + maps[map_at[2] + j]) * LANES
                row = zeros()
                for _x in range(card):
                    if weight[i] != 0.0:
                        product = times(scaled(load(memory, p), weight[i]), load(memory, q))
                        row = plus(row, times(product, load(memory, r)))
                    p += stride[0]
                    q += stride[1]
                    r += stride[2]
                    i += 1
                store(memory, out, row)
                out += LANES
        if careful:
            rescale(memory[place[steps[s, 4]] * LANES :], rows, exponents)
    if len(steps) == 0 or live[steps[len(steps) - 1, 4]] == 1:
        fixed += constant_exponents[len(place) - 1]
    return fixed


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


if not COMPILED:
    run_steps, lane_steps = lane_twins.run_steps, lane_twins.lane_steps


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
    last: tuple[int, int],
    loads: tuple[Ints, Ints, Ints, Ints, Ints],
    values: Floats,
    codes: Codes,
    soft: Floats,
    scratch: tuple[Floats, Floats],
    result: Floats,
    logs: Floats,
) -> None:
    """Answer the cases picked, LANES at a time; the answer of ``picks[i]`` goes to row ``to[i]``.

    Fast first, without scaling; lanes whose total is not safely inside the range of numbers once more with it.
    ``last`` is the final factor and its entries, ``result`` has shape (cases, entries),
    ``logs`` (cases,): log P(evidence).
    """
    memory, mixed = scratch
    final, states = last
    live = np.ones(len(place), np.uint8)
    exponents = np.zeros(LANES)
    waiting = np.empty(LANES, np.bool_)
    for first in range(0, len(picks), LANES):
        stop = min(first + LANES, len(picks))
        waiting[:] = True
        for careful in (False, True):
            live[:] = 1
            load_lanes(picks[first:stop], live, loads, values, codes, soft, memory)
            exponents[:] = 0.0
            fixed = lane_steps(
                steps, inputs, maps, weights, weight_exponents, place, constant_at, constants, constant_exponents, live,
                mixed, memory, exponents, careful,
            )  # fmt: skip
            at = place[final] * LANES
            left = 0
            for k in range(stop - first):
                if not waiting[k]:
                    continue
                i = to[first + k]
                for s in range(states):
                    result[i, s] = memory[at + s * LANES + k] if live[final] == 2 else constants[constant_at[final] + s]
                z = 0.0
                for s in range(states):
                    z += result[i, s]
                if not careful and not SAFE < z < 1.0 / SAFE:
                    left += 1
                    continue
                waiting[k] = False
                logs[i] = math.log(z) + (exponents[k] + fixed) * LN2 if z > 0.0 else -np.inf
                for s in range(states):
                    result[i, s] = result[i, s] / z if z > 0.0 else 0.0
            if left == 0:
                break


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
def run_one(
    code: tuple[Ints, Ints, Ints, Ints, Ints],
    sliced: tuple[Ints, Ints, Ints],
    table_at: Ints,
    values: Floats,
    said: Ints,
    soft: Floats,
    swapped: Ints,
    other: Floats,
) -> tuple[Floats, float]:
    """Answer one case: the target's distribution, shape (states,), and log P(evidence).

    ``said`` (findings, 3): variable, its known state or -1, where its likelihood begins in ``soft`` or -1.
    ``swapped`` (tables, 2): variable, where its replaced table begins in ``other``.
    """
    steps, inputs, maps, factors, load_map = code
    count = len(table_at) - 1
    states = np.full(count, -1, np.int64)
    soft_at = np.full(count, -1, np.int64)
    replaced = np.full(count, -1, np.int64)
    for i in range(len(said)):
        states[said[i, 0]] = said[i, 1]
        soft_at[said[i, 0]] = said[i, 2]
    for i in range(len(swapped)):
        replaced[swapped[i, 0]] = swapped[i, 1]
    at = np.empty(len(factors), np.int64)
    total = 0
    for f in range(len(factors)):
        at[f] = total
        total += factors[f, 1]
    memory = np.empty(total)
    exponents = np.empty(len(factors))
    load_tables(memory, at, factors, load_map, bases(factors, sliced, table_at, replaced, states), values, other)
    for f in range(len(factors)):
        if factors[f, 0] >= count:
            for e in range(factors[f, 1]):
                memory[at[f] + e] = soft[soft_at[factors[f, 0] - count] + e]
    run_steps(steps, inputs, maps, at, memory, exponents)
    final = len(factors) - 1
    found = memory[at[final] :].copy()
    z = found.sum()
    if z > 0.0:
        return found / z, math.log(z) + exponents[final] * LN2
    found[:] = 0.0
    return found, -np.inf


@kernel
def run_each(
    network: tuple[Ints, tuple[Ints, Ints, Ints, Ints], Ints, Floats],
    question: tuple[int, bool, float],
    picks: Ints,
    to: Ints,
    codes: Codes,
    about: Ints,
    soft: Floats,
    soft_at: Ints,
    result: Floats,
    logs: Floats,
) -> None:
    """Find a program for each case picked, and run it: for cases that have little in common.

    ``network`` holds cards, links, tables' places and values; ``question`` the target, whether P(evidence) is asked,
    and the most entries a program may have, beyond which a case is marked by NaN. Row r of ``codes`` speaks of
    variable ``about[r]``, whose likelihoods begin at ``soft_at[r]``.
    """
    cards, links, table_at, values = network
    target, whole, limit = question
    none = np.empty((0, 2), np.int64)
    other = np.empty(0)
    said = np.empty((len(about), 3), np.int64)
    for n in range(len(picks)):
        role = np.zeros(len(cards), np.int64)
        vectors = np.empty(cards[about].sum())
        count = 0
        length = 0
        for r in range(len(about)):
            code, v, card = codes[r, picks[n]], about[r], cards[about[r]]
            if code < 0:
                continue
            hard = code < card and v != target
            role[v] = HARD if hard else SOFT
            said[count, 0] = v
            said[count, 1] = code if hard else -1
            said[count, 2] = -1 if hard else length
            count += 1
            if not hard:
                for s in range(card):
                    at = soft_at[r] + (code - card) * card + s
                    vectors[length] = soft[at] if code >= card else 1.0 if s == code else 0.0
                    length += 1
        cost, steps, inputs, maps, factors, load_map, sliced, _ = compiled(
            target, whole, True, role, cards, links, 0, limit
        )
        if cost > limit:
            logs[to[n]] = np.nan
            continue
        code_arrays = (steps, inputs, maps, factors, load_map)
        row, log = run_one(code_arrays, sliced, table_at, values, said[:count], vectors, none, other)
        result[to[n]] = row
        logs[to[n]] = log


@kernel
def codes_of_all(tables: Ints, codes: Codes, start: int, count: int, counts: Ints) -> None:
    """Say of each likelihood vector what it is, for ``count`` cases from ``start``.

    -1 ones (nothing is known), s a one in state s and zeros elsewhere (the state is known), -2 anything else.
    ``tables`` (variables, 2): address of an array (cases, states), and its states. Adds to ``counts``
    (variables, 2): how many are -2, and how many are not -1.
    """
    for v in range(len(tables)):
        card = tables[v, 1]
        row = codes[v]
        others = 0
        spoken = 0
        stop = min(start + count, len(row))
        address = tables[v, 0] + 8 * start * card
        for i in range(start, stop):
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
        counts[v, 0] += others
        counts[v, 1] += spoken


@kernel
def by_effort(picks: Ints, codes: Codes, ranked: Ints) -> Ints:
    """Cases in the order of their three costliest findings: neighbours then leave the same things alone.

    ``ranked`` are the rows of ``codes``, costliest finding first; counting sort, so that equals keep their order.
    """
    rows = len(ranked)
    keys = np.full((3, len(picks)), rows, np.int64)
    found = np.zeros(len(picks), np.int64)
    for r in range(rows):
        row = codes[ranked[r]]
        for i in range(len(picks)):
            if row[picks[i]] >= 0 and found[i] < 3:
                keys[found[i], i] = r
                found[i] += 1
    order = np.arange(len(picks))
    following = np.empty(len(picks), np.int64)
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
    """How cases speak of variables: 0 not at all, 1 the state is known, 2 a likelihood; shape (rows, cases)."""
    kinds = np.empty(codes.shape, np.int8)
    for r in range(len(codes)):
        for i in range(codes.shape[1]):
            kinds[r, i] = 0 if codes[r, i] < 0 else 1 if codes[r, i] < cards[r] else 2
    return kinds


@kernel
def spoken_of(kinds: NDArray[np.int8], cases: Ints) -> NDArray[np.bool_]:
    """Which rows say anything in some of the cases."""
    found = np.zeros(len(kinds), np.bool_)
    for r in range(len(kinds)):
        for i in cases:
            if kinds[r, i] > 0:
                found[r] = True
                break
    return found


@kernel
def alike(kinds: NDArray[np.int8]) -> bool:
    """Whether all cases speak of the same variables in the same way."""
    for r in range(len(kinds)):
        for i in range(kinds.shape[1]):
            if kinds[r, i] != kinds[r, 0]:
                return False
    return True


@kernel
def distinct(codes: Codes | NDArray[np.int8]) -> tuple[Ints, Ints]:
    """Columns that differ: (first column of each kind, in order of appearance; which kind each column is)."""
    rows, cases = codes.shape
    size = 16
    while size < 2 * cases:
        size *= 2
    table = np.full(size, -1, np.int64)
    first = np.empty(cases, np.int64)
    kind = np.empty(cases, np.int64)
    found = 0
    hashes = np.full(cases, 2166136261, np.int64)
    for r in range(rows):
        row = codes[r]
        for i in range(cases):
            hashes[i] = ((hashes[i] ^ (row[i] + 1)) * 16777619) & 0xFFFFFFFF
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
