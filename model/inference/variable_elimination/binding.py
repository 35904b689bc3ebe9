"""Programs in lane form: constant tables multiplied in, places in memory given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.inference.variable_elimination import load_kernels, simd_kernels, single_kernels
from model.inference.variable_elimination.coded_evidence import CodedEvidence, replaced_in
from model.inference.variable_elimination.columns import (
    CARD,
    DIFFERS,
    FACTOR,
    ROWS,
    SIZE,
    SOURCE,
    Bound,
    Loads,
)
from model.inference.variable_elimination.program import Packed, Program

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """A program in lane form, its constant tables in place: the fields of ``Bound``, by the same names.

    ``memory`` counts the entries and ``mixed`` the weights of a thread's workspace; ``effort`` (variables,) is what a
    finding on each variable costs.
    """

    program: Program
    steps: Ints
    inputs: Ints
    maps: Ints
    weights: Floats
    weight_exponents: Floats
    place: Ints
    constant_at: Ints
    constants: Floats
    constant_exponents: Floats
    narrow: bool
    memory: int
    mixed: int
    effort: Ints

    @property
    def arrays(self) -> tuple[Ints, Ints, Ints, Floats, Floats, Ints, Ints, Floats, Floats, bool]:
        """The fields of ``Bound`` as a plain tuple, which ``run_lanes`` names once inside."""
        return (
            self.steps,
            self.inputs,
            self.maps,
            self.weights,
            self.weight_exponents,
            self.place,
            self.constant_at,
            self.constants,
            self.constant_exponents,
            self.narrow,
        )

    @property
    def bound(self) -> Bound:
        """What the interpreter reads."""
        return Bound(*self.arrays)


def link(packed: Packed, coded: CodedEvidence, program: Program, case: int) -> Linked:
    """Bind a program to the network: all that does not differ between cases is computed, once.

    ``case`` is any of the cases of the batch: what they have in common (states known in all of them, tables replaced
    by one for all) is read from it.
    """
    count, factors = len(packed.cards), program.factors
    states = np.full(count, -1, dtype=np.int64)
    states[coded.variables] = coded.codes[:, case]
    sizes = factors[:, SIZE]
    constant_at = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    original = factors[:, SOURCE] >= 0
    constant_at[original & (factors[:, DIFFERS] == 1)] = -1
    # run the whole program on the constant tables alone (those that differ are left out of the products): what a
    # message is as long as no finding of a case reaches it
    constants, exponents = np.ones(int(sizes.sum())), np.zeros(len(factors))
    replaced, other = replaced_in(coded, count, case)
    base = load_kernels.bases(
        factors, (program.sliced_at, program.sliced, program.slice_strides), packed.table_at, replaced, states
    )
    load_kernels.load_tables(constants, constant_at, factors, program.load_maps, base, packed.values, other)
    single_kernels.run_steps(program.steps, program.inputs, program.maps, constant_at, constants, exponents)
    steps, inputs, maps, weights, weight_exponents = simd_kernels.expand(
        program.steps, program.inputs, program.maps, factors, constant_at, constants, exponents
    )
    place, memory = _placed(factors, steps, inputs)
    return Linked(
        program=program,
        steps=steps,
        inputs=inputs,
        maps=maps,
        weights=weights,
        weight_exponents=weight_exponents,
        place=place,
        constant_at=constant_at,
        constants=constants,
        constant_exponents=exponents,
        narrow=not ((constants > 0.0) & (constants < simd_kernels.NARROW)).any(),
        memory=memory,
        mixed=int((steps[:, CARD] * steps[:, ROWS]).max(initial=1)),
        effort=_effort(factors, steps, inputs, count),
    )


def _placed(factors: Ints, steps: Ints, inputs: Ints) -> tuple[Ints, int]:
    """Where each factor that differs between cases lies in memory (factors,), in entries, and how many there are.

    Loaded ones end to end, results best fit: what a step has read is free for the next.
    """
    place = np.full(len(factors), -1, dtype=np.int64)
    end = 0
    for f in np.flatnonzero((factors[:, DIFFERS] == 1) & (factors[:, SOURCE] >= 0)).tolist():
        place[f] = end
        end += int(factors[f, SIZE])
    free: list[tuple[int, int]] = []
    for _, _, first, count, out, _ in steps.tolist():
        size = int(factors[out, SIZE])
        fits = [gap for gap in free if gap[1] >= size]
        if fits:
            at, room = min(fits, key=lambda gap: (gap[1], gap[0]))
            free.remove((at, room))
            if room > size:
                free.append((at + size, room - size))
        else:
            at, end = end, end + size
        place[out] = at
        read = [int(f) for f in inputs[first : first + count, FACTOR] if factors[f, SOURCE] < 0]
        free = _merged([*free, *((int(place[f]), int(factors[f, SIZE])) for f in read)])
    return place, end


def _merged(gaps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Gaps (place, length) by place, those next to each other joined."""
    joined: list[tuple[int, int]] = []
    for at, room in sorted(gaps):
        if joined and sum(joined[-1]) == at:
            joined[-1] = (joined[-1][0], joined[-1][1] + room)
        else:
            joined.append((at, room))
    return joined


