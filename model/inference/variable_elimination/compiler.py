"""From an elimination order to a flat list of steps and their index maps.

Variables are local numbers here (those left once known states are sliced away), tables are C-contiguous with their axes
in elimination order. Variables are eliminated bucket by bucket (Dechter 1996): the factors in whose scope a variable
comes first are multiplied, the variable is summed out, and the result goes to the bucket of its own first variable.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.variable_elimination.columns import (
    CARD,
    COUNT,
    CUT,
    DIFFERS,
    FACTOR,
    FIRST,
    HARD,
    INC,
    LOAD_AT,
    MAP_AT,
    OUT,
    ROWS,
    RUN,
    SIZE,
    SOURCE,
    STRIDE,
    VARYING,
)

Ints = NDArray[np.int64]
MOST_FACTORS = 3
"""Tables that differ between cases, multiplied in one step; more are first multiplied in pairs."""
WORTH_A_STEP = 3
"""Two tables are multiplied ahead of a step so many times larger than their product."""
HEAD, TAIL = range(2)
"""The first and the last factor of a bucket."""
INPUTS_END, MAPS_END = range(2)
"""How many inputs, and how many row offsets, have been written."""


class Factors(NamedTuple):
    """Every factor so far, those given first, then one a step.

    ``records`` (factors, 4); the variables of factor f are ``scopes[scope_at[f] : scope_at[f + 1]]``, in elimination
    order, which is the order of its axes; ``card`` (variables,) counts states.
    """

    records: Ints
    scope_at: Ints
    scopes: Ints
    card: Ints


class Buckets(NamedTuple):
    """Factors by the first of their variables, as linked lists: ``ends`` (buckets, 2), ``after`` (factors,) or -1."""

    ends: Ints
    after: Ints


class Draft(NamedTuple):
    """Inputs (inputs, 4) and row maps as they are written, and ``ends`` (2,): how many of each there are."""

    inputs: Ints
    maps: Ints
    ends: Ints


@kernel
def longer(array: Ints, needed: int) -> Ints:
    """The array itself, or a copy at least twice as long if it has fewer than ``needed`` entries."""
    if needed <= len(array):
        return array
    more = np.empty(max(needed, 2 * len(array)), np.int64)
    more[: len(array)] = array
    return more


@kernel
def union(scopes: Ints, scope_at: Ints, parts: Ints, place: Ints, found: Ints, drop: int) -> int:
    """Write into ``found`` the variables of several factors but ``drop``, by place in the order; returns how many.

    ``parts`` are the factors, ``place`` (variables,) the positions in the elimination order, ``found`` has room for all
    variables.
    """
    count = 0
    for i in range(len(parts)):
        # insertion sort: move what comes later in the order one up, unless the variable is there already
        for e in range(scope_at[parts[i]], scope_at[parts[i] + 1]):
            v = scopes[e]
            if v == drop:
                continue
            k = count
            while k > 0 and place[found[k - 1]] > place[v]:
                k -= 1
            if k > 0 and found[k - 1] == v:
                continue
            for m in range(count, k, -1):
                found[m] = found[m - 1]
            found[k] = v
            count += 1
    return count


@kernel
def size_of(scope: Ints, count: int, card: Ints) -> int:
    """Entries of a table over the first ``count`` variables of ``scope``: the product of their states."""
    size = 1
    for i in range(count):
        size *= card[scope[i]]
    return size


@kernel
def enlist(buckets: Ints, after: Ints, b: int, f: int) -> None:
    """Put factor f at the end of bucket b.

    ``buckets`` (buckets, 2) are the first and last factor of each, ``after`` (factors,) the next in the same bucket.
    """
    if buckets[b, TAIL] < 0:
        buckets[b, HEAD] = f
    else:
        after[buckets[b, TAIL]] = f
    buckets[b, TAIL] = f


@kernel
def smallest_pair(factors: Ints, parts: Ints, differing: bool, single_case: bool, pair: Ints) -> None:
    """Write the places among ``parts`` of the two smallest factors that differ between cases, or that do not.

    ``factors`` (factors, 4), ``parts`` (inputs of a step,), ``pair`` (2,). All factors differ in a ``single_case``.
    """
    pair[0] = -1
    pair[1] = -1
    # the least and the second least in one pass
    for i in range(len(parts)):
        if (single_case or factors[parts[i], DIFFERS] == 1) == differing:
            if pair[0] < 0 or factors[parts[i], SIZE] < factors[parts[pair[0]], SIZE]:
                pair[1] = pair[0]
                pair[0] = i
            elif pair[1] < 0 or factors[parts[i], SIZE] < factors[parts[pair[1]], SIZE]:
                pair[1] = i


@kernel
def shared_axes(used: Ints, scopes: Ints, scope_at: Ints, found: Ints, width: int) -> int:
    """How many of the last axes of a result each input holds all or none of: these make up a run.

    ``used`` are the inputs, ``found`` the first ``width`` of which are the result's variables. Such axes are contiguous
    in the inputs as in the result, so that the interpreter goes through them without a map.
    """
    axes = 0
    # one more axis from the end, as long as every input agrees
    while axes < width:
        v = found[width - 1 - axes]
        # an input that ends in the result's last axis must hold this one next to it, any other must not hold it
        for i in range(len(used) if axes > 0 else 0):
            start, stop = scope_at[used[i]], scope_at[used[i] + 1]
            if stop > start and scopes[stop - 1] == found[width - 1]:
                if stop - start <= axes or scopes[stop - 1 - axes] != v:
                    return axes
            elif stop > start and scopes[stop - 1] == v:
                return axes
        axes += 1
    return axes


@kernel
def odometer(maps: Ints, at: int, lengths: Ints, strides: Ints, axes: int) -> None:
    """Write the offset (sum of digit x stride) of every combination of digits, last digit fastest, from ``at`` on.

    The first ``axes`` of ``lengths`` and ``strides`` (axes,) are read; ``lengths[axes : 2 * axes]`` are used up as
    digits.
    """
    if axes == 0:
        maps[at] = 0
        return
    digits = lengths[axes : 2 * axes]
    digits[:] = 0
    last, step = lengths[axes - 1], strides[axes - 1]
    offset = 0
    while True:
        # the last digit runs through its values, then the next digit to its left that is not at its end moves on
        for d in range(last):
            maps[at + d] = offset + d * step
        at += last
        k = axes - 2
        while k >= 0:
            digits[k] += 1
            offset += strides[k]
            if digits[k] < lengths[k]:
                break
            offset -= strides[k] * digits[k]
            digits[k] = 0
            k -= 1
        if k < 0:
            return


@kernel
def strides_in(scopes: Ints, start: int, stop: int, found: Ints, width: int, card: Ints, strides: Ints) -> None:
    """Write how far apart the states of each of the result's variables lie in a factor, 0 for those it does not hold.

    The factor's axes are ``scopes[start:stop]``, the result's the first ``width`` of ``found``; ``strides`` (width,).
    """
    for k in range(width):
        strides[k] = 0
    stride = 1
    k = width - 1
    # both scopes are in elimination order: one merge from the last axis, whose stride is 1
    for e in range(stop - 1, start - 1, -1):
        while found[k] != scopes[e]:
            k -= 1
        strides[k] = stride
        stride *= card[scopes[e]]


@kernel
def enter(used: Ints, made: int, found: Ints, factors: Factors) -> None:
    """Enter factor ``made``, which a step makes of those used: its variables ``found``, entries, whether it differs."""
    records, scope_at, scopes, card = factors
    at, width = scope_at[made], len(found)
    for i in range(width):
        scopes[at + i] = found[i]
    scope_at[made + 1] = at + width
    records[made, SOURCE] = -1
    records[made, SIZE] = size_of(found, width, card)
    records[made, LOAD_AT] = -1
    records[made, DIFFERS] = 0
    # a product differs between cases if any of its factors does
    for i in range(len(used)):
        records[made, DIFFERS] |= records[used[i], DIFFERS]


@kernel
def write_step(
    step: Ints, draft: Draft, used: Ints, x: int, made: int, factors: Factors, spare: tuple[Ints, Ints]
) -> Ints:
    """Write a step that multiplies the factors used and sums x (-1: none), and its inputs with their row maps.

    ``step`` (7,) is its record, ``made`` the factor it makes, already entered. Returns the maps, longer if
    need be. ``spare`` (variables + 1,), (2 x variables + 2,) is room for strides and lengths.
    """
    strides, lengths = spare
    records, scope_at, scopes, card = factors
    inputs, maps, ends = draft
    found = scopes[scope_at[made] : scope_at[made + 1]]
    width = len(found)
    # the result as rows of runs: row maps for the outer axes, none for the last ones
    axes = shared_axes(used, scopes, scope_at, found, width)
    outer = width - axes
    rows = size_of(found, outer, card)
    step[CARD] = card[x] if x >= 0 else 1
    step[ROWS] = rows
    step[RUN] = records[made, SIZE] // rows
    step[FIRST] = ends[INPUTS_END]
    step[COUNT] = len(used)
    step[OUT] = made
    step[VARYING] = records[made, DIFFERS]
    maps = longer(maps, ends[MAPS_END] + rows * len(used))
    # for each input: where each row of the result begins in it; x, if it holds it, is its first axis
    for i in range(len(used)):
        f = used[i]
        start, stop = scope_at[f], scope_at[f + 1]
        first = 1 if x >= 0 and stop > start and scopes[start] == x else 0
        entry = inputs[ends[INPUTS_END]]
        entry[FACTOR] = f
        entry[STRIDE] = records[f, SIZE] // card[x] if first == 1 else 0
        entry[MAP_AT] = ends[MAPS_END]
        entry[INC] = 1 if axes > 0 and stop > start and scopes[stop - 1] == found[width - 1] else 0
        strides_in(scopes, start + first, stop, found, width, card, strides)
        for k in range(outer):
            lengths[k] = card[found[k]]
        odometer(maps, ends[MAPS_END], lengths, strides, outer)
        ends[INPUTS_END] += 1
        ends[MAPS_END] += rows
    return maps


@kernel
def begin(
    order: Ints, target: int, sources: Ints, given_at: Ints, given: Ints, card: Ints, differs: NDArray[np.bool_]
) -> tuple[Ints, Factors, Buckets]:
    """The factors given, their axes in elimination order, each in the bucket of the first of its variables.

    ``order`` (variables to eliminate,), ``target`` the one that stays or -1; ``sources`` and ``differs`` (factors,),
    ``given[given_at[f] : given_at[f + 1]]`` the variables of factor f in any order, ``card`` (variables,).
    Returns the place of each variable in the order (the target's is last), the factors, the buckets.
    """
    originals = len(sources)
    place = np.empty(len(card) + 1, np.int64)
    for i in range(len(order)):
        place[order[i]] = i
    if target >= 0:
        place[target] = len(order)
    # room: every step but one a variable multiplies a pair, which leaves one factor less
    most = 2 * originals + 2 * len(card) + 4
    scope_at = np.zeros(most + 1, np.int64)
    scopes = np.empty(4 * len(given) + 16, np.int64)
    records = np.zeros((most, 4), np.int64)
    ends = np.full((len(order) + 1, 2), -1, np.int64)
    after = np.full(most, -1, np.int64)
    which = np.arange(originals)
    for f in range(originals):
        # a union of one scope is that scope in elimination order
        width = union(given, given_at, which[f : f + 1], place, scopes[scope_at[f] :], -1)
        scope_at[f + 1] = scope_at[f] + width
        records[f, SOURCE] = sources[f]
        records[f, SIZE] = size_of(scopes[scope_at[f] :], width, card)
        records[f, LOAD_AT] = -1
        records[f, DIFFERS] = 1 if differs[f] else 0
        enlist(ends, after, place[scopes[scope_at[f]]] if width > 0 else len(order), f)
    return place, Factors(records, scope_at, scopes, card), Buckets(ends, after)


@kernel
def emit(
    order: Ints,
    target: int,
    sources: Ints,
    given_at: Ints,
    given: Ints,
    card: Ints,
    differs: NDArray[np.bool_],
    single_case: bool,
) -> tuple[Ints, Ints, Ints, Factors, int]:
    """The steps that eliminate the variables in this order, and their index maps.

    Each factor's axes are in elimination order, so that a variable is the first axis of every factor it is summed out
    of, and what is left are consecutive runs. ``single_case``: at most MOST_FACTORS inputs a step; otherwise at most so
    many that differ between cases, and so many that do not. The question is given as to ``begin``.

    Returns steps (steps, 7), inputs (inputs, 4), maps (row offsets,), the factors, and the multiplications of a case.
    """
    # numba counts a reference at each reading of a tuple's field: unpacked once, not in every turn of the loops
    place, (records, scope_at, scopes, _), (head, after) = begin(order, target, sources, given_at, given, card, differs)
    made, step, cells = len(sources), 0, 0
    steps, inputs, maps, ends = blank(len(records))
    parts, pair, used = np.empty(len(records), np.int64), np.empty(2, np.int64), np.empty(2, np.int64)
    most = len(card) + 1
    found, spare = np.empty(most, np.int64), (np.empty(most, np.int64), np.empty(2 * most, np.int64))
    # bucket elimination; the last bucket holds what is over the target alone, of which nothing is summed
    for b in range(len(order) + 1):
        x = order[b] if b < len(order) else -1
        count, counted = listed(head[b, HEAD], after, records, single_case, parts)
        if count == 0 and x >= 0:
            continue
        merge = True
        # pairs first where there are too many factors, or where that is cheaper; then multiply all and sum out x
        while merge:
            many = count - counted > MOST_FACTORS
            merge = False
            if counted > 1 or many:
                joint = size_of(found, union(scopes, scope_at, parts[:count], place, found, -1), card)
                smallest_pair(records, parts[:count], not many, single_case, pair)
                used[0], used[1] = parts[pair[0]], parts[pair[1]]
                paired = size_of(found, union(scopes, scope_at, used, place, found, -1), card)
                merge = many or counted > MOST_FACTORS or WORTH_A_STEP * paired <= joint
            summed = -1 if merge else x
            taken = used if merge else parts[:count]
            width = union(scopes, scope_at, taken, place, found, summed)
            scopes = longer(scopes, scope_at[made] + width)
            factors = Factors(records, scope_at, scopes, card)
            enter(taken, made, found[:width], factors)
            cells += records[made, SIZE] * (card[summed] if summed >= 0 else 1)
            maps = write_step(steps[step], Draft(inputs, maps, ends), taken, summed, made, factors, spare)
            step += 1
            if merge:
                count = without(parts, count, pair)
                parts[count - 1] = made
                counted -= 0 if many else 1
            elif x >= 0:
                enlist(head, after, place[found[0]] if width > 0 else len(order), made)
            made += 1
    written = Factors(records[:made].copy(), scope_at[: made + 1].copy(), scopes[: scope_at[made]].copy(), card)
    return steps[:step].copy(), inputs[: ends[INPUTS_END]].copy(), maps[: ends[MAPS_END]].copy(), written, cells


@kernel
def blank(most: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Room for steps, inputs and maps where at most so many factors are made, and the count of the last two."""
    return (
        np.empty((2 * most, 7), np.int64),
        np.empty((4 * most, 4), np.int64),
        np.empty(1024, np.int64),
        np.zeros(2, np.int64),
    )


@kernel
def listed(first: int, after: Ints, factors: Ints, single_case: bool, parts: Ints) -> tuple[int, int]:
    """Write the factors of a bucket into ``parts``; returns how many, and how many of them differ between cases.

    ``first`` is the bucket's first factor (-1: none), ``after`` (factors,) the next of each, ``factors`` (factors, 4).
    In a ``single_case`` all count as differing.
    """
    count = 0
    counted = 0
    f = first
    while f >= 0:
        parts[count] = f
        count += 1
        counted += 1 if single_case or factors[f, DIFFERS] == 1 else 0
        f = after[f]
    return count, counted


@kernel
def without(parts: Ints, count: int, pair: Ints) -> int:
    """Take two of the parts out, closing up; returns how many there are with the one to come in their stead.

    ``parts`` (inputs of a step,), of which the first ``count`` count; ``pair`` (2,) are places among them.
    """
    kept = 0
    for i in range(count):
        if i != pair[0] and i != pair[1]:
            parts[kept] = parts[i]
            kept += 1
    return kept + 1


@kernel
def load_maps(
    factors: Factors, globally: Ints, role: Ints, cards: Ints, above_at: Ints, above: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Where the entries of each sliced and transposed table lie in its original one.

    ``globally`` (local variables,) are their positions in the network, of which ``role``, ``cards`` (variables,) and
    the parents (``above`` from ``above_at[v]`` on) speak. Writes where each factor's map begins into LOAD_AT. Returns
    the maps, and per factor the sliced variables: offsets (factors + 1,), variables, strides; a known state moves the
    map by state x stride.
    """
    records, scope_at, scopes, _ = factors
    count = len(role)
    total = 0
    known_at_most = 0
    # room: every entry of every table; every variable of its family may be known
    for f in range(len(records)):
        v = records[f, SOURCE]
        if 0 <= v < count:
            total += records[f, SIZE]
            known_at_most += above_at[v + 1] - above_at[v] + 1
    maps = np.empty(total, np.int64)
    hard_at = np.zeros(len(records) + 1, np.int64)
    hard = np.empty(known_at_most, np.int64)
    hard_stride = np.empty(known_at_most, np.int64)
    strides = np.zeros(count + 1, np.int64)
    lengths = np.zeros(2 * count + 2, np.int64)
    at = 0
    known = 0
    for f in range(len(records)):
        v = records[f, SOURCE]
        if 0 <= v < count:
            records[f, LOAD_AT] = at
            start, width = scope_at[f], scope_at[f + 1] - scope_at[f]
            for k in range(width):
                lengths[k] = cards[globally[scopes[start + k]]]
            # the table's own axes are (parents in file order, v), or v alone under an intervention: from the last,
            # whose stride is 1, to the first; a known one is sliced away, any other is an axis of the factor
            first = above_at[v + 1] if role[v] & CUT else above_at[v]
            stride = 1
            for i in range(above_at[v + 1], first - 1, -1):
                u = v if i == above_at[v + 1] else above[i]
                if role[u] & HARD:
                    hard[known] = u
                    hard_stride[known] = stride
                    known += 1
                for k in range(width):
                    if globally[scopes[start + k]] == u:
                        strides[k] = stride
                stride *= cards[u]
            odometer(maps, at, lengths, strides, width)
            at += records[f, SIZE]
        hard_at[f + 1] = known
    return maps, hard_at, hard[:known].copy(), hard_stride[:known].copy()
