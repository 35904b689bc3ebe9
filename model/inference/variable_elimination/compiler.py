"""From an elimination order to a flat list of steps and their index maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.variable_elimination.columns import CUT, HARD

Ints = NDArray[np.int64]
MOST_FACTORS = 3
"""Tables that differ between cases, multiplied in one step; more are first multiplied in pairs."""
WORTH_A_STEP = 3
"""Two tables are multiplied ahead of a step so many times larger than their product."""


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
    """Write into ``found`` the variables of several factors but ``drop``, by place in the order; returns how many."""
    count = 0
    for i in range(len(parts)):
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
    """Entries of a table over these variables."""
    size = 1
    for i in range(count):
        size *= card[scope[i]]
    return size


@kernel
def enlist(buckets: Ints, after: Ints, b: int, f: int) -> None:
    """Put a factor at the end of a bucket; ``buckets`` (buckets, 2) are the first and last of each."""
    if buckets[b, 1] < 0:
        buckets[b, 0] = f
    else:
        after[buckets[b, 1]] = f
    buckets[b, 1] = f


@kernel
def smallest_pair(factors: Ints, parts: Ints, differing: bool, single_case: bool, pair: Ints) -> None:
    """Write the places among ``parts`` of the two smallest factors that differ between cases, or that do not."""
    pair[0] = -1
    pair[1] = -1
    for i in range(len(parts)):
        if (single_case or factors[parts[i], 3] == 1) == differing:
            if pair[0] < 0 or factors[parts[i], 1] < factors[parts[pair[0]], 1]:
                pair[1] = pair[0]
                pair[0] = i
            elif pair[1] < 0 or factors[parts[i], 1] < factors[parts[pair[1]], 1]:
                pair[1] = i


@kernel
def shared_axes(used: Ints, scopes: Ints, scope_at: Ints, found: Ints, width: int) -> int:
    """How many of the last axes of a result each input holds all or none of: these make up a run."""
    axes = 0
    while axes < width:
        v = found[width - 1 - axes]
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
    """Write the offset of every combination of digits, last digit fastest; uses up ``lengths[axes:]`` as digits."""
    if axes == 0:
        maps[at] = 0
        return
    digits = lengths[axes : 2 * axes]
    digits[:] = 0
    last, step = lengths[axes - 1], strides[axes - 1]
    offset = 0
    while True:
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
    """How far apart the states of each of the result's variables lie in a factor with axes ``start`` to ``stop``."""
    for k in range(width):
        strides[k] = 0
    stride = 1
    k = width - 1
    for e in range(stop - 1, start - 1, -1):
        while found[k] != scopes[e]:
            k -= 1
        strides[k] = stride
        stride *= card[scopes[e]]


@kernel
def enter(
    used: Ints, x: int, made: int, width: int, found: Ints, scopes: Ints, scope_at: Ints, card: Ints, factors: Ints
) -> None:
    """Enter the factor that a step makes of those used: its variables, entries, and whether it differs."""
    at = scope_at[made]
    for i in range(width):
        scopes[at + i] = found[i]
    scope_at[made + 1] = at + width
    factors[made, 0] = -1
    factors[made, 1] = size_of(found, width, card)
    factors[made, 2] = -1
    factors[made, 3] = 0
    for i in range(len(used)):
        factors[made, 3] |= factors[used[i], 3]


