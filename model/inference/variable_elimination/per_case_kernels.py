"""Cases answered alone: one by a program at hand, or each by a program found for it, run and dropped."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.variable_elimination.columns import (
    HARD,
    SIZE,
    SOFT,
    SOURCE,
    STATE,
    TABLE_AT,
    VARIABLE,
    VECTOR_AT,
    Code,
)
from model.inference.variable_elimination.load_kernels import bases, load_tables
from model.inference.variable_elimination.program import compiled
from model.inference.variable_elimination.single_kernels import FAR, LN2, SAFE, run_steps, wide_steps

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
NONE = -(2**62)
"""Less than any power of two that is reached."""


@kernel
def run_one(
    code: tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints],
    table_at: Ints,
    values: Floats,
    findings: Ints,
    soft: Floats,
    swapped: Ints,
    other: Floats,
) -> tuple[Floats, float]:
    """Answer one case: the target's distribution, shape (states,), and log P(evidence).

    ``code`` are the arrays of ``Code``, in a plain tuple since a call takes about ten microseconds (see ``Program``).
    ``table_at`` (variables + 1,) is where each table begins in ``values``. ``findings`` (findings, 3): variable, its
    known state or -1, where its likelihood begins in ``soft`` or -1. ``swapped`` (tables, 2): variable, where its
    replaced table begins in ``other``.
    """
    program = Code(*code)
    steps, inputs, maps, factors = program.steps, program.inputs, program.maps, program.factors
    count = len(table_at) - 1
    # evidence by variable
    states = np.full(count, -1, np.int64)
    soft_at = np.full(count, -1, np.int64)
    replaced = np.full(count, -1, np.int64)
    for i in range(len(findings)):
        states[findings[i, VARIABLE]] = findings[i, STATE]
        soft_at[findings[i, VARIABLE]] = findings[i, VECTOR_AT]
    for i in range(len(swapped)):
        replaced[swapped[i, VARIABLE]] = swapped[i, TABLE_AT]
    # factors lie end to end in memory
    at = np.empty(len(factors), np.int64)
    total = 0
    for f in range(len(factors)):
        at[f] = total
        total += factors[f, SIZE]
    memory = np.empty(total)
    exponents = np.empty(len(factors))
    # absorb hard evidence by slicing, soft evidence as factors of their own
    sliced = (program.sliced_at, program.sliced, program.slice_strides)
    base = bases(factors, sliced, table_at, replaced, states)
    load_tables(memory, at, factors, program.load_maps, base, values, other)
    for f in range(len(factors)):
        if factors[f, SOURCE] >= count:
            for e in range(factors[f, SIZE]):
                memory[at[f] + e] = soft[soft_at[factors[f, SOURCE] - count] + e]
    # eliminate; the last factor is P(target, evidence), its sum P(evidence)
    run_steps(steps, inputs, maps, at, memory, exponents)
    final = len(factors) - 1
    found = memory[at[final] :].copy()
    z = sum_of(found)
    if z > 0.0 and math.frexp(z)[1] + exponents[final] > SAFE:
        divide(found, z)
        return found, math.log(z) + exponents[final] * LN2
    # a total so small may have lost something: once more with a power of two an entry
    powers = np.zeros(total, np.int64)
    wide_steps(steps, inputs, maps, at, memory, powers)
    return total_of(memory[at[final] :], powers[at[final] :])


@kernel
def total_of(table: Floats, powers: Ints) -> tuple[Floats, float]:
    """A table whose entries have powers of two of their own, scaled to sum to 1, and the logarithm of its sum.

    ``table`` and ``powers`` (states,): each entry is table * 2**power. Zeros and -inf where the sum is 0.
    """
    found = np.zeros(len(table))
    top = NONE
    # the largest power of an entry that is not 0; then every entry relative to it
    for s in range(len(table)):
        if table[s] > 0.0:
            top = max(top, powers[s])
    for s in range(len(table)):
        if table[s] > 0.0:
            found[s] = math.ldexp(table[s], int(max(powers[s] - top, FAR)))
    z = sum_of(found)
    if not z > 0.0:
        return found, -np.inf
    divide(found, z)
    return found, math.log(z) + top * LN2


@kernel
def sum_of(row: Floats) -> float:
    """The sum, one after the other. ``row.sum()`` is as much, and loading its kernel imports scipy.linalg: 0.2 s."""
    z = 0.0
    for s in range(len(row)):
        z += row[s]
    return z


@kernel
def divide(row: Floats, z: float) -> None:
    """Divide each number of a row in place."""
    for s in range(len(row)):
        row[s] /= z


@kernel
def run_each(
    network: tuple[Ints, tuple[Ints, Ints, Ints, Ints], Ints, Floats],
    question: tuple[int, bool, float],
    picks: Ints,
    to: Ints,
    evidence: tuple[Codes, Ints, Floats, Ints],
    result: Floats,
    logs: Floats,
) -> None:
    """Find a program for each case picked, and run it: for cases that have little in common.

    ``network`` holds cards, links, tables' places and values; ``question`` the target, whether P(evidence) is asked,
    and the most entries a program may have, beyond which a case is marked by NaN. ``evidence`` holds the codes (rows,
    cases), the variable of each row, likelihoods end to end and where those of each row begin. The answer of
    ``picks[i]`` goes to row ``to[i]`` of ``result`` (cases, states) and ``logs`` (cases,).
    """
    cards, links, table_at, values = network
    target, with_p_evidence, limit = question
    codes, variables, soft, soft_at = evidence
    none = np.empty((0, 2), np.int64)
    other = np.empty(0)
    findings = np.empty((len(variables), 3), np.int64)
    for n in range(len(picks)):
        role = np.zeros(len(cards), np.int64)
        vectors = np.empty(cards[variables].sum())
        count = 0
        length = 0
        # what the case says: a known state is sliced away unless it is the target's, all else is a likelihood
        for r in range(len(variables)):
            code, v, card = codes[r, picks[n]], variables[r], cards[variables[r]]
            if code < 0:
                continue
            hard = code < card and v != target
            role[v] = HARD if hard else SOFT
            findings[count, VARIABLE] = v
            findings[count, STATE] = code if hard else -1
            findings[count, VECTOR_AT] = -1 if hard else length
            count += 1
            if not hard:
                for s in range(card):
                    at = soft_at[r] + (code - card) * card + s
                    vectors[length] = soft[at] if code >= card else 1.0 if s == code else 0.0
                    length += 1
        # a program for this case alone
        cost, program, _ = compiled(target, with_p_evidence, True, role, cards, links, 0, limit)
        if cost > limit:
            logs[to[n]] = np.nan
            continue
        row, log = run_one(program, table_at, values, findings[:count], vectors, none, other)
        result[to[n]] = row
        logs[to[n]] = log
