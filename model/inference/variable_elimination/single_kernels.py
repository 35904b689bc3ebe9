"""The interpreter of elimination programs for one case, by runs of entries.

Numbers only. Memory of a case is one flat array, its factors end to end in the order of ``factors``. A step
multiplies its inputs and sums one variable: with result r[j, e] over rows j and the entries e of a run,

    r[j, e] = sum over states x of  product over inputs i of  m[at[i] + map[i][row j] + x * stride[i] + e * inc[i]]

where inc[i] is 1 for an input that runs along with the result and 0 for one that is the same for the whole run.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.variable_elimination.columns import CARD, COUNT, FACTOR, FIRST, INC, MAP_AT, OUT, ROWS, RUN, STRIDE
from model.inference.variable_elimination.compiler import MOST_FACTORS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FAR = -2_000
"""A power of two by which any number becomes 0."""
SMALL = 2.0**-100
LARGE = 2.0**100
"""A table whose largest entry is outside is rescaled by a power of two, which is exact; exponents are added up."""
LN2 = math.log(2.0)
SAFE = -300
"""A total above this power of two shows that nothing that counts was lost: tables hold no more than 1, and what a
product of a step loses is below 2**-1022."""


@kernel
def run_steps(steps: Ints, inputs: Ints, maps: Ints, at: Ints, memory: Floats, exponents: Floats) -> None:
    """Run every step for one case; a factor with ``at`` below zero is left out of the products.

    ``steps`` (steps, 7), ``inputs`` (inputs, 4), ``maps`` (row offsets,); ``at`` (factors,) is where each factor lies
    in ``memory`` (entries,). Writes into ``exponents`` (factors,) the power of two that a factor's entries must still
    be multiplied with.
    """
    exponents[:] = 0.0
    from_ = np.empty(2 * MOST_FACTORS, np.int64)
    stride = np.empty(2 * MOST_FACTORS, np.int64)
    map_at = np.empty(2 * MOST_FACTORS, np.int64)
    # one step eliminates one variable, or multiplies a pair of factors (card 1)
    for s in range(len(steps)):
        card, rows, run, made = steps[s, CARD], steps[s, ROWS], steps[s, RUN], steps[s, OUT]
        out = at[made]
        running, present = list_inputs(steps[s], inputs, at, exponents, (from_, stride, map_at))
        for j in range(rows):
            start = out + j * run
            row = memory[start : start + run]
            row[:] = 0.0
            # sum out: one state of the summed variable after the other is added to the row
            for x in range(card):
                # c: the product of what is constant along the run; nothing to add where it is 0 (a state ruled out)
                c = 1.0
                for i in range(running, present):
                    c *= memory[from_[i] + x * stride[i] + maps[map_at[i] + j]]
                if c == 0.0:
                    continue
                # multiply: c times up to three, or more, inputs entry by entry along the run
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
        exponents[made] += near_one(memory[out : out + rows * run])


@kernel
def list_inputs(
    step: Ints, inputs: Ints, at: Ints, exponents: Floats, listed: tuple[Ints, Ints, Ints]
) -> tuple[int, int]:
    """List the inputs of a step: first those that run along with the result, then those constant along a run.

    ``step`` (7,), other shapes as in ``run_steps``. Writes where each begins in memory, how far apart its states are
    and where its row map begins, (inputs of a step,) each, and adds their exponents to the result's. Returns how many
    run along, and how many there are.
    """
    from_, stride, map_at = listed
    running = 0
    present = 0
    for turn in range(2):
        for i in range(step[FIRST], step[FIRST] + step[COUNT]):
            f = inputs[i, FACTOR]
            exponents[step[OUT]] += exponents[f] * turn
            if inputs[i, INC] == 1 - turn and at[f] >= 0:
                from_[present] = at[f]
                stride[present] = inputs[i, STRIDE]
                map_at[present] = inputs[i, MAP_AT]
                present += 1
                running += 1 - turn
    return running, present


@kernel
def near_one(table: Floats) -> int:
    """Bring the largest entry of ``table`` (entries,) near 1 where it is far from it.

    Returns the power of two that was taken out; dividing by it is exact.
    """
    high = 0.0
    for r in range(len(table)):
        high = max(high, table[r])
    if high == 0.0 or SMALL <= high <= LARGE:
        return 0
    power = math.frexp(high)[1]
    half = power // 2  # in two parts: 2**-power itself may overflow
    for r in range(len(table)):
        table[r] = table[r] * 2.0 ** (-half) * 2.0 ** (half - power)
    return power


@kernel
def wide_steps(steps: Ints, inputs: Ints, maps: Ints, at: Ints, memory: Floats, powers: Ints) -> None:
    """The same for numbers of any size: each entry is ``memory`` times two to the power of its own in ``powers``.

    Shapes as in ``run_steps``, ``powers`` (entries,). What is loaded has powers of zero; of what is made every number
    but 0 is from 0.5 to 1.
    """
    # mantissa and power of every entry loaded: tables come before the first result
    loaded = at[steps[0, OUT]] if len(steps) > 0 else len(memory)
    for e in range(loaded):
        memory[e], powers[e] = math.frexp(memory[e])
    for s in range(len(steps)):
        card, rows, run, out = steps[s, CARD], steps[s, ROWS], steps[s, RUN], at[steps[s, OUT]]
        first, last = steps[s, FIRST], steps[s, FIRST] + steps[s, COUNT]
        for j in range(rows):
            for r in range(run):
                # the sum over states is total * 2**top, top being the largest power met so far
                total, top = 0.0, 0
                for x in range(card):
                    # the product of the inputs: mantissas multiplied, powers added
                    product, power = 1.0, 0
                    for i in range(first, last):
                        p = at[inputs[i, FACTOR]] + x * inputs[i, STRIDE]
                        p += maps[inputs[i, MAP_AT] + j] + r * inputs[i, INC]
                        product *= memory[p]
                        power += powers[p]
                    if product == 0.0:
                        continue
                    if total == 0.0 or power > top:
                        total, top = math.ldexp(total, int(max(top - power, FAR))), power
                    total += math.ldexp(product, int(max(power - top, FAR)))
                total, power = math.frexp(total)
                memory[out + j * run + r] = total
                powers[out + j * run + r] = top + power
