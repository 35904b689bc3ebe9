"""From an elimination order to a flat list of steps and their index maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.elimination.roles import CUT, HARD
from model.native import kernel

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
def emit(
    order: Ints,
    target: int,
    sources: Ints,
    given_at: Ints,
    given: Ints,
    card: Ints,
    differs: NDArray[np.bool_],
    every: bool,
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """The steps that eliminate the variables in this order, and their index maps.

    Each factor's axes are in elimination order, so that a variable is the first axis of every factor it
    is summed out of, and what is left are consecutive runs. ``every``: at most MOST_FACTORS inputs a step
    (one case); otherwise at most so many that differ between cases, and so many that do not.

    Returns steps (steps, 7), inputs (inputs, 4), maps, factors (factors, 4), scope offsets, scopes, cells (1,).
    """
    vertices = len(card)
    originals = len(sources)
    place = np.empty(vertices + 1, np.int64)
    for i in range(len(order)):
        place[order[i]] = i
    if target >= 0:
        place[target] = len(order)
    buckets = len(order) + 1
    most = 2 * originals + 2 * vertices + 4
    scope_at = np.zeros(most + 1, np.int64)
    scopes = np.empty(max(16, 2 * len(given)), np.int64)
    factors = np.zeros((most, 4), np.int64)
    head = np.full(buckets, -1, np.int64)
    tail = np.full(buckets, -1, np.int64)
    after = np.full(most, -1, np.int64)
    found = np.empty(vertices + 1, np.int64)
    made = 0
    for f in range(originals):
        width = union(given, given_at, np.array([f]), place, found, -1)
        at = scope_at[made]
        scopes = longer(scopes, at + width)
        for i in range(width):
            scopes[at + i] = found[i]
        scope_at[made + 1] = at + width
        factors[made, 0] = sources[f]
        factors[made, 1] = size_of(found, width, card)
        factors[made, 2] = -1
        factors[made, 3] = 1 if differs[f] else 0
        b = place[found[0]] if width > 0 else buckets - 1
        if tail[b] < 0:
            head[b] = made
        else:
            after[tail[b]] = made
        tail[b] = made
        made += 1
    steps = np.empty((2 * most, 7), np.int64)
    inputs = np.empty((4 * most, 4), np.int64)
    maps = np.empty(1024, np.int64)
    step = 0
    entry = 0
    mapped = 0
    cells = 0
    parts = np.empty(most, np.int64)
    pair = np.empty(2, np.int64)
    digits = np.zeros(vertices + 1, np.int64)
    for b in range(buckets):
        x = order[b] if b < len(order) else -1
        count = 0
        counted = 0
        f = head[b]
        while f >= 0:
            parts[count] = f
            count += 1
            counted += 1 if every or factors[f, 3] == 1 else 0
            f = after[f]
        if count == 0 and b < len(order):
            continue
        while True:
            # first multiply the two smallest: of a kind with too many, or where that is cheap against the whole
            joint = size_of(found, union(scopes, scope_at, parts[:count], place, found, -1), card)
            merge = False
            many = count - counted > MOST_FACTORS
            if counted > 1 or many:
                one = -1
                other = -1
                for i in range(count):
                    if (every or factors[parts[i], 3] == 1) != many:
                        if one < 0 or factors[parts[i], 1] < factors[parts[one], 1]:
                            other = one
                            one = i
                        elif other < 0 or factors[parts[i], 1] < factors[parts[other], 1]:
                            other = i
                pair[0] = parts[one]
                pair[1] = parts[other]
                width = union(scopes, scope_at, pair, place, found, -1)
                merge = many or counted > MOST_FACTORS or WORTH_A_STEP * size_of(found, width, card) <= joint
            card_x = 1
            if merge:
                used = pair
            else:
                used = parts[:count]
                width = union(scopes, scope_at, used, place, found, x)
                card_x = card[x] if x >= 0 else 1
            # the new factor
            at = scope_at[made]
            scopes = longer(scopes, at + width)
            for i in range(width):
                scopes[at + i] = found[i]
            scope_at[made + 1] = at + width
            size = size_of(found, width, card)
            factors[made, 0] = -1
            factors[made, 1] = size
            factors[made, 2] = -1
            varying = 0
            for i in range(len(used)):
                varying |= factors[used[i], 3]
            factors[made, 3] = varying
            cells += size * card_x
            # the run: last axes that each input holds all or none of
            run_axes = 0
            run = 1
            while run_axes < width:
                v = found[width - 1 - run_axes]
                same = True
                for i in range(len(used) if run_axes > 0 else 0):
                    start, stop = scope_at[used[i]], scope_at[used[i] + 1]
                    if stop > start and scopes[stop - 1] == found[width - 1]:
                        same = same and stop - start > run_axes and scopes[stop - 1 - run_axes] == v
                    elif stop > start:
                        same = same and scopes[stop - 1] != v
                if not same:
                    break
                run *= card[v]
                run_axes += 1
            rows = size // run
            steps[step, 0] = card_x
            steps[step, 1] = rows
            steps[step, 2] = run
            steps[step, 3] = entry
            steps[step, 4] = len(used)
            steps[step, 5] = made
            steps[step, 6] = varying
            outer = width - run_axes
            for i in range(len(used)):
                f = used[i]
                start, stop = scope_at[f], scope_at[f + 1]
                first = 1 if not merge and x >= 0 and stop > start and scopes[start] == x else 0
                inputs[entry, 0] = f
                inputs[entry, 1] = factors[f, 1] // card[x] if first == 1 else 0
                inputs[entry, 2] = mapped
                inputs[entry, 3] = 1 if run_axes > 0 and stop > start and scopes[stop - 1] == found[width - 1] else 0
                entry += 1
                # strides of the outer axes in this input, walked like an odometer
                maps = longer(maps, mapped + rows)
                strides = np.zeros(outer + 1, np.int64)
                stride = 1
                k = width - 1
                for e in range(stop - 1, start - 1 + first, -1):
                    while k >= 0 and found[k] != scopes[e]:
                        k -= 1
                    if k < outer:
                        strides[k] = stride
                    stride *= card[scopes[e]]
                for k in range(outer):
                    digits[k] = 0
                offset = 0
                for _row in range(rows):
                    maps[mapped] = offset
                    mapped += 1
                    k = outer - 1
                    while k >= 0:
                        digits[k] += 1
                        offset += strides[k]
                        if digits[k] < card[found[k]]:
                            break
                        offset -= strides[k] * digits[k]
                        digits[k] = 0
                        k -= 1
            step += 1
            made += 1
            if merge:
                kept = 0
                for i in range(count):
                    if i != one and i != other:
                        parts[kept] = parts[i]
                        kept += 1
                parts[kept] = made - 1
                count = kept + 1
                counted -= 0 if many else 1
            else:
                if b < len(order):
                    to = place[found[0]] if width > 0 else buckets - 1
                    if tail[to] < 0:
                        head[to] = made - 1
                    else:
                        after[tail[to]] = made - 1
                    tail[to] = made - 1
                break
    total = np.empty(1, np.int64)
    total[0] = cells
    return (
        steps[:step].copy(),
        inputs[:entry].copy(),
        maps[:mapped].copy(),
        factors[:made].copy(),
        scope_at[: made + 1].copy(),
        scopes[: scope_at[made]].copy(),
        total,
    )


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
    digits = np.zeros(count + 1, np.int64)
    at = 0
    known = 0
    for f in range(len(factors)):
        v = factors[f, 0]
        if 0 <= v < count:
            factors[f, 2] = at
            start, width = scope_at[f], scope_at[f + 1] - scope_at[f]
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
            for k in range(width):
                digits[k] = 0
            offset = 0
            for _entry in range(factors[f, 1]):
                maps[at] = offset
                at += 1
                k = width - 1
                while k >= 0:
                    digits[k] += 1
                    offset += strides[k]
                    if digits[k] < cards[globally[scopes[start + k]]]:
                        break
                    offset -= strides[k] * digits[k]
                    digits[k] = 0
                    k -= 1
        hard_at[f + 1] = known
    return maps, hard_at, hard[:known].copy(), hard_stride[:known].copy()
