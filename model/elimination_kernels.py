"""From a question's shape to an elimination program: pruning, order and emission as loops over integer arrays.

Numbers only: variables are positions in the network, ``role`` holds one set of bits a variable.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.native import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]

HARD = 1
"""The state is known: axes of this variable are sliced away."""
SOFT = 2
"""A likelihood vector comes with each case."""
CUT = 4
"""An intervention: no parents count, the table is one distribution (none at all if HARD as well)."""
LANED = 8
"""The table, or the known state, differs between cases."""

MOST_FACTORS = 3
"""Tables that differ between cases, multiplied in one step; more are first multiplied in pairs."""
WORTH_A_STEP = 3
"""Two tables are multiplied ahead of a step so many times larger than their product."""

CARD, ROWS, RUN, FIRST, COUNT, OUT, VARYING = range(7)
"""Columns of a step: states summed over, rows of its result, entries a row, where its inputs begin,
how many, the factor it makes, whether that differs between cases."""

FACTOR, STRIDE, MAP, INC = range(4)
"""Columns of a step's input: the factor, how far apart the summed states are, where the row map begins,
1 if the entries of a row are consecutive in it (0: the same for the whole row)."""

SOURCE, SIZE, FLAT, LANE = range(4)
"""Columns of a factor: its variable's table (v), its likelihood (n + v) or a step (-1); entries;
where its load map begins (-1 if none); whether it differs between cases."""


@kernel
def relevant(target: int, whole: bool, role: Ints, links: tuple[Ints, Ints, Ints, Ints]) -> NDArray[np.bool_]:
    """Whose tables count, shape (variables,).

    ``whole``: all that P(evidence) depends on, the ancestors of the target and of the evidence (Shachter 1986);
    otherwise what the target's distribution depends on, by Bayes-ball (Shachter 1998).
    ``links`` are the parents and children of all variables: offsets, positions, offsets, positions.
    """
    above_at, above, below_at, below = links
    count = len(role)
    needed = np.zeros(count, np.bool_)
    if whole:
        stack = np.empty(count, np.int64)
        top = 0
        for v in range(count):
            given = (role[v] & SOFT) != 0 or ((role[v] & HARD) != 0 and (role[v] & CUT) == 0)
            if v == target or given:
                needed[v] = True
                stack[top] = v
                top += 1
        while top > 0:
            top -= 1
            v = stack[top]
            if role[v] & CUT:
                continue
            for i in range(above_at[v], above_at[v + 1]):
                p = above[i]
                if not needed[p] and (role[p] & (HARD | CUT)) != (HARD | CUT):
                    needed[p] = True
                    stack[top] = p
                    top += 1
        return needed
    up = np.zeros(count, np.bool_)
    down = np.zeros(count, np.bool_)
    visits = np.empty(4 * (len(above) + count) + 4, np.int64)
    top = 0
    if target >= 0:
        visits[0] = 2 * target + 1
        top = 1
    while top > 0:
        top -= 1
        v, from_child = visits[top] >> 1, (visits[top] & 1) == 1
        blocked = (role[v] & HARD) != 0
        set_to = blocked and (role[v] & CUT) != 0
        if (not blocked or not from_child or set_to) and (from_child or blocked or (role[v] & SOFT) != 0) and not up[v]:
            up[v] = True
            needed[v] = not set_to
            if (role[v] & CUT) == 0:
                for i in range(above_at[v], above_at[v + 1]):
                    visits[top] = 2 * above[i] + 1
                    top += 1
        if not blocked and not down[v]:
            down[v] = True
            for i in range(below_at[v], below_at[v + 1]):
                if (role[below[i]] & CUT) == 0:
                    visits[top] = 2 * below[i]
                    top += 1
    return needed


@kernel
def population(word: np.uint64) -> int:
    """How many bits of a word are set."""
    x = word
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    x = x + (x >> np.uint64(8))
    x = x + (x >> np.uint64(16))
    x = x + (x >> np.uint64(32))
    return np.int64(x & np.uint64(0x7F))  # type: ignore[return-value]


@kernel
def lowest(word: np.uint64) -> int:
    """Position of the lowest bit that is set."""
    return population((word & (~word + np.uint64(1))) - np.uint64(1))


@kernel
def members(row: Bits, found: Ints) -> int:
    """Write the positions of the bits set into ``found``; returns how many."""
    count = 0
    for w in range(len(row)):
        word = row[w]
        while word != np.uint64(0):
            found[count] = 64 * w + lowest(word)
            count += 1
            word &= word - np.uint64(1)
    return count


@kernel
def join(graph: Bits, scope: Ints, count: int) -> None:
    """Make the first ``count`` vertices of ``scope`` neighbours of each other; graph has shape (vertices, words)."""
    one = np.uint64(1)
    for i in range(count):
        a = scope[i]
        for k in range(count):
            b = scope[k]
            if a != b:
                graph[a, b >> 6] |= one << np.uint64(b & 63)


@kernel
def graph_of(scopes: Ints, scope_at: Ints, vertices: int) -> Bits:
    """The graph in which the variables of each factor are neighbours, shape (vertices, words of 64 bits)."""
    graph = np.zeros((vertices, (vertices + 63) // 64), np.uint64)
    for f in range(len(scope_at) - 1):
        start, stop = scope_at[f], scope_at[f + 1]
        join(graph, scopes[start:stop], stop - start)
    return graph


@kernel
def score(graph: Bits, card: Floats, v: int, around: Ints, heuristic: int) -> float:
    """How unwelcome it is to eliminate ``v`` next: 0 table size, 1 weighted fill, 2 fill."""
    count = members(graph[v], around)
    if heuristic == 0:
        size = float(card[v])
        for i in range(count):
            size *= card[around[i]]
        return size
    total = 0.0
    for i in range(count):
        a = around[i]
        for k in range(i + 1, count):
            b = around[k]
            if (graph[a, b >> 6] >> np.uint64(b & 63)) & np.uint64(1) == np.uint64(0):
                total += card[a] * card[b] if heuristic == 1 else 1.0
    return total


@kernel
def greedy(graph: Bits, card: Floats, last: int, heuristic: int, noise: int, stop: float) -> tuple[Ints, float]:
    """One greedy elimination of every vertex but ``last`` (-1: of all); consumes ``graph``.

    Returns the order and the sum of the tables' sizes, which is inf once over ``stop``. ``noise`` above 0
    seeds a perturbation of the scores.
    """
    count = len(card)
    one = np.uint64(1)
    scores = np.empty(count)
    factor = np.ones(count)
    state = noise
    if noise > 0:
        for v in range(count):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            factor[v] = 1.0 + state / 0x80000000
    around = np.empty(count, np.int64)
    spare = np.empty(count, np.int64)
    changed = np.zeros(count, np.bool_)
    for v in range(count):
        scores[v] = score(graph, card, v, spare, heuristic) * factor[v]
    if last >= 0:
        scores[last] = np.inf
    left = count - 1 if last >= 0 else count
    order = np.empty(left, np.int64)
    cost = 0.0
    for turn in range(left):
        v = 0
        low = np.inf
        for u in range(count):
            if scores[u] < low:
                low = scores[u]
                v = u
        order[turn] = v
        scores[v] = np.inf
        near = members(graph[v], around)
        size = card[v]
        for i in range(near):
            size *= card[around[i]]
        cost += size
        if cost > stop:
            return order, np.inf
        for i in range(near):
            a = around[i]
            filled = False
            for w in range(graph.shape[1]):
                fresh = graph[v, w] & ~graph[a, w]
                if w == a >> 6:
                    fresh &= ~(one << np.uint64(a & 63))
                if fresh != np.uint64(0):
                    filled = True
                    graph[a, w] |= fresh
            graph[a, v >> 6] &= ~(one << np.uint64(v & 63))
            changed[a] = True
            if filled and heuristic > 0:
                for k in range(members(graph[a], spare)):
                    changed[spare[k]] = True
        for u in range(count):
            if changed[u]:
                changed[u] = False
                if scores[u] != np.inf:
                    scores[u] = score(graph, card, u, spare, heuristic) * factor[u]
    return order, cost


CHEAP = 4_000.0
"""A program of so few table entries is not worth a second search."""
ENTRIES_A_RESTART = 50_000.0
MOST_RESTARTS = 24
WORTH_REPEATING = (1, 2, 1, 0)
"""Searching longer pays in proportion to what running costs; counts, not times, so every machine finds the same."""


@kernel
def best_order(graph: Bits, card: Floats, last: int, restarts: int) -> tuple[Ints, float]:
    """The cheapest order of several heuristics and seeded restarts, more of them for a costly one.

    ``last`` is kept to the end.
    """
    best, cost = greedy(graph.copy(), card, last, 0, 0, np.inf)
    if cost > CHEAP or restarts > 0:
        for heuristic in range(1, 3):
            order, found = greedy(graph.copy(), card, last, heuristic, 0, cost)
            if found < cost:
                best, cost = order, found
    paying = int(min(cost / ENTRIES_A_RESTART, MOST_RESTARTS))
    for turn in range(max(restarts, paying)):
        order, found = greedy(graph.copy(), card, last, WORTH_REPEATING[turn % 4], turn + 1, cost)
        if found < cost:
            best, cost = order, found
    return best, cost


@kernel
def largest(graph: Bits, card: Floats, order: Ints) -> tuple[Ints, int]:
    """The largest table that an order makes, and the most variables in any; consumes ``graph``."""
    around = np.empty(len(card) + 1, np.int64)
    biggest = np.empty(0, np.int64)
    high = 0.0
    width = 0
    for v in order:
        near = members(graph[v], around)
        size = card[v]
        for i in range(near):
            size *= card[around[i]]
        around[near] = v
        width = max(width, near + 1)
        if size > high:
            high = size
            biggest = around[: near + 1].copy()
        join(graph, around, near)
        for i in range(near):
            graph[around[i], v >> 6] &= ~(np.uint64(1) << np.uint64(v & 63))
    return biggest, width


@kernel
def scopes_of(needed: NDArray[np.bool_], role: Ints, above_at: Ints, above: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The tables' variables after slicing.

    Returns (variable of each factor, scope offsets, scopes as local numbers, variable of each local number).
    Likelihoods are factors too: their source is the variable plus the number of variables.
    """
    count = len(role)
    local = np.full(count, -1, np.int64)
    globally = np.empty(count, np.int64)
    vertices = 0
    factors = 0
    entries = 0
    for v in range(count):
        if needed[v]:
            factors += 2
            entries += above_at[v + 1] - above_at[v] + 2
    sources = np.empty(factors, np.int64)
    scope_at = np.zeros(factors + 1, np.int64)
    scopes = np.empty(entries, np.int64)
    f = 0
    e = 0
    for v in range(count):
        if not needed[v]:
            continue
        first = above_at[v + 1] if role[v] & CUT else above_at[v]
        for i in range(first, above_at[v + 1] + 1):
            u = v if i == above_at[v + 1] else above[i]
            if role[u] & HARD:
                continue
            if local[u] < 0:
                local[u] = vertices
                globally[vertices] = u
                vertices += 1
            scopes[e] = local[u]
            e += 1
        sources[f] = v
        f += 1
        scope_at[f] = e
        if role[v] & SOFT:
            scopes[e] = local[v]
            e += 1
            sources[f] = count + v
            f += 1
            scope_at[f] = e
    return sources[:f], scope_at[: f + 1], scopes[:e], globally[:vertices]


