"""Which tables count, and what is left of them once known states are sliced away.

Numbers only: variables are positions in the network, ``role`` holds one set of bits a variable.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel
from model.inference.variable_elimination.columns import CUT, HARD, LANED, SOFT

Ints = NDArray[np.int64]


@kernel
def relevant(target: int, with_p_evidence: bool, role: Ints, links: tuple[Ints, Ints, Ints, Ints]) -> NDArray[np.bool_]:
    """Whose tables count, shape (variables,).

    ``with_p_evidence``: all that P(evidence) depends on, the ancestors of the target and of the evidence (Shachter
    1986); otherwise what the target's distribution depends on, by Bayes-ball (Shachter 1998). That is the rule of
    ``model/d_separation.py`` on positions and bits, compiled; a property test compares the two.
    ``links`` are the parents and children of all variables: offsets, positions, offsets, positions.
    """
    above_at, above, below_at, below = links
    count = len(role)
    needed = np.zeros(count, np.bool_)
    if with_p_evidence:
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
