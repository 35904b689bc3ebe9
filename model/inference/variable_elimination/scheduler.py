"""Answers a batch in groups of cases, each in the way that is cheapest for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from model.errors import NetworkTooLarge
from model.inference.junction_tree.triangulation import CELL_LIMIT
from model.inference.lru import ByteLRU
from model.inference.simd import LANES
from model.inference.variable_elimination import case_groups, per_case_kernels, simd_kernels
from model.inference.variable_elimination import program as programs
from model.inference.variable_elimination.binding import Linked, link, loads_of
from model.inference.variable_elimination.coded_evidence import (
    CodedEvidence,
    findings_of,
    patterns,
    role_of,
    swapped_in,
)
from model.inference.variable_elimination.columns import HARD, LANED, SOFT
from model.inference.variable_elimination.program import Packed, Program
from model.inference.variable_elimination.threads import Workers
from model.network import Network, Table
from model.resources.deadline import STEP, checkpoint

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
PROGRAMS = 32_000_000
"""Bytes of programs kept, the least recently used dropped first; as much again in lane form."""
MEMORY = 64_000_000
"""Bytes that LANES cases side by side may take in a thread; beyond, they are answered one by one."""
ENOUGH = LANES // 2
"""So many cases that speak of the same variables are worth a program of their own."""
UNION_CELLS = 200_000
"""Above this a program shared by cases that speak of different variables costs more than one each."""
PARTS = 16
PART = 16 * LANES
WORTH_PARTS = 20_000
"""Cases that speak of different variables are cut into at most so many parts, of at least so many cases, each with
a program of its own, where one program for all would cost so much."""
EACH = 64
"""Cases with programs of their own that one thread takes at a time."""
CHUNK = 64 * LANES
"""Cases one thread takes at a time."""
THREADS_FROM = 4_000_000
"""Findings, and multiplications, from which a second thread pays."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A network ready for programs: packed once, its programs kept as they are made. ``cards`` counts states.

    Networks laid over one another share what they keep programs in, each under its own ``number``: together they stay
    within the bound of one.
    """

    network: Network
    packed: Packed
    cards: tuple[int, ...]
    programs: ByteLRU[Program] = field(default_factory=lambda: ByteLRU(PROGRAMS))
    linked: ByteLRU[Linked] = field(default_factory=lambda: ByteLRU(PROGRAMS))
    workers: Workers = field(default_factory=Workers)
    number: int = field(default_factory=count().__next__)


def prepare(network: Network, *, over: Prepared | None = None) -> Prepared:
    """Make a network ready for questions about a few targets, beside the one that it is laid ``over``."""
    packed, cards = programs.pack(network), network.cards(network.names)
    if over is None:
        return Prepared(network, packed, cards)
    return Prepared(network, packed, cards, over.programs, over.linked, over.workers)


def program_for(prepared: Prepared, target: int, role: Ints, *, with_p_evidence: bool, single_case: bool) -> Program:
    """The program for a target and a question's shape, ``role`` (variables,); made once and kept."""
    key = (prepared.number, target, with_p_evidence, single_case, role.astype(np.int8).tobytes())
    return prepared.programs.get(
        key,
        lambda: programs.program(
            prepared.packed, target, role, with_p_evidence=with_p_evidence, single_case=single_case
        ),
    )


def answered(prepared: Prepared, coded: CodedEvidence, target: int, *, with_p_evidence: bool) -> tuple[Table, Floats]:
    """Distribution of the target, shape (cases, states), and log P(evidence), shape (cases,)."""
    states = int(prepared.packed.cards[target]) if target >= 0 else 1
    first, which = case_groups.distinct(coded.codes) if coded.repeatable and coded.cases > 1 else (None, None)
    if first is not None and len(first) < coded.cases:
        rows, logs = np.empty((len(first), states)), np.empty(len(first))
        _fill(prepared, coded, target, first, (rows, logs), with_p_evidence=with_p_evidence)
        return rows[which], logs[which] + coded.scale
    rows, logs = np.empty((coded.cases, states)), np.empty(coded.cases)
    _fill(prepared, coded, target, np.arange(coded.cases), (rows, logs), with_p_evidence=with_p_evidence)
    return rows, logs + coded.scale


def alike(prepared: Prepared, coded: CodedEvidence, target: int, *, with_p_evidence: bool) -> tuple[Table, Floats]:
    """The same for cases that are known to speak of the same variables, such as draws under one case of evidence."""
    cases = np.arange(coded.cases)
    rows, logs = (
        np.empty((coded.cases, int(prepared.packed.cards[target]) if target >= 0 else 1)),
        np.empty(coded.cases),
    )
    if coded.cases < ENOUGH:
        _one_by_one(prepared, coded, target, cases, (rows, logs), cases, with_p_evidence=with_p_evidence)
    else:
        _group(prepared, coded, (target, with_p_evidence), cases, (rows, logs), cases)
    return rows, logs + coded.scale


