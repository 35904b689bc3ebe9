"""What the lane executor does, case by case, in numpy: tables with axes, and the joint summed by einsum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tests.twins import programs
from tests.twins.programs import Parents, Scope

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Answer = tuple[Floats, float]


def bases(shape: Sequence[int], index: Sequence[int]) -> int:
    """Where an entry lies in a table that is held end to end."""
    return int(np.ravel_multi_index(tuple(index), tuple(shape))) if len(shape) else 0


def load_tables(table: Floats, family: Scope, known: Mapping[int, int], scope: Scope) -> Floats:
    """A table sliced by known states, its axes in the order of ``scope``."""
    left = [v for v in family if v not in known]
    sliced = table[tuple(known.get(v, slice(None)) for v in family)]
    return sliced.transpose([left.index(v) for v in scope])


def load_lanes(by_case: Iterable[Floats], lanes: int) -> Floats:
    """One array a case as columns (entries, lanes); lanes beyond repeat the last."""
    columns = np.stack([table.ravel() for table in by_case], axis=1)
    return columns[:, np.minimum(np.arange(lanes), columns.shape[1] - 1)]


def codes_of_all(rows: Floats) -> tuple[Ints, tuple[int, int]]:
    """What each likelihood says (-1 nothing, a state, -2 else), how many say something else, and anything at all."""
    found = np.full(len(rows), -2)
    for state, alone in enumerate(np.eye(rows.shape[1])):
        found[(rows == alone).all(axis=1)] = state
    found[(rows == 1).all(axis=1)] = -1
    return found, (int((found == -2).sum()), int((found != -1).sum()))


def by_effort(codes: Ints, ranked: Sequence[int]) -> list[int]:
    """Cases sorted by which rows are the first three of those ranked that say something."""
    spoken = [[r for r, row in enumerate(ranked) if codes[row, i] >= 0][:3] for i in range(codes.shape[1])]
    return sorted(range(len(spoken)), key=lambda i: spoken[i] + [len(ranked)] * (3 - len(spoken[i])))


def kinds_of(codes: Ints, cards: Ints) -> Ints:
    """0 nothing, 1 a known state, 2 a likelihood."""
    return (codes >= 0).astype(np.int8) + (codes >= cards[:, None])


def spoken_of(kinds: Ints, cases: Ints) -> NDArray[np.bool_]:
    """Rows that say anything in some of the cases."""
    return (kinds[:, cases] > 0).any(axis=1)


def alike(kinds: Ints) -> bool:
    """Whether all columns are the same."""
    return len({tuple(column) for column in kinds.T.tolist()}) <= 1


def distinct(codes: Ints) -> tuple[list[int], list[int]]:
    """The first column of each kind, and which kind each column is."""
    columns = [tuple(column) for column in codes.T.tolist()]
    kinds = list(dict.fromkeys(columns))
    return [columns.index(kind) for kind in kinds], [kinds.index(column) for column in columns]


def expand(rows: int, run: int, card: int, inputs: Iterable[Sequence[int]], maps: Ints) -> list[Ints]:
    """Where a step reads each of its inputs (map, increment along a run, stride), shape (rows x run, states summed)."""
    return [
        (maps[at : at + rows, None, None] + inc * np.arange(run)[:, None] + stride * np.arange(card)).reshape(-1, card)
        for _, stride, at, inc in inputs
    ]


def live_constants(read: Iterable[int], live: Ints) -> bool:
    """Whether a step reads anything that is as without evidence."""
    return 1 in {int(live[f]) for f in read}


def mix(weights: Floats, constants: Iterable[Floats]) -> Floats:
    """Weights times constants, all of shape (entries, states summed)."""
    return np.prod([weights, *constants], axis=0)


def rescale(table: Floats) -> tuple[Floats, Ints]:
    """Mantissas of which each column's largest is from 0.5 to 1, and the power of two of each column."""
    powers = np.frexp(table.max(axis=0))[1]
    return np.ldexp(table, -powers), powers


def mark_wide(table: Floats, least: float) -> NDArray[np.bool_]:
    """Columns in which a number that is not 0 is less than so much."""
    return ((table > 0) & (table < least)).any(axis=0)


def total_of(mantissas: Floats, powers: Ints) -> Answer:
    """The distribution and the logarithm of the sum, by logarithms."""
    with np.errstate(divide="ignore"):
        logs = np.log(mantissas) + powers * np.log(2.0)
    whole = np.logaddexp.reduce(logs)
    return np.exp(logs - whole) if whole > -np.inf else np.zeros(len(logs)), float(whole)


def run_one(
    tables: Sequence[Floats],
    parents: Parents,
    target: int,
    known: Mapping[int, int],
    likelihoods: Mapping[int, Floats],
) -> Answer:
    """The target's distribution and log P(evidence), by enumerating the joint; zeros where that is impossible."""
    found = np.atleast_1d(programs.compiled(tables, parents, target, known, likelihoods))
    if not found.any():
        return found, -np.inf
    return found / found.sum(), float(np.log(found.sum()))


def run_each(
    cases: Iterable[tuple[Sequence[Floats], Parents, int, Mapping[int, int], Mapping[int, Floats]]],
) -> list[Answer]:
    """One case after the other."""
    return [run_one(*case) for case in cases]


def run_lanes(
    cases: Sequence[tuple[Sequence[Floats], Parents, int, Mapping[int, int], Mapping[int, Floats]]],
    picks: Iterable[int],
    to: Iterable[int],
) -> dict[int, Answer]:
    """The answers of the cases picked, at their places."""
    return {place: run_one(*cases[case]) for case, place in zip(picks, to, strict=True)}