@kernel
def write_step(
    step: Ints,
    inputs: Ints,
    maps: Ints,
    ends: Ints,
    used: Ints,
    x: int,
    made: int,
    scopes: Ints,
    scope_at: Ints,
    card: Ints,
    factors: Ints,
    spare: tuple[Ints, Ints],
) -> Ints:
    """Write a step that multiplies the factors used and sums x (-1: none), and its inputs with their row maps.

    ``ends`` are those of inputs and of maps so far; returns the maps, longer if need be.
    """
    strides, lengths = spare
    found = scopes[scope_at[made] : scope_at[made + 1]]
    width = len(found)
    axes = shared_axes(used, scopes, scope_at, found, width)
    outer = width - axes
    rows = size_of(found, outer, card)
    step[0] = card[x] if x >= 0 else 1
    step[1] = rows
    step[2] = factors[made, 1] // rows
    step[3] = ends[0]
    step[4] = len(used)
    step[5] = made
    step[6] = factors[made, 3]
    maps = longer(maps, ends[1] + rows * len(used))
    for i in range(len(used)):
        f = used[i]
        start, stop = scope_at[f], scope_at[f + 1]
        first = 1 if x >= 0 and stop > start and scopes[start] == x else 0
        entry = inputs[ends[0]]
        entry[0] = f
        entry[1] = factors[f, 1] // card[x] if first == 1 else 0
        entry[2] = ends[1]
        entry[3] = 1 if axes > 0 and stop > start and scopes[stop - 1] == found[width - 1] else 0
        strides_in(scopes, start + first, stop, found, width, card, strides)
        for k in range(outer):
            lengths[k] = card[found[k]]
        odometer(maps, ends[1], lengths, strides, outer)
        ends[0] += 1
        ends[1] += rows
    return maps


