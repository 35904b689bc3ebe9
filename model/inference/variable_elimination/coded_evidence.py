"""Evidence as small integers: what every case says of which variable, and the shape of question it makes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.errors import BadQuestion
from model.inference.variable_elimination import case_groups
from model.inference.variable_elimination.columns import CUT, HARD, LANED, SOFT
from model.inference.variable_elimination.program import Packed
from model.inference.variable_elimination.threads import Workers
from model.network import Network, Table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
NO_TABLES = (np.empty((0, 2), dtype=np.int64), np.empty(0))
MANY_CODES = 100_000
FEW_VECTORS = 8
"""Different likelihoods of a variable that are looked for one by one: each takes a tenth of the time of sorting all."""


@dataclass(frozen=True, slots=True, eq=False)
class CodedEvidence:
    """Evidence as small integers.

    ``codes`` (rows, cases): -1 nothing, s the state that is known, card + k the k-th of the variable's likelihoods.
    Row r speaks of variable ``variables[r]``, as an intervention if ``is_intervention[r]``; ``likelihoods[r]`` is
    (likelihoods, states). ``tables[v]`` (cases or 1, entries) replaces v's table; for v in ``cut`` it is one
    distribution for all parents. ``scale`` (cases,) is the logarithm by which likelihoods were scaled.
    """

    cases: int
    codes: Codes
    variables: Ints
    is_intervention: NDArray[np.bool_]
    likelihoods: tuple[Table, ...]
    tables: Mapping[int, Table]
    cut: frozenset[int]
    scale: Floats

    @property
    def repeatable(self) -> bool:
        """Whether the codes say everything, so that equal codes are equal cases."""
        return not self.varying

    @property
    def varying(self) -> tuple[int, ...]:
        """Variables whose replaced tables differ between cases other than by the codes."""
        named = {
            int(v) for v, is_intervention in zip(self.variables, self.is_intervention, strict=True) if is_intervention
        }
        return tuple(v for v, rows in self.tables.items() if len(rows) > 1 and v not in named)


def code_evidence(
    network: Network, workers: Workers, cases: int, likelihood: Mapping[str, Table], replaced: Mapping[str, Table]
) -> CodedEvidence:
    """Evidence in small integers; what says nothing is left out."""
    check(network, cases, likelihood, replaced)
    codes = np.empty((len(likelihood) + len(replaced), cases), dtype=np.int32)
    variables: list[int] = []
    is_intervention: list[bool] = []
    likelihoods: list[Table] = []
    scale = np.zeros(cases)
    counts = write_codes(workers, list(likelihood.values()), codes)
    for r, (name, rows) in enumerate(likelihood.items()):
        codes[len(variables)], (others, spoken) = codes[r], counts[r]
        code = codes[len(variables)]
        vectors = np.empty((0, rows.shape[1]))
        if others:
            vectors = _vectors(rows, code, scale)
        if spoken:
            variables.append(network.position[name])
            is_intervention.append(False)
            likelihoods.append(vectors)
    tables: dict[int, Table] = {}
    cut = set()
    for name, given in replaced.items():
        v, rows = network.position[name], np.asarray(given)
        if any(rows.strides[1:-1]) and math.prod(rows.shape[1:-1]) > 1:
            tables[v] = in_rows(rows)
            continue
        chances = in_rows(rows.reshape(len(rows), -1, rows.shape[-1])[:, 0])
        tables[v] = chances
        cut.add(v)
        if not (chances[:1] == 1.0).any():
            continue
        code = np.empty(len(chances), dtype=np.int32)
        ((others, spoken),) = write_codes(workers, [chances], code[None])
        if not others and spoken == len(code) and v not in variables:
            codes[len(variables)] = code
            variables.append(v)
            is_intervention.append(True)
            likelihoods.append(np.empty((0, chances.shape[1])))
    return CodedEvidence(
        cases,
        codes[: len(variables)],
        np.array(variables, dtype=np.int64),
        np.array(is_intervention, dtype=np.bool_),
        tuple(likelihoods),
        MappingProxyType(tables),
        frozenset(cut),
        scale,
    )


def under_draws(known: CodedEvidence, network: Network, draws: int, drawn: Mapping[str, Table]) -> CodedEvidence:
    """The same single case said under every draw of some tables; what an intervention replaced stays replaced."""
    check(network, draws, {}, drawn)
    tables = {network.position[name]: in_rows(rows) for name, rows in drawn.items()}
    return replace(
        known,
        cases=draws,
        codes=np.repeat(known.codes, draws, axis=1),
        tables=MappingProxyType({**tables, **known.tables}),
        scale=np.repeat(known.scale, draws),
    )


def in_rows(tables: Table) -> Table:
    """Tables by case as rows (cases, entries): a view where cases or entries are next to each other, as draws are."""
    tables = np.asarray(tables, dtype=np.float64)
    cases_last = np.moveaxis(tables, 0, -1)
    if cases_last.flags.c_contiguous:
        return cases_last.reshape(-1, len(tables)).T
    return np.ascontiguousarray(tables).reshape(len(tables), -1)


def check(network: Network, cases: int, likelihood: Mapping[str, Table], tables: Mapping[str, Table]) -> None:
    """Refuse arrays of the wrong shape: kernels do not look."""
    for name, rows in likelihood.items():
        shape: tuple[int, ...] = (cases, len(network[name].states))
        if rows.shape != shape:
            raise BadQuestion(f"the likelihood of {name} has shape {rows.shape}, not {shape}", where=("evidence", name))
    for name, rows in tables.items():
        shape = network.tables[name].shape
        if rows.shape[1:] != shape or len(rows) not in (1, cases):
            raise BadQuestion(
                f"the table of {name} has shape {rows.shape}, not ({cases} or 1, {', '.join(map(str, shape))})",
                where=("tables", name),
            )


def write_codes(workers: Workers, likelihoods: Sequence[Table], codes: Codes) -> list[tuple[int, int]]:
    """Write the code of every likelihood vector, (variables, cases); returns the counts of ``codes_of_all``."""
    kept = [locked(rows) for rows in likelihoods]
    tables = np.array([(rows.ctypes.data, rows.shape[1]) for rows in kept], dtype=np.int64).reshape(-1, 2)
    cases = codes.shape[1]
    step = cases if codes.size < MANY_CODES else -(-cases // workers.count)
    starts = range(0, cases, max(step, 1))
    counts = np.zeros((len(starts), len(kept), 2), dtype=np.int64)
    workers.each(lambda i: case_groups.codes_of_all(tables, codes, starts[i], step, counts[i]), range(len(starts)))
    return [(others, spoken) for others, spoken in counts.sum(axis=0).tolist()]


def locked(rows: Table) -> Table:
    """The same numbers, contiguous and read-only: kernels are compiled for one kind of array."""
    view = np.ascontiguousarray(rows, dtype=np.float64).view()
    view.setflags(write=False)
    return view


def _vectors(rows: Table, code: Codes, scale: Floats) -> Table:
    """The different likelihood vectors, scaled by powers of two; writes which of them each case has, and the scale."""
    which = np.flatnonzero(code == -2)
    powers = np.frexp(rows[which].max(axis=1))[1]
    scale[which] += powers * math.log(2.0)
    vectors, kinds = _different(np.ldexp(rows[which], -powers[:, None]))
    code[which] = rows.shape[1] + kinds
    return vectors


def _different(rows: Table) -> tuple[Table, Ints]:
    """The different rows in ascending order, and which of them each row is: ``numpy.unique``, without sorting all.

    Where they are few, as in a batch under one scenario, each is looked for by itself; one is all there is of one case.

    >>> _different(np.array([[1.0, 0.5], [0.25, 1.0], [1.0, 0.5]]))
    (array([[0.25, 1.  ],
           [1.  , 0.5 ]]), array([1, 0, 1]))
    """
    if len(rows) == 1:
        return rows, np.zeros(1, dtype=np.int64)
    kinds, left, found = np.empty(len(rows), dtype=np.int64), np.arange(len(rows)), list[Table]()
    while len(left) and len(found) < FEW_VECTORS:
        first = rows[left[0]]
        alike = (rows[left] == first).all(axis=1)
        kinds[left[alike]] = len(found)
        found.append(first)
        left = left[~alike]
    if len(left):
        vectors, which = np.unique(rows, axis=0, return_inverse=True)
        return vectors, which.ravel()
    vectors, order = np.unique(np.array(found).reshape(len(found), -1), axis=0, return_inverse=True)
    return vectors, order.ravel()[kinds]


def patterns(packed: Packed, coded: CodedEvidence, codes: Codes) -> tuple[NDArray[np.int8], Ints, Ints]:
    """Cases by which variables they speak of and how: (kinds, first case of each pattern, pattern of each case)."""
    kinds = case_groups.kinds_of(codes, packed.cards[coded.variables])
    if case_groups.alike(kinds):
        return kinds, np.zeros(1, dtype=np.int64), np.zeros(kinds.shape[1], dtype=np.int64)
    return kinds, *case_groups.distinct(kinds)


def role_of(
    packed: Packed,
    coded: CodedEvidence,
    codes: Codes,
    target: int,
    *,
    single_case: bool = True,
    union: NDArray[np.bool_] | None = None,
) -> Ints:
    """The question's shape, one set of bits a variable.

    ``codes`` (rows, cases) speak of the same variables; ``union`` says which rows to take as likelihoods instead.
    """
    role = np.zeros(len(packed.cards), dtype=np.int64)
    for v in coded.cut:
        role[v] |= CUT
    for r, v in enumerate(coded.variables.tolist()):
        code = codes[r]
        if coded.is_intervention[r]:
            if v != target:
                role[v] |= HARD | (LANED if not single_case and (union is not None or (code != code[0]).any()) else 0)
        elif union is not None:
            role[v] |= SOFT if union[r] else 0
        elif code[0] >= 0:
            hard = code[0] < packed.cards[v] and v != target and not role[v] & CUT
            role[v] |= (HARD | (LANED if not single_case and (code != code[0]).any() else 0)) if hard else SOFT
    if not single_case:
        for v, rows in coded.tables.items():
            if len(rows) > 1 and not (v in coded.cut and role[v] & HARD):
                role[v] |= LANED
    return role


def findings_of(
    coded: CodedEvidence, variables: Sequence[int], codes: Sequence[int], role: Ints
) -> tuple[Ints, Floats]:
    """What one case says: (variable, known state or -1, place of its likelihood or -1), and likelihoods end to end."""
    findings = []
    vectors: list[float] = []
    for r, (v, code) in enumerate(zip(variables, codes, strict=True)):
        if code >= 0 and role[v] & SOFT:
            findings.append((v, -1, len(vectors)))
            card = coded.likelihoods[r].shape[1]
            vectors.extend(
                coded.likelihoods[r][code - card] if code >= card else [float(s == code) for s in range(card)]
            )
        elif code >= 0:
            findings.append((v, code, -1))
    return np.array(findings, dtype=np.int64).reshape(-1, 3), np.array(vectors, dtype=np.float64)


def swapped_in(coded: CodedEvidence, case: int) -> tuple[Ints, Floats]:
    """Replaced tables of one case: (variable, place), and the tables end to end."""
    if not coded.tables:
        return NO_TABLES
    places = np.cumsum([0, *(rows.shape[1] for rows in coded.tables.values())])
    tables = np.concatenate([rows[case if len(rows) > 1 else 0] for rows in coded.tables.values()])
    return np.array(list(zip(coded.tables, places, strict=False)), dtype=np.int64), tables


def replaced_in(coded: CodedEvidence, count: int, case: int) -> tuple[Ints, Floats]:
    """Replaced tables of one case end to end, and where each begins (-1: not replaced)."""
    at = np.full(count, -1, dtype=np.int64)
    if not coded.tables:
        return at, np.empty(0)
    length = 0
    for v, rows in coded.tables.items():
        at[v] = length
        length += rows.shape[1]
    return at, np.concatenate([rows[case if len(rows) > 1 else 0] for rows in coded.tables.values()])
