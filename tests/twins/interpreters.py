"""The interpreters of ``single_kernels`` and ``simd_kernels`` in a few lines of numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.simd import LANES
from model.inference.variable_elimination.columns import COUNT, FACTOR, FIRST, INC, MAP_AT, STRIDE, Bound, Workspace

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def run_steps(steps: Ints, inputs: Ints, maps: Ints, at: Ints, memory: Floats, exponents: Floats) -> None:
    """One case: each step is a product over (rows, states summed, run), summed over its middle axis."""
    exponents[:] = 0.0
    for card, rows, first, count, out, run, _ in steps.tolist():
        product = np.ones((rows, card, run))
        for f, stride, map_at, inc in inputs[first : first + count].tolist():
            exponents[out] += exponents[f]
            if at[f] >= 0:
                row = maps[map_at : map_at + rows, None, None] + stride * np.arange(card)[:, None]
                product = product * memory[at[f] + row + inc * np.arange(run)]
        table = product.sum(axis=1).ravel()
        power = int(np.frexp(table.max())[1])
        if abs(power) > 100:
            table = np.ldexp(table, -power)
            exponents[out] += power
        memory[at[out] : at[out] + rows * run] = table


def list_inputs(step: Ints, inputs: Ints, at: Ints) -> tuple[Ints, int]:
    """Rows (place, stride, map) of a step's inputs that are there, and how many of them, the first, run along."""
    own = inputs[step[FIRST] : step[FIRST] + step[COUNT]]
    there = own[at[own[:, FACTOR]] >= 0]
    order = np.argsort(-there[:, INC], kind="stable")
    rows = np.stack([at[there[:, FACTOR]], there[:, STRIDE], there[:, MAP_AT]], axis=1)
    return rows[order], int(there[:, INC].sum())


def wide_steps(steps: Ints, inputs: Ints, maps: Ints, at: Ints, memory: Floats, powers: Ints) -> None:
    """One case, a power of two for each entry: sums are taken relative to the largest power in each."""
    memory[:], powers[:] = np.frexp(memory)
    for card, rows, first, count, out, run, _ in steps.tolist():
        product, power = np.ones((rows, card, run)), np.zeros((rows, card, run), dtype=np.int64)
        for f, stride, map_at, inc in inputs[first : first + count].tolist():
            row = maps[map_at : map_at + rows, None, None] + stride * np.arange(card)[:, None]
            entries = at[f] + row + inc * np.arange(run)
            product, power = product * memory[entries], power + powers[entries]
        top = np.where(product > 0, power, power.min()).max(axis=1)
        total, more = np.frexp(np.ldexp(product, np.maximum(power - top[:, None], -2_000)).sum(axis=1))
        made = slice(at[out], at[out] + rows * run)
        memory[made], powers[made] = total.ravel(), (top + more).ravel()


def lane_steps(bound: Bound, work: Workspace, careful: bool) -> float:
    """LANES cases: each step is a product over (entries, states summed, lanes), summed over its middle axis."""
    live, weights, place, maps = work.live, bound.weights, bound.place, bound.maps
    constant_at, constants, constant_exponents = bound.constant_at, bound.constants, bound.constant_exponents
    fixed = 0.0
    lanes = work.memory.reshape(-1, LANES)
    for s, (card, rows, first, count, out, w) in enumerate(bound.steps.tolist()):
        read = [part for part in bound.inputs[first : first + count].tolist() if live[part[0]]]
        live[out] = 2 if any(live[f] == 2 for f, _, _ in read) else 1
        if live[out] == 1:
            continue
        fixed += bound.weight_exponents[s]
        product = np.repeat(weights[w : w + rows * card].reshape(rows, card, 1), LANES, axis=2)
        for f, stride, map_at in read:
            at = maps[map_at : map_at + rows, None] + stride * np.arange(card)
            product = product * (lanes[place[f] + at] if live[f] == 2 else constants[constant_at[f] + at][..., None])
            fixed += constant_exponents[f] if live[f] == 1 else 0.0
        table = product.sum(axis=1)
        powers = np.where(table.max(axis=0) > 0, np.frexp(table.max(axis=0))[1], 0) if careful else np.zeros(LANES, int)
        work.exponents[:] += powers
        table = np.ldexp(table, -powers)
        work.wide[:] |= ((table > 0) & (table < 2.0**-160)).any(axis=0) & careful
        lanes[place[out] : place[out] + rows] = table
    return fixed + (constant_exponents[-1] if live[-1] == 1 else 0.0)