@kernel
def begin(
    order: Ints, target: int, sources: Ints, given_at: Ints, given: Ints, card: Ints, differs: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """The factors given, their axes in elimination order, each in the bucket of the first of its variables.

    Returns (place of each variable, factors, scope offsets, scopes, buckets, next in the same bucket).
    """
    originals = len(sources)
    place = np.empty(len(card) + 1, np.int64)
    for i in range(len(order)):
        place[order[i]] = i
    if target >= 0:
        place[target] = len(order)
    most = 2 * originals + 2 * len(card) + 4
    scope_at = np.zeros(most + 1, np.int64)
    scopes = np.empty(4 * len(given) + 16, np.int64)
    factors = np.zeros((most, 4), np.int64)
    buckets = np.full((len(order) + 1, 2), -1, np.int64)
    after = np.full(most, -1, np.int64)
    which = np.arange(originals)
    for f in range(originals):
        width = union(given, given_at, which[f : f + 1], place, scopes[scope_at[f] :], -1)
        scope_at[f + 1] = scope_at[f] + width
        factors[f, 0] = sources[f]
        factors[f, 1] = size_of(scopes[scope_at[f] :], width, card)
        factors[f, 2] = -1
        factors[f, 3] = 1 if differs[f] else 0
        enlist(buckets, after, place[scopes[scope_at[f]]] if width > 0 else len(order), f)
    return place, factors, scope_at, scopes, buckets, after


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
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """The steps that eliminate the variables in this order, and their index maps.

    Each factor's axes are in elimination order, so that a variable is the first axis of every factor it
    is summed out of, and what is left are consecutive runs. ``single_case``: at most MOST_FACTORS inputs a step
    (one case); otherwise at most so many that differ between cases, and so many that do not.

    Returns steps (steps, 7), inputs (inputs, 4), maps, factors (factors, 4), scope offsets, scopes, cells (1,).
    """
    place, factors, scope_at, scopes, buckets, after = begin(order, target, sources, given_at, given, card, differs)
    made = len(sources)
    steps = np.empty((2 * len(factors), 7), np.int64)
    inputs = np.empty((4 * len(factors), 4), np.int64)
    maps = np.empty(1024, np.int64)
    ends = np.zeros(2, np.int64)
    parts = np.empty(len(factors), np.int64)
    pair, used = np.empty(2, np.int64), np.empty(2, np.int64)
    found = np.empty(len(card) + 1, np.int64)
    spare = np.empty(len(card) + 1, np.int64), np.empty(2 * len(card) + 2, np.int64)
    step = 0
    total = np.zeros(1, np.int64)
    for b in range(len(order) + 1):
        x = order[b] if b < len(order) else -1
        count, counted = listed(buckets[b, 0], after, factors, single_case, parts)
        if count == 0 and x >= 0:
            continue
        merge = True
        while merge:
            merge = False
            many = count - counted > MOST_FACTORS
            if counted > 1 or many:
                joint = size_of(found, union(scopes, scope_at, parts[:count], place, found, -1), card)
                smallest_pair(factors, parts[:count], not many, single_case, pair)
                used[0], used[1] = parts[pair[0]], parts[pair[1]]
                width = union(scopes, scope_at, used, place, found, -1)
                merge = many or counted > MOST_FACTORS or WORTH_A_STEP * size_of(found, width, card) <= joint
            summed = -1 if merge else x
            taken = used if merge else parts[:count]
            width = union(scopes, scope_at, taken, place, found, summed)
            scopes = longer(scopes, scope_at[made] + width)
            enter(taken, summed, made, width, found, scopes, scope_at, card, factors)
            total[0] += factors[made, 1] * (card[summed] if summed >= 0 else 1)
            maps = write_step(
                steps[step], inputs, maps, ends, taken, summed, made, scopes, scope_at, card, factors, spare
            )
            step += 1
            if merge:
                count = without(parts, count, pair)
                parts[count - 1] = made
                counted -= 0 if many else 1
            elif x >= 0:
                enlist(buckets, after, place[found[0]] if width > 0 else len(order), made)
            made += 1
    return (
        steps[:step].copy(),
        inputs[: ends[0]].copy(),
        maps[: ends[1]].copy(),
        factors[:made].copy(),
        scope_at[: made + 1].copy(),
        scopes[: scope_at[made]].copy(),
        total,
    )


@kernel
def listed(first: int, after: Ints, factors: Ints, single_case: bool, parts: Ints) -> tuple[int, int]:
    """Write the factors of a bucket; returns how many, and how many of them count as differing between cases."""
    count = 0
    counted = 0
    f = first
    while f >= 0:
        parts[count] = f
        count += 1
        counted += 1 if single_case or factors[f, 3] == 1 else 0
        f = after[f]
    return count, counted


@kernel
def without(parts: Ints, count: int, pair: Ints) -> int:
    """Take two of the parts out, closing up; returns how many there are with the one to come in their stead."""
    kept = 0
    for i in range(count):
        if i != pair[0] and i != pair[1]:
            parts[kept] = parts[i]
            kept += 1
    return kept + 1


@kernel
def load_maps(
    factors: Ints,
    scope_at: Ints,
    scopes: Ints,
    globally: Ints,
    role: Ints,
    cards: Ints,
    above_at: Ints,
    above: Ints,
) -> tuple[Ints, Ints, Ints, Ints]:
    """Where the entries of each sliced and transposed table lie in its original one.

    Writes where each factor's map begins into ``factors[:, FLAT]``. Returns the maps, and per factor the
    sliced variables: offsets (factors + 1,), variables, strides; a known state moves the map by state x stride.
    """
    count = len(role)
    total = 0
    kept = 0
    for f in range(len(factors)):
        if 0 <= factors[f, 0] < count:
            total += factors[f, 1]
            kept += above_at[factors[f, 0] + 1] - above_at[factors[f, 0]] + 1
    maps = np.empty(total, np.int64)
    hard_at = np.zeros(len(factors) + 1, np.int64)
    hard = np.empty(kept, np.int64)
    hard_stride = np.empty(kept, np.int64)
    strides = np.zeros(count + 1, np.int64)
    lengths = np.zeros(2 * count + 2, np.int64)
    at = 0
    known = 0
    for f in range(len(factors)):
        v = factors[f, 0]
        if 0 <= v < count:
            factors[f, 2] = at
            start, width = scope_at[f], scope_at[f + 1] - scope_at[f]
            for k in range(width):
                lengths[k] = cards[globally[scopes[start + k]]]
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
            at += factors[f, 1]
        hard_at[f + 1] = known
    return maps, hard_at, hard[:known].copy(), hard_stride[:known].copy()
