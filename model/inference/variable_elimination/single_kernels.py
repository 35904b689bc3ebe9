"""The interpreter of elimination programs for one case, by runs of entries.

Numbers only. Memory of a case is one flat array, its factors end to end in the order of ``factors``. A step
multiplies its inputs and sums one variable; a row of its result reads input i from ``at[i] + map[row]``,
``stride[i]`` further for each state summed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import COMPILED, kernel
from model.inference.variable_elimination import numpy_interpreter
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

    Writes into ``exponents``, per factor, the power of two that its entries must still be multiplied with.
    """
    exponents[:] = 0.0
    from_ = np.empty(2 * MOST_FACTORS, np.int64)
    stride = np.empty(2 * MOST_FACTORS, np.int64)
    map_at = np.empty(2 * MOST_FACTORS, np.int64)
    for s in range(len(steps)):
        card, rows, run, made = steps[s, 0], steps[s, 1], steps[s, 2], steps[s, 5]
        out = at[made]
        # inputs that run along with the result first, then those constant along a run
        running = 0
        present = 0
        for turn in range(2):
            for i in range(steps[s, 3], steps[s, 3] + steps[s, 4]):
                f = inputs[i, 0]
                exponents[made] += exponents[f] * turn
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
        exponents[made] += near_one(memory[out : out + rows * run])


@kernel
def near_one(table: Floats) -> int:
    """Bring the largest entry near 1 where it is far from it; returns the power of two that was taken out."""
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

    What is loaded has powers of zero; of what is made every number but 0 is from 0.5 to 1.
    """
    loaded = at[steps[0, 5]] if len(steps) > 0 else len(memory)
    for e in range(loaded):
        memory[e], powers[e] = math.frexp(memory[e])
    for s in range(len(steps)):
        card, rows, run, out = steps[s, 0], steps[s, 1], steps[s, 2], at[steps[s, 5]]
        first, last = steps[s, 3], steps[s, 3] + steps[s, 4]
        for j in range(rows):
            for r in range(run):
                total, top = 0.0, 0
                for x in range(card):
                    product, power = 1.0, 0
                    for i in range(first, last):
                        p = at[inputs[i, 0]] + x * inputs[i, 1] + maps[inputs[i, 2] + j] + r * inputs[i, 3]
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


if not COMPILED:
    run_steps = numpy_interpreter.run_steps
    wide_steps = numpy_interpreter.wide_steps