def _effort(factors: Ints, steps: Ints, inputs: Ints, count: int) -> Ints:
    """Multiplications that a finding on each variable sets off (variables,): all steps from its own to the last."""
    above = np.zeros(len(factors), dtype=np.int64)
    effort = np.zeros(count, dtype=np.int64)
    for card, rows, first, many, out, _ in reversed(steps.tolist()):
        for f in inputs[first : first + many, FACTOR].tolist():
            above[f] = above[out] + card * rows
            if factors[f, SOURCE] >= count:
                effort[factors[f, SOURCE] - count] = above[f]
    return effort


def loads_of(packed: Packed, coded: CodedEvidence, linked: Linked) -> tuple[Loads, Floats]:
    """What to fill in for a block (likelihoods, slices by known states, tables given by case), and the likelihoods."""
    program, count = linked.program, len(packed.cards)
    row_of = {int(v): r for r, v in enumerate(coded.variables)}
    likelihoods: list[list[int]] = []
    slices: list[list[int]] = []
    streams: list[list[int]] = []
    known: list[list[int]] = []
    soft: list[Floats] = []
    soft_end = 0
    hard_at, hard, strides = program.sliced_at, program.sliced, program.slice_strides
    # columns as ``columns`` has them
    for f, (source, size, load_at, differs) in enumerate(program.factors.tolist()):
        if source < 0 or not differs:
            continue
        at = int(linked.place[f])
        if source >= count:
            row = row_of[source - count]
            likelihoods.append([f, at, row, size, soft_end])
            soft.append(coded.likelihoods[row].ravel())
            soft_end += coded.likelihoods[row].size
        else:
            first, by = len(known), range(hard_at[f], hard_at[f + 1])
            known.extend([row_of[int(hard[i])], int(strides[i])] for i in by)
            if source in coded.tables:
                rows = coded.tables[source]
                case, entry = (stride // rows.itemsize for stride in rows.strides)
                place = [rows.ctypes.data, case if len(rows) > 1 else 0, entry]
                streams.append([f, at, load_at, size, first, len(known), *place])
            else:
                slices.append([f, at, load_at, size, first, len(known), int(packed.table_at[source])])
    loads = Loads(
        np.array(likelihoods, dtype=np.int64).reshape(-1, 5),
        np.array(slices, dtype=np.int64).reshape(-1, 7),
        np.array(streams, dtype=np.int64).reshape(-1, 9),
        np.array(known, dtype=np.int64).reshape(-1, 2),
        program.load_maps,
    )
    return loads, np.concatenate(soft) if soft else np.empty(0)