def _fill(
    prepared: Prepared,
    coded: CodedEvidence,
    target: int,
    cases: Ints,
    found: tuple[Table, Floats],
    *,
    with_p_evidence: bool,
) -> None:
    """Answer some cases, in groups that speak of the same variables and one of what is left."""
    if len(cases) == 1:
        _one_by_one(prepared, coded, target, cases, found, np.arange(1), with_p_evidence=with_p_evidence)
        return
    codes = coded.codes if len(cases) == coded.cases else np.take(coded.codes, cases, axis=1)
    kinds, _, pattern = patterns(prepared.packed, coded, codes)
    often = np.bincount(pattern)
    for which in np.flatnonzero(often >= ENOUGH):
        group = np.flatnonzero(pattern == which)
        _group(prepared, coded, (target, with_p_evidence), cases[group], found, group)
    left = np.flatnonzero(often[pattern] < ENOUGH)
    if not len(left):
        return
    for part in _parts(prepared, coded, (target, with_p_evidence), kinds, cases, left):
        _different(prepared, coded, (target, with_p_evidence), kinds, cases, found, part)


def _different(
    prepared: Prepared,
    coded: CodedEvidence,
    question: tuple[int, bool],
    kinds: NDArray[np.int8],
    cases: Ints,
    found: tuple[Table, Floats],
    part: Ints,
) -> None:
    """Answer cases that speak of different variables: together where that is cheaper, or each by its own program."""
    target, with_p_evidence = question
    role = _union(prepared, coded, question, kinds, cases, part)
    if len(part) >= ENOUGH and _shared(prepared, target, role, with_p_evidence=with_p_evidence):
        _side_by_side(prepared, coded, (target, role, with_p_evidence), cases[part], found, part, union=True)
    elif coded.tables or len(part) < ENOUGH:
        _one_by_one(prepared, coded, target, cases[part], found, part, with_p_evidence=with_p_evidence)
    else:
        _each(prepared, coded, question, cases[part], found, part)


def _union(
    prepared: Prepared,
    coded: CodedEvidence,
    question: tuple[int, bool],
    kinds: NDArray[np.int8],
    cases: Ints,
    part: Ints,
) -> Ints:
    """The shape of a question that speaks of whatever any of these cases speaks of."""
    spoken = case_groups.spoken_of(kinds, part)
    return role_of(
        prepared.packed, coded, coded.codes[:, cases[part[:1]]], question[0], single_case=False, union=spoken
    )


