"""Which tables count, and what is left of them once known states are sliced away.

Numbers only: variables are positions in the network, ``role`` (variables,) holds one set of bits a variable. Links are
(parents' offsets, parents, children's offsets, children): those of v are ``parents[offsets[v] : offsets[v + 1]]``.
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
    if with_p_evidence:
        return ancestors(target, role, links[0], links[1])
    return requisite(target, role, links)


@kernel
def ancestors(target: int, role: Ints, above_at: Ints, above: Ints) -> NDArray[np.bool_]:
    """The target, what is observed, and their ancestors, shape (variables,): all others are barren.

    ``above`` (edges,) are the parents of all variables, those of v from ``above_at[v]`` on.
    """
    count = len(role)
    needed = np.zeros(count, np.bool_)
    stack = np.empty(count, np.int64)
    top = 0
    # begin with the target and all findings; a variable that is set says nothing of its parents
    for v in range(count):
        given = (role[v] & SOFT) != 0 or ((role[v] & HARD) != 0 and (role[v] & CUT) == 0)
        if v == target or given:
            needed[v] = True
            stack[top] = v
            top += 1
    # go up, depth first, but not past an intervention
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


@kernel
def requisite(target: int, role: Ints, links: tuple[Ints, Ints, Ints, Ints]) -> NDArray[np.bool_]:
    """Whose tables the target's distribution depends on, by Bayes-ball, shape (variables,).

    A ball visits a variable from a child or from a parent; each variable passes it up and down at most once.
    """
    above_at, above, below_at, below = links
    count = len(role)
    needed = np.zeros(count, np.bool_)
    up = np.zeros(count, np.bool_)
    down = np.zeros(count, np.bool_)
    # a visit is 2 x variable, plus 1 if the ball comes from a child
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
        # up to the parents: from a child unless v is known, from a parent if v or its likelihood is (a collider)
        if (not blocked or not from_child or set_to) and (from_child or blocked or (role[v] & SOFT) != 0) and not up[v]:
            up[v] = True
            needed[v] = not set_to
            if (role[v] & CUT) == 0:
                for i in range(above_at[v], above_at[v + 1]):
                    visits[top] = 2 * above[i] + 1
                    top += 1
        # down to the children unless v is known; an intervention on a child cuts the edge
        if not blocked and not down[v]:
            down[v] = True
            for i in range(below_at[v], below_at[v + 1]):
                if (role[below[i]] & CUT) == 0:
                    visits[top] = 2 * below[i]
                    top += 1
    return needed


@kernel
def scopes_of(needed: NDArray[np.bool_], role: Ints, above_at: Ints, above: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The factors of a question, each with the variables left in it once known states are sliced away.

    ``needed`` (variables,): whose tables count. Returns (source of each factor (factors,), scope offsets (factors +
    1,), scopes as local numbers, variable of each local number). Likelihoods are factors too: their source is the
    variable plus the number of variables. Variables are numbered anew, from 0, in the order in which they appear.
    """
    count = len(role)
    local = np.full(count, -1, np.int64)
    globally = np.empty(count, np.int64)
    vertices = 0
    factors = 0
    entries = 0
    # room: a table and a likelihood for each variable that counts
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
        # absorb hard evidence: the family of v, or v alone under an intervention, less the variables that are known
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
        # absorb soft evidence: a likelihood is one more factor over v
        if role[v] & SOFT:
            scopes[e] = local[v]
            e += 1
            sources[f] = count + v
            f += 1
            scope_at[f] = e
    return sources[:f], scope_at[: f + 1], scopes[:e], globally[:vertices]


@kernel
def lanes_differ(source: int, role: Ints, above_at: Ints, above: Ints) -> bool:
    """Whether a table (``source`` v) or a likelihood (n + v) differs between the cases of a batch."""
    count = len(role)
    if source >= count:
        return True
    if role[source] & LANED:
        return True
    if role[source] & CUT:
        return False
    # a parent known in a state of each case's own: the slice of the table differs
    for i in range(above_at[source], above_at[source + 1]):
        p = above[i]
        if (role[p] & HARD) != 0 and (role[p] & LANED) != 0:
            return True
    return False
