"""What the interpreters do, case by case, in numpy: tables with axes, and the joint summed by einsum."""

from __future__ import annotations

import math
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


def load_lanes(picks: Sequence[int], lanes: int) -> list[int]:
    """The case of each lane; lanes beyond repeat the last."""
    return [*picks, *[picks[-1]] * (lanes - len(picks))]


def load_likelihoods(codes: Ints, soft: Floats) -> Floats:
    """What each case says of a variable as columns (states, cases): ones, a unit vector, or one of its likelihoods."""
    said = np.vstack([np.eye(soft.shape[1]), soft])
    return np.where(codes < 0, 1.0, said[codes].T)


def load_slices(table: Floats, entries: Ints, moves: Ints) -> Floats:
    """Entries of one table that is held end to end, moved to the slice that each case knows, as columns."""
    return table[entries[:, None] + moves]


def load_streams(tables: Floats, entries: Ints, moves: Ints) -> Floats:
    """The same of a table of its own for each case, shape (cases, numbers)."""
    return np.take_along_axis(tables.T, entries[:, None] + moves, axis=0)


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


def spell_out(row_map: Ints, run: int, inc: int) -> Ints:
    """Where each entry of each row lies."""
    return (row_map[:, None] + inc * np.arange(run)).ravel()


def multiply_in(weights: Floats, table: Floats, spelt: Ints, stride: int) -> Floats:
    """Weights (entries, states summed) times a table's numbers there."""
    return weights * table[spelt[:, None] + stride * np.arange(weights.shape[1])]


def sum_lanes(weights: Floats, tables: Iterable[Floats]) -> Floats:
    """Weights (entries, states) times tables (entries, states, lanes), summed over states."""
    return (weights[..., None] * np.prod(list(tables), axis=0)).sum(axis=1)


def near_one(table: Floats, small: float, large: float) -> tuple[Floats, int]:
    """The table and its power of two, 0 where its largest entry is within bounds."""
    power = 0 if table.max() == 0 or small <= table.max() <= large else int(np.frexp(table.max())[1])
    return np.ldexp(table, -power), power


def room(steps: Ints) -> tuple[int, int]:
    """Entries of results that differ between cases, times the inputs of their step, and times the states summed."""
    card, rows, _, count, _, run, varying = steps.T
    return int((varying * rows * run * count).sum()), int((varying * rows * run * card).sum())


def read(numbers: Floats, apart: int, count: int) -> Answer:
    """So many numbers, so far apart, and their sum."""
    return numbers[::apart][:count], float(numbers[::apart][:count].sum())


def divide(row: Floats) -> Answer:
    """The row over its sum, and the logarithm of that."""
    with np.errstate(divide="ignore"):
        return row / (row.sum() or 1.0), float(np.log(row.sum()))


def mark_loaded(tables: Iterable[Floats], least: float) -> NDArray[np.bool_]:
    """Lanes in which any of the tables holds a number that is not 0 and less than so much."""
    return mark_wide(np.vstack(list(tables)), least)


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


def sum_of(row: Floats) -> float:
    """The sum, exact."""
    return math.fsum(row)


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