def _parts(
    prepared: Prepared,
    coded: CodedEvidence,
    question: tuple[int, bool],
    kinds: NDArray[np.int8],
    cases: Ints,
    left: Ints,
) -> list[Ints]:
    """Cut cases so that those with many ancestors do not make a large program for the others.

    In the order of the finding that draws in the most tables: what later parts speak of draws in ever fewer.
    """
    target, with_p_evidence = question
    size = max(-(-len(left) // PARTS), PART)
    if len(left) <= size:
        return [left]
    try:
        role = _union(prepared, coded, question, kinds, cases, left)
        if program_for(prepared, target, role, with_p_evidence=with_p_evidence, single_case=False).cells < WORTH_PARTS:
            return [left]
    except NetworkTooLarge:
        pass
    always = np.all(kinds[:, left] > 0, axis=1).tolist()
    drawn_in = [
        0
        if coded.is_intervention[r] or always[r]
        else _tables_read(prepared.packed, v, target, with_p_evidence=with_p_evidence)
        for r, v in enumerate(coded.variables.tolist())
    ]
    ranked = np.argsort(-np.array(drawn_in, dtype=np.int64), kind="stable")
    ordered = left[case_groups.by_effort(cases[left], coded.codes, ranked)]
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def _tables_read(packed: Packed, v: int, target: int, *, with_p_evidence: bool) -> int:
    """How many tables count when one variable is known."""
    role = np.zeros(len(packed.cards), dtype=np.int64)
    role[v] = SOFT
    return int(programs.needed(packed, target, role, with_p_evidence=with_p_evidence).sum())


def _group(
    prepared: Prepared,
    coded: CodedEvidence,
    question: tuple[int, bool],
    cases: Ints,
    found: tuple[Table, Floats],
    to: Ints,
) -> None:
    """Answer cases that speak of the same variables."""
    target, with_p_evidence = question
    role = role_of(prepared.packed, coded, np.take(coded.codes, cases, axis=1), target, single_case=False)
    if fits(program_for(prepared, target, role, with_p_evidence=with_p_evidence, single_case=False)):
        _side_by_side(prepared, coded, (target, role, with_p_evidence), cases, found, to)
    else:
        _one_by_one(prepared, coded, target, cases, found, to, with_p_evidence=with_p_evidence)


def fits(program: Program) -> bool:
    """Whether LANES cases side by side stay within MEMORY."""
    return program.entries * LANES * 8 <= MEMORY


def _shared(prepared: Prepared, target: int, role: Ints, *, with_p_evidence: bool) -> bool:
    """Whether one program for cases that speak of different variables costs less than one each."""
    try:
        program = program_for(prepared, target, role, with_p_evidence=with_p_evidence, single_case=False)
    except NetworkTooLarge:
        return False
    return program.cells <= UNION_CELLS and fits(program)


def _each(
    prepared: Prepared,
    coded: CodedEvidence,
    question: tuple[int, bool],
    cases: Ints,
    found: tuple[Table, Floats],
    to: Ints,
) -> None:
    """Answer cases that have little in common, each by a program that is found, run and dropped."""
    packed = prepared.packed
    soft = np.concatenate([*(vectors.ravel() for vectors in coded.likelihoods), np.empty(0)])
    soft_at = np.cumsum([0, *(vectors.size for vectors in coded.likelihoods)])

    def run(start: int) -> None:
        per_case_kernels.run_each(
            (packed.cards, packed.links, packed.table_at, packed.values),
            (*question, float(CELL_LIMIT)),
            cases[start : start + EACH],
            to[start : start + EACH],
            (coded.codes, coded.variables, soft, soft_at),
            *found,
        )

    prepared.workers.each(run, range(0, len(cases), EACH))
    refused = cases[np.isnan(found[1][to])]
    if len(refused):
        _one_by_one(prepared, coded, question[0], refused[:1], found, to[:1], with_p_evidence=question[1])


def _one_by_one(
    prepared: Prepared,
    coded: CodedEvidence,
    target: int,
    cases: Ints,
    found: tuple[Table, Floats],
    to: Ints,
    *,
    with_p_evidence: bool,
) -> None:
    """Answer cases one at a time, each by the program of what it speaks of."""
    packed = prepared.packed
    rows, logs = found
    variables = coded.variables.tolist()
    for case, i in zip(cases.tolist(), to.tolist(), strict=True):
        checkpoint()
        role = role_of(packed, coded, coded.codes[:, case : case + 1], target)
        program = program_for(prepared, target, role, with_p_evidence=with_p_evidence, single_case=True)
        findings, vectors = findings_of(coded, variables, coded.codes[:, case].tolist(), role)
        swapped, other = swapped_in(coded, case)
        rows[i], logs[i] = per_case_kernels.run_one(
            program.code, packed.table_at, packed.values, findings, vectors, swapped, other
        )


def _side_by_side(
    prepared: Prepared,
    coded: CodedEvidence,
    question: tuple[int, Ints, bool],
    cases: Ints,
    found: tuple[Table, Floats],
    to: Ints,
    *,
    union: bool = False,
) -> None:
    """Answer cases that share a program, LANES at a time, in as many threads as pay.

    Cases whose numbers are too far apart for that are answered one by one.
    """
    target, role, with_p_evidence = question
    program = program_for(prepared, target, role, with_p_evidence=with_p_evidence, single_case=False)
    linked = _linked(prepared, coded, program, int(cases[0]))
    if union:
        ranked = np.argsort(-linked.effort[coded.variables], kind="stable")
        order = case_groups.by_effort(cases, coded.codes, ranked)
        cases, to = cases[order], to[order]
    loads, soft = loads_of(prepared.packed, coded, linked)
    arrays, loading = linked.arrays, (loads.likelihoods, loads.slices, loads.streams, loads.known, loads.load_maps)
    shared = -(-len(cases) // (LANES * prepared.workers.count)) * LANES
    size = min(CHUNK, shared) if program.cells * len(cases) > THREADS_FROM else len(cases)
    size = min(size, max(LANES, STEP // max(1, program.cells) // LANES * LANES))

    marked: list[int] = []

    def run(start: int) -> None:
        picks = cases[start : start + size]
        left = simd_kernels.run_lanes(
            picks,
            to[start : start + size],
            arrays,
            loading,
            (prepared.packed.values, coded.codes, soft),
            (np.empty(linked.memory * LANES), np.empty(linked.mixed)),
            found[0],
            found[1],
        )
        marked.append(left)

    prepared.workers.each(run, range(0, len(cases), size))
    if any(marked):
        wide = np.isnan(found[1][to])
        _one_by_one(prepared, coded, target, cases[wide], found, to[wide], with_p_evidence=with_p_evidence)


def _linked(prepared: Prepared, coded: CodedEvidence, program: Program, case: int) -> Linked:
    """The program with its constant tables in place; kept, since sweeps repeat it."""
    known = tuple(
        int(coded.codes[r, case]) if program.role[v] & (HARD | LANED) == HARD else -1
        for r, v in enumerate(coded.variables.tolist())
    )
    if any(len(rows) == 1 for rows in coded.tables.values()):
        return link(prepared.packed, coded, program, case)
    return prepared.linked.get(
        (program, tuple(coded.variables.tolist()), known), lambda: link(prepared.packed, coded, program, case)
    )
