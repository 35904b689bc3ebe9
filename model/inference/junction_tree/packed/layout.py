"""How a junction tree lies end to end in two arrays, so that compiled loops can walk it: what is where, in words.

``floats`` holds the numbers and ``ints`` says where they are. Clique by clique, children before parents::

    floats   | conditional of clique 0 | message | above | level | conditional of clique 1 | message | … | shortcuts
    ints     | header | clique records | variable records | lists and maps

*conditional*: the clique's table given its separator, laid out [residual | separator], last axis fastest::

                   separator   s0    s1    s2
        residual   r0         0.7   0.2   0.5       stored  0.7 0.2 0.5 0.3 0.8 0.5
                   r1         0.3   0.8   0.5

*message*: what the branch below says of the separator without evidence, at most 1; *level*: the logarithm
of what was divided out for that; *above*: the separator's distribution without evidence. Since a branch
without evidence multiplies its parent's conditional by ones, a question visits only cliques between its
evidence and the root on the way up. The root has a separator of one cell.

*shortcut*: the chances of each state of each variable first met in the clique's branch, given the separator, a row
for each cell of it. On the way down, a branch that no finding touched is one product of a row vector and this matrix.
It is kept where it is small and pays.

A clique most of whose entries are zero stores the others alone (*zero compression*), and so does a separator
between two such cliques; nothing else changes, because tables meet only through **maps**: for each entry of one
table, the cell of a smaller one.
A map is a record of seven ints ``kind, blocks, rows, run, high, low, repeat``. Entries number blocks × rows × run;
entry (a, b, l) meets cell ``ints[high + a] + ints[low + b] + step × l``::

    GATHER   run is 1: every entry looks its cell up
    STREAM   step 1: runs of entries meet runs of cells
    SPREAD   step 0: a run of entries meets one cell

and ``repeat`` runs after one another meet the same cells of a STREAM map,
so that the innermost loop is contiguous wherever the axes allow, and no map of a large table is as large as the table.
A large table is gone through in parts that the nearest cache holds, each meeting all its maps before the next: a part
is as many entries as some of the last axes have together, and so is a run, so that one divides the other.

The workspace of a thread is two arrays more. ``work`` holds
``| scratch | messages | beliefs of separators | likelihoods | replaced tables | tables of cliques visited |``;
``state`` holds a few ints a clique and a variable. Offsets below are positions in these arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]

GATHER, STREAM, SPREAD = 0, 1, 2

# Header.
CLIQUES, VARIABLES, CLIQUE_AT, VARIABLE_AT, STATES, LIKELIHOODS_AT, STACK_AT, HEADER = range(8)

# Clique records.
(
    ENTRIES,
    TABLE,
    CELLS,
    MESSAGE,
    SEPARATOR_PRIOR_AT,
    LOG_SCALE,
    PARENT,
    TO_SEPARATOR,
    FROM_PARENT,
    CHILDREN,
    READ,
    READ_ABOVE,
    FAMILY,
    MESSAGE_AT,
    SEPARATOR_BELIEF_AT,
    RESIDUAL,
    SEPARATOR,
    CHOICES,
    RANKS,
    SHORTCUT,
    BRANCH,
    WIDTH,
    PART,
    CLIQUE,
) = range(24)
"""Number of stored entries; where the conditional is; cells of the separator; where message, above and level are;
the parent; the map from entries to the own separator; from the parent's entries to it; lists of children, of
(variable, map) read from the table, of (variable, map) read from the separator, of (variable, map) whose
conditional table is multiplied in here; where in ``work`` the message and the separator's belief are; lists of
(variable, step) of the residual and of the separator; for a compressed table, each entry's residual cell, else -1;
for a compressed separator, the cells stored, else -1; where the shortcut is, or -1; where the marginals of the branch
begin, and their length; entries that are taken at a time."""

# Variable records.
CARD, TOP, ENTER, OUT, CPT, SIZE, PLACE, SWAP, VARIABLE = range(9)
"""Number of states; the highest clique with the variable, and the map from its entries to the states; where the
marginal goes; where the conditional table is, its size, the clique it belongs to; where in ``work`` a replaced one
goes."""

# Regions of ``state``: a few ints for each clique, then a few for each variable.
MODE, FIRST, VISITED, RELATIVE, NEEDED, COUNTED, ACTIVE, PER_CLIQUE = range(8)
FOUND, NEXT, ASKED, SWAPPED, PLACED, REPLACED, PER_VARIABLE = range(7)
