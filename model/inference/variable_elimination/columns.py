"""Layouts that the compiler, the interpreters and the scheduler share: columns of integer arrays, tuples of arrays.

A record (a step, an input, a factor) is a row of an integer array, its fields are columns with the names below. What
several kernels take together is a NamedTuple of such arrays, which numba reads by name.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]

HARD = 1
"""Role of a variable: the state is known, axes of this variable are sliced away."""
SOFT = 2
"""A likelihood vector comes with each case."""
CUT = 4
"""An intervention: no parents count, the table is one distribution (none at all if HARD as well)."""
LANED = 8
"""The table, or the known state, differs between cases."""

CARD, ROWS, FIRST, COUNT, OUT, RUN, VARYING = range(7)
"""A step: states summed over, rows of its result, its first input, how many inputs, the factor it makes, entries in a
row, 1 if that factor differs between cases. In lane form a row is one entry, so that WEIGHTS_AT stands for RUN."""
WEIGHTS_AT = 5
"""A step in lane form: where its weights begin, rows x CARD of them. There are no columns beyond."""
FACTOR, STRIDE, MAP_AT, INC = range(4)
"""An input of a step: the factor read, how far apart the summed states are in it, where its row map begins, 1 if the
entries of a row are consecutive in it (0: one entry for the whole row). In lane form without INC."""
SOURCE, SIZE, LOAD_AT, DIFFERS = range(4)
"""A factor: variable v of its table, n + v for v's likelihood, -1 for the result of a step; entries; where its load
map begins (-1: none); 1 if it differs between cases."""

PLACE, EVIDENCE_ROW, ENTRIES, LIKELIHOODS_AT = range(1, 5)
"""A likelihood to load, after FACTOR: where it lies in memory (in entries), the row of the codes that tells which,
entries (states of the variable), where the variable's likelihoods begin."""
KNOWN_FIRST, KNOWN_LAST, BASE = range(4, 7)
"""A slice of the network's own table to load: FACTOR, PLACE, MAP_AT, ENTRIES, the ``known`` variables that slice it
(from, up to), and where the table begins among the network's values."""
ADDRESS, CASE_STRIDE, ENTRY_STRIDE = range(6, 9)
"""A slice of a table of each case's own, in place of BASE: the address of the first number, how far apart in it (in
numbers) cases are (0: one table for all) and entries."""
KNOWN_ROW, KNOWN_STRIDE = range(2)
"""A variable that slices a table: the row of the codes that holds its state, how far one state moves the slice."""

VARIABLE, STATE, VECTOR_AT = range(3)
"""A finding of one case: variable, its known state or -1, where its likelihood begins or -1."""
TABLE_AT = 1
"""A replaced table of one case: VARIABLE, and where its table begins."""


class Code(NamedTuple):
    """A program as the interpreters read it.

    ``steps`` (steps, 7), ``inputs`` (inputs, 4), ``maps`` (row offsets), ``factors`` (factors, 4); ``load_maps``
    (offsets of the entries of sliced tables). The variables sliced from factor f are ``sliced[sliced_at[f] :
    sliced_at[f + 1]]``, a state of each moves the slice by its entry of ``slice_strides``.
    """

    steps: Ints
    inputs: Ints
    maps: Ints
    factors: Ints
    load_maps: Ints
    sliced_at: Ints
    sliced: Ints
    slice_strides: Ints


class Bound(NamedTuple):
    """A program in lane form, bound to its constant tables.

    ``steps`` (steps, 6), ``inputs`` (inputs, 3) and ``maps`` (entries read) of what differs between cases; ``weights``
    (for each step: rows x states summed) are the products of the tables that do not, times two to the power
    ``weight_exponents`` (steps,). ``place[f]`` is where a factor that differs between cases lies in memory (in
    entries); ``constants`` from ``constant_at[f]`` on hold every other factor, and each message as it is without
    evidence, times two to the power ``constant_exponents`` (factors,). ``narrow``: no product of a few constants can
    vanish.
    """

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


class Loads(NamedTuple):
    """What to write into memory for each block of LANES cases, before the steps.

    ``likelihoods`` (…, 5), ``slices`` (…, 7) of the network's tables, ``streams`` (…, 9) of tables by case, ``known``
    (…, 2) variables that slice them, ``load_maps`` (offsets of the entries of sliced tables).
    """

    likelihoods: Ints
    slices: Ints
    streams: Ints
    known: Ints
    load_maps: Ints


class Numbers(NamedTuple):
    """What is read by ``Loads``: the network's tables end to end, the evidence of all cases, likelihoods end to end.

    ``codes`` (rows, cases): -1 nothing, s a known state, card + k the k-th of the variable's ``soft`` likelihoods.
    """

    values: Floats
    codes: Codes
    soft: Floats


class Workspace(NamedTuple):
    """What a thread writes while it answers blocks of LANES cases.

    ``memory`` (entries x LANES): the factors that differ between cases. ``mixed`` (rows x states of the largest step):
    weights times messages that are as without evidence. ``live`` (factors,): 0 left out, 1 as without evidence (read
    from the constants), 2 different in each lane (read from ``memory``). ``exponents`` (LANES,): the power of two taken
    out of each lane. ``wide`` (LANES,): lanes whose numbers are too far apart for these steps.
    """

    memory: Floats
    mixed: Floats
    live: NDArray[np.uint8]
    exponents: Floats
    wide: NDArray[np.bool_]