@kernel
def lanes_differ(source: int, role: Ints, above_at: Ints, above: Ints) -> bool:
    """Whether a table or a likelihood differs between cases."""
    count = len(role)
    if source >= count:
        return True
    if role[source] & LANED:
        return True
    if role[source] & CUT:
        return False
    for i in range(above_at[source], above_at[source + 1]):
        p = above[i]
        if (role[p] & HARD) != 0 and (role[p] & LANED) != 0:
            return True
    return False


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


@kernel
def compiled(
    target: int,
    whole: bool,
    every: bool,
    role: Ints,
    cards: Ints,
    links: tuple[Ints, Ints, Ints, Ints],
    restarts: int,
    limit: float,
) -> tuple[float, Ints, Ints, Ints, Ints, Ints, tuple[Ints, Ints, Ints], int]:
    """From a question's shape to its program in one call: prune, slice, order, emit.

    Returns (cost, steps, inputs, maps, factors, load maps, sliced variables, cells);
    only the cost where that is over ``limit``.
    """
    above_at, above, _, _ = links
    wanted = relevant(target, whole, role, links)
    sources, given_at, given, globally = scopes_of(wanted, role, above_at, above)
    card = cards[globally]
    last = -1
    for i in range(len(globally)):
        if globally[i] == target:
            last = i
    order, cost = best_order(graph_of(given, given_at, len(globally)), card.astype(np.float64), last, restarts)
    nothing = np.empty((0, 0), np.int64)
    if cost > limit:
        return cost, nothing, nothing, order, nothing, globally, (order, order, order), 0
    differs = np.zeros(len(sources), np.bool_)
    if not every:
        for f in range(len(sources)):
            differs[f] = lanes_differ(sources[f], role, above_at, above)
    steps, inputs, maps, factors, scope_at, scopes, cells = emit(
        order, last, sources, given_at, given, card, differs, every
    )
    load, hard_at, hard, stride = load_maps(factors, scope_at, scopes, globally, role, cards, above_at, above)
    return cost, steps, inputs, maps, factors, load, (hard_at, hard, stride), cells[0]
